// Which lines can't hold what is asked for, as their bytes show without reading them?
import { EMPTY, utf8 } from '../../base/bytes.ts';
import { parseDecimal } from '../../base/decimal-order.ts';
import type { SearchSpec } from './search-spec.ts';

/**
 * Bytes of which each hit has at least one, unless it has a part in base64. Null: there are none, so every
 * line is read. A character that
 * JSON may write in no other way than as itself or as `\u…` is a part of the first one: a hit then holds that
 * run of characters as it is, or some escape.
 */
export function needlesOf({ conditions, texts }: SearchSpec): readonly Uint8Array[] | null {
  const wanted = [
    ...texts,
    // A number has many spellings. All others are found as they are written.
    ...conditions.flatMap(({ operator, value }) =>
      operator === '~' || operator === '^' || (operator === '=' && parseDecimal(value) === null)
        ? [value]
        : [],
    ),
  ];
  const needle = wanted.flatMap(plainRuns).flatMap(windows).reduce(rarer, '');
  if (needle === '') return null;
  return [utf8(needle), utf8('\\u'), ...(needle.includes('/') ? [utf8('\\/')] : [])];
}

/** Longer ones are searched by another way, which is slower here. */
const WINDOW = 6;

/** What values have in common, such as `arn:aws:iam::`, mostly stands at their beginning. */
const TAIL = 10;

/** Each part of WINDOW characters near its end; all of it, if it is shorter. */
const windows = (run: string): string[] => {
  const chars = [...run].slice(-TAIL);
  if (chars.length <= WINDOW) return [chars.join('')];
  return chars.slice(0, 1 - WINDOW).map((_, start) => chars.slice(start, start + WINDOW).join(''));
};

/** Of audit events, the most frequent first. A search stops at each place where the first byte stands. */
const FREQUENT = '":eatrsn-o,2c1dumi30p.67l8A Iv94/wfSbg5yCTDEhNRHPMVQFZqjkUKxzO(GL{}[]';

const rarityOf = (needle: string): number => {
  const rank = FREQUENT.indexOf(needle.charAt(0));
  const rarity = rank < 0 ? FREQUENT.length : rank;
  // A slash has two spellings: then one more search is needed.
  return needle.includes('/') ? rarity - FREQUENT.length : rarity;
};

/** The one that is longer, up to 3 characters, and else the one that begins with a rarer character. */
function rarer(a: string, b: string): string {
  const [short, other] = [Math.min(a.length, 3), Math.min(b.length, 3)];
  if (short !== other) return short > other ? a : b;
  return rarityOf(b) > rarityOf(a) ? b : a;
}

/** What stands between characters that have escapes of their own. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: those are meant
const plainRuns = (text: string): string[] => text.split(/["\\\u0000-\u001f]/);

/** Asks for lines in the order in which they stand. */
export class NeedleSearch {
  readonly #needles: readonly Uint8Array[];
  readonly #next: number[];
  #content: Uint8Array = EMPTY;
  #buffer: Buffer = Buffer.alloc(0);

  constructor(needles: readonly Uint8Array[]) {
    this.#needles = needles;
    this.#next = needles.map(() => -1);
  }

  /** True if the line [start, end) has one of the needles. */
  isIn(content: Uint8Array, start: number, end: number): boolean {
    if (content !== this.#content) {
      this.#content = content;
      this.#buffer = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
      this.#next.fill(-1);
    }
    let isFound = false;
    for (let index = 0; index < this.#next.length; index++) {
      let next = this.#next[index] as number;
      if (next < start) {
        const at = this.#buffer.indexOf(this.#needles[index] as Uint8Array, start);
        next = at < 0 ? Number.POSITIVE_INFINITY : at;
        this.#next[index] = next;
      }
      if (next < end) isFound = true;
    }
    return isFound;
  }
}
