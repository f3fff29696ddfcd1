// Do the signatures under a checkpoint keep the rule that the caller gave? (--policy, --cosigner, --quorum)
import { FormatError } from '../../base/error.ts';
import { nodeSha256 } from '../../base/node/hash.ts';
import { verifySignature } from '../../base/signature.ts';
import { type CosignerKey, readCosignature } from '../../format/cosignature.ts';
import type { SignedCheckpoint } from '../../format/note.ts';
import { keysOfQuorum, type Policy, type Quorum, readPolicy } from '../../format/tlog-policy.ts';
import type { CosigningKey } from '../../format/vkey.ts';
import { sameKey } from '../../verify/trust.ts';
import { UsageError } from './exit-code.ts';

/** Throws UsageError with the line. */
export function parsePolicy(text: string, fileName: string): Policy {
  const policy = readPolicy(text, nodeSha256);
  if ('quorum' in policy) return policy;
  const { line, message } = policy;
  if (line !== null) throw new UsageError(`${fileName}:${line}: ${message}`, 'See c2sp.org/tlog-policy.');
  const remedy = 'See c2sp.org/tlog-policy. Write `quorum none` where no cosigner is needed.';
  throw new UsageError(`${fileName} ${message}`, remedy);
}

/** No key may count twice, and the log's key may not be a cosigner. Throws UsageError. */
export function requireDistinctKeys<P extends Pick<Policy, 'logs' | 'quorum'>>(policy: P): P {
  const taken: CosigningKey[] = policy.logs.map(({ key }) => key);
  for (const { name, key } of keysOfQuorum(policy.quorum)) {
    if (taken.some((other) => sameKey(other, key))) {
      const remedy = "Name each cosigner once, by a key of its own: not another's, nor the log's.";
      throw new UsageError(`the key of cosigner ${name} is named twice`, remedy);
    }
    taken.push(key);
  }
  return policy;
}

/** Each of these keys must have signed, as `--cosigner` alone asks. */
export const quorumOfAll = (cosigners: readonly CosignerKey[]): Quorum =>
  groupOf(cosigners, cosigners.length);

/**
 * At least `least` cosigners, as `--quorum` asks. Keys of one name are one cosigner, and never count twice.
 * If keys of its name are of both kinds, ML-DSA-44 and older, one of each must have signed: else who breaks
 * the older kind could do without the other.
 */
export function quorumOf(cosigners: readonly CosignerKey[], least: number): Quorum {
  const members = [...new Set(cosigners.map(({ name }) => name))].map((name): Quorum => {
    const own = cosigners.filter((key) => key.name === name);
    const ofKind = (isMlDsa: boolean) => own.filter(({ key }) => (key.algorithm === 'ml-dsa-44') === isMlDsa);
    const kinds = [ofKind(false), ofKind(true)]
      .filter(({ length }) => length > 0)
      .map((of) => groupOf(of, 1));
    return kinds.length === 1 ? (kinds[0] as Quorum) : { kind: 'group', least: kinds.length, members: kinds };
  });
  return { kind: 'group', least, members };
}

function groupOf(keys: readonly CosignerKey[], least: number): Quorum {
  const members = keys.map((key): Quorum => ({ kind: 'witness', key }));
  return keys.length === 1 && least === 1 ? (members[0] as Quorum) : { kind: 'group', least, members };
}

/**
 * The cosigners whose signatures hold. Throws FormatError if one of their signatures is bad: that rejects the
 * note.
 */
export async function cosignersOf(
  signed: SignedCheckpoint,
  quorum: Quorum,
): Promise<{ readonly key: CosignerKey; readonly timeSeconds: number | null }[]> {
  const found: { readonly key: CosignerKey; readonly timeSeconds: number | null }[] = [];
  for (const key of keysOfQuorum(quorum)) {
    for (const line of signed.signatures) {
      const read = readCosignature(line, key, signed.text);
      if (read === null) continue;
      if (!(await verifySignature(key.key, read.message, read.signature))) {
        throw new FormatError(`a signature by ${key.name} that is not over this checkpoint`, 'bad-signature');
      }
      if (!found.some((one) => one.key === key)) found.push({ key, timeSeconds: read.timeSeconds });
    }
  }
  return found;
}
