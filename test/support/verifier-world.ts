// An archive that grows, a bucket for attestations, and verifiers over both, in memory.

import type { Clock } from '../../src/base/clock.ts';
import { nodeSha256 } from '../../src/base/node/hash.ts';
import type { MlDsaSigner, Signer } from '../../src/sign/signer.ts';
import type { Store } from '../../src/store/store.ts';
import { Attester } from '../../src/verifier/attest/attester.ts';
import { confirmStep } from '../../src/verifier/seal-path.ts';
import type { StepResult, StepTools } from '../../src/verifier/verifier.ts';
import { portableChecker } from '../../src/verify/block-checker.ts';
import { nodeContentTools } from '../../src/verify/node/tools.ts';
import type { ChainInArchive } from '../../src/verify/survey.ts';
import {
  ArchiveBuilder,
  type BuiltSegment,
  type ChainBuilder,
  entries,
  NOW_MS,
  YEAR_MS,
} from './archive-builder.ts';
import { memorySigner } from './memory-signer.ts';
import { type MemoryStore, memoryStore } from './memory-store.ts';

export const PLACE: ChainInArchive = { chain: 'orders', partition: 0 };
export const NAME = 'verifier.example.com/test';

/** Stands still: locks are checked against it. */
export const STILL: Clock = {
  now: () => NOW_MS,
  monotonic: () => 0,
  sleep: () => new Promise((resolve) => setImmediate(resolve)),
};

export class VerifierWorld {
  readonly builder: ArchiveBuilder;
  readonly place: ChainInArchive;
  readonly chain: ChainBuilder;
  readonly made: BuiltSegment[] = [];
  readonly store: MemoryStore = memoryStore({ clock: STILL });
  readonly signer = memorySigner({ seed: 'verifier' });

  constructor({ builder = new ArchiveBuilder(), place = PLACE, firstOffset = 0 } = {}) {
    [this.builder, this.place] = [builder, place];
    this.chain = builder.chain(place.chain, place.partition, firstOffset);
  }

  async grow(segments: number): Promise<void> {
    for (let i = 0; i < segments; i++) {
      this.made.push(await this.chain.seal({ lines: entries(this.chain.nextOffset, 3) }));
    }
  }

  attester(store: Store = this.store, signer: Signer = this.signer, postQuantum?: MlDsaSigner): Attester {
    const retention = { mode: 'COMPLIANCE', period: { months: 0, ms: YEAR_MS } } as const;
    const { trusted } = this.builder;
    const keys = { signer, postQuantum, trusted, name: NAME };
    return new Attester({ ...keys, store, retention, sha256: nodeSha256, clock: STILL });
  }

  tools(store?: Store, signer?: Signer): StepTools {
    return {
      archive: this.builder.archive,
      trusted: this.builder.trusted,
      attester: this.attester(store, signer),
      sha256: nodeSha256,
      checker: portableChecker(nodeContentTools),
      clock: STILL,
    };
  }

  step(hintSize = this.made.length, tools = this.tools()): Promise<StepResult> {
    return confirmStep(tools, this.place, { hintSize });
  }

  /** Sizes with an attestation, ascending. */
  attestedSizes(): number[] {
    return this.store.keys().map((key) => Number(/(\d{12})\.note$/.exec(key)?.[1]));
  }
}
