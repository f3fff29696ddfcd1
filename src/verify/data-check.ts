// Is a segment's data object there, as long as it was promised, locked, and what its seal says?
import { LIMITS } from '../base/limits.ts';
import { parseUntil, timeText, untilText } from '../format/time.ts';
import type { KeptData } from './acts/kept.ts';
import type { ArchiveVersion } from './archive-reader.ts';
import type { ChainTally } from './chain-tally.ts';
import type { Visit } from './content-visitor.ts';
import type { DataClaim } from './data-claim.ts';
import type { Problem } from './finding.ts';
import type { OpenedSeal } from './open-seal.ts';
import type { Run } from './run.ts';
import { storeProblem } from './seal-reader.ts';

/** For a missing object: `expired` if the time for which it was kept is over, otherwise `data-missing`. */
export function missingProblem({ untilMs, cases, lateMs }: KeptData, nowMs: number): Problem {
  const found = 'no object';
  if (untilMs === Number.POSITIVE_INFINITY) {
    const expected = `kept under a legal hold for ${cases.join(', ')}`;
    return { code: 'data-missing', expected, found };
  }
  const until = `kept until ${untilText(untilMs)}`;
  if (nowMs <= untilMs) return { code: 'data-missing', expected: until, found };
  const late = lateMs === null ? '' : `; that it is kept longer was decided at ${timeText(lateMs)}`;
  return { code: 'expired', expected: `${until}${late}`, found };
}

/** True: by its seal's word nothing keeps the data any more, and whoever removes it changes nothing. */
export const isDataOver = ({ manifest }: OpenedSeal, nowMs: number): boolean =>
  nowMs > parseUntil(manifest.retention.until);

const isSame = (one: Problem, other: Problem): boolean =>
  one.code === other.code && one.expected === other.expected && one.found === other.found;

/** What can be seen without reading the object. What is `malformed` is not read. */
export function listedProblem(opened: OpenedSeal, version: ArchiveVersion): Problem | null {
  const { size, notAFile } = version;
  if (notAFile) return { code: 'malformed', expected: 'a file', found: 'a link or a device' };
  if (size > LIMITS.dataBytesMax) {
    return { code: 'malformed', expected: `at most ${LIMITS.dataBytesMax} bytes`, found: `${size} bytes` };
  }
  const bytes = opened.manifest.data?.bytes;
  if (bytes === undefined || bytes === version.size) return null;
  return { code: 'data-altered', expected: `${bytes} bytes`, found: `${version.size} bytes` };
}

/**
 * Reads and checks every byte. A size that the listing showed already (`listedProblem`) is not said again.
 * Throws only if the run was aborted.
 */
export async function contentProblems(
  opened: OpenedSeal,
  version: ArchiveVersion,
  run: Run,
  tally: ChainTally,
  visit?: Visit | null,
): Promise<readonly Problem[]> {
  const { data, records, entries, time } = opened.manifest;
  if (data === null) return [];
  const claim: DataClaim = { data, records, entries, time };
  const check = async (): Promise<readonly Problem[]> => {
    const options = { maxBytes: LIMITS.dataBytesMax, ...(run.signal && { signal: run.signal }) };
    let bytes: Uint8Array;
    try {
      bytes = await run.reads.run(() => run.reader.read(version.key, version.versionId, options));
    } catch (error) {
      run.signal?.throwIfAborted();
      return [storeProblem(error)];
    }
    const size = bytes.length;
    try {
      const outcome = await run.checker.check(bytes, claim);
      for (const counts of [tally, run.progress]) {
        counts.dataObjects++;
        counts.lines += outcome.lines;
        counts.bytes += size;
      }
      tally.addContent(opened.manifest, outcome);
      visit?.checked(version, outcome);
      run.report();
      const listed = listedProblem(opened, version);
      return listed === null ? outcome.problems : outcome.problems.filter((one) => !isSame(one, listed));
    } catch (error) {
      run.signal?.throwIfAborted();
      const found = error instanceof Error ? error.message : String(error);
      return [{ code: 'unreadable', expected: 'a check of every line', found }];
    }
  };
  return run.bytes.run(check, { units: version.size });
}
