// Which archive, configuration and events does the demo use on the local stack of Kafka, S3 and KMS?

import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DemoStack } from '../../../../localstack/demo.ts';
import { counted } from '../../../base/counted.ts';
import { UsageError } from '../exit-code.ts';
import { demoEvents, linesOfText } from './events.ts';
import { CONFIG_FILE, type Stage } from './stage.ts';

/** The stack is in a checkout only, not in the package. */
const STACK_MODULE = new URL('../../../../localstack/demo.ts', import.meta.url);
const SEGMENT_RECORDS = 300;

export async function stackStage(directory: string, env: NodeJS.ProcessEnv): Promise<Stage> {
  if (!import.meta.url.endsWith('.ts') || !existsSync(STACK_MODULE)) {
    throw new UsageError(
      '--stack works in a checkout only',
      'Clone the project, then: npm run stack && npm run demo -- --stack',
    );
  }
  const { openDemoStack } = (await import(
    STACK_MODULE.href
  )) as typeof import('../../../../localstack/demo.ts');
  const stack = await openDemoStack(env);
  // The AWS SDK reads them from the process; the local servers take any.
  process.env['AWS_ACCESS_KEY_ID'] ??= stack.credentials.accessKeyId;
  process.env['AWS_SECRET_ACCESS_KEY'] ??= stack.credentials.secretAccessKey;
  const events = await demoEvents();
  const lines = [...linesOfText(events)];
  await writeFile(join(directory, CONFIG_FILE), stackConfig(stack));
  return {
    directory,
    configFile: join(directory, CONFIG_FILE),
    archive: `s3://${stack.bucket}/${stack.prefix}`,
    archiveOptions: ` --region ${stack.region} --endpoint ${stack.s3Endpoint}`,
    topic: stack.topic,
    events: lines.length,
    contentBytes: events.length,
    introduction: [
      [
        `Kafka ${stack.kafkaVersion} at ${stack.bootstrap.join(',')}, topic ${stack.topic},`,
        `${counted(stack.partitions, 'partition')}.`,
      ].join(' '),
      `S3 with Object Lock at ${stack.s3Endpoint}, bucket ${stack.bucket}; KMS key of P-256 at ${stack.kmsEndpoint}.`,
      'Nothing is embedded. On AWS only the addresses differ.',
    ],
    environment: [
      [
        `export AWS_ACCESS_KEY_ID=${stack.credentials.accessKeyId}`,
        `AWS_SECRET_ACCESS_KEY=${stack.credentials.secretAccessKey}`,
      ].join(' '),
    ],
    nextStep: [
      'On AWS: put your addresses into such a ledgerstone.yaml, then ledgerstone init --create-bucket.',
      'See docs/operating.md.',
    ].join(' '),
    produce: () => stack.produce(lines),
  };
}

const stackConfig = (stack: DemoStack): string => `# The demo's configuration, for the local stack.
archive:
  origin: localhost/ledgerstone-demo
  store: { kind: s3, bucket: ${stack.bucket}, region: ${stack.region}, prefix: ${stack.prefix}, endpoint: "${stack.s3Endpoint}" }
  signing: { kind: kms, keyId: "${stack.keyId}", region: ${stack.region}, endpoint: "${stack.kmsEndpoint}" }
source:
  kind: kafka
  brokers: ${JSON.stringify(stack.bootstrap)}
  groupId: ${stack.topic}
  topics:
    - { name: ${stack.topic}, retention: demo }
retention:
  demo: { mode: COMPLIANCE, period: 1d }
segment: { maxRecords: ${SEGMENT_RECORDS}, maxAge: 1s }
server: { port: 0 }
`;
