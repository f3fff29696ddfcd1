// Does a drill touch only its canary, report the true time, and leave nothing behind?
import { beforeEach, describe, expect, it } from 'vitest';
import { forgedSeal, KINDS } from '../../../src/apps/cli/drill/canary.ts';
import { earlierCanaries } from '../../../src/apps/cli/drill/earlier.ts';
import { type DrillOptions, runDrill } from '../../../src/apps/cli/drill/run.ts';
import { LedgerstoneError } from '../../../src/base/error.ts';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import { inspectSeal } from '../../../src/verify/open-seal.ts';
import { NOW_MS, ORIGIN } from '../../support/archive-builder.ts';
import { DrillWorld } from '../../support/drill-world.ts';
import { memorySigner } from '../../support/memory-signer.ts';
import { noteSigning } from '../../support/note-signing.ts';

const OPTIONS: DrillOptions = {
  ...{ kind: 'forged-seal', lockMs: 60_000, mayStay: false, withinMs: null, closedWithinMs: 0 },
  channels: ['log'],
  earlier: { found: [], unlisted: null },
};

let world: DrillWorld;
beforeEach(async () => {
  world = await DrillWorld.start();
});
const drill = (options: Partial<DrillOptions> = {}) => runDrill(world.tools(), { ...OPTIONS, ...options });

const EXPECTED = {
  'forged-seal': 'unknown-key',
  'second-version': 'extra-version',
  'foreign-object': 'foreign-object',
  'delete-marker': 'delete-marker',
} as const;

describe('a drill that S3 lets', () => {
  it.each(KINDS)('%s is found by its event, notified, and removed', async (kind) => {
    const before = world.archive.keys();
    let untilMs: number | null = null;
    world.turn = async () => {
      for (const key of world.canaries()) untilMs ??= world.archive.versionsOf(key)[0]?.lock?.untilMs ?? null;
      await world.events();
    };
    const result = await drill({ kind });
    const { finding } = result.seen?.file ?? {};
    expect(finding?.code).toBe(EXPECTED[kind]);
    expect(finding).toMatchObject({ key: result.act.key, versionId: result.act.versionId });
    expect(result.detectedMs).toBe(100);
    expect(result.notified).toEqual([{ channel: 'log', ms: 100 }]);
    // A minute, and no marker has any.
    expect(untilMs).toBe(kind === 'delete-marker' ? null : NOW_MS + 60_000);
    expect(result.left).toEqual([]);
    expect(world.archive.keys()).toEqual(before);
  });

  it('leaves every verdict but the canary’s as it is', async () => {
    let summary: unknown;
    world.turn = async () => {
      summary = await world.confirm();
    };
    await drill();
    expect(summary).toMatchObject({
      chains: [
        { chain: 'ledgerstone.drill', verdict: 'unverifiable', findings: ['unknown-key'] },
        { chain: 'orders', verdict: 'verified', findings: [] },
      ],
    });
  });

  it.each(['foreign-object', 'delete-marker'] as const)('%s is found by the sweep too', async (kind) => {
    world.turn = world.sweep;
    const { seen } = await drill({ kind });
    expect(seen?.file.check).toBe('sweep');
  });

  it('says that nobody found it, and takes it away all the same', async () => {
    const result = await drill({ withinMs: 5_000 });
    expect(result).toMatchObject({ seen: null, detectedMs: null, left: [], withinMs: 5_000 });
    expect(world.canaries()).toEqual([]);
  });

  it('is not taken in by an older finding of the same place', async () => {
    world.turn = world.events;
    await drill();
    world.turn = async () => {};
    const second = await drill({ withinMs: 1_000 });
    expect(second.act.key).toMatch(/partition=0\/000000000000/);
    expect(second.seen).toBeNull();
  });

  it('takes no finding for found that the verifier did not sign', async () => {
    world.turn = world.events;
    const keys = noteSigning(memorySigner({ seed: 'another verifier' }), 'verifier.example.com');
    const { seen } = await runDrill({ ...world.tools(), keys }, { ...OPTIONS, withinMs: 3_000 });
    expect(seen).toBeNull();
  });

  it('waits until every channel was notified', async () => {
    world.turn = world.events;
    const tools = world.tools();
    const own: typeof tools.own = {
      ...tools.own,
      async *listVersions(...args) {
        for await (const version of tools.own.listVersions(...args))
          if (!version.key.endsWith('told-log.note') || world.clock.monotonic() >= 1_000) yield version;
      },
    };
    const { detectedMs, notified: told } = await runDrill({ ...tools, own }, OPTIONS);
    expect([detectedMs, told]).toEqual([100, [{ channel: 'log', ms: 1_000 }]]);
  });

  it('says which channel was not notified', async () => {
    world.turn = world.events;
    const result = await drill({ channels: ['log', 'sns'], withinMs: 3_000 });
    expect(result.detectedMs).toBe(100);
    expect(result.notified).toEqual([
      { channel: 'log', ms: 100 },
      { channel: 'sns', ms: null },
    ]);
  });

  it.each([
    ['forged-seal', 'confirm'],
    ['foreign-object', 'sweep'],
  ] as const)('%s: the finding is closed by the next %s, once it is gone', async (kind, task) => {
    world.turn = async () => {
      await world.events();
      if (world.canaries().length === 0) await world[task]();
    };
    expect((await drill({ kind, closedWithinMs: 600_000 })).isClosed).toBe(true);
    expect(world.states().filter((state) => state.endsWith(' closed'))).toHaveLength(1);
  });

  it('finds another place while an older canary is locked', async () => {
    world.turn = world.events;
    const first = await drill({ lockMs: 10 * 86_400_000, mayStay: true });
    expect(first.left).toMatchObject([{ key: first.act.key, why: expect.stringContaining('locked until') }]);
    const second = await drill();
    expect(second.act.place?.partition).toBe(1);
    expect(second.seen?.file.finding.code).toBe('unknown-key');
    expect(world.canaries()).toEqual([first.act.key]);
  });

  it('in a directory, whose files have no version ids, goes where nothing is open', async () => {
    world.turn = world.events;
    await drill();
    expect(world.canaries()).toEqual([]);
    const tools = world.tools();
    const { act } = await runDrill({ ...tools, archive: { ...tools.archive, kind: 'directory' } }, OPTIONS);
    expect(act.place?.partition).toBe(1);
  });

  it('that is stopped takes away what has no lock, and says what has', async () => {
    world.turn = async () => world.ending.abort(new Error('stopped'));
    await expect(drill({ kind: 'delete-marker' })).rejects.toThrow('stopped');
    expect(world.canaries()).toEqual([]);
    world = await DrillWorld.start();
    world.turn = async () => world.ending.abort(new Error('stopped'));
    await expect(drill()).rejects.toThrow('stopped');
    expect(world.notes.at(-1)).toMatch(/^left behind: seals\/.*locked until 2026-11-22T11:01:00/);
  });
});

