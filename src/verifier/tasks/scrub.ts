// Is every byte still what it was when it was attested? Read again from the first one, part by part, over and
// over.
import { equalBytes, toHex } from '../../base/bytes.ts';
import type { ArchiveReader } from '../../verify/archive-reader.ts';
import { type Confirmation, type Confirmed, confirmChain } from '../../verify/confirm.ts';
import { type Finding, findingOf } from '../../verify/finding.ts';
import type { ChainInArchive } from '../../verify/survey.ts';
import type { Attested } from '../attest/attestation-reader.ts';
import type { Covers } from '../findings/ledger.ts';
import { sequenceOf } from '../findings/record.ts';
import type { StepTools } from '../verifier.ts';
import type { ScrubLog, ScrubProgress } from './scrub-progress.ts';

export type ScrubTools = Pick<
  StepTools,
  'archive' | 'trusted' | 'attester' | 'sha256' | 'checker' | 'clock'
> & {
  readonly log: ScrubLog;
  /** A pass begins so long after the one before began. */
  readonly everyMs: number;
};

export type ScrubOptions = {
  /** Asked after each segment, beside the bound of bytes: false ends the part. */
  readonly mayGoOn?: () => boolean;
  /**
   * Stored bytes that a part reads: it ends with the segment that reaches them, and what was read ahead of
   * it.
   */
  readonly bytesMax: number;
  /** Reads at once: what bounds memory. */
  readonly concurrency?: number;
  readonly signal?: AbortSignal;
};

/** Report the findings first, then `keep` the part: a crash between the two reads it again. */
export type ScrubPart =
  /** Nothing was attested, or the last pass is young. */
  | { readonly kind: 'nothing-due' }
  | {
      readonly kind: 'read';
      readonly place: ChainInArchive;
      readonly findings: readonly Finding[];
      readonly omitted: number;
      /** Which open findings this part would have seen again. */
      readonly complete: false | Covers;
      /** Null: it came no farther, so there is nothing to keep. */
      readonly progress: ScrubProgress | null;
      readonly bytes: number;
      readonly segments: number;
    };

/**
 * The next part of the pass that is under way, or the first one of the next pass. A pass goes up to the
 * newest attestation, whose root its own must then equal: what lies behind it is the step's to confirm.
 * Faults end no part: the rest is read all the same. Rejects when the verifier's own bucket can't be read, or
 * `signal` aborts.
 */
export async function scrubPart(
  tools: ScrubTools,
  place: ChainInArchive,
  options: ScrubOptions,
): Promise<ScrubPart> {
  const { attester, log, clock, everyMs } = tools;
  const { signal } = options;
  const startedMs = clock.now();
  const last = await log.newest(place, signal);
  if (last?.isWhole && startedMs - last.passStartedMs < everyMs) return { kind: 'nothing-due' };
  const { attested } = await attester.reader.newest(place, last?.size ?? 0, signal);
  if (attested === null) return { kind: 'nothing-due' };
  // A pass beyond what is attested is not ours: another one begins.
  const from = last === null || last.isWhole || last.size >= attested.size ? null : last;
  const pass = last === null ? 0 : from === null ? last.pass + 1 : last.pass;

  const read = await walk(tools, place, from, attested.size, options);
  // What could not be read is read once more: most such troubles pass.
  const again = hasUnreadable(read) ? await walk(tools, place, from, attested.size, options) : read;
  const { confirmation } = again;
  const size = confirmation?.report.size ?? 0;
  const isWhole = size >= attested.size;
  const findings = [...(confirmation?.report.findings ?? []), ...endProblems(confirmation, attested)];
  const root = confirmation?.head?.root;
  const isFarther = confirmation !== null && root !== undefined && size > (from?.size ?? 0);
  const progress = !isFarther
    ? null
    : {
        ...{ pass, origin: confirmation.report.origin, size, root },
        ...{ isWhole, passStartedMs: from?.passStartedMs ?? startedMs, partStartedMs: startedMs },
        atMs: clock.now(),
      };
  return {
    kind: 'read',
    place,
    findings,
    omitted: confirmation?.report.findingsOmitted ?? 0,
    complete: isFarther ? coverage(from?.size ?? 0, size, isWhole) : false,
    progress,
    bytes: read.bytes() + (again === read ? 0 : again.bytes()),
    segments: Math.max(0, size - (from?.size ?? 0)),
  };
}

type Walk = { readonly confirmation: Confirmation | null; readonly bytes: () => number };

async function walk(
  tools: ScrubTools,
  place: ChainInArchive,
  from: ScrubProgress | null,
  target: number,
  options: ScrubOptions,
): Promise<Walk> {
  const { archive, trusted, sha256, checker, clock } = tools;
  const { mayGoOn = () => true, bytesMax, concurrency, signal } = options;
  const counted = countBytes(archive);
  const confirmed: Confirmed | null = from;
  // The confirmed seal is read once more, and asked after like the others.
  let size = from === null ? 0 : from.size - 1;
  const confirmation = await confirmChain(counted.reader, place, {
    ...{ trusted, sha256, checker, confirmed, depth: 'content', nowMs: clock.now() },
    mayGoOn: () => {
      size++;
      // At least one segment a part, else a bound that is too small would never be passed.
      if (from !== null && size <= from.size) return true;
      return size < target && counted.bytes() < bytesMax && mayGoOn();
    },
    ...(concurrency !== undefined && { concurrency }),
    ...(signal && { signal }),
  });
  return { confirmation, bytes: counted.bytes };
}

