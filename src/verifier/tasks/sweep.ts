// What lies in the two buckets that does not belong there? Checks all versions of all keys, and their locks.
import type { Period } from '../../base/period.ts';
import { dataPrefix, parseKey, sealPrefix } from '../../format/paths.ts';
import type { DecisionReader } from '../../read/decision-reader.ts';
import type { StoreReader } from '../../store/store.ts';
import { checkArchiveObjects } from '../../verify/archive-objects.ts';
import type { Finding } from '../../verify/finding.ts';
import { FindingList } from '../../verify/finding-list.ts';
import { addForeign } from '../../verify/object-versions.ts';
import { type ChainInArchive, surveyArchive } from '../../verify/survey.ts';
import { startRun } from '../../verify/verify.ts';
import { isMore } from '../findings/bounds.ts';
import type { CheckedNotes } from '../findings/checked-notes.ts';
import type { Covers } from '../findings/closed-by.ts';
import { ARCHIVE_SCOPE, ATTESTATIONS_SCOPE, chainScope, type Scope } from '../findings/record.ts';
import { isOwnKey } from '../own-keys.ts';
import type { StepTools } from '../verifier.ts';
import type { HoldQuestions } from './holds.ts';
import type { LockTally } from './lock-tally.ts';
import type { SweepCursor, SweepLog } from './sweep-cursor.ts';
import { DataSweep } from './sweep-data.ts';
import { ABOUT_ACTS, decisionsOf } from './sweep-decisions.ts';
import {
  isInSlice,
  type Listing,
  type ListingOptions,
  type SweptObject,
  sweepFolder,
} from './sweep-listing.ts';
import { isNoteGone, lookAtOwn } from './sweep-own.ts';

export type SweepTools = Pick<StepTools, 'trusted' | 'sha256' | 'checker' | 'clock'> & {
  readonly archive: StoreReader;
  /** The verifier's own bucket. */
  readonly own: StoreReader;
  /** Tells the verifier's notes of findings from those of others. Left out: by their keys alone. */
  readonly checked?: Pick<CheckedNotes, 'check'>;
  /**
   * Locks of a chain's objects last at least so long from the object's time on, to a day. Null: not promised.
   */
  readonly leastLock?: Period | null;
  /** And at most so long. Null: not promised. */
  readonly greatestLock?: Period | null;
  /** What people decided. Left out: nobody looks. */
  readonly decisions?: Pick<DecisionReader, 'look' | 'heldToOf'> | undefined;
  /** How often a sweep begins. */
  readonly everyMs?: number;
  /** Counts the locks of the archive's segments along the way. */
  readonly locks?: LockTally | undefined;
};

export type SweepOptions = {
  /** Asked after each key but the first hundred. False ends the slice, and the next run continues there. */
  readonly mayGoOn?: () => boolean;
  /** At least 2. */
  readonly keysPerSlice?: number;
  readonly signal?: AbortSignal;
};

export type SweepSlice = {
  readonly scope: Scope;
  readonly findings: readonly Finding[];
  readonly omitted: number;
  readonly complete: Covers;
  readonly keys: number;
  /** Where to continue once this slice is reported. Null: everything was swept. */
  readonly next: SweepCursor | null;
};

const KEYS_PER_SLICE = 100_000;

/** Codes that a listing shows again, even if another check found them first. */
const LISTED: ReadonlySet<string> = new Set(['delete-marker', 'extra-version']);

/**
 * Slice after slice: first the objects outside of the chains' folders, then each chain's seals and data, then
 * the own bucket. Memory is bounded by one page and the findings of one slice. Rejects if a bucket can't be
 * listed.
 */
export async function* sweep(
  tools: SweepTools,
  from: SweepCursor | null,
  options: SweepOptions = {},
): AsyncGenerator<SweepSlice> {
  const { signal } = options;
  // Every run lists the chains again, because it is cheap and the archive may have grown.
  const outside = new FindingList();
  const survey = await surveyArchive(tools.archive, outside, signal);
  const cursors = route(survey.chains);
  let at = from === null ? 0 : cursors.findIndex((cursor) => isSameOrLater(cursor, from));
  if (at < 0) at = cursors.length - 1;
  let cursor = cursors[at] as SweepCursor;
  // If the cursor's chain is gone, the next one begins from its start.
  if (from !== null && isSame(cursor, from)) cursor = from;
  const { slices: decided, holds } = await decisionsOf(tools, signal);
  for (;;) {
    const next = cursors[at + 1] ?? null;
    if (cursor.part === 'outside') {
      const run = startRun(
        tools.archive,
        { ...tools, depth: 'seals', nowMs: tools.clock.now(), ...(signal && { signal }) },
        [],
      );
      for (const slice of decided) yield { ...slice, next: cursor };
      await checkArchiveObjects(survey.objects, null, run, outside);
      const covers: Covers = ({ check, finding }) =>
        check === 'sweep' || (check === 'look' && finding.key !== null);
      yield {
        ...{ scope: ARCHIVE_SCOPE, findings: outside.list(), omitted: outside.omitted },
        ...{ complete: covers, keys: survey.objects.length, next },
      };
    } else {
      const { slice, rest } = await sweepPart(tools, cursor, options, holds);
      yield { ...slice, next: rest ?? next };
      if (rest !== null) {
        cursor = rest;
        continue;
      }
    }
    if (next === null) return;
    cursor = next;
    at++;
  }
}

