// Which lines are frozen: one for each form of a record, and what must be refused beside it?
import { fromHex, utf8 } from '../../src/base/bytes.ts';
import { encodeEntry, encodeGap, type GapLine, type KafkaRecord } from '../../src/format/record.ts';
import { freezeBytes } from './archive-vector.ts';
import { freezeRecord, type ObjectVector } from './object-vector.ts';

const plain: KafkaRecord = { offset: 7, timestamp: 1_795_000_000_000n, timestampType: 'create', key: null, headers: [], value: null };

const RECORDS: readonly (readonly [string, string, Partial<KafkaRecord>])[] = [
  ['tombstone', 'No key, no headers, no value.', {}],
  ['empty', 'Key and value of no bytes.', { key: utf8(''), value: utf8('') }],
  ['value', 'A JSON object, its bytes kept.', { value: utf8('{ "b" : 1.0, "b" : 1e3 }') }],
  ['value-spaces', 'JSON amid spaces.', { value: utf8(' \t"x" ') }],
  ['value-number', 'A number of an odd form and great magnitude.', { value: utf8('-0.10E+999') }],
  ['value-surrogate', 'An unpaired surrogate as an escape.', { value: utf8('"\\uD800"') }],
  ['value-names', 'Names of our own members within the value.', { value: utf8('{"offset":1,"value":2,"gap":{"last":3}}') }],
  ['value-nesting-63', 'As deep as JSON may be.', { value: utf8('['.repeat(63) + ']'.repeat(63)) }],
  ['text-nesting-64', 'One deeper.', { value: utf8('['.repeat(64) + ']'.repeat(64)) }],
  ['text', 'Words.', { value: utf8('login failed') }],
  ['text-lf', 'JSON over two lines is no value.', { value: utf8('{\n}') }],
  ['text-cr', 'JSON with CR is no value.', { value: utf8('{}\r') }],
  ['text-bom', 'A byte order mark is kept.', { value: utf8('\ufeff{}') }],
  ['text-two-values', 'Two JSON texts are none.', { value: utf8('{} {}') }],
  ['text-escapes', 'All escapes with a letter, and U+007F, which has none.', { value: utf8('eight letters\b\t\n\f\r"\\\u007f/ and many more') }],
  ['text-as-long', 'Exactly as long as base64 would be.', { value: utf8('"\t') }],
  ['base64-shorter', 'Escapes that are longer than base64.', { value: utf8('\u0001\u0002') }],
  ['base64-bytes', 'No UTF-8.', { value: fromHex('ff000a') }],
  ['base64-surrogate', 'A surrogate in three bytes is no UTF-8.', { value: fromHex('eda080') }],
  ['base64-overlong', 'A slash in two bytes is no UTF-8.', { value: fromHex('c0af') }],
  ['key', 'A key.', { key: utf8('user-17') }],
  ['key-base64', 'A key of bytes.', { key: fromHex('00ff') }],
  ['append', 'LogAppendTime.', { timestampType: 'append' }],
  ['timestamp-least', 'The least int64.', { timestamp: -(2n ** 63n) }],
  ['timestamp-greatest', 'The greatest int64.', { timestamp: 2n ** 63n - 1n }],
  ['offset-greatest', 'The greatest offset.', { offset: 2 ** 53 - 2 }],
  [
    'headers',
    'Duplicates, a null, nothing, and bytes.',
    {
      headers: [
        { name: utf8('trace'), value: utf8('a') },
        { name: utf8('trace'), value: null },
        { name: utf8(''), value: utf8('') },
        { name: fromHex('ff'), value: fromHex('00ff') },
      ],
    },
  ],
];

