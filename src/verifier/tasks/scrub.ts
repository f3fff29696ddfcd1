// Is every byte still the same as when it was attested? Reads all of them again, part by part, pass after
// pass.
import { equalBytes, toHex } from '../../base/bytes.ts';
import { attestationKey, parseAttestationKey } from '../../format/attestation.ts';
import { datesAlone } from '../../verify/acts/held-to.ts';
import type { ArchiveReader } from '../../verify/archive-reader.ts';
import { type Confirmation, type Confirmed, confirmChain } from '../../verify/confirm.ts';
import { type Finding, findingOf } from '../../verify/finding.ts';
import type { ChainInArchive } from '../../verify/survey.ts';
import type { Attested } from '../attest/attestation-reader.ts';
import type { Certifier } from '../destroyed/certifier.ts';
import type { PresenceTally } from '../destroyed/presence.ts';
import type { Covers } from '../findings/closed-by.ts';
import { sequenceOf } from '../findings/record.ts';
import type { StepTools } from '../verifier.ts';
import { beginPresence, certifyGone } from './scrub-destroyed.ts';
import type { ScrubLog, ScrubProgress } from './scrub-progress.ts';

export type ScrubTools = Pick<
  StepTools,
  'archive' | 'trusted' | 'attester' | 'sha256' | 'checker' | 'clock' | 'indexing' | 'shown' | 'decisions'
> & {
  readonly log: ScrubLog;
  /** Certifies what is gone and might go. Left out: nobody does. */
  readonly certifier?: Certifier | undefined;
  /** Time from the start of one pass to the start of the next. */
  readonly everyMs: number;
};

export type ScrubOptions = {
  /** Asked after each segment, beside the limit of bytes. False ends the part. */
  readonly mayGoOn?: () => boolean;
  /**
   * Stored bytes that a part reads. It ends with the segment that reaches them; reads ahead of it add to
   * them.
   */
  readonly bytesMax: number;
  /** Reads at once. This bounds memory. */
  readonly concurrency?: number;
  readonly signal?: AbortSignal;
};

/**
 * Report the findings first, and keep the progress after that: a crash in between only reads the part again.
 */
export type ScrubPart =
  /** Nothing was attested, or the last pass is recent. */
  | { readonly kind: 'nothing-due' }
  | {
      readonly kind: 'read';
      readonly place: ChainInArchive;
      readonly findings: readonly Finding[];
      readonly omitted: number;
      /** Which open findings this part would have seen again. */
      readonly complete: false | Covers;
      /** Null: it got no further, so there is nothing to keep. */
      readonly progress: ScrubProgress | null;
      /** Writes certificates of what it has seen gone. Call it before the progress is kept. */
      readonly certify: () => Promise<void>;
      readonly bytes: number;
      readonly segments: number;
    };

