// Which keys may the verifier's configuration hold, and what may each be?
import { z } from 'zod';
import { LIMITS, MIB } from '../base/limits.ts';
import { between, policy, signing, sizeBetween, some, source, store, text } from './archiver-schema.ts';

const GIB = 1024 * MIB;
const [kms] = signing.options;
const [kafka] = source.options;

const sequence = z.int().min(0).max(LIMITS.sequenceMax);
const hold = z
  .strictObject({
    chain: kafka.shape.topics.element.shape.name,
    partition: z.int().min(0).optional().describe('Default: every partition'),
    from: sequence.default(0).describe('The first segment, by its sequence'),
    to: sequence.optional().describe('The last one. Default: all that come, too'),
  })
  .refine(({ from, to }) => to === undefined || to >= from, {
    path: ['to'],
    message: 'must not be below from',
  });

export const verifierConfigSchema = z.strictObject({
  archive: z.strictObject({
    store,
    trusted: z
      .array(z.string('must be a verifier key'))
      .min(1, 'must name at least one key: without one nothing can be verified')
      .describe("The log's verifier keys, as `ledgerstone init` printed them"),
    logKey: z
      .strictObject({
        keyId: kms.shape.keyId,
        region: kms.shape.region,
        endpoint: kms.shape.endpoint,
      })
      .optional()
      .describe("The log's key in KMS: its state is watched, and its public half compared with `trusted`"),
  }),
  attestations: z.strictObject({
    store: store.describe("This verifier's own: a place that the archive's writer has no right to"),
    retention: z.strictObject({
      mode: z.literal('COMPLIANCE', 'must be COMPLIANCE: an attestation that can be deleted proves nothing'),
      period: policy.shape.period,
    }),
  }),
  cosigner: z.strictObject({
    name: some('the name of this verifier, such as verifier.example.com/prod').describe(
      'Stands under every attestation; never changes',
    ),
    signing: signing.describe("This verifier's own key, never the log's"),
    earlier: z
      .array(z.string('must be a cosigner key'))
      .default([])
      .describe('Earlier keys of this verifier, whose attestations are still believed'),
  }),
  chains: z
    .strictObject({
      freshness: between('1s', '366d').optional().describe('A chain without a seal for longer is a finding'),
      confirm: between('1s', '7d')
        .prefault('5m')
        .describe('How often every chain is confirmed, event or not'),
    })
    .prefault({}),
  sweep: z
    .strictObject({
      every: between('1m', '30d').prefault('1h'),
      leastLock: policy.shape.period
        .optional()
        .describe('The shortest retention that objects of the archive were ever written with'),
      holds: z.array(hold).default([]).describe('Segments that must be under a legal hold'),
    })
    .prefault({}),
  fullPass: z
    .strictObject({
      every: between('1h', '366d').prefault('30d').describe('Each byte is read again within this time'),
      bytesPerRun: sizeBetween(MIB, 1024 * GIB, '1MiB to 1024GiB').prefault('4GiB'),
    })
    .prefault({}),
  configuration: z
    .strictObject({
      every: between('1m', '7d').prefault('1h'),
      defaultDays: z
        .int()
        .min(1)
        .max(36_500)
        .optional()
        .describe('Least days of the default lock of both buckets'),
      denies: z
        .boolean()
        .default(false)
        .describe("true: the policy of the archive's bucket must deny deletes, overwrites and weak locks"),
      minimumDays: z
        .int()
        .min(1)
        .max(36_500)
        .optional()
        .describe('Least days that this policy demands of a lock'),
    })
    .prefault({}),
  attempts: z
    .strictObject({
      trails: z
        .array(text(/^[A-Za-z0-9][A-Za-z0-9._-]{1,126}[A-Za-z0-9]$/, "a trail's name, not its ARN"))
        .default([])
        .describe('CloudTrail trails that tell of attempts: whoever stops one is told of'),
    })
    .prefault({}),
  kafka: z
    .strictObject({
      every: between('1m', '7d').prefault('15m'),
      brokers: kafka.shape.brokers,
      clientId: some('a client id').default('ledgerstone-verifier'),
      tls: kafka.shape.tls,
      sasl: kafka.shape.sasl.describe('Of a principal of its own, which may DESCRIBE the topics'),
      topics: z
        .array(kafka.shape.topics.element.pick({ name: true, chain: true, partitions: true }))
        .min(1, 'must name at least one topic')
        .describe('The archived topics, as the archiver is told of them'),
    })
    .optional()
    .describe('Where brokers can be reached: their offsets are compared with what was sealed'),
  alarms: z
    .strictObject({
      sns: text(
        /^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}(?:\.fifo)?$/,
        "an SNS topic's ARN",
      ).optional(),
      webhook: text(/^https?:\/\/[^\s/]+(?:\/\S*)?$/, 'an address such as https://hooks.example.com/T000')
        .optional()
        .describe('Gets JSON that Slack and Teams show'),
      metricsNamespace: text(/^[A-Za-z0-9._/#:-]{1,255}$/, 'a namespace of CloudWatch').default(
        'Ledgerstone',
      ),
    })
    .prefault({}),
  watch: z
    .strictObject({
      every: between('100ms', '1h')
        .prefault('2s')
        .describe('How often `ledgerstone watch` looks for new seals'),
      host: some('an address to listen on').default('127.0.0.1'),
      port: z.int().min(0).max(65_535).default(0).describe('/healthz and /status of `watch`; 0: no server'),
    })
    .prefault({}),
  log: z
    .strictObject({
      level: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
    })
    .prefault({}),
});

export type VerifierConfigOutput = z.output<typeof verifierConfigSchema>;
