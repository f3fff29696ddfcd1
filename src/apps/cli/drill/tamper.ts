// What does a drill do to the archive, and what does it never do?
import { utf8 } from '../../../base/bytes.ts';
import type { Clock } from '../../../base/clock.ts';
import { LedgerstoneError } from '../../../base/error.ts';
import { sealKey, sealPrefix } from '../../../format/paths.ts';
import type { CanaryStore } from '../../../store/canary.ts';
import type { Store } from '../../../store/store.ts';
import type { ChainPlace } from '../../../verify/survey.ts';
import { canaryChain, FACTS, forgedSeal, type Kind, newObjectKey } from './canary.ts';

export type TamperTools = {
  readonly archive: Pick<Store, 'kind' | 'listVersions' | 'putIfAbsent'>;
  readonly canary: CanaryStore;
  /** The archive's. */
  readonly origin: string;
  readonly clock: Clock;
  /** Local time less the store's: locks end by the store's clock. */
  readonly offsetMs: number;
  /** True: what was found there before is still open, so that a finding of ours would be no news. */
  readonly isOpen: (place: ChainPlace) => Promise<boolean>;
  /** Keys at which something may lie by now, whatever became of the call. */
  readonly touched: Set<string>;
  readonly signal?: AbortSignal;
};

export type Tampering = {
  readonly kind: Kind;
  readonly lockMs: number;
  /** True: it may stay where this role can't take it away again. */
  readonly mayStay: boolean;
};

export type Act = {
  readonly call: 'PutObject' | 'DeleteObject';
  readonly key: string;
  /** What was made; null where it was refused. */
  readonly versionId: string | null;
  /** The store's words, where it did not let us: nothing was changed then, and the try itself is what is to be found. */
  readonly refused: string | null;
  /** Null: it is no seal. */
  readonly place: ChainPlace | null;
  readonly lockedUntilMs: number | null;
  /** Before the call was sent, by this machine's clock. */
  readonly atMs: number;
  readonly startedMonotonicMs: number;
};

/** A chain that drills have filled up to here was not cleaned for long. */
const PARTITIONS_MAX = 100;
const OBJECT = utf8('Laid here by `ledgerstone drill`, to see how soon it is found. It may be deleted.\n');

/**
 * Lays down nothing that it can't take away again, unless `mayStay`: it first asks to delete a version that is not there.
 * Where that is refused, the refusal is the drill, for every try to delete is an attempt by itself. Rejects where it
 * is not known what became of it, or where there is no place for it.
 */
export async function tamper(tools: TamperTools, tampering: Tampering): Promise<Act> {
  const { archive, canary, clock, signal } = tools;
  const { kind, mayStay } = tampering;
  const objectKey = newObjectKey(clock.now());
  const act = (call: Act['call'], key: string, doing: () => Promise<string | null>, more: More = {}) =>
    tried(tools, call, key, doing, more);
  if (kind === 'delete-marker') return act('DeleteObject', objectKey, () => canary.hide(objectKey, signal));
  if (!mayStay && archive.kind === 's3') {
    const probe = () => canary.remove(objectKey, 'null', signal).then(() => null);
    const asked = await act('DeleteObject', objectKey, probe);
    if (asked.refused !== null) return asked;
  }
  const nowMs = clock.now() - tools.offsetMs;
  const untilMs = Math.ceil((nowMs + tampering.lockMs) / 1000) * 1000;
  const lock = { mode: 'COMPLIANCE', untilMs } as const;
  const place = FACTS[kind].isSeal ? await freePartition(tools) : null;
  const key = place === null ? objectKey : sealKey(place.chain, place.partition, 0);
  const bytes = place === null ? OBJECT : forgedSeal(tools.origin, place, { nowMs, untilMs });
  const more = { place, lockedUntilMs: archive.kind === 's3' ? untilMs : null };
  const first = await act('PutObject', key, () => create(tools, key, bytes, lock), more);
  if (kind !== 'second-version' || first.refused !== null) return first;
  return act('PutObject', key, () => canary.overwrite(key, bytes, lock, signal), more);
}

type More = Partial<Pick<Act, 'place' | 'lockedUntilMs'>>;

async function tried(
  { archive, clock, touched }: TamperTools,
  call: Act['call'],
  key: string,
  doing: () => Promise<string | null>,
  { place = null, lockedUntilMs = null }: More,
): Promise<Act> {
  const act = { call, key, place, lockedUntilMs };
  touched.add(key);
  const [atMs, startedMonotonicMs] = [clock.now(), clock.monotonic()];
  const done = (versionId: string | null, refused: string | null): Act => ({
    ...{ ...act, versionId, refused, atMs, startedMonotonicMs },
  });
  try {
    return done(await doing(), null);
  } catch (error) {
    // Of what a file system refuses nobody hears.
    const isRefusal = error instanceof LedgerstoneError && error.code === 'not-permitted';
    if (!isRefusal || archive.kind !== 's3') throw error;
    return done(null, error.message);
  }
}

async function create(
  { archive, touched, signal }: TamperTools,
  key: string,
  bytes: Uint8Array,
  lock: { readonly mode: 'COMPLIANCE'; readonly untilMs: number },
): Promise<string> {
  const put = await archive.putIfAbsent(key, bytes, lock, signal === undefined ? {} : { signal });
  if (put.kind === 'stored') return put.versionId;
  touched.delete(key);
  throw new LedgerstoneError('canary-there', `${key} is there already, by another drill at this moment`, {
    remedy: 'Run the drill again when that one is over.',
  });
}

/** The first partition of the canary's chain at which nothing lies. */
async function freePartition(tools: TamperTools): Promise<ChainPlace> {
  for (let partition = 0; partition < PARTITIONS_MAX; partition++) {
    const place = canaryChain(partition);
    if (!(await isTaken(tools, place))) return place;
  }
  throw new LedgerstoneError(
    'canaries-left',
    `${PARTITIONS_MAX} drills have left their seals in the archive`,
    {
      remedy: 'Delete what lies under seals/topic=ledgerstone.drill/ once its locks have ended.',
    },
  );
}

async function isTaken({ archive, isOpen, signal }: TamperTools, place: ChainPlace): Promise<boolean> {
  const options = { limit: 1, ...(signal && { signal }) };
  try {
    for await (const _ of archive.listVersions(sealPrefix(place.chain, place.partition), options))
      return true;
  } catch (error) {
    // A role that may not list: the write itself is create-only.
    if (!(error instanceof LedgerstoneError) || error.code !== 'not-permitted') throw error;
  }
  // A file has no version ids by which an older finding could be told from ours.
  return archive.kind === 'directory' && (await isOpen(place));
}
