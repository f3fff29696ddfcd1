// What does a replay say that it did, or would do?
import { counted, countText } from '../../base/counted.ts';
import { printable } from '../../base/printable.ts';
import { VERSION } from '../../base/version.ts';
import { timeText } from '../../format/time.ts';
import { replayId } from '../../replay/plan.ts';
import type { ReplayedPartition } from '../../replay/run.ts';
import { addMissing, lostOffsets, NONE_MISSING } from '../../verify/gaps.ts';
import { olderThan, type ReplayJob } from './replay-job.ts';
import { bytesText } from './table.ts';

export type ReplayReceipt = ReturnType<typeof replayReceipt>;

export function replayReceipt(
  { options, archive, chains, range, times, plan }: ReplayJob,
  partitions: readonly ReplayedPartition[],
  appendTime: boolean,
  warnings: readonly string[],
) {
  const time = (ms: number | undefined) => (ms === undefined || !Number.isFinite(ms) ? null : timeText(ms));
  return {
    ...{ format: 'ledgerstone/replay-receipt/1', version: VERSION, at: timeText(Date.now()) },
    ...{ from: archive.store.description, topic: options.topic, toTopic: options.toTopic },
    ...{ plan, group: replayId(plan) },
    asked: {
      ...{ partition: options.partition ?? null, from: options.from ?? null, to: options.to ?? null },
      ...{ since: times === null ? null : time(times.sinceMs), until: time(times?.untilMs) },
    },
    // The brokers said so, with the records of this run.
    timestampsReplaced: appendTime,
    warnings,
    partitions: partitions.map(({ tally, position, isContinued }) => {
      const chain = chains.get(tally.partition)!;
      const { firstOffset, continuedBy, continues, origin } = chain;
      // What the chain before has, where both count offsets in the same way.
      const archivedBefore =
        continues !== null && continues.nextOffset <= firstOffset ? continues.nextOffset : 0;
      const { partition, from, nextOffset, records, bytes, appendTimes, missing, gaps } = tally;
      return {
        ...{ partition, origin, from, nextOffset, isContinued, records, bytes },
        ...{ total: { records: position.records, bytes: position.bytes } },
        ...{ lines: tally.digest(), appendTimes, missing, gaps },
        // Offsets that were asked for, and that the archive never had.
        notArchived: Math.max(
          0,
          Math.min(firstOffset, range.to) - Math.max(from, range.from, archivedBefore),
        ),
        ...{ continues: olderThan(chain, range), continuedBy },
        // By time: records without one, which were not replayed. Null: it was not by time.
        untimed: times === null ? null : { ...chain.untimed },
      };
    }),
  };
}

/** `file`: where the receipt is kept. */
export function replayText(receipt: ReplayReceipt, file: string | null): string {
  const { from, topic, toTopic, partitions, timestampsReplaced, group, asked } = receipt;
  const sum = (of: (one: ReplayReceipt['partitions'][number]) => number) =>
    partitions.reduce((all, one) => all + of(one), 0);
  const missing = partitions.reduce((all, one) => addMissing(all, one.missing), NONE_MISSING);
  const [records, bytes, appendTimes] = [
    sum((one) => one.records),
    sum((one) => one.bytes),
    sum((one) => one.appendTimes),
  ];
  const allRuns = sum((one) => one.total.records);
  const lines = [
    `replayed ${topic} of ${from} into ${toTopic}: ${counted(records, 'record')}, ${bytesText(bytes)}`,
    ...partitions.map(partitionLine),
    '  each segment was verified before its records went out: seal by a trusted key, data whole by its seal',
    ...(allRuns > records ? [`  with earlier runs of the same replay: ${counted(allRuns, 'record')}`] : []),
    ...(asked.since === null && asked.until === null
      ? gapLines(partitions, missing)
      : ['  gaps have no time, so none is named here: `ledgerstone losses` does that']),
    ...partitions.flatMap(untimedLine),
    ...(appendTimes > 0
      ? [
          `  ${counted(appendTimes, 'record')} had the broker’s time, which is now theirs as if a producer gave it`,
        ]
      : []),
    ...(timestampsReplaced ? [`  ${toTopic} gave records its own time: theirs are in the archive only`] : []),
    ...partitions.flatMap(olderLine),
    ...partitions.flatMap(({ partition, continuedBy }) =>
      continuedBy === null ? [] : [`  the chain of partition ${partition} has ended: ${continuedBy} goes on`],
    ),
    `  how far it went is kept in the consumer group ${group}`,
    ...(file === null ? [] : [`receipt in ${file}, which nobody signed`]),
  ];
  return `${lines.map(printable).join('\n')}\n`;
}

