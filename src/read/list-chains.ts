// Which chains does an archive have? (FORMAT.md 9.2.1)
import { dataPrefix, parseKey } from '../format/paths.ts';
import type { StoreReader } from '../store/store.ts';

type Place = { readonly chain: string; readonly partition: number };

/** Called with each folder that can't be listed, which is passed by. */
export type OnUnlisted = (folder: string, error: Error) => void;

/**
 * Every chain that has an object below its folder of seals, and every other one that has a data object: a
 * chain of which somebody removed all seals must not be one that never was. A chain whose own folder can't
 * be listed is among them. Without `onUnlisted` a folder above that can't be listed throws.
 */
export async function* listChains(
  store: StoreReader,
  signal: AbortSignal,
  onUnlisted?: OnUnlisted,
): AsyncGenerator<Place> {
  const sealed = new Set<string>();
  for await (const folder of chainFolders(store, 'seals/', signal, onUnlisted)) {
    const parsed = parseKey(`${folder}000000000000.tlog-proof`);
    if (parsed?.kind !== 'seal') continue;
    sealed.add(folder.slice('seals/'.length));
    yield { chain: parsed.chain, partition: parsed.partition };
  }
  for await (const folder of chainFolders(store, 'data/', signal, onUnlisted)) {
    const below = folder.slice('data/'.length);
    const parsed = parseKey(`seals/${below}000000000000.tlog-proof`);
    if (parsed?.kind !== 'seal' || sealed.has(below)) continue;
    const place = { chain: parsed.chain, partition: parsed.partition };
    // One that can't be listed is a chain to its reader, who then finds out why.
    if (await hasData(store, place, signal).catch(() => !signal.aborted)) yield place;
  }
}

/** `root` with the folders of topics in it, and the folders of partitions in those. */
export async function* chainFolders(
  store: StoreReader,
  root: string,
  signal: AbortSignal,
  onUnlisted?: OnUnlisted,
): AsyncGenerator<string> {
  for await (const topic of prefixesOf(store, root, signal, onUnlisted))
    yield* prefixesOf(store, topic, signal, onUnlisted);
}

async function* prefixesOf(
  store: StoreReader,
  folder: string,
  signal: AbortSignal,
  onUnlisted?: OnUnlisted,
): AsyncGenerator<string> {
  try {
    yield* store.listPrefixes(folder, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (onUnlisted === undefined || !(error instanceof Error)) throw error;
    onUnlisted(folder, error);
  }
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
