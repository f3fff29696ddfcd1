// Do the statement, the protocol and the table of a package say what its events say?
import { equalBytes, joinBytes, toHex } from '../base/bytes.ts';
import { isCount } from '../format/scalar.ts';
import type { CheckedChain } from './check-chain.ts';
import { drawnHere } from './check-draw.ts';
import { tableHead, tableRow } from './csv.ts';
import { isDraw, wordsOf } from './draw.ts';
import type { Findings } from './finding.ts';
import { isOwnTimeFields, OwnTimes } from './own-time.ts';
import { checkpointPath, PATHS, type PackageManifest, parseObject } from './package.ts';
import {
  encodeDocument,
  type Offsets,
  type OffsetsStatement,
  offsetsSentence,
  offsetsText,
  type PackageStatement,
  type Protocol,
  RANGES_MAX,
  type SampleStatement,
  type SearchStatement,
} from './protocol.ts';

export type DocumentsContext = {
  readonly content: ReadonlyMap<string, Uint8Array>;
  /** Listed files that are missing or were changed: what they say is compared with nothing. */
  readonly faulty: ReadonlySet<string>;
  readonly chains: readonly CheckedChain[];
  /** Every line is as it was archived, none is missing. Else documents can't fit, whoever made them. */
  readonly isSound: boolean;
  readonly findings: Findings;
};

/** What it says; null where there is none that can be read. Not yet compared with anything. */
export function readStatement({
  content,
  faulty,
  findings,
}: Pick<DocumentsContext, 'content' | 'faulty' | 'findings'>): PackageStatement | null {
  const value = objectOf(content, PATHS.statement);
  const isSearchOne = value?.['kind'] === 'search' && isSearch(value as unknown as SearchStatement);
  const isOffsetsOne = value?.['kind'] === 'offsets' && isOffsets(value as unknown as OffsetsStatement);
  const isSampleOne = value?.['kind'] === 'sample' && isSample(value as unknown as SampleStatement);
  const isTimed = value?.['ownTime'] === undefined || isOwnTimeFields(value['ownTime']);
  if (isTimed && (isSearchOne || isOffsetsOne || isSampleOne)) return value as unknown as PackageStatement;
  if (content.has(PATHS.statement) && !faulty.has(PATHS.statement))
    findings.add('statement-differs', { what: 'kind' });
  return null;
}

/** Which offsets of the chain should be here; null where only a search knows, or nothing can be said. */
export function wantedOf(
  statement: PackageStatement | null,
  { chain, partition }: Pick<CheckedChain, 'chain' | 'partition'>,
): readonly Offsets[] | null {
  if (statement?.kind === 'sample') return drawnHere(statement.sample, statement, { chain, partition });
  if (statement?.kind !== 'offsets') return null;
  return statement.chain === chain && statement.partition === partition ? statement.here : [];
}

/** Whether the statement agrees with the events. */
export function checkStatement(
  statement: PackageStatement | null,
  context: DocumentsContext,
  part: PackageManifest['part'],
): void {
  if (statement === null || context.faulty.has(PATHS.statement)) return;
  if (statement.kind === 'offsets') checkOffsets(statement, context);
  else checkSearch(statement, context, part);
}

function checkOffsets(statement: OffsetsStatement, { chains, isSound, findings }: DocumentsContext): void {
  const { chain, partition, lines } = statement;
  const about = chains.find((one) => one.chain === chain && one.partition === partition);
  const differs = (what: string) => findings.add('statement-differs', { what });
  if (about === undefined && statement.here.length > 0) {
    const offsets = offsetsText(statement.here);
    findings.add('event-missing', { chain: `${chain}/${partition}`, offsets });
  } else if (isSound && lines !== (about?.events.length ?? 0)) differs('lines');
  if (statement.statement !== offsetsSentence(statement)) differs('statement');
}

