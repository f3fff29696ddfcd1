// Which lines does a stored segment have? Read back from its data object, block by block.
import { LIMITS } from '../../base/limits.ts';
import { nodeDecompress } from '../../base/node/decompress.ts';
import type { Manifest } from '../../format/manifest.ts';
import { oldestVersion } from '../../format/oldest-version.ts';
import type { StoreReader } from '../../store/store.ts';

/** Reads one block: its lines, each with its LF. */
export type StoredBlock = () => Promise<Uint8Array>;

/**
 * The blocks in order. Null: no line was sealed, or the lock ended and the object was deleted, as the policy
 * allows. What somebody put there since then is not what was sealed.
 */
export async function storedBlocks(
  store: StoreReader,
  { data }: Manifest,
  signal: AbortSignal,
): Promise<StoredBlock[] | null> {
  if (data === null) return null;
  const version = await oldestVersion(store, data.key, signal);
  if (version === null || version.size !== data.bytes) return null;
  let at = 0;
  return data.blocks.map(({ bytes, content }) => {
    const range = { start: at, end: at + bytes };
    at += bytes;
    return async () => {
      const options = { maxBytes: LIMITS.blockContentMax, range, signal };
      const stored = await store.read(data.key, version.versionId, options);
      return nodeDecompress(stored, data.encoding, content);
    };
  });
}

/** The lines of a block, without their LF. */
export function* linesInBlock(content: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < content.length; ) {
    const end = content.indexOf(10, start);
    if (end < 0) return;
    yield content.subarray(start, end);
    start = end + 1;
  }
}
