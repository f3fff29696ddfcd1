// Is everything found that lies where it should not, in either bucket, however the sweep is interrupted?
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../../src/base/bytes.ts';
import type { Clock } from '../../../src/base/clock.ts';
import { LedgerstoneError } from '../../../src/base/error.ts';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import type { Period } from '../../../src/base/period.ts';
import { keyKey } from '../../../src/format/paths.ts';
import { spkiFingerprint, type VerifierKey } from '../../../src/format/vkey.ts';
import type { Store } from '../../../src/store/store.ts';
import { Ledger } from '../../../src/verifier/findings/ledger.ts';
import { chainScope, type Scope } from '../../../src/verifier/findings/record.ts';
import { parseSweepKey } from '../../../src/verifier/own-keys.ts';
import { EndsLog } from '../../../src/verifier/tasks/completeness-ends.ts';
import { runSweep, type SweepOptions, type SweepTools, sweep } from '../../../src/verifier/tasks/sweep.ts';
import { type SweepCursor, SweepLog } from '../../../src/verifier/tasks/sweep-cursor.ts';
import { type Finding, type FindingCode, SEVERITY } from '../../../src/verify/finding.ts';
import { NOW_MS, START_MS, YEAR_MS } from '../../support/archive-builder.ts';
import { FAULT_KINDS, type Fault, faultyStore, memoryStore } from '../../support/memory-store.ts';
import { NOTES } from '../../support/note-signing.ts';
import { STILL, VerifierWorld } from '../../support/verifier-world.ts';

const DAY_MS = 86_400_000;
const RETENTION = { mode: 'COMPLIANCE', period: { months: 0, ms: YEAR_MS } } as const;
const HASH = 'a'.repeat(64);
const dataKeyOf = (sequence: number, date = '2026-11-22') =>
  `data/topic=orders/partition=0/date=${date}/${String(sequence).padStart(12, '0')}-${HASH}.jsonl.zst`;

class World extends VerifierWorld {
  nowMs = NOW_MS;
  readonly clock: Clock = { ...STILL, now: () => this.nowMs };
  readonly archive = memoryStore({ clock: this.clock });
  readonly own = memoryStore({ clock: this.clock });
  readonly lock = { mode: 'COMPLIANCE', untilMs: START_MS + 2 * YEAR_MS } as const;

  /** What the builder made, in a bucket that keeps S3's law. */
  fill(): this {
    for (const key of this.builder.archive.keys()) {
      if (this.archive.versionsOf(key).length > 0) continue;
      this.archive.attacker.putVersion(key, this.builder.archive.bytesOf(key) as Uint8Array, this.lock);
    }
    return this;
  }

  swept(words: Partial<SweepTools> = {}): SweepTools {
    const { trusted, sha256, checker } = this.tools();
    return { trusted, sha256, checker, clock: this.clock, archive: this.archive, own: this.own, ...words };
  }

  /** `scope code key` of each finding, of a whole sweep. */
  async findings(options: SweepOptions = {}, tools = this.swept()): Promise<string[]> {
    const found: string[] = [];
    for await (const { scope, findings } of sweep(tools, null, options)) {
      for (const { code, key } of findings) found.push(`${short(scope)} ${code} ${key}`);
    }
    return found.sort();
  }

  log(store: Store = this.own): SweepLog {
    return new SweepLog({ ...NOTES, store, retention: RETENTION, clock: this.clock });
  }

  ledger(store: Store = this.own): Ledger {
    const verifier = { name: 'v', version: '1' };
    const { clock } = this;
    return new Ledger({
      ...NOTES,
      store,
      retention: RETENTION,
      clock,
      sha256: nodeSha256,
      verifier,
      channels: [],
    });
  }

