// Which bytes are an act, and what is said of those that are none? (FORMAT.md 13.2)
import { describe, expect, it } from 'vitest';
import { fromBase64, utf8, utf8Text } from '../../../src/base/bytes.ts';
import { FormatError } from '../../../src/base/error.ts';
import { nodeSha256 as sha256 } from '../../../src/base/node/hash.ts';
import {
  type Act,
  actMessage,
  encodeAct,
  parseSignedAct,
  requestDigest,
  signedActBytes,
} from '../../../src/format/act.ts';

const ID = '0123456789abcdef'.repeat(2);
const KEY = 'ab'.repeat(32);
const SIGNATURE = 'AAEC';

type Fields = Readonly<Record<string, unknown>>;
const GOOD = {
  format: 'ledgerstone/act/1',
  id: ID,
  kind: 'drill',
  of: null,
  by: { name: 'Ada', principal: null, key: KEY },
  reason: 'why',
  reference: null,
  time: '2026-11-22T10:00:00.000Z',
  detail: { report: KEY },
} as const;

const digestOf = ({ kind, of, by, reason, reference, detail }: Fields): string =>
  requestDigest(
    { kind, of, reason, reference, detail } as Parameters<typeof requestDigest>[0],
    (by as { name: string } | null)?.name as string,
    sha256,
  );

/** An act in its spelling, with these members changed. */
function actText(changed: Fields = {}): string {
  const fields = { ...GOOD, ...changed };
  const { format, id, kind, of, by, reason, reference, time, detail } = fields;
  const request = 'request' in changed ? changed['request'] : digestOf(fields);
  const signature = 'signature' in changed ? changed['signature'] : SIGNATURE;
  return JSON.stringify({
    ...{ format, id, kind, of, by, reason, reference, time, request, detail, signature },
  });
}
const read = (text: string) => parseSignedAct(utf8(text), sha256);
const by = (changed: Fields) => ({ by: { ...GOOD.by, ...changed } });

/** What a reader says of it; null: it is one. */
function refusal(text: string | Uint8Array): string | null {
  try {
    parseSignedAct(typeof text === 'string' ? utf8(text) : text, sha256);
    return null;
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    expect(error.code).toBe('malformed');
    return error.message;
  }
}

describe('an act that is read', () => {
  it('has its members, the bytes that were signed and the signature', () => {
    const { act, unknown, signedBytes, signature } = read(actText());
    expect(act).toEqual({ ...GOOD, request: digestOf(GOOD) });
    expect(unknown).toBeNull();
    expect(utf8Text(signedBytes)).toBe(actText({ signature: undefined }));
    expect(signature).toEqual(fromBase64(SIGNATURE));
    expect(utf8Text(signedActBytes(signedBytes, signature))).toBe(actText());
  });

  it('of a later version is no act, and what is known of it is said', () => {
    const { act, unknown, signedBytes } = read(actText({ kind: 'vote.cast', detail: { a: 1 } }));
    expect(act).toBeNull();
    expect(unknown).toMatchObject({ kind: 'vote.cast', of: null, id: ID, detail: { a: 1 } });
    expect(utf8Text(signedBytes)).toContain('"detail":{"a":1}}');
  });

  it('is signed behind the words of its format and the origin', () => {
    expect(utf8Text(actMessage(utf8('{}'), 'a.example/x/0'))).toBe('ledgerstone/act/1\na.example/x/0\n{}');
  });

  it('has the digest of what was asked, which nothing else changes', () => {
    const text = '["drill",null,"Ada","why",null,{"report":"'.concat(KEY, '"}]');
    expect(digestOf(GOOD)).toBe(Buffer.from(sha256(utf8(text))).toString('hex'));
  });
});

