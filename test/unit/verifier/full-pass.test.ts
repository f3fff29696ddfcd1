// Is every byte read again, whatever stops a pass, and does nothing that changed since go unseen?
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../../src/base/bytes.ts';
import type { Clock } from '../../../src/base/clock.ts';
import { LedgerstoneError } from '../../../src/base/error.ts';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import { attestationKey } from '../../../src/format/attestation.ts';
import type { Store } from '../../../src/store/store.ts';
import { Ledger } from '../../../src/verifier/findings/ledger.ts';
import { chainScope } from '../../../src/verifier/findings/record.ts';
import { parsePassKey, passKey } from '../../../src/verifier/own-keys.ts';
import {
  runScrub,
  type ScrubOptions,
  type ScrubPart,
  type ScrubTools,
  scrubCoverage,
  scrubPart,
} from '../../../src/verifier/tasks/scrub.ts';
import { encodeProgress, parseProgress, ScrubLog } from '../../../src/verifier/tasks/scrub-progress.ts';
import type { ArchiveReader } from '../../../src/verify/archive-reader.ts';
import type { Finding } from '../../../src/verify/finding.ts';
import { NOW_MS, YEAR_MS } from '../../support/archive-builder.ts';
import { FAULT_KINDS, type Fault, faultyStore } from '../../support/memory-store.ts';
import { NOTES } from '../../support/note-signing.ts';
import { PLACE, STILL, VerifierWorld } from '../../support/verifier-world.ts';

const DAY_MS = 86_400_000;
const RETENTION = { mode: 'COMPLIANCE', period: { months: 0, ms: YEAR_MS } } as const;
/** Ends each part after one segment. */
const SMALL: ScrubOptions = { bytesMax: 1, concurrency: 1 };

/** Without what only follows from altered bytes. */
const codesOf = ({ findings }: { readonly findings: readonly Finding[] }) =>
  findings.map(({ code }) => code).filter((code) => code !== 'block-mismatch');

class World extends VerifierWorld {
  nowMs = NOW_MS;
  readonly clock: Clock = { ...STILL, now: () => this.nowMs };
  /** Keys of data objects that were read to the last byte. */
  readonly readKeys: string[] = [];
  pass(store: Store = this.store): ScrubTools {
    const archive = this.builder.archive;
    const recorded: ArchiveReader = {
      listVersions: (prefix, options) => archive.listVersions(prefix, options),
      lock: (key, versionId) => archive.lock(key, versionId),
      read: async (key, versionId, options) => {
        const bytes = await archive.read(key, versionId, options);
        if (key.startsWith('data/')) this.readKeys.push(key);
        return bytes;
      },
    };
    const log = new ScrubLog({ ...NOTES, store, retention: RETENTION, clock: this.clock });
    const tools = { ...this.tools(store), archive: recorded, clock: this.clock };
    return { ...tools, log, everyMs: 30 * DAY_MS };
  }
  async part(options = SMALL, tools = this.pass()): Promise<Extract<ScrubPart, { kind: 'read' }> | null> {
    const part = await scrubPart(tools, PLACE, options);
    if (part.kind === 'nothing-due') return null;
    if (part.progress !== null) await tools.log.add(PLACE, part.progress);
    return part;
  }
  /** Parts until nothing is due; [through, codes] of each. */
  async all(options = SMALL): Promise<(readonly [number | undefined, string[]])[]> {
    const parts: (readonly [number | undefined, string[]])[] = [];
    for (let left = 50; left > 0; left--) {
      const part = await this.part(options);
      if (part === null) return parts;
      parts.push([part.progress?.size, codesOf(part)]);
      if (part.progress === null) return parts;
    }
    throw new Error('a pass without an end');
  }
  get dataKeys(): string[] {
    return this.made.flatMap(({ dataKey }) => dataKey ?? []);
  }
}

async function attestedWorld(segments: number): Promise<World> {
  const world = new World();
  await world.grow(segments);
  await world.step();
  return world;
}

