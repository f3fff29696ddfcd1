// What does an auditor see who has the archive, the attestations, the log's key and the verifier's?
import { AttestationReader } from '../../../src/apps/verifier/attestations.ts';
import { parseAttestationKey } from '../../../src/format/attestation.ts';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import type { CosignerKey } from '../../../src/format/cosignature.ts';
import type { VerifierKey } from '../../../src/format/vkey.ts';
import type { ArchiveReader } from '../../../src/verify/archive-reader.ts';
import { portableChecker } from '../../../src/verify/block-checker.ts';
import { type FindingCode, SEVERITY, type Verdict, verdictOf } from '../../../src/verify/finding.ts';
import { FindingList } from '../../../src/verify/finding-list.ts';
import { nodeContentTools } from '../../../src/verify/node/tools.ts';
import { listObjects } from '../../../src/verify/object-versions.ts';
import { verifyArchive } from '../../../src/verify/verify.ts';
import { codesOf } from '../run-vector.ts';

export type Audit = { readonly verdict: Verdict; readonly codes: readonly FindingCode[] };

export async function audit(
  archive: ArchiveReader,
  attestations: ArchiveReader,
  options: { readonly trusted: readonly VerifierKey[]; readonly cosigner: CosignerKey; readonly nowMs: number },
): Promise<Audit> {
  const { trusted, cosigner, nowMs } = options;
  const found = new FindingList();
  const places = new Map<string, { chain: string; partition: number }>();
  for await (const { key, oldest } of listObjects(attestations.listVersions(''), found)) {
    const parsed = parseAttestationKey(key);
    if (parsed !== null) places.set(`${parsed.chain}/${parsed.partition}`, parsed);
    else if (oldest !== null) found.add({ code: 'foreign-object', expected: 'an attestation', found: key }, { key });
  }
  const since: Uint8Array[] = [];
  const reader = new AttestationReader(attestations, [cosigner]);
  for (const place of places.values()) {
    const { attested, strays } = await reader.newest(place, 4);
    for (const { key, why } of strays) found.add({ code: 'foreign-object', expected: 'an attestation', found: why }, { key });
    if (attested === null) continue;
    for await (const { key, versionId, marker } of attestations.listVersions(attested.key, { exact: true })) {
      if (marker) continue;
      since.push(await attestations.read(key, versionId, { maxBytes: 65_536 }));
      break;
    }
  }
  const report = await verifyArchive(archive, {
    trusted, since, nowMs, depth: 'content', sha256: nodeSha256, checker: portableChecker(nodeContentTools),
  });
  const codes = [...new Set([...codesOf(report), ...found.list().map(({ code }) => code)])].sort();
  return { verdict: verdictOf(codes.map((code) => ({ severity: SEVERITY[code] }))), codes };
}
