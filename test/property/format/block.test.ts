// Do the walkers agree with the decoders, and never throw anything but a FormatError?
import {
  constants,
  gunzipSync,
  gzipSync,
  inflateRawSync,
  zstdCompressSync,
  zstdDecompressSync,
} from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../../src/base/bytes.ts';
import { FormatError } from '../../../src/base/error.ts';
import {
  checkGzipMember,
  checkZstdFrame,
  gzipContentSize,
  zstdContentSize,
} from '../../../src/format/block.ts';
import { mutated } from './bytes.ts';

/** From noise to what repeats. */
const someContent = fc.oneof(
  fc.uint8Array({ maxLength: 2000 }),
  fc
    .array(fc.constantFrom('{"offset":', '1', '}\n', 'abc', 'é'), { maxLength: 400 })
    .map((parts) => new TextEncoder().encode(parts.join(''))),
);
const someFrame = fc.tuple(someContent, fc.constantFrom(-3, 1, 6, 19), fc.constantFrom(0, 1)).map(
  ([content, level, checksum]) =>
    new Uint8Array(
      zstdCompressSync(content, {
        params: { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: checksum },
      }),
    ),
);
const someMember = fc
  .tuple(
    someContent,
    fc.constantFrom(0, 1, 6, 9),
    fc.constantFrom(constants.Z_DEFAULT_STRATEGY, constants.Z_FIXED, constants.Z_HUFFMAN_ONLY),
  )
  .map(([content, level, strategy]) => new Uint8Array(gzipSync(content, { level, strategy })));

/** True when the check passes, false when it refuses. */
function passes(check: (bytes: Uint8Array) => void, bytes: Uint8Array): boolean {
  try {
    check(bytes);
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(FormatError);
    return false;
  }
}

function decoded(decode: (bytes: Uint8Array) => Uint8Array, bytes: Uint8Array): Uint8Array | null {
  try {
    return decode(bytes);
  } catch {
    return null;
  }
}

describe('one block', () => {
  it('passes, and with anything after it does not', () => {
    fc.assert(
      fc.property(
        someFrame,
        someMember,
        fc.uint8Array({ minLength: 1, maxLength: 40 }),
        (frame, member, after) => {
          for (const [check, block] of [
            [checkZstdFrame, frame],
            [checkGzipMember, member],
          ] as const) {
            check(block);
            expect(() => check(concatBytes(block, after))).toThrow(
              expect.objectContaining({ code: 'trailing-bytes' }),
            );
            expect(() => check(concatBytes(block, block))).toThrow(
              expect.objectContaining({ code: 'trailing-bytes' }),
            );
          }
        },
      ),
    );
  });
});

describe('changed bytes', () => {
  it('of zstd: what passes and decodes has the content size that it says', () => {
    fc.assert(
      fc.property(mutated(someFrame), (bytes) => {
        if (!passes(checkZstdFrame, bytes)) return;
        const content = decoded(zstdDecompressSync, bytes);
        if (content !== null) expect(zstdContentSize(bytes)).toBe(content.length);
      }),
      { numRuns: 5000 },
    );
  });

  it('of gzip: what Node inflates as one member passes, and what passes has no more than it says', () => {
    fc.assert(
      fc.property(mutated(someMember), (bytes) => {
        const passed = passes(checkGzipMember, bytes);
        const content = decoded(gunzipSync, bytes);
        if (passed && content !== null) expect(gzipContentSize(bytes)).toBe(content.length);
        // Node's own account of how many bytes the stream took, as an oracle for the walk.
        const info = bytes.length < 10 || bytes[3] !== 0 ? null : rawEnd(bytes.subarray(10));
        if (info !== null && content !== null) expect(passed).toBe(10 + info + 8 === bytes.length);
      }),
      { numRuns: 5000 },
    );
  });

  it('of any kind are refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        passes(checkZstdFrame, bytes);
        passes(checkZstdFrame, concatBytes(Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd), bytes));
        passes(checkGzipMember, concatBytes(Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3), bytes));
      }),
      { numRuns: 5000 },
    );
  });
});

function rawEnd(bytes: Uint8Array): number | null {
  try {
    const { engine } = inflateRawSync(bytes, { info: true }) as unknown as {
      engine: { bytesWritten: number };
    };
    return engine.bytesWritten;
  } catch {
    return null;
  }
}
