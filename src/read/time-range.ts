// Which segments can hold records with a timestamp in a range of time?
import type { ChainReader } from './chain-reader.ts';

/** How far a producer's clock may be ahead of the archiver's, and how late its records may come. */
const MARGIN_MS = 86_400_000;

/**
 * Sequences in order, of records from `since` until before `until` (milliseconds). Sealing times never go
 * back, so the first segment is found by bisection. Timestamps of records can go back, so every seal within
 * the margin is read, and its `time.first` and `time.last` decide. Throws VerifyError.
 */
export async function* sequencesOfTime(
  reader: ChainReader,
  since: number,
  until: number,
): AsyncGenerator<number> {
  const { sequence: head, beyond } = await reader.lastGood();
  const sealedMs = async (sequence: number) => Date.parse((await reader.seal(sequence)).manifest.time.sealed);
  let low = 0;
  let high = head;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if ((await sealedMs(middle)) < since - MARGIN_MS) low = middle + 1;
    else high = middle;
  }
  for (let sequence = low; sequence <= head; sequence++) {
    const { time } = (await reader.seal(sequence)).manifest;
    if (Date.parse(time.sealed) > until + MARGIN_MS) return;
    if (time.first === null || time.last === null) continue;
    if (Date.parse(time.last) >= since && Date.parse(time.first) < until) yield sequence;
  }
  if (beyond !== null) throw beyond;
}
