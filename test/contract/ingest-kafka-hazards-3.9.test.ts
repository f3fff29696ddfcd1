// Do the hazards of consumers spare the production archiver on Kafka 3.9.1?
import { describe } from 'vitest';
import { hazards } from './ingest-kafka-hazards-suite.ts';

describe('on Kafka 3.9.1', () => hazards('3.9.1'));