describe('each member', () => {
  const long = (length: number) => 'x'.repeat(length);
  it.each<[string, Fields]>([
    ['another act', { of: ID }],
    ['the longest name', by({ name: long(255) })],
    ['the longest principal', by({ principal: long(255) })],
    ['the longest reason', { reason: long(2048) }],
    ['the longest reference', { reference: long(255) }],
    ['a kind of one letter', { kind: 'x', detail: {} }],
    ['the longest kind', { kind: `${long(32)}.${long(32)}`, detail: {} }],
    ['no signature bytes', { signature: '' }],
  ])('%s is taken', (_, changed) => {
    expect(refusal(actText(changed))).toBeNull();
  });

  it.each<[string, string, Fields]>([
    ['no id', 'act: id', { id: undefined }],
    ['an id that is a number', 'act: id', { id: 7 }],
    ['an id with a digit less', 'act: id', { id: ID.slice(1) }],
    ['an id with a digit more in front', 'act: id', { id: `0${ID}` }],
    ['an id with a digit more behind', 'act: id', { id: `${ID}0` }],
    ['an id in capitals', 'act: id', { id: ID.toUpperCase() }],
    ['no member of', 'act: of', { of: undefined }],
    ['of what is no id', 'act: of', { of: 'x' }],
    ['nobody', 'act: by', { by: null }],
    ['a writer that is a text', 'act: by', { by: 'Ada' }],
    ['no name', 'act: by.name', by({ name: '' })],
    ['a longer name', 'act: by.name', by({ name: long(256) })],
    ['an empty principal', 'act: by.principal', by({ principal: '' })],
    ['a longer principal', 'act: by.principal', by({ principal: long(256) })],
    ['a key with a digit less', 'act: by.key', by({ key: KEY.slice(1) })],
    ['no reason', 'act: reason', { reason: '' }],
    ['a longer reason', 'act: reason', { reason: long(2049) }],
    ['an empty reference', 'act: reference', { reference: '' }],
    ['a longer reference', 'act: reference', { reference: long(256) }],
    ['no time', 'act: time', { time: null }],
    ['a time without milliseconds', 'not a time: "2026-11-22T10:00:00Z"', { time: '2026-11-22T10:00:00Z' }],
    ['a request that is no digest', 'act: request', { request: 'x' }],
    ['the digest of another request', 'act: a digest of another request', { request: '0'.repeat(64) }],
    ['no signature', 'act: no signature', { signature: undefined }],
    ['a signature that is null', 'act: no signature', { signature: null }],
    ['no kind', 'act: kind', { kind: undefined }],
    ['a kind that is a number', 'act: kind', { kind: 7 }],
    ['an empty kind', 'act: kind', { kind: '' }],
    ['a longer kind', 'act: kind', { kind: long(33) }],
    ['a longer kind behind the dot', 'act: kind', { kind: `a.${long(33)}` }],
    ['a kind with two dots', 'act: kind', { kind: 'a.b.c' }],
    ['a kind with something in front', 'act: kind', { kind: '-vote' }],
    ['a kind in capitals', 'act: kind', { kind: 'Vote' }],
    ['no detail', 'act: detail', { detail: undefined }],
    ['a detail that is null', 'act: detail', { kind: 'vote', detail: null }],
    ['a detail that is a text', 'act: detail', { kind: 'vote', detail: 'x' }],
    ['a detail that is a list', 'act: detail', { kind: 'vote', detail: [] }],
    ['a detail of its kind that is wrong', 'act: report', { detail: { report: 'x' } }],
    ['another format', 'act: an odd spelling', { format: 'ledgerstone/act/2' }],
  ])('%s: %s', (_, message, changed) => {
    // What is wrong in the head is said first, whatever the digest is.
    expect(refusal(actText(changed))).toBe(message);
  });
});

describe('bytes that are no act', () => {
  it.each<[string, string]>([
    ['', 'act: not JSON'],
    ['{', 'act: not JSON'],
    ['null', 'act: no object'],
    ['[]', 'act: no object'],
    ['"text"', 'act: no object'],
    ['7', 'act: no object'],
    [actText().replace(',"of":', ', "of":'), 'act: an odd spelling'],
    [actText().replace('"of":null', '"more":1,"of":null'), 'act: an odd spelling'],
  ])('%j: %s', (text, message) => {
    expect(refusal(text)).toBe(message);
  });

  it('are not UTF-8', () => {
    expect(refusal(Uint8Array.of(0x7b, 0xff, 0x7d))).toBe('act: not JSON');
  });

  it('keep what broke them for whoever looks', () => {
    const thrown = (text: string): unknown => {
      try {
        return read(text);
      } catch (error) {
        return error;
      }
    };
    expect((thrown('{') as Error).cause).toBeInstanceOf(SyntaxError);
    const deep = `${'['.repeat(60_000)}${']'.repeat(60_000)}`;
    const text = actText({ kind: 'vote', detail: {} }).replace('"detail":{}', `"detail":{"a":${deep}}`);
    expect(thrown(text)).toMatchObject({ message: 'act: nested too deep', code: 'malformed' });
    expect((thrown(text) as Error).cause).toBeInstanceOf(RangeError);
  });
});

describe('the longest act', () => {
  const MOST = 256 * 1024;
  const sized = (length: number, signature = SIGNATURE) => {
    const text = (fill: number) => actText({ kind: 'vote', detail: { fill: 'x'.repeat(fill) }, signature });
    return text(length - text(0).length);
  };
  const base = (bytes: number) => Buffer.alloc(bytes).toString('base64');

  it('has 256 KiB with its signature', () => {
    // A signature as long as there can be beside the longest act without one.
    const around = ',"signature":""'.length;
    const signature = base(Math.floor((128 - around) / 4) * 3);
    const room = around + signature.length;
    expect(refusal(sized(MOST - 128 + room, signature))).toBeNull();
    expect(refusal(sized(MOST - 128 + room + 1, signature))).toBe(`act: ${MOST - 128 + 1} bytes`);
    expect(refusal('x'.repeat(MOST))).toBe('act: not JSON');
    expect(refusal('x'.repeat(MOST + 1))).toBe(`act: ${MOST + 1} bytes`);
  });
});

it('a writer is told what a reader would refuse', () => {
  const act = { ...GOOD, request: digestOf(GOOD) } as unknown as Act;
  expect(utf8Text(encodeAct(act, sha256))).toBe(actText({ signature: undefined }));
  expect(() => encodeAct({ ...act, reason: '' }, sha256)).toThrow('act: reason');
  expect(() => encodeAct({ ...act, detail: { report: 'x' } } as Act, sha256)).toThrow('act: report');
});
