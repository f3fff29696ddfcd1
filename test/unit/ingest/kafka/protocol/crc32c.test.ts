// Is it CRC-32C, for every length and place in memory?
import { describe, expect, it } from 'vitest';
import { crc32c } from '../../../../../src/ingest/kafka/protocol/crc32c.ts';

/** Bit by bit, from the definition. */
function slowly(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}

function noise(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = 12345;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    bytes[i] = state >>> 16;
  }
  return bytes;
}

describe('crc32c', () => {
  it.each([
    ['nothing', new Uint8Array(0), 0],
    ['123456789', new TextEncoder().encode('123456789'), 0xe3069283],
    ['RFC 3720 B.4, 32 bytes of zeroes', new Uint8Array(32), 0x8a9136aa],
    ['RFC 3720 B.4, 32 bytes of ones', new Uint8Array(32).fill(0xff), 0x62a8ab43],
    ['RFC 3720 B.4, 32 ascending bytes', Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
    ['RFC 3720 B.4, 32 descending bytes', Uint8Array.from({ length: 32 }, (_, i) => 31 - i), 0x113fdb5c],
  ])('%s', (_, bytes, crc) => expect(crc32c(bytes)).toBe(crc));

  it('is the one of the definition, for every length and place in memory', () => {
    const bytes = noise(40_000);
    for (const length of [1, 15, 16, 17, 63, 64, 255, 4_096, 10_000, 39_900]) {
      for (const start of [0, 1, 3, 4, 13]) {
        expect(crc32c(bytes, start, start + length)).toBe(slowly(bytes.subarray(start, start + length)));
      }
    }
    const large = noise(2_500_001);
    expect(crc32c(large)).toBe(slowly(large));
  });
});
