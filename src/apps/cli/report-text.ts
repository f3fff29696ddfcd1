// How is the report of a verification printed, for people and for programs?

import { counted, countText } from '../../base/counted.ts';
import { printable } from '../../base/printable.ts';
import { leastLockApart } from '../../evidence/controls/least-lock.ts';
import { attestationsRoot } from '../../format/attestation.ts';
import type { Finding, Verdict } from '../../verify/finding.ts';
import type { GapInChain } from '../../verify/gaps.ts';
import { isOfLeastLock } from '../../verify/locks.ts';
import { type ChainReport, placedName, type Report } from '../../verify/report.ts';
import { decisionsText } from './decisions-look.ts';
import type { Colour, Output } from './output.ts';
import { bytesText, type Column, tableText } from './table.ts';
import {
  boundsOf,
  type Given,
  isCopy,
  type JudgedReport,
  NOTHING_GIVEN,
  type ReportOfArchive,
  reachText,
  statedText,
  totalsOf,
} from './verdict-bounds.ts';

const COLOURS: Readonly<Record<Verdict, Colour>> = {
  verified: 'green',
  broken: 'red',
  unverifiable: 'yellow',
};

const NEWER =
  'part of it was made by a newer version of Ledgerstone and could not be checked: upgrade, and verify again';

/** What the verdict says of all that was looked at. Its bounds follow in lines of their own. */
function meaningOf(report: Report, given: Given): string {
  const { verdict, depth, chains } = report;
  if (verdict === 'broken') return brokenText(report, given);
  if (verdict === 'unverifiable') {
    const isNewer = allFindings(report).some(({ code }) => code === 'newer-format');
    return isNewer ? NEWER : 'it could not be shown either way';
  }
  const end = `signed by a trusted key: ${reachText(chains)}`;
  if (depth === 'seals') return `every seal that is here follows the one before it and is ${end}`;
  const isAll = chains.every(({ expired }) => expired === 0);
  return `${isAll ? 'all' : 'all data'} that is here is unaltered, in unbroken order and ${end}`;
}

/** A seal that promises less than somebody asks for is what was signed, and may be kept as it promises. */
function brokenText(report: Report, given: Given): string {
  const { report: besides, short } = leastLockApart(report);
  const isOther = ({ severity, ...finding }: Finding) => severity === 'broken' && !isOfLeastLock(finding);
  if (short === 0 || allFindings(report).some(isOther))
    return 'this archive is not what was signed, or not kept as promised';
  const seals = counted(short, 'seal promises', 'seals promise');
  const said = `${seals} a shorter lock than the ${given.leastLock ?? 'least one'} that was asked for`;
  const omitted = [report, ...report.chains].reduce((sum, one) => sum + one.findingsOmitted, 0);
  return besides.verdict === 'broken'
    ? `${said}, and ${counted(omitted, 'finding')} of any kind are not listed`
    : `${said}. Without that: ${meaningOf(besides, given)}`;
}

const allFindings = ({ findings, chains }: Report): readonly Finding[] => [
  ...findings,
  ...chains.flatMap((chain) => chain.findings),
];

export const verdictText = (output: Output, verdict: Verdict): string =>
  output.colour(COLOURS[verdict], verdict);

const COLUMNS: readonly Column[] = [
  { title: 'chain' },
  { title: 'verdict' },
  { title: 'segments', align: 'right' },
  { title: 'records sealed', align: 'right' },
  { title: 'records read', align: 'right' },
  { title: 'next offset', align: 'right' },
  { title: 'last sealed' },
];

/** Into a copy its owner may put what they like: that is no attempt to change the archive. */
type Words = { readonly output: Output; readonly isCopy: boolean };

/** Findings shown of one chain; `--json` has them all. */
const SHOWN_MAX = 20;

/** Archives that were shown come first, each with its own verdict; one for all comes last. */
export function reportText(
  report: JudgedReport,
  description: string,
  output: Output,
  given: Given = NOTHING_GIVEN,
): string {
  const { beside, ...own } = report;
  if (beside === undefined) return archiveText(own, description, output, given);
  const { verdictAlone, archives } = beside;
  const shown = archives.map((one) =>
    [
      `beside it, with keys of its own: ${printable(one.name)}`,
      archiveText(one.report, one.name, output, NOTHING_GIVEN),
    ].join('\n'),
  );
  const alone = archiveText({ ...own, verdict: verdictAlone }, description, output, given);
  const bad = archives.filter((one) => one.report.verdict !== 'verified').map(({ name }) => name);
  const all =
    bad.length === 0
      ? `with ${counted(archives.length, 'archive')} beside it`
      : `${bad.join(', ')} beside it ${bad.length === 1 ? 'is' : 'are'} not verified, see above`;
  const last = `${verdictText(output, report.verdict)}  in all: ${printable(`${description} ${all}`)}`;
  return `${[...shown, alone, last].join('\n')}\n`;
}

