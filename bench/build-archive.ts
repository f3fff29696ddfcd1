// How is a large archive of real events built without the archiver?
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { zstdCompressor } from '../src/base/node/compress.ts';
import { nodeSha256, nodeSha256Into } from '../src/base/node/hash.ts';
import { sealKey } from '../src/format/paths.ts';
import { encodeVkey, verifierKey } from '../src/format/vkey.ts';
import { BodyBuilder, emptyBody } from '../src/segment/body.ts';
import { type Head, makeSegment, newChainHead, sealBytes } from '../src/segment/segment.ts';
import { memorySigner } from '../test/support/memory-signer.ts';

export const ORIGIN = 'bench.example.com/prod';
export const NOW_MS = Date.parse('2026-11-22T10:00:00Z');
export const signer = memorySigner({ seed: 'bench' });

export type BuildOptions = {
  /** A file with one event a line, or what makes the event of an offset. */
  readonly lines: string | ((offset: number) => Uint8Array);
  /** A segment is full when it has so much content, or so many records. */
  readonly segmentBytes: number;
  readonly segmentRecords?: number;
  readonly level: number;
  /** The archive is complete when it has so much content, or so many records. */
  readonly contentBytes?: number;
  readonly records?: number;
};

export type Built = { readonly contentBytes: number; readonly storedBytes: number; readonly lines: number };

function eventsOf(file: string): (offset: number) => Uint8Array {
  const events = readFileSync(file)
    .toString('latin1')
    .split('\n')
    .filter((line) => line !== '');
  const records = events.map((text) => Buffer.from(text, 'latin1'));
  return (offset) => records[offset % records.length] as Uint8Array;
}

/** Repeats real events. Every record has its own offset and time, so no two lines are equal. */
export async function buildArchive(directory: string, options: BuildOptions): Promise<Built> {
  const { segmentBytes } = options;
  const eventAt = typeof options.lines === 'string' ? eventsOf(options.lines) : options.lines;
  const chainName = `${ORIGIN}/cloudtrail/0`;
  const key = verifierKey(chainName, signer.publicKey, nodeSha256);
  const tools = {
    sha256: nodeSha256,
    sha256Into: nodeSha256Into,
    encoding: 'zstd' as const,
    compress: zstdCompressor(options.level),
  };
  const context = {
    source: { kind: 'kafka', cluster: 'bench', topic: 'cloudtrail', topicId: null, partition: 0 } as const,
    continues: null,
    anchoredMs: NOW_MS,
    nowMs: NOW_MS,
    retention: { mode: 'COMPLIANCE', period: { months: 0, ms: 86_400_000 }, policy: 'bench' } as const,
    keys: [encodeVkey(key)],
    writer: { id: 'bench', version: '1.0.0' },
  };
  const write = (name: string, bytes: Uint8Array) => {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), bytes);
  };
  const sums = { contentBytes: 0, storedBytes: 0, lines: 0 };
  let head: Head = newChainHead(ORIGIN.concat('/cloudtrail/0'), 'cloudtrail', 0, 0);
  let offset = 0;
  let body = emptyBody(nodeSha256, 0);
  for (;;) {
    const segment = makeSegment(nodeSha256, head, body, context);
    const signature = await signer.sign(segment.checkpointText);
    write(
      sealKey('cloudtrail', 0, head.size),
      sealBytes(segment, [{ name: chainName, keyId: key.id, signature }]),
    );
    if (segment.data !== null) write(segment.data.key, segment.data.bytes);
    head = segment.after;
    for (const block of body.blocks) {
      sums.contentBytes += block.content;
      sums.storedBytes += block.bytes;
      sums.lines += block.lines;
    }
    if (
      sums.contentBytes >= (options.contentBytes ?? Infinity) ||
      sums.lines >= (options.records ?? Infinity)
    )
      return sums;
    const builder = new BodyBuilder(offset, tools);
    const end = Math.min(options.records ?? Infinity, offset + (options.segmentRecords ?? Infinity));
    for (let bytes = 0; bytes < segmentBytes && offset < end; offset++) {
      const value = eventAt(offset);
      builder.record({
        offset,
        timestamp: BigInt(NOW_MS + offset),
        timestampType: 'create',
        key: null,
        headers: [],
        value,
      });
      bytes += value.length + 60;
    }
    body = builder.finish();
  }
}
