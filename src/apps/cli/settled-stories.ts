// Which findings did people deal with, so that they are no news any more? As the verifier's page says it.
import { messageOf } from '../../base/error.ts';
import { nodeSha256 } from '../../base/node/hash.ts';
import type { VerifierConfig } from '../../config/verifier.ts';
import type { CosignerKey } from '../../format/cosignature.ts';
import type { VerifierKey } from '../../format/vkey.ts';
import { lookAtActs } from '../../read/acts.ts';
import type { ReadableStore, StoreReader } from '../../store/store.ts';
import { isDecision } from '../../verifier/decisions.ts';
import { LostRanges } from '../../verifier/findings/lost-ranges.ts';
import { type Said, Settling } from '../../verifier/findings/settling.ts';
import { type FindingStory, readStories, type Stories } from '../../verifier/findings/stories.ts';
import type { NoteKeys } from '../../verifier/signed-notes.ts';
import { openArchiveStore } from './open-archive.ts';

export type SettledStory = FindingStory & Said;

export type SettledStories = Pick<Stories, 'foreign'> & {
  readonly stories: readonly SettledStory[];
  /** Why it is not known which open losses were accepted. Null: it is, or none is open. */
  readonly decisionsUnknown: string | null;
};

/** A string: why nothing is known of its decisions. */
export type DecidedArchive =
  | { readonly store: StoreReader; readonly trusted: readonly VerifierKey[] }
  | string;

export type SettledOptions = {
  /** Of the verifier. */
  readonly store: ReadableStore;
  readonly keys: NoteKeys;
  /** Whose word counts beside that of the charter's officers. */
  readonly named: readonly CosignerKey[];
  readonly archive: DecidedArchive;
  readonly signal: AbortSignal;
};

/** Rejects if the verifier's bucket can't be read. Of an archive that can't be, nothing is accepted. */
export async function readSettledStories(options: SettledOptions): Promise<SettledStories> {
  const { store, keys, named, archive, signal } = options;
  const settling = new Settling({
    archive: typeof archive === 'string' ? archive : await decisionsOf(archive, signal),
    ...{ named, sha256: nodeSha256 },
  });
  const people = { ...keys, cosigners: settling.people.keys };
  const { stories, foreign } = await readStories({ store, keys, people, signal });
  const settled: SettledStory[] = [];
  for (const story of stories)
    settled.push({ ...story, ...(await settling.of({ ...story, isOpen: story.closed === null }, signal)) });
  const isAsked = settled.some(({ finding, closed }) => closed === null && isDecision(finding));
  return { stories: settled, foreign, decisionsUnknown: isAsked ? settling.decisionsUnknown : null };
}

const decisionsOf = async ({ store, trusted }: Exclude<DecidedArchive, string>, signal: AbortSignal) => ({
  look: await lookAtActs(store, trusted, signal),
  ranges: new LostRanges({ archive: store, trusted }),
});

/** The archive that the configuration names. One that can't be opened settles nothing. */
export async function withDecidedArchive<T>(
  config: VerifierConfig | null,
  use: (archive: DecidedArchive) => Promise<T>,
): Promise<T> {
  if (config === null) return use('the archive was not named (--config)');
  const opened = await openArchiveStore(config.archive.store).catch(messageOf);
  if (typeof opened === 'string') return use(`the archive could not be opened: ${opened}`);
  try {
    return await use({ store: opened, trusted: config.archive.trusted });
  } finally {
    await opened.close();
  }
}
