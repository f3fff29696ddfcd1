// What does an operator's `ledgerstone resume` do to a world, beside the archivers that run in it?
import { type Decision, type RecordedDecision, sealDecision } from '../../src/archiver/chain/resume.ts';
import { nodeSha256 } from '../../src/base/node/hash.ts';
import { verifierKey } from '../../src/format/vkey.ts';
import { ORIGIN, type World } from '../support/archiver-world.ts';
import { memorySource } from '../support/memory-source.ts';

export const DECISION: Decision = {
  topic: 'orders',
  partition: 0,
  reason: 'accepted',
  by: 'A. Auditor',
  why: 'a test',
};

export const decide = (world: World, decision: Partial<Decision>): Promise<RecordedDecision> =>
  world.clock.run(
    sealDecision(
      {
        store: world.store,
        source: memorySource(world.broker, 'ledgerstone', 'operator', ['orders']),
        signer: world.signer,
        trusted: [verifierKey(ORIGIN, world.signer.publicKey, nodeSha256)],
        sha256: nodeSha256,
        clock: world.clock,
        random: () => 0.5,
        writerId: 'operator',
      },
      world.config,
      { ...DECISION, ...decision },
      () => {},
      new AbortController().signal,
    ),
  );