const olderLine = (one: { readonly partition: number; readonly continues: string | null }): string[] =>
  one.continues === null
    ? []
    : [
        `  partition ${one.partition} goes on from ${one.continues}, whose records are not replayed: ` +
          'replay that chain too',
      ];

function untimedLine({ partition, untimed }: ReplayReceipt['partitions'][number]): string[] {
  if (untimed === null || untimed.segments + untimed.records === 0) return [];
  const { segments, records } = untimed;
  const whole = segments > 0 ? ` (${counted(segments, 'segment')} had no others)` : '';
  return [
    `  partition ${partition}: at least ${counted(records, 'record')} without a time${whole}: ` +
      'in no range of times, not replayed',
  ];
}

function partitionLine(one: ReplayReceipt['partitions'][number]): string {
  const { partition, from, nextOffset, records, lines, isContinued } = one;
  if (nextOffset === from)
    return `  partition ${partition}: nothing ${isContinued ? 'new ' : ''}from offset ${from} on`;
  const range = `offsets ${from} to ${nextOffset - 1}`;
  return `  partition ${partition}: ${range}, ${counted(records, 'record')}, lines ${lines}`;
}

const NAMED_LINES = 20;

function gapLines(
  partitions: ReplayReceipt['partitions'],
  missing: ReplayReceipt['partitions'][number]['missing'],
): string[] {
  const notArchived = partitions.filter((one) => one.notArchived > 0);
  const named = partitions.flatMap(({ partition, gaps }) =>
    gaps.map(({ offset, last, reason, by, why }) => {
      const range = offset === last ? `offset ${offset}` : `offsets ${offset} to ${last}`;
      return `    partition ${partition}, ${range}: ${reason}, by ${by}: ${why}`;
    }),
  );
  const lost = lostOffsets(missing);
  return [
    ...(missing.transaction > 0
      ? [`  ${counted(missing.transaction, 'offset')} had no record: aborted transactions and their marks`]
      : []),
    ...(lost > 0 ? [`  ${counted(lost, 'offset')} lost before they were archived: not replayed`] : []),
    ...(missing.compacted > 0
      ? [`  ${counted(missing.compacted, 'offset')} compacted away before they were archived: not replayed`]
      : []),
    ...named.slice(0, NAMED_LINES),
    ...(named.length > NAMED_LINES ? [`    and ${countText(named.length - NAMED_LINES)} more gaps`] : []),
    ...notArchived.map(
      ({ partition, notArchived: count }) =>
        `  partition ${partition}: ${counted(count, 'offset')} before the first that was archived: not replayed`,
    ),
  ];
}

type Would = {
  readonly toTopic: string;
  readonly group: string;
  readonly partitions: readonly {
    readonly partition: number;
    readonly from: number;
    readonly nextOffset: number;
    readonly offsets: number;
    readonly isContinued: boolean;
    readonly continues: string | null;
    readonly continuedBy: string | null;
  }[];
  readonly warnings: readonly string[];
};

export function wouldReplayText({ toTopic, group, partitions, warnings }: Would, byTime: boolean): string {
  const lines = [
    `nothing is written; into ${toTopic} would go:`,
    ...partitions.map(({ partition, from, nextOffset, offsets, isContinued }) => {
      const how = isContinued ? ', where an earlier run ended' : '';
      return offsets === 0
        ? `  partition ${partition}: nothing from offset ${from} on${how}`
        : `  partition ${partition}: offsets ${from} to ${nextOffset - 1}${how}`;
    }),
    ...partitions.flatMap(olderLine),
    ...(byTime ? ['  of these, records in the range of times; one without a time is in none'] : []),
    ...warnings.map((warning) => `  ${warning}`),
    `  how far it goes would be kept in the consumer group ${group}`,
    '  the newest seal and the first one of each chain were checked, and no data was read',
  ];
  return `${lines.map(printable).join('\n')}\n`;
}
