// Which keys sign the heads of an archive's chains, and is a change of keys done? (FORMAT.md 13.5.4, 13.5.6)
import { Semaphore } from '../base/concurrency.ts';
import { counted } from '../base/counted.ts';
import { LedgerstoneError, messageOf } from '../base/error.ts';
import { isReservedName } from '../format/chain.ts';
import type { PublicKey, VerifierKey } from '../format/vkey.ts';
import { chainEnd, knownEnd, lookForHandovers } from '../read/chain-end.ts';
import { ChainReader } from '../read/chain-reader.ts';
import { listChains } from '../read/list-chains.ts';
import type { StoreReader } from '../store/store.ts';
import type { ActOf } from '../verify/acts/recorded-act.ts';
import { sameKey } from '../verify/trust.ts';
import { type CarryTools, recordDone } from './carry-out.ts';
import type { Decider } from './record-act.ts';

/** A chain of events and who signs its head. */
export type HeadKeys = {
  readonly chain: string;
  readonly partition: number;
  /** Null: its end can't be read, and `problem` says why. */
  readonly keys: readonly VerifierKey[] | null;
  readonly problem: string | null;
  /** Origin of the chain that goes on where this one ended. Null: none is known. */
  readonly continuedBy: string | null;
};

const AT_ONCE = 16;

export const headName = ({ chain, partition }: Pick<HeadKeys, 'chain' | 'partition'>): string =>
  `${chain}/${partition}`;

/** Of every chain that holds events. `trusted`: vouch for the heads. */
export async function headKeys(
  store: StoreReader,
  trusted: readonly VerifierKey[],
  signal: AbortSignal,
): Promise<HeadKeys[]> {
  const handovers = await lookForHandovers({ store, trusted, signal });
  const turns = new Semaphore(AT_ONCE);
  const reading: Promise<HeadKeys>[] = [];
  for await (const { chain, partition } of listChains(store, signal)) {
    if (isReservedName(chain)) continue;
    const giveBack = await turns.take(1, signal);
    const reader = new ChainReader({ store, chain, partition, trusted, signal });
    const read = async (): Promise<HeadKeys> => {
      try {
        const head = await reader.seal((await chainEnd(reader)).sequence);
        const continuedBy = knownEnd(handovers, reader, head).ended?.continuedBy ?? null;
        return { chain, partition, keys: head.signedKeys, problem: null, continuedBy };
      } catch (error) {
        signal.throwIfAborted();
        return { chain, partition, keys: null, problem: messageOf(error), continuedBy: null };
      }
    };
    const one = read().finally(giveBack);
    // Where listing breaks off first, nobody waits for it any more.
    one.catch(() => {});
    reading.push(one);
  }
  return Promise.all(reading);
}

/** Chains that may go on, and whose next seal it could sign; those that can't be read are among them. */
export const signedBy = (heads: readonly HeadKeys[], key: PublicKey): HeadKeys[] =>
  heads.filter(
    ({ keys, continuedBy }) =>
      continuedBy === null && (keys === null || keys.some((one) => sameKey(one.key, key))),
  );

/** Chains that may go on, and that the key does not sign alone yet. */
export const waitingFor = (heads: readonly HeadKeys[], key: PublicKey): HeadKeys[] =>
  heads.filter((head) => head.continuedBy === null && !isChanged(head, key));

const isChanged = ({ keys }: HeadKeys, key: PublicKey): boolean =>
  keys?.length === 1 && keys.every((one) => sameKey(one.key, key));

/** Throws `usage` for one that the archive does not have: it would end nothing. */
export function requireChains(heads: readonly HeadKeys[], ended: readonly string[]): void {
  const names = new Set(heads.map(headName));
  const unknown = ended.find((name) => !names.has(name));
  if (unknown === undefined) return;
  throw new LedgerstoneError('usage', `the archive has no chain ${JSON.stringify(unknown)}`, {
    disposition: 'input',
    remedy: 'Give CHAIN/PARTITION as `ledgerstone keys list` shows it.',
  });
}

export type KeyChange = {
  readonly heads: readonly HeadKeys[];
  readonly waiting: readonly HeadKeys[];
  /** False: some chain waits for its next segment. The same command goes on. */
  readonly isDone: boolean;
};

/**
 * Looks at each head, and says that the change is done if none waits. `ended`: names of chains that nobody
 * archives any more: they stay as they are.
 */
export async function settleChange(
  tools: CarryTools,
  decider: Decider,
  { act }: ActOf<'key.rotate'>,
  key: VerifierKey,
  ended: readonly string[],
): Promise<KeyChange> {
  const heads = await headKeys(tools.store, [...tools.logKeys, key], tools.signal);
  requireChains(heads, ended);
  const all = waitingFor(heads, key.key);
  const waiting = all.filter((one) => !ended.includes(headName(one)));
  if (waiting.length > 0) return { heads, waiting, isDone: false };
  const left = all.map(headName);
  const ends = `; ${counted(left.length, 'chain')} ended with an earlier key: ${left.join(', ')}`;
  const reason = `Looked at the newest seal of each chain${left.length === 0 ? '' : ends}`;
  const changed = heads.filter((head) => isChanged(head, key.key)).length;
  await recordDone(tools, decider, act.id, cut(reason), { objects: heads.length, changed });
  return { heads, waiting, isDone: true };
}

/** A reason has at most 2048 bytes, and names of chains are ASCII. */
const cut = (reason: string): string => (reason.length <= 2048 ? reason : `${reason.slice(0, 2044)} ...`);