/**
 * The next part of the current pass, or the first part of the next pass. A pass goes up to the newest
 * attestation and must end with its root; the step confirms what is behind it. Faults end no part: the rest
 * is read all the same. Rejects if the verifier's own bucket can't be read, or if `signal` aborts.
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
  // Passes go no farther than attestations, and the note of this one is signed.
  const gone = last !== null && last.size > (attested?.size ?? 0) ? [goneFinding(place, last)] : [];
  if (attested === null) {
    if (gone.length === 0) return { kind: 'nothing-due' };
    const nothing = { complete: false, progress: null, bytes: 0, segments: 0, omitted: 0 } as const;
    return { kind: 'read', place, findings: gone, ...nothing, certify: async () => {} };
  }
  const from = last === null || last.isWhole || last.size >= attested.size ? null : last;
  const pass = last === null ? 0 : from === null ? last.pass + 1 : last.pass;

  const read = await walk(tools, place, from, attested.size, options);
  // What could not be read is read once more, because most such troubles pass.
  const again = hasUnreadable(read) ? await walk(tools, place, from, attested.size, options) : read;
  const { confirmation } = again;
  const size = confirmation?.report.size ?? 0;
  const isWhole = size >= attested.size;
  const ofEnd = endProblems(confirmation, attested);
  const { returned, spans } = again.presence.gone;
  const seen = [...(confirmation?.report.findings ?? []), ...again.indexFindings, ...returned];
  const findings = [...gone, ...seen, ...ofEnd];
  const root = confirmation?.head?.root;
  const isFarther = confirmation !== null && root !== undefined && size > (from?.size ?? 0);
  const progress = !isFarther
    ? null
    : {
        ...{ pass, origin: confirmation.report.origin, size, root },
        ...{ isWhole, passStartedMs: from?.passStartedMs ?? startedMs, partStartedMs: startedMs },
        ...{ atMs: clock.now(), gone: spans },
      };
  const isCertifiable = progress !== null && gone.length + ofEnd.length === 0;
  return {
    kind: 'read',
    place,
    findings,
    omitted: confirmation?.report.findingsOmitted ?? 0,
    complete: isFarther ? coverage(from?.size ?? 0, size, isWhole, attested) : false,
    progress,
    certify: async () => {
      if (isCertifiable)
        await certifyGone(tools, place, confirmation?.report, again.presence.gone, progress, signal);
    },
    bytes: read.bytes() + (again === read ? 0 : again.bytes()),
    segments: Math.max(0, size - (from?.size ?? 0)),
  };
}

type Walk = {
  readonly confirmation: Confirmation | null;
  readonly presence: PresenceTally;
  readonly bytes: () => number;
  readonly indexFindings: readonly Finding[];
};

async function walk(
  tools: ScrubTools,
  place: ChainInArchive,
  from: ScrubProgress | null,
  target: number,
  options: ScrubOptions,
): Promise<Walk> {
  const { archive, trusted, sha256, checker, clock, indexing, shown, decisions, certifier } = tools;
  const { mayGoOn = () => true, bytesMax, concurrency, signal } = options;
  const counted = countBytes(archive);
  const confirmed: Confirmed | null = from;
  // The confirmed seal is read once more, and counts for `mayGoOn` like the others.
  let size = from === null ? 0 : from.size - 1;
  const visitor = indexing?.begin(place, true, signal) ?? null;
  const presence = await beginPresence(certifier, place, signal);
  const held = (await decisions?.heldTo(signal)) ?? null;
  const walked = confirmChain(counted.reader, place, {
    ...{ trusted, sha256, checker, confirmed, depth: 'content', nowMs: clock.now(), visitor },
    ...{ presence: presence, ...(held && { heldTo: datesAlone(held) }) },
    mayGoOn: () => {
      size++;
      // At least one segment per part, or a limit that is too small would never be passed.
      if (from !== null && size <= from.size) return true;
      return size < target && counted.bytes() < bytesMax && !presence.isFull && mayGoOn();
    },
    ...(concurrency !== undefined && { concurrency }),
    ...(shown && { shown }),
    ...(signal && { signal }),
  });
  const confirmation = await walked.finally(() => visitor?.finish());
  const indexFindings = (await visitor?.finish()) ?? [];
  return { confirmation, presence, bytes: counted.bytes, indexFindings };
}

const hasUnreadable = ({ confirmation }: Walk): boolean =>
  confirmation?.report.findings.some(({ code }) => code === 'unreadable') === true;

/** What only the end of a pass shows: this is the attested chain, and all of it is there. */
function endProblems(confirmation: Confirmation | null, { size, root, key, origin }: Attested): Finding[] {
  const expected = `${origin} of size ${size}, root ${toHex(root)}: attested`;
  if (confirmation === null) return [findingOf('truncation', { key, expected, found: 'no chain' })];
  const { report, head, isAtEnd } = confirmation;
  if (report.size === size && head !== null && !equalBytes(head.root, root)) {
    return [findingOf('fork', { key, expected, found: `root ${report.root}` })];
  }
  const isShort = isAtEnd && report.size < size;
  const found = `${report.origin} of size ${report.size}`;
  return isShort ? [findingOf('truncation', { key, expected, found })] : [];
}

const goneFinding = ({ chain, partition }: ChainInArchive, { size, pass }: ScrubProgress): Finding =>
  findingOf('access-attempt', {
    key: attestationKey(chain, partition, size),
    expected: `an attestation up to size ${size} or more, since pass ${pass} of this verifier has read so far`,
    found: 'none so far: somebody deleted it, or shows another place',
  });

/**
 * Other parts cover earlier and later segments. Only a whole pass covers the chain as a whole, and none what
 * lies behind the newest attestation.
 */
const coverage =
  (from: number, size: number, isWhole: boolean, attested: Attested): Covers =>
  ({ check, finding }) => {
    if (check !== 'full-pass') return false;
    const about = finding.key === null ? null : parseAttestationKey(finding.key);
    if (about !== null) return isWhole && attested.size >= about.size;
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
      ...(archive.kind !== undefined && { kind: archive.kind }),
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
  /**
   * When the attested byte was read that waits longest for its next reading, or before that. Null: nothing is
   * attested.
   */
  readonly oldestRereadMs: number | null;
};

export async function scrubCoverage(
  log: ScrubLog,
  place: ChainInArchive,
  signal?: AbortSignal,
): Promise<ScrubCoverage> {
  const last = await log.newest(place, signal);
  const { pass, size: through, isWhole } = last ?? { pass: null, size: 0, isWhole: false };
  const known = { place, pass, through, isWhole };
  if (last?.isWhole) return { ...known, oldestRereadMs: last.passStartedMs };
  // The step reads bytes before it attests them, so what no pass has read waits since then.
  const attestedMs = await log.attestedSince(place, through, signal);
  if (last === null || last.pass === 0)
    return { ...known, oldestRereadMs: attestedMs ?? last?.passStartedMs ?? null };
  const before = await log.partOf(place, last.pass - 1, through, signal);
  if (before !== null) return { ...known, oldestRereadMs: before.partStartedMs };
  // What the pass before did not reach was attested after its last part began.
  const end = await log.endOf(place, last.pass - 1, signal);
  return { ...known, oldestRereadMs: end?.partStartedMs ?? attestedMs ?? last.passStartedMs };
}

export type ScrubRun = {
  readonly coverage: readonly ScrubCoverage[];
  readonly bytes: number;
  readonly segments: number;
};

/**
 * One run's share. The chains that wait longest come first, until the bytes or the time are used up. `report`
 * must not resolve before the findings are kept.
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
    await part.certify();
    if (part.progress !== null) await tools.log.add(place, part.progress, signal);
    bytes += part.bytes;
    segments += part.segments;
  }
  const coverage = await Promise.all(places.map((place) => scrubCoverage(tools.log, place, signal)));
  return { coverage, bytes, segments };
}
