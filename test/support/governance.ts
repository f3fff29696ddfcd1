// A governance chain to try: two officers, an approver, keys in memory.
import { nodeSha256 } from '../../src/base/node/hash.ts';
import { governanceOrigin } from '../../src/format/chain.ts';
import { cosignerKey, encodeCosignerVkey } from '../../src/format/cosignature.ts';
import { verifierKey } from '../../src/format/vkey.ts';
import { type Decider, type GovernanceTools, recordAct } from '../../src/governance/record-act.ts';
import type { Store } from '../../src/store/store.ts';
import { FakeClock } from './fake-clock.ts';
import { memorySigner } from './memory-signer.ts';
import { memoryStore } from './memory-store.ts';

const ARCHIVE = 'audit.example.com/prod';

export const decider = (name: string, seed = name): Decider => ({
  name,
  principal: null,
  signer: memorySigner({ algorithm: 'ed25519', seed }),
});

export const personVkey = ({ signer }: Decider): string =>
  encodeCosignerVkey(cosignerKey('person', signer.publicKey, nodeSha256));

export function governanceWorld(change: (store: Store) => Store = (store) => store) {
  const clock = new FakeClock({ auto: true });
  const store = memoryStore({ clock });
  const people = { ada: decider('Ada Byron'), eve: decider('Eve Mallory'), grace: decider('Grace Hopper') };
  const troubles: unknown[] = [];
  let ids = 0;
  const sealing = memorySigner({ algorithm: 'ecdsa-p256' });
  const tools: GovernanceTools = {
    store: change(store),
    archiveOrigin: ARCHIVE,
    signers: [sealing],
    openDecided: async (named) => memorySigner({ algorithm: 'ed25519', seed: named }),
    trusted: [],
    retention: { mode: 'COMPLIANCE', period: { months: 120, ms: 0 } },
    writer: { id: 'officer', version: '1.0.0' },
    clock,
    random: () => 0.5,
    randomId: () => Uint8Array.from({ length: 16 }, (_, at) => (at === 15 ? ++ids : at)),
    onTrouble: (error) => troubles.push(error),
    signal: new AbortController().signal,
  };
  const record = (who: Decider, request: Parameters<typeof recordAct>[2]) => recordAct(tools, who, request);
  return {
    clock,
    store,
    people,
    tools,
    troubles,
    record,
    key: verifierKey(governanceOrigin(ARCHIVE), sealing.publicKey, nodeSha256),
  };
}

export type GovernanceWorld = ReturnType<typeof governanceWorld>;

/** Ada and Eve are officers, Grace and Eve approve. */
export const charterRequest = (
  { people: { ada, eve, grace } }: Pick<GovernanceWorld, 'people'>,
  hours = 72,
) => ({
  kind: 'charter' as const,
  ...{ of: null, reason: 'The beginning', reference: null },
  detail: {
    people: [
      { name: ada.name, key: personVkey(ada), roles: ['officer'] as const },
      { name: eve.name, key: personVkey(eve), roles: ['officer', 'approver'] as const },
      { name: grace.name, key: personVkey(grace), roles: ['approver'] as const },
    ],
    approval: { hours },
  },
});

export const holdRequest = (
  name: string,
  segments = [{ chain: 'orders', partition: 0, from: 0, to: 3 }],
) => ({
  kind: 'hold.place' as const,
  ...{ of: null, reason: `Litigation hold ${name}`, reference: 'ticket 4711' },
  detail: { case: name, segments },
});
