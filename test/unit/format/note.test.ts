// Are checkpoints, notes and seals exactly what C2SP says, and nothing near it?
import { describe, expect, it } from 'vitest';
import { fromHex, toHex, utf8 } from '../../../src/base/bytes.ts';
import { FormatError } from '../../../src/base/error.ts';
import { LIMITS } from '../../../src/base/limits.ts';
import { encodeEventProof, eventProofsOf, parseEventProof } from '../../../src/format/event-proof.ts';
import { checkpointText, encodeSignedCheckpoint, parseSignedCheckpoint } from '../../../src/format/note.ts';
import { encodeSeal, parseSeal } from '../../../src/format/seal.ts';

const origin = 'audit.example.com/prod/orders/0';
const root = fromHex('0f'.repeat(32));
const text = checkpointText({ origin, size: 42, root });
const keyId = fromHex('deadbeef');
const signature = fromHex('aa'.repeat(64));
const note = encodeSignedCheckpoint(text, [{ name: origin, keyId, signature }]);
const noteText = new TextDecoder().decode(note);
const B64 = 'Dw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8=';

describe('a checkpoint', () => {
  it('is three lines', () => {
    expect(new TextDecoder().decode(text)).toBe(`${origin}\n42\n${B64}\n`);
  });
  it('has an origin, a size and a root', () => {
    expect(() => checkpointText({ origin: '', size: 1, root })).toThrowErrorMatchingSnapshot();
    expect(() => checkpointText({ origin: 'a b', size: 1, root })).toThrowErrorMatchingSnapshot();
    expect(() => checkpointText({ origin, size: -1, root })).toThrowErrorMatchingSnapshot();
    expect(() => checkpointText({ origin, size: 2 ** 53, root })).toThrowErrorMatchingSnapshot();
    expect(() => checkpointText({ origin, size: 1, root: root.subarray(1) })).toThrowErrorMatchingSnapshot();
  });
});

describe('a note', () => {
  it('is the text, a blank line and signatures', () => {
    expect(noteText).toMatch(
      /^audit\.example\.com\/prod\/orders\/0\n42\nDw8[^\n]+=\n\n— audit\.example\.com\/prod\/orders\/0 3q2\+76qq[^\n]+\n$/,
    );
    const parsed = parseSignedCheckpoint(note);
    expect(parsed).toEqual({
      checkpoint: { origin, size: 42, root },
      text,
      signatures: [{ name: origin, keyId, signature }],
    });
  });

  it('keeps signatures of others, in order', () => {
    const witness = { name: 'witness.example/w1', keyId: fromHex('00000001'), signature: fromHex('01') };
    const many = encodeSignedCheckpoint(text, [witness, { name: origin, keyId, signature }, witness]);
    expect(parseSignedCheckpoint(many).signatures.map(({ name }) => name)).toEqual([
      witness.name,
      origin,
      witness.name,
    ]);
  });

  it.each([
    ['no signature', noteText.slice(0, noteText.indexOf('—'))],
    ['no end', noteText.slice(0, -1)],
    ['two ends', `${noteText}\n`],
    ['a hyphen for the dash', noteText.replace('—', '-')],
    ['two spaces', noteText.replace('— ', '—  ')],
    ['a third word', noteText.replace(/\n$/, ' x\n')],
    ['a signature of nothing', `${new TextDecoder().decode(text)}\n— ${origin} 3q2+7w==\n`],
    ['a name with a plus', noteText.replace('— audit', '— au+dit')],
    ['an extension line', noteText.replace('\n\n', '\nextension\n\n')],
    ['a size with a zero', noteText.replace('\n42\n', '\n042\n')],
    ['a negative size', noteText.replace('\n42\n', '\n-42\n')],
    ['a size beyond 2^53', noteText.replace('\n42\n', '\n9007199254740993\n')],
    ['a short root', noteText.replace(B64, B64.slice(4))],
    ['a root without padding', noteText.replace('w8=\n', 'w8\n')],
    ['CRLF', noteText.replaceAll('\n', '\r\n')],
    ['a blank line more', noteText.replace('\n\n', '\n\n\n')],
    ['a byte order mark', `\ufeff${noteText}`],
    ['nothing', ''],
  ])('is refused for %s', (_, bad) => {
    expect(bad).not.toBe(noteText);
    expect(() => parseSignedCheckpoint(utf8(bad))).toThrowErrorMatchingSnapshot();
  });

  it('has at most 16 signatures and a bounded size', () => {
    const one = { name: origin, keyId, signature };
    expect(
      parseSignedCheckpoint(encodeSignedCheckpoint(text, new Array(16).fill(one))).signatures.length,
    ).toBe(16);
    expect(() => encodeSignedCheckpoint(text, new Array(17).fill(one))).toThrowErrorMatchingSnapshot();
    expect(() => parseSignedCheckpoint(utf8(noteText + noteText.split('\n\n')[1]?.repeat(16)))).toThrow(
      FormatError,
    );
    expect(() =>
      parseSignedCheckpoint(new Uint8Array(LIMITS.sealBytesMax + 1)),
    ).toThrowErrorMatchingSnapshot();
  });
});

