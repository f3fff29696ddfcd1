// Which keys are trusted for which chain, and did they sign?
import { equalBytes, toHex } from '../base/bytes.ts';
import type { Sha256 } from '../base/hash.ts';
import { type CosigningKey, verifySignature } from '../base/signature.ts';
import { archiveOfKey, isGovernanceOrigin } from '../format/chain.ts';
import type { NoteSignature, SignedCheckpoint } from '../format/note.ts';
import { parseVkey, type VerifierKey, verifierKey } from '../format/vkey.ts';
import type { Problem } from './finding.ts';

/** Same meaning as `verifySignature` of base: hostile bytes give false, never a throw. */
export type VerifySignature = typeof verifySignature;

/**
 * A key named with the origin O is trusted for O and for every origin that begins with `O/`, but for a
 * governance chain's: only keys of that archive's are trusted there, and nowhere else (FORMAT.md 6.16).
 */
export function coversOrigin(key: VerifierKey, origin: string): boolean {
  if (origin === key.name) return true;
  const [isOfActs, isKeyOfActs] = [isGovernanceOrigin(origin), isGovernanceOrigin(key.name)];
  if (isOfActs || isKeyOfActs)
    return isOfActs && isKeyOfActs && archiveOfKey(origin) === archiveOfKey(key.name);
  return origin.startsWith(`${key.name}/`);
}

/** The trusted keys for that origin, renamed to it, because the key id is a hash over the name too. */
export const trustedFor = (
  trusted: readonly VerifierKey[],
  origin: string,
  sha256: Sha256,
): readonly VerifierKey[] =>
  trusted.filter((key) => coversOrigin(key, origin)).map((key) => verifierKey(origin, key.key, sha256));

export const sameKey = (a: CosigningKey, b: CosigningKey): boolean =>
  a.algorithm === b.algorithm && equalBytes(a.spki, b.spki);

export const includesKey = (keys: readonly VerifierKey[], key: VerifierKey): boolean =>
  keys.some((other) => sameKey(other.key, key.key));

/** Whether a signature line names that key. */
const isLineOf = (line: NoteSignature, key: VerifierKey): boolean =>
  line.name === key.name && equalBytes(line.keyId, key.id);

/** The manifest's keys, each of which must be named with the chain's origin. Throws FormatError. */
export const manifestKeys = (vkeys: readonly string[], sha256: Sha256): VerifierKey[] =>
  vkeys.map((text) => parseVkey(text, sha256));

/**
 * Checks every signature by a known key, and that each of `required` signed. Signatures of unknown keys are
 * ignored (C2SP signed-note). One bad signature by a known key rejects the note, whatever the others say.
 */
export async function checkSignatures(
  signed: SignedCheckpoint,
  required: readonly VerifierKey[],
  alsoKnown: readonly VerifierKey[],
  verify: VerifySignature = verifySignature,
): Promise<{
  readonly problems: Problem[];
  readonly checked: number;
  readonly signedBy: ReadonlySet<VerifierKey>;
}> {
  const known = [...required, ...alsoKnown.filter((key) => !includesKey(required, key))];
  const problems: Problem[] = [];
  const signedBy = new Set<VerifierKey>();
  let checked = 0;
  for (const line of signed.signatures) {
    for (const key of known) {
      if (!isLineOf(line, key)) continue;
      checked++;
      if (await verify(key.key, signed.text, line.signature)) signedBy.add(key);
      else problems.push(badSignature(key, 'a signature that is not over this checkpoint'));
    }
  }
  for (const key of required) {
    if (!signedBy.has(key) && problems.length === 0)
      problems.push(badSignature(key, 'no signature of that key'));
  }
  return { problems, checked, signedBy };
}

const badSignature = (key: VerifierKey, found: string): Problem => ({
  code: 'bad-signature',
  expected: `a signature of ${key.key.algorithm} key ${idText(key)} over this checkpoint`,
  found,
});

/** For people: the same eight hex digits as in a vkey. */
export const idText = (key: VerifierKey): string => toHex(key.id);
