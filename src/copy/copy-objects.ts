// How do all objects of an archive get into another store, and what can be said of it afterwards?
import { createHash } from 'node:crypto';
import { readAhead, Semaphore } from '../base/concurrency.ts';
import { MIB } from '../base/limits.ts';
import { retry } from '../base/retry.ts';
import { oldestVersion } from '../format/oldest-version.ts';
import { parseKey } from '../format/paths.ts';
import { keyBytes } from '../store/key-bytes.ts';
import type { ObjectVersion } from '../store/store.ts';
import { type CopiedObject, type CopyTools, conflict, copyObject } from './copy-object.ts';
import { type Pair, pairsOf } from './pairs.ts';
import type { CopyScope } from './scope.ts';

/** Objects that are worked on at once, and bytes of them in memory. */
const AT_ONCE = 16;
const MEMORY_BYTES = 512 * MIB;
const BACKOFF = { firstMs: 200, capMs: 20_000, attempts: 8 };
/** Of each kind, so many are named. */
const NAMED_MAX = 5;

/** So many, and the first of them by name. */
export type NamedKeys = { count: number; readonly first: string[] };

export type CopyTally = {
  objects: number;
  bytes: number;
  /** Of `objects`: put there by this run. The others lay there, and were read and compared. */
  stored: number;
  /** Hex SHA-256 of all keys and digests: FORMAT.md 13.4.5. */
  list: string;
  /** Seals and data objects by `chain/partition`. */
  readonly chains: Map<string, { seals: number; data: number }>;
  readonly locks: {
    /** Of what this copy demands, in milliseconds. Null: nothing is to be locked. */
    earliestMs: number | null;
    latestMs: number | null;
    lengthened: number;
    /** Locked beyond the date that was given, since the source is. */
    readonly longer: NamedKeys;
    /** In the source their lock is over, or they never had one. */
    readonly unlocked: NamedKeys;
    readonly eventHolds: NamedKeys;
  };
  readonly holds: { readonly carried: NamedKeys; readonly onlyThere: NamedKeys };
  readonly left: {
    /** No part of the archive. */
    readonly foreign: NamedKeys;
    /** They came after the copy began. */
    readonly later: NamedKeys;
    /** In the copy, and not in the source any more. */
    readonly onlyThere: NamedKeys;
  };
};

const named = (): NamedKeys => ({ count: 0, first: [] });
const count = (one: NamedKeys, key: string): void => {
  one.count++;
  if (one.first.length < NAMED_MAX) one.first.push(key);
};

const newTally = (): CopyTally => ({
  ...{ objects: 0, bytes: 0, stored: 0, list: '', chains: new Map() },
  locks: {
    ...{ earliestMs: null, latestMs: null, lengthened: 0 },
    ...{ longer: named(), unlocked: named(), eventHolds: named() },
  },
  holds: { carried: named(), onlyThere: named() },
  left: { foreign: named(), later: named(), onlyThere: named() },
});

/**
 * Copies by the order of the keys: data before seals, so that no seal is there without its data. Broken off
 * or run twice at once, the same call goes on and ends with the same. Throws `copy-conflict` where the other
 * store has something else, before or after objects were stored; what is stored stays.
 */
export async function copyObjects(tools: CopyTools, scope: CopyScope): Promise<CopyTally> {
  const { clock, random, signal, onTrouble } = tools;
  const memory = new Semaphore(MEMORY_BYTES);
  const tally = newTally();
  const hash = createHash('sha256');
  const work = async (pair: Taken): Promise<CopiedObject> =>
    retry((attempt) => copyObject(tools, memory, attempt === 0 ? pair : { ...pair, there: null }), {
      clock,
      random,
      backoff: BACKOFF,
      signal,
      onRetry: (error) => onTrouble(error),
    });
  for (const prefix of scope.prefixes)
    for await (const copied of readAhead(takenOf(tools, scope, prefix, tally), AT_ONCE, work)) {
      hash.update(keyBytes(`${copied.key} ${copied.sha256}\n`));
      add(tally, copied);
      tools.onObject?.(copied);
    }
  signal.throwIfAborted();
  return { ...tally, list: hash.digest('hex') };
}

type Taken = Pair & { readonly source: ObjectVersion };

async function* takenOf(
  tools: CopyTools,
  scope: CopyScope,
  prefix: string,
  { left }: CopyTally,
): AsyncGenerator<Taken> {
  for await (const pair of pairsOf(tools.from, tools.to, prefix, tools.signal)) {
    const { key, source } = pair;
    const belonging = scope.of(key);
    if (belonging === 'elsewhere') continue;
    if (source === null) {
      if (belonging !== 'foreign') count((await isLater(tools, key)) ? left.later : left.onlyThere, key);
    } else if (belonging === 'take') yield { ...pair, source };
    else count(left[belonging], key);
  }
}

/**
 * A seal that the source got after it was listed, and another copy took. Throws `copy-conflict` for one that
 * the source does not have: another history goes on there.
 */
async function isLater({ from, to, signal }: CopyTools, key: string): Promise<boolean> {
  if (parseKey(key)?.kind !== 'seal') return false;
  if ((await oldestVersion(from, key, signal)) !== null) return true;
  throw conflict(to, `there is a seal ${key}, and ${from.description} has none`);
}

function add(tally: CopyTally, { key, bytes, isNew, lock, hold }: CopiedObject): void {
  tally.objects++;
  tally.bytes += bytes;
  if (isNew) tally.stored++;
  const parsed = parseKey(key);
  if (parsed?.kind === 'seal' || parsed?.kind === 'data') {
    const chain = `${parsed.chain}/${parsed.partition}`;
    const counts = tally.chains.get(chain) ?? { seals: 0, data: 0 };
    counts[parsed.kind === 'seal' ? 'seals' : 'data']++;
    tally.chains.set(chain, counts);
  }
  const { locks, holds } = tally;
  if (lock.untilMs > 0) {
    locks.earliestMs = Math.min(locks.earliestMs ?? lock.untilMs, lock.untilMs);
    locks.latestMs = Math.max(locks.latestMs ?? lock.untilMs, lock.untilMs);
  }
  if (lock.lengthened) locks.lengthened++;
  if (lock.isLonger) count(locks.longer, key);
  if (lock.isUnlocked) count(locks.unlocked, key);
  if (lock.hasEventHold) count(locks.eventHolds, key);
  if (hold.isHeld) count(holds.carried, key);
  if (hold.isOnlyThere) count(holds.onlyThere, key);
}
