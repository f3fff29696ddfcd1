// What does the writer's buffer hold after it was taken, emptied or grown?
import { describe, expect, it } from 'vitest';
import { utf8, utf8Text } from '../../../src/base/bytes.ts';
import { LIMITS } from '../../../src/base/limits.ts';
import { encodeEntry, type KafkaRecord, LineWriter } from '../../../src/format/record.ts';

const record = (offset: number, value: Uint8Array | null = utf8('{"a":1}')): KafkaRecord => ({
  offset,
  timestamp: 5n,
  timestampType: 'create',
  key: null,
  headers: [],
  value,
});
const textOf = (offset: number) => `${utf8Text(encodeEntry(record(offset)))}\n`;

describe('a line writer', () => {
  it.each(['take', 'reset'] as const)('judges what it holds now, not what it held before %s', (forget) => {
    const writer = new LineWriter();
    const [good, bad] = ['"aaaaaaaaaaaaaaaa"', '"aaaaaaa\u0001aaaaaaaa"'];
    for (const [first, second] of [
      [good, bad],
      [bad, good],
    ] as const) {
      writer.entry(record(1, utf8(first)));
      writer[forget]();
      writer.entry(record(1, utf8(second)));
      expect(utf8Text(writer.view())).toBe(`${utf8Text(encodeEntry(record(1, utf8(second))))}\n`);
      writer.reset();
    }
  });

  it('ends a gap line with its LF also where the line fills the buffer', () => {
    const gap = { offset: 2, last: 2, reason: 'accepted', by: 'me', why: 'so' } as const;
    const bytes = new LineWriter();
    bytes.gap(gap);
    const line = bytes.view().slice();
    for (const room of [line.length - 2, line.length - 1, line.length, line.length + 1]) {
      const writer = new LineWriter();
      writer.append(new Uint8Array(1));
      writer.append(new Uint8Array(writer.view().buffer.byteLength - 1 - room));
      const start = writer.gap(gap);
      expect(writer.view().subarray(start)).toEqual(line);
    }
  });

  it('gives each line its start', () => {
    const writer = new LineWriter();
    const first = textOf(1).length;
    const gap = { offset: 2, last: 2, reason: 'accepted', by: 'me', why: 'so' } as const;
    expect(writer.entry(record(1))).toBe(0);
    expect(writer.gap(gap)).toBe(first);
    const third = writer.length;
    expect(writer.entry(record(3))).toBe(third);
    expect(utf8Text(writer.view())).toBe(
      `${textOf(1)}{"offset":2,"gap":{"last":2,"reason":"accepted","by":"me","why":"so"}}\n${textOf(3)}`,
    );
  });

  it('hands over what it wrote and starts anew, in another buffer', () => {
    const writer = new LineWriter();
    writer.entry(record(1));
    const taken = writer.take();
    expect(writer.length).toBe(0);
    expect(writer.entry(record(2))).toBe(0);
    expect(utf8Text(writer.view())).toBe(textOf(2));
    expect(utf8Text(taken)).toBe(textOf(1));
    expect(writer.view().buffer).not.toBe(taken.buffer);
  });

  it('keeps its buffer when it forgets what it wrote', () => {
    const writer = new LineWriter();
    writer.entry(record(1));
    const { buffer } = writer.view();
    writer.reset();
    expect(writer.length).toBe(0);
    writer.entry(record(2));
    expect(writer.view().buffer).toBe(buffer);
    expect(utf8Text(writer.view())).toBe(textOf(2));
  });

  it('measures each line by itself, wherever in the buffer it stands', () => {
    const writer = new LineWriter();
    writer.entry(record(1, new Uint8Array(LIMITS.lineBytesMax / 2).fill(0x61)));
    const start = writer.length;
    expect(start).toBeGreaterThan(LIMITS.lineBytesMax / 2);
    expect(writer.entry(record(2))).toBe(start);
    expect(writer.length).toBe(start + textOf(2).length);
  });

  it('gives a buffer back that one line made huge', () => {
    const kept = 4 * LIMITS.blockContentTarget;
    const writer = new LineWriter();
    writer.entry(record(1, new Uint8Array(kept).fill(0x61)));
    expect(writer.view().buffer.byteLength).toBeGreaterThan(kept);
    writer.reset();
    writer.entry(record(2));
    expect(writer.view().buffer.byteLength).toBe(kept);
    expect(utf8Text(writer.view())).toBe(textOf(2));
  });

  it('refuses a line over the limit with its length, and one that could be twice as long before it is written', () => {
    const bare = textOf(1).length - 1 - '{"a":1}'.length;
    const quoted = (length: number) => {
      const text = new Uint8Array(length).fill(0x61);
      text[0] = text[length - 1] = 0x22;
      return text;
    };
    const most = quoted(LIMITS.lineBytesMax - bare);
    const writer = new LineWriter();
    expect(() => writer.entry(record(1, most))).not.toThrow();
    writer.reset();
    writer.entry(record(1));
    const more = quoted(most.length + 1);
    const length = LIMITS.lineBytesMax + 1;
    expect(() => writer.entry(record(1, more))).toThrow(
      `a line of ${length} bytes: at most ${LIMITS.lineBytesMax}`,
    );
    const twice = new Uint8Array(Math.ceil((2 * LIMITS.lineBytesMax * 3) / 4));
    expect(() => writer.entry(record(1, twice))).toThrow('record 1 needs up to');
  });

  it('grows from nothing, and keeps what it holds', () => {
    const writer = new LineWriter(0);
    for (let offset = 0; offset < 100; offset++) writer.entry(record(offset));
    expect(utf8Text(writer.view())).toBe(Array.from({ length: 100 }, (_, offset) => textOf(offset)).join(''));
  });
});
