// Which keys may the archiver's configuration hold, and what may each be?
import { z } from 'zod';
import { LIMITS, MIB } from '../base/limits.ts';
import { type Period, spanOf } from '../base/period.ts';
import { version } from './config-version.ts';
import { cluster, signing, store } from './connections-schema.ts';
import { between, forms, inMib, log, ORIGIN_PATTERN, sizeBetween, some, text, word } from './fields.ts';
import { server } from './http.ts';
import { namedTopic, topic } from './topic-schema.ts';
import { PERIOD_PATTERN, periodOf } from './units.ts';

export const MAX_AGE_DEFAULT = '60s';
export const HEARTBEAT_DEFAULT = '1h';
/** The stop timeout of a service is derived from it too. */
export const DRAIN_DEFAULT = '25s';
export const ARCHIVER_PORT_DEFAULT = 9464;
export const GREATEST_LOCK_DEFAULT = '10y';

const source = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('kafka'),
    brokers: cluster.brokers,
    clientId: some('a client id').default('ledgerstone').describe("Name in the brokers' logs and quotas"),
    groupId: some('a consumer group id')
      .default('ledgerstone')
      .describe('Consumer group of the archivers. Each archive needs its own'),
    tls: cluster.tls,
    sasl: cluster.sasl,
    topics: z
      .array(topic)
      .min(1, 'must name at least one topic')
      .describe('The topics that are archived: each by its name, or all that a pattern matches'),
  }),
  z.strictObject({
    kind: z.literal('file'),
    path: some('a path, or - for standard input').describe(
      'The file, relative to this file. One line is one record. `-` reads standard input',
    ),
    lastLine: z
      .enum(['with-lf', 'any'])
      .default('with-lf')
      .describe(
        [
          'A last line without LF may be half of one that is still being written. `with-lf`: it is not',
          'archived, and the run ends with an error after all lines before it. `any`: it counts as a line. Of a',
          'pipe it always does',
        ].join(' '),
      ),
    topic: namedTopic.describe('What the file is archived as'),
  }),
]);

const policyName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const LONGEST = periodOf('100y');
const isPeriodAllowed = ({ months, ms }: Period): boolean =>
  months <= LONGEST.months && ms <= spanOf(LONGEST).leastMs && (months > 0 || ms >= 1000);

/** Checked twice, as an editor knows the pattern only. */
export const period = text(
  PERIOD_PATTERN,
  'a period with its unit, such as 90d, 12mo or 7y (months are mo, and minutes are no unit of a lock)',
)
  .refine((value) => !PERIOD_PATTERN.test(value) || isPeriodAllowed(periodOf(value)), 'must be 1s to 100y')
  .register(forms, { form: 'a period, 1s to 100y' });

const policy = z.strictObject({
  mode: z
    .enum(['COMPLIANCE', 'GOVERNANCE'])
    .describe('COMPLIANCE: nobody can shorten the lock. GOVERNANCE: for trials only'),
  period: period.describe(
    'How long an object is locked. Months and years follow the calendar: `1y` ends on the same day of the next year',
  ),
  requires: z
    .strictObject({
      months: z.int().min(1).max(1200).describe('How many months the duty asks for'),
      duty: word(255, 'the duty, such as pci-10.5.1').describe('Which duty: for people'),
    })
    .optional()
    .describe('A duty that the period is compared with: a shorter one is refused. Default: none'),
  owner: word(255, 'who answers for it').optional().describe('Who answers for this policy: for people'),
  basis: word(512, 'the legal basis').optional().describe('On which legal basis: for people'),
});

