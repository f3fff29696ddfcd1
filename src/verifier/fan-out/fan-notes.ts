// Where do the steps of a fanned-out pass leave what they found for each other, and whose word is it?
import { z } from 'zod';
import { toHex, utf8, utf8Text } from '../../base/bytes.ts';
import { FormatError, LedgerstoneError } from '../../base/error.ts';
import { nodeSha256 } from '../../base/node/hash.ts';
import { oldestVersion } from '../../format/oldest-version.ts';
import type { ObjectVersion } from '../../store/store.ts';
import type { RangeReport } from '../../verify/range-check.ts';
import { isRange } from '../../verify/range-shape.ts';
import {
  listNotes,
  type OwnBucket,
  parseNote,
  putLocked,
  putNote,
  readNote,
  readObject,
} from '../own-bucket.ts';
import { type FanItem, type FanRun, fanItems } from './fan-event.ts';

/**
 * Of the working store, which holds nothing that has to be kept: notes are signed with the verifier's key, so
 * whoever else can write there can stop a pass, and can't change what it says.
 */
export type FanStore = Omit<OwnBucket, 'onForeign'>;

/** The signed plan: how many ranges there are, and the file that lists them. */
export type FanPlan = { readonly items: number; readonly key: string };

/** What one worker found. Null: nothing of that chain was there any more. */
export type FanResult = {
  readonly item: FanItem;
  /** When it began, and ended. RFC 3339. */
  readonly from: string;
  readonly to: string;
  readonly range: RangeReport | null;
};

const PLAN = 'ledgerstone/fan-plan/1';
const RANGE = 'ledgerstone/fan-range/1';
const PLAN_BYTES_MAX = 16 * 1024;
/** 100,000 items have 12 MB. */
const ITEMS_BYTES_MAX = 64 * 1024 * 1024;
/** A range takes about 2 KB, and more where something was found. */
const RESULT_BYTES_MAX = 16 * 1024 * 1024;

const folderOf = ({ name }: FanRun): string => `runs/${name}/`;
const planKey = (run: FanRun): string => `${folderOf(run)}plan.note`;
const itemsKey = (run: FanRun, sha256: string): string => `${folderOf(run)}items-${sha256}.json`;
const rangesRoot = (run: FanRun): string => `${folderOf(run)}ranges/`;
const rangeKey = (run: FanRun, index: number): string =>
  `${rangesRoot(run)}${String(index).padStart(6, '0')}.note`;

function parseRangeKey(run: FanRun, key: string): number | null {
  const [, digits] = /^(\d{6})\.note$/.exec(key.slice(rangesRoot(run).length)) ?? [];
  return digits === undefined || !key.startsWith(rangesRoot(run)) ? null : Number(digits);
}

