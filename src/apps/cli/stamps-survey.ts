// `verify --attestations`: which days has a time-stamping authority stamped, and do its tokens hold?
import { toBase64 } from '../../base/bytes.ts';
import { counted } from '../../base/counted.ts';
import { messageOf } from '../../base/error.ts';
import { nodeSha256 } from '../../base/node/hash.ts';
import { printable } from '../../base/printable.ts';
import { parseChainOrigin } from '../../format/chain.ts';
import { coveredBy } from '../../format/stamp.ts';
import { DAY_MS, dateOf, dayStartMs } from '../../verifier/days/day-keys.ts';
import type { ForeignNote } from '../../verifier/own-bucket.ts';
import { stampDays } from '../../verifier/stamps/stamp-days.ts';
import { CUT_TEXT, type FoundStamp, listStamps, readStamp } from '../../verifier/stamps/stamp-reader.ts';
import type { AttestationSurvey, Attestations } from './attestations-option.ts';
import type { readTsaRoots } from './stamp-check.ts';

/** Named, of days without a stamp and of objects that are none. */
const NAMED_MAX = 5;
/** Of objects that are no stamps, in what programs read. */
const LISTED_MAX = 100;

export type StampSurvey = {
  /** Days with a token; without --tsa-root by their keys alone. */
  readonly days: number;
  readonly first: string | null;
  readonly last: string | null;
  /** How many days between these two have none. */
  readonly missing: number;
  /** The first of them. */
  readonly missingDates: readonly string[];
  /** Days whose token holds under a root that was given, by itself or renewed. Null: none was given. */
  readonly shown: number | null;
  readonly notShown: readonly { readonly date: string; readonly why: string }[];
  /** How many objects lie at a stamp's key and are none. */
  readonly foreignCount: number;
  /** The first of them. */
  readonly foreign: readonly ForeignNote[];
};

type Roots = Awaited<ReturnType<typeof readTsaRoots>>;

/** An error is a text: the verdict on the archive does not hang on its stamps. */
export async function surveyStamps(
  { store, cosigners }: Attestations,
  { newest }: Pick<AttestationSurvey, 'newest'>,
  roots: Roots,
  signal: AbortSignal,
): Promise<StampSurvey | string> {
  try {
    const { tokens } = await listStamps(store, { signal });
    const nowMs = Date.now();
    const { dates, foreign: outside } = stampDays(tokens, nowMs);
    const origins = new Set(newest.map(({ attested }) => parseChainOrigin(attested.origin).archiveOrigin));
    const [archiveOrigin = '', ...others] = origins;
    if (roots.length === 0) return { ...spanOf(dates), shown: null, notShown: [], ...foreignOf(outside) };
    if (others.length > 0)
      return `there are those of ${origins.size} archives, and only those of one can be checked`;
    const reading = { store, signing: { archiveOrigin, cosigners, sha256: nodeSha256 }, roots };
    const judge = new StampJudge(nowMs);
    // A later one is known before what it renews.
    for (const date of dates.toReversed()) {
      try {
        judge.add(await readStamp(reading, date, signal));
      } catch (error) {
        signal.throwIfAborted();
        judge.addUnread(date, messageOf(error));
      }
    }
    const { shown, notShown, foreign } = judge;
    const all = foreignOf([...outside, ...foreign]);
    return { ...spanOf(dates), shown, notShown: notShown.toReversed(), ...all };
  } catch (error) {
    signal.throwIfAborted();
    return `they could not be read: ${messageOf(error)}`;
  }
}

const foreignOf = (all: readonly ForeignNote[]): Pick<StampSurvey, 'foreignCount' | 'foreign'> => ({
  ...{ foreignCount: all.length, foreign: all.slice(0, LISTED_MAX) },
});

/** Each stamp once, the newest first. */
class StampJudge {
  readonly #nowMs: number;
  /** Of stamps that are shown, what they renew and when. */
  readonly #renewed = new Map<string, number>();
  #isUnread = false;
  shown = 0;
  readonly notShown: { readonly date: string; readonly why: string }[] = [];
  readonly foreign: ForeignNote[] = [];

  constructor(nowMs: number) {
    this.#nowMs = nowMs;
  }

