// Does the record of a day ever say more than ran, whatever call goes wrong, and whoever else writes at once?
import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../src/base/log.ts';
import type { Store } from '../../src/store/store.ts';
import type { EndedRun, RunKind } from '../../src/verifier/days/counts.ts';
import {
  DAY_MS,
  dateOf,
  dayKey,
  dayStartMs,
  parseDayKey,
  parseTallyKey,
  tallyKey,
} from '../../src/verifier/days/day-keys.ts';
import { DayLog, GRACE_MS, listDay, readDay } from '../../src/verifier/days/day-log.ts';
import { CheckedNotes } from '../../src/verifier/findings/checked-notes.ts';
import { putNote } from '../../src/verifier/own-bucket.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { memorySigner } from '../support/memory-signer.ts';
import {
  FAULT_KINDS,
  type Fault,
  faultyStore,
  type MemoryStore,
  memoryStore,
} from '../support/memory-store.ts';
import { NOTES, noteSigning } from '../support/note-signing.ts';

const RETENTION = { mode: 'COMPLIANCE', period: { months: 0, ms: 30 * DAY_MS } } as const;
const HOUR_MS = 3_600_000;

class World {
  readonly clock = new FakeClock({ auto: true, startMs: Date.UTC(2026, 10, 22, 0, 1) });
  readonly store: MemoryStore = memoryStore({ clock: this.clock });
  readonly date = dateOf(this.clock.now());
  /** Runs that ended on that day, by kind. */
  readonly ran = new Map<RunKind, number>();

  async to(ms: number): Promise<void> {
    await this.clock.advance(ms - this.clock.now());
  }

  log(store: Store = this.store, keepMs = HOUR_MS, process?: string): DayLog {
    const bucket = { ...NOTES, store, retention: RETENTION, clock: this.clock };
    const checked = new CheckedNotes({ store, keys: NOTES.signing });
    return new DayLog({
      ...bucket,
      checked,
      log: silentLogger,
      keepMs,
      ...(process !== undefined && { process }),
    });
  }

  /** One whole confirmation that ends now. */
  async run(log: DayLog, kind: RunKind = 'confirmations', isWhole = true): Promise<void> {
    const nowMs = this.clock.now();
    if (dateOf(nowMs) === this.date) this.ran.set(kind, (this.ran.get(kind) ?? 0) + 1);
    const run: EndedRun = {
      ...{ kind, startedMs: nowMs, endedMs: nowMs, isWhole, sums: { keys: 2 }, least: { chains: 3 } },
      failures: isWhole ? [] : ['x: away'],
    };
    await log.ran([run], 0);
  }

  /** Every hour of the day, and twice after it. */
  async day(log: DayLog): Promise<void> {
    for (let hour = 0; hour < 24; hour++) {
      await this.to(dayStartMs(this.date) + hour * HOUR_MS + 60_000);
      await this.run(log);
    }
    await this.after(log);
  }

  async after(log: DayLog): Promise<void> {
    for (const ms of [60_000, GRACE_MS + 60_000, GRACE_MS + 20 * 60_000, 2 * HOUR_MS]) {
      await this.to(dayStartMs(this.date) + DAY_MS + ms);
      await this.run(log);
    }
  }

  async record() {
    const found = await readDay({ store: this.store, signing: NOTES.signing }, this.date);
    return found?.record ?? null;
  }
}

