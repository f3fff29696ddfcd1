// What does `ledgerstone replay` do, step by step?
import { utf8 } from '../../base/bytes.ts';
import { systemClock } from '../../base/clock.ts';
import { counted, countText } from '../../base/counted.ts';
import { LedgerstoneError, messageOf } from '../../base/error.ts';
import { printable } from '../../base/printable.ts';
import { timeText } from '../../format/time.ts';
import type { TransactionalProducer } from '../../ingest/kafka/produce/producer.ts';
import { planId, replayId } from '../../replay/plan.ts';
import { replay, requirePartitions, startsOf } from '../../replay/run.ts';
import { EXIT, UsageError } from './exit-code.ts';
import { NewFiles } from './new-files.ts';
import { openArchive } from './open-archive.ts';
import { startProgressBar } from './progress.ts';
import { chainsToReplay, findOlder, linesToReplay, olderThan, type ReplayJob } from './replay-job.ts';
import {
  checkReplay,
  limitsOf,
  openTarget,
  paceOf,
  type ReplayOptions,
  rangeOf,
  timesOf,
} from './replay-options.ts';
import { replayReceipt, replayText, wouldReplayText } from './replay-text.ts';
import type { Session } from './session.ts';
import { bytesText } from './table.ts';

export async function runReplay(
  session: Session,
  name: string | undefined,
  options: ReplayOptions,
): Promise<number> {
  await checkReplay(options);
  const [range, times] = [rangeOf(options), timesOf(options)];
  const archive = await openArchive(name, options, session.io.env);
  try {
    if (archive.trusted.length === 0)
      throw new UsageError(
        'nothing is replayed that is not verified, and that needs a trusted key',
        'Add --key KEY, or name the archive with --config.',
      );
    const chains = await chainsToReplay(session, archive, options);
    const origins = new Map([...chains].map(([partition, { origin }]) => [partition, origin]));
    const { toTopic, partition = null } = options;
    const plan = planId({ origins, partition, range, times, toTopic });
    const target = await openTarget(options, archive.config, plan, session.io.env);
    try {
      const job = { options, archive, chains, range, times, plan };
      return await (options.dryRun === true ? lookOnly : write)(session, job, target);
    } finally {
      await target.close();
    }
  } finally {
    await archive.store.close();
  }
}

const SETTINGS = [
  ...['max.message.bytes', 'message.timestamp.type', 'cleanup.policy'],
  ...['retention.ms', 'retention.bytes'],
];

type Settings = ReadonlyMap<string, string | null>;
const DAY_MS = 86_400_000;

/** Milliseconds for which the topic keeps a record by the record's own time. Null: for ever, or not known. */
function keptMs(settings: Settings | null): number | null {
  const text = settings?.get('retention.ms') ?? null;
  const byOwnTime = settings?.get('message.timestamp.type') !== 'LogAppendTime';
  return byOwnTime && isDeleting(settings) && text !== null && Number(text) >= 0 ? Number(text) : null;
}

const isDeleting = (settings: Settings | null): boolean =>
  (settings?.get('cleanup.policy') ?? 'delete').includes('delete');

const ageText = (ms: number): string =>
  ms >= DAY_MS ? counted(Math.floor(ms / DAY_MS), 'day') : `${countText(ms)} ms`;

/**
 * What of the topic will not be as in the archive, or is not known. `old`: the time of records that the topic
 * does not keep any more, in milliseconds, and what time it is; null: there are none.
 */
export function warningsOf(
  toTopic: string,
  settings: Settings | null,
  old: { readonly ms: number; readonly nowMs: number } | null = null,
): string[] {
  if (settings === null)
    return [
      `the settings of ${toTopic} could not be read (DESCRIBE_CONFIGS on it shows them): ` +
        'its timestamps, cleanup and retention are not known',
    ];
  const [type, policy] = [settings.get('message.timestamp.type'), settings.get('cleanup.policy')];
  const [kept, bytes] = [settings.get('retention.ms'), settings.get('retention.bytes') ?? null];
  return [
    ...(type === 'LogAppendTime'
      ? [
          `${toTopic} gives records its own time (message.timestamp.type=LogAppendTime): theirs are lost there`,
        ]
      : []),
    ...(policy?.includes('compact') === true
      ? [`${toTopic} is compacted: it takes no record without a key, and removes earlier ones of a key`]
      : []),
    ...(old === null
      ? []
      : [
          `${toTopic} keeps records for ${ageText(Number(kept))} (retention.ms=${kept}), and there are some from ` +
            `${timeText(old.ms)}, ${ageText(old.nowMs - old.ms)} ago: brokers may delete them at once. ` +
            'Set retention.ms=-1 on the topic until consumers have read',
        ]),
    ...(bytes !== null && Number(bytes) >= 0 && isDeleting(settings)
      ? [
          `${toTopic} keeps ${countText(Number(bytes))} bytes of a partition (retention.bytes=${bytes}): ` +
            'beyond that, brokers may delete what came first at once. ' +
            'Set retention.bytes=-1 on the topic until consumers have read',
        ]
      : []),
  ];
}

