// Which of the archives that a verifier was shown is an origin's? (FORMAT.md 9.5.7)
import type { VerifierKey } from '../format/vkey.ts';
import type { ActsRead } from './acts/held-to.ts';
import type { ArchiveReader } from './archive-reader.ts';
import { coversOrigin } from './trust.ts';

/** An archive beside the one that is verified: chains of one may continue chains of the other. */
export type ShownArchive = {
  /** For people: where it lies. */
  readonly name: string;
  readonly reader: ArchiveReader;
  /** Pinned for this one, and in no other. */
  readonly trusted: readonly VerifierKey[];
  /** What people decided about it, as `VerifyOptions` has it. */
  readonly acts?: ActsRead | null;
};

/** The one whose pinned keys say so. Null: none of them covers that origin, so it was not shown. */
export function archiveOf<T extends Pick<ShownArchive, 'trusted'>>(
  origin: string,
  archives: readonly T[],
): T | null {
  const longest = ({ trusted }: T) =>
    Math.max(0, ...trusted.flatMap((key) => (coversOrigin(key, origin) ? [key.name.length] : [])));
  let found: T | null = null;
  for (const archive of archives)
    if (longest(archive) > (found === null ? 0 : longest(found))) found = archive;
  return found;
}
