// Which second parties have signed the checkpoints of a package?
import { utf8Text } from '../base/bytes.ts';
import { LedgerstoneError } from '../base/error.ts';
import type { Sha256 } from '../base/hash.ts';
import type { CosigningAlgorithm, CosigningKey } from '../base/signature.ts';
import { type CosignerKey, labelOf, parseCosignerVkey, readCosignature } from '../format/cosignature.ts';
import { timeText } from '../format/time.ts';
import { sameKey, type VerifySignature } from '../verify/trust.ts';
import type { CheckedChain } from './check-chain.ts';
import type { Findings } from './finding.ts';
import { PATHS } from './package.ts';

export type Cosigned = {
  readonly chain: string;
  readonly partition: number;
  readonly by: string;
  /** Of the key. One cosigner may have signed with two. */
  readonly algorithm: CosigningAlgorithm;
  /** RFC 3339, by the cosigner's clock; null where its kind of key signs no time. */
  readonly at: string | null;
};

export type CosignerContext = {
  readonly content: ReadonlyMap<string, Uint8Array>;
  readonly faulty: ReadonlySet<string>;
  /** From outside; null: those of the package. */
  readonly given: readonly CosignerKey[] | null;
  readonly verifySignature: VerifySignature;
  readonly sha256: Sha256;
  readonly findings: Findings;
  readonly use: (role: 'cosigner', name: string, key: CosigningKey, isGiven: boolean) => void;
};

/** What cosigners have signed of the checkpoints to which the proofs lead. */
export async function checkCosigners(
  chains: readonly CheckedChain[],
  context: CosignerContext,
): Promise<Cosigned[]> {
  const { given, findings, verifySignature, use } = context;
  const own = ownCosigners(context);
  const cosigned: Cosigned[] = [];
  for (const { chain, partition, signed, signedBy } of chains) {
    if (signed === null) continue;
    for (const key of given ?? own) {
      // The log's own signature stands under every checkpoint, and confirms nothing.
      if (signedBy.some((log) => sameKey(log.key, key.key))) continue;
      for (const line of signed.signatures) {
        const read = cosignatureOrNull(line, key, signed.text);
        if (read === null) continue;
        const about = { chain: `${chain}/${partition}`, by: labelOf(key) };
        const holds = await verifySignature(key.key, read.message, read.signature).catch(notCheckedAsNull);
        if (holds === null) findings.add('cosignature-unchecked', about);
        if (holds === false) findings.add('cosignature-bad', about);
        if (holds !== true) continue;
        use('cosigner', labelOf(key), key.key, given !== null);
        const at = read.timeSeconds === null ? null : timeText(read.timeSeconds * 1000);
        cosigned.push({ chain, partition, by: key.name, algorithm: key.key.algorithm, at });
      }
    }
  }
  return cosigned;
}

function notCheckedAsNull(error: unknown): null {
  if (error instanceof LedgerstoneError && error.code === 'not-checked') return null;
  throw error;
}

function cosignatureOrNull(...[line, key, text]: Parameters<typeof readCosignature>) {
  try {
    return readCosignature(line, key, text);
  } catch {
    return null;
  }
}

function ownCosigners({ content, faulty, sha256, findings }: CosignerContext): readonly CosignerKey[] {
  const bytes = content.get(PATHS.cosignerKeys);
  if (bytes === undefined) return [];
  try {
    const lines = utf8Text(bytes)
      .split('\n')
      .filter((line) => line !== '');
    return lines.map((line) => parseCosignerVkey(line, sha256));
  } catch {
    if (!faulty.has(PATHS.cosignerKeys)) findings.add('keys-unreadable', { path: PATHS.cosignerKeys });
    return [];
  }
}
