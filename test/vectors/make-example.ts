// Which bytes are the worked example of FORMAT.md? `node test/vectors/make-example.ts` writes them, and the text around them.
import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { concatBytes, fromHex, toBase64, toHex, utf8, utf8Text } from '../../src/base/bytes.ts';
import { nodeSha256, nodeSha256Into } from '../../src/base/node/hash.ts';
import { keyKey } from '../../src/format/paths.ts';
import type { GapLine, KafkaRecord } from '../../src/format/record.ts';
import { encodeVkey, publicKeyFromSpki, spkiFingerprint, type VerifierKey, verifierKey } from '../../src/format/vkey.ts';
import { encodeEventProof } from '../../src/format/event-proof.ts';
import { inclusionProof } from '../../src/merkle/proof.ts';
import { leafHash, nodeHash } from '../../src/merkle/tree.ts';
import { BodyBuilder, emptyBody } from '../../src/segment/body.ts';
import { newChainHead, makeSegment, type Segment, sealBytes } from '../../src/segment/segment.ts';
import { renderExample } from './example-text.ts';

export const EXAMPLE_ORIGIN = 'audit.example.com/prod';
const CHAIN_ORIGIN = `${EXAMPLE_ORIGIN}/orders/0`;
export const FORMAT_FILE = join(import.meta.dirname, '../../src/format/FORMAT.md');
export const EXAMPLE_FOLDER = join(import.meta.dirname, 'format-example');

/** A key that everybody has: 32 bytes of 0x2a, in the PKCS #8 of RFC 8410. Ed25519 signs the same bytes each time. */
const privateKey = createPrivateKey({
  key: Buffer.from(`302e020100300506032b657004220420${'2a'.repeat(32)}`, 'hex'),
  format: 'der',
  type: 'pkcs8',
});
const publicKey = publicKeyFromSpki(new Uint8Array(createPublicKey(privateKey).export({ type: 'spki', format: 'der' })));
export const exampleKey: VerifierKey = verifierKey(EXAMPLE_ORIGIN, publicKey, nodeSha256);
const chainKey = verifierKey(CHAIN_ORIGIN, publicKey, nodeSha256);

/** One frame with one raw block: legible, and the same whatever zstd library is at hand. */
function storedFrame(content: Uint8Array): Uint8Array {
  const size = content.length - 256;
  const header = (content.length << 3) | 1;
  return concatBytes(
    fromHex('28b52ffd60'),
    Uint8Array.of(size & 255, size >> 8, header & 255, (header >> 8) & 255, header >> 16),
    content,
  );
}

const at = (time: string) => Date.parse(`2026-11-22T${time}Z`);

const lines: readonly (KafkaRecord | GapLine)[] = [
  {
    offset: 7,
    timestamp: BigInt(at('10:00:00.000')),
    timestampType: 'create',
    key: utf8('user-17'),
    headers: [{ name: utf8('trace'), value: utf8('4bf92f35') }],
    value: utf8('{"action": "login", "user": "ada", "ok": true}'),
  },
  { offset: 8, last: 9, reason: 'transaction', control: 1, aborted: 1 },
  {
    offset: 10,
    timestamp: BigInt(at('10:00:02.500')),
    timestampType: 'append',
    key: fromHex('00ff'),
    headers: [],
    value: utf8('session "ada" closed\n'),
  },
];

function segments(): readonly [Segment, Segment] {
  const tools = { sha256: nodeSha256, sha256Into: nodeSha256Into, encoding: 'zstd' as const, compress: storedFrame };
  const context = (time: string) => ({
    source: { kind: 'kafka' as const, cluster: 'MkU3OEVBNTcwNTJENDM2Qk', topic: 'orders', topicId: null, partition: 0 },
    continues: null,
    anchoredMs: at(time),
    nowMs: at(time),
    retention: { mode: 'COMPLIANCE' as const, period: { months: 0, ms: 365 * 86_400_000 }, policy: 'pci-12m' },
    keys: [encodeVkey(chainKey)],
    writer: { id: 'example', version: '1.0.0' },
  });
  const first = makeSegment(nodeSha256, newChainHead(CHAIN_ORIGIN, 'orders', 0, 7), emptyBody(nodeSha256, 7), context('09:59:30.000'));
  const builder = new BodyBuilder(7, tools);
  for (const line of lines) 'last' in line ? builder.gap(line) : builder.record(line);
  return [first, makeSegment(nodeSha256, first.after, builder.finish(), context('10:01:00.000'))];
}

const signed = (segment: Segment) => [
  { name: CHAIN_ORIGIN, keyId: chainKey.id, signature: new Uint8Array(sign(null, segment.checkpointText, privateKey)) },
];

export type ExampleFile = { readonly key: string; readonly bytes: Uint8Array };

/** The archive's objects and one event's proof, in the order in which the text shows them. */
export function exampleFiles(): { readonly files: readonly ExampleFile[]; readonly text: string } {
  const [first, second] = segments();
  const { data } = second;
  if (data === null) throw new Error('the second segment has lines');
  const seals = [sealBytes(first, signed(first)), sealBytes(second, signed(second))] as const;
  const content = data.bytes.subarray(10);
  const leaves = utf8Text(content).split('\n').slice(0, -1).map((line) => leafHash(nodeSha256, utf8(line)));
  const proof = encodeEventProof({
    manifestBytes: second.manifestBytes,
    line: 0,
    linePath: inclusionProof(nodeSha256, leaves, 0),
    index: 1,
    path: second.path,
    note: seals[1].subarray(utf8Text(seals[1]).indexOf('\n\n') + 2),
  });
  const files = [
    { key: keyKey(spkiFingerprint(publicKey, nodeSha256)), bytes: utf8(`${encodeVkey(exampleKey)}\n`) },
    { key: first.sealKey, bytes: seals[0] },
    { key: data.key, bytes: data.bytes },
    { key: second.sealKey, bytes: seals[1] },
    { key: 'event.tlog-proof', bytes: proof },
  ];
  const [a, b, c] = leaves as [Uint8Array, Uint8Array, Uint8Array];
  const text = renderExample({
    files,
    manifests: [utf8Text(first.manifestBytes), utf8Text(second.manifestBytes)],
    manifestSha256: toHex(nodeSha256(first.manifestBytes)),
    dataSha256: toHex(data.sha256),
    dataBytes: data.bytes.length,
    content: utf8Text(content),
    leaves: leaves.map(toHex),
    leftNode: toHex(nodeHash(nodeSha256, a, b)),
    entryRoot: toHex(nodeHash(nodeSha256, nodeHash(nodeSha256, a, b), c)),
    firstLeaf: toBase64(leafHash(nodeSha256, first.manifestBytes)),
    chainRoot: toBase64(second.checkpoint.root),
    checkpoint: utf8Text(second.checkpointText),
    keyId: toHex(chainKey.id),
    signatureBytes: 64,
  });
  return { files, text };
}

/** FORMAT.md with the example in its place. */
export function formatWith(text: string, format: string): string {
  const [before, , after] = format.split(/(?<=<!-- example:begin -->\n)|(?=<!-- example:end -->)/);
  if (before === undefined || after === undefined) throw new Error('FORMAT.md has no place for the example');
  return before + text + after;
}

if (import.meta.main) {
  const { files, text } = exampleFiles();
  for (const { key, bytes } of files) {
    const path = join(EXAMPLE_FOLDER, key);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
  }
  writeFileSync(FORMAT_FILE, formatWith(text, readFileSync(FORMAT_FILE, 'utf8')));
}
