// Which ledgerstone.yaml and verifier.yaml fit this stack?
import { writeFile } from 'node:fs/promises';
import { nodeSha256 } from '../src/base/node/hash.ts';
import { encodeVkey, publicKeyFromSpki, verifierKey } from '../src/format/vkey.ts';
import { ATTESTATIONS_BUCKET, CREDENTIALS, publicKeyOf, REGION, TOPIC } from './provisioning.ts';
import { type StackState, stackPaths } from './state.ts';

/** A configuration is written only if the stack has every part that it needs. */
export async function writeSamples(dir: string, state: StackState): Promise<void> {
  const { config, verifier, env } = stackPaths(dir);
  const text = sampleConfig(state);
  if (text !== undefined) await writeFile(config, text);
  const watching = await sampleVerifier(state);
  if (watching !== undefined) await writeFile(verifier, watching);
  await writeFile(env, sampleEnv(state));
}

const ORIGIN = 'localhost/ledgerstone-demo';
/**
 * `demo --stack` has archives in the same bucket. Without a prefix their objects would be foreign objects.
 */
const PREFIX = 'orders/';

const place = (bucket: string, endpoint: string, prefix = ''): string =>
  [
    `{ kind: s3, bucket: ${bucket}, region: ${REGION}, endpoint:`,
    `${JSON.stringify(endpoint)}${prefix && `, prefix: ${prefix}`} }`,
  ].join(' ');

function sampleConfig({ kafka, s3, kms }: StackState): string | undefined {
  if (kafka === undefined || s3 === undefined || kms === undefined) return undefined;
  return `# Archives the topic of the local stack into its bucket, signed by its KMS key. Written at the start of the stack.
archive:
  origin: ${ORIGIN}
  store: ${place(s3.bucket, s3.endpoint, PREFIX)}
  signing: { kind: kms, keyId: ${JSON.stringify(kms.keyId)}, region: ${REGION}, endpoint: ${JSON.stringify(kms.endpoint)} }
source:
  kind: kafka
  brokers: ${JSON.stringify(kafka.bootstrap)}
  groupId: ledgerstone
  topics:
    - { name: ${TOPIC.topic}, retention: demo, startFrom: earliest }
retention:
  demo: { mode: COMPLIANCE, period: 1d }
segment: { maxAge: 10s }
`;
}

async function sampleVerifier({ s3, kms, kmsEd25519 }: StackState): Promise<string | undefined> {
  if (s3 === undefined || kms === undefined || kmsEd25519 === undefined) return undefined;
  const logKey = publicKeyFromSpki(await publicKeyOf(kms.endpoint, kms.keyId));
  return `# Watches over the archive of ledgerstone.yaml, with a key and a bucket of its own. Written at the start of the stack.
archive:
  store: ${place(s3.bucket, s3.endpoint, PREFIX)}
  trusted: [${JSON.stringify(encodeVkey(verifierKey(ORIGIN, logKey, nodeSha256)))}]
attestations:
  store: ${place(ATTESTATIONS_BUCKET, s3.endpoint)}
  retention: { mode: COMPLIANCE, period: 1d }
cosigner:
  name: localhost/ledgerstone-verifier
  signing: { kind: kms, keyId: ${JSON.stringify(kmsEd25519.keyId)}, region: ${REGION}, endpoint: ${JSON.stringify(kmsEd25519.endpoint)} }
chains: { freshness: 2h }
`;
}

/**
 * Variables of the AWS SDK, for commands on `s3://…` too. The local servers accept any credentials, but the
 * SDK needs some.
 */
const sampleEnv = ({ s3 }: StackState): string =>
  `${[
    `export AWS_ACCESS_KEY_ID=${CREDENTIALS.accessKeyId}`,
    `AWS_SECRET_ACCESS_KEY=${CREDENTIALS.secretAccessKey} AWS_REGION=${REGION}`,
    ...(s3 === undefined ? [] : [`AWS_ENDPOINT_URL_S3=${s3.endpoint}`]),
  ].join(' ')}\n`;