/** Every part from its beginning, in order. */
const route = (places: readonly ChainInArchive[]): SweepCursor[] => [
  { part: 'outside', place: null, after: null, lastSequence: -1 },
  ...places.flatMap((place): SweepCursor[] => [{ part: 'seals', place, after: null, lastSequence: -1 }]),
  { part: 'own', place: null, after: null, lastSequence: -1 },
];

const RANK = { outside: 0, seals: 1, data: 1, own: 2 } as const;

const placeKey = ({ place }: SweepCursor): string =>
  place === null ? '' : `${place.chain}/${String(place.partition).padStart(10, '0')}`;
const isSame = (a: SweepCursor, b: SweepCursor): boolean =>
  RANK[a.part] === RANK[b.part] && placeKey(a) === placeKey(b);
function isSameOrLater(a: SweepCursor, b: SweepCursor): boolean {
  if (RANK[a.part] !== RANK[b.part]) return RANK[a.part] > RANK[b.part];
  if (a.place === null || b.place === null) return true;
  if (a.place.chain !== b.place.chain) return a.place.chain > b.place.chain;
  return a.place.partition >= b.place.partition;
}

/** One slice of a chain, or of the own bucket. `rest`: where that part continues. */
async function sweepPart(
  tools: SweepTools,
  cursor: SweepCursor,
  options: SweepOptions,
  holds: HoldQuestions,
): Promise<{ readonly slice: Omit<SweepSlice, 'next'>; readonly rest: SweepCursor | null }> {
  const { mayGoOn = () => true, keysPerSlice = KEYS_PER_SLICE, signal } = options;
  const { place, after } = cursor;
  const listing: ListingOptions = {
    ...{ clock: tools.clock, mayGoOn, keysMax: keysPerSlice },
    holds,
    leastLock: place === null ? null : (tools.leastLock ?? null),
    greatestLock: place === null ? null : (tools.greatestLock ?? null),
    ...(signal && { signal }),
  };
  if (place !== null) {
    const chain = { ...listing, sealLocks: new Map(), ...(tools.locks && { tally: tools.locks }) };
    return sweepChain(tools.archive, { ...cursor, place }, chain);
  }
  const look = (object: SweptObject, into: FindingList) => lookAtOwn(object, into, tools.checked, signal);
  const swept = await sweepFolder(tools.own, '', after, look, listing);
  const range = { prefix: '', after, upTo: swept.upTo };
  const isWhole = after === null && swept.upTo === null;
  const slice = sliceOf(ATTESTATIONS_SCOPE, [range], swept, isWhole);
  // Junk at the key of a note: only who read it knows that it is none. It may be gone since.
  const covers: Covers = async (file) =>
    (await slice.complete(file)) ||
    (file.check === 'look' && isIn(range, file.finding) && (await isNoteGone(tools.own, file, signal)));
  return {
    slice: { ...slice, complete: covers },
    rest: swept.upTo === null ? null : { ...cursor, after: swept.upTo },
  };
}

type ChainCursor = SweepCursor & { readonly place: ChainInArchive };

