// Does another key seal decisions once two persons said so, with everybody who decides, and the earlier one no more?
import { beforeEach, describe, expect, it } from 'vitest';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import { GOVERNANCE_CHAIN, governanceOrigin } from '../../../src/format/chain.ts';
import { keyKey, sealKey } from '../../../src/format/paths.ts';
import { encodeVkey, spkiFingerprint, verifierKey } from '../../../src/format/vkey.ts';
import { historyNow } from '../../../src/governance/carry-out.ts';
import { changeSealingKey } from '../../../src/governance/change-sealing-key.ts';
import { type GovernanceTools, recordAct } from '../../../src/governance/record-act.ts';
import { readActs } from '../../../src/read/acts.ts';
import { ChainReader } from '../../../src/read/chain-reader.ts';
import { emptyBody } from '../../../src/segment/body.ts';
import { headAfter, makeSegment, sealBytes } from '../../../src/segment/segment.ts';
import type { Signer } from '../../../src/sign/signer.ts';
import type { ActOf } from '../../../src/verify/acts/recorded-act.ts';
import { sameKey } from '../../../src/verify/trust.ts';
import {
  charterRequest,
  type GovernanceWorld,
  governanceWorld,
  holdRequest,
} from '../../support/governance.ts';
import { memorySigner } from '../../support/memory-signer.ts';

const NEXT = 'next.pem';
const signal = new AbortController().signal;
const next = memorySigner({ algorithm: 'ed25519', seed: NEXT });
let world: GovernanceWorld;

const vkeyOf = ({ publicKey }: Signer) =>
  verifierKey(governanceOrigin(world.tools.archiveOrigin), publicKey, nodeSha256);
const rotation = (signer = next, named = NEXT) => ({
  kind: 'key.rotate' as const,
  ...{ of: null, reason: `Each year: ${named}`, reference: null },
  detail: { use: 'governance' as const, key: encodeVkey(vkeyOf(signer)), signer: named },
});
const approve = (of: string) => ({
  kind: 'approve' as const,
  ...{ of, reason: 'Agreed', reference: null, detail: {} },
});

/** Proposed by Ada, approved by Grace, and no more. */
async function approved(request = rotation()) {
  const { recorded } = await world.record(world.people.ada, request);
  const { history } = await world.record(world.people.grace, approve(recorded.act.id));
  return history.find(recorded.act.id) as ActOf<'key.rotate'>;
}
async function rotated(request = rotation()) {
  const recorded = await approved(request);
  await changeSealingKey(world.tools, world.people.grace, recorded);
  return recorded;
}

/** Of each segment: who signs it. Read as `verify` reads it, from the one key that was pinned. */
async function signedBy(...pinned: Signer[]): Promise<string[]> {
  const trusted = [world.key, ...pinned.map(vkeyOf)];
  const reader = new ChainReader({
    ...{
      store: world.store,
      chain: GOVERNANCE_CHAIN,
      partition: 0,
      trusted: [...trusted, vkeyOf(next)],
      signal,
    },
  });
  const found: string[] = [];
  for (let at = 0; at <= (await reader.headSequence()); at++) {
    const { signedKeys } = await reader.seal(at);
    found.push(
      signedKeys
        .map(({ key }) => (sameKey(key, world.key.key) ? 'old' : sameKey(key, next.publicKey) ? 'next' : '?'))
        .join(' '),
    );
  }
  return found;
}
const kinds = async () =>
  (await readActs(world.store, [world.key], signal))!.history.acts.map(({ act }) => act.kind);

beforeEach(async () => {
  world = governanceWorld();
  await world.record(world.people.ada, charterRequest(world));
});

