// `ledgerstone report checks`: on which days did the second party look, and what became of what it found?
import { systemClock } from '../../../base/clock.ts';
import { TaskGroup } from '../../../base/concurrency.ts';
import type { VerifierConfig } from '../../../config/verifier.ts';
import { type ChecksReport, checksVerdict } from '../../../evidence/report/checks.ts';
import {
  type ChecksData,
  isEachShown,
  isEachStampVouched,
  isUnsettled,
  type ReportedDay,
  type ReportedFinding,
} from '../../../evidence/report/checks-days.ts';
import { timeText } from '../../../format/time.ts';
import type { ReadableStore } from '../../../store/store.ts';
import type { HeldCertificate } from '../../../timestamp/certificates.ts';
import { isOfDrill } from '../../../verifier/alarms/drill.ts';
import { kindsJson } from '../../../verifier/days/counts.ts';
import { DAY_MS, dateOf, dayStartMs } from '../../../verifier/days/day-keys.ts';
import { type FoundDay, firstRecordedDate, GRACE_MS, readDay } from '../../../verifier/days/day-log.ts';
import { scopeOfName } from '../../../verifier/findings/record.ts';
import type { FindingStory } from '../../../verifier/findings/stories.ts';
import type { NoteKeys } from '../../../verifier/signed-notes.ts';
import { EXIT, UsageError } from '../exit-code.ts';
import { openArchiveStore } from '../open-archive.ts';
import { keysOfPeople, namedOwnBucket, type OwnBucketOptions } from '../own-bucket-option.ts';
import type { Session } from '../session.ts';
import {
  readSettledStories,
  type SettledOptions,
  type SettledStory,
  withDecidedArchive,
} from '../settled-stories.ts';
import { readSigners } from '../signer-keys.ts';
import { readTsaRoots } from '../stamp-check.ts';
import {
  beginReport,
  type PrintOptions,
  type ReportRange,
  reportRange,
  requireNewFiles,
  writeReport,
} from './write.ts';

export type ChecksReportOptions = OwnBucketOptions &
  PrintOptions & { readonly person?: readonly string[]; readonly tsaRoot?: readonly string[] };

const LOOKED = [
  'The record of each day: its signature by the verifier’s key, for that day and this archive.',
  'Every note of every finding: by its signature, and answers of people by the keys that were named.',
];
const LOOKED_STAMPS =
  'The time-stamp of each day, if it has one: the list of what was stamped, and the token over it.';
const LOOKED_BY_CONFIG =
  'The archive’s governance chain: which losses two people accepted, and which answers its officers signed.';
const NOT_LOOKED = [
  'The rest of the archive: ledgerstone verify reads it. This report is the verifier’s word about what it did.',
  'Whether the verifier’s program and its key were in the right hands, and whether people read what they were sent.',
  'Records and findings whose lock has ended, and that were deleted since.',
];
const DAYS_MAX = 3_700;
const READS_AT_ONCE = 8;
/** A process that runs every few minutes has written the record by then. */
const DUE_MS = GRACE_MS + 60 * 60_000;

export async function runChecksReport(session: Session, options: ChecksReportOptions): Promise<number> {
  const { io } = session;
  const began = beginReport();
  const range = reportRange(options);
  const dates = datesIn(range);
  await requireNewFiles(options);
  const bucket = await namedOwnBucket(options, io.env);
  const { config, keys } = bucket;
  const people = keysOfPeople(keys, await readSigners(io.stdin, options.person ?? []));
  const named = [...people.cosigners, ...(config?.people ?? [])];
  const roots = await rootsOfReport(session, options, config);
  const store = await openArchiveStore(bucket.store);
  try {
    const data = await withDecidedArchive(config, (archive) =>
      checksData({ store, keys, named, archive, range, dates, roots, signal: io.signal }),
    );
    const { days, foreign } = data;
    const verdict = checksVerdict(range.window, data);
    const isOpen = data.findings.some((one) => isUnsettled(one) && !one.isDrill);
    const isShown = isEachShown(days) && foreign === 0 && isEachStampVouched(data);
    return await writeReport<ChecksReport>(session, options, {
      ...{
        kind: 'checks',
        window: range.window,
        verdict,
        looked: [...LOOKED, LOOKED_STAMPS, ...(config === null ? [] : [LOOKED_BY_CONFIG])],
        notLooked: NOT_LOOKED,
        chains: [],
        data,
      },
      ...{ began, archive: { name: store.description, origin: bucket.keys.archiveOrigin } },
      exitCode: isOpen ? EXIT.broken : isShown ? EXIT.ok : EXIT.failed,
    });
  } finally {
    await store.close();
  }
}

/** Those that were given, else those of the configuration. */
async function rootsOfReport(
  { io }: Session,
  { tsaRoot = [] }: ChecksReportOptions,
  config: VerifierConfig | null,
): Promise<readonly HeldCertificate[]> {
  if (tsaRoot.length > 0 || config === null || config.timestamps === null) return readTsaRoots(io, tsaRoot);
  return (await import('../../verifier/stamping.ts')).rootsOf(config.timestamps);
}

