// What does a report of losses say, and how far does it reach?
import { counted, countText } from '../../base/counted.ts';
import { type AcceptedGap, acceptedText } from '../../verify/acts/accepted-gaps.ts';
import { csvRows } from '../csv.ts';
import type { ReportFace, TableBlock, TableCell } from './blocks.ts';
import { shortTime, windowText } from './frame.ts';
import type { PrintedReport, ReportedChain, ReportVerdict, ReportWindow } from './printed-report.ts';

/** Offsets without a record that stand on somebody's word. */
type ReportedGap = {
  readonly chain: string;
  readonly partition: number;
  /** Null if the gap lines can't be read any more: the gaps lie somewhere in the segment. */
  readonly firstOffset: number | null;
  readonly lastOffset: number | null;
  readonly offsets: number;
  readonly reason: string;
  readonly lost: boolean;
  readonly sealed: string;
  readonly by: string | null;
  readonly why: string | null;
  readonly sequence: number;
  /** How many of its offsets two people accepted as lost, and by which decisions. Null: none. */
  readonly accepted: { readonly offsets: number; readonly by: readonly AcceptedGap[] } | null;
};

export type LossesData = {
  readonly gaps: readonly ReportedGap[];
  /** Folders that could not be listed: which chains lie there is not known. */
  readonly unlisted: readonly { readonly folder: string; readonly problem: string }[];
  /** Chains that go on from an older one. Each began with a halt. */
  readonly continued: readonly {
    readonly chain: string;
    readonly partition: number;
    readonly origin: string;
    readonly nextOffset: number;
    readonly reason: string;
    readonly by: string;
  }[];
  readonly notes: readonly string[];
  /** Why it is not known which losses were accepted. Null: it is, or there is no governance chain. */
  readonly acceptanceUnknown: string | null;
};

export type LossesReport = PrintedReport<'losses', LossesData>;

const sum = (gaps: readonly ReportedGap[]): number => gaps.reduce((all, { offsets }) => all + offsets, 0);

export function lossesVerdict(
  window: ReportWindow,
  chains: readonly ReportedChain[],
  { gaps, unlisted, acceptanceUnknown }: Pick<LossesData, 'gaps' | 'unlisted' | 'acceptanceUnknown'>,
): ReportVerdict {
  const lost = gaps.filter((gap) => gap.lost);
  const unread = chains.filter(({ problem }) => problem !== null);
  const isWhole = unread.length === 0 && unlisted.length === 0;
  const segments = chains.reduce((all, { checkpoint }) => all + (checkpoint?.size ?? 0), 0);
  const where = `${counted(segments, 'segment')} of ${counted(chains.length, 'chain')}`;
  const isAll = window.from === null && window.to === null;
  const when = isAll ? '' : ` sealed ${windowText(window)}`;
  const ofWhat = isAll ? '' : `, of what was${when}`;
  const bounds = [
    ...unread.map(({ chain, partition, problem }) => `${chain}/${partition}: not all was read: ${problem}`),
    ...unlisted.map(({ folder, problem }) => `which chains lie below ${folder} is not known: ${problem}`),
    ...chains.flatMap((one) => endBound(one, window)),
    'Offsets before the first one of a chain, and records that a producer never sent, are in no count.',
    ...(acceptanceUnknown === null ? [] : [`Which losses were accepted is not known: ${acceptanceUnknown}.`]),
  ];
  const rest = isWhole ? '' : ' Not all chains could be read: whether there is more is not known.';
  if (lost.length > 0) {
    const records = `${counted(sum(lost), 'record')} ${sum(lost) === 1 ? 'is' : 'are'} lost`;
    const byWhom = `by the signed word of those who gave them up (${where} read)`;
    const accepted = lost.reduce((all, gap) => all + (gap.accepted?.offsets ?? 0), 0);
    const found = `${records}, in ${counted(lost.length, 'gap')}${when}, ${byWhom}.`;
    const sentence = `${found}${acceptedCount(accepted, sum(lost))}${rest}`;
    const standing = accepted < sum(lost) ? 'found' : isWhole ? 'accepted' : 'open';
    return { standing, sentence, bounds };
  }
  if (!isWhole) {
    const sentence = `No loss is stated in what could be read (${where})${ofWhat}.${rest}`;
    return { standing: 'open', sentence, bounds };
  }
  const every =
    'every offset from the first to the last of each chain has a record, or a gap that is no loss, as the seals ' +
    'state it. Whether the data still lies there was not looked at';
  return { standing: 'whole', sentence: `No loss is stated in the ${where}${ofWhat}: ${every}.`, bounds };
}

function acceptedCount(accepted: number, lost: number): string {
  if (accepted === 0) return '';
  const of = accepted < lost ? `Of them ${countText(accepted)}` : lost === 1 ? 'It' : 'All of them';
  return ` ${of} ${accepted === 1 ? 'is an accepted loss' : 'are accepted losses'}, by a decision of two persons.`;
}

