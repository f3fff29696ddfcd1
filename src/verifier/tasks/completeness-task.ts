// Does the archive have the offsets that the brokers have, for each promised partition?

import { messageOf } from '../../base/error.ts';
import { patternTakes } from '../../config/topic-names.ts';
import type { ComparePattern, CompareTopic } from '../../config/verifier.ts';
import type { PartitionMarks, TopicMarks } from '../../ingest/kafka/marks.ts';
import type { Finding } from '../../verify/finding.ts';
import type { ChainInArchive } from '../../verify/survey.ts';
import type { Covers } from '../findings/closed-by.ts';
import { ARCHIVE_SCOPE, chainScope, type Scope } from '../findings/record.ts';
import { knownChains } from '../known-chains.ts';
import { inShares } from '../shares.ts';
import type { StepResult, Task, TaskInput } from '../verifier.ts';
import { compareOffsets, completenessFinding } from './completeness.ts';
import type { EndsLog, EndsNote } from './completeness-ends.ts';

/** Of these topics, and of all others that `takes` wants. Rejects if no broker answers. */
export type MarksReader = (
  topics: readonly string[],
  signal?: AbortSignal,
  takes?: (topic: string) => boolean,
) => Promise<ReadonlyMap<string, TopicMarks>>;

export type CompletenessTools = {
  readonly read: MarksReader;
  readonly topics: readonly CompareTopic[];
  readonly patterns: readonly ComparePattern[];
  /** Null: no time was promised within which offsets are sealed. */
  readonly ends: EndsLog | null;
};

/** `marks` null: the brokers have no such partition. Undefined: nothing was learned about its topic. */
type Partition = {
  readonly topic: string;
  readonly place: ChainInArchive;
  readonly marks: PartitionMarks | null | undefined;
};

/** Asks the brokers twice, before the chains are confirmed and after it: see `Compared`. */
export const completenessTask =
  ({ read, topics: named, patterns, ends }: CompletenessTools): Task =>
  async (input) => {
    const { verifier, limits, failed } = input;
    const { signal } = limits;
    const known = await knownChains(verifier, signal);
    // A topic that a pattern took and that is gone has its chain still.
    const asked = { ...asking(named, patterns, known), read };
    const first = await askBrokers(input, asked);
    if (first === null) return;
    const topics = [...named, ...takenTopics(named, first)];
    const wanted = input.chains;
    const keep = (place: ChainInArchive, findings: readonly Finding[], why?: () => string) =>
      report(input, chainScope(place), findings, ofCompleteness, why).catch((error: unknown) =>
        failed(idOf(place), error),
      );
    const partitions = partitionsOf(topics, first, known).filter(
      ({ place }) => wanted?.some((one) => idOf(one) === idOf(place)) !== false,
    );
    const steps = await confirmAll(input, partitions);
    const second = await askBrokers(input, asked);
    if (second === null) return;
    const last = ends === null ? null : await ends.read(signal);

    const now = new Map<string, number>();
    let [waiting, findings, late] = [0, 0, 0];
    const unknown: string[] = [];
    for (const { topic, place, marks: before } of partitions) {
      const after = marksIn(second.get(topic), place.partition);
      if (after != null) now.set(idOf(place), after.end);
      const step = steps.get(idOf(place));
      const nextOffset = step === undefined ? undefined : nextOffsetOf(step);
      // Not learned, or changed meanwhile. That is reported elsewhere or by the next run. Open findings stay.
      const isKnown = nextOffset !== undefined && before !== undefined && after !== undefined;
      if (!isKnown || (before === null) !== (after === null)) {
        unknown.push(idOf(place));
        continue;
      }
      const marks = before === null || after === null ? null : { earliest: before.earliest, end: after.end };
      const compared = compareOffsets({
        ...{ place, nextOffset, marks, isPromised: ends !== null },
        before: beforeOf(last?.note ?? null, place),
      });
      waiting += compared.waiting ?? 0;
      findings += compared.findings.length;
      late += compared.findings.filter(({ code }) => code === 'stale-chain').length;
      await keep(place, compared.findings);
    }
    // The configuration names no topic for it any more. Nothing can be compared, so its findings are closed.
    const ids = new Set(partitions.map(({ place }) => idOf(place)));
    const others = wanted === null ? known.filter((place) => !ids.has(idOf(place))) : [];
    for (const place of others)
      await keep(place, [], () => 'no topic of the configuration goes into this chain');
    // Written last, because a run that was cut off has seen less.
    if (wanted === null && ends !== null && last?.isDue === true) {
      await ends.add({ atMs: verifier.clock.now(), ends: now }, signal);
    }
    // None is late only if all were compared.
    if (late > 0 || unknown.length === 0) input.metrics.lateChains = late;
    const compared = partitions.length - unknown.length;
    const isWhole = unknown.length === 0 && compared > 0 && [first, second].every(allThere);
    input.looked?.({ isWhole, sums: { waiting }, least: { partitions: compared } });
    logCompared(verifier, { compared, waiting, findings }, unknown);
  };

const allThere = (answer: ReadonlyMap<string, TopicMarks>): boolean =>
  [...answer.values()].every(({ kind }) => kind === 'there');

const NAMED_MAX = 20;

