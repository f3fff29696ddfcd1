// What is stamped on a day? (FORMAT.md 9.11.2 to 9.11.4)
import { z } from 'zod';
import { fromBase64, toBase64, utf8, utf8Text } from '../../base/bytes.ts';
import { FormatError } from '../../base/error.ts';
import { checkpointText, parseCheckpointText } from '../../format/checkpoint.ts';
import { LEAVES_MAX, STAMP_FORMAT, type StampList, type StampRenewal } from '../../format/stamp.ts';
import { isDay, parseTime, timeText } from '../../format/time.ts';
import { parseNote } from '../own-bucket.ts';

/** With its signatures, as it lies there. */
export const LIST_BYTES_MAX = 8 * 1024 * 1024;
const SIGNATURES_BYTES_MAX = 16 * 1024;

const LIST = z.object({
  ...{ format: z.literal(STAMP_FORMAT), date: z.string(), at: z.string() },
  checkpoints: z.array(z.string()).max(LEAVES_MAX),
  renews: z.array(z.object({ date: z.string(), covered: z.string() })).max(LEAVES_MAX),
});

/** Throws FormatError if nobody could read it again. */
export function encodeStampList(list: StampList): Uint8Array {
  requireSound(list);
  const { date, atMs, checkpoints, renews } = list;
  const members = {
    ...{ format: STAMP_FORMAT, date, at: timeText(atMs) },
    checkpoints: checkpoints.map((one) => utf8Text(checkpointText(one))),
    renews: renews.map((one) => ({ date: one.date, covered: toBase64(one.covered) })),
  };
  const bytes = utf8(`${JSON.stringify(members, null, 1)}\n`);
  if (bytes.length > LIST_BYTES_MAX - SIGNATURES_BYTES_MAX)
    throw new FormatError(`a list of stamps of ${bytes.length} bytes`);
  return bytes;
}

/** Throws FormatError if it is not the list of that day. */
export function parseStampList(bytes: Uint8Array, date: string): StampList {
  const read = parseNote(LIST, bytes, 'a list of a stamp');
  if (read.date !== date) throw new FormatError('not the list of its day');
  const checkpoints = read.checkpoints.map((text) => parseCheckpointText(utf8(text)));
  const renews = read.renews.map((one) => ({ date: one.date, covered: fromBase64(one.covered) }));
  const list = { date, atMs: parseTime(read.at), checkpoints, renews };
  requireSound(list);
  return list;
}

function requireSound({ date, checkpoints, renews }: StampList): void {
  const count = checkpoints.length + renews.length;
  if (count < 1 || count > LEAVES_MAX)
    throw new FormatError(`a list of ${count} stamped things, not of 1 to ${LEAVES_MAX}`);
  const isAscending = (all: readonly Uint8Array[]) =>
    all.every((one, index) => index === 0 || compareBytes(all[index - 1] as Uint8Array, one) < 0);
  if (!isAscending(checkpoints.map(({ origin }) => utf8(origin))))
    throw new FormatError('a list whose checkpoints are not in order');
  if (!isAscending(renews.map((one) => utf8(one.date))))
    throw new FormatError('a list whose renewals are not in order');
  const isRenewal = (one: StampRenewal) => isDay(one.date) && one.date < date && one.covered.length === 32;
  if (!renews.every(isRenewal)) throw new FormatError('a list with a renewal that is none');
}

export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let at = 0; at < shared; at++) {
    const difference = (a[at] as number) - (b[at] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
