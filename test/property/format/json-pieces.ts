// Which texts are often nearly JSON?
import fc from 'fast-check';
import { utf8 } from '../../../src/base/bytes.ts';

const pieces = fc.constantFrom(
  ...[
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"',
    '"a"',
    '"":',
    '\\',
    '\\u12aF',
    '\\u',
    '\\"',
    '\\/',
    '\\x',
    '/',
    ' ',
    '\t',
  ],
  ...[
    '\n',
    '\r',
    '0',
    '-',
    '-0',
    '1',
    '01',
    '.',
    '.5',
    'e',
    'E+',
    'e-3',
    '1e9',
    '1.0',
    'true',
    'false',
    'null',
    'nul',
  ],
  ...[
    'é',
    '\u2028',
    '\ufeff',
    '😀',
    '\u007f',
    '\u0000',
    '\u001f',
    'NaN',
    'Infinity',
    "'",
    '//',
    'aaaa',
    'aaaaaaaa',
  ],
);

export const nearlyJson: fc.Arbitrary<Uint8Array> = fc
  .array(pieces, { maxLength: 9 })
  .map((parts) => utf8(parts.join('')));
