// What does an auditor see who has the archive, the attestations, the log's key and the verifier's?
import { surveyAttestations, confirmedChain } from '../../../src/apps/cli/attestations-option.ts';
import { AttestationReader } from '../../../src/verifier/attest/attestation-reader.ts';
import { sweep } from '../../../src/verifier/tasks/sweep.ts';
import { nodeSha256 as sha256 } from '../../../src/base/node/hash.ts';
import type { CosignerKey } from '../../../src/format/cosignature.ts';
import type { VerifierKey } from '../../../src/format/vkey.ts';
import { portableChecker } from '../../../src/verify/block-checker.ts';
import { type FindingCode, SEVERITY, type Verdict, verdictOf } from '../../../src/verify/finding.ts';
import { nodeContentTools } from '../../../src/verify/node/tools.ts';
import { verifyArchive } from '../../../src/verify/verify.ts';
import type { LawlessArchive } from '../../support/lawless-archive.ts';
import { storeOver } from '../../support/verifier-store.ts';
import { STILL } from '../../support/verifier-world.ts';
import { codesOf } from '../run-vector.ts';

export type Audit = { readonly verdict: Verdict; readonly codes: readonly FindingCode[] };

const OWN = { part: 'own', place: null, after: null, lastSequence: -1 } as const;

/** As `verify --attestations` does, and the verifier's own sweep of the attestations. */
export async function audit(
  archive: LawlessArchive,
  attestations: LawlessArchive,
  options: { readonly trusted: readonly VerifierKey[]; readonly cosigner: CosignerKey; readonly nowMs: number },
): Promise<Audit> {
  const { trusted, cosigner, nowMs } = options;
  const own = storeOver(attestations);
  const checker = portableChecker(nodeContentTools);
  const reader = new AttestationReader(own, [cosigner]);
  const { newest, foreign, floods } = await surveyAttestations({ store: own, reader }, new AbortController().signal);
  const codes = new Set<FindingCode>([...foreign.map(() => 'foreign-object' as const), ...floods.map(({ code }) => code)]);
  const swept = sweep({ archive: storeOver(archive), own, trusted, sha256, checker, clock: { ...STILL, now: () => nowMs } }, OWN);
  for await (const { findings } of swept) for (const { code } of findings) codes.add(code);
  const report = await verifyArchive(archive, {
    trusted, nowMs, sha256, checker, confirmed: newest.map(confirmedChain), depth: 'content',
  });
  for (const code of codesOf(report)) codes.add(code);
  const all = [...codes].sort();
  return { verdict: verdictOf(all.map((code) => ({ severity: SEVERITY[code] }))), codes: all };
}