/** Seals first, then data. Only a slice that has both covers the chain as a whole. */
async function sweepChain(archive: StoreReader, cursor: ChainCursor, listing: ListingOptions) {
  const { place } = cursor;
  const scope = chainScope(place);
  const findings = new FindingList();
  const ranges: Range[] = [];
  let [keys, lastSequence, askedLocks] = [0, cursor.lastSequence, false];
  if (cursor.part === 'seals') {
    const prefix = sealPrefix(place.chain, place.partition);
    const look = async ({ key, oldest }: SweptObject, into: FindingList) => {
      const parsed = parseKey(key);
      if (parsed?.kind !== 'seal') addForeign(into, { key, oldest }, 'a seal');
      else if (oldest !== null) lastSequence = Math.max(lastSequence, parsed.sequence);
      return parsed?.kind === 'seal';
    };
    const seals = await sweepFolder(archive, prefix, cursor.after, look, listing);
    findings.absorb(seals.findings);
    keys += seals.keys;
    askedLocks = seals.askedLocks;
    ranges.push({ prefix, after: cursor.after, upTo: seals.upTo });
    if (seals.upTo !== null) {
      const slice = sliceOf(scope, ranges, { findings, keys, askedLocks }, false, listing.holds);
      return { slice, rest: { ...cursor, after: seals.upTo, lastSequence } };
    }
  }
  const prefix = dataPrefix(place.chain, place.partition);
  const after = cursor.part === 'data' ? cursor.after : null;
  const { clock, keysMax, signal } = listing;
  const data = new DataSweep(archive, place, { lastSequence, after, nowMs: clock.now(), signal });
  const left = { ...listing, keysMax: Math.max(1, keysMax - keys) };
  const swept = await sweepFolder(archive, prefix, after, (object, into) => data.look(object, into), left);
  findings.absorb(swept.findings);
  keys += swept.keys;
  askedLocks ||= swept.askedLocks;
  ranges.push({ prefix, after, upTo: swept.upTo });
  const isWhole = cursor.part === 'seals' && cursor.after === null && swept.upTo === null;
  const rest: SweepCursor | null =
    swept.upTo === null ? null : { part: 'data', place, after: swept.upTo, lastSequence };
  return { slice: sliceOf(scope, ranges, { findings, keys, askedLocks }, isWhole, listing.holds), rest };
}

const isIn = ({ prefix, after, upTo }: Range, { key, code }: Finding): boolean =>
  code === 'foreign-object' && key !== null && isInSlice(key, prefix, after, upTo);

type Range = { readonly prefix: string; readonly after: string | null; readonly upTo: string | null };

function sliceOf(
  scope: Scope,
  ranges: readonly Range[],
  { findings, keys, askedLocks }: Omit<Listing, 'upTo'>,
  isWhole: boolean,
  holds?: HoldQuestions,
): Omit<SweepSlice, 'next'> {
  const covers: Covers = ({ check, finding }) => {
    const { key, code } = finding;
    if (ABOUT_ACTS.has(code)) return false;
    if (code === 'legal-hold-missing' && holds?.isKnown === false) return false;
    if (code === 'hold-without-act' && (key === null || holds?.wouldSee(key) !== true)) return false;
    if (isMore(finding)) return isWhole && (check === 'sweep' || LISTED.has(code));
    // True of the store as a whole. No slice sees all of a chain that has many.
    if (key === null) return check === 'sweep' && (isWhole || (askedLocks && code === 'locks-not-permitted'));
    if (!ranges.some(({ prefix, after, upTo }) => isInSlice(key, prefix, after, upTo))) return false;
    // By its key it is a note. Only who read it knows better.
    return (
      check === 'sweep' ||
      LISTED.has(code) ||
      (code === 'foreign-object' && parseKey(key) === null && !isOwnKey(key))
    );
  };
  return { scope, findings: findings.list(), omitted: findings.omitted, complete: covers, keys };
}

/** `begunMs`: when the round began, perhaps some runs ago. */
export type SweepRun = { readonly isWhole: boolean; readonly keys: number; readonly begunMs: number };

/**
 * One run's share of a sweep, from where the last one stopped. `report` must not resolve before the findings
 * are kept, because the cursor is noted after it.
 */
export async function runSweep(
  tools: SweepTools,
  log: SweepLog,
  options: SweepOptions & { readonly report: (slice: SweepSlice) => Promise<void> },
): Promise<SweepRun> {
  const { mayGoOn = () => true, report, signal } = options;
  const last = await log.newest(signal);
  const from = last?.cursor ?? null;
  const isNew = from === null || last === null;
  const startedMs = isNew ? tools.clock.now() : last.startedMs;
  const begunMs = isNew ? startedMs : last.begunMs;
  let keys = 0;
  tools.locks?.begin(begunMs, from);
  for await (const slice of sweep(tools, from, options)) {
    await report(slice);
    keys += slice.keys;
    if (slice.next !== null && !mayGoOn()) {
      const part = (last?.startedMs === startedMs ? last.part : -1) + 1;
      await log.add({ startedMs, part, cursor: slice.next, begunMs }, signal);
      tools.locks?.pause(slice.next);
      return { isWhole: false, keys, begunMs };
    }
  }
  // Only a sweep that has left a note needs one that says that it ended.
  if (!isNew) await log.add({ startedMs, part: last.part + 1, cursor: null, begunMs }, signal);
  tools.locks?.whole(tools.clock.now());
  return { isWhole: true, keys, begunMs };
}
