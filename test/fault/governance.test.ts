// A decision that takes effect is killed at each call of store and keys: is it done or open, and never half and done?
import { describe, expect, it } from 'vitest';
import { nodeSha256 } from '../../src/base/node/hash.ts';
import { GOVERNANCE_CHAIN, governanceOrigin } from '../../src/format/chain.ts';
import { sealKey } from '../../src/format/paths.ts';
import { encodeVkey, verifierKey } from '../../src/format/vkey.ts';
import { carryOut, enforceHolds, historyNow } from '../../src/governance/carry-out.ts';
import { changeSealingKey } from '../../src/governance/change-sealing-key.ts';
import { findBreak, readToContinue, readWithPending } from '../../src/governance/continue-acts.ts';
import { settleChange } from '../../src/governance/key-chains.ts';
import { recordAct } from '../../src/governance/record-act.ts';
import { readActs } from '../../src/read/acts.ts';
import type { ActOf } from '../../src/verify/acts/recorded-act.ts';
import { START_MS, YEAR_MS } from '../support/archive-builder.ts';
import {
  extend,
  type GovernedArchive,
  governedArchive,
  mortal,
  place,
  range,
  released,
} from '../support/effect-world.ts';

describe('killed at each step', () => {
  const untilMs = START_MS + 3 * YEAR_MS;
  const cases = {
    'hold.place': { request: place('C-1', range(1, 3), range(0, 0, 1)), whole: [1, 2, 3] },
    'retention.extend': { request: extend(untilMs, range(1, 3)), whole: [] },
  };

  it.each(Object.entries(cases))(
    '%s is done or open, and the same command ends it',
    async (_, { request, whole }) => {
      let deaths = 0;
      for (let at = 0; ; at++) {
        const world = await governedArchive();
        // Before the call, or after it.
        const dying = mortal(world.tools, world.people.ada, at, at % 2 === 0);
        const run = async () => world.decide(dying.decider, request, dying.tools);
        const first = await run().catch(() => null);
        if (!dying.hasDied()) {
          expect(first?.isDone).toBe(true);
          break;
        }
        deaths++;
        const before = await historyNow(world.tools);
        const claimed = before.acts.some(({ doneBy }) => doneBy !== null);
        if (claimed) expect(world.heldSegments(0)).toEqual(whole);
        const again = await world.decide(world.people.ada, request);
        expect([at, again.isDone]).toEqual([at, true]);
        const after = await historyNow(world.tools);
        expect([at, after.acts.map(({ act }) => act.kind)]).toEqual([at, ['charter', request.kind, 'done']]);
        expect([at, world.heldSegments(0)]).toEqual([at, whole]);
      }
      expect(deaths).toBeGreaterThan(40);
    },
  );

  it('a change of keys is absent, open or done, and the same command ends it', async () => {
    let deaths = 0;
    for (let at = 0; ; at++) {
      const world = await governedArchive();
      const [key] = world.builder.trusted;
      const request = {
        ...{ kind: 'key.rotate' as const, of: null, reason: 'Each year', reference: null },
        detail: { use: 'log' as const, key: encodeVkey(key!), signer: 'next.pem' },
      };
      const change = async (tools: typeof world.tools, who: typeof world.people.ada) => {
        const { recorded } = await recordAct(tools, who, request);
        return settleChange(tools, who, recorded as ActOf<'key.rotate'>, key!, []);
      };
      const dying = mortal(world.tools, world.people.ada, at, at % 2 === 0);
      const first = await change(dying.tools, dying.decider).catch(() => null);
      if (!dying.hasDied()) {
        expect(first).toMatchObject({ isDone: true, waiting: [] });
        break;
      }
      deaths++;
      expect([at, (await change(world.tools, world.people.ada)).isDone]).toEqual([at, true]);
      const after = await historyNow(world.tools);
      expect([at, after.acts.map(({ act }) => act.kind)]).toEqual([at, ['charter', 'key.rotate', 'done']]);
      expect(after.acts[2]?.act.detail).toEqual({ objects: 2, changed: 2 });
    }
    expect(deaths).toBeGreaterThan(20);
  }, 60_000);

  it('another key for decisions is proposed, open or done at each step, and the same commands end it', async () => {
    let deaths = 0;
    const seen = new Set<string>();
    for (let at = 0; ; at++) {
      const world = await governedArchive();
      const next = await world.tools.openDecided('next.pem');
      const key = verifierKey(governanceOrigin(world.tools.archiveOrigin), next.publicKey, nodeSha256);
      const asked = { of: null, reason: 'Each year', reference: null };
      const detail = { use: 'governance' as const, key: encodeVkey(key), signer: 'next.pem' };
      const { recorded } = await recordAct(world.tools, world.people.ada, {
        ...{ kind: 'key.rotate' as const, ...asked, detail },
      });
      const approval = { kind: 'approve' as const, ...asked, of: recorded.act.id, detail: {} };
      const change = async (tools: typeof world.tools, who: typeof world.people.ada) => {
        if ((await historyNow(tools)).find(recorded.act.id)!.inForce === null)
          await recordAct(tools, who, approval);
        await changeSealingKey(tools, who, recorded as ActOf<'key.rotate'>);
      };
      const dying = mortal(world.tools, world.people.grace, at, at % 2 === 0);
      await change(dying.tools, dying.decider).catch(() => null);
      const before = await historyNow(world.tools);
      const { inForce, doneBy } = before.find(recorded.act.id)!;
      seen.add(doneBy !== null ? 'done' : inForce !== null ? 'open' : 'proposed');
      // In between somebody else decides, and needs no other command for it.
      await recordAct(world.tools, world.people.eve, place('C-1', range(1, 3)));
      await change(world.tools, world.people.grace);
      const after = (await readActs(world.store, [world.key], world.tools.signal))!;
      expect([at, after.history.find(recorded.act.id)?.doneBy?.act.detail]).toEqual([
        ...[at, { objects: 1, changed: 1 }],
      ]);
      expect([at, after.history.refused]).toEqual([at, []]);
      expect([at, after.head.manifest.keys]).toEqual([at, [encodeVkey(key)]]);
      if (!dying.hasDied()) break;
      deaths++;
    }
    expect(deaths).toBeGreaterThan(40);
    expect(seen).toEqual(new Set(['proposed', 'open', 'done']));
  }, 120_000);

  it('going on behind a break is absent, proposed or done at each step, and the same commands end it', async () => {
    let deaths = 0;
    for (let at = 0; ; at++) {
      const world = await governedArchive();
      await recordAct(world.tools, world.people.ada, place('C-1', range(1, 3)));
      const lock = { mode: 'COMPLIANCE', untilMs: world.clock.now() + YEAR_MS } as const;
      await world.store.putIfAbsent(sealKey(GOVERNANCE_CHAIN, 0, 2), new Uint8Array([1]), lock);
      const asked = { of: null, reason: 'A foreign object', reference: null };
      const goOn = async (tools: typeof world.tools, who: typeof world.people.ada) => {
        const { detail } = await findBreak(tools);
        const read = () => readToContinue(tools, asked.reason, who.name);
        return recordAct(tools, who, { kind: 'continue' as const, ...asked, detail }, read);
      };
      const dying = mortal(world.tools, world.people.ada, at, at % 2 === 0);
      await goOn(dying.tools, dying.decider).catch(() => null);
      const { recorded } = await goOn(world.tools, world.people.ada);
      const approval = { kind: 'approve' as const, ...asked, of: recorded.act.id, detail: {} };
      const second = mortal(world.tools, world.people.grace, at, at % 2 === 0);
      await recordAct(second.tools, second.decider, approval, readWithPending).catch(() => null);
      const before = await readWithPending(world.tools);
      if (before?.history.isContinued !== true)
        await recordAct(world.tools, world.people.grace, approval, readWithPending);
      const after = await historyNow(world.tools);
      expect([at, after.refused, after.lost]).toEqual([at, [], null]);
      const kinds = after.acts.map(({ act }) => act.kind);
      expect([at, kinds]).toEqual([at, ['charter', 'hold.place', 'continue', 'approve']]);
      if (!dying.hasDied() && !second.hasDied()) break;
      deaths++;
    }
    expect(deaths).toBeGreaterThan(15);
  }, 120_000);

  it('a release is done or open, and enforcing ends it', async () => {
    let deaths = 0;
    for (let at = 0; ; at++) {
      const world = await governedArchive();
      await world.decide(world.people.ada, place('C-1', range(0, 3)));
      await world.decide(world.people.eve, place('C-2', range(2, 4)));
      const { act } = await released(world, 'C-1');
      const dying = mortal(world.tools, world.people.grace, at, true);
      const history = await historyNow(world.tools);
      await carryOut(dying.tools, dying.decider, history.find(act.id)!, history).catch(() => null);
      // At no moment is a hold off that another case demands.
      expect([2, 3, 4].filter((sequence) => !heldAtAll(world, sequence))).toEqual([]);
      if (!dying.hasDied()) break;
      deaths++;
      expect((await enforceHolds(world.tools, world.people.eve)).isDone).toBe(true);
      expect([at, world.heldSegments(0)]).toEqual([at, [2, 3, 4]]);
      const after = await historyNow(world.tools);
      expect(after.acts.filter((one) => after.isOpen(one, world.clock.now()))).toEqual([]);
      expect(after.find(act.id)?.doneBy).not.toBeNull();
    }
    expect(deaths).toBeGreaterThan(40);
  });

  it('of two that do the same at once, one writes that it is done', async () => {
    const world = await governedArchive();
    const { recorded, history } = await recordAct(world.tools, world.people.ada, place('C-1', range(0, 5)));
    await Promise.all([
      carryOut(world.tools, world.people.ada, recorded, history),
      carryOut(world.tools, world.people.eve, recorded, history),
    ]);
    const after = await historyNow(world.tools);
    expect(after.acts.filter(({ act }) => act.kind === 'done')).toHaveLength(1);
    expect(after.refused.length).toBeLessThanOrEqual(1);
  });
});

const heldAtAll = (world: GovernedArchive, sequence: number): boolean => {
  const digits = String(sequence).padStart(12, '0');
  return world.held().filter((key) => key.includes(`partition=0/`) && key.includes(digits)).length === 2;
};
