// Which stamps lie in the verifier's own bucket, and do they hold?
import { FormatError } from '../../base/error.ts';
import { oldestVersions } from '../../format/oldest-version.ts';
import { type StampList, type StampStatement, statementText, TOKEN_BYTES_MAX } from '../../format/stamp.ts';
import type { ReadableStore } from '../../store/store.ts';
import type { HeldCertificate } from '../../timestamp/certificates.ts';
import { type CheckedToken, checkToken } from '../../timestamp/token.ts';
import { stampStatement } from '../../verify/stamp-tree.ts';
import { type ForeignNote, readNote, readObject } from '../own-bucket.ts';
import type { NoteKeys } from '../signed-notes.ts';
import {
  parseStampListKey,
  parseStampTokenKey,
  type StampTokenKey,
  stampListKey,
  stampPrefix,
  stampsRoot,
} from './stamp-keys.ts';
import { LIST_BYTES_MAX, parseStampList } from './stamp-list.ts';

export type StampReading = {
  readonly store: Pick<ReadableStore, 'listVersions' | 'read'>;
  readonly signing: NoteKeys;
  /** Of the authorities that count. None: no token is anybody's word. */
  readonly roots: readonly HeldCertificate[];
};

/** A token over the list of its day. */
export type FoundToken = StampTokenKey & {
  readonly key: string;
  readonly bytes: Uint8Array;
  readonly checked: CheckedToken;
  /** The store's time, of writing. */
  readonly storedMs: number;
};

/** What lies there of one day. */
export type FoundStamp = {
  readonly date: string;
  /** Null: there is no list. */
  readonly list: StampList | null;
  readonly statement: StampStatement | null;
  /** In the order of their keys, so of their times. */
  readonly tokens: readonly FoundToken[];
  readonly foreign: readonly ForeignNote[];
  /** More lies at its keys than is read of one day. */
  readonly isCut: boolean;
};

/** What lies at a token's key, unread. */
export type ListedToken = StampTokenKey & { readonly versionId: string };

/** Days of which a token's key is there, by listing alone. */
export type ListedStamps = {
  /** Ascending. */
  readonly tokens: readonly ListedToken[];
  /** Days with a list, and perhaps no token. */
  readonly lists: ReadonlySet<string>;
};

/** More at one day's keys are not read: somebody laid them there. */
const OBJECTS_MAX = 50;
export const CUT_TEXT = `more than ${OBJECTS_MAX} objects lie at its keys`;

/** Rejects if the store can't be listed. Nothing is read, so nothing of it is shown. */
export async function listStamps(
  store: Pick<ReadableStore, 'listVersions'>,
  { after, signal }: { readonly after?: string; readonly signal?: AbortSignal | undefined } = {},
): Promise<ListedStamps> {
  const tokens: ListedToken[] = [];
  const lists = new Set<string>();
  const options = { ...(after !== undefined && { startAfter: stampListKey({ date: after, copy: 0 }) }) };
  for await (const { key, versionId } of oldestVersions(
    store.listVersions(stampsRoot, { ...options, ...(signal && { signal }) }),
  )) {
    const token = parseStampTokenKey(key);
    if (token !== null) tokens.push({ ...token, versionId });
    const list = parseStampListKey(key);
    if (list !== null) lists.add(list.date);
  }
  return { tokens, lists };
}

/** Reads and checks all of one day. Rejects if the store can't be read. */
export async function readStamp(
  { store, signing, roots }: StampReading,
  date: string,
  signal?: AbortSignal,
): Promise<FoundStamp> {
  const foreign: ForeignNote[] = [];
  const tokens: FoundToken[] = [];
  let [list, statement]: [StampList | null, StampStatement | null] = [null, null];
  const options = signal === undefined ? {} : { signal };
  let objects = 0;
  let isCut = false;
  // In key order the list and its copies come before the tokens.
  for await (const version of oldestVersions(store.listVersions(stampPrefix(date), options))) {
    const { key, versionId, lastModifiedMs } = version;
    const [asList, asToken] = [parseStampListKey(key), parseStampTokenKey(key)];
    if (asList?.date !== date && asToken?.date !== date) continue;
    if (++objects > OBJECTS_MAX) {
      isCut = true;
      break;
    }
    try {
      if (asToken !== null) {
        const bytes = await readObject(store, version, TOKEN_BYTES_MAX, signal);
        if (statement === null) throw new FormatError('a token beside no list');
        const checked = await checkToken(bytes, statementText(statement), roots, signing.sha256);
        if (Math.floor(checked.genTimeMs / 1000) !== asToken.genSeconds)
          throw new FormatError('a token of another time than its key');
        tokens.push({ ...asToken, key, bytes, checked, storedMs: lastModifiedMs });
      } else {
        const read = parseStampList(await readNote(store, signing, version, LIST_BYTES_MAX, signal), date);
        list ??= read;
        statement ??= stampStatement(list, signing.archiveOrigin, signing.sha256);
      }
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      foreign.push({ key, versionId, why: error.message });
    }
  }
  return { date, list, statement, tokens, foreign, isCut };
}

/** The first token whose authority counts, and that still shows something at that time. Null: none does. */
export const shownBy = ({ tokens }: Pick<FoundStamp, 'tokens'>, atMs: number): FoundToken | null =>
  tokens.find(({ checked }) => checked.kind === 'shown' && checked.endsMs >= atMs) ?? null;
