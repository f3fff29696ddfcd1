// Which files that are not as they were exported are still to be named, and what do they no longer vouch for?
import type { Findings, PackageFinding } from './finding.ts';
import { chainOfPath, PATHS } from './package.ts';

/**
 * They do not stand here as they were signed, or do not fit the events: nobody vouches for what they say.
 */
export type ChangedDocuments = { readonly statement: boolean; readonly protocol: boolean };

/** What was found in the lines of a chain. */
const OF_LINES: ReadonlySet<string> = new Set<PackageFinding['kind']>([
  ...(['line-bad', 'line-order', 'line-changed', 'proof-bad', 'event-without-proof'] as const),
  ...(['event-missing', 'event-not-asked', 'proof-without-event'] as const),
]);

/** Whether the finding says what was changed in that file. */
function isAbout({ kind, about }: PackageFinding, path: string): boolean {
  if (path === PATHS.table) return kind === 'table-differs';
  const chain = chainOfPath(path);
  const isOfChain = chain !== null && about['chain'] === `${chain.chain}/${chain.partition}`;
  return about['path'] === path || (isOfChain && path.endsWith('.jsonl') && OF_LINES.has(kind));
}

/** Of changed files those in which nothing could be named that was changed. */
export function sayChanged(
  faulty: ReadonlySet<string>,
  content: ReadonlyMap<string, Uint8Array>,
  findings: Findings,
): void {
  const found = findings.list();
  for (const path of faulty)
    if (content.has(path) && !found.some((one) => isAbout(one, path))) findings.add('file-changed', { path });
}

export function changedDocuments(
  findings: readonly PackageFinding[],
  faulty: ReadonlySet<string>,
): ChangedDocuments {
  const isSo = (path: string, kind: PackageFinding['kind']) =>
    faulty.has(path) || findings.some((one) => one.kind === kind || one.kind === 'signature-bad');
  return {
    statement: isSo(PATHS.statement, 'statement-differs'),
    protocol: isSo(PATHS.protocol, 'protocol-differs'),
  };
}
