// Which findings are open, and what did people say of them? The newest are read whole, the others counted.
import { TaskGroup } from '../../base/concurrency.ts';
import { FormatError } from '../../base/error.ts';
import { oldestVersions } from '../../format/oldest-version.ts';
import type { StoreReader } from '../../store/store.ts';
import { isDecision } from '../decisions.ts';
import { readNote } from '../own-bucket.ts';
import { findingsRoot, parseFindingKey } from '../own-keys.ts';
import type { NoteKeys } from '../signed-notes.ts';
import { type CheckedNotes, flooded } from './checked-notes.ts';
import { checkedHistory, type ListedFinding, type Opening } from './history.ts';
import { FINDING_BYTES_MAX, type FindingFile, isCountedScope, parseFinding } from './record.ts';
import {
  type FindingResponse,
  parseResponse,
  parseResponseKey,
  RESPONSE_BYTES_MAX,
  type ResponseKey,
} from './response.ts';

export type OpenFinding = {
  readonly id: string;
  /** As it was written when it was opened. */
  readonly file: FindingFile;
  /** By the store's clock, as the two below. */
  readonly openedMs: number;
  /** When it was last noted that it is still there. */
  readonly seenMs: number;
  /** Channels that took the message. */
  readonly notified: readonly string[];
  /** By people whose keys were named, in the order of their times. */
  readonly responses: readonly (FindingResponse & { readonly storedMs: number })[];
  /** Notes at keys of responses that nobody named has signed. */
  readonly otherResponses: number;
};

export type OpenFindings = {
  /** The newest first. Of losses and continuations each one, of the others the newest. */
  readonly findings: readonly OpenFinding[];
  /** Open, and not listed. */
  readonly omitted: number;
};

export type OpenFindingsOptions = {
  readonly store: Pick<StoreReader, 'listVersions' | 'read'>;
  readonly keys: NoteKeys;
  /** Tells the verifier's notes from those of others, and remembers what it has read. */
  readonly checked: Pick<CheckedNotes, 'check'>;
  /** The same keys, with those of people. */
  readonly people: NoteKeys;
  readonly nowMs: number;
  readonly signal?: AbortSignal;
};

const LISTED_MAX = 200;
const DECISIONS_MAX = 1_000;
const NOTES_MAX = 200_000;
const READS_AT_ONCE = 8;

type Listed = { readonly key: string; readonly versionId: string; readonly lastModifiedMs: number };
type Reply = Listed & { readonly parsed: ResponseKey };
type Known = Opening & { readonly id: string; readonly scope: string };

/** Attempts that CloudTrail saw count for seven days. Rejects if the bucket can't be read. */
export async function readOpenFindings(options: OpenFindingsOptions): Promise<OpenFindings> {
  const { store, checked, nowMs, signal } = options;
  const byScope = new Map<string, ListedFinding[]>();
  const replies = new Map<string, Reply[]>();
  let listed = 0;
  for await (const version of oldestVersions(store.listVersions(findingsRoot, signal && { signal }))) {
    const [finding, response] = [parseFindingKey(version.key), parseResponseKey(version.key)];
    const scope = (finding ?? response)?.scope;
    if (scope === undefined || !isCountedScope(scope, nowMs)) continue;
    if (++listed > NOTES_MAX) throw flooded(findingsRoot);
    const { key, versionId, lastModifiedMs } = version;
    const at = { key, versionId, lastModifiedMs };
    if (finding !== null) push(byScope, scope, { ...at, parsed: finding });
    else if (response !== null) push(replies, nameOf(response), { ...at, parsed: response });
  }
  const open: Known[] = [];
  for (const [scope, notes] of byScope) {
    const { latest } = await checkedHistory(checked, notes, signal);
    for (const [id, known] of latest) if (known.isOpen) open.push({ ...known, id, scope });
  }
  open.sort((a, b) => b.openedMs - a.openedMs || (a.id < b.id ? -1 : 1));
  const chosen = [
    ...open.filter(isDecision).slice(0, DECISIONS_MAX),
    ...open.filter((one) => !isDecision(one)).slice(0, LISTED_MAX),
  ].sort((a, b) => b.openedMs - a.openedMs);
  const findings = await readAll(chosen, (known) =>
    readOne(options, known, replies.get(nameOf(known)) ?? []),
  );
  return { findings, omitted: open.length - findings.length };
}

function push<T>(lists: Map<string, T[]>, name: string, one: T): void {
  const list = lists.get(name);
  if (list === undefined) lists.set(name, [one]);
  else list.push(one);
}

const nameOf = ({ scope, id, opening }: Pick<ResponseKey, 'scope' | 'id' | 'opening'>): string =>
  `${scope} ${id} ${opening}`;

async function readAll(
  chosen: readonly Known[],
  read: (known: Known) => Promise<OpenFinding | null>,
): Promise<OpenFinding[]> {
  const found: (OpenFinding | null)[] = [];
  const group = new TaskGroup(READS_AT_ONCE);
  try {
    for (const [index, known] of chosen.entries())
      await group.start(async () => {
        found[index] = await read(known);
      });
  } finally {
    await group.finish();
  }
  return found.filter((one) => one !== null);
}

/** Null: what lay at its key when it was checked lies there no more. */
async function readOne(
  { store, keys, people, signal }: OpenFindingsOptions,
  { id, openVersion, openedMs, seenMs, notified }: Known,
  replies: readonly Reply[],
): Promise<OpenFinding | null> {
  const bytes = await noteOrNull(readNote(store, keys, openVersion, FINDING_BYTES_MAX, signal));
  if (bytes === null) return null;
  const responses: (FindingResponse & { readonly storedMs: number })[] = [];
  for (const { key, versionId, lastModifiedMs, parsed } of replies) {
    const content = await noteOrNull(
      readNote(store, people, { key, versionId }, RESPONSE_BYTES_MAX, signal).then((note) =>
        parseResponse(note, parsed),
      ),
    );
    if (content !== null) responses.push({ ...content, storedMs: lastModifiedMs });
  }
  return {
    ...{ id, file: parseFinding(bytes), openedMs, seenMs, notified: [...notified].sort() },
    responses: responses.sort((a, b) => a.storedMs - b.storedMs),
    otherResponses: replies.length - responses.length,
  };
}

async function noteOrNull<T>(reading: Promise<T>): Promise<T | null> {
  try {
    return await reading;
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return null;
  }
}
