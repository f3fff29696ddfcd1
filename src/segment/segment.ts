// How does a batch become the next segment of its chain? Pure: time and names come in as arguments.
import { assert } from '../base/assert.ts';
import { toHex } from '../base/bytes.ts';
import type { Sha256 } from '../base/hash.ts';
import { afterPeriod, type Period } from '../base/period.ts';
import { type Checkpoint, checkpointText } from '../format/checkpoint.ts';
import {
  type Continues,
  type Manifest,
  parseTime,
  type SourceIdentity,
  timeText,
  untilText,
} from '../format/manifest.ts';
import { encodeManifest } from '../format/manifest-bytes.ts';
import { encodeSignedCheckpoint, type NoteSignature } from '../format/note.ts';
import { dataKey, sealKey } from '../format/paths.ts';
import { encodeSeal } from '../format/seal.ts';
import { append, EMPTY_FRONTIER, type Frontier, lastLeafPath, leafHash, rootOf } from '../merkle/tree.ts';
import type { SegmentBody } from './body.ts';

/** The head of a chain: all that its next segment is built on. */
export type Head = {
  readonly origin: string;
  readonly chain: string;
  readonly partition: number;
  /** Segments so far: the next one's sequence. */
  readonly size: number;
  readonly frontier: Frontier;
  /** Hex SHA-256 of the newest manifest's bytes; null before the first. */
  readonly manifestSha256: string | null;
  readonly nextOffset: number;
  /** Records archived so far. */
  readonly records: number;
  /** `time.sealed` of the newest segment; 0 before the first. */
  readonly sealedMs: number;
  /** `time.anchored` of the newest segment; 0 before the first. */
  readonly anchoredMs: number;
  /** Those that the next segment is trusted by: of the newest manifest. None before the first. */
  readonly keys: readonly string[];
};

export const newChainHead = (
  origin: string,
  chain: string,
  partition: number,
  startOffset: number,
): Head => ({
  origin,
  chain,
  partition,
  size: 0,
  frontier: EMPTY_FRONTIER,
  manifestSha256: null,
  nextOffset: startOffset,
  records: 0,
  sealedMs: 0,
  anchoredMs: 0,
  keys: [],
});

/** Where the chain stands after an opened seal. */
export const headAfter = (
  chain: string,
  partition: number,
  manifest: Manifest,
  manifestSha256: string,
  frontier: Frontier,
): Head => ({
  origin: manifest.origin,
  chain,
  partition,
  size: manifest.sequence + 1,
  frontier,
  manifestSha256,
  nextOffset: manifest.records.nextOffset,
  records: manifest.records.before + manifest.records.count,
  sealedMs: parseTime(manifest.time.sealed),
  anchoredMs: parseTime(manifest.time.anchored),
  keys: manifest.keys,
});

export type SegmentContext = {
  readonly source: SourceIdentity;
  readonly continues: Continues | null;
  /** When the source was last confirmed to be the same one, by this writer's clock. */
  readonly anchoredMs: number;
  readonly nowMs: number;
  readonly retention: {
    readonly mode: 'COMPLIANCE' | 'GOVERNANCE';
    readonly period: Period;
    readonly policy: string;
  };
  /** vkeys, named with the chain's origin, of every key that will sign. */
  readonly keys: readonly string[];
  readonly writer: { readonly id: string; readonly version: string };
};

/** Immutable, and not yet signed. */
export type Segment = {
  readonly manifest: Manifest;
  readonly manifestBytes: Uint8Array;
  readonly checkpoint: Checkpoint;
  /** What is signed. */
  readonly checkpointText: Uint8Array;
  readonly path: readonly Uint8Array[];
  readonly sealKey: string;
  readonly data: { readonly key: string; readonly bytes: Uint8Array; readonly sha256: Uint8Array } | null;
  readonly lastRecord: SegmentBody['lastRecord'];
  /** The head once this segment is sealed. */
  readonly after: Head;
};

export function makeSegment(sha256: Sha256, head: Head, body: SegmentBody, context: SegmentContext): Segment {
  assert(
    body.firstOffset === head.nextOffset,
    `body starts at ${body.firstOffset}, head ends at ${head.nextOffset}`,
  );
  assert(
    context.continues === null || head.size === 0,
    'only the first segment of a chain continues another',
  );
  // A clock that went back never makes a chain's time go back (FORMAT.md §5).
  const sealedMs = Math.max(context.nowMs, head.sealedMs);
  const data = dataObject(head, body, sealedMs);
  const manifest = manifestOf(head, body, context, sealedMs, data);
  const manifestBytes = encodeManifest(manifest);
  const frontier = append(sha256, head.frontier, leafHash(sha256, manifestBytes));
  const checkpoint = { origin: head.origin, size: frontier.size, root: rootOf(sha256, frontier) };
  return {
    manifest,
    manifestBytes,
    checkpoint,
    checkpointText: checkpointText(checkpoint),
    path: lastLeafPath(head.frontier),
    sealKey: sealKey(head.chain, head.partition, head.size),
    data,
    lastRecord: body.lastRecord,
    after: headAfter(head.chain, head.partition, manifest, toHex(sha256(manifestBytes)), frontier),
  };
}

/** Null without lines: then there is no data object. */
function dataObject(head: Head, body: SegmentBody, sealedMs: number): Segment['data'] {
  if (body.data === null || body.dataSha256 === null) return null;
  const key = dataKey({
    chain: head.chain,
    partition: head.partition,
    sealedMs,
    sequence: head.size,
    sha256: toHex(body.dataSha256),
    encoding: body.encoding,
  });
  return { key, bytes: body.data, sha256: body.dataSha256 };
}

function manifestOf(
  head: Head,
  body: SegmentBody,
  context: SegmentContext,
  sealedMs: number,
  data: Segment['data'],
): Manifest {
  return {
    origin: head.origin,
    sequence: head.size,
    previous: head.manifestSha256,
    continues: context.continues,
    source: context.source,
    records: {
      before: head.records,
      count: body.count,
      firstOffset: body.firstOffset,
      nextOffset: body.nextOffset,
      missing: body.missing,
    },
    time: {
      first: body.firstTimeMs === null ? null : timeText(body.firstTimeMs),
      last: body.lastTimeMs === null ? null : timeText(body.lastTimeMs),
      // Between the one before and the seal itself, whatever the clocks say (FORMAT.md 5.18, 5.19).
      anchored: timeText(Math.min(Math.max(context.anchoredMs, head.anchoredMs), sealedMs)),
      sealed: timeText(sealedMs),
    },
    entries: { size: body.lines, root: toHex(body.root) },
    data:
      data === null
        ? null
        : {
            key: data.key,
            bytes: data.bytes.length,
            sha256: toHex(data.sha256),
            encoding: body.encoding,
            blocks: body.blocks,
          },
    retention: {
      mode: context.retention.mode,
      until: untilText(afterPeriod(sealedMs, context.retention.period)),
      policy: context.retention.policy,
    },
    keys: context.keys,
    writer: context.writer,
  };
}

/** The bytes of the seal: the segment's manifest, its proof, and the checkpoint with its signatures. */
export const sealBytes = (segment: Segment, signatures: readonly NoteSignature[]): Uint8Array =>
  encodeSeal({
    manifestBytes: segment.manifestBytes,
    index: segment.manifest.sequence,
    path: segment.path,
    note: encodeSignedCheckpoint(segment.checkpointText, signatures),
  });
