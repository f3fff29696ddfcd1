// How does what was looked at become a statement?
import { endBound } from '../../verify/end-bound.ts';
import { type Finding, type Verdict, verdictOf, worstVerdict } from '../../verify/finding.ts';
import type { ChainReport, Report } from '../../verify/report.ts';
import { importedTexts } from '../imported.ts';
import { conditionText } from './condition.ts';
import { onWordOf } from './index/on-word.ts';
import { shortNamesOf } from './name-texts.ts';
import { openTexts } from './open-records.ts';
import type { Query } from './query.ts';
import type { SearchScope, TopicChain } from './search-scope.ts';
import { addCounts, noCounts } from './search-spec.ts';
import type { ChainWalk } from './segment-walk.ts';
import type { BeyondLimit, ChainStatement, Looked, SearchEnd, Statement } from './statement.ts';
import { boundTexts, conclusionText, factTexts, leftOutTexts, notLookedAtTexts } from './statement-text.ts';

export type StatementInput = {
  readonly archive: string;
  readonly query: Query;
  readonly hasKey: boolean;
  readonly scope: SearchScope;
  readonly walks: readonly ChainWalk[];
  /** Null: the search ended before. */
  readonly report: Report | null;
  readonly end: SearchEnd;
  readonly beyondLimit: BeyondLimit | null;
  readonly hits: number;
  /** Whether the word of a second party was looked for. */
  readonly usesIndexes: boolean;
};

export function statementOf(input: StatementInput): Statement {
  const { archive, query, hasKey, scope, report, end, beyondLimit, hits } = input;
  const counts = noCounts(query.conditions.length);
  for (const walk of input.walks) addCounts(counts, walk.counts);
  const chains = input.walks.map((walk) => chainStatement(walk, input));
  const findings = askedFindings(report?.findings ?? [], hasKey);
  const all = [...findings, ...chains.flatMap((chain) => chain.findings)];
  const looked: Looked = {
    ...{ archive, asked: askedOf(query), hits, end, beyondLimit, hasKey, counts, chains, findings, query },
    // Findings beyond those listed count too.
    verdict: report === null ? null : hasKey ? report.verdict : withoutKey(all),
    notAsked: scope.notAsked,
    withoutField: scope.withoutField,
    unlisted: scope.unlisted,
    endBound: endBound(report?.chains ?? [], ['--since', '--attestations']),
    onWord: onWordOf(input.walks, query.conditions.length),
    usesIndexes: input.usesIndexes,
  };
  const unread = leftOutTexts(looked);
  const isLookedAt = end === 'complete' && unread.length === 0;
  const leftOut = [...unread, ...(end === 'complete' ? openTexts(looked) : [])];
  const isWhole = isLookedAt && leftOut.length === 0;
  const { query: _, endBound: __, usesIndexes: ___, ...said } = looked;
  return {
    ...said,
    isComplete: isWhole && looked.onWord.length === 0,
    isCompleteOnWord: isWhole,
    isLookedAt,
    conclusion: conclusionText(looked, leftOut),
    leftOut,
    facts: factTexts(looked),
    notLookedAt: notLookedAtTexts(looked),
    bounds: [...boundTexts(looked), ...importedTexts(searchedReports(input))],
  };
}

const searchedReports = ({ walks, report }: StatementInput): readonly ChainReport[] =>
  (report?.chains ?? []).filter(({ chain, partition }) =>
    walks.some((walk) => walk.chain === chain && walk.partition === partition),
  );

/** Without a trusted key nothing is verified (FORMAT.md 9.1.5). */
const withoutKey = (findings: readonly Finding[]): Verdict =>
  worstVerdict(['unverifiable', verdictOf(findings)]);

/**
 * Without a key every chain is found to have none, which is said once. No lock was asked for, so what is
 * found of locks says nothing of the store.
 */
const askedFindings = (findings: readonly Finding[], hasKey: boolean): readonly Finding[] =>
  findings.filter(({ code }) => code !== 'locks-not-applicable' && (hasKey || code !== 'no-trusted-key'));

function chainStatement(walk: ChainWalk, { query, report, hasKey }: StatementInput): ChainStatement {
  const { chain, partition, topic, counts } = walk;
  const { withLines, read, outOfRecordTime, outOfSealedTime, untimed, onWord, untrusted } = walk.segments;
  const notRead = withLines - read - outOfRecordTime - outOfSealedTime - untimed - onWord - untrusted;
  const found = report?.chains.find((one) => one.chain === chain && one.partition === partition);
  return {
    ...{ chain, partition, topic, segments: { ...walk.segments, notRead }, counts, index: walk.index },
    shortNames: shortNamesOf(query, { chain, topic }),
    ...(found === undefined ? UNKNOWN : checked(found, hasKey)),
  };
}

type Checked = Omit<ChainStatement, keyof TopicChain | 'segments' | 'counts' | 'index' | 'shortNames'>;

const UNKNOWN: Checked = {
  ...{ verdict: null, origin: null, size: null, root: null, firstOffset: null, nextOffset: null },
  ...{ lastSealed: null, knownSize: null, continues: null, missing: null, findings: [] },
};

function checked(report: ChainReport, hasKey: boolean): Checked {
  const { origin, size, root, firstOffset, nextOffset, lastSealed, knownSize, missing } = report;
  const findings = askedFindings(report.findings, hasKey);
  return {
    verdict: hasKey ? report.verdict : withoutKey(findings),
    ...{ origin, size, root, firstOffset, nextOffset, lastSealed, knownSize, missing, findings },
    continues: report.continues?.origin ?? null,
  };
}

const isoOf = (ms: number): string | null => (Number.isFinite(ms) ? new Date(ms).toISOString() : null);

const askedOf = ({ conditions, texts, time, topics, partitions, limit }: Query): Statement['asked'] => ({
  ...{ where: conditions.map(conditionText), text: texts, topics, limit },
  partitions: partitions ?? 'all',
  time: time === null ? null : { kind: time.kind, from: isoOf(time.fromMs), to: isoOf(time.toMs) },
});
