// Do decisions go on behind a break by the word of two persons, and can nobody drop holds or acts by it?
import { beforeEach, describe, expect, it } from 'vitest';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import { GOVERNANCE_CHAIN } from '../../../src/format/chain.ts';
import { dataPrefix, sealKey } from '../../../src/format/paths.ts';
import { historyNow } from '../../../src/governance/carry-out.ts';
import { findBreak, readToContinue, readWithPending } from '../../../src/governance/continue-acts.ts';
import { type Decider, recordAct } from '../../../src/governance/record-act.ts';
import { lookAtActs, readActs, readContinuation } from '../../../src/read/acts.ts';
import { DecisionReader } from '../../../src/read/decision-reader.ts';
import { heldTo } from '../../../src/verify/acts/held-to.ts';
import { holdsInForce } from '../../../src/verify/acts/in-force.ts';
import {
  charterRequest,
  type GovernanceWorld,
  governanceWorld,
  holdRequest,
} from '../../support/governance.ts';

const signal = new AbortController().signal;
let world: GovernanceWorld;

const release = (name: string) => ({
  kind: 'hold.release' as const,
  ...{ of: null, reason: 'Closed', reference: null, detail: { case: name } },
});
const approve = (of: string) => ({
  kind: 'approve' as const,
  ...{ of, reason: 'Agreed', reference: null, detail: {} },
});
const lock = () => ({ mode: 'COMPLIANCE', untilMs: world.clock.now() + 1e12 }) as const;

/** Whoever may put there: at the place of the next seal. */
async function junk(sequence: number, partition = 0): Promise<void> {
  const bytes = new TextEncoder().encode('no seal');
  await world.store.putIfAbsent(sealKey(GOVERNANCE_CHAIN, partition, sequence), bytes, lock());
}
async function propose(who: Decider = world.people.ada) {
  const { detail } = await findBreak(world.tools);
  const read = () => readToContinue(world.tools, 'A foreign object', who.name);
  const request = {
    kind: 'continue' as const,
    of: null,
    reason: 'A foreign object',
    reference: null,
    detail,
  };
  return recordAct(world.tools, who, request, read);
}
const approving = (of: string, who: Decider = world.people.grace) =>
  recordAct(world.tools, who, approve(of), readWithPending);
async function continued() {
  const { recorded } = await propose();
  await approving(recorded.act.id);
  return recorded;
}
const broken = () =>
  readActs(world.store, [world.key], signal).then(
    () => null,
    (error: unknown) => (error as Error).message,
  );
const cases = async () => holdsInForce(await historyNow(world.tools)).map((hold) => hold.case);

beforeEach(async () => {
  world = governanceWorld();
  await world.record(world.people.ada, charterRequest(world));
  await world.record(world.people.ada, holdRequest('C-1'));
});

describe('behind a foreign object at the place of the next decision', () => {
  beforeEach(() => junk(2));

  it('two persons go on, and all that was decided before stands', async () => {
    await expect(world.record(world.people.ada, holdRequest('C-2'))).rejects.toThrow(/broken at segment 2/);
    const { recorded } = await propose();
    expect(recorded).toMatchObject({
      isForTwo: true,
      inForce: null,
      place: { offset: 2, sequence: 0, partition: 1 },
    });
    // Not before the second one.
    expect(await broken()).toMatch(/broken at segment 2/);
    await expect(world.record(world.people.ada, holdRequest('C-2'))).rejects.toThrow(/broken at segment 2/);
    await approving(recorded.act.id);
    await world.record(world.people.eve, holdRequest('C-2'));
    expect(await cases()).toEqual(['C-1', 'C-2']);
    const reading = (await readActs(world.store, [world.key], signal))!;
    expect(reading.head.manifest).toMatchObject({
      source: { partition: 1 },
      sequence: 2,
      records: { firstOffset: 4, nextOffset: 5 },
    });
    expect(reading.history).toMatchObject({ refused: [], lost: null });
    // A hold of before is released by two persons, as ever.
    const { recorded: proposal } = await world.record(world.people.ada, release('C-1'));
    await world.record(world.people.grace, approve(proposal.act.id));
    expect(await cases()).toEqual(['C-2']);
    expect(await lookAtActs(world.store, [world.key], signal)).toMatchObject({
      ...{ kind: 'read', isVerified: true, partitions: [0, 1], head: 4, broken: false },
    });
  });

  it('the same command again writes nothing, and two at once make one', async () => {
    const [one, two] = await Promise.all([propose(), propose()]);
    expect(two.recorded.act.id).toBe(one.recorded.act.id);
    expect(await propose()).toMatchObject({ isNew: false, recorded: { act: { id: one.recorded.act.id } } });
    await approving(one.recorded.act.id);
    await expect(propose()).rejects.toMatchObject({ code: 'act-refused' });
  });

  it('goes on once more where that partition is broken too', async () => {
    await continued();
    await world.record(world.people.ada, holdRequest('C-2'));
    await junk(3, 1);
    expect(await broken()).toMatch(/governance\/1 is broken at segment 3/);
    await continued();
    await world.record(world.people.ada, holdRequest('C-3'));
    expect(await cases()).toEqual(['C-1', 'C-2', 'C-3']);
    expect((await readActs(world.store, [world.key], signal))!.head.manifest.source.partition).toBe(2);
  });

  it('passes by a partition that somebody took', async () => {
    await junk(0, 1);
    await world.store.putIfAbsent(`${dataPrefix(GOVERNANCE_CHAIN, 2)}x`, new Uint8Array([1]), lock());
    await continued();
    await world.record(world.people.ada, holdRequest('C-2'));
    expect((await readActs(world.store, [world.key], signal))!.head.manifest.source.partition).toBe(3);
    expect(await cases()).toEqual(['C-1', 'C-2']);
  });

  it('is found by who looks for more decisions once a minute', async () => {
    const decisions = new DecisionReader({
      ...{ archive: world.store, trusted: [world.key], sha256: nodeSha256, clock: world.clock },
    });
    expect(await decisions.look(signal, true)).toMatchObject({ isVerified: false, partitions: [0] });
    await continued();
    expect(await decisions.look(signal, true)).toMatchObject({ isVerified: true, partitions: [0, 1] });
    await world.record(world.people.ada, holdRequest('C-2'));
    expect(await decisions.look(signal, true)).toMatchObject({ isVerified: true, head: 2 });
  });
});