const hasUnreadable = ({ confirmation }: Walk): boolean =>
  confirmation?.report.findings.some(({ code }) => code === 'unreadable') === true;

/** What only the end of a pass shows: that this is the chain that was attested, and all of it. */
function endProblems(confirmation: Confirmation | null, { size, root, key, origin }: Attested): Finding[] {
  const expected = `${origin} of size ${size}, root ${toHex(root)}: attested`;
  if (confirmation === null) return [findingOf('truncation', { expected, found: 'no chain' })];
  const { report, head, isAtEnd } = confirmation;
  if (report.size === size && head !== null && !equalBytes(head.root, root)) {
    return [findingOf('fork', { key, expected, found: `root ${report.root}` })];
  }
  const isShort = isAtEnd && report.size < size;
  const found = `${report.origin} of size ${report.size}`;
  return isShort ? [findingOf('truncation', { expected, found })] : [];
}

/**
 * Of earlier segments another part has spoken, or will; of the chain as a whole, only a whole pass speaks.
 */
const coverage =
  (from: number, size: number, isWhole: boolean): Covers =>
  ({ check, finding }) => {
    if (check !== 'full-pass') return false;
    const sequence = sequenceOf(finding);
    return sequence === null ? isWhole : sequence >= from && (sequence < size || isWhole);
  };

function countBytes(archive: ArchiveReader): {
  readonly reader: ArchiveReader;
  readonly bytes: () => number;
} {
  let bytes = 0;
  return {
    bytes: () => bytes,
    reader: {
      listVersions: (prefix, options) => archive.listVersions(prefix, options),
      lock: (key, versionId, signal) => archive.lock(key, versionId, signal),
      read: async (key, versionId, options) => {
        const read = await archive.read(key, versionId, options);
        bytes += read.length;
        return read;
      },
    },
  };
}

export type ScrubCoverage = {
  readonly place: ChainInArchive;
  readonly pass: number | null;
  /** Seals read again in the newest pass. */
  readonly through: number;
  readonly isWhole: boolean;
  /** When the byte was read that waits longest for its next reading; null while no pass has read them all. */
  readonly oldestRereadMs: number | null;
  /** Of the newest pass: while it is the first one, what was attested before waits since then at least. */
  readonly passStartedMs: number | null;
};

export async function scrubCoverage(
  log: ScrubLog,
  place: ChainInArchive,
  signal?: AbortSignal,
): Promise<ScrubCoverage> {
  const last = await log.newest(place, signal);
  if (last === null)
    return { place, pass: null, through: 0, isWhole: false, oldestRereadMs: null, passStartedMs: null };
  const { pass, size: through, isWhole, passStartedMs } = last;
  const known = { place, pass, through, isWhole, passStartedMs };
  if (isWhole) return { ...known, oldestRereadMs: passStartedMs };
  if (pass === 0) return { ...known, oldestRereadMs: null };
  const before = await log.partOf(place, pass - 1, through, signal);
  // What the pass before did not reach has been attested since it ended: nothing older waits than this pass's
  // start.
  return { ...known, oldestRereadMs: before?.partStartedMs ?? passStartedMs };
}

export type ScrubRun = {
  readonly coverage: readonly ScrubCoverage[];
  readonly bytes: number;
  readonly segments: number;
};

/**
 * One run's share: the chains that wait longest come first, until bytes or time are used up. `report` must
 * resolve only once the findings are kept.
 */
export async function runScrub(
  tools: ScrubTools,
  places: readonly ChainInArchive[],
  options: ScrubOptions & { readonly report: (part: Extract<ScrubPart, { kind: 'read' }>) => Promise<void> },
): Promise<ScrubRun> {
  const { bytesMax, mayGoOn = () => true, report, signal } = options;
  const before = await Promise.all(places.map((place) => scrubCoverage(tools.log, place, signal)));
  const waiting = before.toSorted((a, b) => (a.oldestRereadMs ?? 0) - (b.oldestRereadMs ?? 0));
  let [bytes, segments] = [0, 0];
  for (const { place } of waiting) {
    if (bytes >= bytesMax || !mayGoOn()) break;
    const part = await scrubPart(tools, place, { ...options, bytesMax: bytesMax - bytes });
    if (part.kind === 'nothing-due') continue;
    await report(part);
    if (part.progress !== null) await tools.log.add(place, part.progress, signal);
    bytes += part.bytes;
    segments += part.segments;
  }
  const coverage = await Promise.all(places.map((place) => scrubCoverage(tools.log, place, signal)));
  return { coverage, bytes, segments };
}
