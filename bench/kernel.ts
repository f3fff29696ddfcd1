// How much less does the kernel cost than the way without it, per event and in one run?
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { encodePacked } from '../src/archiver/encode-packed.ts';
import { PackedSink } from '../src/archiver/lanes/packed-sink.ts';
import { concatBytes, utf8 } from '../src/base/bytes.ts';
import { MIB } from '../src/base/limits.ts';
import { nodeSha256, nodeSha256Into } from '../src/base/node/hash.ts';
import { isJsonText } from '../src/format/json-text.ts';
import { recordItem } from '../src/ingest/item.ts';
import { OpenPart } from '../src/ingest/kafka/protocol/open-part.ts';
import type { BatchHeader } from '../src/ingest/kafka/protocol/record-batch.ts';
import { RecordReader } from '../src/ingest/kafka/protocol/records.ts';
import { BufferPool, Packer } from '../src/ingest/pack.ts';
import { Kernel } from '../src/kernel/kernel.ts';
import { hostHashesFrom, KernelLineTree } from '../src/kernel/line-tree.ts';
import { type LineTree, SerialLineTree } from '../src/merkle/line-tree.ts';
import { BodyBuilder } from '../src/segment/body.ts';

const { values } = parseArgs({
  options: {
    lines: { type: 'string', default: join(import.meta.dirname, '../test/data/aws-cloudtrail.jsonl') },
    rounds: { type: 'string', default: '100' },
    json: { type: 'boolean', default: false },
  },
});

const opened = Kernel.open();
if (opened === null) throw new Error('this host has no WebAssembly with SIMD: there is nothing to measure');
const kernel = opened;

const WARM_UP_ROUNDS = 10;

type Packed = Uint8Array<ArrayBuffer>;
type Part = { readonly name: string; readonly without: () => void; readonly by: () => void };

function packedOf(events: readonly Uint8Array[]): Packed[] {
  const packer = new Packer();
  const packed: Packed[] = [];
  for (const [offset, value] of events.entries()) {
    const key = utf8(`key-${offset % 1000}`);
    const timestamp = 1_795_000_000_000n + BigInt(offset);
    packer.add(recordItem({ offset, timestamp, timestampType: 'create', key, headers: [], value }));
    if (packer.byteLength >= MIB) packed.push(packer.take());
  }
  packed.push(packer.take());
  return packed;
}

/** Lines alone: nothing is hashed or compressed. */
function encode(packed: readonly Packed[], by: Kernel | null): void {
  const nothing = new Uint8Array(0);
  const tools = {
    sha256: nodeSha256,
    sha256Into: () => {},
    encoding: 'zstd' as const,
    compress: () => nothing,
  };
  const builder = new BodyBuilder(0, tools);
  for (const one of packed) encodePacked(by, one, builder);
  builder.finish();
}

/** The content of a batch of format 2 that holds so many events, and what its header says. */
function batchOf(events: readonly Uint8Array[]): { content: Uint8Array; header: BatchHeader } {
  const zigzag = (value: number): number[] => {
    const out: number[] = [];
    let left = value * 2;
    for (; left >= 0x80; left = Math.floor(left / 128)) out.push((left % 128) + 128);
    return [...out, left];
  };
  const parts = events.flatMap((event, delta) => {
    const head = new Uint8Array([0, ...zigzag(delta), ...zigzag(delta), 1, ...zigzag(event.length)]);
    const after = Uint8Array.of(0);
    return [new Uint8Array(zigzag(head.length + event.length + after.length)), head, event, after];
  });
  const content = concatBytes(...parts);
  const count = events.length;
  const flags = { attributes: 0, appendTime: false, transactional: false, control: false };
  const times = { firstTimestamp: 1_795_000_000_000n, maxTimestamp: 0n, producerId: -1n, leaderEpoch: 0 };
  const span = { baseOffset: 0, lastOffset: count - 1, count, recordsAt: 0, end: content.length };
  return { content, header: { ...flags, ...times, ...span } };
}

