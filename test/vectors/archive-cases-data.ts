// Which frozen archives have data objects, blocks or lines that no reader may call verified?
import { crc32, gunzipSync } from 'node:zlib';
import { concatBytes, equalBytes, utf8, utf8Text } from '../../src/base/bytes.ts';
import { gzipCompressor, zstdCompressor } from '../../src/base/node/compress.ts';
import { encodeEntry } from '../../src/format/line-writer.ts';
import type { KafkaRecord } from '../../src/format/record.ts';
import { entries, transactionGap } from '../support/archive-builder.ts';
import { type ArchiveCase, archiveWith, dataOf, flip, spoilt, written, zstdFrame } from './archive-cases.ts';

const [first] = entries(6, 1) as [KafkaRecord];

/** The content of block 1 of segment 2: the lines 6 and 7. */
const content = concatBytes(...entries(6, 2).flatMap((record) => [encodeEntry(record), utf8('\n')]));

/** A frame of a line that only readers of all frames would see. */
const hidden = zstdCompressor(3)(utf8('{"offset":99,"timestamp":0}\n'));
const skippable = Uint8Array.of(0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3);

/** Changes block 1 of segment 2; the manifest speaks truly of the changed one's length and hash. */
const block = (change: (stored: Uint8Array) => Uint8Array, encoding: 'zstd' | 'gzip' = 'zstd') =>
  written({ encoding, block: (stored, index) => (index === 1 ? change(stored) : stored) });

/** Changes the lines of segment 2 after they were counted. */
const lines = (change: (lines: Uint8Array[]) => Uint8Array[]) => written({ encodedLines: change });

const line = (at: number, change: (text: string) => string) =>
  lines((all) => all.with(at, utf8(change(utf8Text(all[at] as Uint8Array)))));

/** A member of so many empty DEFLATE blocks, and one with the content. */
function gzipAfterEmptyBlocks(count: number): Uint8Array {
  const free = gzipWithFreeBits();
  const empty = Uint8Array.of(0, 0, 0, 0xff, 0xff);
  return concatBytes(free.subarray(0, 10), ...new Array<Uint8Array>(count).fill(empty), free.subarray(10));
}

/** A member with one stored block. All that the RFCs leave free is set: MTIME, XFL, OS, and five bits of the block's head. */
function gzipWithFreeBits(): Uint8Array {
  const numbers = new Uint8Array(8);
  const view = new DataView(numbers.buffer);
  view.setUint32(0, crc32(content), true);
  view.setUint32(4, content.length, true);
  const length = [content.length & 255, content.length >> 8];
  const head = [0x1f, 0x8b, 8, 0, 1, 2, 3, 4, 99, 77, 0xf9, ...length, ...length.map((byte) => byte ^ 255)];
  return concatBytes(Uint8Array.from(head), content, numbers);
}

/** The bits after the last code of the last block, which a decoder never looks at. */
function withLastBitsSet(stored: Uint8Array): Uint8Array {
  const at = stored.length - 9;
  for (let bits = 7; bits > 0; bits--) {
    const other = stored.with(at, (stored[at] as number) | (0xff << (8 - bits)));
    try {
      if (!equalBytes(other, stored) && equalBytes(gunzipSync(other), gunzipSync(stored))) return other;
    } catch {
      // One of those bits is a bit of a code.
    }
  }
  throw new Error('no bit is free');
}

