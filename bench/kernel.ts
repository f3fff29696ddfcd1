// How much less does the kernel cost than the way without it, per event and in one run?
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { encodePacked } from '../src/archiver/encode-packed.ts';
import { utf8 } from '../src/base/bytes.ts';
import { MIB } from '../src/base/limits.ts';
import { nodeSha256, nodeSha256Into } from '../src/base/node/hash.ts';
import { isJsonText } from '../src/format/json-text.ts';
import { recordItem } from '../src/ingest/item.ts';
import { Packer } from '../src/ingest/pack.ts';
import { Kernel } from '../src/kernel/kernel.ts';
import { KernelLineTree, lanesBelow } from '../src/kernel/line-tree.ts';
import { type LineTree, SerialLineTree } from '../src/merkle/line-tree.ts';
import { BodyBuilder } from '../src/segment/body.ts';

const { values } = parseArgs({
  options: {
    lines: { type: 'string', default: join(import.meta.dirname, '../test/data/aws-cloudtrail.jsonl') },
    rounds: { type: 'string', default: '40' },
    json: { type: 'boolean', default: false },
  },
});

const opened = Kernel.open();
if (opened === null) throw new Error('this host has no WebAssembly with SIMD: there is nothing to measure');
const kernel = opened;

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

const lanes = lanesBelow(kernel, nodeSha256Into);
const serial = () => new SerialLineTree(nodeSha256Into);
const byKernel = () => new KernelLineTree({ kernel, sha256Into: nodeSha256Into, lanesBelow: lanes });

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
  const check = (isJson: (bytes: Uint8Array) => boolean) => () => {
    if (!events.every((event) => isJson(event))) throw new Error('an event is no JSON');
  };
  return [
    { name: 'JSON check', without: check(isJsonText), by: check((bytes) => kernel.isJson(bytes)) },
    { name: 'lines → root', without: () => hash(serial, block), by: () => hash(byKernel, block) },
    {
      name: 'packed records → lines',
      without: () => encode(packed, null),
      by: () => encode(packed, kernel),
    },
  ];
}

/** In turn, so that both are measured under the same load of the machine. */
function measured({ name, without, by }: Part, events: number) {
  const best = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY] as [number, number];
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const [index, way] of [without, by].entries()) {
      const started = performance.now();
      way();
      best[index as 0 | 1] = Math.min(best[index as 0 | 1], performance.now() - started);
    }
  }
  const micros = (ms: number) => Number(((ms * 1000) / events).toFixed(3));
  const [slow, fast] = best;
  return {
    part: name,
    withoutMicros: micros(slow),
    kernelMicros: micros(fast),
    ratio: Number((slow / fast).toFixed(2)),
  };
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
if (values.json) console.log(JSON.stringify({ bench: 'kernel', lanesBelow: lanes, results }));
else {
  console.table(results);
  console.log(`the host hashes lines of ${lanes} bytes and more by itself`);
}
