// When was it: stamped by its producer, archived, and seen by a second party? Each by its own clock.
import { decodeLine } from '../../format/record.ts';
import { TIME_MS_MAX, timeText } from '../../format/time.ts';

/** A cosigner that signed, and when by its own clock. Null: its kind of key signs no time. */
export type Sighting = { readonly cosigner: string; readonly at: string | null };

export type When = {
  /** The record's own timestamp, by its producer or its broker. Null for a gap line, and if it is no time. */
  readonly recordTime: string | null;
  /** When its segment was sealed, by the archiver's clock. */
  readonly archivedAt: string;
  /** Empty: no cosigner was asked for. */
  readonly seen: readonly Sighting[];
};

/** Two clocks may differ by so much (FORMAT.md 9.2.12). */
const CLOCKS_APART_MS = 120_000;

const isToCome = (time: string, nowMs: number): boolean => Date.parse(time) > nowMs + CLOCKS_APART_MS;

/** A `time.sealed` as it is shown. The signature says nothing of when it was made. */
export const sealedText = (sealed: string, nowMs = Date.now()): string =>
  isToCome(sealed, nowMs) ? `${sealed} (in the future: not to be believed)` : sealed;

/** `line` without its LF, or with it. */
export function whenOf(line: Uint8Array, archivedAt: string, seen: readonly Sighting[]): When {
  const decoded = decodeLine(line.at(-1) === 0x0a ? line.subarray(0, -1) : line);
  const recordTime = decoded.kind === 'gap' ? null : timestampText(decoded.record.timestamp);
  return { recordTime, archivedAt, seen };
}

/** RFC 3339, or null for a number that is no time, such as −1. */
export const timestampText = (timestamp: bigint): string | null =>
  timestamp >= 0n && timestamp <= BigInt(TIME_MS_MAX) ? timeText(Number(timestamp)) : null;

export const seenAt = (cosigner: string, timeSeconds: number | null): Sighting => ({
  cosigner,
  at: timeSeconds === null || timeSeconds * 1000 > TIME_MS_MAX ? null : timeText(timeSeconds * 1000),
});

/**
 * `stamped … (its producer's or broker's clock), archived … (the archiver's clock), seen by … at …`. The
 * signature says nothing of when it was made: a time that is still to come can't be true.
 */
export function whenText({ recordTime, archivedAt, seen }: When, nowMs = Date.now()): string {
  const isAhead = isToCome(archivedAt, nowMs);
  const parts = [
    ...(recordTime === null ? [] : [`stamped ${recordTime} (its producer's or broker's clock)`]),
    `archived ${archivedAt} (the archiver's clock${isAhead ? ', in the future: not to be believed' : ''})`,
    ...seen.map(({ cosigner, at }) =>
      at === null
        ? `seen by ${cosigner}, whose key signs no time`
        : `seen by ${cosigner} at ${at} (its clock)`,
    ),
  ];
  return parts.join(', ');
}
