// What can be configured about the verifier and its bucket?
import { z } from 'zod';
import { region } from '../src/config/fields.ts';
import {
  accountId,
  bucketName,
  keyArn,
  keySpec,
  people,
  podSchemas,
  principalArn,
  retention,
  secretArn,
} from './config-parts.ts';

/** Scheduled tasks that may run side by side: each may take five minutes. */
const SCHEDULES_AT_ONCE = 3;
const UNIT_MINUTES = { m: 1, h: 60, d: 1_440 } as const;

/** `90m`, `2h`, `30d` in minutes. */
export function minutesOf(duration: string): number {
  const unit = duration.at(-1) as keyof typeof UNIT_MINUTES;
  return Number(duration.slice(0, -1)) * UNIT_MINUTES[unit];
}

const duration = (least: string, most: string) =>
  z
    .string()
    .regex(/^[1-9]\d{0,5}[mhd]$/, 'must be a length of time such as 30m, 2h or 7d')
    .refine((given) => minutesOf(given) >= minutesOf(least) && minutesOf(given) <= minutesOf(most), {
      message: `must lie between ${least} and ${most}`,
    });

/** One, or two while they are changed. */
export const logKeyArns = ({
  logKey,
  alsoLogKey,
}: Pick<z.output<typeof verifierSchema>, 'logKey' | 'alsoLogKey'>): string[] => [
  logKey,
  ...(alsoLogKey === undefined ? [] : [alsoLogKey]),
];

export const attestationsSchema = z.strictObject({
  account: accountId.optional(),
  region: region.optional(),
  bucket: z.strictObject({ name: bucketName.optional() }).prefault({}),
  retention: retention.refine((days) => days.minimumDays < days.defaultDays, {
    path: ['minimumDays'],
    message: 'must be under defaultDays, which is what the verifier locks for: a day is lost on the way',
  }),
  people,
  deployer: principalArn.optional(),
  sealed: z.boolean().default(false),
});

/** What the stack needs is checked here. The verifier's own parser checks the rest (`rendered-config.ts`). */
export const verifierSchema = z
  .strictObject({
    cosigner: z.string(),
    key: z
      .strictObject({
        spec: keySpec.default('ECC_NIST_EDWARDS25519'),
        /** A second key, ML_DSA_44: attestations are signed with both. */
        postQuantum: z.boolean().default(true),
      })
      .prefault({}),
    earlier: z.array(z.string()).default([]),
    trusted: z.array(z.string()),
    /** Archives of other owners that chains of this one continue. Their buckets' policies let the role read. */
    older: z
      .array(
        z.strictObject({
          bucket: bucketName,
          prefix: z
            .string()
            .regex(/^([A-Za-z0-9._-]+\/)*$/, 'must be empty or end with /')
            .default(''),
          account: accountId,
          region,
          trusted: z.array(z.string()).min(1),
        }),
      )
      .default([]),
    logKey: keyArn,
    /** Of `key.also`, for the organisation's policy and who reads the public half. */
    alsoLogKey: keyArn.optional(),
    // Not shorter than the schedules can check.
    freshness: duration('10m', '1d').default('2h'),
    /** Chains, or CHAIN/PARTITION, that get no seal any more. */
    ended: z.array(z.string()).default([]),
    sweepEvery: duration('5m', '7d').default('1h'),
    leastLock: z.string().optional(),
    fullPass: z
      .strictObject({ every: duration('1d', '366d').default('30d'), bytesPerRun: z.string().default('4GiB') })
      .prefault({}),
    /** Full passes by a state machine with many workers. Left out: there is none. */
    fanOut: z
      .strictObject({
        /** Workers at once. Each is a call of Lambda with a whole CPU. */
        concurrency: z.int().min(1).max(1_000).default(20),
        /** For as long their results are locked, and a pass can be gone on with. */
        keptDays: z.int().min(2).max(90).default(30),
        /** A pass that has not ended after so many hours has failed. */
        hours: z.int().min(1).max(720).default(24),
        rangeBytes: z.string().optional(),
        rangeSegments: z.int().min(1).max(100_000).optional(),
      })
      .optional(),
    /** Calls for events at once. Lambda takes no less than two. */
    concurrency: z.int().min(2).max(1_000).default(2),
    reservedConcurrency: z.int().min(5).max(1_000).optional(),
    notify: z.array(z.email()).default([]),
    webhook: secretArn.optional(),
    trail: z.union([z.boolean(), z.literal('data-only')]).default(true),
    trailDays: z.int().min(1).max(3_650).default(400),
    /** Pods that run `ledgerstone watch` under the same role, beside the function. */
    pod: z.discriminatedUnion('kind', podSchemas).optional(),
    drillers: z.array(principalArn).default([]),
    responders: z.array(principalArn).default([]),
    /** C2SP witnesses that cosign. The verifier's own parser checks it, and `index` too. */
    witnesses: z.looseObject({ policy: z.string() }).optional(),
    /** The verifier's own parser checks the rest. The roots are text: the function gets them as a file. */
    timestamps: z
      .strictObject({
        url: z.string(),
        roots: z.string().includes('-----BEGIN CERTIFICATE-----', 'must be certificates in PEM, as text'),
        policy: z.string().optional(),
      })
      .optional(),
    index: z.strictObject({ fields: z.record(z.string(), z.unknown()) }).optional(),
  })
  .refine(
    ({ concurrency, reservedConcurrency: reserved }) =>
      reserved === undefined || reserved >= concurrency + SCHEDULES_AT_ONCE,
    {
      path: ['reservedConcurrency'],
      message: `must leave ${SCHEDULES_AT_ONCE} more than concurrency, for the schedules`,
    },
  );
