// Which attestation of a chain is the newest? Read from the verifier's own bucket, by its key.

import { FormatError } from '../../base/error.ts';
import { LIMITS } from '../../base/limits.ts';
import {
  type AttestationKey,
  attestationKey,
  attestationPrefix,
  parseAttestationKey,
} from '../../format/attestation.ts';
import type { CosignerKey } from '../../format/cosignature.ts';
import { parseSignedCheckpoint } from '../../format/note.ts';
import { oldestVersion } from '../../format/oldest-version.ts';
import type { VerifierKey } from '../../format/vkey.ts';
import type { ArchiveReader } from '../../verify/archive-reader.ts';
import type { Confirmed } from '../../verify/confirm.ts';
import type { Finding } from '../../verify/finding.ts';
import { chainText } from '../../verify/handover.ts';
import type { ChainInArchive } from '../../verify/survey.ts';
import { coversOrigin } from '../../verify/trust.ts';
import { type ListedNote, listNotes, REPLACEABLE, readObject } from '../own-bucket.ts';
import { cosignedBy } from './cosigned-by.ts';

/**
 * "This chain had that root at that size, and all of it was sound", signed by one of the trusted cosigners.
 */
export type Attested = Confirmed & {
  readonly cosigner: CosignerKey;
  /** When it was confirmed, in seconds since 1970. Null if the cosigner's key carries no time (P-256). */
  readonly timeSeconds: number | null;
  readonly key: string;
};

/** An object at an attestation's key that is not an attestation. */
export type ForeignObject = { readonly key: string; readonly versionId: string; readonly why: string };

/** What the reader needs of a store. */
export type AttestationStore = Pick<ArchiveReader, 'listVersions' | 'read'>;

/** Too many foreign objects to name each: somebody who may write there adds more and more of them. */
export type Flood = {
  /** Of the chain's attestations. */
  readonly prefix: string;
  /** Foreign objects, as far as they were read, from the greatest size down. */
  readonly objects: number;
  /** What lies below them. `not-read`: perhaps the newest attestation. Nothing is known of it. */
  readonly below: 'attestation' | 'nothing' | 'not-read';
};

/** The newest attestation, and what lies above it. */
export type Newest = {
  readonly attested: Attested | null;
  /** True: this reader has seen `attested` before, and nothing as great is there any more. */
  readonly isGone: boolean;
  readonly foreign: readonly ForeignObject[];
  /** Null: `foreign` names each. */
  readonly flood: Flood | null;
};

/** Keys that one look at the newest attestations lists at once. */
const PAGE = 100;
/** Foreign objects that are named. More are a flood. */
const FOREIGN_MAX = 50;
/** Reads side by side, once the first few objects were foreign. */
const READS_AT_ONCE = 16;
/** Foreign versions that are remembered: a version never changes, so none is read twice. */
const REMEMBERED_MAX = 200_000;

type Listed = ListedNote<AttestationKey>;

/** The newest attestation of a chain by one of `cosigners`, and the foreign objects above it. */
export class AttestationReader {
  readonly #store: AttestationStore;
  readonly #cosigners: readonly CosignerKey[];
  readonly #trusted: readonly VerifierKey[];
  readonly #readsMax: number;
  /** Why each version is foreign that this reader has read, by version and key. */
  readonly #foreign = new Map<string, string>();
  /** The greatest attestation of each chain that this reader has seen. */
  readonly #greatest = new Map<string, { readonly place: ChainInArchive; readonly attested: Attested }>();

  /**
   * `trusted`: the archive's keys. Their names say which chains belong to the archive. If empty, any chain
   * does. `readsMax`: foreign objects that one look reads; the next look goes on below them.
   */
  constructor(
    store: AttestationStore,
    cosigners: readonly CosignerKey[],
    trusted: readonly VerifierKey[] = [],
    readsMax = 10_000,
  ) {
    this.#store = store;
    this.#cosigners = cosigners;
    this.#trusted = trusted;
    this.#readsMax = readsMax;
  }