export const configSchema = z.strictObject({
  version,
  production: z
    .boolean()
    .default(false)
    .describe('true: a directory store, a local key, GOVERNANCE mode and passwords without TLS are refused'),
  archive: z
    .strictObject({
      origin: text(
        ORIGIN_PATTERN,
        'a name such as audit.example.com/prod: letters, digits and . _ - in parts with / between',
      ).describe("The archive's name. It is signed into every checkpoint and never changes"),
      store: store.describe('Where the archive is stored'),
      signing: signing.describe("The log's key: it signs every checkpoint"),
      trusted: z
        .array(z.string().register(forms, { form: 'a verifier key' }))
        .default([])
        .describe(
          [
            'Further verifier keys that are trusted: older keys of this log, and the key of the decisions as soon as',
            'there is a governance chain: without it the archiver does not start',
          ].join(' '),
        ),
    })
    .describe('The archive: its name, its store and its key'),
  source: source.describe('Where the records come from'),
  retention: z
    .record(text(policyName, 'a policy name: 1 to 64 of A-Z a-z 0-9 . _ -'), policy)
    .describe(
      [
        'Retention policies by name: the part that compliance teams own. `seals` holds for seals, keys and',
        'FORMAT.md and is never shorter than another policy. Default for `seals`: the longest of the others',
      ].join(' '),
    ),
  greatestLock: period
    .default(GREATEST_LOCK_DEFAULT)
    .describe(
      'No lock is set further ahead than this, and a policy that asks for more is refused: nobody can take a lock back',
    ),
  segment: z
    .strictObject({
      maxBytes: sizeBetween(MIB, 64 * MIB, '1MiB to 64MiB')
        .prefault('64MiB')
        .describe('A segment is sealed when it has this much content, before compression'),
      maxRecords: z
        .int()
        .min(1)
        .max(1_000_000)
        .default(400_000)
        .describe('A segment is sealed when it has this many records and gaps'),
      maxAge: between('100ms', '1d')
        .prefault(MAX_AGE_DEFAULT)
        .describe(
          'A segment is sealed when its first record has waited this long. Until then the record is in Kafka only',
        ),
      heartbeat: z
        .union([z.literal(0), between('1s', '30d')])
        .prefault(HEARTBEAT_DEFAULT)
        .describe(
          'An idle partition seals an empty segment this often, so that silence is signed too. 0: never',
        ),
    })
    .prefault({})
    .describe('When a segment is sealed'),
  limits: z
    .strictObject({
      recordBytes: sizeBetween(1024, LIMITS.recordBytesMax, '1KiB to 32MiB')
        .prefault(inMib(LIMITS.recordBytesDefault))
        .describe('The largest record: key, headers and value. A larger one halts its partition'),
      memoryBytes: sizeBetween(8 * MIB, 64 * 1024 * MIB, '8MiB to 64GiB')
        .prefault(inMib(LIMITS.memoryBytesDefault))
        .describe('Buffered bytes of all partitions together. At least twice recordBytes'),
      drain: between('1s', '10m')
        .prefault(DRAIN_DEFAULT)
        .describe('How long a stopping archiver may take to seal what it holds'),
      anchorInterval: between('1s', '1h')
        .prefault('5m')
        .describe('How often the archiver checks that the last sealed record is still the same one in Kafka'),
      lanes: z
        .int()
        .min(1)
        .max(4)
        .default(1)
        .describe(
          [
            'Threads that decode and encode; each partition belongs to one. More help only where more than',
            'two cores are free, and each takes some 100 MiB',
          ].join(' '),
        ),
    })
    .prefault({})
    .describe('Bounds of the archiver'),
  encoding: z
    .strictObject({
      codec: z.enum(['zstd', 'gzip']).default('zstd').describe('How data objects are compressed'),
      level: z
        .int()
        .min(1)
        .max(19)
        .optional()
        .describe('Compression level; 9 at most for gzip. Default: 1 for zstd, 6 for gzip'),
    })
    .prefault({})
    .describe('Compression'),
  server: server(ARCHIVER_PORT_DEFAULT, 'the page at /, of /metrics, /healthz, /readyz and /status').describe(
    'The HTTP server of the archiver',
  ),
  receipts: z
    .strictObject({
      serve: z
        .enum(['no', 'loopback', 'any-host'])
        .default('no')
        .describe(
          [
            'Whether the HTTP server answers /receipt and /receipts, with archived records in the answers.',
            'loopback: only if server.host is one. any-host: to all who may ask for /status, by server.auth',
          ].join(' '),
        ),
      perSecond: z.int().min(1).max(1000).default(10).describe('Receipts that are answered in a second'),
    })
    .prefault({})
    .describe('Receipts for producers'),
  log,
});

/** A valid file, with defaults, milliseconds and bytes. */
export type ConfigOutput = z.output<typeof configSchema>;
