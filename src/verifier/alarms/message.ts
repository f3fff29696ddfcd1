// What does a person read who gets an alarm?
import { printable } from '../../base/printable.ts';
import { timeText } from '../../format/time.ts';
import type { Finding, Severity } from '../../verify/finding.ts';
import { isOfLeastLock } from '../../verify/locks.ts';
import { isMore } from '../findings/bounds.ts';
import type { Entry } from '../findings/ledger.ts';
import type { Closing } from '../findings/record.ts';
import { isOfDrill } from './drill.ts';

const LISTED_MAX = 20;

const WORD: Readonly<Record<Severity, string>> = {
  broken: 'BROKEN',
  unverifiable: 'UNVERIFIABLE',
  attempt: 'ATTEMPT',
  notice: 'ATTENTION',
  info: 'info',
};
const ORDER: readonly Severity[] = ['broken', 'unverifiable', 'attempt', 'notice', 'info'];

const ADVICE: Readonly<Record<Severity, string>> = {
  broken: [
    'The archive is not what was signed, or not kept as promised. Change nothing in either bucket.',
    'Run `ledgerstone verify` from another machine with the keys that you pinned,',
    'and find out who had write access.',
  ].join(' '),
  unverifiable: [
    'It could not be shown either way, because a key is not pinned or something could not be read.',
    'Nothing new is attested until that is fixed.',
  ].join(' '),
  attempt: [
    'Somebody tried to change the archive. By itself this changes no archived record.',
    'Find out who it was, and remove the permission.',
  ].join(' '),
  notice: [
    'The verdict stands, and somebody has to look: an archiver stands still, a legal hold was taken away,',
    'records were given up, or a chain ended and goes on in another.',
  ].join(' '),
  info: 'For information.',
};

/** Not one promise of the archive is broken. */
const LEAST_LOCK = [
  'Seals promise a shorter lock than `sweep.leastLock` of this verifier asks for. Nothing else that breaks the',
  'archive is in this message. Compare that period with the policy of the archive, and change the wrong one.',
].join(' ');

const adviceOf = (findings: readonly Finding[]): string => {
  const broken = findings.filter(({ severity }) => severity === 'broken');
  if (broken.length > 0 && broken.every(isOfLeastLock)) return LEAST_LOCK;
  return ADVICE[findings[0]?.severity ?? 'info'];
};

/** It may be no drill: everybody who can write may write there. */
const DRILL = [
  'It concerns nothing but the place that is reserved for drills (`ledgerstone drill`): no archived record.',
  'If nobody runs a drill now, it is an attempt: find out who it was.',
].join(' ');

const UNREACHED =
  "because its own bucket or its signing key can't be reached or refuses. The next run tries again.";

export type AlarmMessage = { readonly subject: string; readonly text: string };

/** `entries`: at least one, of one scope. */
export function alarmMessage(entries: readonly Entry[], verifierName: string): AlarmMessage {
  const sorted = entries.toSorted((a, b) => rank(a) - rank(b));
  const worst = sorted[0]?.file.finding.severity ?? 'info';
  const isAllDrill = sorted.every(isOfDrill);
  const text = [
    `${verifierName} found in ${whereOf(sorted)}: ${countsText(sorted)}.`,
    ...(isAllDrill ? [DRILL] : worst === 'info' ? [] : [adviceOf(sorted.map(({ file }) => file.finding))]),
    ...listed(sorted, (entry, number) => itemText(entry, number)),
  ].join('\n\n');
  const word = isAllDrill ? `DRILL: ${WORD[worst]}` : WORD[worst];
  return { subject: subjectOf(word, sorted), text: `${text}\n` };
}

/** `entries`: at least one, of one scope, all closed. */
export function closingMessage(entries: readonly Entry[], verifierName: string): AlarmMessage {
  const sorted = entries.toSorted((a, b) => rank(a) - rank(b));
  const text = [
    `${verifierName} closed in ${whereOf(sorted)}: ${countsText(sorted)}.`,
    ...listed(sorted, closedText),
  ].join('\n\n');
  const word = sorted.every(isOfDrill) ? 'DRILL: closed' : 'closed';
  return { subject: subjectOf(word, sorted), text: `${text}\n` };
}

