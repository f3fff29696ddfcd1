// Does a lane decode and encode whatever a broker sends as the calling thread does, to the byte?
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { type BatchEncoder, inlineEncoder } from '../../../src/archiver/encoder.ts';
import { Lanes } from '../../../src/archiver/lanes/lanes.ts';
import { MemoryLedger } from '../../../src/archiver/memory.ts';
import { zstdCompressor } from '../../../src/base/node/compress.ts';
import { nodeSha256, nodeSha256Into } from '../../../src/base/node/hash.ts';
import { encodeEntry } from '../../../src/format/record.ts';
import { admit } from '../../../src/ingest/gate.ts';
import { isHeld, itemAt, type RecordItem } from '../../../src/ingest/item.ts';
import { type Decoder, inlineDecoder, type Part, type RecordSet } from '../../../src/ingest/kafka/decoder.ts';
import { leafHash } from '../../../src/merkle/tree.ts';
import { LIMITS } from '../../unit/ingest/kafka/protocol/decode.ts';
import { anyRecordSet } from '../ingest/record-sets.ts';

const RUNS = 400;
const PARTITION = { topic: 'orders', partition: 0 };

const memory = new MemoryLedger();
const lanes = new Lanes({ encoding: 'zstd', level: 1, count: 2, memory }, (error) => {
  throw error;
});
afterAll(() => lanes.close());

const inline = inlineEncoder({
  ...{ sha256: nodeSha256, sha256Into: nodeSha256Into },
  encoding: 'zstd',
  compress: zstdCompressor(1),
});

const leafOf = async ({ content, index }: RecordItem): Promise<string> => {
  const leaf = isHeld(content) ? await content.leaf(index) : leafHash(nodeSha256, encodeEntry(content));
  return Buffer.from(leaf).toString('hex');
};

/** All that the archiver learns of a part. */
async function described({ records, ...part }: Part) {
  const known = [];
  for (let index = 0; index < records.length; index++) {
    const item = itemAt(records, index) as RecordItem;
    known.push([item.offset, item.bytes, item.headers, await leafOf(item)]);
  }
  return { ...part, records: known };
}

type Decoded = {
  readonly parts: readonly Awaited<ReturnType<typeof described>>[];
  readonly body: unknown;
};

/** What the gate accepts goes into the batch, as in the archiver. */
async function decoded(
  decoder: Decoder,
  batch: BatchEncoder,
  set: RecordSet,
  first: number,
): Promise<Decoded> {
  const parts = [];
  let next = first;
  for await (const part of decoder.decode(set, LIMITS)) {
    parts.push(await described(part));
    const admission = admit(next, { ...PARTITION, highWatermark: 0, records: part.records, seen: part.seen });
    if (admission.kind !== 'accept') continue;
    batch.add(admission.items);
    next = admission.next;
  }
  return { parts, body: await batch.finish() };
}

describe('a lane', () => {
  it('knows of each record, and makes of it, what the calling thread does', async () => {
    const met = new Set<string>();
    await fc.assert(
      fc.asyncProperty(anyRecordSet, async (set) => {
        const batches = [
          inline.open(set.from, memory.open(null), PARTITION),
          lanes.open(set.from, memory.open(null), PARTITION),
        ] as const;
        const here = await decoded(inlineDecoder, batches[0], set, set.from);
        const there = await decoded(lanes, batches[1], set, set.from);
        expect(there).toEqual(here);
        for (const part of here.parts) {
          met.add(part.undecodable === null ? 'good' : 'undecodable');
          if (part.seen.length > 0) met.add('seen');
        }
      }),
      { numRuns: RUNS },
    );
    expect([...met].sort()).toEqual(['good', 'seen', 'undecodable']);
    expect(memory.queuedBytes).toBe(0);
  });
});
