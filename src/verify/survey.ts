// Which chains are in this archive, and which other objects?

import { isChainName, isPartition } from '../format/chain.ts';
import { type ParsedKey, parseKey } from '../format/paths.ts';
import type { ArchiveReader, ArchiveVersion } from './archive-reader.ts';
import type { FindingList } from './finding-list.ts';
import { addForeign, listObjects } from './object-versions.ts';

export type ChainInArchive = { readonly chain: string; readonly partition: number };

export type ArchiveObject = {
  readonly key: string;
  readonly version: ArchiveVersion;
  readonly parsed: Extract<ParsedKey, { kind: 'key' | 'format' }>;
};

export type Survey = {
  /** By name, then partition. */
  readonly chains: readonly ChainInArchive[];
  /** Keys and specifications. */
  readonly objects: readonly ArchiveObject[];
};

const CHAIN_FOLDER = /^(?:data|seals)\/topic=([^/]+)\/partition=(0|[1-9][0-9]*)\//;

/** Greater than every key of the grammar below a chain's folder. */
const BEHIND_FOLDER = '~';

/** Keys and specifications that are read. More than these would be a flood. */
const OBJECTS_MAX = 1000;

/**
 * Lists every key outside of the chains' folders, and the folders. Each chain's check lists its own folder.
 */
export async function surveyArchive(
  reader: ArchiveReader,
  findings: FindingList,
  signal: AbortSignal | undefined,
): Promise<Survey> {
  const chains = new Map<string, ChainInArchive>();
  const objects: ArchiveObject[] = [];
  const onUnlisted = (key: string, error: Error) => {
    const folder = chainFolder(key);
    // The chain's own check lists that folder, and says so of the chain.
    if (folder !== null) chains.set(`${folder.place.chain}/${folder.place.partition}`, folder.place);
    else
      findings.add(
        { code: 'unreadable', expected: 'a folder that can be listed', found: error.message },
        { key },
      );
  };
  const versions = outsideChains(reader, chains, onUnlisted, signal);
  for await (const { key, oldest } of listObjects(versions, findings)) {
    const parsed = parseKey(key);
    if (parsed?.kind === 'key' || parsed?.kind === 'format') {
      if (oldest === null) continue;
      if (objects.length < OBJECTS_MAX) {
        objects.push({ key, version: oldest, parsed });
        continue;
      }
    }
    addForeign(findings, { key, oldest }, 'objects of the archive only');
  }
  const byName = (a: ChainInArchive, b: ChainInArchive): number =>
    a.chain === b.chain ? a.partition - b.partition : a.chain < b.chain ? -1 : 1;
  return { chains: [...chains.values()].sort(byName), objects };
}

/**
 * Goes from folder to folder: at the first key of a chain's folder it notes the chain and jumps behind the
 * folder.
 */
async function* outsideChains(
  reader: ArchiveReader,
  chains: Map<string, ChainInArchive>,
  onUnlisted: (key: string, error: Error) => void,
  signal: AbortSignal | undefined,
): AsyncGenerator<ArchiveVersion> {
  let startAfter: string | null = '';
  while (startAfter !== null) {
    const options = { onUnlisted, ...(startAfter !== '' && { startAfter }), ...(signal && { signal }) };
    startAfter = null;
    for await (const version of reader.listVersions('', options)) {
      const folder = chainFolder(version.key);
      if (folder === null) {
        yield version;
        continue;
      }
      chains.set(`${folder.place.chain}/${folder.place.partition}`, folder.place);
      // Foreign keys behind the jump's end are passed one by one, so every jump goes forward.
      if (version.key.charCodeAt(folder.prefix.length) >= BEHIND_FOLDER.charCodeAt(0)) continue;
      startAfter = folder.prefix + BEHIND_FOLDER;
      break;
    }
  }
}

/** The chain's folder in which a key lies, whether it belongs there or not. Null: in none. */
export function chainFolder(key: string): { readonly prefix: string; readonly place: ChainInArchive } | null {
  const match = CHAIN_FOLDER.exec(key);
  if (match === null) return null;
  const [prefix, chain, digits] = match as unknown as [string, string, string];
  const partition = Number(digits);
  return isChainName(chain) && isPartition(partition) ? { prefix, place: { chain, partition } } : null;
}
