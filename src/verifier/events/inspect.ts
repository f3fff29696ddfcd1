// What lies at a key at which something happened? An event is only a hint: what counts is the listing.

import { LIMITS } from '../../base/limits.ts';
import { nodeSha256 } from '../../base/node/hash.ts';
import { oldestVersion, oldestVersions } from '../../format/oldest-version.ts';
import { type ParsedKey, parseKey, sealKey, sealPrefix } from '../../format/paths.ts';
import type { StoreReader } from '../../store/store.ts';
import type { ArchiveVersion } from '../../verify/archive-reader.ts';
import { missingProblem } from '../../verify/data-check.ts';
import type { Finding } from '../../verify/finding.ts';
import { FindingList } from '../../verify/finding-list.ts';
import { addForeign, listObjects } from '../../verify/object-versions.ts';
import { inspectSeal } from '../../verify/open-seal.ts';
import { type ChainInArchive, chainFolder } from '../../verify/survey.ts';

export type InspectOptions = { readonly nowMs: number; readonly signal?: AbortSignal };

/** Rejects when the archive can't be read: then nothing is known. */
export async function inspectObject(
  archive: StoreReader,
  key: string,
  { nowMs, signal }: InspectOptions,
): Promise<readonly Finding[]> {
  const findings = new FindingList();
  const parsed = parseKey(key);
  const listed = archive.listVersions(key, { exact: true, ...(signal && { signal }) });
  let oldest: ArchiveVersion | null = null;
  for await (const object of listObjects(listed, findings)) {
    if (object.key !== key) continue;
    oldest = object.oldest;
    if (parsed === null) addForeign(findings, object, 'objects of the archive only');
  }
  if (oldest === null && parsed !== null)
    await addLoss(archive, key, parsed, findings, { nowMs, ...(signal && { signal }) });
  return findings.list();
}

/** Every version is gone, which no lock allows; whether it had to be there, its seal tells. */
async function addLoss(
  archive: StoreReader,
  key: string,
  parsed: ParsedKey,
  findings: FindingList,
  { nowMs, signal }: InspectOptions,
): Promise<void> {
  if (parsed.kind === 'seal') {
    const { chain, partition, sequence } = parsed;
    // Anybody can put a marker where nothing ever was: behind the chain's end it takes nothing away.
    const isMarked = findings.has('delete-marker');
    if (isMarked && !(await hasSealBehind(archive, { chain, partition }, key, signal))) return;
    findings.add(
      { code: 'sequence-gap', expected: `seal ${sequence}`, found: 'no version of it' },
      { key, sequence },
    );
    return;
  }
  if (parsed.kind !== 'data') return;
  const { chain, partition, sequence } = parsed;
  const seal = sealKey(chain, partition, sequence);
  const version = await oldestVersion(archive, seal, signal);
  if (version === null) return;
  const options = { maxBytes: LIMITS.sealBytesMax, ...(signal && { signal }) };
  const bytes = await archive.read(seal, version.versionId, options);
  const { opened } = await inspectSeal(bytes, { trusted: [], sha256: nodeSha256, sequence });
  if (opened?.manifest.data?.key !== key) return;
  findings.add(missingProblem(opened, nowMs), { key, sequence });
}

async function hasSealBehind(
  archive: StoreReader,
  { chain, partition }: ChainInArchive,
  key: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const options = { startAfter: key, ...(signal && { signal }) };
  const listed = archive.listVersions(sealPrefix(chain, partition), options);
  for await (const version of oldestVersions(listed)) {
    if (parseKey(version.key)?.kind === 'seal') return true;
  }
  return false;
}

/** The chain in whose folder a key lies, as for the sweep; null for all else. */
export const scopeOfKey = (key: string): ChainInArchive | null => chainFolder(key)?.place ?? null;
