// What does it cost to verify a billion events, at list prices?
import type { Calls } from './one-core.ts';

/** In USD, all per million but for the GB-second (eu-central-1, or as given). */
export const PRICES = {
  lambdaGbSecond: '0.0000133334',
  lambdaRequests: '0.20',
  s3Get: '0.43',
  s3PutList: '5.40',
  kmsSign: '15',
  sqs: '0.40',
} as const;

export type Assumed = Readonly<Record<keyof typeof PRICES, number>> & {
  readonly memoryGb: number;
  readonly eventsPerSegment: number;
  /** Time of a call to S3 or KMS in the same Region, for which a Lambda waits. */
  readonly callMs: number;
};

export function costPerBillion({ get, putList, sign, cpuMs }: Calls & { cpuMs: number }, assumed: Assumed) {
  const segments = 1e9 / assumed.eventsPerSegment;
  // CPU time and waiting. Read-ahead calls run at once, the others one after the other.
  const seconds = (cpuMs * 2 + 10 * assumed.callMs) / 1000;
  const perMillion = (price: number, calls: number) => (segments * calls * price) / 1e6;
  const parts = {
    lambda:
      segments * seconds * assumed.memoryGb * assumed.lambdaGbSecond + perMillion(assumed.lambdaRequests, 1),
    s3: perMillion(assumed.s3Get, get) + perMillion(assumed.s3PutList, putList),
    kms: perMillion(assumed.kmsSign, sign),
    // In, out, done.
    sqs: perMillion(assumed.sqs, 3),
  };
  const total = Object.values(parts).reduce((sum, part) => sum + part, 0);
  const cents = (value: number) => Math.round(value * 100) / 100;
  return {
    ...Object.fromEntries(Object.entries(parts).map(([name, value]) => [name, cents(value)])),
    total: cents(total),
  };
}
