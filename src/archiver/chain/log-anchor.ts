// Is the topic still the one that the chain was sealed from? Kafka reports no error when it was recreated.
import { equalBytes } from '../../base/bytes.ts';
import { LedgerstoneError } from '../../base/error.ts';
import type { Sha256 } from '../../base/hash.ts';
import type { Manifest } from '../../format/manifest.ts';
import { decodeLine, encodeEntry, type GapLine } from '../../format/record.ts';
import { isHeld, type RecordItem } from '../../ingest/item.ts';
import type { LogRange, Source, TopicPartition } from '../../ingest/source.ts';
import { leafHash } from '../../merkle/tree.ts';
import type { StoreReader } from '../../store/store.ts';
import { halt, NEW_CHAIN, replaced } from './halt.ts';
import { linesInBlock, storedBlocks } from './stored-lines.ts';

/** A record that was accepted, known by the leaf hash of its line, which may still be on its way. */
export type RecordAnchor = { readonly offset: number; readonly leaf: Uint8Array | Promise<Uint8Array> };
/**
 * Offsets up to `last` that were seen and had no record: a log that lost its end here may have grown records
 * there.
 */
export type GapAnchor = { readonly offset: number; readonly last: number; readonly leaf: null };
export type LogAnchor = RecordAnchor | GapAnchor;

export const anchorOfGap = ({ offset, last }: GapLine): GapAnchor => ({ offset, last, leaf: null });

/**
 * For a record that was just accepted. Most such anchors are never needed, so where the record is here
 * nothing is hashed before it is asked for. Where it isn't, its hash has to be asked for at once.
 */
export function anchorOfItem(sha256: Sha256, { offset, content, index }: RecordItem): () => RecordAnchor {
  if (!isHeld(content)) return () => ({ offset, leaf: leafHash(sha256, encodeEntry(content)) });
  const leaf = content.leaf(index);
  // Its thread died, which ends the process, whether anybody waits for this or not.
  leaf.catch(() => {});
  return () => ({ offset, leaf });
}

/**
 * The last record of a segment, or its first, read back from its data object: its last (first) block, or the
 * next one where that holds only gap lines. `tail`: its last line, where that is a gap.
 */
export async function anchorOf(
  store: StoreReader,
  sha256: Sha256,
  manifest: Manifest,
  signal: AbortSignal,
  which: 'first' | 'last' | 'tail' = 'last',
): Promise<LogAnchor | null> {
  const { data, records } = manifest;
  const wanted = which === 'tail' ? (records.missing.transaction ?? 0) : records.count;
  if (data === null || wanted === 0) return null;
  const blocks = await storedBlocks(store, manifest, signal);
  if (blocks === null) return null;
  for (const readBlock of which === 'first' ? blocks : blocks.reverse()) {
    const content = await readBlock();
    if (which === 'tail') return lastGap(content);
    const found = which === 'last' ? lastEntry(content, sha256) : firstEntry(content, sha256);
    if (found !== null) return found;
  }
  return null;
}

function firstEntry(content: Uint8Array, sha256: Sha256): LogAnchor | null {
  for (const bytes of linesInBlock(content)) {
    const line = decodeLine(bytes);
    if (line.kind === 'entry') return { offset: line.record.offset, leaf: leafHash(sha256, bytes) };
  }
  return null;
}

/**
 * The last line, where it covers what was seen without a record. An operator's gap says nothing of what lies
 * there.
 */
function lastGap(content: Uint8Array): GapAnchor | null {
  const end = content.length - 1;
  const line = decodeLine(content.subarray(content.lastIndexOf(10, end - 1) + 1, end));
  return line.kind === 'gap' && line.gap.reason === 'transaction' ? anchorOfGap(line.gap) : null;
}

function lastEntry(content: Uint8Array, sha256: Sha256): LogAnchor | null {
  let end = content.length - 1;
  while (end > 0) {
    const start = content.lastIndexOf(10, end - 1) + 1;
    const bytes = content.subarray(start, end);
    const line = decodeLine(bytes);
    if (line.kind === 'entry') return { offset: line.record.offset, leaf: leafHash(sha256, bytes) };
    end = start - 1;
  }
  return null;
}

