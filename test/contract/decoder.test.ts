// Do both decoders do what the fetcher relies on?
import { afterAll, describe } from 'vitest';
import { Lanes } from '../../src/archiver/lanes/lanes.ts';
import { MemoryLedger } from '../../src/archiver/memory.ts';
import { inlineDecoder } from '../../src/ingest/kafka/decoder.ts';
import { decoderContract } from './decoder-suite.ts';

describe('the calling thread', () => decoderContract(() => inlineDecoder));

describe('lanes', () => {
  const options = { encoding: 'zstd', level: 1, count: 2, memory: new MemoryLedger() } as const;
  const lanes = new Lanes(options, (error) => {
    throw error;
  });
  afterAll(() => lanes.close());
  decoderContract(() => lanes);
});
