// How is a review of access shown, as text, for spreadsheets and for programs?
import type { AccessHolder, AccessReview, ReviewedAct } from '../../access/access-review.ts';
import { counted } from '../../base/counted.ts';
import { csvCell } from './csv.ts';
import { tableText } from './table.ts';

/** Holders shown of one act; --json and --csv have them all. */
const SHOWN_MAX = 12;

/** Its party, or the end of its ARN. `?`: under conditions that are not known here. */
function nameOf({ arn, parties, may }: AccessHolder): string {
  const name = parties.length > 0 ? parties.join('+') : arn.split(':').slice(4).join(':');
  return may === 'yes' ? name : may === 'part' ? `${name} (in part)` : `${name}?`;
}

const listed = (names: readonly string[]): string =>
  names.length === 0
    ? '–'
    : [
        ...names.slice(0, SHOWN_MAX),
        ...(names.length > SHOWN_MAX ? [`and ${names.length - SHOWN_MAX} more`] : []),
      ].join(', ');

const differs = ({ holders, lacking }: ReviewedAct): boolean =>
  lacking.length > 0 || holders.some(({ isMeant }) => !isMeant);

export function reviewText(review: AccessReview): string {
  const objects = [...new Set(review.acts.map(({ object }) => object))];
  const tables = objects.map((object) => {
    const rows = review.acts
      .filter((act) => act.object === object)
      .map((act) => [act.what, listed(act.holders.map(nameOf)), differs(act) ? 'DIFFERS' : '']);
    return tableText([{ title: object }, { title: 'who can now' }, { title: '' }], rows);
  });
  const roles = review.roles.map(({ party, takenBy, trusts, changedBy }) => [
    party,
    listed([...takenBy, ...trusts]),
    listed(changedBy),
  ]);
  const becoming = tableText(
    [{ title: 'role' }, { title: 'who may take it' }, { title: 'who may change it' }],
    roles,
  );
  return [...tables, becoming].join('\n');
}

/** One sentence for each difference. */
export function differenceTexts({ acts, roles }: AccessReview): string[] {
  const why = ({ may, on }: AccessHolder) =>
    may === 'if' || on.length > 0 ? `, depending on ${on.join(', ')}` : '';
  return [
    ...acts.flatMap(({ object, what, holders, lacking }) => [
      ...holders
        .filter(({ isMeant }) => !isMeant)
        .map((one) => `${object}: ${one.arn} can ${what}${why(one)}, and is not meant to`),
      ...lacking.map((party) => `${object}: the ${party} can't ${what}, and is meant to`),
    ]),
    ...roles.flatMap(({ party, wrong }) => wrong.map((one) => `role of the ${party}: ${one}`)),
  ];
}

/** What a review leaves open, whatever it found. */
export const ACCESS_BOUNDS: readonly string[] = [
  'not looked at: policies of the organisation (SCP, RCP), of sessions, endpoints and access points, and ACLs',
  'each act was asked in the form that the archive needs, on one object of each kind and topic that is named',
  'the account’s root user can always replace a bucket’s policy; who may change a role can become it',
  'the policies are those of the files: what was changed since they were fetched is not known',
];

export function summaryText({ acts, roles, differences, absent, notSeen }: AccessReview): string {
  const isNothing = acts.length === 0 && roles.length === 0;
  const parts = [
    isNothing ? 'nothing could be compared' : `${counted(acts.length, 'act')} compared`,
    ...(differences > 0 ? [`${counted(differences, 'difference')} from what infra means`] : []),
    ...(differences === 0 && acts.length > 0 ? ['as infra means it'] : []),
    ...(absent.length === 0 ? [] : [`no role of: ${absent.join(', ')}`]),
    ...(notSeen.length === 0 ? [] : [`${counted(notSeen.length, 'thing')} not seen`]),
  ];
  return parts.join('; ');
}

const CSV = ['object', 'act', 'principal', 'parties', 'may', 'depends_on', 'meant'] as const;

export function accessCsv({ acts }: AccessReview): string {
  const rows = acts.flatMap(({ object, what, holders, lacking }) => [
    ...holders.map(({ arn, parties, may, on, isMeant }) => [
      ...[object, what, arn, parties.join(' '), may, on.join(' '), isMeant ? 'yes' : 'no'],
    ]),
    ...lacking.map((party) => [object, what, '', party, 'no', '', 'yes']),
  ]);
  return `${[CSV, ...rows].map((row) => row.map(csvCell).join(',')).join('\n')}\n`;
}
