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
  {
    file: 'src/format/chain.ts',
    code: 'const [, archiveOrigin, chain, digits] = /^(.+)\\/([^/]+)\\/(\\d{1,10})$/.exec(text) ?? [];',
    before: '/^(.+)\\/([^/]+)\\/(\\d{1,10})$/',
    after: '/^(.+)\\/([^/]+)\\/(\\d{1,10})/',
    why: 'What stands after the digits shows when the origin is written again and compared.',
  },
  {
    file: 'src/format/checkpoint.ts',
    code: "const [origin = '', size = '', root = '', ...rest] = utf8Text(text).split('\\n');",
    before: "''",
    after: "'!'",
    why: 'Fewer than three lines are refused by the next line, whatever stands for those that are absent.',
  },
  {
    file: 'src/format/paths.ts',
    code: "const [, chain = '', partition = '', sequence = ''] = seal;",
    before: "''",
    after: "'!'",
    why: 'A default for the type alone: each group of the pattern has text where the pattern matches.',
  },
  {
    file: 'src/format/attestation.ts',
    code: "const [, chain = '', partition = '', size = ''] = match;",
    before: "''",
    after: "'!'",
    why: 'A default for the type alone: each group of the pattern has text where the pattern matches.',
  },
  {
    file: 'src/format/line-scanner.ts',
    code: ': !breaks && isJsonText(this.#decodes ? part : readString(bytes, start, end, decoded));',
    before: 'this.#decodes',
    after: 'false',
    why: 'Spares a second decoding, which gives the same bytes.',
  },
  {
    file: 'src/format/line-scanner.ts',
    code: 'timestamp: this.#decodes ? (this.timestamp ?? 0n) : 0n,',
    before: '0n',
    after: '1n',
    why: 'An entry has a timestamp; where nothing is decoded, the record is dropped.',
  },
  {
    file: 'src/format/string-form.ts',
    code: 'if (kind !== 0x75) return kind === 0 ? -1 : SHORT_ESCAPE.indexOf(kind);',
    before: '1',
    after: '2',
    why: 'Who calls asks only whether it is below 0.',
  },
  {
    file: 'src/format/string-form.ts',
    code: 'const code = HEX.indexOf(bytes[at + 4] as number) * 16 + HEX.indexOf(bytes[at + 5] as number);',
    before: 'indexOf',
    after: 'lastIndexOf',
    why: 'Each digit stands there once.',
  },
  {
    file: 'src/format/json-bytes.ts',
    code: 'if (byte >= 0x80) i = sequenceEnd(bytes, i, end);',
    before: '>=',
    after: '>',
    why: 'No sequence begins with 0x80, and a byte that is no escape either is refused in the same way.',
  },
  {
    file: 'src/format/json-text.ts',
    code: 'let inObject = 0;',
    before: '0',
    after: '1',
    why: 'It is read within a container alone, whose beginning sets it.',
  },
  {
    file: 'src/format/deflate-end.ts',
    code: 'const DISTANCE_EXTRA = Array.from({ length: 30 }, (_, code) => Math.max(0, (code >> 1) - 1));',
    before: '30',
    after: '31',
    why: 'No code gives the distance 30: more than 30 codes are refused before.',
  },
  {
    file: 'src/segment/segment.ts',
    code: 'if (body.data === null || body.dataSha256 === null) return null;',
    before: '||',
    after: '&&',
    why: 'Both are null, or neither; the second question is for the type.',
  },
  {
    file: 'src/format/json-bytes.ts',
    code: 'if (kind !== 0x75) return ESCAPED[kind] === 1 ? at + 2 : -1;',
    before: '1',
    after: '2',
    why: 'The caller asks only whether it is below 0. In the comparison, the same change would be noticed.',
  },
  {
    file: 'src/format/line-scanner.ts',
    code: 'return this.#decodes ? bytes.subarray(start, end) : EMPTY;',
    before: 'this.#decodes',
    after: 'true',
    why: 'Where nothing is decoded, the record is dropped.',
  },
  {
    file: 'src/format/line-scanner.ts',
    code: 'if (this.#decodes) headers.push({ name, value });',
    before: 'this.#decodes',
    after: 'true',
    why: 'Where nothing is decoded, the record is dropped.',
  },
  {
    file: 'src/format/line-scanner.ts',
    code: 'return this.#decodes ? readString(this.#bytes, start, span.end, span.decoded) : EMPTY;',
    before: 'this.#decodes',
    after: 'true',
    why: 'Where nothing is decoded, nobody reads the bytes of a string.',
  },
];