function archiveText(report: ReportOfArchive, description: string, output: Output, given: Given): string {
  const { chains } = report;
  const rows = report.chains.map((chain) => [
    placedName(chain),
    chain.verdict,
    countText(chain.size),
    countText(chain.entries),
    countText(chain.entriesRead),
    chain.nextOffset === null ? '-' : String(chain.nextOffset),
    chain.lastSealed ?? '-',
  ]);
  const lines = [tableText(COLUMNS, rows).trimEnd()];
  const words: Words = { output, isCopy: isCopy(report) };
  for (const chain of report.chains) lines.push(...chainFindings(chain, words));
  lines.push(...otherFindings(report, words));
  lines.push('', checkedLine(report.chains, given));
  lines.push(...decisionsText(report.decisions ?? null).map(printable));
  const verdict = verdictText(output, report.verdict);
  lines.push(`${verdict}  ${description}: ${meaningOf(report, given)}${strangeText(report)}`);
  if (chains.length > 0) lines.push(`  ${statedText(report)}`);
  lines.push(...boundsOf(report, given).map((said) => `  ${said}`));
  return `${lines.join('\n')}\n`;
}

const STRANGE: readonly (readonly [code: string, one: string, many: string])[] = [
  ['delete-marker', 'delete marker', 'delete markers'],
  ['extra-version', 'newer version of an object', 'newer versions of objects'],
  ['foreign-object', 'object that is no part of it', 'objects that are no part of it'],
];

/** They lie in another store, which is no copy. */
const isOfAttestations = ({ code, key }: Finding): boolean =>
  code === 'foreign-object' && key?.startsWith(attestationsRoot) === true;

/** What somebody else wrote beside the archive does not change the verdict, and must not be overlooked. */
function strangeText(report: Report): string {
  const all = allFindings(report);
  const parts = STRANGE.flatMap(([code, one, many]) => {
    const count = all.filter((finding) => finding.code === code && !isOfAttestations(finding)).length;
    return count === 0 ? [] : [counted(count, one, many)];
  });
  const floods = all.filter(isOfAttestations).length;
  if (floods > 0) parts.push(`among the attestations ${counted(floods, 'flood')} of foreign objects`);
  return parts.length === 0 ? '' : `; beside it ${parts.join(', ')}, see above`;
}

/** Under a heading of their own, or they would seem to be of the last chain. */
function otherFindings({ findings, findingsOmitted }: Report, words: Words): string[] {
  const lines = findingLines(findings, findingsOmitted, words);
  return lines.length === 0 ? [] : ['', 'of none of the chains above', ...lines];
}

function chainFindings(chain: ChainReport, words: Words): string[] {
  const lines = [
    ...findingLines(chain.findings, chain.findingsOmitted, words),
    ...continuedLine(chain),
    ...gapLines(chain, words.output),
  ];
  return lines.length === 0 ? [] : ['', printable(placedName(chain)), ...lines];
}

/** Another chain ended there, and somebody said why. */
function continuedLine({ continues }: ChainReport): string[] {
  if (continues === null) return [];
  const { origin, nextOffset, by, reason } = continues;
  return [printable(`  continues ${origin} from its offset ${nextOffset} on, by ${by}: ${reason}`)];
}

/** `lost     offsets 121003 to 121022 (accepted), sealed 2026-11-22T10:01:00.000Z, by J. Doe: outage` */
function gapLines({ gaps, gapsOmitted, gapOffsetsUnread }: ChainReport, output: Output): string[] {
  const lines = gaps.slice(0, SHOWN_MAX).map((gap) => {
    const kind = gap.reason === 'compacted' ? 'not archived' : output.colour('yellow', 'lost');
    return `  ${kind}  ${gapText(gap)}`;
  });
  const more = gapsOmitted + Math.max(0, gaps.length - SHOWN_MAX);
  if (more > 0) lines.push(`  and ${counted(more, 'more gap')} (\`ledgerstone losses\` lists them)`);
  if (gapOffsetsUnread > 0) {
    lines.push(
      `  ${counted(gapOffsetsUnread, 'more offset')} lost or compacted: the lines that say why were not read`,
    );
  }
  return lines;
}