describe('the record of a day', () => {
  it('counts what ran, with the longest pause', async () => {
    const world = new World();
    await world.day(world.log());
    const record = await world.record();
    expect(record?.kinds.confirmations).toMatchObject({ runs: 24, whole: 24, failed: 0, pause: 3600 });
    expect(record?.kinds.confirmations?.sums).toEqual({ keys: 48 });
    expect(record?.kinds.confirmations?.least).toEqual({ chains: 3 });
    expect(record?.kinds.sweeps).toBeUndefined();
    // Written once, and every note is locked and there once.
    for (const key of world.store.keys()) expect(world.store.versionsOf(key)).toHaveLength(1);
    expect(world.store.keys().filter((key) => parseDayKey(key) !== null)).toEqual([
      dayKey({ date: world.date, copy: 0 }),
    ]);
  });

  it('is not written before the day has been over for half an hour', async () => {
    const world = new World();
    const log = world.log();
    await world.run(log);
    await world.to(dayStartMs(world.date) + DAY_MS + GRACE_MS - 1000);
    await world.run(log);
    expect(await world.record()).toBeNull();
    await world.to(dayStartMs(world.date) + DAY_MS + GRACE_MS + 1000);
    await world.run(log);
    expect(await world.record()).not.toBeNull();
  });

  it('a run that failed, or did not look at all, is no whole one', async () => {
    const world = new World();
    const log = world.log();
    await world.run(log);
    await world.run(log, 'confirmations', false);
    await world.after(log);
    const record = await world.record();
    expect(record?.kinds.confirmations).toMatchObject({
      runs: 2,
      whole: 1,
      failed: 1,
      failures: ['x: away'],
    });
    expect(record?.kinds.confirmations?.pause).toBe(DAY_MS / 1000 - 60);
  });

  it('of a day on which nothing ran there is none, also if the process came back later', async () => {
    const world = new World();
    await world.to(dayStartMs(world.date) + 5 * DAY_MS);
    await world.run(world.log());
    expect(await world.record()).toBeNull();
  });

  it('is written by the next start, however late, and says when', async () => {
    const world = new World();
    const log = world.log(world.store, 0);
    await world.run(log);
    await world.run(log, 'sweeps');
    // The process dies; another one begins days later.
    await world.to(dayStartMs(world.date) + 6 * DAY_MS);
    await world.run(world.log());
    const record = await world.record();
    expect(record?.kinds.confirmations?.whole).toBe(1);
    expect(record?.kinds.sweeps?.whole).toBe(1);
    expect(record?.atMs).toBeGreaterThan(dayStartMs(world.date) + 5 * DAY_MS);
  });

  it('of two processes at once counts both, and is written once', async () => {
    const world = new World();
    const logs = [world.log(), world.log(), world.log(world.store, 0)];
    for (let hour = 0; hour < 24; hour += 3) {
      await world.to(dayStartMs(world.date) + hour * HOUR_MS + 60_000);
      await Promise.all(logs.map((log) => world.run(log)));
    }
    for (const ms of [60_000, GRACE_MS + 60_000]) {
      await world.to(dayStartMs(world.date) + DAY_MS + ms);
      await Promise.all(logs.map((log) => world.run(log)));
    }
    const record = await world.record();
    expect(record?.kinds.confirmations).toMatchObject({ runs: 24, whole: 24 });
    // As if one had run after another: never less than it was.
    expect(record?.kinds.confirmations?.pause).toBeGreaterThanOrEqual(3 * 3600);
  });

  it('what a process did not write before it died is missing, and nothing is said twice', async () => {
    const world = new World();
    const log = world.log();
    await world.run(log);
    await world.to(world.clock.now() + 10 * 60_000);
    await world.run(log);
    // It is killed within the hour.
    await world.after(world.log());
    expect(await world.record()).toBeNull();
  });

  it('a process that is asked to stop writes what it ran', async () => {
    const world = new World();
    const log = world.log();
    await world.run(log);
    await log.stop();
    await world.after(world.log());
    expect((await world.record())?.kinds.confirmations?.whole).toBe(1);
  });
});

const CALLS = 60;

describe('each call that goes wrong', () => {
  const plans = FAULT_KINDS.flatMap((kind) => Array.from({ length: CALLS }, (_, index) => ({ kind, index })));
  it.each(plans)('$kind at call $index: no more than ran, and nothing twice', async ({ kind, index }) => {
    const world = new World();
    const plan = (call: { index: number }) =>
      call.index === index ? ({ kind, ms: 5000 } as Fault) : undefined;
    const log = world.log(faultyStore(world.store, plan, world.clock));
    await world.day(log);
    const record = await world.record();
    expect(record?.kinds.confirmations?.runs).toBe(24);
    expect(record?.kinds.confirmations?.whole).toBe(24);
    for (const key of world.store.keys()) expect(world.store.versionsOf(key)).toHaveLength(1);
  });

  it('covers the calls of a day', async () => {
    const world = new World();
    const faulty = faultyStore(world.store, () => undefined, world.clock);
    await world.day(world.log(faulty));
    expect(
      faulty.calls.some(({ method, key }) => method === 'putIfAbsent' && parseDayKey(key) !== null),
    ).toBe(true);
    const record = faulty.calls.findIndex(({ key }) => parseDayKey(key) !== null);
    expect(record).toBeGreaterThan(0);
    expect(faulty.calls.length).toBeGreaterThan(CALLS);
  });

  it('at the record itself: written by the next try, once', async () => {
    for (const kind of FAULT_KINDS) {
      const world = new World();
      let isFirst = true;
      const plan = ({ method, key }: { method: string; key: string }) => {
        if (method !== 'putIfAbsent' || parseDayKey(key) === null || !isFirst) return undefined;
        isFirst = false;
        return { kind, ms: 5000 } as Fault;
      };
      await world.day(world.log(faultyStore(world.store, plan, world.clock)));
      expect([kind, isFirst]).toEqual([kind, false]);
      expect((await world.record())?.kinds.confirmations?.whole).toBe(24);
      const days = world.store.keys().filter((key) => parseDayKey(key) !== null);
      expect(days).toEqual([dayKey({ date: world.date, copy: 0 })]);
    }
  });

  it('a last tally that can not be written: the record waits for it', async () => {
    const world = new World();
    const untilMs = dayStartMs(world.date) + DAY_MS + GRACE_MS + 5 * 60_000;
    const plan = ({ method, key }: { method: string; key: string }) =>
      method === 'putIfAbsent' &&
      parseTallyKey(key) !== null &&
      world.clock.now() > untilMs - HOUR_MS &&
      world.clock.now() < untilMs
        ? ({ kind: 'fails' } as const)
        : undefined;
    const log = world.log(faultyStore(world.store, plan, world.clock));
    await world.run(log);
    await world.to(dayStartMs(world.date) + 23 * HOUR_MS);
    await world.run(log);
    await world.to(world.clock.now() + 40 * 60_000);
    await world.run(log);
    await world.after(log);
    expect((await world.record())?.kinds.confirmations?.whole).toBe(3);
  });

  it('a bucket that is away all day: what ran is kept once it is back, and the log waits', async () => {
    const world = new World();
    let isAway = true;
    const log = world.log(
      faultyStore(world.store, () => (isAway ? { kind: 'fails' } : undefined), world.clock),
    );
    for (let hour = 0; hour < 24; hour++) {
      await world.to(dayStartMs(world.date) + hour * HOUR_MS + 60_000);
      await world.run(log);
    }
    expect(world.store.keys()).toEqual([]);
    isAway = false;
    await world.after(log);
    expect((await world.record())?.kinds.confirmations?.whole).toBe(24);
  });
});

