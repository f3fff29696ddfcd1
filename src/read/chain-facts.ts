// How much does a chain hold, and what does its newest seal promise? Listings, and one seal.
import { makeOldestFilter } from '../format/oldest-version.ts';
import { dataPrefix, parseKey } from '../format/paths.ts';
import { parseTime, parseUntil } from '../format/time.ts';
import { chainEnd } from './chain-end.ts';
import type { ChainReader } from './chain-reader.ts';
import { NoChainError } from './errors.ts';

const RECENT_MS = 30 * 86_400_000;

/**
 * Bytes are of data objects as the store lists them, by the day in their names; their content is not read.
 * Throws what `chainEnd` throws, but for a chain that is not there.
 */
export async function chainFacts(reader: ChainReader, nowMs: number) {
  const { chain, partition } = reader;
  const { store, signal } = reader.options;
  let [storedBytes, recentBytes] = [0, 0];
  const counts = makeOldestFilter();
  for await (const version of store.listVersions(dataPrefix(chain, partition), { signal })) {
    const parsed = parseKey(version.key);
    if (!counts(version) || parsed?.kind !== 'data') continue;
    storedBytes += version.size;
    if (Date.parse(`${parsed.date}T23:59:59Z`) >= nowMs - RECENT_MS) recentBytes += version.size;
  }
  return { chain, partition, storedBytes, recentBytes, newest: await newestPromise(reader) };
}

async function newestPromise(reader: ChainReader) {
  try {
    const { sequence } = await chainEnd(reader);
    const { time, retention } = (await reader.seal(sequence)).manifest;
    const [sealedMs, untilMs] = [parseTime(time.sealed), parseUntil(retention.until)];
    return { sequence, sealedMs, untilMs, mode: retention.mode };
  } catch (error) {
    if (error instanceof NoChainError) return null;
    throw error;
  }
}
