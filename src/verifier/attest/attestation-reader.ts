// Which attestation of a chain is the newest? Read from the verifier's own bucket, by its key.

import { FormatError, LedgerstoneError } from '../../base/error.ts';
import { LIMITS } from '../../base/limits.ts';
import { verifySignature } from '../../base/signature.ts';
import {
  type AttestationKey,
  attestationKey,
  attestationPrefix,
  parseAttestationKey,
} from '../../format/attestation.ts';
import { type CosignerKey, readCosignature } from '../../format/cosignature.ts';
import { parseSignedCheckpoint, type SignedCheckpoint } from '../../format/note.ts';
import { oldestVersion } from '../../format/oldest-version.ts';
import type { VerifierKey } from '../../format/vkey.ts';
import type { ArchiveReader } from '../../verify/archive-reader.ts';
import type { Confirmed } from '../../verify/confirm.ts';
import type { ChainInArchive } from '../../verify/survey.ts';
import { coversOrigin } from '../../verify/trust.ts';
import { firstNote, type ListedNote, listNotes, readNote } from '../own-bucket.ts';

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

/** Keys that one look at the newest attestations reads. */
const PAGE = 100;
/** Foreign objects that are passed over on the way to the newest attestation. */
const FOREIGN_MAX = 50;

type Listed = ListedNote<AttestationKey>;

/** The newest attestation of a chain by one of `cosigners`, and the foreign objects above it. */
export class AttestationReader {
  readonly #store: AttestationStore;
  readonly #cosigners: readonly CosignerKey[];
  readonly #trusted: readonly VerifierKey[];

  /**
   * `trusted`: the archive's keys. Their names say which chains belong to the archive. If empty, any chain
   * does.
   */
  constructor(
    store: AttestationStore,
    cosigners: readonly CosignerKey[],
    trusted: readonly VerifierKey[] = [],
  ) {
    this.#store = store;
    this.#cosigners = cosigners;
    this.#trusted = trusted;
  }

  /**
   * Makes a few short listings around `hintSize`, which should be near the chain's end but may be any number.
   * Throws `attestations-flooded` if too many foreign objects lie above the newest attestation.
   */
  async newest(
    place: ChainInArchive,
    hintSize: number,
    signal?: AbortSignal,
  ): Promise<{ readonly attested: Attested | null; readonly foreign: readonly ForeignObject[] }> {
    const foreign: ForeignObject[] = [];
    const onForeign = ({ key, versionId }: Listed, why: string) => {
      foreign.push({ key, versionId, why });
      if (foreign.length > FOREIGN_MAX) throw flooded(place);
    };
    let near = hintSize;
    for (let below = Number.POSITIVE_INFINITY; ; near = below) {
      const page = await this.#pageBelow(place, below, near, signal);
      const open = (note: Listed) => this.#open(place, note, signal);
      const found = await firstNote(page.toReversed(), open, { foreignMax: PAGE, onForeign });
      if (found !== null) return { attested: found.content, foreign };
      const first = page[0];
      if (first === undefined) return { attested: null, foreign };
      below = first.parsed.size;
    }
  }

  /** The attestation of one size, or null. Throws FormatError if the object there is not an attestation. */
  async of(place: ChainInArchive, size: number, signal?: AbortSignal): Promise<Attested | null> {
    const key = attestationKey(place.chain, place.partition, size);
    const version = await oldestVersion(this.#store, key, signal);
    const parsed = { ...place, size };
    return version === null ? null : this.#open(place, { ...version, parsed }, signal);
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
    const signed = parseSignedCheckpoint(await readNote(this.#store, note, LIMITS.sealBytesMax, signal));
    const { checkpoint } = signed;
    const { origin } = checkpoint;
    const isOfArchive = this.#trusted.length === 0 || this.#trusted.some((key) => coversOrigin(key, origin));
    const isOfChain = isOfArchive && origin.endsWith(`/${place.chain}/${place.partition}`);
    if (checkpoint.size !== size || size < 1 || !isOfChain) {
      throw new FormatError(`a checkpoint of ${checkpoint.origin} at size ${checkpoint.size}`);
    }
    const by = await cosignedBy(signed, this.#cosigners);
    if (by === null) throw new FormatError('no cosignature of a cosigner that is believed');
    return { ...checkpoint, ...by, key: note.key };
  }
}

const flooded = ({ chain, partition }: ChainInArchive) =>
  new LedgerstoneError(
    'attestations-flooded',
    `${attestationPrefix(chain, partition)}: more than ${FOREIGN_MAX} objects there are no attestations`,
    { remedy: 'Somebody else writes to the attestation bucket: find out who, and remove the permission.' },
  );

/**
 * The first cosigner whose signature is valid, or null. Throws FormatError if one of their signatures is not.
 */
export async function cosignedBy(
  signed: SignedCheckpoint,
  cosigners: readonly CosignerKey[],
): Promise<{ readonly cosigner: CosignerKey; readonly timeSeconds: number | null } | null> {
  for (const line of signed.signatures) {
    for (const cosigner of cosigners) {
      const read = readCosignature(line, cosigner, signed.text);
      if (read === null) continue;
      if (!(await verifySignature(cosigner.key, read.message, read.signature))) {
        throw new FormatError(`a signature by ${cosigner.name} that is not over this checkpoint`);
      }
      return { cosigner, timeSeconds: read.timeSeconds };
    }
  }
  return null;
}
