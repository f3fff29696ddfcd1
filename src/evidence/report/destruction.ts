// What does a report of destroyed data say, and how far does it reach?
import { counted, countText } from '../../base/counted.ts';
import { csvRows } from '../csv.ts';
import type { ReportFace, TableBlock, TableCell } from './blocks.ts';
import { shortTime, windowText } from './frame.ts';
import type { PrintedReport, ReportedChain, ReportVerdict, ReportWindow } from './printed-report.ts';

type ReportedSpan = { readonly from: number; readonly to: number };

/** One certificate, and what the archive says of it. Times are as it has them. */
export type DestructionRow = {
  readonly chain: string;
  readonly partition: number;
  /** Of the note, and who signed it. */
  readonly key: string;
  readonly by: string;
  readonly segments: readonly ReportedSpan[];
  readonly objects: number;
  readonly bytes: number;
  readonly records: number;
  readonly firstOffset: number;
  readonly lastOffset: number;
  readonly list: string;
  readonly sealedUntil: string;
  readonly decidedUntil: string | null;
  readonly policies: readonly string[];
  /** Null: the archive had no decisions. */
  readonly decisions: { readonly size: number; readonly acts: number } | null;
  readonly copies: readonly string[];
  readonly there: string | null;
  readonly gone: string;
  readonly store: string;
  /** What contradicts it. Empty: the seals bear it out, and none of its objects was found. */
  readonly problems: readonly string[];
  /** Objects of which the store did not say whether they are gone. */
  readonly unknown: number;
};

export type DestructionData = {
  /** Of the window, and all that are not borne out. */
  readonly rows: readonly DestructionRow[];
  /** Data objects that these name, each once: two may name the same. */
  readonly objects: number;
  /** Certificates that are borne out, of data that was seen gone at other times. */
  readonly outside: number;
  /** Gone after their retention, and named by no certificate that holds. */
  readonly uncertified: readonly {
    readonly chain: string;
    readonly partition: number;
    readonly segments: readonly ReportedSpan[];
    readonly objects: number;
    readonly bytes: number;
  }[];
  /** Over and still there: nothing was destroyed. */
  readonly stillThere: number;
  /** Over, and the store did not say whether they are there. */
  readonly unknown: number;
  /** Objects at keys of certificates that are none. */
  readonly foreign: readonly { readonly key: string; readonly why: string }[];
  readonly foreignOmitted: number;
  readonly unlisted: readonly { readonly folder: string; readonly problem: string }[];
};

export type DestructionReport = PrintedReport<'destruction', DestructionData>;

const sum = <T>(all: readonly T[], of: (one: T) => number): number =>
  all.reduce((total, one) => total + of(one), 0);

export function destructionVerdict(
  window: ReportWindow,
  chains: readonly ReportedChain[],
  data: DestructionData,
): ReportVerdict {
  const { rows, uncertified, unlisted } = data;
  const bounds = boundsOf(chains, data);
  const wrong = wrongText(data);
  if (wrong !== null) return { standing: 'found', sentence: `${upper(wrong)}.`, bounds };
  const certified = `${counted(rows.length, 'certificate')} of ${counted(data.objects, 'data object')}`;
  const bare = sum(uncertified, (one) => one.objects);
  if (bare > 0) {
    const gone = `${counted(bare, 'data object')} ${bare === 1 ? 'is' : 'are'} gone after the end of retention`;
    const sentence = `${gone}, and no certificate that holds says so (beside ${certified}).`;
    return { standing: 'open', sentence, bounds };
  }
  const isWhole = chains.every(({ problem }) => problem === null) && unlisted.length + unknownOf(data) === 0;
  if (!isWhole) {
    const sentence = `Not everything could be looked at; what could be bears out ${certified}.`;
    return { standing: 'open', sentence, bounds };
  }
  return { standing: 'whole', sentence: wholeText(window, certified, data), bounds };
}