describe('somebody else who may write there', () => {
  const forged = (
    world: World,
    key: string,
    content: string,
    signing = noteSigning(memorySigner({ seed: 'mallory' })),
  ) =>
    putNote(
      { store: world.store, retention: RETENTION, clock: world.clock, signing },
      key,
      Buffer.from(content),
    );
  const lie = (date: string) =>
    `${JSON.stringify({
      ...{ format: 'ledgerstone/day/1', date, at: new Date(dayStartMs(date) + 2 * DAY_MS).toISOString() },
      ...{ tallies: 1, omitted: 0, attested: 9, kinds: {}, findings: { opened: 0, closed: 0 } },
      drills: { opened: 1, notified: 1 },
    })}\n`;

  it('makes no record, and keeps none from being written', async () => {
    const world = new World();
    await forged(world, dayKey({ date: world.date, copy: 0 }), lie(world.date));
    expect(await world.record()).toBeNull();
    await world.day(world.log());
    expect((await world.record())?.kinds.confirmations?.whole).toBe(24);
    expect(world.store.keys()).toContain(dayKey({ date: world.date, copy: 1 }));
  });

  it('copies no record to another day', async () => {
    const world = new World();
    await world.day(world.log());
    const [version] = world.store.versionsOf(dayKey({ date: world.date, copy: 0 }));
    const other = dateOf(dayStartMs(world.date) - DAY_MS);
    await world.store.putIfAbsent(dayKey({ date: other, copy: 0 }), version?.bytes as Uint8Array, {
      ...{ mode: 'COMPLIANCE', untilMs: world.clock.now() + DAY_MS },
    });
    expect(await readDay({ store: world.store, signing: NOTES.signing }, other)).toBeNull();
  });

  it('a false tally is left out and counted; one at the next key of a process costs no count', async () => {
    const world = new World();
    const process = '0123456789abcdef';
    for (const part of [0, 1, 2]) await forged(world, tallyKey({ date: world.date, process, part }), '{}\n');
    await world.day(world.log(world.store, HOUR_MS, process));
    const record = await world.record();
    expect(record?.kinds.confirmations?.whole).toBe(24);
    expect(record?.omitted).toBe(3);
  });

  it('a record of the verifier that says it is from before the end of its day is none', async () => {
    const world = new World();
    const early = lie(world.date).replace(/"at":"[^"]+"/, `"at":"${world.date}T12:00:00.000Z"`);
    await forged(world, dayKey({ date: world.date, copy: 0 }), early, NOTES.signing);
    expect(await world.record()).toBeNull();
    const { omitted } = await listDay({ store: world.store, signing: NOTES.signing }, world.date);
    expect(omitted).toBe(0);
  });
});

describe('keys', () => {
  it.each([
    'passes/days/2026-13-01.note',
    'passes/days/2026-02-30.note',
    'passes/days/2026-11-30.10.note',
    'passes/days/x.note',
  ])('%s is of no day', (key) => expect([parseDayKey(key), parseTallyKey(key)]).toEqual([null, null]));
});
