// What is left in a compacted log of a segment that was sealed? Compaction removes records, and changes none.
import { equalBytes } from '../../base/bytes.ts';
import type { Sha256 } from '../../base/hash.ts';
import type { Manifest } from '../../format/manifest.ts';
import { decodeLine, encodeEntry } from '../../format/record.ts';
import type { LogRange, Source, TopicPartition } from '../../ingest/source.ts';
import { leafHash } from '../../merkle/tree.ts';
import type { StoreReader } from '../../store/store.ts';
import { replaced } from './halt.ts';
import type { RecordAnchor } from './log-anchor.ts';
import { linesInBlock, type StoredBlock, storedBlocks } from './stored-lines.ts';

type SurvivorTools = { readonly source: Source; readonly store: StoreReader; readonly sha256: Sha256 };

/**
 * Reads the log over all offsets of the segment, and compares each record with what was sealed there: the
 * newest one that is left. Null: none is. Throws HaltError `topic-replaced` where the log has a record that
 * was not sealed.
 */
export async function newestSurvivor(
  { source, store, sha256 }: SurvivorTools,
  partition: TopicPartition,
  manifest: Manifest,
  range: LogRange,
  signal: AbortSignal,
): Promise<RecordAnchor | null> {
  const blocks = await storedBlocks(store, manifest, signal);
  if (blocks === null) return null;
  const sealed = new SealedLines(blocks);
  const { firstOffset, nextOffset } = manifest.records;
  let newest: RecordAnchor | null = null;
  for (let at = Math.max(firstOffset, range.low); at < nextOffset; ) {
    const { records, seen, undecodable } = await source.readAt(partition, at, signal);
    for (const record of records) {
      const { offset } = record;
      if (offset < at || offset >= nextOffset) continue;
      const line = await sealed.at(offset);
      // An operator gave it up: nothing is known of what lies there.
      if (line?.kind === 'decision') continue;
      const leaf = leafHash(sha256, encodeEntry(record));
      if (line?.kind !== 'entry' || !equalBytes(leaf, leafHash(sha256, line.bytes))) {
        throw replaced(partition, offset);
      }
      newest = { offset, leaf };
    }
    const ends = [records.at(-1)?.offset, seen.at(-1)?.last, undecodable?.last ?? undecodable?.offset];
    const last = Math.max(...ends.map((end) => end ?? -1));
    if (last < at) break;
    at = last + 1;
  }
  return newest;
}

/** `transaction`: a gap without any record. `decision`: a gap by an operator's word. */
type SealedLine = {
  readonly kind: 'entry' | 'transaction' | 'decision';
  readonly first: number;
  readonly last: number;
  readonly bytes: Uint8Array;
};

/** Asked for by rising offsets; one block is held. */
class SealedLines {
  readonly #lines: AsyncGenerator<SealedLine>;
  #line: SealedLine | null = null;

  constructor(blocks: readonly StoredBlock[]) {
    this.#lines = sealedLines(blocks);
  }

  /** The line that covers the offset. Null: none does. */
  async at(offset: number): Promise<SealedLine | null> {
    while (this.#line === null || this.#line.last < offset) {
      const next = await this.#lines.next();
      if (next.done) return null;
      this.#line = next.value;
    }
    return this.#line.first <= offset ? this.#line : null;
  }
}

async function* sealedLines(blocks: readonly StoredBlock[]): AsyncGenerator<SealedLine> {
  for (const readBlock of blocks) {
    for (const bytes of linesInBlock(await readBlock())) {
      const line = decodeLine(bytes);
      if (line.kind === 'entry') {
        const { offset } = line.record;
        yield { kind: 'entry', first: offset, last: offset, bytes };
      } else {
        const { offset: first, last, reason } = line.gap;
        yield { kind: reason === 'transaction' ? 'transaction' : 'decision', first, last, bytes };
      }
    }
  }
}
