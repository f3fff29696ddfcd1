// Do the statement, the protocol and the table of a package say what its events say?
import { equalBytes, joinBytes, toHex } from '../base/bytes.ts';
import { isCount } from '../format/scalar.ts';
import type { CheckedChain, CheckedEvent } from './check-chain.ts';
import { tableHead, tableRow } from './csv.ts';
import type { Findings } from './finding.ts';
import { PATHS, type PackageManifest, parseObject } from './package.ts';
import {
  encodeDocument,
  type Offsets,
  type OffsetsStatement,
  offsetsSentence,
  offsetsText,
  type PackageStatement,
  type Protocol,
  RANGES_MAX,
  type SearchStatement,
} from './protocol.ts';

type Content = ReadonlyMap<string, Uint8Array>;

/**
 * The statement, where it agrees with the events. A range of offsets shows by itself whether all of it is
 * there, since each offset is covered by an event or by a gap line.
 */
export function checkStatement(
  content: Content,
  chains: readonly CheckedChain[],
  part: PackageManifest['part'],
  findings: Findings,
): PackageStatement | null {
  const value = objectOf(content, PATHS.statement, findings);
  if (value === null) return null;
  if (value['kind'] === 'search' && isSearch(value as unknown as SearchStatement)) {
    const statement = value as unknown as SearchStatement;
    checkSearch(statement, chains, part, findings);
    return statement;
  }
  const statement = value as unknown as OffsetsStatement;
  if (value['kind'] !== 'offsets' || !isOffsets(statement)) {
    findings.add('statement-differs', { what: 'kind' });
    return null;
  }
  checkOffsets(statement, chains, findings);
  return statement;
}

function checkOffsets(
  statement: OffsetsStatement,
  chains: readonly CheckedChain[],
  findings: Findings,
): void {
  const { chain, partition } = statement;
  const about = chains.find((one) => one.chain === chain && one.partition === partition);
  checkCoverage(statement, about?.events ?? [], findings);
  for (const other of chains) {
    if (other === about) continue;
    for (const { shown } of other.events)
      findings.add('event-not-asked', { chain: `${other.chain}/${other.partition}`, offset: shown.offset });
  }
  if (statement.lines !== (about?.events.length ?? 0)) findings.add('statement-differs', { what: 'lines' });
  if (statement.statement !== offsetsSentence(statement))
    findings.add('statement-differs', { what: 'statement' });
}

/** How many events there are, and the checkpoints on which the search rests: no more of it can be checked. */
function checkSearch(
  { hits, before, lines, search }: SearchStatement,
  chains: readonly CheckedChain[],
  { number, last }: PackageManifest['part'],
  findings: Findings,
): void {
  const differs = (what: string) => findings.add('statement-differs', { what });
  const found = chains.reduce((sum, { events }) => sum + events.length, 0);
  if (lines !== found || (number === 1) !== (before === 0) || last !== (before + lines === hits))
    differs('hits');
  for (const { chain, partition, signed } of chains) {
    const of = search.chains.find((one) => one.chain === chain && one.partition === partition);
    if (of === undefined) differs(`${chain}/${partition}`);
    else if (signed?.checkpoint.size === of.size && toHex(signed.checkpoint.root) !== of.root)
      differs(`root of ${chain}/${partition}`);
  }
  if (!search.isComplete) findings.add('search-incomplete');
}

/** Both are in order: the ranges and the events. */
function checkCoverage(
  { chain, partition, here }: OffsetsStatement,
  events: readonly CheckedEvent[],
  findings: Findings,
): void {
  const place = `${chain}/${partition}`;
  const missing = (from: number, to: number) =>
    findings.add('event-missing', { chain: place, offsets: offsetsText([{ from, to }]) });
  const asked = new Set<CheckedEvent>();
  for (const { from, to } of here) {
    let next = from;
    for (const event of events) {
      const { offset, nextOffset } = event.shown;
      if (nextOffset <= from || offset > to) continue;
      asked.add(event);
      if (offset > next) missing(next, offset - 1);
      next = Math.max(next, nextOffset);
    }
    if (next <= to) missing(next, to);
  }
  for (const event of events) {
    if (!asked.has(event)) findings.add('event-not-asked', { chain: place, offset: event.shown.offset });
  }
}

