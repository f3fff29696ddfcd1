// Does the same hold on Kafka 3.9.1, whose transactions are those of before KIP-890?
import { afterAll, beforeAll } from 'vitest';
import type { RunningStack } from '../../localstack/running.ts';
import { startStack } from '../../localstack/stack.ts';
import { describeWithMeans } from '../support/stack/global.ts';
import { replaySuite } from './replay-suite.ts';

/** A first start downloads it. */
const START_MS = 30 * 60_000;

describeWithMeans('a replay on Kafka 3.9.1', { kafka: true, native: true }, () => {
  let stack: RunningStack;
  beforeAll(async () => {
    stack = await startStack({ s3: false, kafka: { version: '3.9.1' }, backend: 'native' });
  }, START_MS);
  afterAll(() => stack?.stop());

  replaySuite(() => stack.kafka.bootstrap);
});
