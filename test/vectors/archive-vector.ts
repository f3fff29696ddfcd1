// What does a frozen archive look like in its file, and how is it read back? (test/vectors/archives)
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { equalBytes, fromBase64, toBase64, utf8 } from '../../src/base/bytes.ts';
import type { Period } from '../../src/base/period.ts';
import type { FindingCode, Verdict } from '../../src/verify/finding.ts';
import { LawlessArchive, type LockView } from '../support/lawless-archive.ts';

export const ARCHIVES_FOLDER = join(import.meta.dirname, 'archives');
export const WARNING = 'Test keys, made from seeds that everybody knows: never trust them.';

type Lock = { readonly mode: 'COMPLIANCE' | 'GOVERNANCE'; readonly until: string };
type Bytes = { readonly text: string } | { readonly base64: string };

/** Oldest version first. */
type FrozenVersion = { readonly marker: true } | (Bytes & { readonly lock: Lock | null; readonly held?: true });

export type Expected = {
  readonly verdict: Verdict;
  /** Each code once, sorted. */
  readonly codes: readonly FindingCode[];
};

/** Another archive that is shown with it (FORMAT.md 9.5.7). */
export type ShownVector = {
  readonly trusted: readonly string[];
  readonly expect: Expected & { readonly chains: Readonly<Record<string, Verdict>> };
  readonly objects: ArchiveVector['objects'];
};

export type ArchiveVector = {
  readonly name: string;
  readonly about: string;
  readonly keys: typeof WARNING;
  /** Pinned vkeys. */
  readonly trusted: readonly string[];
  readonly now: string;
  /** Signed checkpoints that the user kept. */
  readonly since: readonly string[];
  readonly staleAfterMs: number | null;
  /** Periods that the user names. */
  readonly leastLock?: Period;
  readonly greatestLock?: Period;
  /** `took`: when an S3 store took every version of it. */
  readonly store: { readonly locks: LockView; readonly unreadable: readonly string[]; readonly took?: string };
  /** Of the archive, and of each chain as `<name>/<partition>`. */
  readonly expect: Expected & { readonly chains: Readonly<Record<string, Verdict>> };
  /** What a cosigner that has attested nothing yet finds in each chain: sorted codes. */
  readonly cosigner?: Readonly<Record<string, readonly FindingCode[]>>;
  /** Codes that a reader may report beside those expected, as a consequence of the same fault. */
  readonly mayAlso: readonly FindingCode[];
  /** Of a directory with the oldest version of each object; null where a directory can't hold the keys. */
  readonly copy: Expected | null;
  readonly objects: readonly { readonly key: string; readonly versions: readonly FrozenVersion[] }[];
  /** Shown beside it; `expect.verdict` is the worst of all, and its codes and chains are of this one. */
  readonly shown?: readonly ShownVector[];
};

export const readArchiveVectors = (): ArchiveVector[] =>
  readdirSync(ARCHIVES_FOLDER)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => JSON.parse(readFileSync(join(ARCHIVES_FOLDER, name), 'utf8')));

/** As text where it is some, so that people can read it; the bytes are the same. */
export function freezeBytes(bytes: Uint8Array): Bytes {
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  return equalBytes(utf8(text), bytes) && !text.includes('\0') ? { text } : { base64: toBase64(bytes) };
}

export const thawBytes = (bytes: Bytes): Uint8Array =>
  'text' in bytes ? utf8(bytes.text) : fromBase64(bytes.base64);

export async function freezeObjects(archive: LawlessArchive): Promise<ArchiveVector['objects']> {
  const objects: { key: string; versions: FrozenVersion[] }[] = [];
  const { locks } = archive;
  archive.locks = 'shown';
  for await (const { key, versionId, marker } of archive.listVersions('')) {
    if (objects.at(-1)?.key !== key) objects.push({ key, versions: [] });
    const { versions } = objects.at(-1) as { versions: FrozenVersion[] };
    if (marker) {
      versions.push({ marker });
      continue;
    }
    const bytes = await archive.read(key, versionId, { maxBytes: Number.POSITIVE_INFINITY });
    const state = await archive.lock(key, versionId);
    const lock = state.kind === 'locked' ? (state.lock as { mode: Lock['mode']; untilMs: number }) : null;
    versions.push({
      ...freezeBytes(bytes),
      lock: lock === null ? null : { mode: lock.mode, until: new Date(lock.untilMs).toISOString() },
      ...(archive.isHeld(key, versionId) && { held: true }),
    });
  }
  archive.locks = locks;
  return objects;
}

export function thawArchive(vector: ArchiveVector): LawlessArchive {
  const archive = thawObjects(vector.objects);
  archive.locks = vector.store.locks;
  if (vector.store.took !== undefined) archive.tookMs = Date.parse(vector.store.took);
  for (const key of vector.store.unreadable) archive.failures.set(key, new Error('the disk is on fire'));
  return archive;
}

export function thawObjects(objects: ArchiveVector['objects']): LawlessArchive {
  const archive = new LawlessArchive();
  for (const { key, versions } of objects) {
    for (const version of versions) {
      if ('marker' in version) {
        archive.marker(key);
        continue;
      }
      const { lock } = version;
      const known = lock === null ? null : { mode: lock.mode, untilMs: Date.parse(lock.until) };
      archive.put(key, thawBytes(version), known);
      if (version.held) archive.setHold(key, true);
    }
  }
  return archive;
}
