// Which keys may the configuration file hold, and what may each be? The JSON schema for editors comes from here.
import { z } from 'zod';
import { LIMITS, MIB } from '../base/limits.ts';
import { isWord } from '../format/scalar.ts';
import { DURATION_PATTERN, durationMs, SIZE_PATTERN, sizeBytes } from './units.ts';

// The message of a failed pattern is what a person reads beside the line number: it says what is wanted.
export const text = (pattern: RegExp, wanted: string) =>
  z.string(`must be ${wanted}`).regex(pattern, `must be ${wanted}`);
/** Words that are signed into a segment. */
const word = (bytesMax: number, wanted: string) =>
  z
    .string(`must be ${wanted}`)
    .refine(
      (value) => isWord(value, bytesMax),
      `must be ${wanted}: 1 to ${bytesMax} bytes without control characters`,
    );
export const some = (wanted: string) => z.string().min(1, `must be ${wanted}, not empty`);

const duration = text(DURATION_PATTERN, 'a duration with its unit, such as 60s, 5m, 1h or 7d');
export const between = (least: string, most: string) =>
  duration
    .transform(durationMs)
    .refine((ms) => ms >= durationMs(least) && ms <= durationMs(most), `must be ${least} to ${most}`);
export const sizeBetween = (least: number, most: number, wanted: string) =>
  text(SIZE_PATTERN, 'a size with its unit, such as 16MiB')
    .transform(sizeBytes)
    .refine((bytes) => bytes >= least && bytes <= most, `must be ${wanted}`);

const inMib = (bytes: number): string => `${bytes / MIB}MiB`;

// The format's own rules for names, as patterns that an editor can check too.
export const ORIGIN_PATTERN = /^(?=.{1,200}$)[A-Za-z0-9._-]+(?:\/[A-Za-z0-9._-]+)*$/;
export const CHAIN_PATTERN = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,249}$/;
const chainName = text(CHAIN_PATTERN, 'a chain name: 1 to 249 of A-Z a-z 0-9 . _ -');
const topicName = text(CHAIN_PATTERN, 'a topic name: 1 to 249 of A-Z a-z 0-9 . _ -');
const policyName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const endpoint = text(/^https?:\/\/[^\s/]+\/?$/, 'an address such as http://127.0.0.1:4566');
const region = text(/^[a-z]{2,}(?:-[a-z0-9]+)+$/, 'a Region such as eu-central-1');

export const store = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('s3'),
    bucket: text(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'a bucket name'),
    region,
    prefix: text(
      /^(?:[A-Za-z0-9!_.*'()=-]+\/)*[A-Za-z0-9!_.*'()=-]*$/,
      'a key prefix without leading slash or empty parts',
    ).default(''),
    endpoint: endpoint.optional().describe('Of an S3-compatible server; addressing is then by path'),
    expectedBucketOwner: text(/^[0-9]{12}$/, 'an account number of 12 digits in quotes').optional(),
  }),
  z.strictObject({ kind: z.literal('directory'), path: some('a path') }),
]);

export const signing = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('kms'),
    keyId: text(
      /^(?!alias\/)(?!arn:[^:]*:kms:[^:]*:[^:]*:alias\/)\S{1,2048}$/,
      'the ARN or id of the key itself, not an alias, which can be pointed elsewhere',
    ),
    region: region.optional().describe("Default: the ARN's Region, else the store's"),
    endpoint: endpoint.optional(),
  }),
  z.strictObject({ kind: z.literal('local'), keyFile: some('the path of a PEM private key') }),
]);

const continues = z
  .strictObject({
    chain: chainName.describe('The older chain of this archive that can not go on'),
    reason: word(512, 'why the older chain ends'),
    by: word(255, 'who decided it'),
    startFrom: z
      .union([z.enum(['next', 'earliest']), z.strictObject({ offset: z.int().min(0).max(LIMITS.offsetMax) })])
      .optional(),
  })
  .describe('A recorded handing over from an older chain');

const time = z.strictObject({
  time: z.iso
    .datetime({ offset: true, message: 'must be an RFC 3339 time such as 2026-11-22T10:00:00Z' })
    // To Kafka −1 and −2 are no times: the log's end and its start.
    .refine((time) => Date.parse(time) >= 0, 'must be 1970 or later'),
});

const topic = z.strictObject({
  name: topicName,
  chain: chainName.optional().describe("Default: the topic's name"),
  partitions: z
    .record(
      text(/^(?:0|[1-9][0-9]{0,8})$/, 'a partition number'),
      z.strictObject({ chain: chainName, continues: continues.optional() }),
    )
    .default({})
    .describe("Partitions that are archived in another chain than the topic's"),
  retention: z.string().describe('Name of a policy under `retention`'),
  startFrom: z
    .union([z.enum(['earliest', 'latest']), time])
    .default('earliest')
    .describe('Where a partition of a topic that has no chain yet begins'),
  continues: continues.optional(),
});

