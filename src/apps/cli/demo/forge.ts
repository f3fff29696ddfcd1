// How well can somebody forge a segment without the key? Everything is right but the signature.
import { generateKeyPairSync, sign } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { zstdCompressor } from '../../../base/node/compress.ts';
import { nodeSha256, nodeSha256Into } from '../../../base/node/hash.ts';
import { decodeLine, type KafkaRecord } from '../../../format/record.ts';
import type { ChainReader, LocatedSeal } from '../../../read/chain-reader.ts';
import { linesOfSegment } from '../../../read/line-range.ts';
import { BodyBuilder } from '../../../segment/body.ts';
import { headAfter, makeSegment, sealBytes } from '../../../segment/segment.ts';

const FORGED = new TextEncoder().encode('{"nothing":"happened here"}');

/**
 * Changes one event, and makes block, entry root, manifest, root and checkpoint of the last segment again.
 */
export async function forgeLastSegment(directory: string, reader: ChainReader): Promise<void> {
  const sequence = await reader.headSequence();
  const [before, last] = [await reader.seal(sequence - 1), await reader.seal(sequence)];
  const body = await forgedBody(reader, last);
  const { manifest } = last;
  const head = headAfter(
    reader.chain,
    reader.partition,
    before.manifest,
    before.manifestHash,
    before.frontier,
  );
  const sealedMs = Date.parse(manifest.time.sealed);
  const segment = makeSegment(nodeSha256, head, body, {
    source: manifest.source,
    continues: manifest.continues,
    anchoredMs: Date.parse(manifest.time.anchored),
    nowMs: sealedMs,
    retention: {
      ...manifest.retention,
      period: { months: 0, ms: Date.parse(manifest.retention.until) - sealedMs },
    },
    // It must name the true key: another one would not be trusted.
    keys: manifest.keys,
    writer: manifest.writer,
  });
  const key = last.signedKeys[0]!;
  const forged = {
    name: manifest.origin,
    keyId: key.id,
    signature: signatureOfAnother(key.key.algorithm, segment.checkpointText),
  };
  await put(directory, segment.sealKey, sealBytes(segment, [forged]));
  if (manifest.data !== null) await rm(join(directory, ...manifest.data.key.split('/')));
  if (segment.data !== null) await put(directory, segment.data.key, segment.data.bytes);
}

async function forgedBody(reader: ChainReader, seal: LocatedSeal) {
  const builder = new BodyBuilder(seal.manifest.records.firstOffset, {
    sha256: nodeSha256,
    sha256Into: nodeSha256Into,
    encoding: 'zstd',
    compress: zstdCompressor(3),
  });
  let isFirst = true;
  const { firstOffset, nextOffset } = seal.manifest.records;
  const range = { from: firstOffset, to: nextOffset };
  for await (const { line } of linesOfSegment(reader, seal, range, true)) {
    const decoded = decodeLine(line);
    if (decoded.kind === 'gap') builder.gap(decoded.gap);
    else {
      const record: KafkaRecord = isFirst ? { ...decoded.record, value: FORGED } : decoded.record;
      builder.record(record);
      isFirst = false;
    }
  }
  return builder.finish();
}

function signatureOfAnother(algorithm: 'ed25519' | 'ecdsa-p256', message: Uint8Array): Uint8Array {
  if (algorithm === 'ed25519') return sign(null, message, generateKeyPairSync('ed25519').privateKey);
  return sign('sha256', message, generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
}

async function put(directory: string, key: string, bytes: Uint8Array): Promise<void> {
  const file = join(directory, ...key.split('/'));
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, bytes);
}
