// Is each finding written once, told once, closed when it is gone, and never more than a bounded number?
import { describe, expect, it } from 'vitest';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import { isMore } from '../../../src/verifier/findings/bounds.ts';
import type { Covers } from '../../../src/verifier/findings/closed-by.ts';
import { Ledger, type ReportOptions } from '../../../src/verifier/findings/ledger.ts';
import { chainScope, parseFinding } from '../../../src/verifier/findings/record.ts';
import { parseFindingKey } from '../../../src/verifier/own-keys.ts';
import { type Finding, type FindingCode, SEVERITY } from '../../../src/verify/finding.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { memoryStore } from '../../support/memory-store.ts';
import { NOTES, noteContent } from '../../support/note-signing.ts';

const SCOPE = chainScope({ chain: 'orders', partition: 0 });
const ALL: ReportOptions = { check: 'full-pass', complete: true };
const PART: ReportOptions = { check: 'full-pass', complete: false };
const HOUR_MS = 3_600_000;

function world() {
  const clock = new FakeClock();
  const store = memoryStore({ clock });
  const retention = { mode: 'COMPLIANCE', period: { months: 0, ms: 7 * 86_400_000 } } as const;
  const channels = ['sns'];
  const verifier = { name: 'verifier.example.com/test', version: '1.2.3' };
  const ledger = () =>
    new Ledger({ ...NOTES, store, retention, clock, sha256: nodeSha256, verifier, channels });
  const states = () => store.keys().map((key) => /\/(\d{6}-.+)\.note$/.exec(key)?.[1]);
  return { clock, store, ledger: ledger(), another: ledger, states };
}

const finding = (code: FindingCode, words: Partial<Finding> = {}): Finding => ({
  ...{ code, severity: SEVERITY[code], key: null, versionId: null, sequence: null },
  ...{ expected: 'this', found: 'that' },
  ...words,
});
const ALTERED = finding('data-altered', { key: 'data/x', versionId: 'v1', sequence: 3 });
const codesOf = (entries: readonly { readonly file: { readonly finding: Finding } }[]) =>
  entries.map(({ file }) => file.finding.code);

