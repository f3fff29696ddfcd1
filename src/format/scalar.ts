// Is this one of the simple values that manifests and gap lines are made of?
import { utf8 } from '../base/bytes.ts';

/** An integer from 0 to 2^53 − 1, and not −0. */
export const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0 && !Object.is(value, -0);

/** 64 lower-case hex digits. */
export const isHash = (value: unknown): value is string =>
  typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);

/**
 * Text for people: 1 to `bytesMax` bytes of UTF-8 with no control character (U+0000–001F, U+007F–009F), no
 * line or paragraph separator, no lone surrogate, and no character that changes the direction of what stands
 * around it.
 */
export const isWord = (value: unknown, bytesMax: number): value is string =>
  typeof value === 'string' &&
  value.length > 0 &&
  value.length <= bytesMax &&
  value.isWellFormed() &&
  !NOT_IN_WORDS.test(value) &&
  utf8(value).length <= bytesMax;

// biome and people alike can't see these characters: they are built from their numbers.
const range = (first: number, last: number): string => `\\u{${first.toString(16)}}-\\u{${last.toString(16)}}`;
const NOT_IN_WORDS = new RegExp(
  `[${range(0, 0x1f)}${range(0x7f, 0x9f)}${range(0x2028, 0x2029)}]|\\p{Bidi_Control}`,
  'u',
);
