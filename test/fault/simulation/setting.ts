// In which world does a seed's run take place? Swarm testing: each seed has some kinds of trouble, and more of them.

import { type Config, parseConfig } from '../../../src/config/archiver.ts';
import type { MemoryBrokerOptions } from '../../support/memory-broker.ts';
import { Dice } from './dice.ts';

export const ORIGIN = 'simulated.example.com/test';
export const TOPIC = 'orders';
export const GROUP = 'ledgerstone';

/** Kinds of trouble; each is on or off for a whole run. */
const TROUBLES = [
  // What a call may end like.
  'call-fails',
  'call-lost-answer',
  'call-late',
  'call-twice',
  'call-dies',
  'call-denied',
  // What may happen to processes.
  'kill',
  'drain',
  'pause',
  'isolate',
  'rebalance',
  'moment',
  // What may happen to services.
  'store-down',
  'throttle',
  'kms-down',
  'brokers-down',
  'elect',
  'late-batch',
  'drift',
  // Time.
  'clock-jump',
  'clock-skew',
  // The log.
  'transactions',
  'partitions',
  'expire',
  'expire-unsealed',
  'truncate',
  'recreate',
  'compact',
  'poison',
  'large',
  // An attacker.
  'marker',
  'cover',
  'foreign',
  'squat',
  // An operator.
  'operator',
] as const;
export type Trouble = (typeof TROUBLES)[number];

/** These end what a partition can be tested for: in few runs only. */
const RARE: ReadonlySet<Trouble> = new Set([
  'truncate',
  'recreate',
  'squat',
  'expire-unsealed',
  'compact',
  'poison',
]);

export type Setting = {
  readonly troubles: ReadonlySet<Trouble>;
  readonly members: number;
  readonly partitions: number;
  readonly events: number;
  readonly spanMs: number;
  /** A call of an edge goes wrong so often while trouble is about. */
  readonly callFaults: number;
  /** Most milliseconds that a good call takes; 0: none. */
  readonly latencyMs: number;
  readonly algorithm: 'ed25519' | 'ecdsa-p256';
  readonly broker: Partial<MemoryBrokerOptions>;
  readonly config: Config;
  /** Encoded bytes that one fetch can become. */
  readonly fetchBytesMax: number;
};

/** Records are small, but for those that are too large. */
export const VALUE_BYTES_MAX = 200;
export const RECORD_BYTES_MAX = 1_024;
const LINE_BYTES_MAX = 600;

export function settingOf(seed: number): Setting {
  const dice = new Dice(seed, 'setting');
  const density = dice.pick([0.15, 0.3, 0.3, 0.5, 0.8]);
  const troubles = new Set(TROUBLES.filter((kind) => dice.chance(RARE.has(kind) ? density / 4 : density)));
  const fetchOffsetsMax = dice.pick([1, 3, 8, 20]);
  const partitions = dice.between(1, 3);
  return {
    troubles,
    members: dice.weighted([
      { weight: 3, members: 1 },
      { weight: 5, members: 2 },
      { weight: 3, members: 3 },
      { weight: 1, members: 4 },
      { weight: 1, members: 5 },
    ]).members,
    partitions,
    events: dice.between(15, 45),
    spanMs: dice.pick([8_000, 20_000, 40_000]),
    callFaults: dice.pick([0.02, 0.05, 0.12, 0.3]),
    latencyMs: dice.pick([0, 4, 30, 400]),
    algorithm: dice.chance(0.5) ? 'ed25519' : 'ecdsa-p256',
    broker: {
      topicIds: dice.chance(0.6),
      outOfRange: dice.chance(0.5) ? 'stop' : 'jump',
      lateAfterPause: dice.chance(0.5),
      fetchOffsetsMax,
      idleMs: 250,
      joinMs: dice.pick([50, 500, 3_000]),
    },
    config: configOf(dice),
    fetchBytesMax: fetchOffsetsMax * LINE_BYTES_MAX,
  };
}

const YAML = `
archive:
  origin: ${ORIGIN}
  store: { kind: directory, path: /nowhere }
  signing: { kind: local, keyFile: /nowhere }
source:
  kind: kafka
  brokers: ["memory:9092"]
  topics:
    - { name: ${TOPIC}, retention: short }
retention:
  short: { mode: COMPLIANCE, period: 1d }
`;
let parsed: Config | null = null;

/** Smaller than a file may ask for: little data has to reach every limit. */
function configOf(dice: Dice): Config {
  parsed ??= parseConfig(YAML, 'simulated.yaml', {});
  const [topic] = parsed.source.topics;
  return {
    ...parsed,
    source: {
      ...parsed.source,
      topics: [{ ...topic, startFrom: dice.chance(0.3) ? 'latest' : 'earliest' }],
    } as Config['source'],
    segment: {
      maxBytes: 1_048_576,
      maxRecords: dice.pick([2, 4, 8, 16]),
      maxAgeMs: dice.pick([300, 1_000, 4_000]),
      heartbeatMs: dice.pick([0, 0, 15_000]),
    },
    limits: {
      ...parsed.limits,
      recordBytes: RECORD_BYTES_MAX,
      memoryBytes: dice.pick([1_000, 8_000, 1_000_000]),
      anchorIntervalMs: dice.pick([2_000, 10_000, 60_000]),
    },
  };
}
