// Are lines cut at LF and nowhere else, whatever the bytes, wherever the chunks end?
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MIB } from '../../../src/base/limits.ts';
import { type Cut, LineCutter } from '../../../src/ingest/lines.ts';

const LF = 10;

/** By definition: every LF ends a line, and bytes after the last one are a line too. */
function linesOf(bytes: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = [];
  let line: number[] = [];
  for (const byte of bytes) {
    if (byte !== LF) line.push(byte);
    else {
      lines.push(Uint8Array.from(line));
      line = [];
    }
  }
  if (line.length > 0) lines.push(Uint8Array.from(line));
  return lines;
}

const anyBytes = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.constant(LF) },
    { weight: 1, arbitrary: fc.constant(13) },
    { weight: 8, arbitrary: fc.nat(255) },
  ),
  { maxLength: 200 },
);

const anyChunks = fc.tuple(anyBytes, fc.array(fc.nat(40), { maxLength: 12 })).map(([bytes, sizes]) => {
  const chunks: Uint8Array[] = [];
  let at = 0;
  for (const size of [...sizes, bytes.length]) {
    // A view in the middle of a larger buffer, as reads give them.
    const around = Uint8Array.from([LF, 1, ...bytes.slice(at, at + size), LF]);
    chunks.push(around.subarray(2, around.length - 1));
    at += size;
  }
  return { bytes: Uint8Array.from(bytes), chunks };
});

/** Drives a cutter as its cursor does. */
function cutAll(cutter: LineCutter, chunks: readonly Uint8Array[], max: number): Cut[] {
  const cuts: Cut[] = [];
  const drain = () => {
    for (;;) {
      const cut = cutter.take(max);
      if (cut.records.length === 0 && cut.undecodable === null) return;
      cuts.push(cut);
      if (cut.undecodable !== null) cutter.skipTo(cut.undecodable.offset + 1);
    }
  };
  for (const chunk of chunks) {
    drain();
    cutter.feed(chunk);
  }
  drain();
  cutter.end();
  drain();
  return cuts;
}

describe('lines', () => {
  it('gives each line once, in order, byte for byte', () => {
    fc.assert(
      fc.property(anyChunks, fc.integer({ min: 1, max: 9 }), ({ bytes, chunks }, max) => {
        const cutter = new LineCutter(7, 1_000);
        const cuts = cutAll(cutter, chunks, max);
        const expected = linesOf(bytes);
        expect(cuts.every((cut) => cut.records.length <= max)).toBe(true);
        expect(cuts.flatMap((cut) => cut.records)).toEqual(
          expected.map((value, index) => ({
            offset: 7 + index,
            timestamp: -1n,
            timestampType: 'create',
            key: null,
            headers: [],
            value,
          })),
        );
        expect(cutter.line).toBe(7 + expected.length);
      }),
      { numRuns: 1_000 },
    );
  });

  it('names each line beyond the limit in its place, and gives the others', () => {
    fc.assert(
      fc.property(
        anyChunks,
        fc.integer({ min: 0, max: 20 }),
        fc.integer({ min: 1, max: 9 }),
        (input, limit, max) => {
          const cuts = cutAll(new LineCutter(0, limit), input.chunks, max);
          const came = cuts.flatMap((cut) => [
            ...cut.records.map(({ offset, value }) => ({ offset, value })),
            ...(cut.undecodable === null ? [] : [{ offset: cut.undecodable.offset, value: 'too long' }]),
          ]);
          const expected = linesOf(input.bytes).map((value, offset) => ({
            offset,
            value: value.length > limit ? 'too long' : value,
          }));
          expect(came).toEqual(expected);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('skipped lines are counted and never given, and their length is no matter', () => {
    fc.assert(
      fc.property(anyChunks, fc.nat(30), ({ bytes, chunks }, from) => {
        const cutter = new LineCutter(0, 1_000);
        cutter.skipTo(from);
        const offsets = cutAll(cutter, chunks, 4).flatMap((cut) =>
          cut.records.map((record) => record.offset),
        );
        const total = linesOf(bytes).length;
        expect(offsets).toEqual(
          Array.from({ length: Math.max(0, total - from) }, (_, index) => from + index),
        );
        expect(cutter.line).toBe(total);
        // A limit of nothing: only lines that are asked for can be too long.
        const strict = new LineCutter(0, 0);
        strict.skipTo(total);
        expect(cutAll(strict, chunks, 4)).toEqual([]);
      }),
    );
  });

  it('never skips back', () => {
    const cutter = new LineCutter(0, 100);
    cutter.skipTo(2);
    cutter.skipTo(1);
    cutter.feed(Uint8Array.from([1, LF, 2, LF, 3, LF]));
    expect(cutter.take(10).records.map((record) => record.offset)).toEqual([2]);
  });

  it('holds nothing of a line that is skipped, however long', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const cutter = new LineCutter(0, 10);
    cutter.skipTo(1);
    collect();
    const before = process.memoryUsage().arrayBuffers;
    for (let mebibytes = 0; mebibytes < 64; mebibytes++) {
      cutter.take(10);
      cutter.feed(new Uint8Array(MIB));
    }
    expect(cutter.partBytes).toBe(63 * MIB);
    // Buffers are swept on a thread of their own, some time after their owners were found dead.
    const held = () => process.memoryUsage().arrayBuffers - before;
    for (let i = 0; i < 100 && held() >= 8 * MIB; i++) {
      collect();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(held()).toBeLessThan(8 * MIB);
  });

  it('says how far back the line in progress began', () => {
    const cutter = new LineCutter(0, 100);
    cutter.feed(Uint8Array.from([1, LF, 2, 3]));
    cutter.take(10);
    expect([cutter.line, cutter.partBytes]).toEqual([1, 2]);
    cutter.take(10);
    cutter.feed(Uint8Array.from([4]));
    cutter.take(10);
    expect([cutter.line, cutter.partBytes]).toEqual([1, 3]);
    cutter.feed(Uint8Array.from([LF]));
    cutter.take(10);
    expect([cutter.line, cutter.partBytes]).toEqual([2, 0]);
  });
});