  /** A run that reports to the ledger; what it opened and closed. */
  async run(options: SweepOptions = {}, store: Store = this.own) {
    const opened: string[] = [];
    const closed: string[] = [];
    const ledger = this.ledger(store);
    const { isWhole, begunMs } = await runSweep(this.swept({ own: store }), this.log(store), {
      ...options,
      report: async ({ scope, findings, complete, omitted }) => {
        const reported = await ledger.report(scope, findings, { check: 'sweep', complete, omitted });
        for (const { file } of reported.opened) opened.push(`${file.finding.code} ${file.finding.key}`);
        for (const { file } of reported.closed) closed.push(`${file.finding.code} ${file.finding.key}`);
      },
    });
    return { isWhole, begunMs, opened: opened.sort(), closed: closed.sort() };
  }
}

const short = ({ name }: Scope) => name.replace('topic=orders/partition=', 'orders/');

const endsLog = ({ own: store, clock }: World) =>
  new EndsLog({ ...NOTES, store, clock, retention: RETENTION, promisedMs: DAY_MS, everyMs: DAY_MS });

async function built(segments = 3): Promise<World> {
  const world = new World();
  await world.grow(segments);
  return world.fill();
}

describe('a sweep', () => {
  it('of sound buckets finds nothing', async () => {
    const world = await built();
    await world.builder.chain('payments', 3).fill(2, 3);
    world.fill();
    world.nowMs += 2 * DAY_MS;
    await world.ledger().report({ name: 'archive', place: null }, [], { check: 'sweep', complete: true });
    await endsLog(world).add({ atMs: NOW_MS, ends: new Map() });
    expect(await world.findings()).toEqual([]);
    expect(await world.findings({ keysPerSlice: 1 })).toEqual([]);
  });

  it('finds everything that lies about, and says in which scope', async () => {
    const world = await built();
    const { attacker } = world.archive;
    const [first, second] = world.made as [(typeof world.made)[0], (typeof world.made)[0]];
    attacker.addMarker(first.sealKey);
    attacker.putVersion(second.dataKey as string, utf8('x'), world.lock);
    attacker.putVersion('seals/topic=orders/partition=0/readme.txt', utf8('x'), world.lock);
    attacker.putVersion('data/topic=orders/partition=0/x', utf8('x'), world.lock);
    attacker.putVersion('backup/x', utf8('x'), world.lock);
    attacker.setLock(second.sealKey, null);
    attacker.setLock(first.dataKey as string, { mode: 'GOVERNANCE', untilMs: world.lock.untilMs });
    const [formatKey = ''] = world.archive.keys();
    attacker.addMarker(formatKey);
    attacker.setLock(formatKey, null);
    world.own.attacker.putVersion('attestations/x', utf8('x'), world.lock);
    world.own.attacker.addMarker('findings/archive/fork/0123456789abcdef0123456789abcdef/000000-open.note');
    const expected = [
      `archive delete-marker ${formatKey}`,
      'archive foreign-object backup/x',
      `archive lock-missing ${formatKey}`,
      'attestations delete-marker findings/archive/fork/0123456789abcdef0123456789abcdef/000000-open.note',
      'attestations foreign-object attestations/x',
      `orders/0 delete-marker ${first.sealKey}`,
      `orders/0 extra-version ${second.dataKey}`,
      'orders/0 foreign-object data/topic=orders/partition=0/x',
      'orders/0 foreign-object seals/topic=orders/partition=0/readme.txt',
      `orders/0 lock-missing ${second.sealKey}`,
      `orders/0 mode-not-compliance ${first.dataKey}`,
    ];
    expect(await world.findings()).toEqual(expected);
    expect(await world.findings({ keysPerSlice: 1 })).toEqual(expected);
  });

  it('judges locks by the least time that is asked for', async () => {
    const world = await built(1);
    const key = world.made[0]?.dataKey as string;
    world.archive.attacker.setLock(key, { mode: 'COMPLIANCE', untilMs: NOW_MS + 10 * DAY_MS });
    const sweptWith = (days: number) =>
      world.findings({}, world.swept({ leastLock: { months: 0, ms: days * DAY_MS } }));
    expect(await sweptWith(10)).toEqual([]);
    // Written up to a day after the time that its lock counts from, it is as it should be.
    expect(await sweptWith(11)).toEqual([]);
    expect(await sweptWith(12)).toEqual([`orders/0 retention-short ${key}`]);
    // The promise is over.
    world.nowMs += 12 * DAY_MS;
    expect(await sweptWith(12)).toEqual([]);
  });

  it('judges locks by the greatest time that is allowed, in calendar years', async () => {
    const world = await built(1);
    const key = world.made[0]?.sealKey as string;
    // Taken on 22 November 2026; 2028 has a 29 February.
    const lockedUntil = (untilMs: number) =>
      world.archive.attacker.setLock(key, { mode: 'COMPLIANCE', untilMs });
    const swept = (greatestLock: Period | null) => world.findings({}, world.swept({ greatestLock }));
    const [one, two] = [12, 24].map((months) => ({ months, ms: 0 }));
    lockedUntil(NOW_MS + 731 * DAY_MS);
    expect(await swept(null)).toEqual([]);
    expect(await swept(two as Period)).toEqual([]);
    lockedUntil(NOW_MS + 733 * DAY_MS);
    expect(await swept(two as Period)).toEqual([`orders/0 retention-long ${key}`]);
    // As somebody with the archiver's role did: 2125. The other objects are locked for two years.
    lockedUntil(Date.UTC(2125, 0));
    expect(await swept(two as Period)).toEqual([`orders/0 retention-long ${key}`]);
    expect((await swept(one as Period)).every((line) => line.includes('retention-long'))).toBe(true);
  });

  it('tells of a key of the archive that is locked for a century', async () => {
    const world = await built(1);
    const [trusted] = world.builder.trusted;
    const key = keyKey(spkiFingerprint((trusted as VerifierKey).key, nodeSha256));
    world.archive.attacker.setLock(key, { mode: 'COMPLIANCE', untilMs: Date.UTC(2125, 0) });
    const greatestLock = { months: 120, ms: 0 };
    expect(await world.findings({}, world.swept({ greatestLock }))).toEqual([
      `archive retention-long ${key}`,
    ]);
  });

  it('tells of data that is locked beyond its seal, whatever was promised', async () => {
    const world = await built(3);
    const { dataKey, sealKey: seal } = world.made[1] as (typeof world.made)[0];
    const until = (key: string, untilMs: number) =>
      world.archive.attacker.setLock(key, { mode: 'COMPLIANCE', untilMs });
    const { untilMs } = world.lock;
    until(dataKey as string, untilMs + DAY_MS);
    expect(await world.findings()).toEqual([]);
    until(dataKey as string, untilMs + DAY_MS + 1000);
    expect(await world.findings()).toEqual([`orders/0 retention-long ${dataKey}`]);
    until(seal, untilMs + 2 * DAY_MS);
    expect(await world.findings()).toEqual([]);
  });

  it('tells of an event hold, whatever was promised', async () => {
    const world = await built(1);
    const key = world.made[0]?.dataKey as string;
    const archive: Store = {
      ...world.archive,
      lock: async (of, ...rest) => {
        const state = await world.archive.lock(of, ...rest);
        return of === key && state.kind === 'locked' ? { ...state, eventHold: 'an event hold' } : state;
      },
    };
    expect(await world.findings({}, world.swept({ archive }))).toEqual([`orders/0 retention-long ${key}`]);
  });

  it('asks no more for locks that the store hides, and says so once a folder', async () => {
    const world = await built(5);
    const hidden: Store = { ...world.archive, lock: async () => ({ kind: 'not-permitted' }) };
    const found = await world.findings({}, world.swept({ archive: hidden }));
    expect([...new Set(found)]).toEqual([
      'archive locks-not-permitted null',
      'orders/0 locks-not-permitted null',
    ]);
    expect(found.length).toBe(3);
  });

  it('a lock that can not be read is unreadable, and the sweep goes on', async () => {
    const world = await built(2);
    const key = world.made[0]?.sealKey as string;
    const lock: Store['lock'] = async (asked, versionId) => {
      if (asked === key) throw new LedgerstoneError('unavailable', 'away', { disposition: 'retriable' });
      return world.archive.lock(asked, versionId);
    };
    expect(await world.findings({}, world.swept({ archive: { ...world.archive, lock } }))).toEqual([
      `orders/0 unreadable ${key}`,
    ]);
  });
});