/** What came after the last seal is in no archive yet, whatever was asked for. */
function endBound({ chain, partition, lastSealed }: ReportedChain, { to }: ReportWindow): string[] {
  if (lastSealed === null) return [];
  if (to !== null && Date.parse(to) <= Date.parse(lastSealed)) return [];
  return [`${chain}/${partition} is sealed up to ${lastSealed}: of later records nothing is known here.`];
}

const UNREAD = 'its data has expired, and can not be read any more';

const offsetsOf = ({ firstOffset, lastOffset, sequence }: ReportedGap): string => {
  if (firstOffset === null || lastOffset === null) return `somewhere in segment ${sequence}`;
  return firstOffset === lastOffset ? String(firstOffset) : `${firstOffset} to ${lastOffset}`;
};

export function lossesFace({ data: { gaps, continued, notes } }: LossesReport): ReportFace {
  const row = (gap: ReportedGap): TableCell[] => [
    ...[`${gap.chain}/${gap.partition}`, offsetsOf(gap), countText(gap.offsets)],
    lossCell(gap),
    ...[shortTime(gap.sealed), gap.by ?? '-', gap.why ?? UNREAD],
  ];
  const acts = new Map(
    gaps.flatMap(({ accepted }) => (accepted?.by ?? []).map((act) => [act.id, act] as const)),
  );
  return {
    title: 'Losses',
    question: 'Which records are known to have existed and are not archived, and by whose word?',
    blocks: [
      {
        ...{ kind: 'table', title: 'Gaps that stand on somebody’s word' },
        intro:
          'Expired: Kafka had deleted the records before they were archived. Accepted: an operator gave them up. ' +
          'Compacted: Kafka removed them as the topic was set to do, which is no loss.',
        columns: [
          ...[{ title: 'chain' }, { title: 'offsets' }, { title: 'how many', align: 'right' as const }],
          ...[
            { title: 'reason' },
            { title: 'sealed (UTC)', form: 'time' as const },
            { title: 'by' },
            { title: 'why' },
          ],
        ],
        rows: gaps.map(row),
        empty: 'None in what was read.',
      },
      ...(acts.size === 0 ? [] : [acceptedBlock([...acts.values()])]),
      ...(continued.length === 0
        ? []
        : [
            {
              ...({ kind: 'table', title: 'Chains that go on from another' } as const),
              intro: 'The archiver had stopped, and somebody decided to go on in a new chain.',
              columns: [{ title: 'chain' }, { title: 'goes on from' }, { title: 'by' }, { title: 'why' }],
              rows: continued.map((one) => [
                `${one.chain}/${one.partition}`,
                `${one.origin}, offset ${one.nextOffset}`,
                ...[one.by, one.reason],
              ]),
              empty: '',
            },
          ]),
      ...(notes.length === 0
        ? []
        : [
            {
              ...({ kind: 'table', title: 'Notes', intro: '', columns: [{ title: 'note' }] } as const),
              ...{ rows: notes.map((note) => [note]), empty: '' },
            },
          ]),
    ],
  };
}

function lossCell({ lost, reason, offsets, accepted }: ReportedGap): TableCell {
  if (!lost) return `${reason}: no loss`;
  if (accepted === null) return { text: `${reason}: lost`, tone: 'bad' };
  if (accepted.offsets === offsets) return `${reason}: accepted loss`;
  return { text: `${reason}: lost, of which ${countText(accepted.offsets)} accepted`, tone: 'bad' };
}

const acceptedBlock = (acts: readonly AcceptedGap[]): TableBlock => ({
  ...{ kind: 'table', title: 'Accepted losses', empty: '' },
  intro:
    'What two people accepted as lost, by decisions in the governance chain. It stays lost, and stays listed.',
  columns: [
    ...[{ title: 'chain' }, { title: 'offsets' }, { title: 'since (UTC)', form: 'time' as const }],
    ...[{ title: 'by' }, { title: 'approved by' }, { title: 'reason' }],
  ],
  rows: acts.map(({ chain, partition, from, to, since, by, approvedBy, reason }) => [
    ...[`${chain}/${partition}`, from === to ? String(from) : `${from} to ${to}`, shortTime(since)],
    ...[by, approvedBy, reason],
  ]),
});

/** RFC 4180. */
export const lossesCsv = ({ data: { gaps } }: LossesReport): Uint8Array =>
  csvRows([
    ...[['chain', 'partition', 'first_offset', 'last_offset', 'offsets', 'reason', 'lost']].map((names) => [
      ...names,
      ...['sealed_utc', 'by', 'why', 'segment', 'accepted_loss', 'accepted_by'],
    ]),
    ...gaps.map((gap) => [
      ...[gap.chain, String(gap.partition), String(gap.firstOffset ?? ''), String(gap.lastOffset ?? '')],
      ...[String(gap.offsets), gap.reason, gap.lost ? 'yes' : 'no', gap.sealed, gap.by ?? ''],
      ...[gap.why ?? UNREAD, String(gap.sequence), gap.lost ? String(gap.accepted?.offsets ?? 0) : ''],
      (gap.accepted?.by ?? []).map(acceptedText).join('; '),
    ]),
  ]);
