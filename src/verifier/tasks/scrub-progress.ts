// How far has this verifier read a chain again from its first byte, and when?
import { z } from 'zod';
import { fromHex, toHex, utf8 } from '../../base/bytes.ts';
import { FormatError } from '../../base/error.ts';
import { attestationKey, attestationPrefix, parseAttestationKey } from '../../format/attestation.ts';
import { oldestVersions } from '../../format/oldest-version.ts';
import { parseTime, timeText } from '../../format/time.ts';
import type { ChainInArchive } from '../../verify/survey.ts';
import { GONE_SPANS_MAX } from '../destroyed/presence.ts';
import { isAscending, isWithin, type SegmentSpan, SPAN } from '../destroyed/ranges.ts';
import {
  firstNote,
  type ListedNote,
  listNotes,
  type OwnBucket,
  parseNote,
  putNote,
  readNote,
} from '../own-bucket.ts';
import {
  PASS_MAX,
  type PassKey,
  parsePassFolder,
  parsePassKey,
  passesPrefix,
  passFolder,
  passKey,
} from '../own-keys.ts';

export type ScrubProgress = {
  /** 0 for the first pass. */
  readonly pass: number;
  readonly origin: string;
  /** Seals read again, and the root over them. */
  readonly size: number;
  readonly root: Uint8Array;
  /** True: the pass has read all that was attested. */
  readonly isWhole: boolean;
  readonly passStartedMs: number;
  /** When the part began that ends here. */
  readonly partStartedMs: number;
  readonly atMs: number;
  /** Segments of this part whose data object was not seen there. Null: not noted. */
  readonly gone: readonly SegmentSpan[] | null;
};

const FORMAT = 'ledgerstone/pass/1';
const SCHEMA = z.object({
  ...{
    format: z.literal(FORMAT),
    chain: z.string(),
    partition: z.number(),
    pass: z.number(),
    size: z.number(),
  },
  ...{ origin: z.string(), root: z.string().length(64), isWhole: z.boolean() },
  ...{ passStarted: z.string(), partStarted: z.string(), at: z.string() },
  gone: z.array(SPAN).max(GONE_SPANS_MAX).refine(isAscending).nullable().default(null),
});
const BYTES_MAX = 16 * 1024;
/** Passes that are opened. Others may have made any number of their folders. */
const PASSES_MAX = 50;
/** Passes that are asked whether data was there: before them it had gone long ago, or is not known. */
const PASSES_BACK = 8;
/** Attestations whose times are compared. */
const ATTESTATIONS_MAX = 100;
/** How far the clocks of two machines may differ: each is within a minute of the store's clock. */
const AHEAD_MS_MAX = 120_000;

export function encodeProgress(place: ChainInArchive, progress: ScrubProgress): Uint8Array {
  const { pass, origin, size, root, isWhole, passStartedMs, partStartedMs, atMs, gone } = progress;
  const members = {
    ...{ format: FORMAT, ...place, pass, origin, size, root: toHex(root), isWhole },
    ...{ passStarted: timeText(passStartedMs), partStarted: timeText(partStartedMs), at: timeText(atMs) },
    gone,
  };
  return utf8(`${JSON.stringify(members)}\n`);
}

/** Throws FormatError if it is not the progress of that key. */
export function parseProgress(bytes: Uint8Array, { chain, partition, pass, size }: PassKey): ScrubProgress {
  const read = parseNote(SCHEMA, bytes, 'a progress');
  const isOfKey =
    read.chain === chain && read.partition === partition && read.pass === pass && read.size === size;
  if (!isOfKey || size < 1 || !read.origin.endsWith(`/${chain}/${partition}`)) {
    throw new FormatError('not the progress of its key');
  }
  return {
    ...{ pass, origin: read.origin, size, root: fromHex(read.root), isWhole: read.isWhole },
    passStartedMs: parseTime(read.passStarted),
    partStartedMs: parseTime(read.partStarted),
    ...{ atMs: parseTime(read.at), gone: read.gone },
  };
}

/** Create-only notes. If one is lost or written twice, at worst some bytes are read once more. */
export class ScrubLog {
  readonly #bucket: OwnBucket;
  readonly #lastParts = new Map<string, { readonly from: number; readonly part: ScrubProgress }>();

  constructor(bucket: OwnBucket) {
    this.#bucket = bucket;
  }

