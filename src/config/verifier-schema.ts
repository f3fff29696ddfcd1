// Which keys may the verifier's configuration hold, and what may each be?
import { z } from 'zod';
import { MIB } from '../base/limits.ts';
import { period } from './archiver-schema.ts';
import { timestamps, witnesses } from './attesting-schema.ts';
import { version } from './config-version.ts';
import { cluster, signing, store } from './connections-schema.ts';
import { fanOut } from './fan-out-schema.ts';
import { between, forms, log, sizeBetween, some, text } from './fields.ts';
import { server } from './http.ts';
import { older } from './older-schema.ts';
import { topicFields } from './topic-fields.ts';
import { comparedTopic } from './topic-schema.ts';

const GIB = 1024 * MIB;
const [kms] = signing.options;

const ENDED_CHAIN = /^(?!\.{1,2}(?:\/|$))[A-Za-z0-9._-]{1,249}(?:\/(?:0|[1-9]\d{0,9}))?$/;

const days = z.int().min(1).max(36_500).optional();

export const verifierConfigSchema = z.strictObject({
  version,
  archive: z
    .strictObject({
      store: store.describe('Where the archive is stored. The verifier only reads it'),
      trusted: z
        .array(z.string('must be a verifier key').register(forms, { form: 'a verifier key' }))
        .min(1, 'must name at least one key: without one nothing can be verified')
        .describe("The log's verifier keys, as `ledgerstone init` printed them"),
      logKey: z
        .strictObject({
          keyId: kms.shape.keyId,
          region: kms.shape.region,
          endpoint: kms.shape.endpoint,
        })
        .optional()
        .describe(
          "The log's key in KMS. Its state is watched and its public half is compared with `trusted`",
        ),
      older,
    })
    .describe('The archive that is verified'),
  attestations: z
    .strictObject({
      store: store.describe(
        "The verifier's own store, for attestations and findings. The archive's writer must have no right there",
      ),
      retention: z
        .strictObject({
          mode: z
            .literal('COMPLIANCE', 'must be COMPLIANCE: an attestation that can be deleted proves nothing')
            .describe('How they are locked'),
          period: period
            .describe('How long they are locked')
            .register(forms, { form: 'a period, 1s to 10y' }),
        })
        .describe('How attestations and findings are locked'),
    })
    .describe('Where the verifier writes'),
  cosigner: z
    .strictObject({
      name: some('the name of this verifier, such as verifier.example.com/prod').describe(
        "The verifier's name. It is part of every attestation and never changes",
      ),
      signing: signing.describe("The verifier's own key, never the log's"),
      postQuantum: signing
        .optional()
        .describe(
          [
            'A second key of this verifier, ML-DSA-44: each attestation is signed with both. Default: with `signing`',
            'alone, which a quantum computer could forge',
          ].join(' '),
        ),
      earlier: z
        .array(z.string('must be a cosigner key').register(forms, { form: 'a cosigner key' }))
        .default([])
        .describe('Earlier keys of this verifier, whose attestations still count'),
    })
    .describe('Who attests'),
  people: z
    .array(z.string('must be the key of a person').register(forms, { form: "a person's key" }))
    .default([])
    .describe(
      [
        'Whose word on findings counts, as `ledgerstone governance key KEY --vkey FILE` writes their keys. Officers',
        'of a charter that a key of `trusted` covers count without being named here',
      ].join(' '),
    ),
  witnesses,
  timestamps,
  chains: z
    .strictObject({
      freshness: between('1s', '366d')
        .optional()
        .describe(
          [
            "A chain without a new seal for longer is a finding. Longer than the archiver's",
            '`segment.heartbeat`. Default: no such check',
          ].join(' '),
        ),
      confirm: between('1s', '7d')
        .prefault('5m')
        .describe('How often every chain is confirmed, even if no event came'),
      ended: z
        .array(text(ENDED_CHAIN, 'a chain name, or CHAIN/PARTITION'))
        .default([])
        .describe(
          [
            'Chains that get no seal any more, since their topic is gone for good: by name all partitions, by',
            'CHAIN/PARTITION one. `freshness` asks nothing of them, and everything else goes on',
          ].join(' '),
        ),
    })
    .prefault({})
    .describe('How often chains are looked at'),
  sweep: z
    .strictObject({
      every: between('1m', '30d')
        .prefault('1h')
        .describe('How often both buckets are listed, to find what does not belong there'),
      leastLock: period
        .optional()
        .describe(
          [
            'The shortest retention that objects of the archive were ever written with. A shorter lock, or a seal',
            'that promises a shorter one, is a finding, and such a seal is not attested. Default: no such check',
          ].join(' '),
        ),
      greatestLock: period
        .optional()
        .describe(
          [
            'The longest retention that objects of the archive were ever written with, as `greatestLock` of',
            'ledgerstone.yaml. A longer lock is a finding. Default: no such check',
          ].join(' '),
        ),
    })
    .prefault({})
    .describe('The sweep of both buckets'),
  fullPass: z
    .strictObject({
      every: between('1h', '366d')
        .prefault('30d')
        .describe('Each stored byte is read again within this time'),
      bytesPerRun: sizeBetween(MIB, 1024 * GIB, '1MiB to 1024GiB')
        .prefault('4GiB')
        .describe('How much one run reads'),
    })
    .prefault({})
    .describe('The repeated reading of the whole archive'),
  fanOut,
  index: z
    .strictObject({
      fields: z
        .record(z.string(), topicFields)
        .register(forms, { form: 'fields by topic' })
        .describe(
          [
            'Fields by topic (or chain), as `fields` in ledgerstone.yaml; `*` means every other topic. At most 8',
            'places of one topic. Of each segment the verifier notes which values they have there',
          ].join(' '),
        ),
    })
    .optional()
    .describe('An index, so that `ledgerstone find` need not read every segment. Default: none is written'),
  configuration: z
    .strictObject({
      every: between('1m', '7d')
        .prefault('1h')
        .describe("How often the buckets' and the key's settings are compared with what is promised here"),
      defaultDays: days.describe(
        'The default lock of both buckets must be COMPLIANCE with this many days or more. Default: no such check',
      ),
      denies: z
        .boolean()
        .default(false)
        .describe("true: the policy of the archive's bucket must deny deletes, overwrites and weak locks"),
      minimumDays: days.describe(
        'The least days of a lock that this policy must demand. Default: no such check',
      ),
      maximumDays: days.describe(
        'The most days of a lock that this policy may let through. Default: no such check',
      ),
    })
    .prefault({})
    .describe('What the settings of buckets and key are compared with'),
  attempts: z
    .strictObject({
      trails: z
        .array(text(/^[A-Za-z0-9][A-Za-z0-9._-]{1,126}[A-Za-z0-9]$/, "a trail's name, not its ARN"))
        .default([])
        .describe('CloudTrail trails that report attempts. Who stops or changes one is reported too'),
      rules: z
        .array(some('the beginning of a name'))
        .default([])
        .describe(
          'Rules of EventBridge that bring events, by the beginning of their names. Changes are reported',
        ),
      roles: z
        .array(some('the beginning of a name'))
        .default([])
        .describe(
          'IAM roles, by the beginning of their names, whose trust and policies nobody should change',
        ),
      breakGlass: z
        .array(some("a role's name"))
        .default([])
        .describe('IAM roles for emergencies, by name. Each use of one is reported'),
      officers: z
        .array(text(/^arn:[a-z-]+:iam::[0-9]{12}:role\/[\w+=,.@/-]+$/, "a role's ARN"))
        .default([])
        .describe(
          [
            'IAM roles that carry decisions out: what they do to holds and locks is reported unless it was',
            'decided',
          ].join(' '),
        ),
      trailFiles: z
        .strictObject({
          store: store.describe("The bucket of CloudTrail's files"),
          from: z
            .array(
              text(/^[0-9]{12}\/[a-z0-9-]+$/, 'an account and a Region, such as 111122223333/eu-central-1'),
            )
            .default([])
            .describe(
              'Trails, by account and own Region. One that delivers no digest for 3 hours is a finding',
            ),
        })
        .optional()
        .describe("CloudTrail's files are read too. Default: only the events that EventBridge brings"),
    })
    .prefault({})
    .describe('Reports of attempts to change the archive'),
  kafka: z
    .strictObject({
      every: between('1m', '7d').prefault('15m').describe('How often offsets are compared'),
      brokers: cluster.brokers,
      clientId: some('a client id')
        .default('ledgerstone-verifier')
        .describe("Name in the brokers' logs and quotas"),
      tls: cluster.tls,
      sasl: cluster.sasl.describe(
        'How the client logs in, as a principal of its own that may DESCRIBE the topics. Default: it does not',
      ),
      topics: z
        .array(comparedTopic)
        .min(1, 'must name at least one topic')
        .describe("The archived topics, as in the archiver's configuration"),
    })
    .optional()
    .describe(
      'If the brokers can be reached, their offsets are compared with what was sealed. Default: no such check',
    ),
  alarms: z
    .strictObject({
      sns: text(
        /^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}(?:\.fifo)?$/,
        "an SNS topic's ARN",
      )
        .optional()
        .describe('SNS topic that gets the messages'),
      webhook: text(/^https?:\/\/[^\s/]+(?:\/\S*)?$/, 'an address such as https://hooks.example.com/T000')
        .optional()
        .describe('Address that gets the messages as JSON that Slack and Teams show'),
      metricsNamespace: text(/^[A-Za-z0-9._/#:-]{1,255}$/, 'a namespace of CloudWatch')
        .default('Ledgerstone')
        .describe("CloudWatch namespace of the Lambda's metrics"),
    })
    .prefault({})
    .describe('Who is notified of findings'),
  watch: server(0, 'the page at /, of /metrics, /healthz and /status')
    .unwrap()
    .extend({
      every: between('100ms', '1h')
        .prefault('2s')
        .describe(
          [
            'How often `ledgerstone watch` looks for a new seal of a chain that has just grown. After that it',
            'waits a quarter of the time since, at most `chains.confirm`',
          ].join(' '),
        ),
      looksPerSecond: z
        .int()
        .min(1)
        .max(1000)
        .default(5)
        .describe('Listings for new seals a second at most, over all chains. This bounds their cost'),
    })
    .prefault({})
    .describe('The plain process, `ledgerstone watch`'),
  log,
});

export type VerifierConfigOutput = z.output<typeof verifierConfigSchema>;
