// How does a test get an archive, good or bad in any one way? A writer of its own, apart from the product's.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { concatBytes, toHex, utf8, utf8Text } from '../../src/base/bytes.ts';
import { gzipCompressor, zstdCompressor } from '../../src/base/node/compress.ts';
import { nodeSha256 as sha256 } from '../../src/base/node/hash.ts';
import { checkpointText } from '../../src/format/checkpoint.ts';
import { encodeEntry, encodeGap } from '../../src/format/line-writer.ts';
import {
  type BlockInfo,
  type Continues,
  type Manifest,
  type SourceIdentity,
  TIME_MS_MAX,
  timeText,
  untilText,
} from '../../src/format/manifest.ts';
import { encodeManifest } from '../../src/format/manifest-bytes.ts';
import { encodeSignedCheckpoint } from '../../src/format/note.ts';
import { dataKey, type Encoding, formatKey, keyKey, sealKey } from '../../src/format/paths.ts';
import type { GapLine, GapReason, KafkaRecord } from '../../src/format/record.ts';
import { encodeVkey, spkiFingerprint, type VerifierKey, verifierKey } from '../../src/format/vkey.ts';
import {
  append,
  EMPTY_FRONTIER,
  type Frontier,
  lastLeafPath,
  leafHash,
  rootOf,
  rootOfLeaves,
} from '../../src/merkle/tree.ts';
import type { Signer } from '../../src/sign/signer.ts';
import { LawlessArchive } from './lawless-archive.ts';
import { memorySigner } from './memory-signer.ts';

export const ORIGIN = 'audit.example.com/prod';
export const START_MS = Date.parse('2026-11-22T10:00:00.000Z');
export const YEAR_MS = 365 * 86_400_000;
/** A time at which no promise of the builder's archives is over. */
export const NOW_MS = START_MS + 3_600_000;

type Line = KafkaRecord | GapLine;

/** What one segment is like. All that is left out is as a good writer does it. */
export type SegmentWords = {
  readonly lines?: readonly Line[];
  readonly linesPerBlock?: number;
  readonly encoding?: Encoding;
  readonly sealedMs?: number;
  readonly retentionMs?: number;
  readonly signers?: readonly Signer[];
  readonly continues?: Continues;
  readonly source?: SourceIdentity;
  /** Changes what stands in the lines, before they are hashed and compressed. Counts follow the lines as given. */
  readonly encodedLines?: (lines: Uint8Array[]) => Uint8Array[];
  /** Changes a block as stored; the manifest speaks truly of the changed one. */
  readonly block?: (stored: Uint8Array, index: number) => Uint8Array;
  readonly manifest?: (manifest: Manifest) => Manifest;
  /** The product's encoder is not asked whether the manifest keeps its rules. */
  readonly isLawless?: boolean;
  /** Changes the manifest's text: may break any rule of its own. */
  readonly manifestText?: (text: string) => string;
  readonly root?: (root: Uint8Array) => Uint8Array;
  readonly path?: (path: readonly Uint8Array[]) => readonly Uint8Array[];
  readonly note?: (note: Uint8Array) => Uint8Array;
  readonly seal?: (seal: Uint8Array) => Uint8Array;
};

export type BuiltSegment = {
  readonly manifest: Manifest;
  readonly manifestBytes: Uint8Array;
  readonly sealKey: string;
  readonly dataKey: string | null;
  readonly lines: readonly Uint8Array[];
  readonly note: Uint8Array;
};

export const archiveKey = (signer: Signer, origin = ORIGIN): VerifierKey =>
  verifierKey(origin, signer.publicKey, sha256);

export const signer = (seed = 'log key', algorithm: 'ed25519' | 'ecdsa-p256' = 'ed25519'): Signer =>
  memorySigner({ seed, algorithm });

/** Entries of JSON values from `offset` on. */
export const entries = (offset: number, count: number): KafkaRecord[] =>
  Array.from({ length: count }, (_, i) => ({
    offset: offset + i,
    timestamp: BigInt(START_MS + (offset + i) * 1000),
    timestampType: 'create',
    key: utf8(`key-${(offset + i) % 7}`),
    headers: [],
    value: utf8(`{"event":"login","n":${offset + i},"note":"${'x'.repeat((offset + i) % 50)}"}`),
  }));

export const transactionGap = (offset: number, count: number): GapLine => ({
  offset,
  last: offset + count - 1,
  reason: 'transaction',
  control: 1,
  aborted: count - 1,
});

/** An archive with its keys and specification; chains are added to it. */
export class ArchiveBuilder {
  readonly archive = new LawlessArchive();
  readonly origin: string;
  readonly signers: readonly Signer[];

