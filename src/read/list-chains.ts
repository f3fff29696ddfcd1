// Which chains does an archive have? (FORMAT.md 9.2.1)
import { dataPrefix, parseKey } from '../format/paths.ts';
import type { StoreReader } from '../store/store.ts';

type Place = { readonly chain: string; readonly partition: number };

/**
 * Every chain that has an object below its folder of seals, and every other one that has a data object:
 * whoever removed all seals of a chain must not make it one that never was.
 */
export async function* listChains(store: StoreReader, signal: AbortSignal): AsyncGenerator<Place> {
  const sealed = new Set<string>();
  for await (const folder of chainFolders(store, 'seals/', signal)) {
    const parsed = parseKey(`${folder}000000000000.tlog-proof`);
    if (parsed?.kind !== 'seal') continue;
    sealed.add(folder.slice('seals/'.length));
    yield { chain: parsed.chain, partition: parsed.partition };
  }
  for await (const folder of chainFolders(store, 'data/', signal)) {
    const below = folder.slice('data/'.length);
    const parsed = parseKey(`seals/${below}000000000000.tlog-proof`);
    if (parsed?.kind !== 'seal' || sealed.has(below)) continue;
    const place = { chain: parsed.chain, partition: parsed.partition };
    if (await hasData(store, place, signal)) yield place;
  }
}

async function* chainFolders(store: StoreReader, root: string, signal: AbortSignal): AsyncGenerator<string> {
  for await (const topic of store.listPrefixes(root, signal)) yield* store.listPrefixes(topic, signal);
}

/** True if some key of a data object has a version that is no delete marker. */
export async function hasData(
  store: StoreReader,
  { chain, partition }: Place,
  signal: AbortSignal,
): Promise<boolean> {
  for await (const { key, marker } of store.listVersions(dataPrefix(chain, partition), { signal })) {
    if (!marker && parseKey(key)?.kind === 'data') return true;
  }
  return false;
}
