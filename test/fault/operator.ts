// What does an operator's `ledgerstone resume` do to a world, beside the archivers that run in it?
import { type Decision, type RecordedDecision, sealDecision } from '../../src/archiver/chain/resume.ts';
import { nodeSha256 } from '../../src/base/node/hash.ts';
import type { Source } from '../../src/ingest/source.ts';
import type { Store } from '../../src/store/store.ts';
import { ORIGIN, type World } from '../support/archiver-world.ts';
import { keyringOf } from '../support/keyring.ts';
import { memorySource } from '../support/memory-source.ts';

export const DECISION: Decision = {
  topic: 'orders',
  partition: 0,
  reason: 'accepted',
  by: 'A. Auditor',
  why: 'a test',
};

/** What the operator's command works with, where that is not the world's own. */
export type Ports = { readonly store?: Store; readonly source?: Source };

/** The command, at work. */
export const deciding = (
  world: World,
  decision: Partial<Decision>,
  ports: Ports = {},
): Promise<RecordedDecision> =>
  sealDecision(
    {
      store: world.store,
      source: memorySource(world.broker, 'ledgerstone', 'operator', ['orders']),
      keyring: keyringOf(ORIGIN, [world.signer]),
      sha256: nodeSha256,
      clock: world.clock,
      random: () => 0.5,
      writerId: 'operator',
      ...ports,
    },
    world.config,
    { ...DECISION, ...decision },
    () => {},
    new AbortController().signal,
  );

/** To its end. */
export const decide = (
  world: World,
  decision: Partial<Decision>,
  ports: Ports = {},
): Promise<RecordedDecision> => world.clock.run(deciding(world, decision, ports));