export const DATA_CASES: readonly ArchiveCase[] = [
  {
    name: 'good-gzip-free-bits',
    about: 'A gzip block with a stored DEFLATE block: the bits before its length, and time, flags and system of the member, are none that a reader looks at.',
    codes: [],
    make: block(gzipWithFreeBits, 'gzip'),
  },
  {
    name: 'good-gzip-16-deflate-blocks',
    about: 'A gzip block of 15 empty DEFLATE blocks and one with the content.',
    codes: [],
    make: block(() => gzipAfterEmptyBlocks(15), 'gzip'),
  },
  {
    name: 'bad-block-17-deflate-blocks',
    about: 'A gzip block of 16 empty DEFLATE blocks and one with the content: more than a reader has to walk.',
    codes: ['block-mismatch'],
    make: block(() => gzipAfterEmptyBlocks(16), 'gzip'),
  },
  {
    name: 'good-gzip-last-bits',
    about: 'A gzip block whose DEFLATE stream ends within a byte; the rest of that byte is ones.',
    codes: [],
    make: block(withLastBitsSet, 'gzip'),
  },
  {
    name: 'bad-data-missing',
    about: 'A data object is gone before its time.',
    codes: ['data-missing'],
    make: spoilt((s) => s.builder.archive.remove(dataOf(s, 2))),
  },
  {
    name: 'bad-data-bit',
    about: 'One bit of a data object is another: of the magic number of its first frame.',
    codes: ['block-mismatch', 'data-altered'],
    make: spoilt((s) => s.builder.archive.alter(dataOf(s, 2), flip(3))),
  },
  {
    name: 'bad-data-longer',
    about: 'A data object has a byte more.',
    codes: ['data-altered'],
    make: spoilt((s) => s.builder.archive.alter(dataOf(s, 2), (bytes) => new Uint8Array([...bytes, 0]))),
  },
  {
    name: 'bad-data-empty',
    about: 'A data object is empty.',
    codes: ['block-mismatch', 'data-altered'],
    make: spoilt((s) => s.builder.archive.alter(dataOf(s, 2), () => new Uint8Array(0))),
  },
  {
    name: 'bad-data-replaced',
    about: 'A data object is replaced by another with the same lines, compressed anew.',
    codes: ['block-mismatch', 'data-altered'],
    make: spoilt((s) => {
      const all = (s.built[2]?.lines ?? []).flatMap((each) => [each, utf8('\n')]);
      s.builder.archive.alter(dataOf(s, 2), () => zstdCompressor(19)(concatBytes(...all)));
    }),
  },
  { name: 'bad-block-magic', about: 'A block that is no zstd frame.', codes: ['block-mismatch'], make: block(flip(0)) },
  {
    name: 'bad-block-second-frame',
    about: 'A second zstd frame in one block: some readers see its line, others don’t.',
    codes: ['trailing-bytes'],
    make: block((stored) => concatBytes(stored, hidden)),
  },
  {
    name: 'bad-block-skippable-frame',
    about: 'A skippable frame behind a block’s frame.',
    codes: ['trailing-bytes'],
    make: block((stored) => concatBytes(stored, skippable)),
  },
  {
    name: 'bad-block-skippable-frame-first',
    about: 'A skippable frame before a block’s frame.',
    codes: ['block-mismatch'],
    make: block((stored) => concatBytes(skippable, stored)),
  },
  {
    name: 'bad-block-second-member',
    about: 'A second gzip member in one block.',
    codes: ['trailing-bytes'],
    make: block((stored) => concatBytes(stored, stored), 'gzip'),
  },
  {
    name: 'bad-block-gzip-name',
    about: 'A gzip member with a file name in its header.',
    codes: ['block-mismatch'],
    make: block((stored) => {
      const named = concatBytes(stored.subarray(0, 10), utf8('x\0'), stored.subarray(10));
      named[3] = 8;
      return named;
    }, 'gzip'),
  },
  {
    name: 'bad-block-gzip-checksum',
    about: 'A gzip member with another CRC-32.',
    codes: ['block-mismatch'],
    make: block((stored) => flip(-8)(stored), 'gzip'),
  },
  {
    name: 'bad-block-gzip-in-zstd',
    about: 'A gzip member where the manifest says zstd.',
    codes: ['block-mismatch'],
    make: block(() => gzipCompressor(6)(content)),
  },
  {
    name: 'bad-block-no-size',
    about: 'A zstd frame that does not state its content size.',
    codes: ['block-mismatch'],
    make: block(() => zstdFrame(content, () => [0x00, 0x38])),
  },
  {
    name: 'bad-block-window',
    about: 'A zstd frame with a window of 16 MiB.',
    codes: ['block-mismatch'],
    make: block(() => zstdFrame(content, (size) => [0x80, 14 << 3, ...size])),
  },
  {
    name: 'bad-block-dictionary',
    about: 'A zstd frame with a dictionary id.',
    codes: ['block-mismatch'],
    make: block(() => zstdFrame(content, (size) => [0xa1, 7, ...size])),
  },
  {
    name: 'bad-block-unused-bit',
    about: 'A zstd frame with the unused bit of its header set, which other decoders pass over.',
    codes: ['block-mismatch'],
    make: block(() => zstdFrame(content, (size) => [0xb0, ...size])),
  },
  {
    name: 'bad-block-content-size',
    about: 'A block with one byte of content less than the manifest says.',
    codes: ['block-mismatch'],
    make: written({
      manifest: (m) => ({
        ...m,
        data: m.data && { ...m.data, blocks: m.data.blocks.map((each, i) => (i === 1 ? { ...each, content: each.content + 1 } : each)) },
      }),
    }),
  },
  {
    name: 'bad-block-lines',
    about: 'Two blocks of two lines, where the manifest says one and three.',
    codes: ['block-mismatch'],
    make: written({
      manifest: (m) => ({
        ...m,
        data: m.data && { ...m.data, blocks: m.data.blocks.map((each, i) => ({ ...each, lines: i === 0 ? 1 : 3 })) },
      }),
    }),
  },
  {
    name: 'bad-block-end',
    about: 'The last line has no LF.',
    codes: ['block-mismatch'],
    mayAlso: ['entry-root-mismatch'],
    make: written({
      block: (stored, index) => (index === 1 ? zstdCompressor(3)(content.subarray(0, -1)) : stored),
      manifest: (m) => ({
        ...m,
        data: m.data && { ...m.data, blocks: m.data.blocks.map((each, i) => (i === 1 ? { ...each, content: each.content - 1 } : each)) },
      }),
    }),
  },
  {
    name: 'bad-entry-root',
    about: 'The sealed root is not that of the lines.',
    codes: ['entry-root-mismatch'],
    make: written({ manifest: (m) => ({ ...m, entries: { ...m.entries, root: 'a'.repeat(64) } }) }),
  },
  {
    name: 'bad-line-space',
    about: 'A space between two members of a line.',
    codes: ['malformed'],
    make: line(2, (text) => text.replace(',"timestamp"', ', "timestamp"')),
  },
  {
    name: 'bad-line-hidden-value',
    about: 'A line with two values: readers that parse it see the other one.',
    codes: ['malformed'],
    make: line(2, (text) => text.replace('"value":', '"value":{},"value":')),
  },
  {
    name: 'bad-line-cr',
    about: 'A line that ends with CR LF.',
    codes: ['malformed'],
    make: line(2, (text) => `${text}\r`),
  },
  {
    name: 'bad-line-base64-for-text',
    about: 'A value as base64 that must be carried as text.',
    codes: ['malformed'],
    make: lines((all) => all.with(2, utf8(`{"offset":6,"timestamp":${first.timestamp},"key":"key-6","base64":"cGxhaW4="}`))),
  },
  {
    name: 'bad-offset-skipped-within',
    about: 'A line with a later offset than the next one’s.',
    codes: ['offset-gap'],
    make: line(2, (text) => text.replace('"offset":6', '"offset":77')),
  },
  {
    name: 'bad-offset-twice',
    about: 'The same line twice, instead of the next one, whose time is then no record’s.',
    codes: ['count-mismatch', 'offset-gap'],
    make: lines((all) => all.with(3, all[2] as Uint8Array)),
  },
  {
    name: 'bad-time-first',
    about: 'A first time that no record has.',
    codes: ['count-mismatch'],
    make: written({ manifest: (m) => ({ ...m, time: { ...m.time, first: '2020-01-01T00:00:00.000Z' } }) }),
  },
  {
    name: 'bad-missing-reason',
    about: 'Offsets without a record, counted under another reason than their gap line’s.',
    codes: ['count-mismatch'],
    make: written({
      lines: [...entries(4, 1), transactionGap(5, 2)],
      manifest: (m) => ({ ...m, records: { ...m.records, missing: { compacted: 2 } } }),
    }),
  },
  {
    name: 'bad-count',
    about: 'A gap line where the manifest counts a record.',
    codes: ['count-mismatch'],
    make: async () => {
      const gap = { offset: 4, last: 4, reason: 'compacted', by: 'ops', why: 'known' } as const;
      const { builder } = await archiveWith({
        lines: [...entries(4, 0), gap, ...entries(5, 1), { ...gap, offset: 6, last: 7 }],
        manifest: (m) => ({ ...m, records: { ...m.records, count: 2, missing: { compacted: 2 } } }),
      });
      return { builder };
    },
  },
];
