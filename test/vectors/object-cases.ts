// Which manifests, seals, vkeys and event proofs are frozen, good ones and what must be refused beside them?
import { concatBytes, fromBase64, fromHex, toBase64, toHex, utf8, utf8Text } from '../../src/base/bytes.ts';
import { nodeSha256 } from '../../src/base/node/hash.ts';
import { encodeEventProof, parseEventProof } from '../../src/format/event-proof.ts';
import { cosignerKey, encodeCosignerVkey } from '../../src/format/cosignature.ts';
import { encodeVkey } from '../../src/format/vkey.ts';
import { inclusionProof } from '../../src/merkle/proof.ts';
import { leafHash } from '../../src/merkle/tree.ts';
import { buildEventProof } from '../../src/verify/event-proof.ts';
import { openSeal } from '../../src/verify/open-seal.ts';
import { ArchiveBuilder, archiveKey, entries, signer, transactionGap } from '../support/archive-builder.ts';
import { memoryMlDsaSigner } from '../support/memory-signer.ts';
import { headOf, spoilSignature, withoutLastSignature } from './archive-cases.ts';
import { freezeBytes } from './archive-vector.ts';
import { cosignedVectors } from './object-cases-cosigned.ts';
import { noteVectors } from './object-cases-notes.ts';
import { indexVectors } from './object-cases-index.ts';
import { lineVectors } from './object-cases-lines.ts';
import { destroyedVectors } from './object-cases-destroyed.ts';
import { stampVectors } from './object-cases-stamps.ts';
import type { ObjectVector } from './object-vector.ts';

type Change = readonly [name: string, about: string, from: string | RegExp, to: string];

/** Each changes exactly one thing. */
const changed = (text: string, [name, , from, to]: Change): string => {
  const other = text.replace(from, to);
  if (other === text) throw new Error(`the vector ${name} changes nothing`);
  return other;
};

async function chainOf(algorithm: 'ed25519' | 'ecdsa-p256' = 'ed25519') {
  const builder = new ArchiveBuilder({ signers: [signer('log key', algorithm)] });
  const chain = builder.chain();
  const built = await chain.fill(2, 3);
  const last = await chain.seal({ lines: [...entries(6, 4), transactionGap(10, 3), ...entries(13, 2)], linesPerBlock: 4 });
  const seal = builder.archive.bytesOf(last.sealKey) as Uint8Array;
  return { builder, chain, built, last, seal, trusted: builder.trusted.map(encodeVkey) };
}

