// Which archive does a watching verifier look at in the measurement, and what does each call of it count?
import type { Clock } from '../../src/base/clock.ts';
import type { Signer } from '../../src/sign/signer.ts';
import { momentOf } from '../../src/store/clock-offset.ts';
import type { Store } from '../../src/store/store.ts';
import { ArchiveBuilder, type ChainBuilder, entries, START_MS } from '../../test/support/archive-builder.ts';
import { type MemoryStore, memoryStore } from '../../test/support/memory-store.ts';

export type Counts = { lists: number; gets: number; puts: number; signs: number };
export const noCounts = (): Counts => ({ lists: 0, gets: 0, puts: 0, signs: 0 });

const KEYS_PER_PAGE = 1000;

/** The same store, where each call counts and takes its time. A page of a listing is a call. */
export function counted(store: MemoryStore, clock: Clock, callMs: number, counts: Counts): Store {
  const call = async (kind: keyof Counts, signal?: AbortSignal) => {
    counts[kind]++;
    await clock.sleep(callMs, signal);
  };
  return {
    ...store,
    async *listVersions(prefix, options) {
      await call('lists', options?.signal);
      let keys = 0;
      for await (const version of store.listVersions(prefix, options)) {
        if (++keys % KEYS_PER_PAGE === 0) await call('lists', options?.signal);
        yield version;
      }
    },
    async *listPrefixes(prefix, signal) {
      await call('lists', signal);
      yield* store.listPrefixes(prefix, signal);
    },
    read: async (...args) => {
      await call('gets', args[2].signal);
      return store.read(...args);
    },
    lock: async (...args) => {
      await call('gets', args[2]);
      return store.lock(...args);
    },
    putIfAbsent: async (...args) => {
      await call('puts', args[3]?.signal);
      return store.putIfAbsent(...args);
    },
    clockOffset: () => ({ offsetMs: 0, measuredAt: momentOf(clock) }),
  };
}

export const countedSigner = (signer: Signer, counts: Counts): Signer => ({
  ...signer,
  sign: async (...args) => {
    counts.signs++;
    return signer.sign(...args);
  },
});

export type Release = { readonly chain: string; readonly sequence: number; readonly atMs: number };

/** Chains of ten partitions a topic. Each seals once in `everyMs`, one after the other within that time. */
export class GrowingArchive {
  readonly bucket: MemoryStore;
  readonly builder = new ArchiveBuilder();
  readonly #chains: ChainBuilder[];
  readonly #everyMs: number;

  constructor(chains: number, everyMs: number, clock: Clock) {
    this.bucket = memoryStore({ clock });
    this.#everyMs = everyMs;
    this.#chains = Array.from({ length: chains }, (_, i) =>
      this.builder.chain(`topic-${String(Math.floor(i / 10)).padStart(4, '0')}`, i % 10),
    );
  }

  /** One more seal of each chain: what is to be put, and when. */
  async round(number: number): Promise<(Release & { readonly put: () => void })[]> {
    const made: (Release & { readonly put: () => void })[] = [];
    for (const [index, chain] of this.#chains.entries()) {
      const phaseMs = Math.floor((index / this.#chains.length) * this.#everyMs);
      const atMs = START_MS + number * this.#everyMs + phaseMs;
      const built = await chain.seal({ lines: entries(chain.nextOffset, 3), sealedMs: atMs });
      const keys = [built.dataKey, built.sealKey].filter((key) => key !== null);
      const { archive } = this.builder;
      const objects = keys.map((key) => [key, archive.bytesOf(key) as Uint8Array] as const);
      for (const key of keys) archive.remove(key);
      const lock = { mode: 'COMPLIANCE', untilMs: atMs + 10 * 366 * 86_400_000 } as const;
      const put = () => {
        for (const [key, bytes] of objects) this.bucket.attacker.putVersion(key, bytes, lock);
      };
      made.push({ chain: `${chain.name}/${chain.partition}`, sequence: number, atMs, put });
    }
    return made;
  }
}