describe('a finding', () => {
  it('is evidence: whole, locked, create-only, under a key that says what it is', async () => {
    const { store, ledger, clock } = world();
    await ledger.report(SCOPE, [ALTERED], PART);
    const [key = ''] = store.keys();
    expect(key).toMatch(
      /^findings\/topic=orders\/partition=0\/data-altered\/[0-9a-f]{32}\/000000-open\.note$/,
    );
    const [version] = store.versionsOf(key);
    expect(version?.lock).toEqual({ mode: 'COMPLIANCE', untilMs: clock.now() + 7 * 86_400_000 });
    expect(parseFinding(noteContent(version?.bytes))).toEqual({
      state: 'open',
      scope: 'topic=orders/partition=0',
      chain: 'orders',
      partition: 0,
      finding: ALTERED,
      check: 'full-pass',
      opening: 0,
      firstSeenMs: clock.now(),
      lastSeenMs: clock.now(),
      closed: null,
      verifier: { name: 'verifier.example.com/test', version: '1.2.3' },
    });
  });

  it('is news until somebody was told, and written once however often it is found', async () => {
    const { ledger, states } = world();
    const first = await ledger.report(SCOPE, [ALTERED], PART);
    expect(codesOf(first.opened)).toEqual(['data-altered']);
    expect(codesOf((await ledger.report(SCOPE, [ALTERED], PART)).opened)).toEqual(['data-altered']);
    await ledger.notified(SCOPE, first.opened, 'sns');
    const later = await ledger.report(SCOPE, [ALTERED, { ...ALTERED, found: 'said otherwise' }], PART);
    expect([later.opened.length, later.stillOpen.length]).toEqual([0, 1]);
    expect(states()).toEqual(['000000-open', '000000-told-sns']);
  });

  it('is closed by a complete check, with the time it was last seen, and opened again under the next number', async () => {
    const { ledger, another, store, clock, states } = world();
    const { opened } = await ledger.report(SCOPE, [ALTERED], ALL);
    await ledger.notified(SCOPE, opened, 'sns');
    const firstSeenMs = clock.now();
    await clock.advance(5 * HOUR_MS);
    expect((await ledger.report(SCOPE, [ALTERED], ALL)).stillOpen.length).toBe(1);
    const lastSeenMs = clock.now();
    await clock.advance(HOUR_MS);
    expect((await ledger.report(SCOPE, [], PART)).closed).toEqual([]);
    const { closed } = await ledger.report(SCOPE, [], ALL);
    expect(closed[0]?.file).toMatchObject({ state: 'closed', firstSeenMs, lastSeenMs });
    expect(closed[0]?.file.closed).toEqual({
      ...{
        atMs: clock.now(),
        check: 'full-pass',
        by: { name: 'verifier.example.com/test', version: '1.2.3' },
      },
      why: 'the same segments were read again, and this was not found any more',
    });
    // Who was told of it is told that it is closed, and told once, whatever becomes of this process.
    expect((await another().report(SCOPE, [], PART)).closed).toEqual(closed);
    expect((await another().missed(SCOPE)).closed).toEqual(closed);
    await ledger.notified(SCOPE, closed, 'sns');
    expect((await ledger.report(SCOPE, [], ALL)).closed).toEqual([]);
    expect((await ledger.missed(SCOPE)).closed).toEqual([]);
    expect((await ledger.report(SCOPE, [ALTERED], ALL)).opened[0]?.file.opening).toBe(1);
    expect(states()).toEqual([
      '000000-cleared-sns',
      '000000-closed',
      '000000-open',
      '000000-seen-03',
      '000000-told-sns',
      '000001-open',
    ]);
    expect(store.keys().every((key) => parseFindingKey(key) !== null)).toBe(true);
  });

  it('is not looked for again for a while where nothing is open', async () => {
    const { ledger, another, store, clock } = world();
    const lists = () => store.log.filter(({ method }) => method === 'listVersions').length;
    for (let run = 0; run < 5; run++) await ledger.report(SCOPE, [finding('expired')], ALL);
    expect(lists()).toBe(1);
    // What this process finds is kept at once, and what another one has found is closed a little later.
    const { opened } = await another().report(SCOPE, [ALTERED], ALL);
    await another().notified(SCOPE, opened, 'sns');
    expect((await ledger.report(SCOPE, [], ALL)).closed).toEqual([]);
    await clock.advance(HOUR_MS / 4);
    expect((await ledger.report(SCOPE, [], ALL)).closed.length).toBe(1);
    expect(codesOf((await ledger.report(SCOPE, [ALTERED], ALL)).opened)).toEqual(['data-altered']);
    expect((await ledger.report(SCOPE, [], PART)).open.get('broken')).toBe(1);
  });

  it('is closed only by a check that covers it', async () => {
    const { ledger } = world();
    const stale = finding('stale-chain');
    await ledger.notified(SCOPE, (await ledger.report(SCOPE, [ALTERED, stale], ALL)).opened, 'sns');
    const complete: Covers = ({ finding: { code } }) => code === 'stale-chain';
    const { closed } = await ledger.report(SCOPE, [], { check: 'freshness', complete });
    expect(codesOf(closed)).toEqual(['stale-chain']);
  });

  it('that nobody was told of is told before it is closed, even if this run does not see it', async () => {
    const { ledger, another, states } = world();
    await ledger.report(SCOPE, [ALTERED], ALL);
    // The run ended here: nobody was told.
    const next = await another().report(SCOPE, [], ALL);
    expect([codesOf(next.opened), next.closed]).toEqual([['data-altered'], []]);
    await ledger.notified(SCOPE, next.opened, 'sns');
    expect(codesOf((await ledger.report(SCOPE, [], ALL)).closed)).toEqual(['data-altered']);
    expect(states()).toEqual(['000000-closed', '000000-open', '000000-told-sns']);
  });

  it('of a notice is news once and never told; an info is no evidence', async () => {
    const { ledger, store } = world();
    const notice = finding('unreferenced-object', { key: 'data/y' });
    expect(codesOf((await ledger.report(SCOPE, [notice, finding('expired')], PART)).opened)).toEqual([
      'unreferenced-object',
    ]);
    const again = await ledger.report(SCOPE, [notice], PART);
    expect([again.opened, codesOf(again.stillOpen)]).toEqual([[], ['unreferenced-object']]);
    await ledger.notified(SCOPE, again.stillOpen, 'sns');
    expect(store.keys().length).toBe(1);
  });

  it('costs a handful of objects in seven years', async () => {
    const { ledger, store, clock } = world();
    for (let day = 0; day < 7 * 365; day += 5) {
      await ledger.report(SCOPE, [finding('stale-chain')], ALL);
      clock.jump(5 * 24 * HOUR_MS);
    }
    expect(store.keys().length).toBeLessThan(20);
  });
});

