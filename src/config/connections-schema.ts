// Which keys say where a store, a signing key or a Kafka cluster is? Both configuration files have them.
import { z } from 'zod';
import { endpoint, region, some, text } from './fields.ts';

export const store = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('s3'),
    bucket: text(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'a bucket name').describe(
      'The bucket. It must have Object Lock and versioning',
    ),
    region: region.describe("The bucket's Region"),
    prefix: text(
      /^(?:[A-Za-z0-9!_.*'()=-]+\/)*[A-Za-z0-9!_.*'()=-]*$/,
      'a key prefix without leading slash or empty parts',
    )
      .default('')
      .describe('All keys begin with it. A slash is added where it does not end with one'),
    endpoint: endpoint
      .optional()
      .describe('Address of an S3-compatible server. Buckets are then addressed by path'),
    pathStyle: z
      .boolean()
      .optional()
      .describe(
        'Whether the bucket stands in the path of an address, or in its host name. Default: true with `endpoint`',
      ),
    caFile: some('a path')
      .optional()
      .describe(
        'PEM file, relative to this file: the authorities to trust. Default: those that Node.js trusts',
      ),
    expectedBucketOwner: text(/^[0-9]{12}$/, 'an account number of 12 digits in quotes')
      .optional()
      .describe('AWS account that must own the bucket. Requests fail if another one owns it'),
  }),
  z.strictObject({
    kind: z.literal('directory'),
    path: some('a path').describe(
      'The directory, relative to this file. It is not write-once: for trials only',
    ),
  }),
]);

export const signing = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('kms'),
    keyId: text(
      // An ARN of a key, or the id of one: an ARN of anything else is none.
      /^(?:arn:[a-z0-9-]+:kms:[a-z0-9-]+:[0-9]{12}:key\/[A-Za-z0-9-]{1,256}|(?!alias\/)[A-Za-z0-9-]{1,256})$/,
      'the ARN or id of the key itself, not an alias, which can be pointed elsewhere',
    ).describe('The key in AWS KMS'),
    region: region.optional().describe("The key's Region. Default: the Region in the ARN, else the store's"),
    endpoint: endpoint.optional().describe('Address of a KMS-compatible server'),
  }),
  z.strictObject({
    kind: z.literal('local'),
    keyFile: some('the path of a PEM private key').describe(
      'The key file, relative to this file. `ledgerstone init` makes it. For trials only',
    ),
  }),
]);

const password = (mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512') =>
  z.strictObject({
    mechanism: z.literal(mechanism),
    username: some('a user name').describe('The user'),
    password: some('a password').describe(
      'The password. Better a reference to the environment than the password itself',
    ),
  });
const sasl = z.discriminatedUnion('mechanism', [
  password('plain'),
  password('scram-sha-256'),
  password('scram-sha-512'),
  z.strictObject({
    mechanism: z.literal('aws-msk-iam'),
    region: region.describe("The cluster's Region. The credentials are those of the AWS SDK"),
  }),
]);

const pem = (what: string) => some('a path').optional().describe(`PEM file, relative to this file: ${what}`);

const brokerPattern = '(?:[A-Za-z0-9._-]+|\\[[0-9a-fA-F:]+\\]):[0-9]{1,5}';
/** What any client of a Kafka cluster needs. */
export const cluster = {
  brokers: z
    .union([
      z.array(text(new RegExp(`^${brokerPattern}$`), 'host:port')).min(1, 'must name at least one broker'),
      text(
        new RegExp(`^${brokerPattern}(?:,${brokerPattern})*$`),
        'host:port, or several separated by commas',
      ),
    ])
    .describe('One or more brokers to begin with. The others are learned from them'),
  tls: z
    .union([
      z.boolean(),
      z.strictObject({
        caFile: pem('the authorities to trust. Default: those that Node.js trusts'),
        certFile: pem("the client's certificate. It goes with keyFile"),
        keyFile: pem("the client's private key. It goes with certFile"),
        serverName: some('a host name')
          .optional()
          .describe("Name that the brokers' certificates must have. Default: the broker's host"),
      }),
    ])
    .default(false)
    .describe('true or `{}`: TLS with the usual authorities. false: no TLS'),
  sasl: sasl.optional().describe('How the client logs in. Default: it does not'),
};