type ChecksQuestion = SettledOptions & {
  /** Whose time-stamps count. Null: none is looked at. */
  readonly roots: readonly HeldCertificate[] | null;
  readonly range: ReportRange;
  readonly dates: readonly string[];
};

/** What the verifier's place says of these days. */
export async function checksData(asked: ChecksQuestion): Promise<ChecksData> {
  const { store, keys, range, dates, roots, signal } = asked;
  const nowMs = systemClock.now();
  const firstRecord = await firstRecordedDate({ store, signing: keys }, signal);
  const days = await daysOf(store, keys, dates, { firstRecord, roots, nowMs, signal });
  const { stories, foreign, decisionsUnknown } = await readSettledStories(asked);
  return {
    verifier: [...new Set(keys.cosigners.map(({ name }) => name))].join(', '),
    ...{ firstRecord, days, foreign, isStoreTime: store.kind === 's3' },
    ...(roots !== null && { stampRoots: roots.length }),
    acceptanceUnknown: decisionsUnknown,
    findings: stories.filter((story) => isWithin(story, range)).map(reportedFinding),
  };
}

/** The UTC days that lie wholly within it. Throws UsageError for none, or too many. */
export function datesIn({ sinceMs, untilMs }: ReportRange): string[] {
  if (!Number.isFinite(sinceMs) || !Number.isFinite(untilMs))
    throw new UsageError('which days are meant is not said', 'Give --from and --to.');
  const firstMs = Math.ceil(sinceMs / DAY_MS) * DAY_MS;
  const count = Math.floor((untilMs - firstMs) / DAY_MS);
  if (!(count >= 1)) throw new UsageError('no whole UTC day lies between --from and --to');
  if (count > DAYS_MAX)
    throw new UsageError(`${count} days are too many for one report`, `At most ${DAYS_MAX}.`);
  return Array.from({ length: count }, (_, index) => dateOf(firstMs + index * DAY_MS));
}

type About = Pick<ChecksQuestion, 'roots'> & {
  readonly firstRecord: string | null;
  readonly nowMs: number;
  readonly signal: AbortSignal;
};

async function daysOf(
  store: ReadableStore,
  signing: NoteKeys,
  dates: readonly string[],
  about: About,
): Promise<ReportedDay[]> {
  const days: ReportedDay[] = [];
  // What reads tokens takes a while to load.
  const stamps = import('./day-stamps.ts');
  const group = new TaskGroup(READS_AT_ONCE);
  try {
    for (const [index, date] of dates.entries())
      await group.start(async () => {
        const isOver = dayStartMs(date) + DAY_MS <= about.nowMs;
        const { roots, nowMs, signal } = about;
        const found = isOver ? await readDay({ store, signing }, date, signal) : null;
        const stamp =
          isOver && roots !== null
            ? { stamp: await (await stamps).stampOfDay({ store, signing, roots }, date, nowMs, signal) }
            : {};
        days[index] = { ...reportedDay(date, found, about), ...stamp };
      });
  } finally {
    await group.finish();
  }
  return days;
}

function reportedDay(date: string, found: FoundDay | null, { firstRecord, nowMs }: About): ReportedDay {
  if (found === null) {
    const isDue = dayStartMs(date) + DAY_MS + DUE_MS <= nowMs;
    // Without any record nothing tells a day that was missed from one before the first.
    const isBefore = firstRecord !== null && date < firstRecord;
    return {
      ...{ date, state: isDue ? (isBefore ? 'before' : 'not-shown') : 'not-due', kinds: {}, attested: 0 },
      ...{ drills: { opened: 0, notified: 0 }, storedAt: null, tallies: 0, omitted: 0 },
    };
  }
  const { record, storedMs } = found;
  const { kinds, attested, drills, tallies, omitted } = record;
  return {
    ...{ date, state: 'shown', kinds: kindsJson(kinds), attested, drills, tallies, omitted },
    storedAt: timeText(Math.max(0, Math.floor(storedMs))),
  };
}

/** By the store's times: open at some moment of it. */
const isWithin = ({ openedStoredMs, closed }: FindingStory, { sinceMs, untilMs }: ReportRange): boolean =>
  openedStoredMs < untilMs && (closed === null || closed.storedMs >= sinceMs);

function reportedFinding(story: SettledStory): ReportedFinding {
  const { id, scope, opening, finding, check, closed, notified, answers, otherAnswers, settled } = story;
  const { code, severity, key, expected, found } = finding;
  const at = (ms: number) => timeText(Math.max(0, Math.floor(ms)));
  const chain = scopeOfName(scope).place?.chain ?? null;
  return {
    ...{ id, scope, opening, code, severity, key, expected, found, check, opened: at(story.openedStoredMs) },
    notified: notified.map(({ channel, storedMs }) => ({ channel, at: at(storedMs) })),
    closed: closed && { at: at(closed.atMs), check: closed.check, why: closed.why },
    answers: answers.map(({ atMs, ...answer }) => ({ ...answer, at: at(atMs) })),
    settled: settled && { how: settled.how, by: settled.by, at: at(settled.atMs), text: settled.text },
    ...{ otherAnswers, isDrill: isOfDrill({ file: { chain, finding } }) },
  };
}