/** `unknown`: partitions of which nothing can be said now, because of the chain or of the brokers. */
function logCompared({ log }: TaskInput['verifier'], counts: object, unknown: readonly string[]): void {
  if (unknown.length === 0) {
    log.info(counts, 'compared with the brokers');
    return;
  }
  const fields = { ...counts, notCompared: unknown.length, names: unknown.slice(0, NAMED_MAX) };
  log.warn(fields, 'not all was compared: the end of a chain, or what the brokers have of it, is not known');
}

const idOf = ({ chain, partition }: ChainInArchive): string => `${chain}/${partition}`;

const ofCompleteness: Covers = ({ check }) => check === 'completeness';

const report = (
  { verifier, limits: { signal } }: TaskInput,
  scope: Scope,
  findings: readonly Finding[],
  complete: boolean | Covers,
  why?: () => string,
): Promise<void> =>
  verifier.findings.report(scope, findings, {
    ...{ check: 'completeness', complete, ...(why && { why }) },
    ...(signal && { signal }),
  });

type Asked = {
  readonly read: MarksReader;
  readonly names: readonly string[];
  /** Absent: no pattern is configured. */
  readonly takes?: (topic: string) => boolean;
};

/** Which topics are asked for: those with a name, and of the others those that a pattern takes. */
function asking(
  named: readonly CompareTopic[],
  patterns: readonly ComparePattern[],
  known: readonly ChainInArchive[],
): Omit<Asked, 'read'> {
  const names = named.map(({ name }) => name);
  if (patterns.length === 0) return { names };
  const takes = (topic: string) =>
    !names.includes(topic) && patterns.some((pattern) => patternTakes(pattern, topic));
  return { names: [...names, ...new Set(known.map(({ chain }) => chain).filter(takes))], takes };
}

const takenTopics = (
  named: readonly CompareTopic[],
  answer: ReadonlyMap<string, TopicMarks>,
): CompareTopic[] =>
  [...answer.keys()]
    .filter((topic) => !named.some(({ name }) => name === topic))
    .map((name) => ({ name, chain: name, partitions: {} }));

/**
 * Null: no broker answered, which is a finding. A topic without an answer does not keep others from
 * comparing.
 */
async function askBrokers(
  input: TaskInput,
  { read, names, takes }: Asked,
): Promise<ReadonlyMap<string, TopicMarks> | null> {
  const { signal } = input.limits;
  let answer: ReadonlyMap<string, TopicMarks>;
  try {
    answer = await read(names, signal, takes);
  } catch (error) {
    signal?.throwIfAborted();
    const finding = completenessFinding('unreadable', '', 'brokers that can be asked', messageOf(error));
    await report(input, ARCHIVE_SCOPE, [finding], false);
    return null;
  }
  const findings = [...answer].flatMap(([name, marks]) =>
    marks.kind === 'there'
      ? []
      : [
          marks.kind === 'absent'
            ? completenessFinding('unreadable', name, `the topic ${name}`, 'no such topic at the brokers')
            : completenessFinding('unreadable', name, `the offsets of ${name}`, marks.why),
        ],
  );
  await report(input, ARCHIVE_SCOPE, findings, ofCompleteness);
  return answer;
}

/** The partitions that the brokers have, and those that have a chain. */
function partitionsOf(
  topics: readonly CompareTopic[],
  answer: ReadonlyMap<string, TopicMarks>,
  known: readonly ChainInArchive[],
): Partition[] {
  return topics.flatMap(({ name, chain, partitions }) => {
    const chainOf = (partition: number) => partitions[partition]?.chain ?? chain;
    const marks = answer.get(name);
    const numbers = new Set([
      ...(marks?.kind === 'there' ? marks.partitions.keys() : []),
      ...known.filter((place) => place.chain === chainOf(place.partition)).map(({ partition }) => partition),
    ]);
    return [...numbers].map((partition) => ({
      topic: name,
      place: { chain: chainOf(partition), partition },
      marks: marksIn(marks, partition),
    }));
  });
}

async function confirmAll(
  { verifier, limits, confirm, failed }: TaskInput,
  partitions: readonly Partition[],
): Promise<ReadonlyMap<string, StepResult>> {
  const steps = new Map<string, StepResult>();
  const work = async ({ place }: Partition, shares: number) => {
    await confirm(place, 0, shares).then(
      (step) => void steps.set(idOf(place), step),
      (error: unknown) => failed(idOf(place), error),
    );
  };
  await inShares(partitions, verifier.chainsAtOnce, work, limits.signal);
  return steps;
}

/** Null: there is no chain. Undefined: its end is unknown. */
function nextOffsetOf({ report: seen, confirmed, isAtEnd }: StepResult): number | null | undefined {
  if (!isAtEnd) return undefined;
  if (seen === null && confirmed === null) return null;
  return confirmed?.nextOffset ?? undefined;
}

/** Null: no such partition. Undefined: nothing was learned. */
function marksIn(topic: TopicMarks | undefined, partition: number): PartitionMarks | null | undefined {
  if (topic === undefined || topic.kind === 'unknown') return undefined;
  return topic.kind === 'absent' ? null : (topic.partitions.get(partition) ?? null);
}

function beforeOf(note: EndsNote | null, place: ChainInArchive) {
  const end = note?.ends.get(idOf(place));
  return note === null || end === undefined ? null : { atMs: note.atMs, end };
}
