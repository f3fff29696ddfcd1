// How is the report of a verification printed, for people and for programs?

import { printable } from '../../base/printable.ts';
import type { Finding, Verdict } from '../../verify/finding.ts';
import type { ChainReport, Report } from '../../verify/report.ts';
import type { Colour, Output } from './output.ts';
import { bytesText, type Column, countText, tableText } from './table.ts';

const COLOURS: Readonly<Record<Verdict, Colour>> = {
  verified: 'green',
  broken: 'red',
  unverifiable: 'yellow',
};
const MEANING: Readonly<Record<Verdict, string>> = {
  verified: 'every chain is complete, unaltered and signed by a trusted key',
  broken: 'this archive is not what was signed, or not kept as promised',
  unverifiable: 'it could not be shown either way',
};

const meaningOf = ({ verdict, depth }: Report): string =>
  verdict === 'verified' && depth === 'seals'
    ? 'every seal is in place and signed by a trusted key; data was not read'
    : MEANING[verdict];

export const verdictText = (output: Output, verdict: Verdict): string =>
  output.colour(COLOURS[verdict], verdict);

const COLUMNS: readonly Column[] = [
  { title: 'chain' },
  { title: 'verdict' },
  { title: 'segments', align: 'right' },
  { title: 'entries', align: 'right' },
  { title: 'next offset', align: 'right' },
  { title: 'last sealed' },
];

/** Findings shown of one chain; `--json` has them all. */
const SHOWN_MAX = 20;

export function reportText(report: Report, description: string, output: Output): string {
  const rows = report.chains.map((chain) => [
    chain.origin,
    chain.verdict,
    countText(chain.size),
    countText(chain.entries),
    chain.nextOffset === null ? '-' : String(chain.nextOffset),
    chain.lastSealed ?? '-',
  ]);
  const lines = [tableText(COLUMNS, rows).trimEnd()];
  for (const chain of report.chains) lines.push(...chainFindings(chain, output));
  lines.push(...findingLines(report.findings, report.findingsOmitted, output));
  lines.push('', checkedLine(report.chains));
  const attempts = attemptsText(report);
  lines.push(`${verdictText(output, report.verdict)}  ${description}: ${meaningOf(report)}${attempts}`);
  return `${lines.join('\n')}\n`;
}

/** Attempts do not change the verdict, and must not be overlooked. */
function attemptsText({ findings, chains }: Report): string {
  const all = [...findings, ...chains.flatMap((chain) => chain.findings)];
  const count = all.filter(({ severity }) => severity === 'attempt').length;
  return count === 0
    ? ''
    : `; ${countText(count)} ${count === 1 ? 'attempt' : 'attempts'} to change it, see above`;
}

function chainFindings(chain: ChainReport, output: Output): string[] {
  if (chain.findings.length === 0) return [];
  return ['', printable(chain.origin), ...findingLines(chain.findings, chain.findingsOmitted, output)];
}

function findingLines(findings: readonly Finding[], omitted: number, output: Output): string[] {
  const infos = new Map<string, number>();
  for (const { code, severity } of findings)
    if (severity === 'info') infos.set(code, (infos.get(code) ?? 0) + 1);
  const others = findings.filter(({ severity }) => severity !== 'info');
  const lines = others.slice(0, SHOWN_MAX).flatMap((finding) => findingText(finding, output));
  for (const [code, count] of infos)
    lines.push(`  ${output.colour('dim', code)} (info)${count > 1 ? ` ×${count}` : ''}`);
  const more = omitted + Math.max(0, others.length - SHOWN_MAX);
  return more > 0 ? [...lines, `  and ${countText(more)} more findings (--json lists them)`] : lines;
}

function findingText(finding: Finding, output: Output): string[] {
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
    `  ${output.colour(colour, finding.code)} (${finding.severity})  ${printable(place.join('  '))}`.trimEnd(),
    ...(detail.length === 0 ? [] : [`      ${printable(detail.join('; '))}`]),
  ];
}

function checkedLine(chains: readonly ChainReport[]): string {
  const sum = (of: (chain: ChainReport) => number) => chains.reduce((total, chain) => total + of(chain), 0);
  const parts = [
    `${countText(sum((chain) => chain.checked.seals))} seals`,
    `${countText(sum((chain) => chain.checked.signatures))} signatures`,
    `${countText(sum((chain) => chain.checked.locks))} locks`,
    `${countText(sum((chain) => chain.checked.lines))} lines`,
    `${bytesText(sum((chain) => chain.bytes))} of data hashed`,
  ];
  return `checked ${parts.join(', ')}`;
}

/**
 * Stable: `{verdict, chains: [{origin, verdict, size, root, nextOffset, entries, findings, …}], findings}`.
 */
export const reportJson = (report: Report) => report;
