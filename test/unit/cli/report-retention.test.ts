// What does a report of retention say of a copy in a directory, and of a configuration?
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RetentionReport } from '../../../src/evidence/report/retention.ts';
import { governanceOrigin } from '../../../src/format/chain.ts';
import { timeText } from '../../../src/format/time.ts';
import { encodeVkey } from '../../../src/format/vkey.ts';
import { ChainReader } from '../../../src/read/chain-reader.ts';
import { segmentLocks } from '../../../src/read/segment-locks.ts';
import {
  ArchiveBuilder,
  archiveKey,
  entries,
  ORIGIN,
  START_MS,
  writeCopy,
  YEAR_MS,
} from '../../support/archive-builder.ts';
import { GOVERNANCE_KEY, governedArchive } from '../../support/governed-archive.ts';
import { lawlessStore } from '../../support/lawless-store.ts';
import { type ReportWorld, reportWorld } from '../../support/report-world.ts';

let world: ReportWorld;
let number = 0;
beforeAll(async () => {
  world = await reportWorld();
});
afterAll(() => world.remove());

async function retention(...args: string[]) {
  const name = world.at(`t${number++}`);
  const files = ['--out', `${name}.html`, '--json', `${name}.json`, '--csv', `${name}.csv`];
  const { code, out, err } = await world.report('retention', ...args, ...files);
  const report = JSON.parse(readFileSync(`${name}.json`, 'utf8')) as RetentionReport;
  return {
    code,
    out,
    err,
    report,
    html: readFileSync(`${name}.html`, 'utf8'),
    csv: readFileSync(`${name}.csv`, 'utf8'),
  };
}

describe('report retention of an archive with decisions', () => {
  const HOUR_MS = 3_600_000;
  /** Segment 3 is gone, which its seal keeps for an hour and a decision of `decidedMs` for ten years. */
  const governed = async (decidedMs: number) => {
    const { builder, events, decide } = await governedArchive();
    const short = await events.seal({
      lines: entries(6, 2),
      sealedMs: START_MS + 600_000,
      retentionMs: HOUR_MS,
    });
    const segments = [{ chain: 'orders', partition: 0, from: 3, to: 3 }];
    const until = timeText(START_MS + 10 * YEAR_MS).replace('.000Z', 'Z');
    const at = { sealedMs: START_MS + decidedMs };
    const id = await decide({ kind: 'retention.extend', detail: { segments, until } }, at);
    await decide({ kind: 'done', of: id, detail: { objects: 2, changed: 2 } }, at);
    builder.archive.remove(short.dataKey!);
    const name = `governed-${decidedMs}`;
    writeCopy(builder.archive, world.at(name));
    const keys = [builder.trusted[0]!, archiveKey(GOVERNANCE_KEY(), governanceOrigin(ORIGIN))];
    for (const [index, key] of keys.entries())
      writeFileSync(world.at(`${name}.${index}.vkey`), `${encodeVkey(key)}\n`);
    const [archive, log, own] = [name, `${name}.0.vkey`, `${name}.1.vkey`].map((file) => world.at(file));
    return { archive: archive!, log: ['--key', log!], both: ['--key', log!, '--key', own!] };
  };

  it('holds data that is gone to them', async () => {
    const { archive, both, log } = await governed(0.5 * HOUR_MS);
    const { code, report } = await retention(archive, ...both);
    expect([code, report.verdict.standing]).toEqual([1, 'found']);
    expect(report.data.faults).toMatchObject([
      { code: 'data-missing', expected: 'kept until 2036-11-19T10:00:00Z' },
    ]);
    expect(report.data.decisions).toEqual({ acts: 3, why: null });
    expect(report.looked.at(-1)).toMatch(/^Every decision/);
    const without = await retention(archive, ...log);
    expect([without.code, without.report.data.faults]).toEqual([3, []]);
    expect(without.report.verdict.bounds.join('\n')).toMatch(
      /longer locks was not looked at.*: no key was given/,
    );
  });

  it('and not to one that came after it might go', async () => {
    const { archive, both } = await governed(2 * HOUR_MS);
    const { report } = await retention(archive, ...both);
    expect(report.data.faults).toEqual([]);
    expect(report.data.rows.map(({ chain, over }) => [chain, over])).toContainEqual(['orders', 1]);
  });
});

