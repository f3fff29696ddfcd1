// By when did the checkpoints of a package exist, by a time-stamping authority's word? (FORMAT.md 9.11.8)
import { FormatError } from '../base/error.ts';
import type { Sha256 } from '../base/hash.ts';
import { parseStampProof } from '../format/stamp.ts';
import { checkStampProof, type StampQuestion, type StampResult } from '../verify/stamp-proof.ts';
import type { CheckedChain } from './check-chain.ts';
import type { Findings } from './finding.ts';
import { checkpointPath, type PackageManifest, stampPath } from './package.ts';

/** What reads tokens: it is larger than all of the rest, so who needs it brings it. */
export type StampReader = {
  readonly check: StampQuestion['check'];
  /** Whether the reader named an authority's root. Without one no stamp is anybody's word. */
  readonly hasRoots: boolean;
  readonly nowMs: number;
};

export type PackageStamp = {
  readonly chain: string;
  readonly partition: number;
  /**
   * `none`: the package has none of this chain. `unread`: nobody looked into it, or it or its checkpoint is
   * not as it was exported. `bad`: it is no stamp of this checkpoint.
   */
  readonly result: StampResult | { readonly kind: 'none' | 'unread' | 'bad' };
};

export type StampsContext = {
  readonly manifest: Pick<PackageManifest, 'files'>;
  readonly content: ReadonlyMap<string, Uint8Array>;
  readonly faulty: ReadonlySet<string>;
  readonly sha256: Sha256;
  readonly findings: Findings;
};

/** Who names a root asks for a time: then each checkpoint without one is a finding. */
export async function checkStamps(
  chains: readonly CheckedChain[],
  context: StampsContext,
  reader: StampReader | undefined,
): Promise<PackageStamp[]> {
  const { manifest, findings } = context;
  const stamps: PackageStamp[] = [];
  for (const one of chains) {
    const { chain, partition } = one;
    const result = await stampOf(one, context, reader);
    stamps.push({ chain, partition, result });
    if (reader?.hasRoots !== true) continue;
    const about = { chain: `${chain}/${partition}` };
    if (result.kind === 'none') findings.add('stamp-missing', about);
    if (result.kind === 'unknown-root' || result.kind === 'ended') findings.add('stamp-not-shown', about);
  }
  const known = new Set(chains.map(({ chain, partition }) => stampPath(chain, partition)));
  for (const { path, role } of manifest.files)
    if (role === 'stamp' && !known.has(path))
      findings.add('stamp-bad', { chain: path, why: 'the package has no checkpoint for it' });
  return stamps;
}

async function stampOf(
  { chain, partition, signed }: CheckedChain,
  { content, faulty, sha256, findings }: StampsContext,
  reader: StampReader | undefined,
): Promise<PackageStamp['result']> {
  const path = stampPath(chain, partition);
  const bytes = content.get(path);
  if (bytes === undefined) return { kind: faulty.has(path) ? 'unread' : 'none' };
  // Of changed files the list of files says so; whether they fit each other says nothing more.
  const isChanged = faulty.has(path) || faulty.has(checkpointPath(chain, partition));
  if (isChanged || signed === null || reader === undefined) return { kind: 'unread' };
  try {
    const { text, checkpoint } = signed;
    return await checkStampProof({
      ...{ checkpoint: { text, origin: checkpoint.origin }, links: parseStampProof(bytes) },
      ...{ check: reader.check, sha256, nowMs: reader.nowMs },
    });
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    findings.add('stamp-bad', { chain: `${chain}/${partition}`, why: error.message });
    return { kind: 'bad' };
  }
}
