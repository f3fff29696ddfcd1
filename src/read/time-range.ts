// Which segments can hold records with a timestamp in a range of time? Every seal is asked.
import { readAhead } from '../base/concurrency.ts';
import type { Manifest } from '../format/manifest.ts';
import { chainEnd } from './chain-end.ts';
import type { ChainReader } from './chain-reader.ts';

/** Seals that are read ahead of their turn. */
const SEALS_AHEAD = 16;

/** What a search by time has looked at. */
export type TimeSearch = {
  /** Seals read: the whole chain, once the search is through. */
  seals: number;
  /** Of the newest of them, RFC 3339. Null before the first. */
  lastSealed: string | null;
  /** Segments with records of which none has a time, such as the lines of a file. */
  untimed: number;
};

/**
 * Sequences in order, of segments with records from `since` until before `until` (milliseconds). Records come
 * late, are filled in years later, or are stamped by wrong clocks, so when they were sealed says nothing:
 * `time.first` and `time.last` of every seal decide. Counts in `search` what it looks at, and shows
 * `onUntimed` the segments with records of which none has a time. Throws VerifyError where a seal is missing
 * or bad.
 */
export async function* sequencesOfTime(
  reader: ChainReader,
  since: number,
  until: number,
  search: TimeSearch,
  onUntimed: (records: Manifest['records']) => void = () => {},
): AsyncGenerator<number> {
  await reader.listSeals();
  const { sequence: head, beyond } = await chainEnd(reader);
  const seals = readAhead(upTo(head), SEALS_AHEAD, (sequence) => reader.seal(sequence));
  for await (const { sequence, manifest } of seals) {
    const { time, records } = manifest;
    search.seals++;
    search.lastSealed = time.sealed;
    if (time.first === null || time.last === null) {
      if (records.count === 0) continue;
      search.untimed++;
      onUntimed(records);
    } else if (Date.parse(time.last) >= since && Date.parse(time.first) < until) yield sequence;
  }
  if (beyond !== null) throw beyond;
}

async function* upTo(head: number): AsyncGenerator<number> {
  for (let sequence = 0; sequence <= head; sequence++) yield sequence;
}