const isRanges = (ranges: unknown): ranges is readonly Offsets[] =>
  Array.isArray(ranges) &&
  ranges.length <= RANGES_MAX &&
  ranges.every(
    (range: Partial<Offsets> | null, index) =>
      isCount(range?.from) &&
      isCount(range.to) &&
      range.from <= range.to &&
      (index === 0 || range.from > ranges[index - 1].to),
  );

const isOffsets = ({ chain, partition, asked, here, segmentsRead, lines }: OffsetsStatement): boolean =>
  typeof chain === 'string' &&
  [partition, lines, segmentsRead].every(isCount) &&
  isRanges(asked) &&
  isRanges(here);

const isTexts = (texts: unknown): boolean =>
  Array.isArray(texts) && texts.every((text) => typeof text === 'string');

const isTime = (
  time: { readonly kind: unknown; readonly from: unknown; readonly to: unknown } | null,
): boolean =>
  time === null ||
  (['record', 'event', 'sealed'].includes(time.kind as string) &&
    [time.from, time.to].every((text) => text === null || typeof text === 'string'));

const isSearch = ({ hits, before, lines, statement, search }: SearchStatement): boolean =>
  [hits, before, lines].every(isCount) &&
  typeof statement === 'string' &&
  [search?.leftOut, search?.facts, search?.bounds, search?.asked?.where, search?.asked?.text].every(
    isTexts,
  ) &&
  isTexts(search.notLookedAt ?? []) &&
  Array.isArray(search.chains) &&
  search.chains.every((chain: unknown) => typeof chain === 'object' && chain !== null) &&
  isTime(search.asked.time ?? null);

/** The protocol, whatever it says: what can be made again from the events is compared. */
export function checkProtocol(
  content: Content,
  chains: readonly CheckedChain[],
  caseName: string,
  findings: Findings,
): Protocol | null {
  const value = objectOf(content, PATHS.protocol, findings);
  if (value === null) return null;
  const differs = (what: string) => findings.add('protocol-differs', { what });
  if (value['case'] !== caseName) differs('case');
  const summaries = chains.flatMap(({ summary }) => (summary === null ? [] : [summary]));
  const isSame = equalBytes(encodeDocument(value['chains'] ?? null), encodeDocument(summaries));
  if (!isSame) differs('chains');
  if (value['events'] !== summaries.reduce((sum, { events }) => sum + events, 0)) differs('events');
  for (const word of ['purpose', 'by', 'began', 'ended', 'recorded'] as const) {
    if (typeof value[word] !== 'string') differs(word);
  }
  return value as unknown as Protocol;
}

export function checkTable(content: Content, chains: readonly CheckedChain[], findings: Findings): void {
  const table = content.get(PATHS.table);
  if (table === undefined) return;
  const rows = chains.flatMap(({ chain, partition, events }) =>
    // Without a time of its own a row can't be made again; what is wrong with the event is a finding.
    events.map(({ shown, archivedAt }) =>
      tableRow({ chain, partition, event: shown, archivedAt: archivedAt ?? '' }),
    ),
  );
  const isWhole = chains.every(({ events }) => events.every(({ archivedAt }) => archivedAt !== null));
  if (isWhole && !equalBytes(joinBytes([tableHead(), ...rows]), table)) findings.add('table-differs');
}

function objectOf(
  content: Content,
  path: string,
  findings: Findings,
): Readonly<Record<string, unknown>> | null {
  const bytes = content.get(path);
  if (bytes === undefined) return null;
  try {
    return parseObject(bytes);
  } catch {
    findings.add('file-changed', { path });
    return null;
  }
}