const subjectOf = (word: string, entries: readonly Entry[]): string => {
  const others = entries.length === 1 ? '' : ` and ${entries.length - 1} more`;
  return `[${word}] ${entries[0]?.file.finding.code ?? ''} in ${whereOf(entries)}${others}`;
};

const whereOf = (entries: readonly Entry[]): string => printable(scopeText(entries[0]));

function listed(entries: readonly Entry[], item: (entry: Entry, number: number) => string): string[] {
  const left = entries.length - LISTED_MAX;
  return [
    ...entries.slice(0, LISTED_MAX).map((entry, index) => item(entry, index + 1)),
    ...(left > 0 ? [`… and ${left} more, each in the verifier's bucket below findings/.`] : []),
  ];
}

/** Evidence could not be written. People are notified all the same, and the next run tries again. */
export function unwrittenMessage(
  scopeName: string,
  findings: readonly Finding[],
  verifierName: string,
): AlarmMessage {
  const sorted = findings.toSorted((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity));
  const worst = sorted[0]?.severity ?? 'info';
  const where = printable(scopeName);
  const lines = sorted.slice(0, LISTED_MAX).map((finding) => findingLines(finding).join('\n'));
  const text = [
    `${verifierName} found the following in ${where} and could NOT write it as evidence, ${UNREACHED}`,
    adviceOf(sorted),
    ...lines,
  ].join('\n\n');
  return { subject: `[${WORD[worst]}, NOT KEPT] ${sorted[0]?.code ?? ''} in ${where}`, text: `${text}\n` };
}

const rank = ({ file }: Entry): number => ORDER.indexOf(file.finding.severity);

const scopeText = (entry: Entry | undefined): string => {
  if (entry === undefined) return '';
  const { chain, partition, scope } = entry.file;
  return chain === null ? scope : `${chain}/${partition}`;
};

function countsText(entries: readonly Entry[]): string {
  const count = (severity: Severity) =>
    entries.filter(({ file }) => file.finding.severity === severity).length;
  return ORDER.flatMap((severity) => (count(severity) === 0 ? [] : [`${count(severity)} ${severity}`])).join(
    ', ',
  );
}

function itemText(entry: Entry, number: number): string {
  const { finding, opening, firstSeenMs } = entry.file;
  const again = opening === 0 ? [] : [`   again       for the ${opening + 1}th time`];
  return [
    ...findingLines(finding, `${number}. `),
    ...again,
    `   first seen  ${timeText(firstSeenMs)}`,
    `   evidence    ${entry.evidence}`,
  ].join('\n');
}

function closedText(entry: Entry, number: number): string {
  const { finding, firstSeenMs, lastSeenMs, closed } = entry.file;
  const by = closed === null ? [] : closedLines(closed);
  return [
    ...findingLines(finding, `${number}. `),
    `   first seen  ${timeText(firstSeenMs)}`,
    `   last seen   ${timeText(lastSeenMs)}`,
    ...by,
    `   evidence    ${entry.evidence}`,
  ].join('\n');
}

const closedLines = ({ atMs, check, why, by }: Closing): string[] => [
  `   closed      ${timeText(atMs)} by ${printable(by.name)}, check ${check}`,
  `   because     ${printable(why)}`,
];

function findingLines(finding: Finding, lead = '- '): string[] {
  const { code, severity, key, versionId, sequence, expected, found } = finding;
  const line = (name: string, value: string | null) =>
    value === null ? [] : [`   ${name.padEnd(11)} ${printable(value)}`];
  return [
    `${lead}${code} (${severity})${sequence === null ? '' : `, segment ${sequence}`}`,
    ...line('object', isMore(finding) ? null : key),
    ...line('version', versionId),
    ...line('expected', expected),
    ...line('found', found),
  ];
}
