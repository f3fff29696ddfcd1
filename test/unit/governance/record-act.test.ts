// Which decisions are written, which are refused, and what becomes of two at once?
import { describe, expect, it } from 'vitest';
import { readGovernance, recordAct } from '../../../src/governance/record-act.ts';
import { holdsInForce } from '../../../src/verify/acts/in-force.ts';
import {
  charterRequest,
  decider,
  type GovernanceWorld,
  governanceWorld,
  holdRequest,
  personVkey,
} from '../../support/governance.ts';

async function begun(): Promise<GovernanceWorld> {
  const world = governanceWorld();
  await world.record(world.people.ada, charterRequest(world));
  return world;
}

const release = (name: string) => ({
  kind: 'hold.release' as const,
  ...{ of: null, reason: 'The case is closed', reference: null },
  detail: { case: name },
});
const about = (kind: 'approve' | 'withdraw', of: string) => ({
  kind,
  ...{ of, reason: 'Seen and agreed', reference: null },
  detail: {},
});
const readBack = async ({ tools }: GovernanceWorld) => (await readGovernance(tools))!;
const holds = async (world: GovernanceWorld) =>
  holdsInForce((await readBack(world)).history).map((hold) => hold.case);

describe('a governance chain', () => {
  it('begins with a charter, and with nothing else', async () => {
    const world = governanceWorld();
    expect(await readGovernance(world.tools)).toBeNull();
    await expect(world.record(world.people.ada, holdRequest('C-1'))).rejects.toThrow(
      'the first act is no charter',
    );
    await world.record(world.people.ada, charterRequest(world));
    const { history, head } = await readBack(world);
    expect(history.charter?.people.map(({ name }) => name)).toEqual([
      'Ada Byron',
      'Eve Mallory',
      'Grace Hopper',
    ]);
    expect(head.manifest).toMatchObject({ sequence: 0, source: { kind: 'acts', partition: 0 } });
  });

  it('a charter that does not name its writer begins nothing', async () => {
    const world = governanceWorld();
    await expect(world.record(decider('Mallory'), charterRequest(world))).rejects.toThrow(
      'is of nobody in the charter',
    );
    await expect(world.record(world.people.grace, charterRequest(world))).rejects.toThrow(
      'Grace Hopper is no officer',
    );
    expect(await readGovernance(world.tools)).toBeNull();
  });

  it('keeps what an officer decides, with reason and reference', async () => {
    const world = await begun();
    const { recorded, isNew } = await world.record(world.people.ada, holdRequest('C-1'));
    expect(isNew).toBe(true);
    const { history } = await readBack(world);
    expect(history.refused).toEqual([]);
    expect(history.find(recorded.act.id)?.act).toEqual(recorded.act);
    expect(recorded.act).toMatchObject({
      kind: 'hold.place',
      reference: 'ticket 4711',
      by: { name: 'Ada Byron' },
    });
    expect(await holds(world)).toEqual(['C-1']);
  });

  it('refuses strangers, other roles and borrowed names', async () => {
    const world = await begun();
    const { people } = world;
    await expect(world.record(decider('Mallory'), holdRequest('C-1'))).rejects.toThrow(
      'is of nobody in the charter',
    );
    await expect(world.record(people.grace, holdRequest('C-1'))).rejects.toThrow(
      'Grace Hopper is no officer',
    );
    await expect(world.record({ ...people.eve, name: people.ada.name }, holdRequest('C-1'))).rejects.toThrow(
      'Ada Byron signs with the key of Eve Mallory',
    );
    expect((await readBack(world)).head.manifest.sequence).toBe(0);
  });

  it('asked the same again, it is the same act', async () => {
    const world = await begun();
    const first = await world.record(world.people.ada, holdRequest('C-1'));
    const again = await world.record(world.people.ada, holdRequest('C-1'));
    expect(again).toMatchObject({ isNew: false, recorded: { act: { id: first.recorded.act.id } } });
    expect((await readBack(world)).history.acts).toHaveLength(2);
  });

  it('keeps both of two that are asked at once', async () => {
    const world = await begun();
    const { tools, people } = world;
    await Promise.all([
      recordAct(tools, people.ada, holdRequest('C-1')),
      recordAct(tools, people.eve, holdRequest('C-2')),
      recordAct(tools, people.eve, holdRequest('C-3')),
    ]);
    expect((await holds(world)).toSorted()).toEqual(['C-1', 'C-2', 'C-3']);
    expect((await readBack(world)).head.manifest.sequence).toBe(3);
  });
});

