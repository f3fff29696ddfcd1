// Does a lane read the changed content of a batch by the kernel as it does without it?

import { PackedSink } from '../../src/archiver/lanes/packed-sink.ts';
import { toHex } from '../../src/base/bytes.ts';
import { OpenPart } from '../../src/ingest/kafka/protocol/open-part.ts';
import { type BatchHeader, readBatchHeader } from '../../src/ingest/kafka/protocol/record-batch.ts';
import { RecordReader } from '../../src/ingest/kafka/protocol/records.ts';
import { BufferPool } from '../../src/ingest/pack.ts';
import type { Kernel } from '../../src/kernel/kernel.ts';
import { batchBytes, joined, type RecordToWrite, recordBytes } from '../unit/ingest/kafka/protocol/encode.ts';

const pool = new BufferPool(10_000);

/** Most numbers that matter in content are small, or as large as their bytes allow. */
const BYTES = [0, 1, 2, 3, 0x7f, 0x80, 0x81, 0xff];

/** Some good records whose bytes were changed, cut off, doubled or left as they are. */
export function someBatch(random: () => number, bytesOf: () => Uint8Array): Uint8Array {
  const below = (bound: number) => Math.floor(random() * bound);
  const orNull = () => (random() < 0.2 ? null : bytesOf().subarray(0, below(80)));
  let offsetDelta = -1;
  const one = (): RecordToWrite => {
    offsetDelta += random() < 0.9 ? 1 : below(300);
    const headers = Array.from({ length: below(3) }, () => [bytesOf().subarray(0, 9), orNull()] as const);
    return { offsetDelta, timestampDelta: below(2 ** 31), key: orNull(), value: orNull(), headers };
  };
  const records = Array.from({ length: 8 + below(20) }, one);
  let content = joined(...records.map((record) => recordBytes(record)));
  for (let edits = below(4); edits > 0; edits--) {
    const at = below(content.length);
    if (random() < 0.6) content[at] = random() < 0.5 ? (BYTES[below(BYTES.length)] as number) : below(256);
    else if (random() < 0.5) content = content.slice(0, at);
    else content = joined(content.subarray(0, at), content.subarray(Math.max(0, at - below(9))));
    if (content.length === 0) break;
  }
  const count = records.length + (random() < 0.2 ? below(5) - 2 : 0);
  return batchBytes({
    baseOffset: below(1000),
    content,
    count,
    lastOffsetDelta: offsetDelta,
    appendTime: random() < 0.1,
  });
}

/** Throws where both ways differ, with the bytes that show it. Returns how many records the batch gave. */
export function compareContent(kernel: Kernel, bytes: Uint8Array, from: number): number {
  const header = readBatchHeader(bytes, 0, bytes.length);
  const [slow, fast] = [read(bytes, header, from, null), read(bytes, header, from, kernel)];
  if (slow.said !== fast.said || !Buffer.from(slow.packed).equals(fast.packed))
    throw new Error(
      `from ${from} the kernel reads ${toHex(bytes)} in another way: ${slow.said} ${fast.said}`,
    );
  return slow.count;
}

function read(bytes: Uint8Array, header: BatchHeader, from: number, by: Kernel | null) {
  const reader = new RecordReader({ header, from, recordBytesMax: 10_000, seenAs: null });
  reader.push(bytes.subarray(header.recordsAt));
  reader.end();
  const part = new OpenPart(from, new PackedSink(by, pool));
  let said: string;
  try {
    said = reader.read(part);
  } catch (error) {
    said = String(error);
  }
  const { records, next } = part.close(null);
  const { starts, summary, packed } = records;
  const known = {
    ...summary,
    starts,
    bytes: [...summary.bytes],
    headers: [...(summary.headers ?? [])],
    next,
  };
  const result = { said: `${said} ${JSON.stringify(known)}`, packed: packed.slice(), count: summary.count };
  pool.recycle(packed.buffer);
  return result;
}
