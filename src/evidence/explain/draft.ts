// What could a first notice to a regulator say, with blanks for what a program can't know?
import { counted } from '../../base/counted.ts';
import { printable } from '../../base/printable.ts';
import type { Explanation, FoundIn } from './explanation.ts';

const BLANK = '[…]';

/**
 * A draft after the members of GDPR art. 33(3), which other notices (NIS2 art. 23, DORA art. 19) ask for in
 * like words. It holds no event's content. Whether there is a duty to notify is not decided here.
 */
export function draftText({ report, besides, explained, standing }: Explanation, digest: string): string {
  const against = explained.filter(
    ({ severity, kind }) => kind === 'own' && (severity === 'broken' || severity === null),
  );
  const places = against.flatMap((one) => one.places);
  const chains = [...new Set(places.flatMap(({ chain }) => chain?.origin ?? []))];
  const codes = list(against.map(({ code, places: of }) => `${code} (${counted(countOf(of), 'finding')})`));
  const nature =
    besides === 'broken'
      ? 'The check of an archive of audit events found that it is not what was signed, or not kept as ' +
        `promised: ${printable(codes)}.`
      : 'The check of an archive of audit events could not show whether it is what was signed. A breach is ' +
        'not established.';
  const whole = standing.filter(({ isVerified }) => isVerified).length;
  return [
    'DRAFT OF A FIRST NOTICE',
    'A program made it from the report. It does not decide whether there is a duty to notify, whom and by when:',
    'ask your counsel.',
    'GDPR art. 33 counts 72 hours from becoming aware; NIS2 art. 23 asks for an early warning within 24;',
    'DORA art. 19 has times of its own.',
    '',
    `To: ${BLANK}                       Reference: ${BLANK}`,
    `From: ${BLANK} (name, role, telephone; data protection officer: ${BLANK})`,
    `Became aware: ${BLANK} (date, time, time zone, by whom)`,
    `Verified: ${report.run === null ? BLANK : printable(`${report.run.at}, ${report.run.archive}`)}`,
    '',
    `1. What happened. ${nature} When it happened is ${BLANK}; so far not known.`,
    `2. What is concerned. ${chains.length === 0 ? BLANK : printable(list(chains))}. Categories and approximate ` +
      `number of persons: ${BLANK}. Categories of records: ${BLANK}. Approximate number of records: ` +
      `${recordsText(places)}.`,
    `3. What is not concerned, as far as known. ${whole} of ${counted(standing.length, 'chain')} verified in the ` +
      'same report.',
    `4. Likely consequences. ${BLANK} (can decisions or other evidence rest on the records concerned?)`,
    `5. Measures taken or proposed. The archive is kept unchanged. ${BLANK}`,
    `6. If later than 72 hours: the reason. ${BLANK}`,
    `7. Evidence. Report of the verification, SHA-256 ${digest}. ${BLANK}`,
    'More will follow as it is known.',
  ].join('\n');
}

/** As far as the seals of the segments that the findings name could be read. */
function recordsText(places: readonly FoundIn[]): string {
  const spans = new Map<string, number>();
  let isAll = places.length > 0;
  for (const { chain, segments } of places) {
    if (chain === null || segments.length === 0) isAll = false;
    for (const { sequence, looked } of segments) {
      if (looked === null || 'problem' in looked) isAll = false;
      else spans.set(`${chain?.origin} ${sequence}`, looked.span.records);
    }
  }
  if (spans.size === 0) return BLANK;
  const records = [...spans.values()].reduce((sum, count) => sum + count, 0);
  const said = `at most ${counted(records, 'record')} in ${counted(spans.size, 'segment')}, as the seals state`;
  return isAll ? said : `${said}; of other findings it is ${BLANK}`;
}

const countOf = (places: readonly FoundIn[]): number =>
  places.reduce((sum, { findings }) => sum + findings.length, 0);

const SHOWN_MAX = 10;
const list = (items: readonly string[]): string => {
  const more = items.length - SHOWN_MAX;
  return `${items.slice(0, SHOWN_MAX).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
};
