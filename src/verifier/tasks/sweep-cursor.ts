// Where did the last sweep stop? A sweep that ends within one run leaves no note.
import { z } from 'zod';
import { utf8 } from '../../base/bytes.ts';
import { isChainName, isPartition } from '../../format/chain.ts';
import type { ChainInArchive } from '../../verify/survey.ts';
import {
  firstNote,
  type ListedNote,
  listNotes,
  type OwnBucket,
  parseNote,
  putNote,
  readNote,
} from '../own-bucket.ts';
import { parseSweepKey, SWEEP_PART_MAX, type SweepKey, sweepKey, sweepsRoot } from '../own-keys.ts';

export type SweepCursor = {
  readonly part: 'outside' | 'seals' | 'data' | 'own';
  /** Of `seals` and `data`. */
  readonly place: ChainInArchive | null;
  /** The last key that was swept. Null: from the beginning of the part. */
  readonly after: string | null;
  /** The greatest sequence of a seal so far; −1 before any. */
  readonly lastSequence: number;
};

export type SweepNote = SweepKey & {
  /** Null: the sweep has ended. */
  readonly cursor: SweepCursor | null;
  /** When the round began. A long round goes on under a later `startedMs`. */
  readonly begunMs: number;
};

const FORMAT = 'ledgerstone/sweep/1';
const COMMON = { after: z.string().nullable(), lastSequence: z.int() };
const CHAIN = z.object({
  chain: z.string().refine(isChainName),
  partition: z.number().refine(isPartition),
});
const CURSOR = z.union([
  z.object({ part: z.enum(['seals', 'data']), place: CHAIN, ...COMMON }),
  z.object({ part: z.enum(['outside', 'own']), place: z.null(), ...COMMON }),
]);
const SCHEMA = z.object({
  format: z.literal(FORMAT),
  cursor: CURSOR.nullable(),
  /** Notes of earlier versions have none. */
  begunMs: z.int().nonnegative().optional(),
});
const BYTES_MAX = 16 * 1024;
/** A sweep that has not continued for so long begins anew. */
const AGE_MS_MAX = 7 * 86_400_000;
/** A longer sweep continues under a newer name, because only the notes of the last days are listed. */
const RENAMED_MS = AGE_MS_MAX / 2;

export class SweepLog {
  readonly #bucket: OwnBucket;

  constructor(bucket: OwnBucket) {
    this.#bucket = bucket;
  }

  /**
   * The last note of the newest sweep of the last days, or null. Continue under `startedMs`. Foreign objects
   * are passed over.
   */
  async newest(signal?: AbortSignal): Promise<SweepNote | null> {
    const { store, clock, signing, onForeign } = this.#bucket;
    const nowMs = clock.now();
    const startAfter = sweepKey({ startedMs: Math.max(0, nowMs - AGE_MS_MAX), part: 0 });
    const notes: ListedNote<SweepKey>[] = [];
    const options = { startAfter, ...(signal && { signal }) };
    for await (const note of listNotes(store, sweepsRoot, parseSweepKey, options)) {
      const { startedMs, part } = note.parsed;
      // A note from the future would block all sweeps before its time, and no note can follow the last part.
      if (startedMs <= nowMs + 60_000 && part < SWEEP_PART_MAX) notes.push(note);
    }
    const found = await firstNote(
      notes.toReversed(),
      async (note) =>
        parseNote(SCHEMA, await readNote(store, signing, note, BYTES_MAX, signal), "a sweep's note"),
      { onForeign },
    );
    if (found === null) return null;
    const { parsed, content } = found;
    const { cursor, begunMs = parsed.startedMs } = content;
    const isOld = nowMs - parsed.startedMs > RENAMED_MS;
    return { ...parsed, cursor, begunMs, ...(isOld && cursor !== null && { startedMs: nowMs }) };
  }

  async add({ cursor, begunMs, ...key }: SweepNote, signal?: AbortSignal): Promise<void> {
    const bytes = utf8(`${JSON.stringify({ format: FORMAT, cursor, begunMs })}\n`);
    await putNote(this.#bucket, sweepKey(key), bytes, signal);
  }
}