describe('a flood', () => {
  const flood = (count: number, code: FindingCode = 'foreign-object', from = 0): Finding[] =>
    Array.from({ length: count }, (_, i) => finding(code, { key: `x/${from + i}` }));

  it('of 100,000 findings costs a bounded number of objects, and hides no other code', async () => {
    const { ledger, store } = world();
    const report = await ledger.report(SCOPE, [...flood(100_000), ALTERED], ALL);
    expect(store.keys().length).toBe(102);
    expect(report.opened.filter(({ file }) => isMore(file.finding)).map(({ file }) => file.finding)).toEqual([
      expect.objectContaining({ key: '*65536', found: '99900 more than have an entry of their own' }),
    ]);
    expect(codesOf(report.opened)).toContain('data-altered');
  });

  it('is told again when it has doubled, and nothing is closed as long as it is not all listed', async () => {
    const { ledger, store } = world();
    await ledger.notified(SCOPE, (await ledger.report(SCOPE, flood(150), ALL)).opened, 'sns');
    const more = await ledger.report(SCOPE, flood(150, 'foreign-object', 60), ALL);
    expect([more.closed, more.opened.map(({ file }) => file.finding.key)]).toEqual([[], ['*64']]);
    expect(store.keys().filter((key) => key.includes('-open')).length).toBe(102);
    await ledger.notified(SCOPE, more.opened, 'sns');
    expect((await ledger.report(SCOPE, [], ALL)).closed.length).toBe(102);
  });

  it('that was cut before it came here closes nothing', async () => {
    const { ledger } = world();
    await ledger.notified(SCOPE, (await ledger.report(SCOPE, [ALTERED], ALL)).opened, 'sns');
    const { closed } = await ledger.report(SCOPE, flood(100), { ...ALL, omitted: 7 });
    expect(closed).toEqual([]);
    const { opened } = await ledger.report(SCOPE, flood(100), { ...ALL, omitted: 7 });
    expect(opened.some(({ file }) => file.finding.key === '*4')).toBe(true);
  });

  it('of findings that come and go ends in an entry for more', async () => {
    const { ledger, store } = world();
    for (let round = 0; round < 12; round++) {
      await ledger.notified(SCOPE, (await ledger.report(SCOPE, flood(100), ALL)).opened, 'sns');
      await ledger.report(SCOPE, [], ALL);
    }
    expect(store.keys().filter((key) => key.endsWith('-open.note')).length).toBe(1002);
  });
});

describe('what somebody else put there', () => {
  it('over evidence is not what is read', async () => {
    const { ledger, store } = world();
    await ledger.notified(SCOPE, (await ledger.report(SCOPE, [ALTERED], ALL)).opened, 'sns');
    store.attacker.putVersion(store.keys()[0] ?? '', new TextEncoder().encode('{}'));
    expect(codesOf((await ledger.report(SCOPE, [], ALL)).closed)).toEqual(['data-altered']);
  });

  it('hides nothing and breaks nothing', async () => {
    const { ledger, store } = world();
    await ledger.notified(SCOPE, (await ledger.report(SCOPE, [ALTERED], ALL)).opened, 'sns');
    const [open = ''] = store.keys();
    store.attacker.addMarker(open);
    store.attacker.putVersion(open, new TextEncoder().encode('{}'));
    store.attacker.putVersion(open.replace('000000', 'xxxxxx'), new Uint8Array(9));
    expect((await ledger.report(SCOPE, [ALTERED], ALL)).stillOpen.length).toBe(1);
    store.attacker.tamper(open, () => new TextEncoder().encode('[1]'));
    expect(await ledger.report(SCOPE, [], ALL)).toMatchObject({ opened: [], closed: [] });
  });
});
