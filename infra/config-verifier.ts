// What may differ between one verifier and another, and its bucket?
import { z } from 'zod';
import { bucketName, keySpec, people, principalArn, retention } from './config-parts.ts';

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

export const attestationsSchema = z.strictObject({
  account: z
    .string()
    .regex(/^\d{12}$/, 'must be 12 digits, in quotes')
    .optional(),
  region: z
    .string()
    .regex(/^[a-z]{2,}(-[a-z]+)+-\d$/, 'must be a Region such as eu-central-1')
    .optional(),
  bucket: z.strictObject({ name: bucketName.optional() }).prefault({}),
  retention: retention
    .refine((days) => days.minimumDays < days.defaultDays, {
      path: ['minimumDays'],
      message: 'must be under defaultDays, which is what the verifier locks for: a day is lost on the way',
    })
    .refine((days) => days.defaultDays <= 3_650, {
      path: ['defaultDays'],
      message: 'must be ten years at most: the verifier locks for no longer',
    }),
  people,
  deployer: principalArn.optional(),
  sealed: z.boolean().default(false),
});

export const verifierSchema = z.strictObject({
  cosigner: z
    .string()
    .max(200)
    .regex(/^[^\s+]+$/, 'must be a name without spaces and plus signs, such as verifier.example.com/prod'),
  key: z.strictObject({ spec: keySpec.default('ECC_NIST_EDWARDS25519') }).prefault({}),
  trusted: z
    .array(
      z.string().regex(/^[^\s+]+\+[0-9a-f]{8}\+[A-Za-z0-9+/]+=*$/, 'must be a verifier key: NAME+HASH+KEY'),
    )
    .min(1),
  logKey: z
    .string()
    .regex(
      /^arn:[a-z-]+:kms:[a-z0-9-]+:\d{12}:key\/[A-Za-z0-9-]+$/,
      'must be the ARN of a KMS key, no alias',
    ),
  freshness: duration('10m', '1d').default('2h'),
  sweepEvery: duration('5m', '7d').default('1h'),
  fullPass: z
    .strictObject({
      every: duration('1d', '3650d').default('30d'),
      bytesPerRun: z
        .string()
        .regex(/^[1-9]\d{0,5}(MiB|GiB)$/, 'must be a size such as 512MiB or 4GiB')
        .default('4GiB'),
    })
    .prefault({}),
  concurrency: z.int().min(3).max(1_000).default(5),
  notify: z.array(z.email()).default([]),
  trail: z.boolean().default(true),
});