describe('a pass', () => {
  it('reads each segment once, part by part, up to what was attested, and begins again when it is due', async () => {
    const world = await attestedWorld(5);
    await world.grow(2);
    expect((await world.all()).map(([size]) => size)).toEqual([1, 2, 3, 4, 5]);
    expect(new Set(world.readKeys)).toEqual(new Set(world.dataKeys.slice(0, 5)));
    await world.step();
    world.nowMs += 29 * DAY_MS;
    expect(await world.all()).toEqual([]);
    world.nowMs += DAY_MS;
    expect((await world.all({ bytesMax: 1e9 })).map(([size]) => size)).toEqual([7]);
    const passes = world.store.keys().flatMap((key) => parsePassKey(key) ?? []);
    expect(passes.map(({ pass, size }) => [pass, size])).toEqual([
      ...[1, 2, 3, 4, 5].map((size) => [0, size]),
      [1, 7],
    ]);
  });

  it("goes no farther than what was attested: the rest is the step's to confirm", async () => {
    const world = await attestedWorld(3);
    await world.grow(2);
    expect((await world.part({ bytesMax: 1e9 }))?.progress).toMatchObject({ size: 3, isWhole: true });
  });

  it('of a chain that was never attested is not due', async () => {
    const world = new World();
    await world.grow(2);
    expect(await world.part()).toBeNull();
  });

  it('stops when it must', async () => {
    const world = await attestedWorld(5);
    let left = 3;
    const part = await world.part({ bytesMax: 1e9, concurrency: 1, mayGoOn: () => --left > 0 });
    expect(part?.progress).toMatchObject({ size: 3, isWhole: false });
  });

  it('finds what changed after it was attested, and reads the rest all the same', async () => {
    const world = await attestedWorld(5);
    world.builder.archive.alter(world.made[1]?.dataKey as string, (bytes) => bytes.fill(7));
    world.builder.archive.setLock(world.made[3]?.sealKey as string, null);
    expect(await world.all()).toEqual([
      [1, []],
      [2, ['data-altered']],
      [3, []],
      [4, ['lock-missing']],
      // The part after it begins with that seal.
      [5, ['lock-missing']],
    ]);
    // The step goes on from its last word, and sees none of it.
    expect((await world.step()).verdict).toBe('verified');
  });

  it('ends with the root that was attested, or says fork', async () => {
    const world = await attestedWorld(3);
    const other = new World();
    other.chain.records = 0;
    await other.grow(1);
    await other.chain.seal();
    await other.chain.seal();
    const tools = { ...world.pass(), archive: other.builder.archive };
    const part = await world.part({ bytesMax: 1e9 }, tools);
    expect(part?.findings.map(({ code }) => code)).toEqual(['fork']);
  });

  it.each([1, 4])(
    'of a chain cut to %d segments says truncation, and never that it is whole',
    async (left) => {
      const world = await attestedWorld(5);
      for (const { sealKey } of world.made.slice(left)) world.builder.archive.remove(sealKey);
      const parts = await world.all();
      expect(parts.at(-1)?.[1]).toContain('truncation');
      expect(await scrubCoverage(world.pass().log, PLACE)).toMatchObject({ isWhole: false, through: left });
    },
  );

  it('of a chain that is gone says truncation', async () => {
    const world = await attestedWorld(2);
    for (const key of world.builder.archive.keys()) world.builder.archive.remove(key);
    expect((await world.all()).at(-1)?.[1]).toContain('truncation');
  });

  it('reads once more what could not be read, and then goes on', async () => {
    const world = await attestedWorld(3);
    const { failures } = world.builder.archive;
    const key = world.made[1]?.dataKey as string;
    failures.set(key, new LedgerstoneError('unavailable', 'away', { disposition: 'retriable' }));
    const original = world.builder.archive.read.bind(world.builder.archive);
    let tries = 0;
    world.builder.archive.read = async (...args) => {
      if (args[0] === key && ++tries === 2) failures.clear();
      return original(...args);
    };
    expect(await world.all({ bytesMax: 1e9 })).toEqual([[3, []]]);
    expect(tries).toBe(2);
    failures.set(key, new LedgerstoneError('unavailable', 'away', { disposition: 'retriable' }));
    world.nowMs += 30 * DAY_MS;
    tries = 2;
    expect(await world.all({ bytesMax: 1e9 })).toEqual([[3, ['unreadable']]]);
  });
});