const MANIFEST_CHANGES: readonly Change[] = [
  ['space', 'A space.', '"sequence":3', '"sequence": 3'],
  ['lf', 'A LF at its end.', /$/, '\n'],
  ['unknown-member', 'A member that is none of ours.', /}$/, ',"x":1}'],
  ['twice', 'A member twice.', '"sequence":3', '"sequence":3,"sequence":3'],
  ['order', 'Two members in another order.', /("previous":"[^"]+"),("continues":null)/, '$2,$1'],
  ['fraction', 'A number with a fraction.', '"sequence":3', '"sequence":3.0'],
  ['format', 'Another format.', 'segment/1', 'segment/2'],
  ['escape', 'An escape that none needs.', '"archiver-test"', '"archiver\\u002dtest"'],
  ['previous-null', 'No previous one, though it is not the first.', /"previous":"[^"]+"/, '"previous":null'],
  ['previous-capitals', 'Hex in capitals.', /"previous":"([^"]+)"/, `"previous":"${'AB'.repeat(32)}"`],
  ['other-partition', 'A source of another partition.', '"topicId":null,"partition":0', '"topicId":null,"partition":1'],
  ['offsets', 'Offsets that are not those of the counts.', '"nextOffset":15', '"nextOffset":16'],
  ['missing-zero', 'A reason with no offsets.', '"missing":{', '"missing":{"compacted":0,'],
  ['missing-order', 'Reasons in another order.', '"nextOffset":15,"missing":{"transaction":3}', '"nextOffset":16,"missing":{"compacted":1,"transaction":3}'],
  ['size', 'A size that is not that of the blocks.', '"size":7', '"size":8'],
  ['time', 'A time without milliseconds.', /"anchored":"([^."]+)\.\d+Z"/, '"anchored":"$1Z"'],
  ['time-offset', 'A time with an offset.', /"anchored":"([^"]+)Z"/, '"anchored":"$1+00:00"'],
  ['time-day', 'The 30th of February.', /"anchored":"[^"]+"/, '"anchored":"2026-02-30T00:00:00.000Z"'],
  ['time-leap-second', 'A leap second.', /"anchored":"[^"]+"/, '"anchored":"2026-12-31T23:59:60.000Z"'],
  ['time-order', 'The first time after the last.', /"first":"[^"]+"/, '"first":"2030-01-01T00:00:00.000Z"'],
  ['until-milliseconds', 'An end of retention with milliseconds.', /"until":"([^"]+)Z"/, '"until":"$1.000Z"'],
  ['until-sealed', 'An end of retention at the very moment of the seal. As texts the end is the later one.', /"until":"[^"]+"/, '"until":"2026-11-22T10:04:00Z"'],
  ['until-before', 'An end of retention within the second of the seal, and before it.', /("sealed":"[^.]+)\.000Z(".*"until":)"[^"]+"/, '$1.001Z$2"2026-11-22T10:04:00Z"'],
  ['anchored-after', 'A source confirmed a millisecond after the seal was made.', /"anchored":"[^"]+"/, '"anchored":"2026-11-22T10:04:00.001Z"'],
  ['anchored-9999', 'A source confirmed at the end of the year 9999.', /"anchored":"[^"]+"/, '"anchored":"9999-12-31T23:59:59.999Z"'],
  ['data-day', 'A data key of another day.', 'date=2026-11-22', 'date=2026-11-23'],
  ['data-suffix', 'A data key with the other suffix.', '.jsonl.zst', '.jsonl.gz'],
  ['data-encoding', 'An unknown encoding.', '"encoding":"zstd"', '"encoding":"none"'],
  ['data-null', 'No data, though there are lines.', /"data":\{.*?\]\}/, '"data":null'],
  ['block-empty', 'A block without lines.', /"lines":4\}/, '"lines":0}'],
  ['mode', 'An unknown mode.', 'COMPLIANCE', 'NONE'],
  ['keys-none', 'No key.', /"keys":\[[^\]]+\]/, '"keys":[]'],
  ['keys-twice', 'One key twice.', /"keys":\[([^\]]+)\]/, '"keys":[$1,$1]'],
  ['key-of-archive', 'A key named with the archive’s origin.', /"keys":\["[^"]+"\]/, `"keys":["${encodeVkey(archiveKey(signer()))}"]`],
  ['continues-later', 'It continues another chain, though it is not the first segment.', '"continues":null', `"continues":{"origin":"audit.example.com/prod/old/0","size":1,"root":"${'ab'.repeat(32)}","nextOffset":0,"reason":"r","by":"b"}`],
  ['origin-slash', 'An origin with an empty part.', 'audit.example.com/prod/orders/0', 'audit.example.com//prod/orders/0'],
  ['partition-zero-first', 'A partition with a leading zero.', 'audit.example.com/prod/orders/0', 'audit.example.com/prod/orders/00'],
  ['time-last-null', 'A first time and no last.', /"last":"[^"]+"/, '"last":null'],
  ['writer-empty', 'A writer without a name.', '"id":"archiver-test"', '"id":""'],
];