  addUnread(date: string, why: string): void {
    this.#isUnread = true;
    this.notShown.push({ date, why: `it could not be read: ${why}` });
  }

  add({ date, list, statement, tokens, foreign, isCut }: FoundStamp): void {
    this.foreign.push(...foreign);
    const whys: string[] = [];
    for (const { bytes, checked } of tokens) {
      if (checked.kind === 'unknown-root' || statement === null) {
        whys.push(`its token by ${checked.by} leads to none of the roots that were given`);
        continue;
      }
      const renewedMs = this.#renewed.get(renewalId(date, coveredBy(statement, bytes, nodeSha256)));
      if (checked.endsMs < (renewedMs ?? this.#nowMs)) {
        const ended = `its token by ${checked.by} ended at ${new Date(checked.endsMs).toISOString()}`;
        const renewal = this.#isUnread ? 'and a later day, which may renew it, was not read' : 'not renewed';
        whys.push(`${ended}, ${renewal}`);
        continue;
      }
      this.shown++;
      for (const one of list?.renews ?? [])
        this.#renewed.set(renewalId(one.date, one.covered), checked.genTimeMs);
      return;
    }
    const cut = isCut ? `${CUT_TEXT}, and none that was read holds` : null;
    this.notShown.push({ date, why: cut ?? whys[0] ?? 'it has no token over its list' });
  }
}

const renewalId = (date: string, covered: Uint8Array): string => `${date} ${toBase64(covered)}`;

/** Of days in order. */
function spanOf(
  dates: readonly string[],
): Pick<StampSurvey, 'days' | 'first' | 'last' | 'missing' | 'missingDates'> {
  const [first = null, last = null] = [dates[0], dates.at(-1)];
  const there = new Set(dates);
  const missing: string[] = [];
  for (
    let ms = dayStartMs(first ?? '');
    first !== null && last !== null && ms < dayStartMs(last);
    ms += DAY_MS
  ) {
    const date = dateOf(ms);
    if (!there.has(date)) missing.push(date);
  }
  const missingDates = missing.slice(0, NAMED_MAX);
  return { days: dates.length, first, last, missing: missing.length, missingDates };
}

/** Whether all of what was asked for was shown. Without a root nothing was asked. */
export function isStampShown(survey: StampSurvey | string, roots: Roots): boolean {
  if (roots.length === 0) return true;
  return typeof survey !== 'string' && (survey.shown ?? 0) > 0 && survey.notShown.length === 0;
}

/** Lines; none where there are no stamps and nobody asked. */
export function stampsText(survey: StampSurvey | string, roots: Roots): string {
  if (typeof survey === 'string') return roots.length === 0 ? '' : `time-stamps: ${printable(survey)}\n`;
  const { days, notShown, foreign, foreignCount } = survey;
  const none = roots.length === 0 && foreignCount === 0 ? [] : ['time-stamps: there are none'];
  const lines = [
    ...(days === 0 ? none : [headOf(survey)]),
    ...notShown.slice(0, NAMED_MAX).map(({ date, why }) => `  ${date}: ${why}`),
    ...(notShown.length > NAMED_MAX ? [`  and ${counted(notShown.length - NAMED_MAX, 'other day')}`] : []),
    ...foreign
      .slice(0, NAMED_MAX)
      .map(({ key, versionId, why }) => `not a stamp: ${key} (version ${versionId}): ${why}`),
    ...(foreignCount > NAMED_MAX ? [`and ${counted(foreignCount - NAMED_MAX, 'other object')}`] : []),
  ];
  return lines.map((line) => `${printable(line)}\n`).join('');
}

function headOf({ days, first, last, missing, missingDates, shown }: StampSurvey): string {
  const span = `${counted(days, 'day')} from ${first} to ${last}`;
  const names = `${missingDates.join(', ')}${missing > missingDates.length ? ' …' : ''}`;
  const gaps = missing === 0 ? '' : `, ${counted(missing, 'day')} between without: ${names}`;
  return shown === null
    ? `time-stamps: of ${span}${gaps}. Not read: --tsa-root names the authority whose word counts`
    : `time-stamps: ${shown} of ${span} hold under the roots that were given${gaps}`;
}
