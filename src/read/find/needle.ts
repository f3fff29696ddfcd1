// Which lines can't hold what is asked for, as their bytes show without reading them?
import { EMPTY, utf8 } from '../../base/bytes.ts';
import { parseDecimal } from './decimal-order.ts';
import type { SearchSpec } from './search-spec.ts';

/**
 * Bytes of which each hit has at least one. Null: there are none, so every line is read. A character that
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
  const longest = wanted.flatMap(plainRuns).reduce((a, b) => (b.length > a.length ? b : a), '');
  if (longest === '') return null;
  return [utf8(longest), utf8('\\u'), ...(longest.includes('/') ? [utf8('\\/')] : []), utf8('ase64":"')];
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
