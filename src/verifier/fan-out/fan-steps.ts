// What does each step of a fanned-out pass do: plan the ranges, check one of them, join them all?
import { TaskGroup } from '../../base/concurrency.ts';
import { counted, countText } from '../../base/counted.ts';
import { LedgerstoneError } from '../../base/error.ts';
import { timeText } from '../../format/time.ts';
import { lookAtActs } from '../../read/acts.ts';
import { comparedOf } from '../../read/compared-decisions.ts';
import type { StoreReader } from '../../store/store.ts';
import type { RangeSize } from '../../verify/plan-ranges.ts';
import type { ShardOfChain } from '../../verify/range-check.ts';
import type { Report } from '../../verify/report.ts';
import { planArchive, verifyRange, verifyShards } from '../../verify/shards.ts';
import type { VerifyOptions } from '../../verify/verify.ts';
import { ARCHIVE_SCOPE, chainScope } from '../findings/record.ts';
import type { OwnBucket } from '../own-bucket.ts';
import type { FindingSink } from '../verifier.ts';
import { type FanEvent, type FanItem, type FanRun, ITEMS_MAX } from './fan-event.ts';
import {
  type FanResult,
  type FanStore,
  keepPlan,
  keepResult,
  listResults,
  readItems,
  readPlan,
  readResult,
  resultOf,
} from './fan-notes.ts';
import { type FanCoverage, type FanSummary, keepReport } from './fan-report.ts';

export type FanTools = {
  readonly archive: StoreReader;
  /** What all steps ask of the archive. */
  readonly asked: Pick<
    VerifyOptions,
    'trusted' | 'sha256' | 'checker' | 'leastLock' | 'greatestLock' | 'shown' | 'verifySignature'
  >;
  readonly work: FanStore;
  readonly own: Omit<OwnBucket, 'onForeign'>;
  readonly findings: FindingSink;
  readonly size: RangeSize;
  readonly version: string;
};

const READS_AT_ONCE = 16;
const NAMED_MAX = 10;

type Answers = {
  readonly plan: { readonly key: string; readonly items: number };
  /** A byte: the state machine keeps the answers of all ranges. */
  readonly range: { readonly done: 1 };
  readonly merge: FanSummary;
};

/** Each step can be repeated, and two of the same may run at once. */
export function fanStep(
  tools: FanTools,
  event: FanEvent,
  signal: AbortSignal,
): Promise<Answers[FanEvent['fanOut']]> {
  switch (event.fanOut) {
    case 'plan':
      return plan(tools, event.run, signal);
    case 'range':
      return check(tools, event.run, event.item, signal);
    case 'merge':
      return merge(tools, event.run, signal);
  }
}

async function plan(tools: FanTools, run: FanRun, signal: AbortSignal): Promise<Answers['plan']> {
  const before = await readPlan(tools.work, run, signal);
  if (before !== null) return before;
  const ranges = await planArchive(tools.archive, await readyOf(tools, signal), tools.size);
  if (ranges.length > ITEMS_MAX)
    throw new LedgerstoneError(
      'fan-out-too-large',
      `${counted(ranges.length, 'range')}, and a pass takes ${countText(ITEMS_MAX)}`,
      { disposition: 'input', remedy: 'Raise fanOut.rangeSegments and fanOut.rangeBytes.' },
    );
  const items = ranges.map(({ bytes: _, ...range }, index): FanItem => ({ index, ...range }));
  return keepPlan(tools.work, run, items, signal);
}

async function check(
  tools: FanTools,
  run: FanRun,
  item: FanItem,
  signal: AbortSignal,
): Promise<Answers['range']> {
  // Its answer was lost, or another worker was faster.
  if ((await resultOf(tools.work, run, item, signal)) !== null) return { done: 1 };
  const { clock } = tools.work;
  const { chain, partition, from: first, before } = item;
  const from = timeText(clock.now());
  const options = await readyOf(tools, signal);
  const range = await verifyRange(tools.archive, options, { chain, partition }, { from: first, before });
  await keepResult(tools.work, run, { item, from, to: timeText(clock.now()), range }, signal);
  return { done: 1 };
}

