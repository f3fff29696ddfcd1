// What does a drill do to the archive, and what does it never do?
import { utf8 } from '../../../base/bytes.ts';
import type { Clock } from '../../../base/clock.ts';
import { LedgerstoneError } from '../../../base/error.ts';
import { sealKey, sealPrefix } from '../../../format/paths.ts';
import type { CanaryStore } from '../../../store/canary.ts';
import type { Store } from '../../../store/store.ts';
import type { ChainInArchive } from '../../../verify/survey.ts';
import { canaryChain, FACTS, forgedSeal, type Kind, newObjectKey } from './canary.ts';

export type TamperTools = {
  readonly archive: Pick<Store, 'kind' | 'listVersions' | 'putIfAbsent'>;
  readonly canary: CanaryStore;
  /** The archive's. */
  readonly origin: string;
  readonly clock: Clock;
  /** Local time minus the store's time: locks end by the store's clock. */
  readonly offsetMs: number;
  /** True if an earlier finding of that chain is still open. Then a new one would not be reported. */
  readonly isOpen: (place: ChainInArchive) => Promise<boolean>;
  /** Keys that may have an object by now, whatever became of the call. */
  readonly touched: Set<string>;
  readonly signal?: AbortSignal;
};

export type Tampering = {
  readonly kind: Kind;
  readonly lockMs: number;
  /** True if the object may stay when this role can't delete it. */
  readonly mayStay: boolean;
};

export type DrillAct = {
  readonly call: 'PutObject' | 'DeleteObject';
  readonly key: string;
  /** Version that was made. Null if the act was refused. */
  readonly versionId: string | null;
  /**
   * The store's message if it refused the act. Then nothing was changed, and the verifier must find the try.
   */
  readonly refused: string | null;
  /** Chain of the forged seal. Null: the object is no seal. */
  readonly place: ChainInArchive | null;
  readonly lockedUntilMs: number | null;
  /** Before the call was sent, by this machine's clock. */
  readonly atMs: number;
  readonly startedMonotonicMs: number;
};

/** If all these partitions of the canary's chain are in use, nobody has cleaned up for long. */
const PARTITIONS_MAX = 100;
const OBJECT = utf8('Written by `ledgerstone drill`, to see how soon it is found. It may be deleted.\n');

/**
 * Writes nothing that it can't delete again, unless `mayStay`: it first tries to delete a version that does
 * not exist. If that is refused, the refusal is the drill, since every try to delete is an attempt. Rejects
 * if the outcome is unknown, or if no partition is free.
 */
export async function tamper(tools: TamperTools, tampering: Tampering): Promise<DrillAct> {
  const { archive, canary, clock, signal } = tools;
  const { kind, mayStay } = tampering;
  const objectKey = newObjectKey(clock.now());
  const act = (call: DrillAct['call'], key: string, doing: () => Promise<string | null>, more: More = {}) =>
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

type More = Partial<Pick<DrillAct, 'place' | 'lockedUntilMs'>>;

async function tried(
  { archive, clock, touched }: TamperTools,
  call: DrillAct['call'],
  key: string,
  doing: () => Promise<string | null>,
  { place = null, lockedUntilMs = null }: More,
): Promise<DrillAct> {
  const act = { call, key, place, lockedUntilMs };
  touched.add(key);
  const [atMs, startedMonotonicMs] = [clock.now(), clock.monotonic()];
  const done = (versionId: string | null, refused: string | null): DrillAct => ({
    ...{ ...act, versionId, refused, atMs, startedMonotonicMs },
  });
  try {
    return done(await doing(), null);
  } catch (error) {
    // Nothing reports what a file system refuses.
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

/** The first partition of the canary's chain that has no objects. */
async function freePartition(tools: TamperTools): Promise<ChainInArchive> {
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

async function isTaken({ archive, isOpen, signal }: TamperTools, place: ChainInArchive): Promise<boolean> {
  const options = { limit: 1, ...(signal && { signal }) };
  try {
    for await (const _ of archive.listVersions(sealPrefix(place.chain, place.partition), options))
      return true;
  } catch (error) {
    // The role has no right to list. The write is create-only anyway.
    if (!(error instanceof LedgerstoneError) || error.code !== 'not-permitted') throw error;
  }
  // Files have no version ids, so an older finding can't be distinguished from ours.
  return archive.kind === 'directory' && (await isOpen(place));
}