describe('what earlier drills left', () => {
  const HOUR_MS = 3_600_000;
  /** As a drill that was killed leaves it. */
  async function killed(lockMs = 60_000): Promise<string[]> {
    const untilMs = world.clock.now() + lockMs;
    const place = { chain: 'ledgerstone.drill', partition: 0 };
    const bytes = forgedSeal(ORIGIN, place, { nowMs: world.clock.now(), untilMs });
    const { attacker } = world.archive;
    const seal = 'seals/topic=ledgerstone.drill/partition=0/000000000000.tlog-proof';
    attacker.putVersion(seal, bytes, { mode: 'COMPLIANCE', untilMs });
    attacker.putVersion(seal, bytes, { mode: 'COMPLIANCE', untilMs });
    attacker.addMarker('ledgerstone.drill/20261122T110000Z-00000000');
    return [...world.canaries()];
  }
  const next = async (options: Partial<DrillOptions> = {}) =>
    drill({ ...options, earlier: await earlierCanaries(world.tools().archive) });

  it('is named and taken away, and its findings close', async () => {
    world.turn = world.events;
    await killed();
    await world.events();
    await world.clock.sleep(3 * HOUR_MS);
    const { earlier, left, act } = await next();
    expect(earlier.map(({ key, why }) => [key.split('/')[0], why])).toEqual([
      ['ledgerstone.drill', null],
      ['seals', null],
      ['seals', null],
    ]);
    expect([left, act.place?.partition, world.canaries()]).toEqual([[], 1, []]);
    await world.confirm();
    await world.sweep();
    const count = (state: string) => world.states().filter((one) => one.endsWith(` ${state}`)).length;
    expect([count('open') > 3, count('closed')]).toEqual([true, count('open')]);
  });

  it('and may still be needed, or is locked, stays and is named', async () => {
    world.turn = world.events;
    const there = await killed(10 * HOUR_MS);
    const young = await next();
    expect(young.earlier.map(({ why }) => why)).toEqual(
      Array(3).fill('younger than 2 hours, so a drill that still runs may need it'),
    );
    expect(world.canaries()).toEqual(there);
    await world.clock.sleep(3 * HOUR_MS);
    const old = await next();
    expect(old.earlier.map(({ why }) => why)).toEqual([null, expect.anything(), expect.anything()]);
    expect(world.canaries()).toEqual(there.filter((key) => key.startsWith('seals/')));
  });

  it('is not tried where deletes are refused: one attempt is the drill, and no more', async () => {
    await killed();
    await world.clock.sleep(3 * HOUR_MS);
    world.refused.add('delete');
    world.turn = world.trailEvents(60_000);
    const { earlier } = await next();
    expect(earlier.map(({ why }) => why)).toEqual(Array(3).fill('deletes are refused to this role'));
    expect(world.trail).toHaveLength(1);
  });

  it('is not known to a role that may not list, and is not called none', async () => {
    const listVersions = () => {
      throw new LedgerstoneError('not-permitted', 'S3 ListObjectVersions: AccessDenied');
    };
    const unlisted = 'this role may not list the archive';
    expect(await earlierCanaries({ listVersions })).toEqual({ found: [], unlisted });
  });
});