const UNTIL_JUST_AFTER: Change = [
  'until-just-after', '', /("sealed":")[^"]+(".*"until":)"[^"]+"/, '$12026-11-22T10:03:59.999Z$2"2026-11-22T10:04:00Z"',
];

const ANCHORED_AT_SEAL: Change = ['anchored-at-seal', '', /"anchored":"[^"]+"/, '"anchored":"2026-11-22T10:04:00.000Z"'];
const ANCHORED_LONG_AGO: Change = ['anchored-long-ago', '', /"anchored":"[^"]+"/, '"anchored":"1970-01-01T00:00:00.000Z"'];

/** The manifest of so many blocks of one line each. */
function withBlocks(manifest: Uint8Array, count: number, bytes = 1): Uint8Array {
  const m = JSON.parse(utf8Text(manifest));
  Object.assign(m.records, { count, nextOffset: m.records.firstOffset + count, missing: {} });
  m.entries.size = count;
  Object.assign(m.data, { bytes: count * bytes, blocks: Array.from({ length: count }, () => ({ bytes, content: 27, lines: 1 })) });
  return utf8(JSON.stringify(m));
}

async function manifestVectors(): Promise<ObjectVector[]> {
  const { built, last, builder, chain } = await chainOf();
  const next = builder.chain('orders-2', 0, chain.nextOffset);
  const continuing = await next.seal({ continues: headOf(chain) });
  const file = await builder.chain('f').seal({ source: { kind: 'file', name: 'f', partition: 0 } });
  const good = (name: string, about: string, bytes: Uint8Array): ObjectVector => ({ name: `manifest/${name}`, about, bytes: freezeBytes(bytes), expect: 'accepted' });
  const bad = (name: string, about: string, bytes: Uint8Array): ObjectVector => ({ name: `manifest/not-${name}`, about, bytes: freezeBytes(bytes), expect: 'malformed' });
  const replaced = (of: Uint8Array, from: RegExp, to: string) => utf8(changed(utf8Text(of), [to, '', from, to]));
  const before = (count: number) => replaced(last.manifestBytes, /"before":\d+/, `"before":${count}`);
  const ofSize = (size: string) => replaced(continuing.manifestBytes, /"size":\d+/, `"size":${size}`);
  return [
    good('first', 'Of the first segment, without lines.', built[0]?.manifestBytes as Uint8Array),
    good('lines', 'Of a segment with lines and a gap.', last.manifestBytes),
    good('continues', 'Of a chain that continues another.', continuing.manifestBytes),
    good('file', 'Of a file.', file.manifestBytes),
    good('blocks-most', 'Of 256 blocks with 1 MiB each.', withBlocks(last.manifestBytes, 256, 2 ** 20)),
    good('until-just-after', 'An end of retention a millisecond after the seal.', utf8(changed(utf8Text(last.manifestBytes), UNTIL_JUST_AFTER))),
    good('anchored-at-seal', 'A source confirmed at the very moment of the seal.', utf8(changed(utf8Text(last.manifestBytes), ANCHORED_AT_SEAL))),
    good('anchored-long-ago', 'A source confirmed long before: one manifest alone says nothing of how long.', utf8(changed(utf8Text(last.manifestBytes), ANCHORED_LONG_AGO))),
    good('before-most', 'With as many records before as can be counted with its own.', before(2 ** 53 - 1 - 6)),
    bad('before-more', 'One more.', before(2 ** 53 - 6)),
    bad('before-alone', 'The count before alone is as great as can be.', before(2 ** 53 - 1)),
    good('continues-most', 'Of a chain that continues another, of the greatest size that can be written.', ofSize('9007199254740991')),
    bad('continues-more', 'One more.', ofSize('9007199254740992')),
    bad('continues-none', 'Of a chain that continues nothing.', ofSize('0')),
    bad('blocks-more', '257 blocks.', withBlocks(last.manifestBytes, 257)),
    bad('data-longer', 'A data object of 256 MiB and a byte.', withBlocks(last.manifestBytes, 1, 2 ** 28 + 1)),
    ...MANIFEST_CHANGES.map((change) => bad(change[0], change[1], utf8(changed(utf8Text(last.manifestBytes), change)))),
  ];
}

const SEAL_CHANGES: readonly Change[] = [
  ['header', 'Another header.', '@v1', '@v2'],
  ['extra-space', 'Two spaces after extra.', 'extra ', 'extra  '],
  ['index-zero-first', 'An index with a leading zero.', 'index 3', 'index 03'],
  ['index', 'Another index than the size says.', 'index 3', 'index 2'],
  ['path-short', 'A hash too few.', /index 3\n[^\n]+\n/, 'index 3\n'],
  ['crlf', 'CR LF.', /\n/g, '\r\n'],
  ['lf-more', 'A LF too many at its end.', /$/, '\n'],
  ['lf-less', 'No LF at its end.', /\n$/, ''],
  ['dash', 'A hyphen for the dash.', '— ', '- '],
  ['size-zero-first', 'A size with a leading zero.', '/orders/0\n4\n', '/orders/0\n04\n'],
  ['extension', 'An extension line in the checkpoint.', /(\n\n—)/, '\nextension$1'],
  ['origin', 'A checkpoint of another chain.', '\n\naudit.example.com/prod/orders/0\n', '\n\naudit.example.com/prod/orders/1\n'],
];

/** The parts r and s of a DER signature. */
function partsOf(der: Uint8Array): readonly [Uint8Array, Uint8Array] {
  const length = der[3] as number;
  return [der.subarray(4, 4 + length), der.subarray(6 + length)];
}

const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const integer = (part: Uint8Array) => Uint8Array.of(2, part.length, ...part);
const der = (...parts: readonly Uint8Array[]) => {
  const body = concatBytes(...parts);
  return Uint8Array.of(0x30, body.length, ...body);
};

/** The same value of s or its counterpart n − s, whichever is `high`. */
function withS(part: Uint8Array, high: boolean): Uint8Array {
  const s = BigInt(`0x${toHex(part)}`);
  const wanted = s > P256_ORDER / 2n === high ? s : P256_ORDER - s;
  const hex = wanted.toString(16);
  const even = hex.length % 2 === 0 ? hex : `0${hex}`;
  return fromHex(Number.parseInt(even.slice(0, 2), 16) > 127 ? `00${even}` : even);
}

const DER_FORMS: readonly (readonly [string, string, 'accepted' | 'bad-signature', (r: Uint8Array, s: Uint8Array) => Uint8Array])[] = [
  ['p256-low', 's in the lower half.', 'accepted', (r, s) => der(integer(r), integer(withS(s, false)))],
  ['p256-high', 's in the upper half.', 'accepted', (r, s) => der(integer(r), integer(withS(s, true)))],
  ['not-der-padded', 'A leading zero byte that none needs.', 'bad-signature', (r, s) => der(integer(Uint8Array.of(0, 0, ...r)), integer(s))],
  ['not-der-longer', 'A byte after it.', 'bad-signature', (r, s) => concatBytes(der(integer(r), integer(s)), Uint8Array.of(0))],
  ['not-der-inner', 'A third part.', 'bad-signature', (r, s) => der(integer(r), integer(s), Uint8Array.of(5, 0))],
  ['not-der-length', 'A length in two bytes.', 'bad-signature', (r, s) => {
    const body = concatBytes(integer(r), integer(s));
    return Uint8Array.of(0x30, 0x81, body.length, ...body);
  }],
  ['not-der-negative', 'A negative s.', 'bad-signature', (r, s) => der(integer(r), integer(withS(s, true).slice(1)))],
  ['not-der-raw', 'r and s side by side.', 'bad-signature', (r, s) =>
    fromHex([r, s].map((part) => BigInt(`0x${toHex(part)}`).toString(16).padStart(64, '0')).join(''))],
];

async function sealVectors(): Promise<ObjectVector[]> {
  const { chain, seal, trusted, last } = await chainOf();
  const place = { origin: chain.origin, sequence: 3 };
  const text = utf8Text(seal);
  const of = (name: string, about: string, bytes: Uint8Array, expect: ObjectVector['expect'], more: Partial<ObjectVector> = {}): ObjectVector => ({
    name: `seal/${name}`, about, bytes: freezeBytes(bytes), expect, trusted, place, ...more,
  });
  const stranger = encodeVkey(archiveKey(signer('other')));
  const elsewhere = encodeVkey(archiveKey(signer(), 'audit.example.com/pro'));
  const note = last.note;
  const withNote = (change: (note: Uint8Array) => Uint8Array) => concatBytes(seal.subarray(0, seal.length - note.length), change(note));
  const p256 = await chainOf('ecdsa-p256');
  const p256Text = utf8Text(p256.seal);
  const at = p256Text.trimEnd().lastIndexOf(' ') + 1;
  const idAndSignature = fromBase64(p256Text.slice(at).trimEnd());
  const [r, s] = partsOf(idAndSignature.subarray(4));
  return [
    of('ed25519', 'A seal.', seal, 'accepted'),
    of('pinned-for-chain', 'The pinned key has the chain’s name.', seal, 'accepted', { trusted: [encodeVkey(archiveKey(signer(), chain.origin))] }),
    of('16-signatures', 'As many signatures as there may be.', withNote((bytes) => utf8(utf8Text(bytes) + '— witness.example/w1 AAAAAAE=\n'.repeat(15))), 'accepted'),
    of('not-17-signatures', 'One more.', withNote((bytes) => utf8(utf8Text(bytes) + '— witness.example/w1 AAAAAAE=\n'.repeat(16))), 'malformed'),
    of('not-place', 'At the key of another sequence.', seal, 'sequence-gap', { place: { ...place, sequence: 2 } }),
    of('not-chain', 'At the key of another chain.', seal, 'malformed', { place: { ...place, origin: 'audit.example.com/prod/orders/1' } }),
    of('not-signature', 'Another letter in the signature.', withNote(spoilSignature), 'bad-signature'),
    of('not-unsigned', 'A signature of nobody known only.', withNote((bytes) => concatBytes(withoutLastSignature(bytes), utf8('— witness.example/w1 AAAAAAE=\n'))), 'bad-signature'),
    of('not-trusted', 'Another key is pinned.', seal, 'unknown-key', { trusted: [stranger] }),
    of('not-covered', 'The pinned key’s name is a beginning of the origin, not up to a slash.', seal, 'no-trusted-key', { trusted: [elsewhere] }),
    of('not-path', 'Another bit in the path.', utf8(text.replace(/index 3\n(.)/, (_, first) => `index 3\n${first === 'A' ? 'B' : 'A'}`)), 'root-mismatch'),
    ...SEAL_CHANGES.map((change) => of(`not-${change[0]}`, change[1], utf8(changed(text, change)), 'malformed')),
    ...DER_FORMS.map(([name, about, expect, form]) =>
      of(name, about, utf8(`${p256Text.slice(0, at)}${toBase64(concatBytes(idAndSignature.subarray(0, 4), form(r, s)))}\n`), expect, { trusted: p256.trusted })),
  ];
}

function vkeyVectors(): ObjectVector[] {
  /** Of the documentation of Go's golang.org/x/mod/sumdb/note. */
  const go = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
  const feffKey = signer().publicKey.spki.subarray(12);
  const feffId = nodeSha256(concatBytes(utf8('audit\ufeff\n'), Uint8Array.of(1), feffKey)).slice(0, 4);
  const of = (name: string, about: string, text: string, expect: ObjectVector['expect'] = 'malformed'): ObjectVector => ({
    name: `vkey/${name}`, about, bytes: freezeBytes(utf8(text)), expect,
  });
  return [
    of('go', 'The example of Go’s note package.', go, 'accepted'),
    of('ed25519', 'A test key.', encodeVkey(archiveKey(signer())), 'accepted'),
    of('p256', 'A test key.', encodeVkey(archiveKey(signer('log key', 'ecdsa-p256'))), 'accepted'),
    of('not-name', 'The id is that of another name.', go.replace('Peter', 'Paul')),
    of('not-id', 'Another id.', go.replace('c74f20a3', 'c74f20a4')),
    of('not-id-capitals', 'The id in capitals.', go.replace('c74f20a3', 'C74F20A3')),
    of('not-empty-name', 'No name.', go.replace('PeterNeumann', '')),
    of('not-space', 'A space in the name.', go.replace('Peter', 'Peter ')),
    of('not-feff', 'A U+FEFF in the name, whose id it is.', `audit\ufeff+${toHex(feffId)}+${toBase64(concatBytes(Uint8Array.of(1), feffKey))}`),
    of('not-lf', 'A LF at its end.', `${go}\n`),
    of('not-type', 'An unknown type of signature.', go.replace('+ARpc', '+AxpcWQ').slice(0, -2)),
    of('not-short', 'A key of 29 bytes.', go.slice(0, -4)),
    of('not-ml-dsa-44', 'An ML-DSA-44 key, with a cosigner’s type: no log has one.', encodeCosignerVkey(cosignerKey('audit.example.com', memoryMlDsaSigner().publicKey, nodeSha256))),
    of('not-compressed', 'A P-256 key that is an Ed25519 one.', `x+00000000+${toBase64(concatBytes(Uint8Array.of(2), signer().publicKey.spki))}`),
  ];
}

async function eventProofVectors(): Promise<ObjectVector[]> {
  const { builder, chain, last, seal, trusted } = await chainOf();
  const opened = await openSeal(seal, { trusted: builder.trusted, sha256: nodeSha256 });
  const leaves = last.lines.map((line) => leafHash(nodeSha256, line));
  const later = await chain.seal();
  const proofs = last.lines.map((_, line) => buildEventProof(opened, leaves, line, nodeSha256));
  const [proof, line] = [proofs[2] as Uint8Array, last.lines[2] as Uint8Array];
  const own = { ...parseEventProof(proof), note: last.note };
  const manifests = chain.manifests.map((bytes) => leafHash(nodeSha256, bytes));
  const of = (name: string, about: string, bytes: Uint8Array, expect: ObjectVector['expect'], more: Partial<ObjectVector> = {}): ObjectVector => ({
    name: `event-proof/${name}`, about, bytes: freezeBytes(bytes), expect, trusted, line: freezeBytes(line), ...more,
  });
  const elsewhere = [encodeVkey(archiveKey(signer(), 'example.org'))];
  const otherId = utf8(utf8Text(own.manifestBytes).replace(/("keys":\["[^+]+\+)(.)/, (_, start, digit) => `${start}${digit === '0' ? '1' : '0'}`));
  const logon = utf8(utf8Text(line).replace('login', 'logon'));
  return [
    ...[0, 4, 6].map((at) => of(`line-${at}`, 'A line of seven.', proofs[at] as Uint8Array, 'accepted', { line: freezeBytes(last.lines[at] as Uint8Array) })),
    of('later', 'Under a later checkpoint.', encodeEventProof({ ...own, path: inclusionProof(nodeSha256, manifests.slice(0, 5), 3), note: later.note }), 'accepted'),
    of('not-line', 'Another word in the line.', proof, 'entry-root-mismatch', { line: freezeBytes(logon) }),
    of('not-place', 'The same line at another index.', encodeEventProof({ ...own, line: 3 }), 'entry-root-mismatch'),
    of('not-line-path', 'Another hash in the line’s path.', encodeEventProof({ ...own, linePath: own.linePath.with(0, new Uint8Array(32)) }), 'entry-root-mismatch'),
    of('not-path', 'Another hash in the manifest’s path.', encodeEventProof({ ...own, path: own.path.with(0, new Uint8Array(32)) }), 'root-mismatch'),
    of('not-line-path-long', 'A hash too many in the line’s path: it is a path all the same, and leads nowhere.', encodeEventProof({ ...own, linePath: [...own.linePath, new Uint8Array(32)] }), 'entry-root-mismatch'),
    of('not-path-short', 'A hash too few in the manifest’s path.', encodeEventProof({ ...own, path: own.path.slice(1) }), 'root-mismatch'),
    of('not-line-index', 'An index of a line beyond the segment’s lines.', encodeEventProof({ ...own, line: 7 }), 'entry-root-mismatch'),
    of('not-signature', 'Another letter in the signature.', encodeEventProof({ ...own, note: spoilSignature(own.note) }), 'bad-signature'),
    of('not-trusted', 'Another key is pinned.', proof, 'unknown-key', { trusted: [encodeVkey(archiveKey(signer('other')))] }),
    of('not-covered', 'No pinned key is for that origin.', proof, 'no-trusted-key', { trusted: [encodeVkey(archiveKey(signer(), 'example.org'))] }),
    of('not-line-nor-signature', 'Of several faults the first one counts: the line before the signature.', encodeEventProof({ ...own, note: spoilSignature(own.note) }), 'entry-root-mismatch', { line: freezeBytes(logon) }),
    of('not-path-nor-covered', 'The root before the keys.', encodeEventProof({ ...own, path: own.path.with(0, new Uint8Array(32)) }), 'root-mismatch', { trusted: elsewhere }),
    of('not-covered-nor-signature', 'No key before a bad signature.', encodeEventProof({ ...own, note: spoilSignature(own.note) }), 'no-trusted-key', { trusted: elsewhere }),
    of('not-signature-nor-trusted', 'A bad signature before an unknown key.', encodeEventProof({ ...own, note: spoilSignature(own.note) }), 'bad-signature', { trusted: [encodeVkey(archiveKey(signer('other')))] }),
    of('not-key-id-nor-line', 'A key in the manifest with another id than its own, before the line.', encodeEventProof({ ...own, manifestBytes: otherId }), 'malformed', { line: freezeBytes(logon) }),
    of('not-index', 'An index beyond the size.', utf8(utf8Text(proof).replace('index 3', 'index 4')), 'malformed'),
    of('not-cut', 'A proof without its last line.', withoutLastSignature(proof), 'malformed'),
  ];
}

export const makeObjectVectors = async (): Promise<ObjectVector[]> => [
  ...lineVectors(),
  ...(await manifestVectors()),
  ...(await sealVectors()),
  ...vkeyVectors(),
  ...(await eventProofVectors()),
  ...(await cosignedVectors()),
  ...(await noteVectors()),
  ...indexVectors(),
  ...(await stampVectors()),
  ...(await destroyedVectors()),
];
