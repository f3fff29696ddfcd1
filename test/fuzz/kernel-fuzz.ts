// Does the kernel say and write what the way without it does, for as long as one lets it run?
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodePacked } from '../../src/archiver/encode-packed.ts';
import { toHex, utf8 } from '../../src/base/bytes.ts';
import { nodeSha256, nodeSha256Into } from '../../src/base/node/hash.ts';
import { isJsonText } from '../../src/format/json-text.ts';
import type { KafkaRecord } from '../../src/format/record.ts';
import { recordItem } from '../../src/ingest/item.ts';
import { Packer } from '../../src/ingest/pack.ts';
import type { Kernel } from '../../src/kernel/kernel.ts';
import { KernelLineTree } from '../../src/kernel/line-tree.ts';
import { BodyBuilder, type SegmentBody } from '../../src/segment/body.ts';
import { mulberry32 } from '../support/random.ts';
import { compareContent, someBatch } from './content-fuzz.ts';

/** What was compared, each part counted. */
export type FuzzCounts = {
  texts: number;
  jsonTexts: number;
  records: number;
  /** Batches whose content was read, and the records that came out of them. */
  batches: number;
  batchRecords: number;
  seconds: number;
};

const EVENTS = join(import.meta.dirname, '../data/aws-cloudtrail.jsonl');
const PIECES = [
  ...[
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"',
    '\\',
    ' ',
    '\t',
    '\n',
    '\r',
    '0',
    '-',
    '1e5',
    '0.5',
    '.',
    'true',
    'nul',
  ],
  ...[
    '"a"',
    '{"a":',
    '\\u00e9',
    '\\ud83d',
    '\\ude00',
    '\\uD83D\\uDE00',
    '\\u',
    '\\"',
    'é',
    '漢字',
    '😀',
    '\u007f',
  ],
  ...['\u0000', '\u001f', '[[[[[[[[', ']]]]]]]]', '9'.repeat(500), 'x'.repeat(40), 'юникод'.repeat(20)],
].map(utf8);
/** Parts of UTF-8 that are none by themselves. */
const BROKEN = [[0x80], [0xc0], [0xc3], [0xe0, 0x9f], [0xed, 0xa0, 0x80], [0xf0, 0x8f], [0xf4, 0x90], [0xff]];

export class KernelFuzz {
  readonly counts: FuzzCounts = {
    ...{ texts: 0, jsonTexts: 0, records: 0 },
    ...{ batches: 0, batchRecords: 0, seconds: 0 },
  };
  readonly #kernel: Kernel;
  readonly #random: () => number;
  readonly #events: readonly Uint8Array[];

  constructor(kernel: Kernel, seed: number) {
    this.#kernel = kernel;
    this.#random = mulberry32(seed);
    this.#events = readFileSync(EVENTS, 'utf8').trimEnd().split('\n').slice(0, 500).map(utf8);
  }

  /** Throws at the first difference, with the bytes that show it. */
  run(seconds: number): FuzzCounts {
    const started = performance.now();
    while (performance.now() - started < seconds * 1000) {
      for (let i = 0; i < 100; i++) this.text(this.#bytes());
      for (let i = 0; i < 3; i++) this.batch(someBatch(this.#random, () => this.#bytes()));
      this.records(Array.from({ length: 1 + this.#below(40) }, (_, i) => this.#record(i)));
    }
    this.counts.seconds = (performance.now() - started) / 1000;
    return this.counts;
  }

  text(bytes: Uint8Array): void {
    const expected = isJsonText(bytes);
    this.counts.texts++;
    if (expected) this.counts.jsonTexts++;
    if (this.#kernel.isJson(bytes) !== expected)
      throw new Error(`isJsonText says ${expected} of the bytes ${toHex(bytes)}, and the kernel does not`);
  }

  batch(bytes: Uint8Array): void {
    const from = this.#below(3) === 0 ? this.#below(1100) : 0;
    this.counts.batches++;
    this.counts.batchRecords += compareContent(this.#kernel, bytes, from);
  }

  records(records: readonly KafkaRecord[]): void {
    const [slow, fast] = [this.#encoded(records, null), this.#encoded(records, this.#kernel)];
    this.counts.records += records.length;
    if (!Buffer.from(slow).equals(fast))
      throw new Error(
        `two bodies of ${records.map((one) => toHex(one.value ?? new Uint8Array())).join(' ')}`,
      );
  }

  #encoded(records: readonly KafkaRecord[], kernel: Kernel | null): Uint8Array {
    const sha256Into = nodeSha256Into;
    const tree = kernel && {
      lineTree: () => new KernelLineTree({ kernel, sha256Into, hostHashesFrom: 300 }),
    };
    const tools = { sha256: nodeSha256, sha256Into, encoding: 'zstd' as const, ...tree };
    const builder = new BodyBuilder(records[0]?.offset ?? 0, {
      ...tools,
      compress: (bytes) => bytes.slice(),
    });
    const packer = new Packer(2_000);
    for (const record of records) packer.add(recordItem(record));
    encodePacked(kernel, packer.take(), builder);
    return bodyBytes(builder.finish());
  }

  #below(bound: number): number {
    return Math.floor(this.#random() * bound);
  }

  #pick<T>(items: readonly T[]): T {
    return items[this.#below(items.length)] as T;
  }

  /** A real event or a part of one, or pieces, with a few bytes changed. */
  #bytes(): Uint8Array {
    const bytes = this.#random() < 0.5 ? this.#part() : this.#joined();
    for (let edits = this.#below(4); edits > 0 && bytes.length > 0; edits--) {
      const piece = this.#random() < 0.7 ? this.#pick(PIECES) : Uint8Array.from(this.#pick(BROKEN));
      bytes.set(piece.subarray(0, 3).subarray(0, bytes.length), this.#below(Math.max(1, bytes.length - 2)));
    }
    return bytes;
  }

  #part(): Uint8Array {
    const event = this.#pick(this.#events);
    if (this.#random() < 0.5) return event.slice();
    const start = this.#below(event.length);
    return event.slice(start, start + this.#below(150));
  }

  #joined(): Uint8Array {
    const parts = Array.from({ length: this.#below(12) }, () => this.#pick(PIECES));
    return new Uint8Array(Buffer.concat(parts));
  }

  #record(index: number): KafkaRecord {
    const orNull = () => (this.#random() < 0.2 ? null : this.#bytes());
    const header = () => ({ name: this.#bytes().subarray(0, 20), value: orNull() });
    const timestamp = this.#random() < 0.9 ? 1_795_000_000_000 + index : (this.#random() - 0.5) * 2 ** 63;
    return {
      offset: 99_999_990 + index,
      timestamp: BigInt(Math.trunc(timestamp)),
      timestampType: this.#random() < 0.9 ? 'create' : 'append',
      key: orNull(),
      headers: this.#random() < 0.7 ? [] : Array.from({ length: this.#below(4) }, header),
      value: orNull(),
    };
  }
}

/** All of a body that bytes and numbers can say. */
function bodyBytes({ data, root, lastRecord, ...rest }: SegmentBody): Uint8Array {
  const parts = [data, root, lastRecord?.leaf ?? null].map((part) => part ?? new Uint8Array());
  return Buffer.concat([...parts, utf8(JSON.stringify({ ...rest, offset: lastRecord?.offset }))]);
}