  /** The last note of the newest pass, or null. Foreign objects are passed over. */
  async newest(place: ChainInArchive, signal?: AbortSignal): Promise<ScrubProgress | null> {
    const passes: number[] = [];
    for await (const folder of this.#bucket.store.listPrefixes(passesPrefix(place), signal)) {
      const pass = parsePassFolder(place, folder);
      if (pass !== null && pass < PASS_MAX) passes.push(pass);
    }
    for (const pass of passes.sort((a, b) => b - a).slice(0, PASSES_MAX)) {
      const notes = await this.#list(place, pass, signal);
      const { onForeign } = this.#bucket;
      const found = await firstNote(notes.toReversed(), (note) => this.#open(note, signal), { onForeign });
      if (found !== null) return found.content;
    }
    return null;
  }

  /** The note of the part in which that pass read the segment with this sequence. Null if it did not. */
  async partOf(
    place: ChainInArchive,
    pass: number,
    sequence: number,
    signal?: AbortSignal,
  ): Promise<ScrubProgress | null> {
    const notes = await this.#list(place, pass, signal, passKey(place, pass, sequence));
    const foreignMax = Number.POSITIVE_INFINITY;
    const found = await firstNote(notes, (note) => this.#open(note, signal), { foreignMax });
    return found?.content ?? null;
  }

  /** An earlier pass had seen the data of that segment there, at that time or later. Null: not known. */
  async lastThere(
    place: ChainInArchive,
    pass: number,
    sequence: number,
    signal?: AbortSignal,
  ): Promise<number | null> {
    for (let before = pass - 1; before >= Math.max(0, pass - PASSES_BACK); before--) {
      const part = await this.#partOf(place, before, sequence, signal);
      if (part === null || part.gone === null) return null;
      if (!isWithin(part.gone, sequence)) return part.partStartedMs;
    }
    return null;
  }

  /** Parts are asked for in the order of their segments, so the last one found is mostly the next one too. */
  async #partOf(place: ChainInArchive, pass: number, sequence: number, signal?: AbortSignal) {
    const name = `${place.chain}/${place.partition}/${pass}`;
    const last = this.#lastParts.get(name);
    if (last !== undefined && sequence >= last.from && sequence < last.part.size) return last.part;
    const part = await this.partOf(place, pass, sequence, signal);
    if (part !== null) this.#lastParts.set(name, { from: sequence, part });
    return part;
  }

  /** The last note of that pass, or null. */
  async endOf(place: ChainInArchive, pass: number, signal?: AbortSignal): Promise<ScrubProgress | null> {
    const notes = await this.#list(place, pass, signal);
    return (await firstNote(notes.toReversed(), (note) => this.#open(note, signal)))?.content ?? null;
  }

  /**
   * When the first attestation above that size was stored, by the store's clock. Null: there is none. The
   * earliest of several, so that an object of somebody else makes it no later.
   */
  async attestedSince(place: ChainInArchive, size: number, signal?: AbortSignal): Promise<number | null> {
    const { chain, partition } = place;
    const options = {
      ...{ startAfter: attestationKey(chain, partition, size), limit: ATTESTATIONS_MAX },
      ...(signal && { signal }),
    };
    const listed = this.#bucket.store.listVersions(attestationPrefix(chain, partition), options);
    let earliestMs: number | null = null;
    for await (const { key, lastModifiedMs } of oldestVersions(listed)) {
      if (parseAttestationKey(key) !== null)
        earliestMs = Math.min(earliestMs ?? lastModifiedMs, lastModifiedMs);
    }
    return earliestMs;
  }

  async add(place: ChainInArchive, progress: ScrubProgress, signal?: AbortSignal): Promise<void> {
    const key = passKey(place, progress.pass, progress.size);
    await putNote(this.#bucket, key, encodeProgress(place, progress), signal);
  }

  async #list(
    place: ChainInArchive,
    pass: number,
    signal?: AbortSignal,
    startAfter?: string,
  ): Promise<ListedNote<PassKey>[]> {
    const options = { ...(startAfter !== undefined && { startAfter }), ...(signal && { signal }) };
    const found: ListedNote<PassKey>[] = [];
    const { store } = this.#bucket;
    for await (const note of listNotes(store, passFolder(place, pass), parsePassKey, options))
      found.push(note);
    return found;
  }

  async #open(note: ListedNote<PassKey>, signal?: AbortSignal): Promise<ScrubProgress> {
    const { store, clock, signing } = this.#bucket;
    const progress = parseProgress(await readNote(store, signing, note, BYTES_MAX, signal), note.parsed);
    if (progress.passStartedMs <= clock.now() + AHEAD_MS_MAX) return progress;
    throw new FormatError('a progress from the future would block every pass that begins before its time');
  }
}
