// Which mistakes can no test notice, and why? They change nothing that anybody could see.

/** A mutant by its file, its line of code without the spaces around, and the change: so it stays when lines move. */
export type Explained = {
  readonly file: string;
  readonly code: string;
  readonly before: string;
  readonly after: string;
  readonly why: string;
};

export const EXPLAINED: readonly Explained[] = [
  {
    file: 'src/format/json-bytes.ts',
    code: 'const word = view.getInt32(i, true);',
    before: 'true',
    after: 'false',
    why: 'All four bytes are asked the same. A borrow may alarm a neighbour on one side or the other; the byte loop decides.',
  },
  {
    file: 'src/format/line-writer.ts',
    code: 'const HEADER_BYTES_MAX = 32;',
    before: '32',
    after: '33',
    why: 'Room that is reserved beyond need.',
  },
  {
    file: 'src/format/line-writer.ts',
    code: 'this.#bytes = new Uint8Array(Math.min(this.#bytes.length, KEPT_BYTES_MAX));',
    before: 'min',
    after: 'max',
    why: 'How much memory the next buffer begins with; it grows as it must.',
  },
  {
    file: 'src/format/line-scanner.ts',
    code: '#smallTimestamp = 0;',
    before: '0',
    after: '1',
    why: 'Each line sets it before it is read.',
  },
  {
    file: 'src/format/line-scanner.ts',
    code: 'offset = 0;',
    before: '0',
    after: '1',
    why: 'Each line sets it before it is read.',
  },
  {
    file: 'src/segment/body.ts',
    code: 'this.#stored.length = 0;',
    before: '0',
    after: '1',
    why: 'Frees memory of a body that is finished and is not read again.',
  },
  {
    file: 'src/format/decimal.ts',
    code: 'if (Number.isSafeInteger(exact)) {',
    before: 'Number.isSafeInteger(exact)',
    after: 'false',
    why: 'The slow way below writes the same digits.',
  },
  {
    file: 'src/verify/json-end.ts',
    code: 'if (at < 0) return -1;',
    before: '0',
    after: '1',
    why: 'An index after a value is at least 1.',
  },
  {
    file: 'src/verify/line-tally.ts',
    code: 'if (end >= 0) {',
    before: '0',
    after: '1',
    why: 'The LF of a line that was read is never its first byte.',
  },
  {
    file: 'src/format/deflate-end.ts',
    code: "if (extra === undefined) throw broken('a distance that is none');",
    before: "'a distance that is none'",
    after: "''",
    why: 'No code gives such a distance: more than 30 codes are refused before.',
  },
  {
    file: 'src/verify/json-end.ts',
    code: 'for (let i = at + 2; i < at + 6; i++) if (HEX_DIGIT[bytes[i] as number] !== 1) return -1;',
    before: '1',
    after: '2',
    why: 'Below 0 or not, the line is no plain one then, and the scanner, which decides, reads it.',
  },
];
