// `ledgerstone doctor --cost`: what would an archiver with these settings cost in a month?
import { systemClock } from '../../base/clock.ts';
import { counted } from '../../base/counted.ts';
import { afterPeriod, isAtLeast } from '../../base/period.ts';
import { takingOf } from '../../clients/open.ts';
import { type Config, loadConfig } from '../../config/archiver.ts';
import { isVerifierFile } from '../../config/verifier.ts';
import { REQUEST_PRICES, storageCosts } from '../../governance/prices.ts';
import {
  CALL_SECONDS,
  type RunningCost,
  requestsOf,
  runningCost,
  type VerifierCost,
  verifierCost,
} from '../../governance/running-cost.ts';
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

/** Where the number of partitions is not given and can't be asked for: for several, and exit code 3. */
export async function runCost({ io, output }: Session, options: CostOptions): Promise<number> {
  if (await isVerifierFile(options.config))
    throw new UsageError('--cost is about an archiver', 'Name its ledgerstone.yaml with --config.');
  const config = await loadConfig(options.config, io.env);
  const found = options.partitions ?? (await countedPartitions(config));
  const nowMs = systemClock.now();
  const costFor = (partitions: number) => costOf(config, partitions, options.gbPerDay ?? null, nowMs);
  if (typeof found === 'number') {
    const cost = costFor(found);
    if (options.json === true) await output.json({ prices: REQUEST_PRICES, ...cost });
    else await output.write(costText(config, cost));
    return EXIT.ok;
  }
  const costs = EXAMPLES.map(costFor);
  const uncounted = { why: found.why, costs };
  if (options.json === true) await output.json({ prices: REQUEST_PRICES, uncounted });
  else await output.write(uncountedText(config, uncounted));
  return EXIT.failed;
}

/** Partitions, where their number is not known. */
const EXAMPLES = [1, 10, 100, 1000] as const;

async function countedPartitions({ source, limits }: Config): Promise<number | { readonly why: string }> {
  if (source.kind === 'file') return 1;
  const { countPartitions } = await import('../../ingest/kafka/topic-check.ts');
  const silent = () => {};
  const log = { debug: silent, info: silent, warn: silent, error: silent };
  return countPartitions({
    ...{ ...source, ...takingOf(source), recordBytesMax: limits.recordBytes, log },
  });
}

type Cost = {
  readonly partitions: number;
  /** None of them has a record, and all have some all the time. */
  readonly idle: RunningCost;
  readonly busy: RunningCost;
  /** Of the second party where it is a function, beside them. */
  readonly verifier: { readonly idle: VerifierCost; readonly busy: VerifierCost };
  /** Of what is stored in one month, until its lock ends; null: no amount was given. */
  readonly storage: {
    readonly policy: string;
    readonly months: number;
    readonly classes: readonly { readonly name: string; readonly usd: number }[];
  } | null;
};

function costOf(config: Config, partitions: number, gbPerDay: number | null, nowMs: number): Cost {
  const { maxAgeMs, heartbeatMs } = config.segment;
  const requests = (busy: number) => requestsOf({ partitions, busy, maxAgeMs, heartbeatMs });
  const at = (busy: number) => runningCost(requests(busy));
  const second = (busy: number) => verifierCost(requests(busy).seals);
  return {
    ...{ partitions, idle: at(0), busy: at(partitions) },
    verifier: { idle: second(0), busy: second(partitions) },
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
  'CloudTrail: if it writes a data event for each PUT. Second party: its function is called once for each seal',
  'and by its schedules, and each call signs and stores one object;',
  `if each takes ${CALL_SECONDS} s, which was not measured on AWS.`,
  "Not in it: the second party's requests to S3, full passes and findings;",
  'the network, the machine, starts and retries.',
];

const row = (name: string, one: string, two: string) =>
  `${name.padEnd(28)}${one.padStart(12)}${two.padStart(12)}`;
const usd = (value: number) => value.toFixed(2);

function sealsText({ segment }: Config): string {
  const every = (ms: number) => (ms === 0 ? 'never' : `every ${ms / 1000} s`);
  return `a seal ${every(segment.heartbeatMs)} (idle), ${every(segment.maxAgeMs)} (busy)`;
}

function uncountedText(
  config: Config,
  { why, costs }: { readonly why: string; readonly costs: readonly Cost[] },
): string {
  const lines = [
    `The partitions could not be counted: ${why}`,
    `So this is for several numbers of them; give yours with --partitions. Each: ${sealsText(config)}.`,
    '',
    row('US$ a month, in all', 'idle', 'busy'),
    ...costs.map(({ partitions, idle, busy }) =>
      row(counted(partitions, 'partition'), usd(idle.total), usd(busy.total)),
    ),
    '',
    ...storageLines(costs[0]?.storage ?? null),
  ];
  return `${[...lines, ...NOTE].join('\n')}\n`;
}

function costText(config: Config, { partitions, idle, busy, verifier, storage }: Cost): string {
  const money = (name: string, part: keyof RunningCost) => row(name, usd(idle[part]), usd(busy[part]));
  const second = (name: string, part: keyof VerifierCost) =>
    row(`second party: ${name}`, usd(verifier.idle[part]), usd(verifier.busy[part]));
  const lines = [
    `${counted(partitions, 'partition')}; ${sealsText(config)}`,
    '',
    row('US$ a month', 'idle', 'busy'),
    money('KMS: signatures, one key', 'kms'),
    money('S3: PUT', 'puts'),
    money('S3: LIST', 'lists'),
    money('S3: locks read back', 'gets'),
    money('CloudTrail', 'trail'),
    money('in all', 'total'),
    second('Lambda', 'lambda'),
    second('KMS', 'kms'),
    second('CloudTrail', 'trail'),
    '',
    ...storageLines(storage),
  ];
  return `${[...lines, ...NOTE].join('\n')}\n`;
}

function storageLines(storage: Cost['storage']): readonly string[] {
  if (storage === null) return [];
  const classes = storage.classes.map(({ name, usd: value }) => `${name} ${usd(value)}`).join(', ');
  const time = `the ${spanText(storage.months)} of \`${storage.policy}\``;
  return [`Storage: what one month brings costs, over ${time}: ${classes}.`, ''];
}

/** A policy of days is not of 0.0 months. */
const spanText = (months: number): string =>
  months < 2
    ? counted(Math.round((months * MONTH_MS) / DAY_MS), 'day')
    : `${Math.round(months * 10) / 10} months`;