function wholeText(window: ReportWindow, certified: string, { rows, outside }: DestructionData): string {
  if (rows.length > 0) {
    const seals = `the seals bear ${rows.length === 1 ? 'it' : 'them'} out`;
    const rest = 'none of these objects is there, and no other one is gone after its retention without one';
    return `${certified}: ${seals}, ${rest}.`;
  }
  if (outside === 0)
    return 'No data object whose retention is over is gone, and no certificate says that one was destroyed.';
  const seals = `the seals bear ${outside === 1 ? 'it' : 'them'} out`;
  const others = `${counted(outside, 'certificate')} of other times: ${seals}`;
  return `No certificate says that data was seen gone ${windowText(window)} (beside ${others}).`;
}

const unknownOf = ({ rows, unknown }: DestructionData): number => unknown + sum(rows, (row) => row.unknown);

function boundsOf(chains: readonly ReportedChain[], data: DestructionData): string[] {
  const unread = chains.filter(({ problem }) => problem !== null);
  const unknown = unknownOf(data);
  return [
    ...unread.map(({ chain, partition, problem }) => `${chain}/${partition}: not all was read: ${problem}`),
    ...data.unlisted.map(
      ({ folder, problem }) => `which chains lie below ${folder} is not known: ${problem}`,
    ),
    ...(unknown === 0
      ? []
      : [`Of ${counted(unknown, 'data object')} the store did not say whether it is there.`]),
    'A certificate is the verifier’s word: when data was seen there and when gone, not who deleted it, nor when.',
    'That nothing went before the end of retention rests on the lock: nobody watched between the two times.',
    'Nothing is said of other places: backups, replicas, packages that were handed out, Kafka.',
    `Of ${counted(data.stillThere, 'data object')} the retention is over, and it is still there.`,
  ];
}

/** Null: nothing is. */
function wrongText({ rows, foreign, foreignOmitted }: DestructionData): string | null {
  const wrong = rows.filter(({ problems }) => problems.length > 0).length;
  const strange = foreign.length + foreignOmitted;
  const said = [
    ...(wrong > 0
      ? [`${counted(wrong, 'certificate')} ${wrong === 1 ? 'is' : 'are'} not borne out by the archive`]
      : []),
    ...(strange > 0
      ? [`${counted(strange, 'object')} at keys of certificates ${strange === 1 ? 'is' : 'are'} none`]
      : []),
  ];
  return said.length === 0 ? null : said.join(', and ');
}

const upper = (text: string): string => `${text[0]?.toUpperCase() ?? ''}${text.slice(1)}`;

const SPANS_SHOWN = 5;
function spansText(spans: readonly ReportedSpan[]): string {
  const named = spans
    .slice(0, SPANS_SHOWN)
    .map(({ from, to }) => (from === to ? String(from) : `${from} to ${to}`));
  const more = spans.length - named.length;
  return `${named.join(', ')}${more > 0 ? `, and ${more} more ranges` : ''}`;
}

const right = (title: string) => ({ title, align: 'right' as const });
const time = (title: string) => ({ title, form: 'time' as const });
const shown = (text: string | null): string => (text === null ? 'not known' : shortTime(text));

function standingCell({ problems, unknown }: DestructionRow): TableCell {
  if (problems.length > 0) return { text: problems.join('; '), tone: 'bad' };
  return unknown === 0 ? 'borne out' : { text: `not known of ${countText(unknown)}`, tone: 'open' };
}