describe('another key for decisions', () => {
  it('needs two persons, and then seals by both once and by the new one from then on', async () => {
    const { recorded } = await world.record(world.people.ada, rotation());
    expect(recorded.inForce).toBeNull();
    await world.record(world.people.ada, holdRequest('C-1'));
    expect(await signedBy()).toEqual(['old', 'old', 'old']);
    await world.record(world.people.grace, approve(recorded.act.id));
    await changeSealingKey(world.tools, world.people.grace, recorded as ActOf<'key.rotate'>);
    await world.record(world.people.eve, holdRequest('C-2'));
    expect(await signedBy()).toEqual(['old', 'old', 'old', 'old', 'old next', 'next', 'next']);
    // Whoever was given the earlier key alone reads all of it.
    expect(await kinds()).toEqual(['charter', 'key.rotate', 'hold.place', 'approve', 'done', 'hold.place']);
    const history = await historyNow(world.tools);
    expect(history.find(recorded.act.id)?.doneBy?.act.detail).toEqual({ objects: 1, changed: 1 });
    const key = keyKey(spkiFingerprint(next.publicKey, nodeSha256));
    expect(world.store.keys()).toContain(key);
  });

  it('is not approved by who proposed it', async () => {
    const { recorded } = await world.record(world.people.eve, rotation());
    await expect(world.record(world.people.eve, approve(recorded.act.id))).rejects.toMatchObject({
      code: 'act-refused',
    });
    await changeSealingKey(world.tools, world.people.eve, recorded as ActOf<'key.rotate'>);
    expect(await signedBy()).toEqual(['old', 'old']);
  });

  it('is taken by whoever decides next, and done by the same again', async () => {
    const recorded = await approved();
    await world.record(world.people.ada, holdRequest('C-1'));
    await world.record(world.people.ada, holdRequest('C-2'));
    expect(await signedBy()).toEqual(['old', 'old', 'old', 'old next', 'next']);
    const open = async () => (await historyNow(world.tools)).isOpen(recorded, world.clock.now());
    expect(await open()).toBe(true);
    for (const _ of [1, 2]) await changeSealingKey(world.tools, world.people.grace, recorded);
    expect((await signedBy()).slice(5)).toEqual(['next']);
  });

  it('is taken by many who decide at the same moment', async () => {
    const recorded = await approved();
    const acts = Array.from({ length: 6 }, (_, at) => world.record(world.people.ada, holdRequest(`C-${at}`)));
    await Promise.all([...acts, changeSealingKey(world.tools, world.people.grace, recorded)]);
    const signed = await signedBy();
    expect(signed.slice(0, 3)).toEqual(['old', 'old', 'old']);
    expect(signed[3]).toBe('old next');
    expect(new Set(signed.slice(4))).toEqual(new Set(['next']));
    expect((await kinds()).filter((kind) => kind === 'done')).toHaveLength(1);
    expect((await kinds()).filter((kind) => kind === 'hold.place')).toHaveLength(6);
  });

  it('is in the configuration afterwards, beside an earlier one that is trusted', async () => {
    await rotated();
    const tools: GovernanceTools = {
      ...world.tools,
      signers: [next],
      trusted: [world.key],
      openDecided: gone,
    };
    await recordAct(tools, world.people.ada, holdRequest('C-1'));
    expect((await signedBy()).slice(-2)).toEqual(['next', 'next']);
  });

  it('goes on to a third one, also from a machine that still names the first', async () => {
    await rotated();
    const third = memorySigner({ algorithm: 'ed25519', seed: 'third.pem' });
    await rotated(rotation(third, 'third.pem'));
    expect((await signedBy(third)).slice(-3)).toEqual(['next', 'next ?', '?']);
    expect((await kinds()).at(-1)).toBe('done');
  });

  it('is no end of a change of the log’s key, and that one none of it', async () => {
    const log = verifierKey(world.tools.archiveOrigin, next.publicKey, nodeSha256);
    const { recorded } = await world.record(world.people.ada, {
      ...rotation(memorySigner({ seed: 'log' })),
      detail: { use: 'log', key: encodeVkey(log), signer: 'log.pem' },
    });
    const third = memorySigner({ algorithm: 'ed25519', seed: NEXT });
    const decisions = await approved(rotation(third));
    const history = await historyNow(world.tools);
    expect([recorded, decisions].map((one) => history.end(one, 0))).toEqual([null, null]);
  });
});