describe('what another check found', () => {
  it('is closed where a listing would show it again, and left where it would not', async () => {
    const world = await built(2);
    const [key = ''] = world.made.map(({ sealKey }) => sealKey);
    const of = (code: FindingCode): Finding => ({
      ...{ code, severity: SEVERITY[code], key, versionId: 'x', sequence: 0, expected: null, found: null },
    });
    const scope = chainScope({ chain: 'orders', partition: 0 });
    const findings = [of('delete-marker'), of('extra-version'), of('bad-signature'), of('foreign-object')];
    await world.ledger().report(scope, findings, { check: 'confirm', complete: false });
    expect((await world.run()).closed).toEqual([`delete-marker ${key}`, `extra-version ${key}`]);
  });
});

describe('a finding of the archive as a whole', () => {
  it('is closed by the sweep that no longer sees it', async () => {
    const world = await built(1);
    const { lock } = world.archive;
    world.archive.lock = async () => ({ kind: 'not-permitted' });
    expect((await world.run()).opened).toEqual(['locks-not-permitted null', 'locks-not-permitted null']);
    world.archive.lock = lock;
    expect((await world.run()).closed).toEqual(['locks-not-permitted null', 'locks-not-permitted null']);
  });
});

describe('data objects that no seal names', () => {
  it('are accused after a day: a segment that is being written has no seal yet', async () => {
    const world = await built();
    world.archive.attacker.putVersion(dataKeyOf(3), utf8('x'), world.lock);
    world.archive.attacker.putVersion(dataKeyOf(700), utf8('x'), world.lock);
    expect(await world.findings()).toEqual([]);
    world.nowMs += DAY_MS;
    expect(await world.findings()).toEqual(
      [3, 700].map((sequence) => `orders/0 unreferenced-object ${dataKeyOf(sequence)}`),
    );
  });

  it.each(['2026-11-22', '2026-11-23', '2099-01-01'])(
    'and share a sequence with one that is named are told from it, by the date %s too',
    async (date) => {
      const world = await built(5);
      world.archive.attacker.putVersion(dataKeyOf(2, date), utf8('x'), world.lock);
      world.nowMs += 2 * DAY_MS;
      const expected = [`orders/0 unreferenced-object ${dataKeyOf(2, date)}`];
      expect(await world.findings()).toEqual(expected);
      for (let keysPerSlice = 2; keysPerSlice < 12; keysPerSlice++) {
        const found = await world.findings({ keysPerSlice });
        // Of two that a slice's end parts, the first is left to the full pass.
        if (found.length > 0 || date !== '2026-11-22')
          expect([keysPerSlice, found]).toEqual([keysPerSlice, expected]);
      }
    },
  );

  it('and stand before all others accuse nobody else', async () => {
    const world = await built(5);
    world.archive.attacker.putVersion(dataKeyOf(4, '2001-01-01'), utf8('x'), world.lock);
    world.nowMs += 2 * DAY_MS;
    expect(await world.findings()).toEqual([`orders/0 unreferenced-object ${dataKeyOf(4, '2001-01-01')}`]);
  });

  it('are not told where the seal can not be read', async () => {
    const world = await built(5);
    world.archive.attacker.putVersion(dataKeyOf(2), utf8('x'), world.lock);
    world.archive.attacker.tamper(world.made[2]?.sealKey as string, () => utf8('junk'));
    world.nowMs += 2 * DAY_MS;
    expect(await world.findings()).toEqual([]);
  });
});

