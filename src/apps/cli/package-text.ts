// What does `verify-package` print of one package, and of several parts?
import { counted } from '../../base/counted.ts';
import { printable } from '../../base/printable.ts';
import { colourOf, type PackageCheck, type UsedKey } from '../../evidence/check.ts';
import { type PartsVerdict, verdictOfParts } from '../../evidence/parts.ts';
import type { PackageStatement } from '../../evidence/protocol.ts';
import { drawRows } from '../../evidence/sample-texts.ts';
import { stampJson } from '../../evidence/stamp-texts.ts';
import { askedText, ENGLISH, findingText, verdictSentence } from '../../evidence/texts.ts';
import { labelOf } from '../../format/cosignature.ts';
import { EXIT } from './exit-code.ts';
import type { Output } from './output.ts';
import { stampText } from './stamp-check.ts';

const SHOWN_AS = { green: 'green', amber: 'yellow', red: 'red' } as const;

/** The verdict, what it rests on, and what it does not say. */
export async function packageText(
  output: Output,
  name: string,
  check: PackageCheck,
  hasRoots: boolean,
): Promise<void> {
  const colour = colourOf(check);
  const label = output.colour(SHOWN_AS[colour], colour);
  await output.line(`${label}: ${printable(name)}: ${verdictSentence(ENGLISH, check)}`);
  for (const finding of check.findings)
    await output.line(`  ${finding.colour}: ${findingText(ENGLISH, finding)}`);
  if (check.omitted > 0) await output.line(`  and ${counted(check.omitted, 'finding')} more`);
  if (check.manifest === null) return;
  for (const line of aboutLines(check, hasRoots)) await output.line(`  ${printable(line)}`);
  await output.line('  not shown by any package:');
  for (const line of ENGLISH.notProven) await output.line(`    ${line}`);
}

function aboutLines(check: PackageCheck, hasRoots: boolean): string[] {
  const { protocol, statement, changed, chains, cosigned, stamps, keys, manifest } = check;
  const lines: string[] = [];
  if (changed.protocol)
    lines.push('protocol.json is not as it was exported: who made the package, when and why may be made up:');
  if (protocol !== null && manifest !== null) {
    lines.push(`case ${manifest.case}, for: ${protocol.purpose}`);
    lines.push(`made by ${protocol.by}, ${protocol.began} to ${protocol.ended} by the clock of that machine`);
  }
  if (changed.statement)
    lines.push('statement.json is not as it was exported: what was asked for may be made up:');
  if (statement !== null) lines.push(...statementLines(statement));
  for (const { signed } of chains) {
    if (signed === null) continue;
    const { origin, size } = signed.checkpoint;
    lines.push(`checkpoint: ${origin}, size ${size}`);
  }
  for (const key of keys) lines.push(keyLine(key));
  for (const { by: name, algorithm, at, chain, partition } of cosigned) {
    const by = labelOf({ name, key: { algorithm } });
    const when = at === null ? 'at a time that its kind of key does not sign' : `at ${at} by its clock`;
    lines.push(`cosigned: ${chain}/${partition} by ${by}, ${when}`);
  }
  for (const { chain, partition, result } of stamps)
    lines.push(`time-stamp: checkpoint of ${chain}/${partition}: ${stampText(result, hasRoots)}`);
  return lines;
}

/** What was asked for, and of a search what it says of itself. */
const statementLines = (statement: PackageStatement): string[] => [
  `asked for: ${askedText(ENGLISH, statement)}`,
  ...(statement.kind === 'offsets'
    ? []
    : [
        ...(statement.kind === 'sample'
          ? drawRows(ENGLISH.sample, statement).flatMap(({ term, values }) =>
              values.map((value) => `${term.toLowerCase()}: ${value}`),
            )
          : []),
        statement.statement,
        ...statement.search.leftOut.map((text) => `left out: ${text}`),
        ...statement.search.facts.map((text) => `looked at: ${text}`),
        ...(statement.search.notLookedAt ?? []).map((text) => `not looked at: ${text}`),
        ...statement.search.bounds.map((text) => `not ruled out: ${text}`),
      ]),
];

const ROLE_TEXT = { log: 'key of', signer: 'key of the list of files', cosigner: 'key of the cosigner' };

const keyLine = ({ role, name, digits, isGiven }: UsedKey): string => {
  const whose = `${ROLE_TEXT[role]}${name === '' ? '' : ` ${name}`}`;
  return `${whose}: ${digits} (${isGiven ? 'you gave it' : 'only the package says whose it is: compare it'})`;
};

export type PackagesResult = PartsVerdict & { readonly exitCode: number; readonly text: string };

/** The worst of them, and whether they are all parts of one case in their order. */
export function exitCodeOfPackages(checks: readonly PackageCheck[]): PackagesResult {
  const { colour, parts } = verdictOfParts(checks);
  const isNothing = checks.some(({ findings }) =>
    findings.some(({ kind }) => kind === 'manifest-missing' || kind === 'zip-not-a-zip'),
  );
  const code = { green: EXIT.ok, amber: EXIT.failed, red: EXIT.broken }[colour];
  const text =
    parts === 'complete'
      ? `all ${checks.length} parts are here, in their order`
      : parts === 'incomplete'
        ? 'amber: these are not all parts of the package, or not in their order: give all, the first one first'
        : `${checks.length} packages were checked`;
  return { exitCode: colour === 'amber' && isNothing ? EXIT.usage : code, colour, parts, text };
}

export const packageJson = (
  names: readonly string[],
  checks: readonly PackageCheck[],
  { colour, parts }: PackagesResult,
) => ({
  colour,
  parts,
  packages: checks.map((check, index) => ({
    package: names[index],
    colour: colourOf(check),
    sentence: verdictSentence(ENGLISH, check),
    findings: check.findings.map((finding) => ({ ...finding, text: findingText(ENGLISH, finding) })),
    omittedFindings: check.omitted,
    case: check.manifest?.case ?? null,
    part: check.manifest?.part ?? null,
    ...{ statement: check.statement, protocol: check.protocol, changed: check.changed },
    chains: check.chains.map(({ summary }) => summary),
    stamps: check.stamps.map(({ result, ...chain }) => ({ ...chain, ...stampJson(result) })),
    ...{ keys: check.keys, cosigned: check.cosigned, notShown: ENGLISH.notProven },
  })),
});
