// Which seals does a chain have, and what is in each?
import { LedgerstoneError, messageOf } from '../base/error.ts';
import { LIMITS } from '../base/limits.ts';
import { parseKey, sealKey, sealPrefix } from '../format/paths.ts';
import type { ArchiveLock, ArchiveVersion } from './archive-reader.ts';
import type { Problem } from './finding.ts';
import type { FindingList } from './finding-list.ts';
import { addForeign, listObjects } from './object-versions.ts';
import { inspectSeal, type SealInspection } from './open-seal.ts';
import type { Run } from './run.ts';
import type { ChainInArchive } from './survey.ts';

/** The seal of a sequence: the oldest version of its key. */
export type ListedSeal = {
  readonly key: string;
  readonly sequence: number;
  readonly version: ArchiveVersion;
};

export type InspectedSeal = ListedSeal & {
  readonly inspection: SealInspection;
  /** Null if it was not asked for or could not be read. */
  readonly lock: ArchiveLock | null;
  /** Why the lock could not be read. It is no fault of the seal. */
  readonly lockProblem: Problem | null;
};

/** In the order of sequences, from `first` on. Twelve digits sort as the numbers do. */
export async function* listSeals(
  place: ChainInArchive,
  run: Run,
  findings: FindingList,
  first = 0,
): AsyncGenerator<ListedSeal> {
  const { chain, partition } = place;
  const prefix = sealPrefix(chain, partition);
  const options = {
    ...(first > 0 && { startAfter: sealKey(chain, partition, first - 1) }),
    ...(run.signal && { signal: run.signal }),
  };
  const versions = run.reader.listVersions(prefix, options);
  for await (const { key, oldest } of listObjects(versions, findings)) {
    const parsed = parseKey(key);
    if (parsed?.kind !== 'seal') addForeign(findings, { key, oldest }, 'a seal');
    else if (oldest !== null) yield { key, sequence: parsed.sequence, version: oldest };
  }
}

/** Checks that need no other seal, so they may run ahead. Throws only if the run was aborted. */
export async function readListed(seal: ListedSeal, run: Run, asksLock: boolean): Promise<InspectedSeal> {
  const { key, sequence, version } = seal;
  const { signal } = run;
  const attempt = async <T>(step: () => Promise<T>): Promise<T | Failed> => {
    try {
      return await run.reads.run(step);
    } catch (error) {
      signal?.throwIfAborted();
      return { problem: storeProblem(error) };
    }
  };
  const options = { maxBytes: LIMITS.sealBytesMax, ...(signal && { signal }) };
  const bytes = await attempt(() => run.reader.read(key, version.versionId, options));
  const state = asksLock ? await attempt(() => run.reader.lock(key, version.versionId, signal)) : null;
  const inspection = isFailed(bytes)
    ? { opened: null, problems: [bytes.problem], signaturesChecked: 0 }
    : await inspectSeal(bytes, { ...run, sequence, trusted: run.trusted });
  return isFailed(state)
    ? { ...seal, inspection, lock: null, lockProblem: state.problem }
    : { ...seal, inspection, lock: state, lockProblem: null };
}

type Failed = { readonly problem: Problem };
const isFailed = (answer: object | null): answer is Failed => answer !== null && 'problem' in answer;

/**
 * Errors about the object itself (too large, a link, cut short) are its faults; the others mean that it can't
 * be read.
 */
export function storeProblem(error: unknown): Problem {
  const isOfObject = error instanceof LedgerstoneError && error.disposition === 'input';
  return { code: isOfObject ? 'malformed' : 'unreadable', expected: null, found: messageOf(error) };
}
