// How does the page of a verifier list findings and losses, and never say "none" too soon?
import { counted, countText } from '../../base/counted.ts';
import { CODE_WORDS } from '../../evidence/explain/codes.ts';
import type { TableBlock, TableCell } from '../../evidence/report/blocks.ts';
import { parseKey } from '../../format/paths.ts';
import { isOfDrill } from '../../verifier/alarms/drill.ts';
import { isDecision } from '../../verifier/decisions.ts';
import { reachesPeople } from '../../verifier/findings/record.ts';
import type { Board, BoardFinding } from '../verifier/findings-board.ts';
import { timeCell } from './parts.ts';
import type { WatchView } from './watch-view.ts';

const SHOWN_MAX = 50;
const TEXT_MAX = 300;
const LIST = 'ledgerstone finding list --config verifier.yaml';

export const settledCount = ({ findings: { board } }: Pick<WatchView, 'findings'>): number =>
  (board?.findings ?? []).filter(({ settled }) => settled !== null).length;

/** What was not read yet, or not now, in a sentence. Empty: it was. */
function notRead({ findings: { board, problem } }: WatchView): string {
  if (problem !== null)
    return `They could not be read${board === null ? '' : ' again'}: ${problem.slice(0, TEXT_MAX)}`;
  return board === null ? 'They were not read yet.' : '';
}

export function findingsBlock(view: WatchView, isAllLooked: boolean): TableBlock {
  const { board } = view.findings;
  const all = (board?.findings ?? []).filter(({ settled }) => settled === null);
  const shown = all.slice(0, SHOWN_MAX);
  const more = all.length - shown.length + (board?.omitted ?? 0);
  const unread = notRead(view);
  const asOf = board === null ? '' : ` As of ${timeCell(board.asOfMs)}.`;
  const left = more === 0 ? '' : ` And ${countText(more)} more: ${LIST}.`;
  return {
    ...{ kind: 'table', title: 'Open findings' },
    intro:
      `${countsText(view)} The newest first. A check closes a finding once it is gone; what people say closes none. ` +
      `Attempts that CloudTrail saw count for 7 days.${asOf}${left}${unread === '' ? '' : ` ${unread}`}`,
    columns: [
      ...[{ title: 'kind' }, { title: 'what was found' }, { title: 'where' }],
      ...[
        { title: 'opened', form: 'time' as const },
        { title: 'last seen', form: 'time' as const },
      ],
      ...[{ title: 'notified by' }, { title: 'acknowledged or resolved by' }],
    ],
    rows: shown.map(rowOf),
    empty:
      board === null || unread !== ''
        ? 'Which ones is not known.'
        : !isAllLooked
          ? 'None of what was looked at: not everything was, see above.'
          : settledCount(view) > 0
            ? 'None but those that somebody accepted or resolved: see the losses.'
            : 'None.',
  };
}

/** `Open: 1 broken, 2 notices.` */
function countsText({ open }: WatchView): string {
  const unknown = Object.values(open).some((count) => count === null);
  if (unknown) return 'How many are open is not known yet.';
  const words: Readonly<Record<string, string>> = {
    broken: 'that the archive is broken',
    unverifiable: 'that something could not be verified',
    attempt: 'that somebody tried to change something',
    notice: 'to take notice of',
  };
  const some = Object.entries(open).flatMap(([severity, count]) =>
    count === null || count === 0 ? [] : [`${countText(count)} ${words[severity] ?? severity}`],
  );
  return some.length === 0 ? '' : `Open: ${some.join(', ')}.`;
}

const SEVERITY_WORDS: Readonly<Record<string, string>> = {
  broken: 'broken',
  unverifiable: 'not verified',
  attempt: 'attempt',
  notice: 'notice',
};

function rowOf(one: BoardFinding): TableCell[] {
  const { file, openedMs, seenMs } = one;
  const { code, severity } = file.finding;
  const tone = severity === 'broken' || severity === 'attempt' ? 'bad' : 'open';
  return [
    { text: SEVERITY_WORDS[severity] ?? severity, tone },
    ...[foundText(one), whereText(one), timeCell(openedMs), timeCell(seenMs)],
    ...[notifiedCell(one, reachesPeople(code)), answersCell(one)],
  ];
}

function foundText({ id, file: { finding } }: BoardFinding): string {
  const { code, found } = finding;
  const detail = found === null ? '' : `\n${cut(found)}`;
  return `${CODE_WORDS[code].seen}${detail}\n(${code}, ${id.slice(0, 8)})`;
}