const planSchema = z.object({
  format: z.literal(PLAN),
  startedAt: z.string(),
  items: z.int().min(0),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

const resultSchema = z.object({
  format: z.literal(RANGE),
  startedAt: z.string(),
  item: z.unknown(),
  from: z.iso.datetime(),
  to: z.iso.datetime(),
  range: z.unknown(),
});

/**
 * The items first, under the name of their content: a second planner that dies or is late harms nothing. Then
 * the plan, which only one can put: that one holds.
 */
export async function keepPlan(
  store: FanStore,
  run: FanRun,
  items: readonly FanItem[],
  signal?: AbortSignal,
): Promise<FanPlan> {
  const bytes = utf8(`${JSON.stringify(items)}\n`);
  const sha256 = toHex(nodeSha256(bytes));
  await putLocked(store, itemsKey(run, sha256), bytes, signal);
  const content = { format: PLAN, startedAt: run.startedAt, items: items.length, sha256 };
  await putNote(store, planKey(run), utf8(`${JSON.stringify(content)}\n`), signal);
  const kept = await readPlan(store, run, signal);
  if (kept === null) throw blocked(planKey(run), 'no note of this verifier');
  return kept;
}

/** Null: there is none yet. Throws `fan-out-blocked` where something else lies in its place. */
export async function readPlan(
  { store, signing }: FanStore,
  run: FanRun,
  signal?: AbortSignal,
): Promise<FanPlan | null> {
  const there = await oldestVersion(store, planKey(run), signal);
  if (there === null) return null;
  const { items, sha256, startedAt } = await ours(there.key, async () =>
    parseNote(planSchema, await readNote(store, signing, there, PLAN_BYTES_MAX, signal), 'a plan'),
  );
  requireOf(run, startedAt, there.key);
  return { items, key: itemsKey(run, sha256) };
}

/** As the signed plan says. Throws `fan-out-blocked` where the file is gone or is another one. */
export async function readItems(
  { store }: FanStore,
  { key, items }: FanPlan,
  signal?: AbortSignal,
): Promise<FanItem[]> {
  const there = await oldestVersion(store, key, signal);
  if (there === null) throw blocked(key, 'nothing');
  return ours(key, async () => {
    const bytes = await readObject(store, there, ITEMS_BYTES_MAX, signal);
    if (!key.endsWith(`items-${toHex(nodeSha256(bytes))}.json`))
      throw new FormatError('another content than the plan names');
    const listed = fanItems.parse(JSON.parse(utf8Text(bytes)));
    if (listed.length !== items || listed.some(({ index }, at) => index !== at))
      throw new FormatError('other items than the plan counts');
    return listed;
  });
}

/** False: a result of this range is there already, from a worker that was faster, or from an earlier try. */
export async function keepResult(
  store: FanStore,
  run: FanRun,
  { item, ...found }: FanResult,
  signal?: AbortSignal,
): Promise<boolean> {
  const content = { format: RANGE, startedAt: run.startedAt, item, ...found };
  const key = rangeKey(run, item.index);
  const { kind } = await putNote(store, key, utf8(`${JSON.stringify(content)}\n`), signal);
  if ((await resultOf(store, run, item, signal)) === null) throw blocked(key, 'nothing, after it was put');
  return kind === 'stored';
}

/** Null: there is none yet. Throws `fan-out-blocked` where something else lies in its place. */
export async function resultOf(
  store: FanStore,
  run: FanRun,
  item: FanItem,
  signal?: AbortSignal,
): Promise<FanResult | null> {
  const there = await oldestVersion(store.store, rangeKey(run, item.index), signal);
  return there === null ? null : readResult(store, run, item, there, signal);
}

/** Which of them lie there, by index. Nothing of them is read yet. */
export async function listResults(
  { store }: FanStore,
  run: FanRun,
  signal?: AbortSignal,
): Promise<Map<number, Pick<ObjectVersion, 'key' | 'versionId'>>> {
  const found = new Map<number, Pick<ObjectVersion, 'key' | 'versionId'>>();
  const options = signal === undefined ? {} : { signal };
  for await (const note of listNotes(store, rangesRoot(run), (key) => parseRangeKey(run, key), options))
    found.set(note.parsed, note);
  return found;
}

export async function readResult(
  { store, signing }: FanStore,
  run: FanRun,
  item: FanItem,
  there: Pick<ObjectVersion, 'key' | 'versionId'>,
  signal?: AbortSignal,
): Promise<FanResult> {
  const read = await ours(there.key, async () =>
    parseNote(resultSchema, await readNote(store, signing, there, RESULT_BYTES_MAX, signal), 'a result'),
  );
  requireOf(run, read.startedAt, there.key);
  const { from, to, range } = read;
  // A worker was given other words than the plan has.
  if (JSON.stringify(read.item) !== JSON.stringify(item))
    throw blocked(there.key, 'a result of another range');
  if (range !== null && !(isRange(range) && range.from === item.from && range.before === item.before))
    throw blocked(there.key, 'a result that lacks what each one has');
  return { item, from, to, range };
}

/** What can't be ours is said as such. What the store throws passes. */
async function ours<T>(key: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof FormatError || error instanceof SyntaxError || error instanceof z.ZodError)
      throw blocked(key, error.message);
    throw error;
  }
}

function requireOf(run: FanRun, startedAt: string, key: string): void {
  if (startedAt !== run.startedAt)
    throw blocked(key, `that of another run with this name, begun at ${startedAt}`);
}

const blocked = (key: string, found: string) =>
  new LedgerstoneError('fan-out-blocked', `${key} in the working store is not what this pass put: ${found}`, {
    disposition: 'input',
    remedy: 'Find out who else can write to the working store. Start the pass anew, under another name.',
  });
