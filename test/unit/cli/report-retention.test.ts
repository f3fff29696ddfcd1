// What does a report of retention say of a copy in a directory, and of a configuration?
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RetentionReport } from '../../../src/evidence/report/retention.ts';
import { ChainReader } from '../../../src/read/chain-reader.ts';
import { segmentLocks } from '../../../src/read/segment-locks.ts';
import { ArchiveBuilder, entries } from '../../support/archive-builder.ts';
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
