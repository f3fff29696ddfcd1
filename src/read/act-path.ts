// How are the acts of one partition after the other read, each object once? (FORMAT.md 13.7)
import { toHex } from '../base/bytes.ts';
import { LedgerstoneError, messageOf } from '../base/error.ts';
import { nodeSha256 } from '../base/node/hash.ts';
import type { ActDetail } from '../format/act-detail.ts';
import { GOVERNANCE_CHAIN, governanceOrigin, parseChainOrigin } from '../format/chain.ts';
import { parseTime } from '../format/manifest.ts';
import { decodeLine } from '../format/record.ts';
import { spkiFingerprint, type VerifierKey } from '../format/vkey.ts';
import type { StoreReader } from '../store/store.ts';
import { ActHistory } from '../verify/acts/history.ts';
import { VerifyError } from '../verify/finding.ts';
import { ChainReader, type LocatedSeal } from './chain-reader.ts';
import { linesOf, wholeRun } from './segment-lines.ts';

type Before = Pick<ActPath, 'head' | 'ended'> & {
  readonly keys: readonly VerifierKey[];
  readonly lost: string | null;
};

/**
 * The partitions that were read. What ends the reading of one is in `ended`. Throws an abort, and what the
 * store throws where a further partition is looked for.
 */
export class ActPath {
  history: ActHistory | null = null;
  head: LocatedSeal | null = null;
  /** What ended the reading. Null: the end of the chain. */
  ended: unknown = null;
  /** In the order in which they go on from each other. */
  readonly partitions: number[] = [];
  readonly isVerified: boolean;
  readonly #store: StoreReader;
  readonly #signal: AbortSignal;
  /** After a seal exactly its own keys are trusted (FORMAT.md 6.14). */
  readonly #keys: VerifierKey[];
  #before: Before | null = null;

  constructor(store: StoreReader, trusted: readonly VerifierKey[], signal: AbortSignal) {
    this.#store = store;
    this.#signal = signal;
    this.#keys = [...trusted];
    this.isVerified = trusted.length > 0;
  }

  /** Reads partition 0. */
  async begin(): Promise<void> {
    const reader = this.#readerOf(0);
    this.partitions.push(0);
    try {
      const newest = await reader.headSequence();
      await reader.dataSizes();
      await this.#read(reader, newest);
    } catch (error) {
      this.ended = error;
    }
  }

  /**
   * Reads a partition that goes on right behind what was read. False: it does not, and all is as before.
   * Whether two persons say so is for the caller to see: `goBack` if not.
   */
  async goOn(partition: number): Promise<boolean> {
    const { head, history } = this;
    if (head === null || history === null) return false;
    const reader = this.#readerOf(partition);
    const place = await this.#placeOf(reader, head);
    if (place === null) return false;
    this.#before = { head, ended: this.ended, keys: [...this.#keys], lost: history.lost };
    history.goOn(
      governanceOrigin(parseChainOrigin(head.manifest.origin).archiveOrigin, partition),
      place.from,
    );
    history.lost ??= place.lost;
    this.partitions.push(partition);
    this.ended = null;
    try {
      await this.#read(reader, place.newest);
    } catch (error) {
      this.ended = error;
    }
    return true;
  }

  /** Forgets the partition that was read last: two persons have not said that decisions go on there. */
  goBack(): void {
    const before = this.#before;
    if (before === null || this.history === null) return;
    this.history.goBack();
    this.history.lost = before.lost;
    this.partitions.pop();
    this.head = before.head;
    this.ended = before.ended;
    this.#keys.splice(0, this.#keys.length, ...before.keys);
    this.#before = null;
  }

  async #placeOf(reader: ChainReader, head: LocatedSeal) {
    try {
      const newest = await reader.headSequence();
      await reader.dataSizes();
      const from = await placeAfter(reader, head);
      if (from === null) return null;
      const earlier = this.#readerOf(this.partitions.at(-1) as number);
      return { newest, from, lost: await lostBehind(earlier, head, this.ended) };
    } catch (error) {
      this.#signal.throwIfAborted();
      // What lies there is no continuation: what was read before stands.
      if (isItsOwnFault(error)) return null;
      throw error;
    }
  }

  async #read(reader: ChainReader, newest: number): Promise<void> {
    for (let sequence = 0; sequence <= newest; sequence++) {
      const seal: LocatedSeal = await reader.seal(sequence);
      if (this.isVerified) this.#keys.splice(0, this.#keys.length, ...seal.signedKeys);
      this.history ??= historyOf(seal);
      await addSegment(reader, seal, this.history);
      this.head = seal;
    }
  }

  #readerOf(partition: number): ChainReader {
    return new ChainReader({
      ...{ store: this.#store, chain: GOVERNANCE_CHAIN, partition },
      ...{ trusted: this.#keys, signal: this.#signal },
    });
  }
}

/** Too large, say, or by no trusted key. A store that does not answer says nothing of what lies there. */
const isItsOwnFault = (error: unknown): boolean =>
  error instanceof VerifyError || (error instanceof LedgerstoneError && error.disposition === 'input');

/** By its seal 0. Null: it does not go on right behind that seal, which was the last one that was read. */
async function placeAfter(reader: ChainReader, head: LocatedSeal): Promise<ActDetail['continue'] | null> {
  const { continues } = (await reader.seal(0)).manifest;
  const { origin, records } = head.manifest;
  const [size, root] = [head.sequence + 1, toHex(head.root)];
  const isBehind =
    continues?.origin === origin &&
    continues.size === size &&
    continues.root === root &&
    continues.nextOffset === records.nextOffset;
  return isBehind ? { origin, size, root } : null;
}

/** Null: nothing that a trusted key sealed lies behind what was read. */
async function lostBehind(before: ChainReader, head: LocatedSeal, ended: unknown): Promise<string | null> {
  if (ended === null) return null;
  const next = head.sequence + 1;
  try {
    await before.seal(next);
  } catch (error) {
    if (isItsOwnFault(error)) return null;
    throw error;
  }
  return `acts from segment ${next} of ${head.manifest.origin} on can't be read: ${messageOf(ended)}`;
}

function historyOf({ manifest: { origin } }: LocatedSeal): ActHistory {
  const { archiveOrigin } = parseChainOrigin(origin);
  const expected = governanceOrigin(archiveOrigin);
  if (origin !== expected) throw new VerifyError({ code: 'malformed', expected, found: origin });
  return new ActHistory({ origin, sha256: nodeSha256 });
}

async function addSegment(reader: ChainReader, seal: LocatedSeal, history: ActHistory): Promise<void> {
  const { data, records, time } = seal.manifest;
  if (data === null) return;
  const stored = await reader.data(seal);
  const sha256 = toHex(nodeSha256(stored));
  if (stored.length !== data.bytes || sha256 !== data.sha256)
    throw new VerifyError({ code: 'data-altered', expected: data.sha256, found: `${sha256} at ${data.key}` });
  let offset = records.firstOffset;
  const { partition } = reader;
  const sealedMs = parseTime(time.sealed);
  const sealedBy = seal.signedKeys.map(({ key }) => spkiFingerprint(key, nodeSha256));
  for (const line of linesOf(stored, data, wholeRun(data))) {
    await history.add(decodeLine(line), { offset, sequence: seal.sequence, sealedMs, sealedBy, partition });
    offset++;
  }
  if (offset !== records.nextOffset)
    throw new VerifyError({
      code: 'offset-gap',
      expected: `lines up to ${records.nextOffset}`,
      found: `${offset}`,
    });
}