const word = { by: 'J. Doe', why: 'ticket "4711"' };
const GAPS: readonly (readonly [string, GapLine])[] = [
  ['gap-transaction', { offset: 5, last: 7, reason: 'transaction', control: 1, aborted: 2 }],
  ['gap-compacted', { offset: 5, last: 5, reason: 'compacted', ...word }],
  ['gap-expired', { offset: 0, last: 2 ** 53 - 2, reason: 'expired', ...word }],
  ['gap-accepted', { offset: 5, last: 6, reason: 'accepted', by: 'é'.repeat(127), why: '😀'.repeat(128) }],
];

const HEAD = '{"offset":7,"timestamp":1795000000000';
const REFUSED: readonly (readonly [string, string, string | Uint8Array])[] = [
  ['nothing', 'No bytes.', ''],
  ['not-json', 'No JSON.', '{"offset":7'],
  ['lf', 'The LF is no part of a line.', `${HEAD}}\n`],
  ['cr', 'A CR at its end.', `${HEAD}}\r`],
  ['bom', 'A byte order mark before it.', `\ufeff${HEAD}}`],
  ['space', 'A space between members.', `${HEAD}, "value":1}`],
  ['space-after', 'A space after it.', `${HEAD}} `],
  ['order', 'Members in another order.', '{"timestamp":1795000000000,"offset":7}'],
  ['unknown-member', 'A member that is none of ours.', `${HEAD},"extra":1}`],
  ['no-timestamp', 'No timestamp.', '{"offset":7,"value":1}'],
  ['offset-zero-first', 'A leading zero.', '{"offset":07,"timestamp":0}'],
  ['offset-negative', 'A negative offset.', '{"offset":-1,"timestamp":0}'],
  ['offset-too-great', 'An offset of 2^53 - 1.', '{"offset":9007199254740991,"timestamp":0}'],
  ['offset-fraction', 'A fraction.', '{"offset":7.0,"timestamp":0}'],
  ['offset-exponent', 'An exponent.', '{"offset":7e0,"timestamp":0}'],
  ['timestamp-minus-zero', 'Minus zero.', '{"offset":7,"timestamp":-0}'],
  ['timestamp-too-great', '2^63.', '{"offset":7,"timestamp":9223372036854775808}'],
  ['timestamp-too-small', '-2^63 - 1.', '{"offset":7,"timestamp":-9223372036854775809}'],
  ['timestamp-type', 'CreateTime is not said.', `${HEAD},"timestampType":"create"}`],
  ['two-values', 'Two values.', `${HEAD},"value":1,"value":2}`],
  ['value-and-text', 'A value and a text.', `${HEAD},"value":1,"text":"a"}`],
  ['value-not-json', 'A value that is no JSON.', `${HEAD},"value":{a:1}}`],
  ['value-empty', 'A value of nothing.', `${HEAD},"value":}`],
  ['value-nesting-64', 'A value that nests too deep.', `${HEAD},"value":${'['.repeat(64)}${']'.repeat(64)}}`],
  ['value-leading-zero', 'A value that JSON does not know.', `${HEAD},"value":01}`],
  ['value-raw-control', 'A raw control character in a JSON string.', `${HEAD},"value":"\u0001"}`],
  ['value-bad-utf8', 'Bytes in a value that are no UTF-8.', Buffer.concat([Buffer.from(`${HEAD},"value":"`), Buffer.from([0xc0, 0xaf]), Buffer.from('"}')])],
  ['text-that-is-json', 'A text that must be a value.', `${HEAD},"text":"{}"}`],
  ['base64-that-is-text', 'Base64 that must be a text.', `${HEAD},"base64":"cGxhaW4="}`],
  ['base64-that-is-json', 'Base64 that must be a value.', `${HEAD},"base64":"e30="}`],
  ['text-that-is-base64', 'A text that must be base64.', `${HEAD},"text":"\\u0001\\u0002"}`],
  ['text-escape-slash', 'An escape that none needs.', `${HEAD},"text":"a\\/b"}`],
  ['text-escape-long', 'A long escape where there is a short one.', `${HEAD},"text":"many letters \\u000a here"}`],
  ['text-escape-capitals', 'Hex digits in capitals.', `${HEAD},"text":"very many letters \\u001F here"}`],
  ['text-escape-letter', 'An escaped letter.', `${HEAD},"text":"very many letters \\u0061 here"}`],
  ['base64-no-padding', 'Base64 without padding.', `${HEAD},"base64":"/wAKAA"}`],
  ['base64-stray-bits', 'Base64 with bits that count for nothing.', `${HEAD},"base64":"/x=="}`],
  ['base64-url', 'The other alphabet.', `${HEAD},"base64":"_wAK"}`],
  ['key-null', 'Null is not said.', `${HEAD},"key":null}`],
  ['key-twice', 'A key in both forms.', `${HEAD},"key":"a","keyBase64":"AP8="}`],
  ['key-after-value', 'A key after the value.', `${HEAD},"value":1,"key":"a"}`],
  ['headers-empty', 'No headers are not said.', `${HEAD},"headers":[]}`],
  ['headers-single', 'A header of one string.', `${HEAD},"headers":[["a"]]}`],
  ['headers-null-name', 'A header without a name.', `${HEAD},"headers":[[null,"a"]]}`],
  ['headers-base64-that-is-text', 'A header’s base64 that must be a string.', `${HEAD},"headers":[["a",{"base64":"cGxhaW4="}]]}`],
  ['gap-no-word', 'A gap without anybody’s word.', '{"offset":5,"gap":{"last":5,"reason":"expired"}}'],
  ['gap-empty-word', 'A gap with an empty word.', '{"offset":5,"gap":{"last":5,"reason":"expired","by":"","why":"x"}}'],
  ['gap-backwards', 'A gap that ends before it starts.', '{"offset":5,"gap":{"last":4,"reason":"transaction","control":0,"aborted":0}}'],
  ['gap-counts', 'Counts that are not the gap’s.', '{"offset":5,"gap":{"last":7,"reason":"transaction","control":1,"aborted":1}}'],
  ['gap-reason', 'An unknown reason.', '{"offset":5,"gap":{"last":7,"reason":"lost","by":"a","why":"b"}}'],
  ['gap-too-far', 'A gap to 2^53 - 1.', '{"offset":5,"gap":{"last":9007199254740991,"reason":"expired","by":"a","why":"b"}}'],
  ['gap-control-character', 'A word with a control character.', '{"offset":5,"gap":{"last":5,"reason":"expired","by":"a\\nb","why":"x"}}'],
  ['gap-direction', 'A word that turns text around.', '{"offset":5,"gap":{"last":5,"reason":"expired","by":"a\u202eb","why":"x"}}'],
  ['gap-by-too-long', '256 bytes of `by`.', `{"offset":5,"gap":{"last":5,"reason":"expired","by":"${'a'.repeat(256)}","why":"x"}}`],
  ['gap-timestamp', 'A gap with a timestamp.', '{"offset":5,"timestamp":0,"gap":{"last":5,"reason":"expired","by":"a","why":"x"}}'],
];

export const lineVectors = (): ObjectVector[] => [
  ...RECORDS.map(([name, about, change]): ObjectVector => {
    const record = { ...plain, ...change };
    return { name: `line/${name}`, about, bytes: freezeBytes(encodeEntry(record)), expect: 'accepted', carries: { record: freezeRecord(record) } };
  }),
  ...GAPS.map(([name, gap]): ObjectVector => ({
    name: `line/${name}`,
    about: `A gap: ${gap.reason}.`,
    bytes: freezeBytes(encodeGap(gap)),
    expect: 'accepted',
    carries: { gap },
  })),
  ...REFUSED.map(([name, about, line]): ObjectVector => ({
    name: `line/not-${name}`,
    about,
    bytes: freezeBytes(typeof line === 'string' ? utf8(line) : line),
    expect: 'malformed',
  })),
];