describe('report retention', () => {
  it('of a directory says that nothing is known of locks, and never that they hold', async () => {
    const { code, out, report, html } = await retention(
      world.at('archive'),
      '--key',
      world.at('archive.vkey'),
    );
    expect([code, report.verdict.standing]).toEqual([3, 'open']);
    expect(out).toBe(
      'Of no object could it be shown that it is locked (10 objects of 6 segments of 2 chains).\n',
    );
    expect(report.verdict.bounds.join()).toContain(
      'of 10 objects the lock is not known: they lie in a directory',
    );
    expect(report.data.rows.every(({ kept, lockFirst }) => kept === 0 && lockFirst === null)).toBe(true);
    expect(html).not.toContain('COMPLIANCE mode until the promised date or later.');
    expect(report.looked).toEqual([expect.stringMatching(/^Every seal of each chain/)]);
    expect(report.notLooked[0]).toBe(
      'Locks: what was looked at lies in a directory or a plain copy, which has none.',
    );
  });

  it('of a window without a segment: no lock was looked at', async () => {
    const { code, report } = await retention(
      world.at('archive'),
      '--key',
      world.at('archive.vkey'),
      '--to',
      '2000-01-01',
    );
    expect([code, report.verdict.sentence]).toEqual([
      3,
      'No segment was found that was sealed before 2000-01-01: no lock was looked at.',
    ]);
  });

  it('compares the promises with the configuration', async () => {
    writeFileSync(
      world.at('ledgerstone.yaml'),
      [
        'archive:',
        '  origin: audit.example.com/prod',
        `  store: { kind: directory, path: ${world.at('archive')} }`,
        `  signing: { kind: local, keyFile: ${world.at('report-key.pem')} }`,
        'source:',
        '  kind: kafka',
        '  brokers: [ "localhost:9092" ]',
        '  topics:',
        '    - { name: orders, retention: long }',
        'retention:',
        '  long: { mode: COMPLIANCE, period: 7y }',
        '',
      ].join('\n'),
    );
    const { code, report } = await retention(
      '--config',
      world.at('ledgerstone.yaml'),
      '--key',
      world.at('archive.vkey'),
    );
    expect([code, report.verdict.standing]).toEqual([1, 'found']);
    const [orders, payments] = report.data.policies ?? [];
    expect(orders).toMatchObject({ policy: { name: 'long', period: '7y' }, segments: 4, short: 4 });
    expect(payments).toMatchObject({ policy: null, segments: 0, short: 0 });
    expect(report.verdict.bounds.join()).toContain('names no retention of payments/0');
  });
});

describe('the locks of a segment', () => {
  it('are those of the versions that count, and a store that fails is said', async () => {
    const builder = new ArchiveBuilder();
    const { sealKey } = await builder.chain().seal({ lines: entries(0, 2) });
    const store = lawlessStore(builder.archive);
    const { signal } = new AbortController();
    const reader = new ChainReader({
      store,
      chain: 'orders',
      partition: 0,
      trusted: builder.trusted,
      signal,
    });
    const seal = await reader.seal(0);
    // Another version, not locked, put there afterwards.
    builder.archive.put(sealKey, new Uint8Array(1), null);
    const locks = await segmentLocks(store, seal, signal);
    expect(locks.map(({ object, state }) => [object, state.kind])).toEqual([
      ['seal', 'locked'],
      ['data', 'locked'],
    ]);
    const away = { ...store, lock: async () => Promise.reject(new Error('away')) };
    const failed = await segmentLocks(away as unknown as typeof store, seal, signal);
    expect(failed.map(({ state }) => state)).toEqual([
      { kind: 'unreadable', why: 'away' },
      { kind: 'unreadable', why: 'away' },
    ]);
  });
});