type Batch = ReturnType<typeof batchOf>;
/** As much as a partition's share of an answer holds. */
function batchesOf(events: readonly Uint8Array[]): Batch[] {
  const batches: Batch[] = [];
  for (let from = 0, to = 0, bytes = 0; from < events.length; from = to, bytes = 0) {
    while (to < events.length && bytes < MIB) bytes += (events[to++] as Uint8Array).length;
    batches.push(batchOf(events.slice(from, to)));
  }
  return batches;
}

const pool = new BufferPool(MIB + MIB / 4);

function read(batches: readonly Batch[], by: Kernel | null): void {
  for (const batch of batches) readOne(batch, by);
}

function readOne({ content, header }: Batch, by: Kernel | null): void {
  const reader = new RecordReader({ header, from: 0, recordBytesMax: 32 * MIB, seenAs: null });
  reader.push(content);
  reader.end();
  for (let state = 'full'; state === 'full'; ) {
    const part = new OpenPart(0, new PackedSink(by, pool));
    state = reader.read(part);
    pool.recycle(part.close(null).records.packed.buffer);
  }
}

const hostFrom = hostHashesFrom(kernel, nodeSha256Into);
const serial = () => new SerialLineTree(nodeSha256Into);
const byKernel = () => new KernelLineTree({ kernel, sha256Into: nodeSha256Into, hostHashesFrom: hostFrom });

type Block = { readonly content: Uint8Array; readonly starts: readonly number[] };

/** Leaves and nodes of events as if they were lines. */
function hash(tree: () => LineTree, { content, starts }: Block): void {
  tree().addBlock(content, starts);
}

function blockOf(events: readonly Uint8Array[]): Block {
  let end = 0;
  const starts = events.map((event) => {
    const start = end;
    end += event.length + 1;
    return start;
  });
  const content = new Uint8Array(end);
  for (const [index, event] of events.entries()) content.set(event, starts[index]);
  return { content, starts };
}

function partsOf(events: readonly Uint8Array[]): Part[] {
  const packed = packedOf(events);
  const block = blockOf(events);
  const batches = batchesOf(events);
  const check = (isJson: (bytes: Uint8Array) => boolean) => () => {
    if (!events.every((event) => isJson(event))) throw new Error('an event is no JSON');
  };
  return [
    { name: 'JSON check', without: check(isJsonText), by: check((bytes) => kernel.isJson(bytes)) },
    { name: 'content → packed part', without: () => read(batches, null), by: () => read(batches, kernel) },
    { name: 'lines → root', without: () => hash(serial, block), by: () => hash(byKernel, block) },
    {
      name: 'packed records → lines',
      without: () => encode(packed, null),
      by: () => encode(packed, kernel),
    },
  ];
}

/** The processor's time, garbage collection included, so that a busy machine changes it little. */
function cpuMicros(way: () => void): number {
  const before = process.cpuUsage();
  way();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

/** In turn, so that both are measured under the same load of the machine. */
function measured({ name, without, by }: Part, events: number) {
  let slow = 0;
  let fast = 0;
  const rounds = Number(values.rounds);
  for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
    const [slowly, fastly] = [cpuMicros(without), cpuMicros(by)];
    if (round < 0) continue;
    slow += slowly;
    fast += fastly;
  }
  const each = (micros: number) => Number((micros / rounds / events).toFixed(3));
  const ratio = Number((slow / fast).toFixed(2));
  return { part: name, withoutMicros: each(slow), kernelMicros: each(fast), ratio };
}

const large = readFileSync(values.lines, 'utf8').trimEnd().split('\n').map(utf8);
const small = large.map((event, id) => {
  const { eventTime, eventName, awsRegion, sourceIPAddress } = JSON.parse(new TextDecoder().decode(event));
  return utf8(
    JSON.stringify({ id, eventTime, eventName, awsRegion, sourceIPAddress, note: 'a small event' }),
  );
});
const results = [large, small].flatMap((events) => {
  const bytes = Math.round(events.reduce((sum, event) => sum + event.length, 0) / events.length);
  return partsOf(events).map((part) => ({ eventBytes: bytes, ...measured(part, events.length) }));
});
if (values.json) console.log(JSON.stringify({ bench: 'kernel', hostHashesFrom: hostFrom, results }));
else {
  console.table(results);
  console.log(`the host hashes lines of ${hostFrom} bytes and more by itself`);
}