  constructor(options: { readonly origin?: string; readonly signers?: readonly Signer[] } = {}) {
    this.origin = options.origin ?? ORIGIN;
    this.signers = options.signers ?? [signer()];
    const specification = utf8('# The archive format\n');
    const lock = { mode: 'COMPLIANCE', untilMs: START_MS + 7 * YEAR_MS } as const;
    this.archive.put(formatKey(toHex(sha256(specification))), specification, lock);
    for (const each of this.signers) {
      const vkey = utf8(`${encodeVkey(archiveKey(each, this.origin))}\n`);
      this.archive.put(keyKey(spkiFingerprint(each.publicKey, sha256)), vkey, lock);
    }
  }

  get trusted(): VerifierKey[] {
    return this.signers.slice(0, 1).map((each) => archiveKey(each, this.origin));
  }

  chain(name = 'orders', partition = 0, startOffset = 0): ChainBuilder {
    return new ChainBuilder(this, name, partition, startOffset);
  }
}

/** The state of a chain being written. A copy of it goes its own way: that is a fork. */
export class ChainBuilder {
  readonly builder: ArchiveBuilder;
  readonly name: string;
  readonly partition: number;
  manifests: Uint8Array[] = [];
  nextOffset: number;
  records = 0;
  sealedMs = START_MS;
  /** The tree of `of`, so that a chain of a thousand segments is not hashed anew for each of them. */
  #tree: { readonly of: readonly Uint8Array[]; readonly frontier: Frontier } | null = null;

  constructor(builder: ArchiveBuilder, name: string, partition: number, startOffset: number) {
    this.builder = builder;
    this.name = name;
    this.partition = partition;
    this.nextOffset = startOffset;
  }

  get origin(): string {
    return `${this.builder.origin}/${this.name}/${this.partition}`;
  }

  copy(): ChainBuilder {
    const copy = new ChainBuilder(this.builder, this.name, this.partition, this.nextOffset);
    copy.manifests = [...this.manifests];
    copy.records = this.records;
    copy.sealedMs = this.sealedMs;
    return copy;
  }

  /** Segment 0 without lines, then `segments` with `count` entries each. */
  async fill(segments: number, count: number): Promise<BuiltSegment[]> {
    const built = [await this.seal()];
    for (let i = 0; i < segments; i++) {
      built.push(await this.seal({ lines: entries(this.nextOffset, count), linesPerBlock: 4 }));
    }
    return built;
  }

  /** Makes the next segment and puts its two objects into the archive. */
  async seal(words: SegmentWords = {}): Promise<BuiltSegment> {
    const signers = words.signers ?? this.builder.signers.slice(0, 1);
    // A chain of many segments does not reach into the future.
    const sealedMs = words.sealedMs ?? Math.max(this.sealedMs, Math.min(this.sealedMs + 60_000, NOW_MS));
    const retentionMs = words.retentionMs ?? YEAR_MS;
    const body = makeBody(words);
    const sequence = this.manifests.length;
    const sha = body.data === null ? '' : toHex(sha256(body.data));
    const encoding = words.encoding ?? 'zstd';
    const place = { chain: this.name, partition: this.partition, sealedMs, sequence, sha256: sha, encoding };
    const keys = signers.map((each) => verifierKey(this.origin, each.publicKey, sha256));
    const previous = this.manifests.at(-1);
    const plain: Manifest = {
      origin: this.origin,
      sequence,
      previous: previous === undefined ? null : toHex(sha256(previous)),
      continues: words.continues ?? null,
      source: words.source ?? {
        kind: 'kafka',
        cluster: 'cluster-1',
        topic: this.name,
        topicId: null,
        partition: this.partition,
      },
      records: {
        before: this.records,
        count: body.count,
        firstOffset: this.nextOffset,
        nextOffset: body.nextOffset ?? this.nextOffset,
        missing: body.missing,
      },
      time: { ...body.time, anchored: timeText(sealedMs - 1000), sealed: timeText(sealedMs) },
      entries: { size: body.lines.length, root: toHex(rootOfLeaves(sha256, body.lines.map(leafOf))) },
      data:
        body.data === null
          ? null
          : { key: dataKey(place), bytes: body.data.length, sha256: sha, encoding, blocks: body.blocks },
      retention: { mode: 'COMPLIANCE', until: untilText(sealedMs + retentionMs), policy: 'pci-12m' },
      keys: keys.map(encodeVkey),
      writer: { id: 'archiver-test', version: '1.0.0' },
    };
    const manifest = words.manifest?.(plain) ?? plain;
    const encoded = words.isLawless
      ? utf8(JSON.stringify({ format: 'ledgerstone/segment/1', ...manifest }))
      : encodeManifest(manifest);
    const manifestBytes =
      words.manifestText === undefined ? encoded : utf8(words.manifestText(utf8Text(encoded)));

    const before = this.#frontier();
    const tree = append(sha256, before, leafOf(manifestBytes));
    const root = rootOf(sha256, tree);
    const text = checkpointText({
      origin: this.origin,
      size: tree.size,
      root: words.root?.(root) ?? root,
    });
    const signatures = await Promise.all(
      signers.map(async (each, i) => ({
        name: this.origin,
        keyId: (keys[i] as VerifierKey).id,
        signature: await each.sign(text),
      })),
    );
    const plainNote = encodeSignedCheckpoint(text, signatures);
    const note = words.note?.(plainNote) ?? plainNote;
    const path = lastLeafPath(before);
    const plainSeal = sealText(manifestBytes, sequence, words.path?.(path) ?? path, note);

    const lock = { mode: 'COMPLIANCE', untilMs: Math.ceil((sealedMs + retentionMs) / 1000) * 1000 } as const;
    const { archive } = this.builder;
    if (body.data !== null) archive.put(dataKey(place), body.data, lock);
    const key = sealKey(this.name, this.partition, sequence);
    archive.put(key, words.seal?.(plainSeal) ?? plainSeal, { ...lock, untilMs: lock.untilMs + 7 * YEAR_MS });

    this.manifests.push(manifestBytes);
    this.#tree = { of: this.manifests, frontier: tree };
    this.nextOffset = manifest.records.nextOffset;
    this.records = manifest.records.before + manifest.records.count;
    this.sealedMs = Math.max(this.sealedMs, sealedMs);
    return {
      manifest,
      manifestBytes,
      sealKey: key,
      dataKey: manifest.data?.key ?? null,
      lines: body.lines,
      note,
    };
  }