async function merge(tools: FanTools, run: FanRun, signal: AbortSignal): Promise<FanSummary> {
  const planned = await readPlan(tools.work, run, signal);
  if (planned === null) throw incomplete('there is no plan of this run');
  const items = await readItems(tools.work, planned, signal);
  const results = await allResults(tools.work, run, items, signal);
  const { decisions, ...options } = await readyOf(tools, signal);
  const report = await verifyShards(tools.archive, options, shardsOf(results));
  await reportFindings(tools.findings, report, signal);
  const coverage = coverageOf(results, report);
  return keepReport(tools.own, run, { report, coverage, decisions, version: tools.version }, signal);
}

/** Throws `decisions-unread` where the store did not give them: without its holds no archive is verified. */
async function readyOf({ archive, asked, work }: FanTools, signal: AbortSignal) {
  const look = await lookAtActs(archive, asked.trusted, signal);
  const problem = look.kind === 'unread' || look.kind === 'read' ? look.problem : null;
  if (problem !== null && 'broken' in look && !look.broken)
    throw new LedgerstoneError('decisions-unread', `decisions about the archive can't be read: ${problem}`, {
      disposition: 'retriable',
      remedy: 'It is tried again. If it stays so, look at the store and at what the role may read.',
    });
  return {
    ...{ ...asked, depth: 'content' as const, nowMs: work.clock.now(), signal },
    acts: look.kind === 'read' ? look : null,
    decisions: comparedOf(look),
  };
}

/** Every range of the plan, in its order. Throws `fan-out-incomplete`: what nobody read is not verified. */
async function allResults(
  work: FanStore,
  run: FanRun,
  items: readonly FanItem[],
  signal: AbortSignal,
): Promise<FanResult[]> {
  const there = await listResults(work, run, signal);
  const missing = items.filter(({ index }) => !there.has(index));
  const named = missing
    .slice(0, NAMED_MAX)
    .map(({ chain, partition, from }) => `${chain}/${partition} from ${from}`);
  if (missing.length > 0)
    throw incomplete(
      [
        `${countText(missing.length)} of ${counted(items.length, 'range')} have no result:`,
        `${named.join(', ')}${missing.length > NAMED_MAX ? ', …' : ''}`,
      ].join(' '),
    );
  const results: FanResult[] = [];
  const group = new TaskGroup(READS_AT_ONCE);
  try {
    for (const [at, item] of items.entries())
      await group.start(async () => {
        const note = there.get(item.index);
        if (note !== undefined) results[at] = await readResult(work, run, item, note, signal);
      });
  } finally {
    await group.finish();
  }
  return results;
}

/** A range of which nothing was there is left out: who joins looks there again, and says what is missing. */
function shardsOf(results: readonly FanResult[]): ShardOfChain[] {
  return results.flatMap(({ item: { chain, partition }, range }) =>
    range === null ? [] : [{ chain, partition, ranges: [range] }],
  );
}

/** It opens findings and closes none: the next confirmation, sweep or full pass does. */
async function reportFindings(sink: FindingSink, report: Report, signal: AbortSignal): Promise<void> {
  const options = { check: 'full-pass', complete: false, signal } as const;
  const { findings, findingsOmitted: omitted, chains } = report;
  await sink.report(ARCHIVE_SCOPE, findings, { ...options, omitted });
  for (const chain of chains)
    await sink.report(chainScope(chain), chain.findings, { ...options, omitted: chain.findingsOmitted });
}

function coverageOf(results: readonly FanResult[], { chains }: Report): FanCoverage {
  const sum = (of: (chain: Report['chains'][number]) => number) =>
    chains.reduce((total, chain) => total + of(chain), 0);
  const times = (of: 'from' | 'to') => results.map((result) => result[of]).toSorted();
  return {
    ...{ ranges: results.length, gone: results.filter(({ range }) => range === null).length },
    ...{ chains: chains.length, bytes: sum(({ bytes }) => bytes) },
    seals: sum(({ checked }) => checked.seals),
    dataObjects: sum(({ checked }) => checked.dataObjects),
    lines: sum(({ checked }) => checked.lines),
    ...{ from: times('from')[0] ?? null, to: times('to').at(-1) ?? null },
  };
}

const incomplete = (what: string) =>
  new LedgerstoneError('fan-out-incomplete', `a pass with holes has no verdict: ${what}`, {
    disposition: 'retriable',
    remedy: 'Redrive the execution: what is done already is not done again.',
  });
