// A fetch was refused, or a seal failed: is it tried again, or does the partition halt?
import { isRetriable, LedgerstoneError } from '../base/error.ts';
import { LIMITS } from '../base/limits.ts';
import type { Refusal } from '../ingest/gate.ts';
import { hasLine, type Item, type RecordItem } from '../ingest/item.ts';
import { type Halt, halt, RESUME, unsealable } from './chain/halt.ts';

export type Judgement =
  /** Read again from the sealed head. What is filling is dropped, since it may be another log's. */
  | { readonly kind: 'reread' }
  /** The same, but what was accepted so far is good and may exist only here: it is sealed first. */
  | { readonly kind: 'seal-and-reread' }
  /** Seal what was accepted before the bad offset, then stop there. */
  | { readonly kind: 'halt-after'; readonly halt: Halt }
  /** Nothing unsealed can be trusted. */
  | { readonly kind: 'halt-now'; readonly halt: Halt };

/** Repeats of what is held, without a seal between them. */
const REPLAYS_MAX = 3;

/** Tries to make and to send one segment, each after reading again from the head. */
const SEAL_TRIES_MAX = 6;
/** Before the next of them: doubled each time, so that they take half a minute and what passes has passed. */
const SEAL_WAIT_MS = 1_000;

/** Reading again from the head decides what the log is. */
const LOG_CODES = ['log-rewritten', 'anchor-compacted'];

/** Remembers what was refused before, so that a second look decides. */
export class Continuity {
  readonly #where: string;
  #replays = 0;
  #holeAt = -1;
  #failures = 0;

  constructor(where: string) {
    this.#where = where;
  }

  /** Something was sealed: the log moves on. */
  progressed(): void {
    this.#replays = 0;
    this.#failures = 0;
  }

  /**
   * The segment at `next` failed before anything of it was signed. What can pass by itself is tried again for
   * ever; the same work that fails for another reason, time after time, would never be noticed.
   */
  failed(error: unknown, next: number): { readonly waitMs: number } | { readonly halt: Halt } {
    const isLog = error instanceof LedgerstoneError && LOG_CODES.includes(error.code);
    if (isLog || isRetriable(error)) return { waitMs: SEAL_WAIT_MS };
    if (++this.#failures < SEAL_TRIES_MAX) return { waitMs: SEAL_WAIT_MS * 2 ** (this.#failures - 1) };
    return { halt: unsealable(this.#where, next, error).halt };
  }

  judge(refusal: Refusal): Judgement {
    const where = this.#where;
    switch (refusal.kind) {
      case 'undecodable': {
        const { offset, tooLarge: size } = refusal;
        if (size !== undefined)
          return { kind: 'halt-after', halt: tooLargeHalt(where, offset, sizeOf(size)) };
        const gap = { from: refusal.offset, to: refusal.last + 1 };
        const which =
          refusal.last > refusal.offset
            ? `offsets ${refusal.offset} to ${refusal.last}`
            : `offset ${refusal.offset}`;
        const message = `${which} of ${where} can't be read: ${refusal.reason}`;
        const { remedy } = refusal;
        if (remedy !== undefined)
          return { kind: 'halt-after', halt: halt('undecodable', message, remedy).halt };
        return { kind: 'halt-after', halt: halt('undecodable', message, RESUME, gap).halt };
      }
      case 'hole': {
        // An out-of-range jump looks like a hole the first time, and so does a real one.
        const again = this.#holeAt === refusal.expected;
        this.#holeAt = refusal.expected;
        if (!again) return { kind: 'seal-and-reread' };
        const gap = { from: refusal.expected, to: refusal.found };
        const message = [
          `offsets ${gap.from} to ${gap.to - 1} of ${where} did not come, and nothing that was read`,
          'explains it (compaction?)',
        ].join(' ');
        return { kind: 'halt-after', halt: halt('hole', message, `${RESUME}. ${RANGE}`, gap).halt };
      }
      case 'overlap':
      case 'disorder': {
        if (++this.#replays < REPLAYS_MAX) return { kind: 'reread' };
        const remedy = 'Check the brokers, then restart the archiver: it reads again from its sealed head.';
        const reason =
          refusal.kind === 'overlap'
            ? halt(
                'replay',
                `${where} sends offsets from ${refusal.from} again, where ${refusal.expected} follows`,
                remedy,
              )
            : halt('disorder', `${where} sends offset ${refusal.offset} after ${refusal.after}`, remedy);
        return { kind: 'halt-now', halt: reason.halt };
      }
    }
  }

  /** The first item that is larger than a record may be, and the halt that it means. */
  tooLarge(
    items: readonly Item[],
    limitBytes: number,
  ): { readonly index: number; readonly halt: Halt } | null {
    for (const [index, item] of items.entries()) {
      if (item.kind !== 'record') continue;
      const found = tooLarge(item, limitBytes);
      if (found === null) continue;
      return { index, halt: tooLargeHalt(this.#where, item.offset, found) };
    }
    return null;
  }
}

const RANGE =
  'With --kind compacted and --to OFFSET one decision covers all holes before OFFSET, and archives what is left.';

type Size = { readonly what: string; readonly remedy: string };

function tooLargeHalt(where: string, offset: number, { what, remedy }: Size): Halt {
  const message = `the record at offset ${offset} of ${where} has ${what}`;
  const gap = { from: offset, to: offset + 1 };
  return halt('record-too-large', message, `${remedy} ${RESUME}`, gap).halt;
}

const GIVE_UP = 'Give it up.';
const RAISE = 'Raise limits.recordBytes (32 MiB at most) and restart, or give it up.';

/** Of a record that its source did not even hold. */
const sizeOf = (size: { readonly bytes: number } | { readonly headers: number }): Size =>
  'bytes' in size
    ? {
        what: `${size.bytes} bytes with all its lengths, more than the limit`,
        remedy: size.bytes > LIMITS.recordBytesMax ? GIVE_UP : RAISE,
      }
    : { what: `${size.headers} headers, more than are read`, remedy: GIVE_UP };

/** In which way a record is larger than one may be; null: it is not. */
export function tooLarge(record: RecordItem, limitBytes: number): Size | null {
  const { bytes, headers } = record;
  if (bytes > limitBytes) {
    const remedy = bytes > LIMITS.recordBytesMax ? GIVE_UP : RAISE;
    return { what: `${bytes} bytes, the limit is ${limitBytes}`, remedy };
  }
  if (hasLine(record)) return null;
  return { what: `${headers} headers, and its line would be too long for the format`, remedy: GIVE_UP };
}
