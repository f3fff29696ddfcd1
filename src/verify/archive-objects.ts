// Do the archive's keys and specifications match their names, and are they locked?
import { toHex, utf8Text } from '../base/bytes.ts';
import { messageOf } from '../base/error.ts';
import { MIB } from '../base/limits.ts';
import { governanceOrigin } from '../format/chain.ts';
import { encodeVkey, parseVkey, spkiFingerprint } from '../format/vkey.ts';
import type { FindingCode, Problem } from './finding.ts';
import type { FindingList } from './finding-list.ts';
import { isStoreWide, lockProblem, longLockProblem } from './locks.ts';
import type { Run } from './run.ts';
import { storeProblem } from './seal-reader.ts';
import type { ArchiveObject } from './survey.ts';

const OBJECT_BYTES_MAX = 4 * MIB;

/**
 * Their names are hashes of their content. A key is not trusted because it lies in the archive. `origin`: the
 * archive's, according to its chains.
 */
export async function checkArchiveObjects(
  objects: readonly ArchiveObject[],
  origin: string | null,
  run: Run,
  findings: FindingList,
): Promise<void> {
  await Promise.all(objects.map((object) => run.reads.run(() => checkObject(object, origin, run, findings))));
}

async function checkObject(
  object: ArchiveObject,
  origin: string | null,
  run: Run,
  findings: FindingList,
): Promise<void> {
  const { key, version } = object;
  const place = { key, versionId: version.versionId };
  const unread = await checkBytes(object, origin, run, findings);
  try {
    const lock = await run.reader.lock(key, version.versionId, run.signal);
    // No manifest says how long they must be locked, so any lock in compliance mode will do.
    const long = longLockProblem(lock, version, run.greatestLock);
    if (long !== null) findings.add(long, place);
    const lockFault = lockProblem(lock, null, run.nowMs);
    if (lockFault !== null && !(isStoreWide(lockFault) && findings.has(lockFault.code))) {
      findings.add(lockFault, isStoreWide(lockFault) ? {} : place);
    }
  } catch (error) {
    run.signal?.throwIfAborted();
    const problem = storeProblem(error);
    if (problem.code !== unread) findings.add(problem, place);
  }
}

/** What was wrong with the reading itself; null where the bytes were read. */
async function checkBytes(
  object: ArchiveObject,
  origin: string | null,
  run: Run,
  findings: FindingList,
): Promise<FindingCode | null> {
  const { key, version } = object;
  const place = { key, versionId: version.versionId };
  try {
    const options = { maxBytes: OBJECT_BYTES_MAX, ...(run.signal && { signal: run.signal }) };
    const bytes = await run.reader.read(key, version.versionId, options);
    const problem = nameProblem(object, bytes, origin, run);
    if (problem !== null) findings.add(problem, place);
    return null;
  } catch (error) {
    run.signal?.throwIfAborted();
    const problem = storeProblem(error);
    findings.add(problem, place);
    return problem.code;
  }
}

function nameProblem(
  { parsed }: ArchiveObject,
  bytes: Uint8Array,
  origin: string | null,
  run: Run,
): Problem | null {
  if (parsed.kind === 'format') {
    const hash = toHex(run.sha256(bytes));
    return hash === parsed.sha256 ? null : { code: 'data-altered', expected: parsed.sha256, found: hash };
  }
  try {
    const text = utf8Text(bytes);
    const vkey = parseVkey(text.trimEnd(), run.sha256);
    const print = spkiFingerprint(vkey.key, run.sha256);
    if (print !== parsed.spkiSha256) {
      return { code: 'data-altered', expected: `the key ${parsed.spkiSha256}`, found: print };
    }
    const spelling = `${encodeVkey(vkey)}\n`;
    if (text !== spelling) return { code: 'malformed', expected: 'one vkey and LF', found: text };
    if (origin === null || vkey.name === origin || vkey.name === governanceOrigin(origin)) return null;
    return { code: 'malformed', expected: `a key of ${origin}`, found: `one of ${vkey.name}` };
  } catch (error) {
    return { code: 'malformed', expected: 'one vkey and LF', found: messageOf(error) };
  }
}