describe('coverage', () => {
  it('tells how far, and how old the oldest reading is', async () => {
    const world = await attestedWorld(4);
    const { log } = world.pass();
    const look = async () => {
      const { through, isWhole, oldestRereadMs } = await scrubCoverage(log, PLACE);
      return [through, isWhole, oldestRereadMs === null ? null : (oldestRereadMs - NOW_MS) / DAY_MS];
    };
    expect(await look()).toEqual([0, false, 0]);
    for (let day = 0; day < 4; day++) {
      await world.part();
      world.nowMs += DAY_MS;
    }
    expect(await look()).toEqual([4, true, 0]);
    world.nowMs = NOW_MS + 30 * DAY_MS;
    await world.part();
    // Segment 1 was read on the second day.
    expect(await look()).toEqual([1, false, 1]);
    await world.grow(2);
    await world.step();
    for (let i = 0; i < 3; i++) await world.part();
    // Segments 4 and 5 were attested after the last part of the first pass began, on its fourth day.
    expect(await look()).toEqual([4, false, 3]);
    for (let i = 0; i < 2; i++) await world.part();
    expect(await look()).toEqual([6, true, 30]);
  });

  it('counts bytes that no pass has read from their attestation on', async () => {
    const world = await attestedWorld(3);
    const { log } = world.pass();
    const coverage = async () => (await scrubCoverage(log, PLACE)).oldestRereadMs;
    // The first pass begins late, and can't read the first segment for a while.
    world.nowMs += 50 * DAY_MS;
    expect(await coverage()).toBe(NOW_MS);
    await world.part();
    expect(await coverage()).toBe(NOW_MS);
    const other = { chain: 'payments', partition: 0 };
    expect((await scrubCoverage(log, other)).oldestRereadMs).toBeNull();
  });
});

describe('a run', () => {
  const ledgerOf = (world: World) => {
    const verifier = { name: 'v', version: '1' };
    const { store, clock } = world;
    return new Ledger({
      ...NOTES,
      store,
      retention: RETENTION,
      clock,
      sha256: nodeSha256,
      verifier,
      channels: [],
    });
  };

  it('reports before it notes, so that a crash between the two loses nothing', async () => {
    const world = await attestedWorld(2);
    world.builder.archive.alter(world.made[0]?.dataKey as string, (bytes) => bytes.fill(7));
    const crash = { bytesMax: 1e9, report: () => Promise.reject(new Error('crashed')) };
    await expect(runScrub(world.pass(), [PLACE], crash)).rejects.toThrow('crashed');
    const codes: string[] = [];
    const run = await runScrub(world.pass(), [PLACE], {
      bytesMax: 1e9,
      report: async (part) => void codes.push(...codesOf(part)),
    });
    expect([codes, run.segments, run.coverage[0]?.isWhole]).toEqual([['data-altered'], 2, true]);
  });

  it('closes what the next pass no longer sees, and nothing of parts that it did not read', async () => {
    const world = await attestedWorld(4);
    const { archive } = world.builder;
    const keys = [1, 3].map((sequence) => world.made[sequence]?.dataKey as string);
    const whole = keys.map((key) => archive.bytesOf(key)?.slice() as Uint8Array);
    for (const key of keys) archive.alter(key, (bytes) => bytes.fill(7));
    const ledger = ledgerOf(world);
    const changes: [string[], number[]][] = [];
    const run = (parts: number) =>
      runScrub(world.pass(), [PLACE], {
        ...SMALL,
        mayGoOn: () => parts-- > 0,
        report: async ({ place, findings, complete, omitted }) => {
          const options = { check: 'full-pass', complete, omitted } as const;
          const { opened, closed } = await ledger.report(chainScope(place), findings, options);
          changes.push([
            opened.flatMap(({ file: { finding } }) =>
              finding.code === 'data-altered' ? `open ${finding.sequence}` : [],
            ),
            [...new Set(closed.map(({ file }) => file.finding.sequence as number))],
          ]);
        },
      });
    for (let i = 0; i < 4; i++) await run(2);
    expect(changes).toEqual([
      [[], []],
      [['open 1'], []],
      [[], []],
      [['open 3'], []],
    ]);
    changes.length = 0;
    for (const [i, key] of keys.entries()) archive.alter(key, () => whole[i] as Uint8Array);
    world.nowMs += 30 * DAY_MS;
    for (let i = 0; i < 4; i++) await run(2);
    expect(changes).toEqual([
      [[], []],
      [[], [1]],
      [[], []],
      [[], [3]],
    ]);
  });

  it('takes the chain first that waits longest, within one bound of bytes for all', async () => {
    const world = await attestedWorld(2);
    const second = { chain: 'payments', partition: 0 };
    const chain = world.builder.chain('payments');
    await chain.fill(2, 3);
    const tools = world.pass();
    const { confirmStep } = await import('../../../src/verifier/seal-path.ts');
    await confirmStep(world.tools(), second, { hintSize: 3 });
    const order: string[] = [];
    const run = (bytesMax: number) =>
      runScrub(tools, [PLACE, second], {
        bytesMax,
        concurrency: 1,
        report: async ({ place }) => void order.push(place.chain),
      });
    await run(1);
    for (let i = 0; i < 10; i++) await run(1);
    expect(order.filter((name) => name === 'payments').length).toBe(3);
    world.nowMs += 30 * DAY_MS;
    order.length = 0;
    await run(1e9);
    expect(order.sort()).toEqual(['orders', 'payments']);
  });
});