export function destructionFace({ data }: DestructionReport): ReportFace {
  const { rows, uncertified, foreign, foreignOmitted } = data;
  return {
    title: 'Destruction',
    question: 'Which data is gone after its retention, by whose word, and did anything still keep it?',
    blocks: [
      {
        ...{ kind: 'table', title: 'Certified as destroyed', empty: 'No certificate.' },
        intro:
          'By a signed, locked note of the verifier for each. Seen there: at that time or later. Borne out: root, ' +
          'counts and list are those of the seals, which are still there, and none of the objects is.',
        columns: [
          ...[{ title: 'chain' }, { title: 'segments' }, { title: 'offsets' }],
          ...[right('objects'), right('bytes'), right('records')],
          ...[
            time('retention ended'),
            time('seen there'),
            time('seen gone'),
            { title: 'by' },
            { title: 'the archive says' },
          ],
        ],
        rows: rows.map((row) => [
          ...[
            `${row.chain}/${row.partition}`,
            spansText(row.segments),
            `${row.firstOffset} to ${row.lastOffset}`,
          ],
          ...[countText(row.objects), countText(row.bytes), countText(row.records)],
          ...[shown(laterOf(row)), shown(row.there), shown(row.gone), row.by, standingCell(row)],
        ]),
      },
      ...(rows.length === 0 ? [] : [groundsBlock(rows)]),
      {
        ...{ kind: 'table', title: 'Gone without a certificate', empty: 'None.' },
        intro:
          'The verifier’s log says why: found missing too early, held since it was last seen there, decisions that ' +
          'could not be read. Or its next full pass has not come by yet.',
        columns: [{ title: 'chain' }, { title: 'segments' }, right('objects'), right('bytes')],
        rows: uncertified.map((one) => [
          ...[`${one.chain}/${one.partition}`, spansText(one.segments)],
          ...[{ text: countText(one.objects), tone: 'open' as const }, countText(one.bytes)],
        ]),
      },
      ...(foreign.length === 0 ? [] : [foreignBlock(foreign, foreignOmitted)]),
    ],
  };
}

/** The end by the seals, or the later one that was decided. */
const laterOf = ({ sealedUntil, decidedUntil }: DestructionRow): string =>
  decidedUntil !== null && decidedUntil > sealedUntil ? decidedUntil : sealedUntil;

const groundsBlock = (rows: readonly DestructionRow[]): TableBlock => ({
  ...{ kind: 'table', title: 'By which rule', empty: '' },
  intro:
    'Policies as the seals name them; how far decisions had been read when the data was seen gone: none that was ' +
    'in force held it, then or since it was last seen there. Copies that were decided and recorded.',
  columns: [
    ...[{ title: 'certificate', form: 'code' as const }, { title: 'policies' }, { title: 'decisions' }],
    ...[
      { title: 'known copies' },
      { title: 'where it was gone' },
      { title: 'SHA-256 of the list', form: 'code' as const },
    ],
  ],
  rows: rows.map(({ key, policies, decisions, copies, store, list }) => [
    ...[key, policies.join(', ')],
    decisions === null
      ? 'the archive had none'
      : `${counted(decisions.acts, 'act')} in ${counted(decisions.size, 'segment')}`,
    ...[copies.length === 0 ? 'none' : copies.join(', '), store, list],
  ]),
});

const foreignBlock = (foreign: DestructionData['foreign'], omitted: number): TableBlock => ({
  ...{ kind: 'table', title: 'At keys of certificates, and none', empty: '' },
  intro: omitted === 0 ? '' : `The first ${foreign.length}; ${countText(omitted)} more are not listed.`,
  columns: [{ title: 'object', form: 'code' }, { title: 'why' }],
  rows: foreign.map(({ key, why }) => [key, { text: why, tone: 'bad' as const }]),
});

/** RFC 4180. */
export const destructionCsv = ({ data: { rows } }: DestructionReport): Uint8Array =>
  csvRows([
    [
      ...['chain', 'partition', 'certificate', 'signed_by', 'segments', 'objects', 'bytes', 'records'],
      ...['first_offset', 'last_offset', 'list_sha256', 'sealed_until_utc', 'decided_until_utc', 'policies'],
      ...['decision_segments', 'copies', 'seen_there_utc', 'seen_gone_utc', 'store', 'problems', 'not_known'],
    ],
    ...rows.map((row) => [
      ...[row.chain, String(row.partition), row.key, row.by],
      row.segments.map(({ from, to }) => `${from}-${to}`).join(' '),
      ...[row.objects, row.bytes, row.records, row.firstOffset, row.lastOffset].map(String),
      ...[
        row.list,
        row.sealedUntil,
        row.decidedUntil ?? '',
        row.policies.join(' '),
        String(row.decisions?.size ?? ''),
      ],
      ...[
        row.copies.join(' '),
        row.there ?? '',
        row.gone,
        row.store,
        row.problems.join('; '),
        String(row.unknown),
      ],
    ]),
  ]);
