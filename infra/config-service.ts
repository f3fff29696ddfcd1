// What can be configured about an archiver on Fargate?
import { z } from 'zod';
import { ARCHIVER_PORT_DEFAULT, DRAIN_DEFAULT } from '../src/config/archiver-schema.ts';
import { secretArn, vkeyText } from './config-parts.ts';

/** Fargate kills a task at most two minutes after it asked it to stop. */
const STOP_SECONDS_MAX = 120;
/** Time after the drain: the last seal's answer, connections, logs. */
const STOP_MARGIN_SECONDS = 30;

const settings = z
  .looseObject({
    source: z.looseObject({}),
    retention: z.looseObject({}),
    limits: z
      .looseObject({
        drain: z
          .string()
          .regex(/^[1-9]\d{0,3}[sm]$/, 'must be a length of time such as 25s or 1m')
          .default(DRAIN_DEFAULT),
      })
      .prefault({}),
    server: z
      .looseObject({
        port: z.int().min(1).max(65_535).default(ARCHIVER_PORT_DEFAULT),
        tls: z.never("is not for this stack: the task's health check asks over HTTP").optional(),
      })
      .prefault({}),
    production: z.never('is set by the stack').optional(),
    archive: z.never('is set by the stack').optional(),
  })
  .refine(({ limits }) => stopSecondsOf(limits.drain) <= STOP_SECONDS_MAX, {
    path: ['limits', 'drain'],
    message: `must be ${STOP_SECONDS_MAX - STOP_MARGIN_SECONDS}s at most: Fargate waits no longer`,
  });

/**
 * Longer than a drain may take: an archiver that is killed during a seal must find out at its start what
 * became of it.
 */
export function stopSecondsOf(drain: string): number {
  const seconds = Number(drain.slice(0, -1)) * (drain.endsWith('m') ? 60 : 1);
  return seconds + STOP_MARGIN_SECONDS;
}

export const serviceSchema = z.strictObject({
  image: z.strictObject({
    repository: z
      .string()
      .regex(
        /^arn:[a-z-]+:ecr:[a-z0-9-]+:\d{12}:repository\/[a-z0-9._/-]+$/,
        'must be the ARN of an ECR repository',
      ),
    digest: z.string().regex(/^sha256:[0-9a-f]{64}$/, 'must be sha256: and 64 digits: a tag can be moved'),
  }),
  instances: z.int().min(1).max(100).default(2),
  cpu: z.union([256, 512, 1024, 2048, 4096].map((units) => z.literal(units))).default(512),
  memoryMiB: z.int().min(512).max(30_720).default(1024),
  vpc: z.string().regex(/^vpc-[0-9a-f]+$/, 'must be a VPC id'),
  subnets: z.array(z.string().regex(/^subnet-[0-9a-f]+$/, 'must be a subnet id')).min(1),
  secrets: z
    .record(z.string().regex(/^[A-Z][A-Z0-9_]*$/, 'must be the name of an environment variable'), secretArn)
    .default({}),
  /** Verifier keys beside the one that signs: of the decisions, and of the log's earlier keys. */
  trusted: z.array(vkeyText).default([]),
  settings,
});

export type ServiceConfig = z.infer<typeof serviceSchema>;
