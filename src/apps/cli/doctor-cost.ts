// `ledgerstone doctor --cost`: what would an archiver with these settings cost in a month?
import { systemClock } from '../../base/clock.ts';
import { counted } from '../../base/counted.ts';
import { afterPeriod, isAtLeast } from '../../base/period.ts';
import { takingOf } from '../../clients/open.ts';
import { type Config, loadConfig } from '../../config/archiver.ts';
import { isVerifierFile } from '../../config/verifier.ts';
import { REQUEST_PRICES, storageCosts } from '../../governance/prices.ts';
import { type RunningCost, requestsOf, runningCost } from '../../governance/running-cost.ts';
import { EXIT, UsageError } from './exit-code.ts';
import type { Session } from './session.ts';

export type CostOptions = {
  readonly config: string;
  readonly json?: boolean;
  readonly partitions?: number;
  readonly gbPerDay?: number;
};

const DAY_MS = 86_400_000;
const MONTH_MS = 30.44 * DAY_MS;

/** Throws UsageError where the number of partitions is not given and can't be asked for. */
export async function runCost({ io, output }: Session, options: CostOptions): Promise<number> {
  if (await isVerifierFile(options.config))
    throw new UsageError('--cost is about an archiver', 'Name its ledgerstone.yaml with --config.');
  const config = await loadConfig(options.config, io.env);
  const partitions = options.partitions ?? (await countedPartitions(config));
  const cost = costOf(config, partitions, options.gbPerDay ?? null, systemClock.now());
  if (options.json === true) await output.json({ prices: REQUEST_PRICES, ...cost });
  else await output.write(costText(config, cost));
  return EXIT.ok;
}

async function countedPartitions({ source, limits }: Config): Promise<number> {
  if (source.kind === 'file') return 1;
  const { countPartitions } = await import('../../ingest/kafka/topic-check.ts');
  const silent = () => {};
  const log = { debug: silent, info: silent, warn: silent, error: silent };
  const found = await countPartitions({
    ...{ ...source, ...takingOf(source), recordBytesMax: limits.recordBytes, log },
  });
  if (typeof found === 'number') return found;
  throw new UsageError(
    `the partitions could not be counted: ${found.why}`,
    'Give their number: --partitions 64.',
  );
}

type Cost = {
  readonly partitions: number;
  /** None of them has a record, and all have some all the time. */
  readonly idle: RunningCost;
  readonly busy: RunningCost;
  /** Of what is stored in one month, until its lock ends; null: no amount was given. */
  readonly storage: {
    readonly policy: string;
    readonly months: number;
    readonly classes: readonly { readonly name: string; readonly usd: number }[];
  } | null;
};

function costOf(config: Config, partitions: number, gbPerDay: number | null, nowMs: number): Cost {
  const { maxAgeMs, heartbeatMs } = config.segment;
  const at = (busy: number) => runningCost(requestsOf({ partitions, busy, maxAgeMs, heartbeatMs }));
  return {
    ...{ partitions, idle: at(0), busy: at(partitions) },
    storage: gbPerDay === null ? null : storageOf(config, gbPerDay, nowMs),
  };
}

/** By the longest policy that a topic has. */
function storageOf({ source, retention }: Config, gbPerDay: number, nowMs: number): Cost['storage'] {
  const used = [...source.topics, ...source.patterns].map((topic) => topic.retention);
  const longest = used.reduce((a, b) => (isAtLeast(retention[a]!.period, retention[b]!.period) ? a : b));
  const months = (afterPeriod(nowMs, retention[longest]!.period) - nowMs) / MONTH_MS;
  const bytes = gbPerDay * 1e9 * (MONTH_MS / DAY_MS);
  return { policy: longest, months, classes: storageCosts(bytes, months) };
}

const NOTE = [
  `Cost: US$ a month at list prices of ${REQUEST_PRICES.asOf} in ${REQUEST_PRICES.region}, without discounts.`,
  'Idle: no partition has a record. Busy: each has some all the time, and no segment is full before segment.maxAge.',
  'CloudTrail: if it writes a data event for each PUT. Not in it: the second party, the network, the machine, starts',
  'and retries.',
];

function costText({ segment }: Config, { partitions, idle, busy, storage }: Cost): string {
  const row = (name: string, one: string, two: string) =>
    `${name.padEnd(28)}${one.padStart(12)}${two.padStart(12)}`;
  const usd = (value: number) => value.toFixed(2);
  const money = (name: string, part: keyof RunningCost) => row(name, usd(idle[part]), usd(busy[part]));
  const every = (ms: number) => (ms === 0 ? 'never' : `every ${ms / 1000} s`);
  const [rarely, often] = [every(segment.heartbeatMs), every(segment.maxAgeMs)];
  const lines = [
    `${counted(partitions, 'partition')}; a seal ${rarely} (idle), ${often} (busy)`,
    '',
    row('US$ a month', 'idle', 'busy'),
    money('KMS: signatures, one key', 'kms'),
    money('S3: PUT', 'puts'),
    money('S3: LIST', 'lists'),
    money('S3: locks read back', 'gets'),
    money('CloudTrail', 'trail'),
    money('in all', 'total'),
    '',
  ];
  if (storage !== null) {
    const classes = storage.classes.map(({ name, usd: value }) => `${name} ${usd(value)}`).join(', ');
    const time = `the ${spanText(storage.months)} of \`${storage.policy}\``;
    lines.push(`Storage: what one month brings costs, over ${time}: ${classes}.`, '');
  }
  return `${[...lines, ...NOTE].join('\n')}\n`;
}

/** A policy of days is not of 0.0 months. */
const spanText = (months: number): string =>
  months < 2
    ? counted(Math.round((months * MONTH_MS) / DAY_MS), 'day')
    : `${Math.round(months * 10) / 10} months`;
