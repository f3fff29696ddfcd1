// What were the brokers' end offsets a while ago? Kept in the verifier's bucket, since a Lambda has no
// memory.
import { z } from 'zod';
import { utf8 } from '../../base/bytes.ts';
import { LedgerstoneError } from '../../base/error.ts';
import {
  FOREIGN_MAX,
  firstNote,
  type ListedNote,
  listNotes,
  type OwnBucket,
  parseNote,
  putNote,
  readNote,
} from '../own-bucket.ts';
import { type EndsKey, endsKey, endsRoot, parseEndsKey } from '../own-keys.ts';

/** The brokers' end offsets at one time, by `chain/partition`. */
export type EndsNote = { readonly atMs: number; readonly ends: ReadonlyMap<string, number> };

const FORMAT = 'ledgerstone/ends/1';
const SCHEMA = z.object({ format: z.literal(FORMAT), ends: z.record(z.string(), z.int().nonnegative()) });
/** 100,000 partitions with names of usual length. */
const BYTES_MAX = 8 * 1024 * 1024;
/** Notes are this share of the promised time apart, so a late offset is reported at most so much later. */
const APART = 1 / 4;

export type EndsLogOptions = OwnBucket & {
  /** Offsets must be sealed within this time. */
  readonly promisedMs: number;
  /** Time between two runs. */
  readonly everyMs: number;
};

const flooded = (prefix: string): LedgerstoneError =>
  new LedgerstoneError('notes-flooded', `${prefix}: more than ${FOREIGN_MAX} objects that are no notes`, {
    remedy: 'Somebody else writes to the attestation bucket: find out who, and remove the permission.',
  });

/** Create-only. A note that is lost or foreign delays a finding, and does no other harm. */
export class EndsLog {
  readonly #options: EndsLogOptions;

  constructor(options: EndsLogOptions) {
    this.#options = options;
  }

  /**
   * The newest note that is at least as old as the promised time. `isDue`: whether the next note has to be
   * written. Rejects with `notes-flooded` where there is perhaps one below many that are none: what was known
   * then is not known to be nothing.
   */
  async read(signal?: AbortSignal): Promise<{ readonly note: EndsNote | null; readonly isDue: boolean }> {
    const { store, clock, signing, promisedMs, everyMs, onForeign } = this.#options;
    const nowMs = clock.now();
    // At least two runs back. A verifier that was down for longer begins anew, so the listing stays short.
    const startAfter = endsKey({ atMs: Math.max(0, nowMs - 2 * (promisedMs + everyMs) - 60_000) });
    const listed: ListedNote<EndsKey>[] = [];
    const options = { startAfter, ...(signal && { signal }) };
    for await (const note of listNotes(store, endsRoot, parseEndsKey, options)) {
      // A note from the future would prevent all others from being written.
      if (note.parsed.atMs <= nowMs) listed.push(note);
    }
    const open = async (note: ListedNote<EndsKey>) => {
      const { ends } = parseNote(
        SCHEMA,
        await readNote(store, signing, note, BYTES_MAX, signal),
        'a note of ends',
      );
      return new Map(Object.entries(ends));
    };
    const isOld = ({ parsed }: ListedNote<EndsKey>) => parsed.atMs <= nowMs - promisedMs;
    const old = listed.filter(isOld);
    const found = await firstNote(old.toReversed(), open, { onForeign });
    if (found === null && old.length > FOREIGN_MAX) throw flooded(endsRoot);
    // Only a note that is one makes the next one wait, or anybody who may write here could keep us from it.
    const recent = listed.filter(({ parsed }) => nowMs - parsed.atMs < promisedMs * APART);
    const isDue = (await firstNote(recent.toReversed(), open, { onForeign })) === null;
    return { note: found && { atMs: found.parsed.atMs, ends: found.content }, isDue };
  }

  async add({ atMs, ends }: EndsNote, signal?: AbortSignal): Promise<void> {
    const bytes = utf8(`${JSON.stringify({ format: FORMAT, ends: Object.fromEntries(ends) })}\n`);
    await putNote(this.#options, endsKey({ atMs }), bytes, signal);
  }
}