describe('what somebody else puts among the notes', () => {
  it('is no note at all where it speaks of nothing', async () => {
    const world = await attestedWorld(1);
    const progress = (await world.part())?.progress;
    if (progress == null) throw new Error('no progress');
    const bytes = encodeProgress(PLACE, { ...progress, size: 0 });
    expect(() => parseProgress(bytes, { ...PLACE, pass: 0, size: 0 })).toThrow('not the progress of its key');
    expect(parseProgress(encodeProgress(PLACE, progress), { ...PLACE, pass: 0, size: 1 })).toEqual(progress);
  });

  it('is passed over', async () => {
    const world = await attestedWorld(3);
    await world.part();
    const { attacker } = world.store;
    attacker.putVersion(passKey(PLACE, 0, 3), utf8('{"format":"ledgerstone/pass/1"}'));
    attacker.putVersion(passKey(PLACE, 0, 2), new Uint8Array(20_000));
    attacker.putVersion(passKey(PLACE, 9, 1), utf8('null'));
    attacker.addMarker(passKey(PLACE, 0, 1));
    attacker.putVersion('passes/topic=orders/partition=0/zzz/x', utf8('x'));
    expect((await world.pass().log.newest(PLACE))?.size).toBe(1);
  });

  it('that speaks of another root is a fork, and one beyond what was attested begins anew', async () => {
    const world = await attestedWorld(3);
    const progress = (await world.part())?.progress;
    if (progress == null) throw new Error('no progress');
    const forged = { ...progress, size: 2, root: new Uint8Array(32) };
    world.store.attacker.putVersion(passKey(PLACE, 0, 2), encodeProgress(PLACE, forged));
    expect((await world.part())?.findings).toEqual([]);
    // With the verifier's own key, which somebody stole.
    world.store.attacker.destroy(
      passKey(PLACE, 0, 2),
      world.store.versionsOf(passKey(PLACE, 0, 2))[0]?.versionId as string,
    );
    await world.pass().log.add(PLACE, forged);
    expect((await world.part())?.findings.map(({ code }) => code)).toContain('fork');
    const beyond = { ...progress, pass: 5, size: 900 };
    await world.pass().log.add(PLACE, beyond);
    expect((await world.part())?.progress).toMatchObject({ pass: 6, size: 1 });
  });
});

