// How is a finding shown with everything that became of it, side by side?
import type { ReportedFinding } from './checks-days.ts';
import { shortTime } from './frame.ts';
import { Markup, markup } from './markup.ts';

/** No finding without what people said of it, and no answer without its finding. */
export function findingsOf(findings: readonly ReportedFinding[]): Markup {
  if (findings.length === 0) return markup`<p>None of that time is known.</p>`;
  return markup`<p class="soft">A check opens a finding, and a check closes it. What people say stands beside it and closes nothing. A lost record stays lost: such a finding is never closed, and counts as open until two people accept it or one resolves it.</p>
${findings.map(articleOf)}`;
}

function articleOf(finding: ReportedFinding): Markup {
  const { code, severity, scope, id, opening, key, expected, found, check, opened, notified } = finding;
  const { closed, settled } = finding;
  const again = opening === 0 ? '' : `, for the ${opening + 1}th time`;
  const state =
    closed !== null
      ? markup`closed ${shortTime(closed.at)} by ${closed.check}: ${closed.why}`
      : settled !== null
        ? settledText(finding, settled)
        : markup`<span class="tone-bad">open</span> when this report was made`;
  const people = notified.map(({ channel, at }) => `${channel} ${shortTime(at)}`).join('\n');
  const rows: (readonly [string, string | Markup])[] = [
    ['State', state],
    ['Opened (UTC)', `${shortTime(opened)}, by ${check}${again}`],
    ...(key === null ? [] : [['About', markup`<span class="code">${key}</span>`] as const]),
    ...(expected === null ? [] : [['Expected', expected] as const]),
    ...(found === null ? [] : [['Found', found] as const]),
    [
      'Notified (UTC)',
      people === '' ? markup`<span class="tone-open">nobody, as far as the notes say</span>` : people,
    ],
    ['Acknowledged', answersOf(finding, 'ack')],
    ['Resolved', answersOf(finding, 'resolve')],
    ...(finding.otherAnswers === 0
      ? []
      : [['Not counted', `notes that no named person has signed: ${finding.otherAnswers}`] as const]),
  ];
  return markup`<article><h3>${severity}: ${code}, ${scope}</h3>
<p class="hash">${id}</p>
<dl>${rows.map(([name, value]) => markup`<dt>${name}</dt><dd>${value}</dd>`)}</dl></article>`;
}

function answersOf({ answers }: ReportedFinding, kind: 'ack' | 'resolve'): Markup {
  const some = answers.filter((answer) => answer.kind === kind);
  if (some.length === 0) return markup`<span class="tone-open">by nobody who was named</span>`;
  return new Markup(some.map((answer) => markup`${answerText(answer)}`.html).join('\n'));
}

/** `2026-11-30 10:00:00 by Ada Byron (key 0a1b2c3d): a test of ours` */
export const answerText = ({ by, at, text, keyId }: ReportedFinding['answers'][number]): string =>
  `${shortTime(at)} by ${by} (${keyId === null ? 'an act' : `key ${keyId}`}): ${text}`;

const settledText = (
  { code }: ReportedFinding,
  { how, by, at, text }: NonNullable<ReportedFinding['settled']>,
): string => {
  const what = how === 'accepted' ? 'accepted loss' : code === 'records-lost' ? 'resolved loss' : 'resolved';
  return `${what}, by ${by.join(' and ')}, ${shortTime(at)}: ${text}. It stays listed.`;
};