  /**
   * Makes a few short listings around `hintSize`, which should be near the chain's end but may be any number.
   * Foreign objects hide no attestation: they are passed over, however many they are. One that was there
   * before counts, also where somebody has deleted it.
   */
  async newest(place: ChainInArchive, hintSize: number, signal?: AbortSignal): Promise<Newest> {
    const seen: Seen = { foreign: [], objects: 0, reads: 0 };
    const prefix = attestationPrefix(place.chain, place.partition);
    // As of now: what is attested during this look may come after its listings.
    const known = this.#greatest.get(chainText(place))?.attested ?? null;
    const result = (there: Attested | null, isPassed: boolean): Newest => {
      const isGone = isPassed && known !== null && (there?.size ?? 0) < known.size;
      const below = !isPassed ? 'not-read' : there === null ? 'nothing' : 'attestation';
      return {
        ...{ attested: isGone ? known : there, isGone, foreign: seen.foreign },
        flood: isPassed && seen.objects <= FOREIGN_MAX ? null : { prefix, objects: seen.objects, below },
      };
    };
    let near = hintSize;
    for (let below = Number.POSITIVE_INFINITY; ; near = below) {
      const page = await this.#pageBelow(place, below, near, signal);
      const first = page[0];
      if (first === undefined) return result(null, true);
      const attested = await this.#firstOf(place, page.toReversed(), seen, signal);
      if (attested !== null) return result(attested, true);
      if (seen.reads >= this.#readsMax) return result(null, false);
      below = first.parsed.size;
    }
  }

  /** When the greatest attestation of the chain that this reader has seen was made. Null: it is not known. */
  lastMs(place: ChainInArchive): number | null {
    const seconds = this.#greatest.get(chainText(place))?.attested.timeSeconds ?? null;
    return seconds === null ? null : seconds * 1000;
  }

  /** Chains of which this reader has seen an attestation. */
  seenChains(): readonly ChainInArchive[] {
    return [...this.#greatest.values()].map(({ place }) => place);
  }

  /** The first of these that is an attestation, or null. One is read alone, and then more at once. */
  async #firstOf(
    place: ChainInArchive,
    notes: readonly Listed[],
    seen: Seen,
    signal?: AbortSignal,
  ): Promise<Attested | null> {
    for (let start = 0; start < notes.length; ) {
      const part = notes.slice(start, start + Math.min(READS_AT_ONCE, 1 + seen.objects));
      start += part.length;
      const opened = await Promise.all(part.map((note) => this.#judge(place, note, seen, signal)));
      for (const [index, one] of opened.entries()) {
        if (typeof one !== 'string') return one;
        const { key, versionId } = part[index] as Listed;
        seen.objects++;
        if (seen.foreign.length < FOREIGN_MAX) seen.foreign.push({ key, versionId, why: one });
      }
    }
    return null;
  }

  /** The attestation, or why there is none. */
  async #judge(
    place: ChainInArchive,
    note: Listed,
    seen: Seen,
    signal?: AbortSignal,
  ): Promise<Attested | string> {
    const id = `${note.versionId}\n${note.key}`;
    const known = this.#foreign.get(id);
    if (known !== undefined) return known;
    seen.reads++;
    try {
      return await this.#open(place, note, signal);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      if (this.#foreign.size >= REMEMBERED_MAX) this.#foreign.clear();
      if (note.versionId !== REPLACEABLE) this.#foreign.set(id, error.message);
      return error.message;
    }
  }

  /** The attestation of one size, or null. Throws FormatError if the object there is not an attestation. */
  async of(place: ChainInArchive, size: number, signal?: AbortSignal): Promise<Attested | null> {
    const key = attestationKey(place.chain, place.partition, size);
    const version = await oldestVersion(this.#store, key, signal);
    const parsed = { ...place, size };
    return version === null ? null : this.#open(place, { ...version, parsed }, signal);
  }

  /** Whether a foreign object at the key of an attestation is not there any more. */
  async isGone(
    place: ChainInArchive,
    { key, versionId }: Pick<Finding, 'key' | 'versionId'>,
    signal?: AbortSignal,
  ): Promise<boolean> {
    const size = key === null ? undefined : parseAttestationKey(key)?.size;
    if (key === null || size === undefined) return false;
    if (versionId === null || versionId === REPLACEABLE) {
      const isSound = () => true;
      return this.of(place, size, signal).then(isSound, (error: unknown) => {
        if (error instanceof FormatError) return false;
        throw error;
      });
    }
    for await (const version of this.#store.listVersions(key, signal === undefined ? {} : { signal })) {
      if (version.key === key && version.versionId === versionId) return false;
    }
    return true;
  }

  /** The greatest keys below that size, in ascending order. Empty if there are none. */
  async #pageBelow(place: ChainInArchive, below: number, hintSize: number, signal?: AbortSignal) {
    const list = (from: number) => this.#list(place, from, below, signal);
    // Goes down in growing steps until something is found.
    let from = Math.max(0, Math.min(hintSize, below) - PAGE / 2);
    let page = await list(from);
    for (let step = PAGE; page.length === 0 && from > 0; step *= 8) {
      from = Math.max(0, from - step);
      page = await list(from);
    }
    // Goes up while there is more: in growing steps first, and in shrinking ones after a step went too far.
    let isTooFar = false;
    for (let step = PAGE; page.length === PAGE && step >= 1; ) {
      const leap = await list((page.at(-1) as Listed).parsed.size + step);
      if (leap.length > 0) page = leap;
      else isTooFar = true;
      step = isTooFar ? Math.floor(step / 2) : step * 8;
    }
    return page;
  }

  /** At most PAGE keys of sizes in [from, below). */
  async #list(place: ChainInArchive, from: number, below: number, signal?: AbortSignal): Promise<Listed[]> {
    const prefix = attestationPrefix(place.chain, place.partition);
    const found: Listed[] = [];
    if (from > LIMITS.sequenceMax) return found;
    const options = {
      ...(from > 0 && { startAfter: attestationKey(place.chain, place.partition, from - 1) }),
      ...(signal && { signal }),
    };
    for await (const note of listNotes(this.#store, prefix, parseAttestationKey, options)) {
      if (note.parsed.size >= below || found.length === PAGE) break;
      found.push(note);
    }
    return found;
  }

  async #open(place: ChainInArchive, note: Listed, signal?: AbortSignal): Promise<Attested> {
    const { size } = note.parsed;
    const signed = parseSignedCheckpoint(await readObject(this.#store, note, LIMITS.sealBytesMax, signal));
    const { checkpoint } = signed;
    const { origin } = checkpoint;
    const isOfArchive = this.#trusted.length === 0 || this.#trusted.some((key) => coversOrigin(key, origin));
    const isOfChain = isOfArchive && origin.endsWith(`/${place.chain}/${place.partition}`);
    if (checkpoint.size !== size || size < 1 || !isOfChain) {
      throw new FormatError(`a checkpoint of ${checkpoint.origin} at size ${checkpoint.size}`);
    }
    const by = await cosignedBy(signed, this.#cosigners);
    if (by === null) throw new FormatError('no cosignature of a cosigner that is believed');
    const attested = { ...checkpoint, ...by, key: note.key };
    const known = this.#greatest.get(chainText(place));
    if (known === undefined || known.attested.size < size) {
      this.#greatest.set(chainText(place), { place, attested });
    }
    return attested;
  }
}

/** What one look has seen so far. */
type Seen = { readonly foreign: ForeignObject[]; objects: number; reads: number };
