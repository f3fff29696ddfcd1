// Which second parties have signed the checkpoints of a package?
import { utf8Text } from '../base/bytes.ts';
import type { Sha256 } from '../base/hash.ts';
import type { PublicKey } from '../base/signature.ts';
import { type CosignerKey, parseCosignerVkey, readCosignature } from '../format/cosignature.ts';
import { timeText } from '../format/time.ts';
import { sameKey, type VerifySignature } from '../verify/trust.ts';
import type { CheckedChain } from './check-chain.ts';
import type { Findings } from './finding.ts';
import { PATHS } from './package.ts';

export type Cosigned = {
  readonly chain: string;
  readonly partition: number;
  readonly by: string;
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
  readonly use: (role: 'cosigner', name: string, key: PublicKey, isGiven: boolean) => void;
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
        if (!(await verifySignature(key.key, read.message, read.signature))) {
          findings.add('cosignature-bad', { chain: `${chain}/${partition}`, by: key.name });
          continue;
        }
        use('cosigner', key.name, key.key, given !== null);
        const at = read.timeSeconds === null ? null : timeText(read.timeSeconds * 1000);
        cosigned.push({ chain, partition, by: key.name, at });
      }
    }
  }
  return cosigned;
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
