// How is an explanation printed, so that somebody who runs nothing understands it?
import { counted, countText } from '../../base/counted.ts';
import { printable } from '../../base/printable.ts';
import type { FindingCode } from '../../verify/finding.ts';
import { placedName } from '../../verify/report.ts';
import { draftText } from './draft.ts';
import type { Explained, Explanation, FoundIn, LookedUp } from './explanation.ts';
import type { StatedChain, StatedFinding, StatedStamps } from './read-report.ts';

/** Findings, segments and objects shown of one kind. */
const SHOWN_MAX = 5;
const UNCHANGED = 'Change nothing where the archive lies: what is there is evidence.';

/**
 * `digest`: the SHA-256 of the report's file, in hex. `isChecked`: whether the seals that were read for the
 * events were checked with a trusted key; null if no archive was named.
 */
export function explanationText(one: Explanation, digest: string, isChecked: boolean | null): string {
  const parts = [headText(one, digest), ...foundParts(one, isChecked), standingPart(one), boundsPart(one)];
  if (one.besides !== 'verified') parts.push(nextPart(one), draftText(one, digest));
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

const MEANING = {
  verified: 'the report says that what was looked at is what was signed. Its bounds are below.',
  broken: 'the report says that the archive is not what was signed, or not kept as promised.',
  unverifiable: 'the report says that it could not be shown whether the archive is what was signed.',
} as const;

const SHORT_ONLY = {
  verified:
    'seals promise a shorter lock than was asked for (--least-lock). The report names nothing else that speaks ' +
    'against the archive.',
  unverifiable:
    'seals promise a shorter lock than was asked for (--least-lock). Whether the archive is what was signed, the ' +
    'report does not show.',
} as const;

function headText({ report, verdict, contradicts, besides }: Explanation, digest: string): string {
  const { run } = report;
  const isShortOnly = verdict === 'broken' && besides !== 'broken';
  const meaning = isShortOnly ? SHORT_ONLY[besides] : MEANING[verdict];
  const lines = [
    `${verdict.toUpperCase()}: ${meaning}`,
    ...report.beside.map(({ name, verdict: said }) =>
      [
        `Beside it was verified ${printable(name)}, which its chains may go on from: ${said}.`,
        'What was found there is not explained here.',
      ].join(' '),
    ),
    run === null
      ? 'The report does not say which archive it is of, nor when it was made.'
      : `Archive ${printable(run.archive)}, verified at ${printable(run.at)} by version ${printable(run.version)}.`,
    'This explains the report. Nothing was verified again, and the report is not signed: anybody who had the file ' +
      'could change it.',
    `SHA-256 of the file: ${digest}`,
  ];
  if (contradicts)
    lines.splice(
      1,
      0,
      `The file says "${report.verdict}", which its own findings contradict: the worse counts here.`,
    );
  return lines.join('\n');
}

function foundParts({ explained: all, report }: Explanation, isChecked: boolean | null): string[] {
  // That a copy has no locks stands below, among the bounds, where there are any.
  const explained = all.filter(({ code }) => code !== 'locks-not-applicable' || report.bounds.length === 0);
  if (explained.length === 0 && all.length > 0)
    return ['WHAT WAS FOUND\nThe report names no finding but that a copy has no locks: see below.'];
  if (explained.length === 0) {
    const omitted = report.findingsOmitted > 0 ? ', but says that it lists not all' : '';
    return [`WHAT WAS FOUND\nThe report names no finding${omitted}.`];
  }
  const seals = 'Offsets and times are what the seals of the archive say, read now';
  const notes =
    isChecked !== null
      ? seals +
        (isChecked
          ? ' and checked with the key that you gave.'
          : '. No key was given, so nothing proves them.')
      : 'Which events a segment holds: name the archive as well (`ledgerstone explain report.json ARCHIVE --key KEY`).';
  return [`WHAT WAS FOUND\n${notes}`, ...explained.map((group, index) => groupText(group, index + 1))];
}

function groupText({ code, severity, words, places }: Explained, number: number): string {
  const lines = [
    `${number}. ${printable(code)} (${severity ?? 'unknown here'})`,
    words === null
      ? 'This version does not know this code: a newer one may. Take it for a break until it is explained.'
      : words.seen,
    ...places.slice(0, SHOWN_MAX).flatMap(placeLines),
    ...(places.length > SHOWN_MAX ? [`and in ${places.length - SHOWN_MAX} more chains, in the report`] : []),
  ];
  if (words !== null) {
    const listed = (title: string, items: readonly string[]) =>
      lines.push(...(items.length === 0 ? [] : [title, ...items.map((item) => `- ${item}`)]));
    listed('It may mean:', words.causes);
    listed('What to do:', words.next);
  }
  return lines.map((line, index) => (index === 0 ? line : `   ${line}`)).join('\n');
}

function placeLines({ chain, findings, segments }: FoundIn): string[] {
  const where = chain === null ? 'Of no one chain' : `In ${printable(placedName(chain))}`;
  return [
    `${where}: ${counted(findings.length, 'finding')}`,
    ...(chain !== null && findings.some(({ code }) => CUT.has(code)) ? [cutText(chain)] : []),
    ...shownSome(segments, ({ sequence, looked }) => `segment ${sequence}${lookedText(looked)}`),
    ...shownSome(findings, findingText),
  ];
}

/** A chain that is shorter than it was: no finding can name a segment that is not there. */
const CUT: ReadonlySet<string> = new Set<FindingCode>(['rollback', 'truncation']);

function cutText({ nextOffset, lastSealed }: StatedChain): string {
  if (nextOffset === null) return '* of this chain nothing is here: every event of it is concerned';
  const when = lastSealed === null ? '' : `, archived after ${lastSealed}`;
  return printable(`* concerned: events from offset ${nextOffset} on${when}; how many is not stated`);
}

/** A bucket without versions calls each version "null". */
function findingText({ key, versionId, expected, found }: StatedFinding): string {
  const version = versionId === null || versionId === 'null' ? '' : ` (version ${versionId})`;
  const parts = [
    ...(key === null ? [] : [`object ${key}${version}`]),
    ...(expected === null ? [] : [`expected: ${expected}`]),
    ...(found === null ? [] : [`found: ${found}`]),
  ];
  return parts.length === 0 ? 'the report says no more of it' : parts.join('; ');
}

function shownSome<Item>(items: readonly Item[], text: (item: Item) => string): string[] {
  const shown = items.slice(0, SHOWN_MAX).map((item) => `* ${printable(text(item))}`);
  const more = items.length - shown.length;
  return more === 0 ? shown : [...shown, `* and ${more} more, in the report`];
}

function lookedText(looked: LookedUp | null): string {
  if (looked === null) return '';
  if ('problem' in looked) return `: its seal could not be read: ${looked.problem}`;
  const { firstOffset, nextOffset, records, first, last, sealed } = looked.span;
  const offsets = firstOffset === nextOffset ? 'no offsets' : `offsets ${firstOffset} to ${nextOffset - 1}`;
  const times = first === null ? 'no record has a time' : `record times ${first} to ${last}`;
  return `: ${offsets}, ${counted(records, 'record')}, ${times}, sealed ${sealed}`;
}

function standingPart({ standing, report }: Explanation): string {
  const lines = standing.map(({ chain, text }) => `- ${printable(placedName(chain))}: ${printable(text)}`);
  if (lines.length === 0) lines.push('- The report holds no chain.');
  const attested = report.attested.map(({ origin, cosigner, throughOffset, attestedAt, isFork }) => {
    const through = throughOffset === null ? 'a part of it' : `through offset ${throughOffset}`;
    const said = isFork
      ? `${cosigner} attested another history than this one`
      : `${cosigner} attested ${through}${attestedAt === null ? '' : ` at ${attestedAt}`}`;
    return `- ${printable(`${origin}: ${said}`)}`;
  });
  const second = attested.length === 0 ? [] : ['The second party, as the report states it:', ...attested];
  return ['WHAT STILL STANDS, BY THIS REPORT', ...lines, ...second, ...stampLines(report.stamps)].join('\n');
}

/** By when things existed is another question than whether they are as they were: no verdict hangs on it. */
function stampLines(stamps: StatedStamps | null): string[] {
  if (stamps === null) return [];
  const head = 'Time-stamps, as the report states it:';
  if ('why' in stamps) return [head, `- ${printable(`not known: ${stamps.why}`)}`];
  const { days, first, last, missing, shown, foreign } = stamps;
  const none =
    "there are none: every time in this report is by the archive's or the second party's own clock";
  const span = `${counted(days, 'day')} from ${first ?? '?'} to ${last ?? '?'}`;
  const gaps = missing === 0 ? '' : `; ${counted(missing, 'day')} between them have none`;
  const held =
    shown === null
      ? `${span} have one, and no root of an authority was given: none was read, and none shows a time${gaps}`
      : `of ${span}, ${countText(shown)} hold under the roots that were given: what was attested before existed by ` +
        `then, and not how much earlier${gaps}`;
  return [
    head,
    `- ${printable(days === 0 ? none : held)}`,
    ...(foreign === 0
      ? []
      : [`- ${counted(foreign, 'object')} at a stamp's key that are none: somebody laid them there`]),
  ];
}

function boundsPart({ report, unknown, isWhole }: Explanation): string {
  const lines = report.bounds.map((bound) => `- ${printable(bound)}`);
  if (unknown.length > 0)
    lines.push(`- Not explained here, as this version does not know it: ${printable(unknown.join(', '))}.`);
  if (!isWhole && unknown.length === 0)
    lines.push('- The report lists only a part of what was found, so only a part is explained.');
  return lines.length === 0 ? '' : ['WHAT THE REPORT DOES NOT SAY', ...lines].join('\n');
}

function nextPart({ besides }: Explanation): string {
  const steps = [
    UNCHANGED,
    'Keep this report and its SHA-256, with the time and the name of who made it.',
    'Verify again, from another machine and with a key that you got by another way, and compare the two reports.',
    ...(besides === 'broken'
      ? [
          'Tell those who decide about security incidents today: duties to report run from when somebody knew of it.',
        ]
      : ['Remove what kept it from being shown (a key, a right, a newer version), and verify again.']),
  ];
  return ['WHAT TO DO FIRST', ...steps.map((step, index) => `${index + 1}. ${step}`)].join('\n');
}