const cut = (text: string): string => (text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX)} …` : text);

const SCOPES: Readonly<Record<string, string>> = {
  archive: 'the archive, outside of its chains',
  attestations: "the verifier's own bucket",
  configuration: 'settings of the account',
};

function whereText({ file }: Pick<BoardFinding, 'file'>): string {
  const { scope, chain, partition, finding } = file;
  const drill = isOfDrill({ file }) ? '\nin the place of drills' : '';
  if (chain === null) return `${SCOPES[scope] ?? scope.replace(/^access\/date=/, 'calls of ')}${drill}`;
  const key = finding.key === null ? null : parseKey(finding.key);
  const sequence = finding.sequence ?? (key !== null && 'sequence' in key ? key.sequence : null);
  const segment = sequence === null ? '' : `, segment ${sequence}`;
  const sealed = key?.kind === 'data' ? `\nof ${key.date}` : '';
  return `${chain}/${partition}${segment}${sealed}${drill}`;
}

function notifiedCell({ notified }: BoardFinding, isSent: boolean): TableCell {
  if (notified.length > 0) return notified.join(', ');
  return isSent ? { text: 'nothing yet', tone: 'open' } : 'nothing: nobody is notified of these';
}

function answersCell({ answers, otherAnswers }: BoardFinding): TableCell {
  const lines = answers.map(
    ({ kind, by, text, atMs }) =>
      `${kind === 'ack' ? 'acknowledged' : 'resolved'} by ${by}, ${timeCell(atMs)}: ${cut(text)}`,
  );
  if (otherAnswers > 0)
    lines.push(`${counted(otherAnswers, 'note')} of somebody whose key is not known here: not counted`);
  return lines.length === 0 ? { text: 'nobody', tone: 'open' } : lines.join('\n');
}

export function lossesBlock(view: WatchView): TableBlock {
  const { board } = view.findings;
  const all = (board?.findings ?? []).filter(({ file }) => isDecision(file.finding));
  const shown = [
    ...all.filter(({ settled }) => settled === null),
    ...all.filter(({ settled }) => settled !== null),
  ].slice(0, SHOWN_MAX);
  const more = all.length - shown.length;
  const unread = notRead(view);
  return {
    ...{ kind: 'table', title: 'Losses' },
    intro:
      'Records that are missing by the word of an operator, and chains that went on as another one, in segments that ' +
      `this verifier attested. They are listed for ever.${unknownText(board)} All of the archive: ledgerstone losses.` +
      `${more > 0 ? ` And ${countText(more)} more: ${LIST}.` : ''}${unread === '' ? '' : ` ${unread}`}`,
    columns: [
      ...[{ title: 'state' }, { title: 'where' }, { title: 'what' }],
      ...[{ title: 'found', form: 'time' as const }, { title: 'accepted or resolved by' }],
    ],
    rows: shown.map(lossRow),
    empty:
      board === null || unread !== '' ? 'Not known.' : 'No finding of this verifier says that any is lost.',
  };
}

const unknownText = (board: Board | null): string =>
  board?.decisionsUnknown == null
    ? ''
    : ` Which of them were accepted by decisions is not known: ${board.decisionsUnknown}.`;

function lossRow(one: BoardFinding): TableCell[] {
  const { file, openedMs, settled } = one;
  const isLoss = file.finding.code === 'records-lost';
  const state: TableCell =
    settled === null
      ? { text: isLoss ? 'lost: not accepted yet' : 'not resolved yet', tone: 'open' }
      : settled.how === 'accepted'
        ? 'accepted loss'
        : isLoss
          ? 'resolved loss'
          : 'resolved';
  return [
    state,
    whereText(one),
    isLoss ? lostText(one) : cut(file.finding.found ?? ''),
    timeCell(openedMs),
    settled === null
      ? answersCell(one)
      : `${settled.by.join(' and ')}, ${timeCell(settled.atMs)}: ${cut(settled.text)}`,
  ];
}

/** By the signed line, where it could be read. */
function lostText({ lost, file }: BoardFinding): string {
  const found = cut(file.finding.found ?? '');
  if (lost === null || typeof lost === 'string') return found;
  const records = lost.reduce((sum, { offsets }) => sum + offsets, 0);
  return `${counted(records, 'record')}\n${found.replace(/^[\d,]+ records? lost[^;]*; /, '')}`;
}