async function warningsFor(job: ReplayJob, settings: Settings | null): Promise<string[]> {
  const [kept, nowMs] = [keptMs(settings), systemClock.now()];
  const ms = kept === null ? null : await findOlder(job, nowMs - kept);
  return warningsOf(job.options.toTopic, settings, ms === null ? null : { ms, nowMs });
}

async function write(session: Session, job: ReplayJob, target: TransactionalProducer): Promise<number> {
  const { io, output } = session;
  const { options, chains, range, times, plan } = job;
  const settings = await target.settings(SETTINGS);
  const warnings = await warningsFor(job, settings);
  for (const warning of warnings) output.note(printable(warning));
  const progress = startProgressBar(io, 'replay');
  const sent = { records: 0, bytes: 0 };
  const total = [...chains.values()].reduce((sum, one) => sum + one.nextOffset, 0);
  try {
    const partitions = await replay({
      ...{ target, plan, toTopic: options.toTopic, partitions: [...chains.keys()], from: range.from },
      linesOf: (partition, from) => linesToReplay(chains.get(partition)!, { ...range, from }, times),
      append: options.append === true,
      limits: limitsOf(options, Number(settings?.get('max.message.bytes') ?? Number.NaN) || null),
      pace: paceOf(options),
      ...{ clock: systemClock, random: Math.random, signal: io.signal },
      onTrouble: (error) => output.note(`trying again: ${messageOf(error)}`),
      onCommitted: (portion) => {
        sent.records += portion.records;
        sent.bytes += portion.bytes;
        const text = `${counted(sent.records, 'record')}, ${bytesText(sent.bytes)}`;
        progress.update(sent.records, total, text);
      },
    });
    progress.stop();
    const receipt = replayReceipt(job, partitions, target.appendTime, warnings);
    if (options.receipt !== undefined) await keep(options.receipt, receipt);
    if (options.json === true) await output.json(receipt);
    else await output.write(replayText(receipt, options.receipt ?? null));
    return EXIT.ok;
  } catch (error) {
    output.note(`${countText(sent.records)} records of this run are committed in ${options.toTopic}`);
    if (!io.signal.aborted) throw error;
    throw new LedgerstoneError('stopped', messageOf(error), {
      remedy: 'Run the same command again: it goes on behind what was committed.',
    });
  } finally {
    progress.stop();
  }
}

async function keep(file: string, receipt: object): Promise<void> {
  const files = new NewFiles();
  try {
    await files.write(file, [utf8(`${JSON.stringify(receipt, null, 2)}\n`)]);
    await files.place([file]);
  } finally {
    await files.remove();
  }
}

async function lookOnly({ output }: Session, job: ReplayJob, target: TransactionalProducer): Promise<number> {
  const { options, chains, range, plan } = job;
  const { toTopic, append = false } = options;
  const partitions = [...chains.keys()];
  const there = await target.target();
  requirePartitions(there, { partitions, toTopic });
  const found = await target.positions(partitions);
  const starts = await startsOf({ target, plan, toTopic, from: range.from, append }, there, found);
  const warnings = await warningsFor(job, await target.settings(SETTINGS));
  const would = partitions.map((partition) => {
    const chain = chains.get(partition)!;
    const { firstOffset, nextOffset, continuedBy } = chain;
    const { position, isContinued } = starts.get(partition)!;
    const from = Math.max(position.nextOffset, firstOffset);
    const offsets = Math.max(0, Math.min(range.to, nextOffset) - from);
    const continues = olderThan(chain, range);
    return { partition, from, nextOffset: from + offsets, offsets, isContinued, continues, continuedBy };
  });
  const said = {
    dryRun: true,
    toTopic,
    group: replayId(plan),
    partitions: would,
    warnings,
  };
  if (options.json === true) await output.json(said);
  else await output.write(wouldReplayText(said, job.times !== null));
  return EXIT.ok;
}
