// Do the hazards of consumers spare the production archiver on Kafka 4.2.0?
import { describe } from 'vitest';
import { hazards } from './ingest-kafka-hazards-suite.ts';

describe('on Kafka 4.2.0', () => hazards('4.2.0'));
