// What lies at a key where something happened? The event is only a hint; the listing decides.

import { LIMITS } from '../../base/limits.ts';
import { nodeSha256 } from '../../base/node/hash.ts';
import { oldestVersion, oldestVersions } from '../../format/oldest-version.ts';
import { type ParsedKey, parseKey, sealKey, sealPrefix } from '../../format/paths.ts';
import { parseUntil } from '../../format/time.ts';
import type { StoreReader } from '../../store/store.ts';
import type { HeldTo } from '../../verify/acts/held-to.ts';
import { keptBySeal } from '../../verify/acts/kept.ts';
import type { ArchiveVersion } from '../../verify/archive-reader.ts';
import { isDataOver, missingProblem } from '../../verify/data-check.ts';
import type { Finding } from '../../verify/finding.ts';
import { FindingList } from '../../verify/finding-list.ts';
import { addForeign, listObjects } from '../../verify/object-versions.ts';
import { inspectSeal, type OpenedSeal } from '../../verify/open-seal.ts';
import { type ChainInArchive, chainFolder } from '../../verify/survey.ts';

export type InspectOptions = {
  readonly nowMs: number;
  readonly signal?: AbortSignal;
  /** What people decided. Null: nobody did, or it can't be read. Asked only where data is gone. */
  readonly heldTo?: () => Promise<HeldTo | null>;
};

/** Rejects if the archive can't be read, since then nothing is known. */
export async function inspectObject(
  archive: StoreReader,
  key: string,
  { nowMs, signal, heldTo }: InspectOptions,
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
  if (parsed?.kind === 'data' && findings.hasAt('delete-marker', key)) {
    const seal = await sealOf(archive, parsed, signal);
    if (seal?.manifest.data?.key === key && isDataOver(seal, nowMs)) findings.drop('delete-marker', key);
  }
  if (oldest === null && parsed !== null)
    await addLoss(archive, key, parsed, findings, {
      ...{ nowMs, ...(signal && { signal }), ...(heldTo && { heldTo }) },
    });
  return findings.list();
}

/** Every version is gone, which no lock allows. The seal says whether the object had to be there. */
async function addLoss(
  archive: StoreReader,
  key: string,
  parsed: ParsedKey,
  findings: FindingList,
  { nowMs, signal, heldTo }: InspectOptions,
): Promise<void> {
  if (parsed.kind === 'seal') {
    const { chain, partition, sequence } = parsed;
    // Anybody may put a delete marker on an unused key. Behind the chain's end it takes nothing away.
    const isMarked = findings.has('delete-marker');
    if (isMarked && !(await hasSealBehind(archive, { chain, partition }, key, signal))) return;
    findings.add(
      { code: 'sequence-gap', expected: `seal ${sequence}`, found: 'no version of it' },
      { key, sequence },
    );
    return;
  }
  if (parsed.kind !== 'data') return;
  const { sequence } = parsed;
  const opened = await sealOf(archive, parsed, signal);
  if (opened?.manifest.data?.key !== key) return;
  const sealMs = parseUntil(opened.manifest.retention.until);
  const kept = (await heldTo?.())?.kept(parsed, sealMs) ?? keptBySeal(sealMs);
  findings.add(missingProblem(kept, nowMs), { key, sequence });
}

/** Null: there is none that can be read. */
async function sealOf(
  archive: StoreReader,
  { chain, partition, sequence }: ParsedKey & { readonly kind: 'data' },
  signal: AbortSignal | undefined,
): Promise<OpenedSeal | null> {
  const seal = sealKey(chain, partition, sequence);
  const version = await oldestVersion(archive, seal, signal);
  if (version === null) return null;
  const options = { maxBytes: LIMITS.sealBytesMax, ...(signal && { signal }) };
  const bytes = await archive.read(seal, version.versionId, options);
  return (await inspectSeal(bytes, { trusted: [], sha256: nodeSha256, sequence })).opened;
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

/** The chain in whose folder the key lies, as in the inventory scan. Null for all other keys. */
export const scopeOfKey = (key: string): ChainInArchive | null => chainFolder(key)?.place ?? null;
