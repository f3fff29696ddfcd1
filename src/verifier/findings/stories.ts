// What became of each finding: opened, notified, answered by people, closed?
import { TaskGroup } from '../../base/concurrency.ts';
import { FormatError } from '../../base/error.ts';
import { oldestVersions } from '../../format/oldest-version.ts';
import type { StoreReader } from '../../store/store.ts';
import type { Finding } from '../../verify/finding.ts';
import { readNote } from '../own-bucket.ts';
import { type FindingKey, findingsRoot, parseFindingKey } from '../own-keys.ts';
import type { NoteKeys } from '../signed-notes.ts';
import { flooded } from './checked-notes.ts';
import { FINDING_BYTES_MAX, type FindingFile, parseFinding } from './record.ts';
import {
  type FindingResponse,
  parseResponse,
  parseResponseKey,
  RESPONSE_BYTES_MAX,
  type ResponseKey,
} from './response.ts';

type Taken = { readonly channel: string; readonly storedMs: number };

/** One opening of one finding. Times named `storedMs` are the store's. */
export type FindingStory = {
  readonly scope: string;
  readonly id: string;
  readonly opening: number;
  readonly finding: Finding;
  readonly check: string;
  readonly firstSeenMs: number;
  readonly openedStoredMs: number;
  readonly notified: readonly Taken[];
  /** When it was last noted that it is still there. */
  readonly seenStoredMs: number;
  readonly closed: (NonNullable<FindingFile['closed']> & { readonly storedMs: number }) | null;
  readonly cleared: readonly Taken[];
  /** By people whose keys were named, in the order of their times. */
  readonly responses: readonly (FindingResponse & { readonly storedMs: number })[];
  /** Notes at keys of responses that nobody named has signed. */
  readonly otherResponses: number;
};

export type Stories = {
  readonly stories: readonly FindingStory[];
  /** Objects at keys of findings that are no notes of the verifier. */
  readonly foreign: number;
};

export type StoriesOptions = {
  readonly store: Pick<StoreReader, 'listVersions' | 'read'>;
  readonly keys: NoteKeys;
  /** The same with the keys of people. */
  readonly people: NoteKeys;
  readonly signal?: AbortSignal;
};

const NOTES_MAX = 200_000;
const READS_AT_ONCE = 16;

type Listed = { readonly key: string; readonly versionId: string; readonly lastModifiedMs: number };
type Note = Listed & { readonly parsed: FindingKey; readonly file: FindingFile };
type Reply = Listed & { readonly parsed: ResponseKey; readonly response: FindingResponse | null };

/** Every note is read and its signature checked. Rejects if the bucket can't be read, or has far too many. */
export async function readStories({ store, keys, people, signal }: StoriesOptions): Promise<Stories> {
  const notes: Note[] = [];
  const replies: Reply[] = [];
  let [foreign, listed] = [0, 0];
  const group = new TaskGroup(READS_AT_ONCE);
  const read = async <T>(of: NoteKeys, version: Listed, max: number, parse: (bytes: Uint8Array) => T) => {
    try {
      return parse(await readNote(store, of, version, max, signal));
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      return null;
    }
  };
  try {
    for await (const version of oldestVersions(store.listVersions(findingsRoot, signal && { signal }))) {
      const [asFinding, asResponse] = [parseFindingKey(version.key), parseResponseKey(version.key)];
      if (asFinding === null && asResponse === null) continue;
      if (++listed > NOTES_MAX) throw flooded(findingsRoot);
      await group.start(async () => {
        if (asFinding !== null) {
          const file = await read(keys, version, FINDING_BYTES_MAX, parseFinding);
          if (file === null) foreign++;
          else notes.push({ ...version, parsed: asFinding, file });
        } else if (asResponse !== null) {
          const parse = (bytes: Uint8Array) => parseResponse(bytes, asResponse);
          const response = await read(people, version, RESPONSE_BYTES_MAX, parse);
          replies.push({ ...version, parsed: asResponse, response });
        }
      });
    }
  } finally {
    await group.finish();
  }
  return { stories: storiesOf(notes, replies), foreign };
}

const nameOf = ({
  scope,
  code,
  id,
  opening,
}: Pick<FindingKey, 'scope' | 'code' | 'id' | 'opening'>): string => `${scope} ${code} ${id} ${opening}`;

function storiesOf(notes: readonly Note[], replies: readonly Reply[]): FindingStory[] {
  const byName = Map.groupBy(notes, ({ parsed }) => nameOf(parsed));
  const repliesByName = Map.groupBy(replies, ({ parsed }) => nameOf(parsed));
  const stories = [...byName].flatMap(([name, all]) => {
    const story = storyOf(all.toSorted(byTime), (repliesByName.get(name) ?? []).toSorted(byTime));
    return story === null ? [] : [story];
  });
  return stories.sort((a, b) => a.openedStoredMs - b.openedStoredMs || (a.id < b.id ? -1 : 1));
}

const byTime = (a: Listed, b: Listed): number => a.lastModifiedMs - b.lastModifiedMs;

/** Null: what is there has no opening. */
function storyOf(notes: readonly Note[], replies: readonly Reply[]): FindingStory | null {
  const of = (state: FindingKey['state']) => notes.filter(({ parsed }) => parsed.state === state);
  const [open] = of('open');
  if (open === undefined) return null;
  const [closing] = of('closed');
  const taken = (state: FindingKey['state']): Taken[] =>
    of(state).map(({ parsed, lastModifiedMs }) => ({ channel: parsed.mark, storedMs: lastModifiedMs }));
  const seen = [open, ...of('seen'), ...of('told')].map(({ lastModifiedMs }) => lastModifiedMs);
  const { scope, id, opening } = open.parsed;
  const { finding, check, firstSeenMs } = open.file;
  const closed = closing?.file.closed ?? null;
  return {
    ...{ scope, id, opening, finding, check, firstSeenMs, openedStoredMs: open.lastModifiedMs },
    ...{ notified: taken('told'), cleared: taken('cleared'), seenStoredMs: Math.max(...seen) },
    closed: closed && { ...closed, storedMs: closing?.lastModifiedMs ?? closed.atMs },
    responses: replies.flatMap(({ response, lastModifiedMs }) =>
      response === null ? [] : [{ ...response, storedMs: lastModifiedMs }],
    ),
    otherResponses: replies.filter(({ response }) => response === null).length,
  };
}
