// Was a seal made by a newer version of this software, or does it only say so? (FORMAT.md 9.2.10, 6.20)

import type { SignedCheckpoint } from '../format/note.ts';
import type { VerifierKey } from '../format/vkey.ts';
import type { Problem } from './finding.ts';
import { checkSignatures, type VerifySignature } from './trust.ts';

/**
 * A manifest of a later version that leads to the root of this note. Nobody's word until a trusted key
 * signed it.
 */
export type LaterVersion = { readonly version: number; readonly signed: SignedCheckpoint };

/**
 * For a manifest whose signature is not checked yet, or is no trusted key's: anybody could have put it
 * there.
 */
export const unsignedLater = (version: number): Problem => ({
  code: 'malformed',
  expected: 'a seal of version 1',
  found: `one of version ${version} that is not shown to be the log's own`,
});

/** The same for a reader that knows the pinned keys only, and not which ones the chain trusts by now. */
export const untrustedLater = (version: number): Problem => ({
  code: 'unknown-key',
  expected: 'a key that is trusted',
  found: `a seal of version ${version} that none of them signed`,
});

/** For a manifest of a later version that the log itself has made. */
export const newerFormat = (version: number): Problem => ({
  code: 'newer-format',
  expected: 'version 1',
  found: `version ${version}: made by a newer version of Ledgerstone; upgrade to verify it`,
});

/** True if one of these keys signed it, and none of them has an invalid signature there. */
export async function isSignedLater(
  later: LaterVersion,
  trusted: readonly VerifierKey[],
  verify?: VerifySignature,
): Promise<boolean> {
  const { problems, signedBy } = await checkSignatures(later.signed, [], trusted, verify);
  return problems.length === 0 && signedBy.size > 0;
}

/**
 * Follows one chain. Behind its first such seal no signature is asked for: only a newer reader knows whom
 * it trusts.
 */
export class LaterSeals {
  readonly #folder: string;
  readonly #believed: (origin: string) => readonly VerifierKey[];
  readonly #verify: VerifySignature;
  #hasAny = false;

  /** `believed`: the keys that are trusted before the seal that is asked about. */
  constructor(folder: string, believed: (origin: string) => readonly VerifierKey[], verify: VerifySignature) {
    this.#folder = folder;
    this.#believed = believed;
    this.#verify = verify;
  }

  /** The version if it is a seal of a later one of this chain, else null. */
  async versionOf({ later }: { readonly later?: LaterVersion }): Promise<number | null> {
    if (later === undefined) return null;
    const { origin } = later.signed.checkpoint;
    if (!origin.endsWith(`/${this.#folder}`)) return null;
    this.#hasAny ||= await isSignedLater(later, this.#believed(origin), this.#verify);
    return this.#hasAny ? later.version : null;
  }
}
