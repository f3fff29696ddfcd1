// A verifier with attestations in memory, whose days are stamped by an authority of the tests.
import { silentLogger } from '../../src/base/log.ts';
import type { Store } from '../../src/store/store.ts';
import { type HeldCertificate, readRoots } from '../../src/timestamp/certificates.ts';
import { attestedChains } from '../../src/verifier/known-chains.ts';
import type { ForeignNote } from '../../src/verifier/own-bucket.ts';
import { stampsRoot } from '../../src/verifier/stamps/stamp-keys.ts';
import { type FoundStamp, readStamp } from '../../src/verifier/stamps/stamp-reader.ts';
import { Stamper, type StamperOptions } from '../../src/verifier/stamps/stamper.ts';
import { NOW_MS, YEAR_MS } from './archive-builder.ts';
import { NOTES } from './note-signing.ts';
import { VerifierWorld } from './verifier-world.ts';

export const DAY_MS = 86_400_000;

export class StampWorld extends VerifierWorld {
  nowMs: number;
  roots: readonly HeldCertificate[];
  url: string;
  readonly foreign: ForeignNote[] = [];
  readonly clock = { now: () => this.nowMs, monotonic: () => 0, sleep: async () => undefined };

  constructor(authority: { readonly url: string; readonly roots: string }, nowMs = NOW_MS) {
    super();
    this.nowMs = nowMs;
    this.url = authority.url;
    this.roots = readRoots(authority.roots);
  }

  /** A process: what it remembers ends with it. */
  stamper(options: Partial<StamperOptions> & { readonly store?: Store } = {}): Stamper {
    const store = options.store ?? this.store;
    return new Stamper({
      ...{ retention: { mode: 'COMPLIANCE', period: { months: 0, ms: YEAR_MS } }, clock: this.clock },
      signing: NOTES.signing,
      onForeign: async (notes) => void this.foreign.push(...notes),
      authority: { url: this.url, roots: this.roots, policy: null, timeoutMs: 30_000 },
      reader: this.attester().reader,
      ...{ chains: (signal) => attestedChains(store, signal), log: silentLogger },
      ...options,
      store,
    });
  }

  read(date: string): Promise<FoundStamp> {
    return readStamp({ store: this.store, signing: NOTES.signing, roots: this.roots }, date);
  }

  stampKeys(): string[] {
    return this.store.keys().filter((key) => key.startsWith(stampsRoot));
  }
}