const byPassword = (mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512') =>
  z.strictObject({
    mechanism: z.literal(mechanism),
    username: some('a user name'),
    password: some('a password'),
  });
const sasl = z.discriminatedUnion('mechanism', [
  byPassword('plain'),
  byPassword('scram-sha-256'),
  byPassword('scram-sha-512'),
  z.strictObject({ mechanism: z.literal('aws-msk-iam'), region }),
]);

const brokerPattern = '(?:[A-Za-z0-9._-]+|\\[[0-9a-fA-F:]+\\]):[0-9]{1,5}';
export const source = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('kafka'),
    brokers: z
      .union([
        z.array(text(new RegExp(`^${brokerPattern}$`), 'host:port')).min(1, 'must name at least one broker'),
        text(
          new RegExp(`^${brokerPattern}(?:,${brokerPattern})*$`),
          'host:port, or several separated by commas',
        ),
      ])
      .describe('host:port of one or more brokers: a list, or text with commas'),
    clientId: some('a client id').default('ledgerstone'),
    groupId: some('a consumer group id').default('ledgerstone'),
    tls: z
      .union([
        z.boolean(),
        z.strictObject({
          caFile: some('a path').optional(),
          certFile: some('a path').optional(),
          keyFile: some('a path').optional(),
          serverName: some('a host name').optional(),
        }),
      ])
      .default(false),
    sasl: sasl.optional(),
    topics: z.array(topic).min(1, 'must name at least one topic'),
  }),
  z.strictObject({
    kind: z.literal('file'),
    path: some('a path, or - for standard input').describe('One line is one record; - reads standard input'),
    topic: z.strictObject({
      name: topicName,
      chain: chainName.optional(),
      retention: z.string(),
      continues: continues.optional(),
    }),
  }),
]);

export const policy = z.strictObject({
  mode: z
    .enum(['COMPLIANCE', 'GOVERNANCE'])
    .describe('COMPLIANCE: nobody can shorten it. GOVERNANCE: for trials only'),
  period: text(DURATION_PATTERN, 'a period with its unit, such as 90d, 1y or 7y').refine(
    (value) =>
      !DURATION_PATTERN.test(value) || (durationMs(value) >= 1000 && durationMs(value) <= durationMs('100y')),
    'must be 1s to 100y',
  ),
});

export const configSchema = z.strictObject({
  production: z
    .boolean()
    .default(false)
    .describe('true refuses a directory store, a local key and GOVERNANCE'),
  archive: z.strictObject({
    origin: text(
      ORIGIN_PATTERN,
      'a name such as audit.example.com/prod: letters, digits and . _ - in parts with / between',
    ).describe('Signed into every checkpoint; never changes'),
    store,
    signing,
    trusted: z
      .array(z.string())
      .default([])
      .describe('Further verifier keys that are trusted: older log keys'),
  }),
  source,
  retention: z
    .record(text(policyName, 'a policy name: 1 to 64 of A-Z a-z 0-9 . _ -'), policy)
    .describe(
      'The part that compliance teams own. `seals` is for seals, keys and FORMAT; default: the longest of the others',
    ),
  allowLongRetention: z.boolean().default(false).describe('Needed for periods over 10 years'),
  segment: z
    .strictObject({
      maxBytes: sizeBetween(MIB, 64 * MIB, '1MiB to 64MiB').prefault('16MiB'),
      maxRecords: z.int().min(1).max(1_000_000).default(100_000),
      maxAge: between('100ms', '1d').prefault('60s'),
      heartbeat: z
        .union([z.literal(0), between('1s', '30d')])
        .prefault('1h')
        .describe('An idle partition seals a segment without lines this often; 0: never'),
    })
    .prefault({}),
  limits: z
    .strictObject({
      recordBytes: sizeBetween(1024, LIMITS.recordBytesMax, '1KiB to 32MiB').prefault(
        inMib(LIMITS.recordBytesDefault),
      ),
      memoryBytes: sizeBetween(8 * MIB, 64 * 1024 * MIB, '8MiB to 64GiB').prefault(
        inMib(LIMITS.memoryBytesDefault),
      ),
      drain: between('1s', '10m').prefault('25s'),
      anchorInterval: between('1s', '1h').prefault('5m'),
    })
    .prefault({}),
  encoding: z
    .strictObject({
      codec: z.enum(['zstd', 'gzip']).default('zstd'),
      level: z.int().min(1).max(19).optional(),
    })
    .prefault({}),
  server: z
    .strictObject({
      host: some('an address to listen on').default('127.0.0.1'),
      port: z
        .int()
        .min(0)
        .max(65_535)
        .default(9464)
        .describe('/metrics, /healthz, /readyz, /status; 0: no server'),
    })
    .prefault({}),
  log: z
    .strictObject({
      level: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
    })
    .prefault({}),
});

/** The file once it is known to be right, with defaults, milliseconds and bytes. */
export type ConfigOutput = z.output<typeof configSchema>;