describe('a drill that is refused', () => {
  it.each(KINDS)('%s puts nothing, and is found by the trail', async (kind) => {
    world.refused.add('delete');
    world.turn = world.trailEvents(240_000);
    const before = world.archive.log.filter(({ method }) => method === 'putIfAbsent').length;
    const result = await drill({ kind });
    expect(result.act).toMatchObject({ call: 'DeleteObject', refused: 'S3 DeleteObject: AccessDenied' });
    expect(world.archive.log.filter(({ method }) => method === 'putIfAbsent')).toHaveLength(before);
    expect(result.seen?.file.finding.code).toBe('access-attempt');
    expect(result.detectedMs).toBeGreaterThanOrEqual(239_000);
    expect(result.left).toEqual([]);
  });

  it('when it writes is found by the trail as well', async () => {
    world.refused.add('putIfAbsent');
    world.turn = world.trailEvents(60_000);
    const { act, seen } = await drill();
    expect([act.call, seen?.file.finding.found]).toEqual(['PutObject', expect.stringContaining(act.key)]);
    expect(world.canaries()).toEqual([]);
  });

  it('writes the second version in vain and takes the first away', async () => {
    world.refused.add('overwrite');
    world.turn = world.trailEvents(30_000);
    const { act, seen } = await drill({ kind: 'second-version' });
    expect([act.refused === null, seen?.file.finding.code]).toEqual([false, 'access-attempt']);
    expect(world.canaries()).toEqual([]);
  });

  it('is not the refusal of an hour ago', async () => {
    world.refused.add('putIfAbsent');
    await drill({ withinMs: 1_000 });
    await world.clock.sleep(3_600_000);
    await world.trailEvents(0)();
    expect(world.states()).toContain('access-attempt open');
    world.turn = async () => {};
    expect((await drill({ withinMs: 1_000 })).seen).toBeNull();
  });

  it('with --lock it is put although it can’t be deleted', async () => {
    world.refused.add('delete');
    world.turn = world.events;
    const { act, left } = await drill({ mayStay: true });
    expect(act.call).toBe('PutObject');
    expect(left).toMatchObject([{ key: act.key, why: 'S3 DeleteObject: AccessDenied' }]);
  });
});

describe('a drill that can not be done', () => {
  it('does nothing where the ledger can not be read', async () => {
    const tools = world.tools();
    const own = {
      ...tools.own,
      listVersions: () => {
        throw new Error('no right');
      },
    };
    await expect(runDrill({ ...tools, own }, OPTIONS)).rejects.toThrow('no right');
    expect(world.canaries()).toEqual([]);
  });
});

it('the forged seal is right in everything but its key', async () => {
  const place = { chain: 'ledgerstone.drill', partition: 7 };
  const bytes = forgedSeal(ORIGIN, place, { nowMs: NOW_MS, untilMs: NOW_MS + 60_000 });
  const { opened, problems } = await inspectSeal(bytes, { trusted: [], sha256: nodeSha256, sequence: 0 });
  expect(problems).toEqual([]);
  expect(opened?.manifest.origin).toBe(`${ORIGIN}/ledgerstone.drill/7`);
});
