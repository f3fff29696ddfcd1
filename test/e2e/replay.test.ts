// Do archived records come back into Kafka, by the word of the newest one that is supported?
import { describeWithStack } from '../support/stack/global.ts';
import { replaySuite } from './replay-suite.ts';

describeWithStack('a replay', { kafka: true }, (stack) => replaySuite(() => stack().kafka.bootstrap));
