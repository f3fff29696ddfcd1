// What does a person read who gets an alarm?
import { printable } from '../../base/printable.ts';
import { timeText } from '../../format/time.ts';
import type { Finding, Severity } from '../../verify/finding.ts';
import { isMore } from '../findings/bounds.ts';
import type { Entry } from '../findings/ledger.ts';
import { findingKey } from '../own-keys.ts';

const LISTED_MAX = 20;

const WORD: Readonly<Record<Severity, string>> = {
  broken: 'BROKEN',
  unverifiable: 'UNVERIFIABLE',
  attempt: 'ATTEMPT',
  notice: 'notice',
  info: 'info',
};
const ORDER: readonly Severity[] = ['broken', 'unverifiable', 'attempt', 'notice', 'info'];

const ADVICE: Readonly<Record<Severity, string>> = {
  broken:
    'The archive is not what was signed, or not kept as promised. Change nothing in either bucket. Run `ledgerstone verify` from another machine with the keys that you pinned, and find out who had write access.',
  unverifiable:
    'It could not be shown either way, because a key is not pinned or something could not be read. Nothing new is attested until that is fixed.',
  attempt:
    'Somebody tried to change the archive. By itself this changes no archived record. Find out who it was, and remove the permission.',
  notice: 'For information: nothing has to be done at once.',
  info: 'For information.',
};

export type AlarmMessage = { readonly subject: string; readonly text: string };

/** `entries`: at least one, of one scope. */
export function alarmMessage(entries: readonly Entry[], verifierName: string): AlarmMessage {
  const sorted = entries.toSorted((a, b) => rank(a) - rank(b));
  const first = sorted[0]?.file.finding;
  const worst = first?.severity ?? 'info';
  const where = printable(scopeText(sorted[0]));
  const others = sorted.length === 1 ? '' : ` and ${sorted.length - 1} more`;
  const listed = sorted.slice(0, LISTED_MAX).map((entry, index) => itemText(entry, index + 1));
  const left = sorted.length - listed.length;
  const text = [
    `${verifierName} found in ${where}: ${countsText(sorted)}.`,
    ...(worst === 'info' ? [] : [ADVICE[worst]]),
    ...listed,
    ...(left > 0 ? [`… and ${left} more, each in the verifier's bucket below findings/.`] : []),
  ].join('\n\n');
  return { subject: `[${WORD[worst]}] ${first?.code ?? ''} in ${where}${others}`, text: `${text}\n` };
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
    `${verifierName} found the following in ${where} and could NOT write it as evidence, because its own bucket can't be reached or refuses. The next run tries again.`,
    ADVICE[worst],
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

function itemText({ id, file }: Entry, number: number): string {
  const { finding, scope, opening, firstSeenMs } = file;
  const key = findingKey({ scope, code: finding.code, id, opening, state: 'open', mark: '' });
  const again = opening === 0 ? [] : [`   again       for the ${opening + 1}th time`];
  return [
    ...findingLines(finding, `${number}. `),
    ...again,
    `   first seen  ${timeText(firstSeenMs)}`,
    `   evidence    ${key}`,
  ].join('\n');
}

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