describe('a signature line', () => {
  const line = { name: origin, keyId, signature };
  it.each([
    ['no name', { ...line, name: '' }],
    ['a name of two words', { ...line, name: 'a b' }],
    ['a key id of 3 bytes', { ...line, keyId: keyId.subarray(1) }],
    ['a key id of 5 bytes', { ...line, keyId: new Uint8Array(5) }],
    ['no signature', { ...line, signature: new Uint8Array(0) }],
  ])('has not %s', (_, bad) => {
    expect(() => encodeSignedCheckpoint(text, [bad])).toThrow('not a signature line');
  });
});

describe('a seal', () => {
  const manifestBytes = utf8('{"format":"any bytes here"}');
  const path = [fromHex('11'.repeat(32)), fromHex('22'.repeat(32)), fromHex('33'.repeat(32))];
  const parts = { manifestBytes, index: 41, path, note };
  const seal = encodeSeal(parts);
  const sealText = new TextDecoder().decode(seal);

  it('is a tlog-proof', () => {
    const b64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
    expect(sealText).toBe(
      `c2sp.org/tlog-proof@v1\nextra ${b64(manifestBytes)}\nindex 41\n${path.map(b64).join('\n')}\n\n${noteText}`,
    );
    const parsed = parseSeal(seal);
    expect(parsed).toEqual({ manifestBytes, index: 41, path, signed: parseSignedCheckpoint(note) });
  });

  it('may have no path', () => {
    const first = encodeSignedCheckpoint(checkpointText({ origin, size: 1, root }), [
      { name: origin, keyId, signature },
    ]);
    expect(parseSeal(encodeSeal({ manifestBytes, index: 0, path: [], note: first })).path).toEqual([]);
  });

  it.each([
    ['another header', sealText.replace('@v1', '@v2')],
    ['no extra', sealText.replace(/extra [^\n]+\n/, '')],
    ['an empty extra word', sealText.replace('extra ', 'extra  ')],
    ['an odd extra', sealText.replace(/extra ([^\n]+)\n/, 'extra $1=\n')],
    ['no index', sealText.replace('index 41\n', '')],
    ['an index with a zero', sealText.replace('index 41', 'index 041')],
    ['another index', sealText.replace('index 41', 'index 40')],
    ['an index with a sign', sealText.replace('index 41', 'index +41')],
    ['a short hash', sealText.replace(/\nEREr?(\w{4})/, '\n$1')],
    ['a hash in hex', sealText.replace(/\nEREr?[^\n]+/, `\n${'11'.repeat(32)}`)],
    ['a blank line in its path', sealText.replace('index 41\n', 'index 41\n\n')],
    ['bytes after it', `${sealText}x`],
    ['bytes before it', `\n${sealText}`],
    ['blank lines before it', `\n\n${sealText}`],
    ['no note', sealText.slice(0, sealText.indexOf('\n\n') + 2)],
    ['a path of 54', sealText.replace('index 41\n', `index 41\n${`${B64}\n`.repeat(51)}`)],
  ])('is refused for %s', (_, bad) => {
    expect(bad).not.toBe(sealText);
    expect(() => parseSeal(utf8(bad))).toThrowErrorMatchingSnapshot();
  });

  it('has bounds, that the writer keeps too', () => {
    const large = new Uint8Array(LIMITS.manifestBytesMax + 1);
    expect(() => encodeSeal({ ...parts, manifestBytes: large })).toThrowErrorMatchingSnapshot();
    expect(() =>
      encodeSeal({ ...parts, manifestBytes: new Uint8Array(60_000) }),
    ).toThrowErrorMatchingSnapshot();
    expect(() => encodeSeal({ ...parts, index: 40 })).toThrowErrorMatchingSnapshot();
    expect(() => encodeSeal({ ...parts, path: [new Uint8Array(31)] })).toThrowErrorMatchingSnapshot();
    expect(() => encodeSeal({ ...parts, note: utf8('x') })).toThrowErrorMatchingSnapshot();
    expect(() => parseSeal(new Uint8Array(LIMITS.sealBytesMax + 1))).toThrowErrorMatchingSnapshot();
    expect(parseSeal(encodeSeal({ ...parts, manifestBytes: large.subarray(1) })).manifestBytes.length).toBe(
      24_576,
    );
  });

  it('has no line that Go can not scan', () => {
    const widest = encodeSeal({ ...parts, manifestBytes: new Uint8Array(LIMITS.manifestBytesMax) });
    const longest = Math.max(
      ...new TextDecoder()
        .decode(widest)
        .split('\n')
        .map((line) => line.length),
    );
    expect(longest).toBeLessThan(65_536);
  });
});

