// What in the verifier's own bucket did somebody else lay there?
import type { StoreReader } from '../../store/store.ts';
import type { FindingList } from '../../verify/finding-list.ts';
import { addForeign } from '../../verify/object-versions.ts';
import { type CheckedNotes, foreignNoteFinding } from '../findings/checked-notes.ts';
import type { FindingFile } from '../findings/record.ts';
import { REPLACEABLE } from '../own-bucket.ts';
import { isOwnKey, parseFindingKey } from '../own-keys.ts';
import type { SweptObject } from './sweep-listing.ts';

/**
 * By its key, and of a finding by its signature. Other notes and attestations are judged by who reads them.
 * True: its lock is to be looked at.
 */
export async function lookAtOwn(
  { key, oldest }: SweptObject,
  findings: FindingList,
  checked: Pick<CheckedNotes, 'check'> | undefined,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  if (!isOwnKey(key)) {
    addForeign(findings, { key, oldest }, 'objects of this verifier only');
    return false;
  }
  if (checked !== undefined && oldest !== null && parseFindingKey(key) !== null) {
    const [why = null] = await checked.check([oldest], signal);
    if (why !== null) {
      const { expected, found } = foreignNoteFinding({ key, versionId: oldest.versionId, why });
      findings.add({ code: 'foreign-object', expected, found }, { key, versionId: oldest.versionId });
    }
  }
  // Also what is no note: its lock is looked at.
  return true;
}

/** Whether the object that was no note is not there any more, or its bytes are others. */
export async function isNoteGone(
  own: StoreReader,
  { finding: { key, versionId }, firstSeenMs }: FindingFile,
  signal?: AbortSignal,
): Promise<boolean> {
  if (key === null) return false;
  for await (const version of own.listVersions(key, { exact: true, ...(signal && { signal }) })) {
    if (version.key !== key || version.marker || version.versionId !== versionId) continue;
    // Such a version can be replaced. Who reads the new bytes judges them.
    return version.versionId === REPLACEABLE && version.lastModifiedMs > firstSeenMs;
  }
  return true;
}