describe('the same request after it was over', () => {
  it('a hold that was released is placed anew', async () => {
    const world = await begun();
    const { people } = world;
    const first = await world.record(people.ada, holdRequest('C-1'));
    const { recorded } = await world.record(people.ada, release('C-1'));
    expect((await world.record(people.ada, holdRequest('C-1'))).isNew).toBe(false);
    await world.record(people.grace, about('approve', recorded.act.id));
    const { history } = await readBack(world);
    expect(history.end(history.find(first.recorded.act.id)!, world.clock.now())?.by?.act.id).toBe(
      recorded.act.id,
    );
    expect((await world.record(people.ada, holdRequest('C-1'))).isNew).toBe(true);
    expect(await holds(world)).toEqual(['C-1']);
  });

  it('a policy that another one replaced is decided anew', async () => {
    const world = await begun();
    const policy = (period: string) => ({
      kind: 'policy' as const,
      ...{ of: null, reason: `Now ${period}`, reference: null },
      detail: { policies: [{ name: 'pci', mode: 'COMPLIANCE' as const, period }], chains: [] },
    });
    await world.record(world.people.ada, policy('1y'));
    await world.record(world.people.ada, policy('2y'));
    const again = await world.record(world.people.ada, policy('1y'));
    expect([again.isNew, again.recorded.isForTwo]).toEqual([true, true]);
    expect((await readBack(world)).history.newest('policy')?.detail.policies[0]?.period).toBe('2y');
  });
});