describe('an event proof', () => {
  const linePath = [fromHex('44'.repeat(32))];
  const parts = { manifestBytes: utf8('m'), line: 3, linePath, index: 7, path: [root], note };
  const extraOf = (extra: string) => {
    const good = new TextDecoder().decode(encodeEventProof(parts));
    return utf8(good.replace(/extra [^\n]+/, `extra ${Buffer.from(extra).toString('base64')}`));
  };
  const hex = toHex(linePath[0] as Uint8Array);

  it('comes back', () => {
    const { note: _, ...rest } = parts;
    expect(parseEventProof(encodeEventProof(parts))).toEqual({
      ...rest,
      signed: parseSignedCheckpoint(note),
    });
    expect(parseEventProof(extraOf(`{"manifest":"bQ==","line":3,"path":["${hex}"]}`))).toMatchObject({
      line: 3,
    });
  });

  it.each([
    ['another order', `{"line":3,"manifest":"bQ==","path":["${hex}"]}`],
    ['a space', `{"manifest":"bQ==", "line":3,"path":["${hex}"]}`],
    ['two lines', `{"manifest":"bQ==","line":2,"line":3,"path":["${hex}"]}`],
    ['a member more', `{"manifest":"bQ==","line":3,"path":["${hex}"],"x":1}`],
    ['a line that is negative', `{"manifest":"bQ==","line":-1,"path":["${hex}"]}`],
    ['a line of −0', `{"manifest":"bQ==","line":-0,"path":["${hex}"]}`],
    ['a fraction', `{"manifest":"bQ==","line":3.0,"path":["${hex}"]}`],
    ['a hash in capitals', `{"manifest":"bQ==","line":3,"path":["${hex.replace('44', '4A')}"]}`],
    ['a hash that is short', `{"manifest":"bQ==","line":3,"path":["44"]}`],
    ['no manifest', `{"line":3,"path":["${hex}"]}`],
    ['a manifest that is no base64', `{"manifest":"?","line":3,"path":["${hex}"]}`],
    ['a long path', `{"manifest":"bQ==","line":3,"path":[${new Array(54).fill(`"${hex}"`).join(',')}]}`],
    ['null', 'null'],
    ['no JSON', '{'],
    ['a number', '1'],
  ])('is refused for %s', (_, extra) => {
    expect(() => parseEventProof(extraOf(extra))).toThrowErrorMatchingSnapshot();
  });

  it('of many lines of one segment are the same bytes as each for itself', () => {
    const { manifestBytes, index, path, note } = parts;
    // Lengths of every remainder by three, where base64 goes on in the middle of a group.
    for (let length = 0; length < 10; length++) {
      const common = { manifestBytes: utf8('m'.repeat(length)), index, path, note };
      const proofOf = eventProofsOf(common);
      for (const line of [0, 7, 12_345])
        expect(proofOf({ line, linePath: parts.linePath })).toEqual(
          encodeEventProof({ ...common, line, linePath: parts.linePath }),
        );
    }
    const wrong = { line: 1, linePath: [new Uint8Array(31)] };
    expect(() => eventProofsOf({ manifestBytes, index, path, note })(wrong)).toThrow('not a line and a path');
    expect(() => eventProofsOf({ manifestBytes, index: 42, path, note })({ line: 0, linePath: [] })).toThrow(
      'a proof of manifest 42 under a checkpoint',
    );
  });

  it('is of a manifest that the checkpoint covers', () => {
    expect(() => encodeEventProof({ ...parts, index: 42 })).toThrowErrorMatchingSnapshot();
    expect(parseEventProof(encodeEventProof({ ...parts, index: 41 })).index).toBe(41);
  });

  it('fits, whatever the manifest', () => {
    const path = new Array(53).fill(root);
    const most = { ...parts, manifestBytes: new Uint8Array(LIMITS.manifestBytesMax), linePath: path, path };
    expect(parseEventProof(encodeEventProof(most)).linePath.length).toBe(53);
  });
});