/** How many events there are, and the checkpoints on which the search rests: no more of it can be checked. */
function checkSearch(
  statement: SearchStatement | SampleStatement,
  { chains, faulty, isSound, findings }: DocumentsContext,
  { number, last }: PackageManifest['part'],
): void {
  const { before, lines, search } = statement;
  const hits = statement.kind === 'search' ? statement.hits : statement.sample.records.length;
  const differs = (what: string) => findings.add('statement-differs', { what });
  const found = chains.reduce((sum, { events }) => sum + events.length, 0);
  const isWrong = (number === 1) !== (before === 0) || last !== (before + lines === hits);
  if (isWrong || (isSound && lines !== found)) differs('hits');
  for (const { chain, partition, signed } of chains) {
    const of = search.chains.find((one) => one.chain === chain && one.partition === partition);
    if (of === undefined) differs(`${chain}/${partition}`);
    else if (
      !faulty.has(checkpointPath(chain, partition)) &&
      signed?.checkpoint.size === of.size &&
      toHex(signed.checkpoint.root) !== of.root
    )
      differs(`root of ${chain}/${partition}`);
  }
  // That nothing was found is about chains, and the archive's signature of each says how far.
  for (const { chain, partition, size } of hits === 0 ? search.chains : [])
    if ((size ?? 0) > 0 && !chains.some((one) => one.chain === chain && one.partition === partition))
      differs(`${chain}/${partition}`);
  if (!search.isComplete) findings.add('search-incomplete');
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

const isSearch = ({ hits, ...more }: SearchStatement): boolean => isCount(hits) && isSearched(more);

const isSample = ({ sample, ...more }: SampleStatement): boolean => isDraw(sample) && isSearched(more);

const isSearched = ({
  before,
  lines,
  statement,
  search,
}: Pick<SearchStatement, 'before' | 'lines' | 'statement' | 'search'>): boolean =>
  [before, lines].every(isCount) &&
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
  { content, faulty, chains, isSound, findings }: DocumentsContext,
  caseName: string,
  statement: PackageStatement | null,
): Protocol | null {
  const value = objectOf(content, PATHS.protocol);
  if (value === null) {
    if (content.has(PATHS.protocol) && !faulty.has(PATHS.protocol))
      findings.add('protocol-differs', { what: 'JSON' });
    return null;
  }
  if (faulty.has(PATHS.protocol)) return value as unknown as Protocol;
  const differs = (what: string) => findings.add('protocol-differs', { what });
  if (value['case'] !== caseName) differs('case');
  const summaries = chains.flatMap(({ summary }) => (summary === null ? [] : [summary]));
  const isComparable = isSound && chains.every(hasOwnCheckpoint(faulty));
  const isSame = () => equalBytes(encodeDocument(value['chains'] ?? null), encodeDocument(summaries));
  if (isComparable && !isSame()) differs('chains');
  if (isComparable && value['events'] !== summaries.reduce((sum, { events }) => sum + events, 0))
    differs('events');
  const drawn = statement?.kind === 'sample' ? wordsOf(statement.sample) : null;
  const isSameDraw = () => equalBytes(encodeDocument(value['sample'] ?? null), encodeDocument(drawn));
  if (statement !== null && !faulty.has(PATHS.statement) && !isSameDraw()) differs('sample');
  for (const word of ['purpose', 'by', 'began', 'ended', 'recorded'] as const) {
    if (typeof value[word] !== 'string') differs(word);
  }
  return value as unknown as Protocol;
}

const hasOwnCheckpoint =
  (faulty: ReadonlySet<string>) =>
  ({ chain, partition, signed }: CheckedChain): boolean =>
    signed !== null && !faulty.has(checkpointPath(chain, partition));

/** Without a statement nobody knows which columns it has; that the statement is missing is a finding. */
export function checkTable(
  statement: PackageStatement | null,
  { content, faulty, chains, isSound, findings }: DocumentsContext,
): void {
  const table = content.get(PATHS.table);
  // Without a time of its own a row can't be made again; what is wrong with the event is a finding.
  const isWhole = chains.every(({ events }) => events.every(({ archivedAt }) => archivedAt !== null));
  if (table === undefined || !isSound || !isWhole) return;
  if (statement === null || faulty.has(PATHS.statement)) return;
  const ownTimes = new OwnTimes(statement.ownTime ?? []);
  const rows = chains.flatMap(({ chain, partition, events }) =>
    events.map(({ shown, archivedAt }) =>
      tableRow({ chain, partition, event: shown, archivedAt: archivedAt ?? '' }, ownTimes),
    ),
  );
  if (!equalBytes(joinBytes([tableHead(ownTimes), ...rows]), table)) findings.add('table-differs');
}

function objectOf(
  content: ReadonlyMap<string, Uint8Array>,
  path: string,
): Readonly<Record<string, unknown>> | null {
  const bytes = content.get(path);
  if (bytes === undefined) return null;
  try {
    return parseObject(bytes);
  } catch {
    return null;
  }
}