describe('two persons', () => {
  it('nobody can approve what somebody proposed who is no officer any more', async () => {
    const world = await begun();
    const { people } = world;
    const { recorded } = await world.record(people.ada, release('C-1'));
    const request = charterRequest(world);
    const detail = { ...request.detail, people: request.detail.people.slice(1) };
    const charter = await world.record(people.eve, { ...request, reason: 'Ada leaves', detail });
    await world.record(people.grace, about('approve', charter.recorded.act.id));
    await expect(world.record(people.grace, about('approve', recorded.act.id))).rejects.toThrow(
      'Ada Byron, who proposed it, is no officer of the charter in force any more',
    );
  });

  it('a release takes effect when somebody else approves it', async () => {
    const world = await begun();
    const { people } = world;
    await world.record(people.ada, holdRequest('C-1'));
    const { recorded } = await world.record(people.ada, release('C-1'));
    expect(recorded.inForce).toBeNull();
    expect(await holds(world)).toEqual(['C-1']);
    await world.record(people.grace, about('approve', recorded.act.id));
    expect(await holds(world)).toEqual([]);
    await world.record(people.ada, { ...holdRequest('C-1'), reason: 'Opened again' });
    expect(await holds(world)).toEqual(['C-1']);
  });

  it('nobody approves what they proposed, by name, key or principal', async () => {
    const world = await begun();
    const eve = { ...world.people.eve, principal: 'arn:aws:sts::1:assumed-role/officer/eve' };
    const { recorded } = await world.record(eve, release('C-1'));
    const { id } = recorded.act;
    await expect(world.record(eve, about('approve', id))).rejects.toThrow('somebody else must approve');
    const grace = { ...world.people.grace, principal: eve.principal };
    await expect(world.record(grace, about('approve', id))).rejects.toThrow('it must be two');
    await expect(world.record(world.people.ada, about('approve', id))).rejects.toThrow(
      'Ada Byron is no approver',
    );
    await world.record(
      { ...grace, principal: 'arn:aws:sts::1:assumed-role/approver/grace' },
      about('approve', id),
    );
  });

  it('after the hours of the charter nobody can approve', async () => {
    const world = await begun();
    const { recorded } = await world.record(world.people.ada, release('C-1'));
    await world.clock.advance(73 * 3_600_000);
    await expect(world.record(world.people.grace, about('approve', recorded.act.id))).rejects.toThrow(
      'more than 72 hours after',
    );
  });

  it('what was withdrawn can not be approved, and what is in force not be withdrawn', async () => {
    const world = await begun();
    const { people } = world;
    const first = await world.record(people.ada, release('C-1'));
    await world.record(people.eve, about('withdraw', first.recorded.act.id));
    await expect(world.record(people.grace, about('approve', first.recorded.act.id))).rejects.toThrow(
      'was withdrawn',
    );
    const second = await world.record(people.ada, release('C-1'));
    expect(second.isNew).toBe(true);
    await world.record(people.grace, about('approve', second.recorded.act.id));
    await expect(world.record(people.eve, about('withdraw', second.recorded.act.id))).rejects.toThrow(
      'in force already',
    );
  });

  it('a new charter holds from its approval on', async () => {
    const world = await begun();
    const { people } = world;
    const zoe = decider('Zoe');
    const request = charterRequest(world);
    const detail = {
      ...request.detail,
      people: [
        ...request.detail.people.slice(1),
        { name: zoe.name, key: personVkey(zoe), roles: ['officer'] as const },
      ],
    };
    const { recorded } = await world.record(people.ada, { ...request, reason: 'Ada leaves', detail });
    await expect(world.record(zoe, holdRequest('C-1'))).rejects.toThrow('of nobody in the charter');
    await world.record(people.grace, about('approve', recorded.act.id));
    await expect(world.record(people.ada, holdRequest('C-1'))).rejects.toThrow('of nobody in the charter');
    await world.record(zoe, holdRequest('C-1'));
  });

  it('only a policy that loosens needs two', async () => {
    const world = await begun();
    const policy = (period: string, chain = 'long') => ({
      kind: 'policy' as const,
      ...{ of: null, reason: `Now ${period}, orders ${chain}`, reference: null },
      detail: {
        policies: [
          { name: 'long', mode: 'COMPLIANCE' as const, period: '10y' },
          { name: 'pci', mode: 'COMPLIANCE' as const, period },
        ],
        chains: [{ chain: 'orders', policy: chain }],
      },
    });
    expect((await world.record(world.people.ada, policy('12mo'))).recorded.isForTwo).toBe(false);
    expect((await world.record(world.people.ada, policy('400d'))).recorded.isForTwo).toBe(false);
    expect((await world.record(world.people.ada, policy('1y'))).recorded.isForTwo).toBe(true);
    expect((await world.record(world.people.ada, policy('400d', 'pci'))).recorded.isForTwo).toBe(true);
  });

  it('a further policy needs two where it is weaker than each one before: other chains may have it', async () => {
    const world = await begun();
    const asked = (name: string, period: string, mode: 'COMPLIANCE' | 'GOVERNANCE' = 'COMPLIANCE') => ({
      kind: 'policy' as const,
      ...{ of: null, reason: `With ${name}`, reference: null },
      detail: {
        policies: [
          { name: 'long', mode: 'COMPLIANCE' as const, period: '10y' },
          { name: 'pci', mode: 'COMPLIANCE' as const, period: '12mo' },
          ...(name === 'pci' ? [] : [{ name, mode, period }]),
        ],
        chains: [{ chain: 'orders', policy: 'long' }],
      },
    });
    const isForTwo = async (...words: Parameters<typeof asked>) =>
      (await world.record(world.people.ada, asked(...words))).recorded.isForTwo;
    expect(await isForTwo('pci', '12mo')).toBe(false);
    expect(await isForTwo('brief', '1s')).toBe(true);
    expect(await isForTwo('weak', '10y', 'GOVERNANCE')).toBe(true);
    expect(await isForTwo('between', '2y')).toBe(false);
  });
});

describe("a thief of the chain's own key", () => {
  it('can write lines, and none of them decides anything', async () => {
    const world = await begun();
    const { tools, people } = world;
    await world.record(people.ada, holdRequest('C-1'));
    const proposal = await world.record(people.ada, release('C-1'));
    const thief = decider(people.grace.name, 'stolen');
    const asGrace = { ...thief.signer, publicKey: people.grace.signer.publicKey };
    // The rules are asked before a line is written: the thief leaves that out, and names the right key.
    await world
      .record({ ...thief, signer: asGrace }, about('approve', proposal.recorded.act.id))
      .catch(() => {});
    const { history, head } = await readBack(world);
    expect(head.manifest.sequence).toBe(3);
    expect(history.refused).toMatchObject([
      { why: 'no valid signature by Grace Hopper', place: { offset: 3 } },
    ]);
    expect(await holds(world)).toEqual(['C-1']);
    expect(tools.archiveOrigin).toBe('audit.example.com/prod');
  });
});