describe('nobody drops a hold or an act by it', () => {
  it('not where the chain is whole', async () => {
    await expect(propose()).rejects.toMatchObject({
      code: 'act-refused',
      message: expect.stringMatching(/not broken/),
    });
  });

  it('not one person: neither the proposer, nor an officer who approves nothing', async () => {
    await junk(2);
    const { recorded } = await propose(world.people.eve);
    for (const who of [world.people.eve, world.people.ada])
      await expect(approving(recorded.act.id, who)).rejects.toMatchObject({ code: 'act-refused' });
    expect(await broken()).toMatch(/broken at segment 2/);
  });

  it('not from an earlier place than the break, with both persons’ word', async () => {
    const early = await earlier();
    await junk(2);
    // A partition that leaves the hold out, made with the chain's key and two persons' keys.
    await early();
    expect(await broken()).toMatch(/broken at segment 2/);
    const look = await lookAtActs(world.store, [world.key], signal);
    expect(look).toMatchObject({ kind: 'read', isVerified: false, partitions: [0] });
    if (look.kind !== 'read') return;
    const held = heldTo(look, { nowMs: world.clock.now() + 1e9, sha256: nodeSha256 });
    const segment = { chain: 'orders', partition: 0, sequence: 1 };
    expect(held.casesOf(segment, 0)).toEqual(['C-1']);
  });

  /** Writes a continuation behind the charter alone, when called. */
  async function earlier() {
    // The same chain up to there: its first segment's bytes. Ids are drawn anew.
    const made = governanceWorld();
    let id = 100;
    const tools = { ...made.tools, randomId: () => new Uint8Array(16).fill(++id) };
    const copy = { ...made, tools };
    for (const key of world.store.keys())
      if (/000000000000/.test(key) || key.startsWith('keys/')) {
        const { bytes } = world.store.versionsOf(key)[0] as unknown as { bytes: Uint8Array };
        await copy.store.putIfAbsent(key, bytes, lock());
      }
    await copy.store.putIfAbsent(
      sealKey(GOVERNANCE_CHAIN, 0, 1),
      new TextEncoder().encode('no seal'),
      lock(),
    );
    const { detail } = await findBreak(copy.tools);
    const read = () => readToContinue(copy.tools, 'Gone', 'Ada Byron');
    const request = { kind: 'continue' as const, of: null, reason: 'Gone', reference: null, detail };
    const { recorded } = await recordAct(copy.tools, copy.people.ada, request, read);
    await recordAct(copy.tools, copy.people.grace, approve(recorded.act.id), readWithPending);
    return async () => {
      for (const key of copy.store.keys())
        if (key.includes('partition=1/')) {
          const { bytes } = copy.store.versionsOf(key)[0] as unknown as { bytes: Uint8Array };
          await world.store.putIfAbsent(key, bytes, lock());
        }
    };
  }

  it('not by an act that can’t be read: no release is believed any more, and it is said', async () => {
    await world.record(world.people.ada, holdRequest('C-2'));
    const data = world.store
      .keys()
      .find((key) => key.startsWith(dataPrefix(GOVERNANCE_CHAIN, 0)) && key.includes('000000000002'));
    world.store.attacker.destroy(data!);
    expect(await broken()).toMatch(/broken at segment 2/);
    await continued();
    const { recorded } = await world.record(world.people.ada, release('C-1'));
    await world.record(world.people.grace, approve(recorded.act.id));
    const history = await historyNow(world.tools);
    expect(history.lost).toMatch(/acts from segment 2 .* can't be read/);
    expect(holdsInForce(history).map((hold) => hold.case)).toEqual(['C-1']);
    const look = await lookAtActs(world.store, [world.key], signal);
    expect(look).toMatchObject({ isVerified: false, broken: true, problem: history.lost });
  });

  it('nothing but the answer counts in a partition that one person began', async () => {
    await junk(2);
    await propose();
    const pending = (await readContinuation(world.store, [world.key], signal))!;
    expect(pending.history.isContinued).toBe(false);
    const { detail } = holdRequest('C-9');
    const why = pending.history.refusal(
      { ...pending.history.acts.at(-1)!.act, kind: 'hold.place', detail } as never,
      { offset: 3, sequence: 1, sealedMs: world.clock.now() },
    );
    expect(why).toMatch(/two persons have not said/);
  });
});