describe('interrupted runs', () => {
  const SLICED: SweepOptions = { keysPerSlice: 2, mayGoOn: () => false };

  it('go on where the last one ended, report each thing once, and close what is gone', async () => {
    const world = await built(4);
    const spots = [world.made[0]?.sealKey, world.made[3]?.sealKey, world.made[2]?.dataKey] as string[];
    for (const key of spots) world.archive.attacker.addMarker(key);
    const whole = async () => {
      const all = { opened: [] as string[], closed: [] as string[], runs: 0 };
      for (let isWhole = false; !isWhole; all.runs++) {
        const run = await world.run(SLICED);
        all.opened.push(...run.opened);
        all.closed.push(...run.closed);
        isWhole = run.isWhole;
        world.nowMs += 60_000;
      }
      return { ...all, opened: all.opened.sort() };
    };
    const first = await whole();
    expect(first.runs).toBeGreaterThan(8);
    expect(first.opened).toEqual(spots.map((key) => `delete-marker ${key}`).sort());
    expect((await whole()).opened).toEqual([]);
    for (const key of spots) {
      const marker = world.archive.versionsOf(key).find((version) => version.marker);
      world.archive.attacker.destroy(key, marker?.versionId);
    }
    expect((await whole()).closed.length).toBe(3);
    expect((await world.run()).isWhole).toBe(true);
  });

  it('may take weeks: as long as they go on, none begins anew', async () => {
    const world = await built(12);
    let days = 0;
    for (; !(await world.run(SLICED)).isWhole; days++) {
      expect(days).toBeLessThan(40);
      world.nowMs += DAY_MS;
    }
    expect(days).toBeGreaterThan(14);
    // The one after it is a new one, from its beginning.
    expect((await world.log().newest())?.cursor).toBeNull();
  });

  it('that nobody went on with for a week begin anew', async () => {
    const world = await built(4);
    await world.run(SLICED);
    await world.run(SLICED);
    expect((await world.log().newest())?.cursor).not.toBeNull();
    world.nowMs += 8 * DAY_MS;
    expect(await world.log().newest()).toBeNull();
  });

  it('go a hundred keys at least, and no farther when time is up', async () => {
    const world = await built(1);
    for (let i = 0; i < 400; i++) world.own.attacker.putVersion(`x/${i}`, utf8('x'), world.lock);
    const sizes: number[] = [];
    for await (const { scope, keys } of sweep(world.swept(), null, { mayGoOn: () => false })) {
      if (scope.name === 'attestations') sizes.push(keys);
    }
    // Exactly four, and the look that finds nothing more.
    expect(sizes).toEqual([100, 100, 100, 100, 0]);
  });

  it('that need none leave no note', async () => {
    const world = await built();
    await world.run();
    expect(world.own.keys().filter((key) => parseSweepKey(key) !== null)).toEqual([]);
  });

  it('are not led astray by strange notes, or by a chain that is gone', async () => {
    const world = await built(2);
    const { attacker } = world.own;
    const seconds = (ms: number) => String(Math.floor(ms / 1000)).padStart(12, '0');
    const forge = (ms: number, text: string) =>
      attacker.putVersion(`passes/sweep/${seconds(ms)}-000000.note`, utf8(text), world.lock);
    forge(NOW_MS + 9 * DAY_MS, '{"format":"ledgerstone/sweep/1","cursor":null}');
    forge(NOW_MS - 1000, '{');
    forge(NOW_MS - 2000, '{"format":"ledgerstone/sweep/1","cursor":{"part":"seals"}}');
    const gone = { part: 'data', place: { chain: 'gone', partition: 1 }, after: null, lastSequence: 5 };
    forge(NOW_MS - 3000, JSON.stringify({ format: 'ledgerstone/sweep/1', cursor: gone }));
    expect(await world.log().newest()).toBeNull();
    await world
      .log()
      .add({ startedMs: NOW_MS - 4000, part: 0, begunMs: NOW_MS - 4000, cursor: gone as SweepCursor });
    expect((await world.log().newest())?.cursor).toEqual(gone);
    world.archive.attacker.addMarker(world.made[0]?.sealKey as string);
    expect(await world.run()).toMatchObject({
      isWhole: true,
      opened: [expect.stringContaining('delete-marker')],
    });
  });

  it('know when their round began, however long it takes', async () => {
    const world = await built();
    for (let day = 0; day <= 10; day += 2) {
      expect(await world.run(SLICED)).toMatchObject({ isWhole: false, begunMs: NOW_MS });
      world.nowMs = NOW_MS + (day + 2) * DAY_MS;
    }
    expect(await world.run()).toMatchObject({ isWhole: true, begunMs: NOW_MS });
    expect(await world.run()).toMatchObject({ isWhole: true, begunMs: NOW_MS + 12 * DAY_MS });
  });

  it('begin anew after a week', async () => {
    const world = await built();
    await world.run(SLICED);
    expect((await world.log().newest())?.cursor).not.toBeNull();
    world.nowMs += 8 * DAY_MS;
    expect(await world.log().newest()).toBeNull();
  });
});

