// How far had the brokers' partitions come a while ago? Noted in the verifier's own bucket, since a Lambda forgets.
import { assert } from '../../base/assert.ts';
import { utf8, utf8Text } from '../../base/bytes.ts';
import type { Clock } from '../../base/clock.ts';
import { LedgerstoneError } from '../../base/error.ts';
import type { Lock, Store } from '../../store/store.ts';

/** The brokers' ends at one time, by `chain/partition`. */
export type EndsNote = { readonly atMs: number; readonly ends: ReadonlyMap<string, number> };

const notesRoot = 'passes/ends/';
const FORMAT = 'ledgerstone/ends/1';
/** 100,000 partitions with names of usual length. */
const BYTES_MAX = 8 * 1024 * 1024;
/** Notes are this share of the promised time apart, so what is late is told at most so much later. */
const APART = 1 / 4;
const STRAYS_MAX = 50;

function noteKey(atMs: number): string {
  const seconds = Math.floor(atMs / 1000);
  assert(seconds >= 0 && seconds < 1e12, `a note of ends at ${seconds}`);
  return `${notesRoot}${String(seconds).padStart(12, '0')}.json`;
}

/** null: foreign, which is every key that no note has. */
export function parseNoteKey(key: string): { readonly atMs: number } | null {
  const match = /^passes\/ends\/(\d{12})\.json$/.exec(key);
  return match === null ? null : { atMs: Number(match[1]) * 1000 };
}

export type EndsLogOptions = {
  readonly store: Pick<Store, 'listVersions' | 'read' | 'putIfAbsent'>;
  readonly retention: { readonly mode: Lock['mode']; readonly periodMs: number };
  readonly clock: Clock;
  /** Offsets must be sealed within it. */
  readonly promisedMs: number;
  /** A run comes so often. */
  readonly everyMs: number;
};

/** Create-only. Of a lost or strange note nothing worse comes than that something late is told later. */
export class EndsLog {
  readonly #options: EndsLogOptions;

  constructor(options: EndsLogOptions) {
    this.#options = options;
  }

  /** The newest one that is as old as was promised at least, and `isDue`: whether another one is to be written. */
  async read(signal?: AbortSignal): Promise<{ readonly note: EndsNote | null; readonly isDue: boolean }> {
    const { store, clock, promisedMs, everyMs } = this.#options;
    const nowMs = clock.now();
    // Two runs back at least; a verifier that was down for longer begins anew, and never lists much.
    const startAfter = noteKey(Math.max(0, nowMs - 2 * (promisedMs + everyMs) - 60_000));
    const old: { key: string; versionId: string; atMs: number }[] = [];
    let newestMs = Number.NEGATIVE_INFINITY;
    for await (const version of store.listVersions(notesRoot, { startAfter, ...(signal && { signal }) })) {
      const parsed = parseNoteKey(version.key);
      // One from the future would keep all others from being written.
      if (version.marker || parsed === null || parsed.atMs > nowMs || version.key === old.at(-1)?.key) {
        continue;
      }
      newestMs = parsed.atMs;
      if (parsed.atMs <= nowMs - promisedMs) old.push({ ...version, atMs: parsed.atMs });
    }
    const isDue = nowMs - newestMs >= promisedMs * APART;
    for (const { key, versionId, atMs } of old.toReversed().slice(0, STRAYS_MAX)) {
      const ends = await this.#open(key, versionId, signal);
      if (ends !== null) return { note: { atMs, ends }, isDue };
    }
    return { note: null, isDue };
  }

  async add({ atMs, ends }: EndsNote, signal?: AbortSignal): Promise<void> {
    const { store, retention, clock } = this.#options;
    const bytes = utf8(`${JSON.stringify({ format: FORMAT, ends: Object.fromEntries(ends) })}\n`);
    const untilMs = Math.ceil((clock.now() + retention.periodMs) / 1000) * 1000;
    const lock = { mode: retention.mode, untilMs };
    await store.putIfAbsent(noteKey(atMs), bytes, lock, signal === undefined ? {} : { signal });
  }

  /** Null: no note of ours. */
  async #open(
    key: string,
    versionId: string,
    signal?: AbortSignal,
  ): Promise<ReadonlyMap<string, number> | null> {
    try {
      const options = { maxBytes: BYTES_MAX, ...(signal && { signal }) };
      const read = JSON.parse(utf8Text(await this.#options.store.read(key, versionId, options))) as {
        format?: unknown;
        ends?: unknown;
      } | null;
      if (read?.format !== FORMAT || typeof read.ends !== 'object' || read.ends === null) return null;
      const ends = Object.entries(read.ends);
      return ends.every(([, end]) => Number.isSafeInteger(end) && end >= 0) ? new Map(ends) : null;
    } catch (error) {
      if (error instanceof SyntaxError) return null;
      if (error instanceof LedgerstoneError && error.disposition === 'input') return null;
      throw error;
    }
  }
}