describe('a note of how far a pass has read', () => {
  const gone = (world: World, size: number) =>
    world.store.attacker.destroy(attestationKey(PLACE.chain, PLACE.partition, size));
  const reported = async (world: World, ledger: Ledger) => {
    const part = await world.part({ bytesMax: 1e9 });
    if (part === null) return [];
    const { findings, complete, omitted } = part;
    const options = { check: 'full-pass', complete, omitted } as const;
    const { opened } = await ledger.report(chainScope(PLACE), findings, options);
    await ledger.notified(chainScope(PLACE), opened, 'log');
    return findings.map(({ code, key }) => [code, key]);
  };
  const wasAttested = ['access-attempt', attestationKey(PLACE.chain, PLACE.partition, 3)];

  it('shows that an attestation was deleted, also to a process that has never seen it', async () => {
    const world = await attestedWorld(2);
    await world.grow(1);
    await world.step();
    const { clock, store } = world;
    const verifier = { name: 'verifier.example.com', version: '1.0.0' };
    const about = { ...NOTES, store, retention: RETENTION, clock, sha256: nodeSha256, verifier };
    const ledger = new Ledger(about);
    expect(await reported(world, ledger)).toEqual([]);
    gone(world, 3);
    world.nowMs += 31 * DAY_MS;
    expect(await reported(world, ledger)).toContainEqual(wasAttested);
    // A pass up to an attestation of less closes nothing.
    world.nowMs += 31 * DAY_MS;
    expect(await reported(world, ledger)).toEqual([]);
    expect((await ledger.open(chainScope(PLACE))).get('attempt')).toBe(1);
    await world.step();
    world.nowMs += 31 * DAY_MS;
    expect(await reported(world, ledger)).toEqual([]);
    expect((await ledger.open(chainScope(PLACE))).get('attempt')).toBeUndefined();
  });

  it('shows it where no attestation is left', async () => {
    const world = await attestedWorld(3);
    expect((await world.part({ bytesMax: 1e9 }))?.progress?.size).toBe(3);
    for (const size of [1, 2, 3]) gone(world, size);
    world.nowMs += 31 * DAY_MS;
    expect((await world.part())?.findings.map(({ code, key }) => [code, key])).toEqual([wasAttested]);
  });
});

describe('each call of the own bucket that goes wrong', () => {
  const CALLS = 8;
  const plans = FAULT_KINDS.flatMap((kind) => Array.from({ length: CALLS }, (_, index) => ({ kind, index })));
  it.each(plans)('$kind at call $index: every byte is read all the same', async ({ kind, index }) => {
    const world = await attestedWorld(3);
    await world.part();
    const plan = (call: { index: number }) => (call.index === index ? ({ kind, ms: 1 } as Fault) : undefined);
    const faulty = faultyStore(world.store, plan, STILL);
    await world.part(SMALL, world.pass(faulty)).catch((error: unknown) => {
      expect(error).toBeInstanceOf(LedgerstoneError);
    });
    await world.all();
    expect(new Set(world.readKeys)).toEqual(new Set(world.dataKeys));
    expect(await scrubCoverage(world.pass().log, PLACE)).toMatchObject({
      isWhole: true,
      through: 3,
      pass: 0,
    });
  });

  it('covers every call of a part', async () => {
    const world = await attestedWorld(3);
    await world.part();
    const faulty = faultyStore(world.store, () => undefined, STILL);
    await world.part(SMALL, world.pass(faulty));
    expect(faulty.calls.length).toBeGreaterThan(4);
    expect(faulty.calls.length).toBeLessThanOrEqual(CALLS);
  });

  it('many runs at once end as one does', async () => {
    const world = await attestedWorld(6);
    for (let round = 0; round < 6; round++) await Promise.all([1, 2, 3].map(() => world.part()));
    expect(await scrubCoverage(world.pass().log, PLACE)).toMatchObject({
      isWhole: true,
      through: 6,
      pass: 0,
    });
    expect(new Set(world.readKeys)).toEqual(new Set(world.dataKeys));
  });
});