describe('a flood', () => {
  it('is bounded, and a sweep that can not list it all closes nothing', async () => {
    const world = await built(1);
    const { attacker } = world.archive;
    attacker.addMarker(world.made[0]?.sealKey as string);
    await world.run();
    for (let i = 0; i < 1500; i++) {
      attacker.putVersion(`seals/topic=orders/partition=0/x${i}`, utf8('x'), world.lock);
    }
    const { opened, closed } = await world.run();
    expect([opened.length, closed]).toEqual([101, []]);
    expect(opened[0]).toBe('foreign-object *1024');
    expect((await world.run()).opened).toEqual([]);
  });
});

describe('each call that goes wrong', () => {
  const plans = FAULT_KINDS.filter((kind) => kind !== 'slow').flatMap((kind) =>
    Array.from({ length: 14 }, (_, index) => ({ kind, index })),
  );
  it.each(plans)('$kind at call $index of the own bucket: nothing is lost', async ({ kind, index }) => {
    const world = await built(2);
    const key = world.made[1]?.sealKey as string;
    world.archive.attacker.addMarker(key);
    const plan = (call: { index: number }) => (call.index === index ? ({ kind } as Fault) : undefined);
    const options = { keysPerSlice: 3, mayGoOn: () => false };
    const faulty = faultyStore(world.own, plan, STILL);
    for (let run = 0; run < 2; run++) await world.run(options, faulty).catch(() => undefined);
    for (let isWhole = false; !isWhole; ) isWhole = (await world.run(options)).isWhole;
    for (let isWhole = false; !isWhole; ) isWhole = (await world.run(options)).isWhole;
    const open = world.own.keys().filter((name) => name.endsWith('-open.note'));
    expect(open.length).toBe(1);
    expect(open[0]).toContain('/delete-marker/');
    expect(world.own.keys().some((name) => name.endsWith('-closed.note'))).toBe(false);
  });

  it('an archive that can not be listed fails the run, and nothing is closed', async () => {
    const world = await built(2);
    world.archive.attacker.addMarker(world.made[1]?.sealKey as string);
    await world.run();
    const { archive, own } = world;
    const away = faultyStore(
      archive,
      ({ method }) => (method === 'listVersions' ? { kind: 'done-but-fails' } : undefined),
      STILL,
    );
    const report = async () => expect.unreachable();
    const run = runSweep(world.swept({ archive: away, own }), world.log(), { report });
    await expect(run).rejects.toMatchObject({ code: 'unavailable' });
  });
});