function gapText({ firstOffset, lastOffset, reason, by, why, sealed }: GapInChain): string {
  const offsets =
    firstOffset === lastOffset ? `offset ${firstOffset}` : `offsets ${firstOffset} to ${lastOffset}`;
  return printable(`${offsets} (${reason}), sealed ${sealed}, by ${by}: ${why}`);
}

function findingLines(findings: readonly Finding[], omitted: number, words: Words): string[] {
  const { output } = words;
  const infos = new Map<string, number>();
  for (const { code, severity } of findings)
    if (severity === 'info' && code !== 'locks-not-applicable') infos.set(code, (infos.get(code) ?? 0) + 1);
  const others = findings.filter(({ severity }) => severity !== 'info');
  const lines = others.slice(0, SHOWN_MAX).flatMap((finding) => findingText(finding, words));
  for (const [code, count] of infos)
    lines.push(`  ${output.colour('dim', code)} (info)${count > 1 ? ` ×${count}` : ''}`);
  const more = omitted + Math.max(0, others.length - SHOWN_MAX);
  return more > 0 ? [...lines, `  and ${counted(more, 'more finding')} (--json lists them)`] : lines;
}

function findingText(finding: Finding, { output, isCopy }: Words): string[] {
  const word =
    isCopy && finding.severity === 'attempt' && !isOfAttestations(finding) ? 'beside it' : finding.severity;
  const colour = finding.severity === 'broken' ? 'red' : finding.severity === 'info' ? 'dim' : 'yellow';
  const place = [
    finding.sequence === null ? null : `segment ${finding.sequence}`,
    finding.key,
    finding.versionId === null || finding.versionId === 'null' ? null : `version ${finding.versionId}`,
  ].filter((part) => part !== null);
  const detail = [
    finding.expected === null ? null : `expected ${finding.expected}`,
    finding.found === null ? null : `found ${finding.found}`,
  ].filter((part) => part !== null);
  return [
    `  ${output.colour(colour, finding.code)} (${word})  ${printable(place.join('  '))}`.trimEnd(),
    ...(detail.length === 0 ? [] : [`      ${printable(detail.join('; '))}`]),
  ];
}

function checkedLine(chains: readonly ChainReport[], { leastLock }: Given): string {
  const sum = (of: (chain: ChainReport) => number) => chains.reduce((total, chain) => total + of(chain), 0);
  const parts = [
    counted(
      sum((chain) => chain.checked.seals),
      'seal',
    ),
    counted(
      sum((chain) => chain.checked.signatures),
      'signature',
    ),
    counted(
      sum((chain) => chain.checked.locks),
      'lock',
    ),
    counted(
      sum((chain) => chain.checked.lines),
      'line',
    ),
    `${bytesText(sum((chain) => chain.bytes))} of data hashed`,
  ];
  const promises =
    leastLock === null ? '' : `; each seal that was read against a lock of ${leastLock} or more`;
  return `checked ${parts.join(', ')}${promises}`;
}

/**
 * Stable: `{verdict, chains: [{origin, verdict, size, root, nextOffset, entries, missing, gaps, findings}],
 * findings, totals: {offsets, archived, lost, missing}, leastLock, bounds, decisions}`, and more. `bounds`:
 * sentences on what a verdict of `verified` leaves open, else empty. With archives that were shown beside it,
 * `beside: {verdictAlone, archives: [{name, report}]}`: `verdict` is then the worst of all.
 */
export const reportJson = ({ beside, ...report }: JudgedReport, given: Given) => ({
  ...archiveJson(report, given),
  ...(beside && {
    beside: {
      ...beside,
      archives: beside.archives.map((one) => ({
        name: one.name,
        report: archiveJson(one.report, NOTHING_GIVEN),
      })),
    },
  }),
});

const archiveJson = (report: ReportOfArchive, given: Given) => ({
  ...report,
  totals: totalsOf(report.chains),
  leastLock: given.leastLock,
  bounds: boundsOf(report, given),
});
