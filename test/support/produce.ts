// How does a test put exactly these bytes into Kafka, in any codec, and know at which offsets they lie?

import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import { zstdCompress, zstdDecompress } from 'node:zlib';
import kafkajs from 'kafkajs';
import { compressFrameSync } from 'lz4-napi';
import type { KafkaRecord } from '../../src/format/record.ts';

// It has no types.
const snappy = createRequire(import.meta.url)('snappyjs') as { compress(bytes: Uint8Array): Uint8Array };
const { CompressionCodecs, CompressionTypes, Kafka, logLevel } = kafkajs;

export const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
type ProduceCodec = (typeof CODECS)[number];

const COMPRESSION: Record<ProduceCodec, number> = {
  none: CompressionTypes.None,
  gzip: CompressionTypes.GZIP,
  snappy: CompressionTypes.Snappy,
  lz4: CompressionTypes.LZ4,
  zstd: CompressionTypes.ZSTD,
};

const zstd = promisify(zstdCompress);
const unzstd = promisify(zstdDecompress);
type Encoder = { readonly buffer: Buffer };
const refuse = async (): Promise<Buffer> => {
  throw new Error('tests produce with these codecs, they do not consume');
};

/** kafkajs has only gzip built in. */
function registerCodecs(): void {
  CompressionCodecs[CompressionTypes.Snappy] = () => ({
    compress: async ({ buffer }: Encoder) => Buffer.from(snappy.compress(buffer)),
    decompress: refuse,
  });
  CompressionCodecs[CompressionTypes.LZ4] = () => ({
    compress: async ({ buffer }: Encoder) => compressFrameSync(buffer),
    decompress: refuse,
  });
  CompressionCodecs[CompressionTypes.ZSTD] = () => ({
    compress: ({ buffer }: Encoder) => zstd(buffer),
    decompress: unzstd,
  });
}

type ToProduce = {
  readonly key?: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers?: Readonly<Record<string, Buffer | string | (Buffer | string)[]>>;
  readonly timestampMs?: number;
};

export type Produced = {
  readonly partition: number;
  readonly offset: number;
  readonly value: KafkaRecord['value'];
};

export type TestProducer = {
  /** One record batch: acknowledged by all in-sync replicas, so that base offset + index is each record's offset. */
  send(
    topic: string,
    partition: number,
    records: readonly ToProduce[],
    codec?: ProduceCodec,
  ): Promise<Produced[]>;
  close(): Promise<void>;
};

export async function testProducer(bootstrap: readonly string[]): Promise<TestProducer> {
  registerCodecs();
  const kafka = new Kafka({ clientId: 'test-producer', brokers: [...bootstrap], logLevel: logLevel.NOTHING });
  const producer = kafka.producer({ allowAutoTopicCreation: false, idempotent: false });
  await producer.connect();
  return {
    async send(topic, partition, records, codec = 'none') {
      const messages = records.map(({ key = null, value, headers, timestampMs }) => ({
        partition,
        key: key === null ? null : Buffer.from(key),
        value: value === null ? null : Buffer.from(value),
        ...(headers === undefined ? {} : { headers }),
        ...(timestampMs === undefined ? {} : { timestamp: String(timestampMs) }),
      }));
      const [answer] = await producer.send({ topic, messages, acks: -1, compression: COMPRESSION[codec] });
      const base = Number(answer?.baseOffset);
      if (!Number.isSafeInteger(base)) throw new Error(`no base offset in ${JSON.stringify(answer)}`);
      return records.map(({ value }, index) => ({ partition, offset: base + index, value }));
    },
    close: () => producer.disconnect(),
  };
}
