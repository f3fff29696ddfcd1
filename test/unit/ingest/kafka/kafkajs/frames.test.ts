// Do the chunks of a socket become a broker's answers, however they are cut, and is no memory used too early?
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { done, Frames, lend } from '../../../../../src/ingest/kafka/kafkajs/frames.ts';

/** An answer as it travels: its length, then its bytes. */
function framed(answer: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(answer.length);
  return Buffer.concat([length, answer]);
}

/** Pushes the bytes in chunks of these sizes, in turn, each in a buffer that is spoilt afterwards. */
function received(frames: Frames, bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const answers: Buffer[] = [];
  const chunk = Buffer.alloc(Math.max(...sizes));
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const count = bytes.copy(chunk, 0, at, at + (sizes[turn % sizes.length] as number));
    frames.push(chunk.subarray(0, count), (answer) => answers.push(answer));
    chunk.fill(0xee);
    at += count;
  }
  return answers;
}

/** Begins anew after 64 KiB: byte by byte, 40 MiB would take a second. */
const patterned = (bytes: number, seed: number): Buffer =>
  Buffer.alloc(
    bytes,
    Uint8Array.from({ length: 1 << 16 }, (_, at) => (at * 31 + seed * 7 + (at >> 8)) & 0xff),
  );

describe('frames', () => {
  it('come out as they were sent, wherever the chunks end', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 6 });
    const answers = fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 8 });
    fc.assert(
      fc.property(answers, sizes, (sent, cuts) => {
        const frames = new Frames();
        const bytes = Buffer.concat(sent.map(framed));
        const got = received(frames, bytes, cuts);
        expect(got.map((answer) => answer.toString('hex'))).toEqual(
          sent.map((answer) => Buffer.from(answer).toString('hex')),
        );
        expect(frames.isAmid).toBe(false);
      }),
    );
  });

  it('are whole where they are larger than what is reserved at first', () => {
    const large = patterned(40 * 1024 * 1024 + 5, 1);
    const [answer] = received(new Frames(), framed(large), [100_000]);
    expect(answer?.equals(large)).toBe(true);
  });

  it('reserve no gigabytes for a length that nothing follows', () => {
    const before = process.memoryUsage().arrayBuffers;
    const frames = new Frames();
    const length = Buffer.alloc(5);
    length.writeInt32BE(0x7fffffff);
    frames.push(length, () => {});
    expect(frames.isAmid).toBe(true);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20 * 1024 * 1024);
  });

  it('refuse a length below 0', () => {
    const length = Buffer.alloc(4);
    length.writeInt32BE(-1);
    expect(() => new Frames().push(length, () => {})).toThrow('an answer of -1 bytes');
  });

  it('begin anew after the socket was lost', () => {
    const frames = new Frames();
    const answer = patterned(100, 3);
    frames.push(framed(answer).subarray(0, 50), () => {});
    frames.clear();
    expect(frames.isAmid).toBe(false);
    frames.push(Buffer.alloc(2), () => {});
    frames.clear();
    expect(received(frames, framed(answer), [7]).map((one) => one.equals(answer))).toEqual([true]);
  });
});

describe('the memory of an answer', () => {
  const one = patterned(400_000, 1);
  const other = patterned(300_000, 2);

  it('is used again once the answer is done with, and not before', () => {
    const frames = new Frames();
    const [first] = received(frames, framed(one), [65_536]) as [Buffer];
    lend(first, frames);
    const [second] = received(frames, framed(other), [65_536]) as [Buffer];
    lend(second, frames);
    expect(first.equals(one)).toBe(true);
    expect(second.buffer).not.toBe(first.buffer);
    done(first.subarray(4));
    expect(received(frames, framed(other), [65_536])[0]?.buffer).not.toBe(first.buffer);
    done(first);
    const [third] = received(frames, framed(other), [65_536]) as [Buffer];
    expect(third.buffer).toBe(first.buffer);
    expect([second, third].map((answer) => answer.equals(other))).toEqual([true, true]);
  });

  it('is used again only once', () => {
    const frames = new Frames();
    const [first] = received(frames, framed(one), [65_536]) as [Buffer];
    lend(first, frames);
    done(first);
    const [second] = received(frames, framed(one), [65_536]) as [Buffer];
    expect(second.buffer).toBe(first.buffer);
    lend(second, frames);
    // It was done with once, and its memory holds another answer now.
    done(first);
    const [third] = received(frames, framed(other), [65_536]) as [Buffer];
    expect(third.buffer).not.toBe(second.buffer);
    expect(second.equals(one)).toBe(true);
  });

  it('is not used for an answer that is larger', () => {
    const frames = new Frames();
    const [first] = received(frames, framed(other), [65_536]) as [Buffer];
    lend(first, frames);
    done(first);
    const [second] = received(frames, framed(one), [65_536]) as [Buffer];
    expect(second.equals(one)).toBe(true);
  });
});