  /** Of the manifests so far; a test may have put others in their place. */
  #frontier(): Frontier {
    const { manifests } = this;
    if (this.#tree?.of === manifests && this.#tree.frontier.size === manifests.length)
      return this.#tree.frontier;
    return manifests.reduce<Frontier>((tree, one) => append(sha256, tree, leafOf(one)), EMPTY_FRONTIER);
  }
}

const leafOf = (bytes: Uint8Array): Uint8Array => leafHash(sha256, bytes);

const isGap = (line: Line): line is GapLine => 'reason' in line;

function makeBody(words: SegmentWords) {
  const given = words.lines ?? [];
  const plain = given.map((line) => (isGap(line) ? encodeGap(line) : encodeEntry(line)));
  const lines = words.encodedLines?.(plain) ?? plain;
  const perBlock = words.linesPerBlock ?? 100;
  const compress = words.encoding === 'gzip' ? gzipCompressor(6) : zstdCompressor(3);
  const blocks: BlockInfo[] = [];
  const stored: Uint8Array[] = [];
  for (let at = 0; at < lines.length; at += perBlock) {
    const some = lines.slice(at, at + perBlock);
    const content = concatBytes(...some.flatMap((line) => [line, utf8('\n')]));
    const made = compress(content);
    const block = words.block?.(made, blocks.length) ?? made;
    blocks.push({ bytes: block.length, content: content.length, lines: some.length });
    stored.push(block);
  }
  const missing: Partial<Record<GapReason, number>> = {};
  let count = 0;
  let nextOffset: number | null = null;
  const times: number[] = [];
  for (const line of given) {
    if (isGap(line)) {
      missing[line.reason] = (missing[line.reason] ?? 0) + line.last - line.offset + 1;
      nextOffset = line.last + 1;
    } else {
      count++;
      nextOffset = line.offset + 1;
      if (line.timestamp >= 0n && line.timestamp <= BigInt(TIME_MS_MAX)) times.push(Number(line.timestamp));
    }
  }
  const time = {
    first: times.length === 0 ? null : timeText(Math.min(...times)),
    last: times.length === 0 ? null : timeText(Math.max(...times)),
  };
  const data = stored.length === 0 ? null : concatBytes(...stored);
  return { lines, blocks, data, missing, count, nextOffset, time };
}

/** Written by hand: the product's encoder refuses what the tests want. */
function sealText(
  manifest: Uint8Array,
  index: number,
  path: readonly Uint8Array[],
  note: Uint8Array,
): Uint8Array {
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
  const head = ['c2sp.org/tlog-proof@v1', `extra ${base64(manifest)}`, `index ${index}`, ...path.map(base64)];
  return concatBytes(utf8(`${head.join('\n')}\n\n`), note);
}

/** Writes the oldest version of each object below a directory: a plain local copy. */
export function writeCopy(archive: LawlessArchive, directory: string): void {
  for (const key of archive.keys()) {
    const bytes = archive.bytesOf(key);
    if (bytes === null) continue;
    const path = join(directory, key);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
  }
}