const gone = async (named: string): Promise<Signer> => {
  throw new Error(`no ${named} here`);
};

describe('a machine that can’t use the new key', () => {
  const without = (): GovernanceTools => ({ ...world.tools, openDecided: gone });

  it('seals by the earlier one until another has changed the chain over, and no more then', async () => {
    const recorded = await approved();
    await recordAct(without(), world.people.ada, holdRequest('C-1'));
    expect(await signedBy()).toEqual(['old', 'old', 'old', 'old']);
    expect(String(world.troubles.at(-1))).toContain('no next.pem here');
    await expect(changeSealingKey(without(), world.people.grace, recorded)).rejects.toMatchObject({
      code: 'governance-key',
    });
    expect(await signedBy()).toHaveLength(4);
    await changeSealingKey(world.tools, world.people.grace, recorded);
    const before = world.store.keys();
    await expect(recordAct(without(), world.people.ada, holdRequest('C-2'))).rejects.toMatchObject({
      code: 'governance-key',
      remedy: expect.stringContaining('governance.signing'),
    });
    expect(world.store.keys()).toEqual(before);
  });

  it('or finds another key at its place, takes none', async () => {
    const recorded = await approved();
    const other = { ...world.tools, openDecided: async () => memorySigner({ seed: 'another' }) };
    await expect(changeSealingKey(other, world.people.grace, recorded)).rejects.toThrow(
      /another key than Ada Byron/,
    );
    expect(await signedBy()).toHaveLength(3);
  });

  it('or names a key in its configuration that nobody decided on, seals nothing', async () => {
    const stranger = { ...world.tools, signers: [memorySigner({ seed: 'stranger' })], trusted: [world.key] };
    await expect(recordAct(stranger, world.people.ada, holdRequest('C-1'))).rejects.toMatchObject({
      code: 'governance-key',
    });
    await rotated();
    const before = await signedBy();
    await recordAct(stranger, world.people.ada, holdRequest('C-1'));
    expect(await signedBy()).toEqual([...before, 'next']);
  });
});

describe('the earlier key in a thief’s hands', () => {
  it('seals nothing that counts behind the change, and it is found', async () => {
    await rotated();
    const { history } = (await readActs(world.store, [world.key], signal))!;
    // With the old key and Ada's own: the chain as it stood before, and one more act.
    const thief = { ...world.tools, openDecided: gone };
    await expect(recordAct(thief, world.people.ada, holdRequest('C-1'))).rejects.toMatchObject({
      code: 'governance-key',
    });
    // The thief's tools ask nobody.
    await forged();
    await expect(readActs(world.store, [world.key], signal)).rejects.toMatchObject({ code: 'unknown-key' });
    expect(history.acts).toHaveLength(4);
  });

  /** A next segment that the old key signs alone. */
  async function forged(): Promise<void> {
    const reading = (await readActs(world.store, [world.key], signal))!;
    const { manifest, manifestHash, frontier } = reading.head;
    const head = headAfter(GOVERNANCE_CHAIN, 0, manifest, manifestHash, frontier);
    const nowMs = world.clock.now();
    const segment = makeSegment(nodeSha256, head, emptyBody(nodeSha256, head.nextOffset), {
      ...{ source: { kind: 'acts', partition: 0 }, continues: null, anchoredMs: nowMs, nowMs },
      retention: { ...world.tools.retention, policy: 'governance' },
      ...{ keys: [encodeVkey(world.key)], writer: { id: 'thief', version: '1.0.0' } },
    });
    const signature = await world.tools.signers[0]!.sign(segment.checkpointText, signal);
    const bytes = sealBytes(segment, [{ name: world.key.name, keyId: world.key.id, signature }]);
    const lock = { mode: 'COMPLIANCE', untilMs: nowMs + 1e9 } as const;
    await world.store.putIfAbsent(sealKey(GOVERNANCE_CHAIN, 0, head.size), bytes, lock);
  }
});
