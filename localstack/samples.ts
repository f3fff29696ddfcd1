// Which ledgerstone.yaml archives from this very stack?
import { writeFile } from 'node:fs/promises';
import { CREDENTIALS, REGION, TOPIC } from './contents.ts';
import { type StackState, stackPaths } from './state.ts';

/** A stack that lacks a part that the archiver needs gets no config. */
export async function writeSamples(dir: string, state: StackState): Promise<void> {
  const { config, env } = stackPaths(dir);
  const text = sampleConfig(state);
  if (text !== undefined) await writeFile(config, text);
  await writeFile(env, sampleEnv());
}

function sampleConfig({ kafka, s3, kms }: StackState): string | undefined {
  if (kafka === undefined || s3 === undefined || kms === undefined) return undefined;
  return `# Archives the topic of the local stack into its bucket, signed by its KMS key. Written at the start of the stack.
archive:
  origin: localhost/ledgerstone-demo
  store: { kind: s3, bucket: ${s3.bucket}, region: ${REGION}, endpoint: ${JSON.stringify(s3.endpoint)} }
  signing: { kind: kms, keyId: ${JSON.stringify(kms.keyId)}, region: ${REGION}, endpoint: ${JSON.stringify(kms.endpoint)} }
source:
  kind: kafka
  brokers: ${JSON.stringify(kafka.bootstrap)}
  groupId: ledgerstone
  topics:
    - { name: ${TOPIC.topic}, retention: demo, startFrom: earliest }
retention:
  demo: { mode: COMPLIANCE, period: 1d }
segment: { maxBytes: 16MiB, maxRecords: 100000, maxAge: 10s }
`;
}

/** The AWS SDK's own variables: the local servers take any credentials, but the SDK wants to have some. */
const sampleEnv = (): string =>
  `export AWS_ACCESS_KEY_ID=${CREDENTIALS.accessKeyId} AWS_SECRET_ACCESS_KEY=${CREDENTIALS.secretAccessKey} AWS_REGION=${REGION}\n`;