/**
 * `confirmed`: it is the same bytes. `gone`: the log starts after it, so that it can't be told. `compacted`:
 * nothing lies at its offset, in a topic that accepts compaction.
 */
type AnchorState = 'confirmed' | 'gone' | 'compacted';

/**
 * Reads the anchor's record from the log again. Throws HaltError `topic-replaced` when another record lies at
 * its offset; where compaction is not accepted, when none does either.
 */
export async function confirmAnchor(
  source: Source,
  sha256: Sha256,
  {
    partition,
    acceptsCompaction,
  }: { readonly partition: TopicPartition; readonly acceptsCompaction: boolean },
  anchor: LogAnchor,
  range: LogRange,
  signal: AbortSignal,
): Promise<AnchorState> {
  if (anchor.leaf === null) return confirmGap(source, partition, anchor, range, signal);
  if (anchor.offset < range.low) return 'gone';
  const leaf = anchor.leaf instanceof Promise ? await anchor.leaf : anchor.leaf;
  const { records, seen, undecodable } = await source.readAt(partition, anchor.offset, signal);
  const record = records[0];
  // What can't be read is evidence if it lies behind the anchor: then nothing lies at the anchor's offset.
  const isPassed = undecodable !== undefined && undecodable.offset > anchor.offset;
  if (record === undefined && seen.length === 0 && !isPassed) {
    // A broker may be mended, or another one asked. A file that is read once would be waited for without an
    // end.
    if (source.kind === 'file' && undecodable !== undefined) {
      throw halt(
        'undecodable',
        `line ${anchor.offset} of ${partition.topic} is sealed, and can't be read again: ${undecodable.reason}`,
        undecodable.remedy ?? 'Set limits.recordBytes to what it was when the line was archived.',
      );
    }
    // A tombstone that was the log's last record leaves nothing behind it.
    if (acceptsCompaction && undecodable === undefined) return 'compacted';
    const why = undecodable === undefined ? '' : `: ${undecodable.reason}`;
    throw anchorUnread(`nothing was read at offset ${anchor.offset}${why}`);
  }
  if (record?.offset === anchor.offset && equalBytes(leafHash(sha256, encodeEntry(record)), leaf))
    return 'confirmed';
  // Kafka's retention may have moved the log's start between the two calls.
  if (record?.offset !== anchor.offset) {
    const { low } = await source.logRange(partition);
    if (low > anchor.offset) return 'gone';
    if (acceptsCompaction) return 'compacted';
  }
  throw replaced(partition, anchor.offset);
}

/** The same for offsets without a record: there is none there now either. */
async function confirmGap(
  source: Source,
  partition: TopicPartition,
  { offset, last }: GapAnchor,
  range: LogRange,
  signal: AbortSignal,
): Promise<'confirmed' | 'gone'> {
  if (last < range.low) return 'gone';
  const from = Math.max(offset, range.low);
  const { records, seen, undecodable } = await source.readAt(partition, from, signal);
  const next = records[0]?.offset ?? undecodable?.offset;
  if (records[0] !== undefined && records[0].offset <= last) {
    throw halt(
      'topic-replaced',
      [
        `offset ${records[0].offset} of ${partition.topic}/${partition.partition} holds a record, and was`,
        'sealed as one that has none: the log was cut off or rewritten',
      ].join(' '),
      NEW_CHAIN,
    );
  }
  if ((next !== undefined && next > last) || (seen.at(-1)?.last ?? -1) >= last) return 'confirmed';
  throw anchorUnread(`offsets ${from} to ${last} were not read to their end`);
}

const anchorUnread = (what: string) =>
  new LedgerstoneError('anchor-unread', what, {
    disposition: 'retriable',
    remedy: [
      'It was sealed, and shows that the topic is still the same one: nothing more is sealed until it',
      'can be read. Look at the replicas, and let a sound one lead.',
    ].join(' '),
  });
