// What do an archiver's requests cost in a month, by its settings and the number of its partitions?
import { REQUEST_PRICES } from './prices.ts';

/** Of 30 days, in all. */
export type Requests = {
  readonly seals: number;
  readonly puts: number;
  readonly lists: number;
  /** Of locks that are read back. */
  readonly gets: number;
  readonly signatures: number;
};

export type Settings = {
  readonly partitions: number;
  /** How many of them have records all the time. The others have none. */
  readonly busy: number;
  readonly maxAgeMs: number;
  /** 0: none. */
  readonly heartbeatMs: number;
};

const MONTH_MS = 30 * 86_400_000;
/** As the sealer has it: docs/decisions/0066. */
const READ_BACK_MS = 60_000;

/**
 * Segments that are full before `maxAge`, starts, and whatever fails and is tried again come on top of it. A
 * segment with records is two objects, one without is a seal alone; each is signed once, and its seal listed.
 * A process with few and idle partitions also lists now and then to learn the store's time.
 */
export function requestsOf({ partitions, busy, maxAgeMs, heartbeatMs }: Settings): Requests {
  const full = (busy * MONTH_MS) / maxAgeMs;
  const empty = heartbeatMs === 0 ? 0 : ((partitions - busy) * MONTH_MS) / heartbeatMs;
  const readBack = (busy * MONTH_MS) / Math.max(maxAgeMs, READ_BACK_MS);
  const emptyReadBack =
    heartbeatMs === 0 ? 0 : ((partitions - busy) * MONTH_MS) / Math.max(heartbeatMs, READ_BACK_MS);
  return {
    seals: full + empty,
    puts: 2 * full + empty,
    lists: full + empty + readBack,
    gets: 2 * readBack + emptyReadBack,
    signatures: full + empty,
  };
}

/** Calls of the verifier's function on its schedules: confirm 12 an hour, freshness 6, three others 1. */
const SCHEDULED_CALLS = (12 + 6 + 3) * 24 * 30;
const CALL_GB = 0.5;
/** Nobody has measured it on AWS: a call for one seal waits for about ten answers, and a first one starts. */
export const CALL_SECONDS = 1;

export type VerifierCost = {
  readonly lambda: number;
  /** One key, and what it signs. Nobody asks KMS to verify: public keys are at hand. */
  readonly kms: number;
  /** If CloudTrail writes a data event for each PUT into the verifier's bucket. */
  readonly trail: number;
};

/**
 * US$ a month of the second party where each seal calls its function once; whole cents. Each call stores one
 * object and signs it: an attestation, or the record of what a schedule ran. Full passes and findings sign
 * more.
 */
export function verifierCost(seals: number): VerifierCost {
  const calls = seals + SCHEDULED_CALLS;
  const usd = (price: number) => (calls * price) / 1e6;
  return {
    lambda: cents(usd(REQUEST_PRICES.call + CALL_SECONDS * CALL_GB * REQUEST_PRICES.gbSeconds)),
    kms: cents(usd(REQUEST_PRICES.sign) + REQUEST_PRICES.keyMonth),
    trail: cents(usd(REQUEST_PRICES.trailEvent)),
  };
}

const cents = (value: number): number => Math.round(value * 100) / 100;

export type RunningCost = {
  readonly kms: number;
  readonly puts: number;
  readonly lists: number;
  readonly gets: number;
  /** If CloudTrail writes a data event for each PUT. */
  readonly trail: number;
  readonly total: number;
};

/** US$ a month, whole cents. */
export function runningCost({ puts, lists, gets, signatures }: Requests): RunningCost {
  const usd = (count: number, price: number) => (count * price) / 1e6;
  const parts = {
    kms: usd(signatures, REQUEST_PRICES.sign) + REQUEST_PRICES.keyMonth,
    puts: usd(puts, REQUEST_PRICES.put),
    lists: usd(lists, REQUEST_PRICES.put),
    gets: usd(gets, REQUEST_PRICES.get),
    trail: usd(puts, REQUEST_PRICES.trailEvent),
  };
  const total = Object.values(parts).reduce((sum, part) => sum + part, 0);
  return {
    ...{ kms: cents(parts.kms), puts: cents(parts.puts), lists: cents(parts.lists), gets: cents(parts.gets) },
    ...{ trail: cents(parts.trail), total: cents(total) },
  };
}
