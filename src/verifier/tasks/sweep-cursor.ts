// Where did the last sweep have to stop? Noted only when it had to.
import { assert } from '../../base/assert.ts';
import { utf8, utf8Text } from '../../base/bytes.ts';
import type { Clock } from '../../base/clock.ts';
import { LedgerstoneError } from '../../base/error.ts';
import { isChainName, isPartition } from '../../format/chain.ts';
import type { Lock, Store } from '../../store/store.ts';
import type { ChainPlace } from '../../verify/survey.ts';

export type SweepCursor = {
  readonly part: 'outside' | 'seals' | 'data' | 'own';
  /** Of `seals` and `data`. */
  readonly place: ChainPlace | null;
  /** The last key that was swept; null: from the part's beginning on. */
  readonly after: string | null;
  /** Greatest sequence of a seal that was met; −1 before any. */
  readonly lastSequence: number;
};

export type SweepNote = {
  readonly startedMs: number;
  readonly part: number;
  /** Null: it came to its end. */
  readonly cursor: SweepCursor | null;
};

const sweepsRoot = 'passes/sweep/';
const BYTES_MAX = 16 * 1024;
/** A sweep that was not gone on with for so long begins anew. */
const AGE_MS_MAX = 7 * 86_400_000;
/** One that takes longer goes on under a younger name, for notes are looked for among those of the last days only. */
const RENAMED_MS = AGE_MS_MAX / 2;
const STRAYS_MAX = 50;
const PART_MAX = 999_999;

function sweepKey(startedMs: number, part: number): string {
  const seconds = Math.floor(startedMs / 1000);
  assert(
    seconds >= 0 && seconds < 1e12 && part >= 0 && part <= PART_MAX,
    `a sweep's note ${seconds}, ${part}`,
  );
  return `${sweepsRoot}${String(seconds).padStart(12, '0')}-${String(part).padStart(6, '0')}.json`;
}

/** null: foreign, which is every key that no note has. */
export function parseSweepKey(key: string): { readonly startedMs: number; readonly part: number } | null {
  const match = /^passes\/sweep\/(\d{12})-(\d{6})\.json$/.exec(key);
  return match === null ? null : { startedMs: Number(match[1]) * 1000, part: Number(match[2]) };
}

export type SweepLogOptions = {
  readonly store: Pick<Store, 'listVersions' | 'read' | 'putIfAbsent'>;
  readonly retention: { readonly mode: Lock['mode']; readonly periodMs: number };
  readonly clock: Clock;
};

export class SweepLog {
  readonly #options: SweepLogOptions;

  constructor(options: SweepLogOptions) {
    this.#options = options;
  }

  /**
   * The last note of the newest sweep of the last days, or null; `startedMs` is the name to go on under. Strange objects
   * are passed over.
   */
  async newest(signal?: AbortSignal): Promise<SweepNote | null> {
    const { store, clock } = this.#options;
    const nowMs = clock.now();
    const startAfter = sweepKey(Math.max(0, nowMs - AGE_MS_MAX), 0);
    const found: { key: string; versionId: string }[] = [];
    for await (const version of store.listVersions(sweepsRoot, { startAfter, ...(signal && { signal }) })) {
      const parsed = parseSweepKey(version.key);
      // One from the future would hold up all that come before its time.
      if (version.marker || parsed === null || parsed.startedMs > nowMs + 60_000) continue;
      // After the last number none could follow.
      if (parsed.part >= PART_MAX) continue;
      if (version.key !== found.at(-1)?.key) found.push(version);
    }
    for (const { key, versionId } of found.toReversed().slice(0, STRAYS_MAX)) {
      const parsed = parseSweepKey(key);
      const cursor = await this.#read(key, versionId, signal);
      if (parsed === null || cursor === undefined) continue;
      const isOld = nowMs - parsed.startedMs > RENAMED_MS;
      return { ...parsed, cursor, ...(isOld && cursor !== null && { startedMs: nowMs }) };
    }
    return null;
  }

  async add(
    startedMs: number,
    part: number,
    cursor: SweepCursor | null,
    signal?: AbortSignal,
  ): Promise<void> {
    const { store, retention, clock } = this.#options;
    const bytes = utf8(`${JSON.stringify({ format: FORMAT, cursor })}\n`);
    const untilMs = Math.ceil((clock.now() + retention.periodMs) / 1000) * 1000;
    const lock = { mode: retention.mode, untilMs };
    await store.putIfAbsent(sweepKey(startedMs, part), bytes, lock, signal === undefined ? {} : { signal });
  }

  /** Undefined: no note of ours. */
  async #read(key: string, versionId: string, signal?: AbortSignal): Promise<SweepCursor | null | undefined> {
    try {
      const options = { maxBytes: BYTES_MAX, ...(signal && { signal }) };
      const bytes = await this.#options.store.read(key, versionId, options);
      const read = JSON.parse(utf8Text(bytes)) as { format?: unknown; cursor?: unknown } | null;
      if (read?.format !== FORMAT) return undefined;
      return read.cursor === null ? null : cursorOf(read.cursor);
    } catch (error) {
      if (error instanceof SyntaxError) return undefined;
      if (error instanceof LedgerstoneError && error.disposition === 'input') return undefined;
      throw error;
    }
  }
}

const FORMAT = 'ledgerstone/sweep/1';
const PARTS = ['outside', 'seals', 'data', 'own'] as const;

function cursorOf(value: unknown): SweepCursor | undefined {
  const { part: name, place, after, lastSequence } = (value ?? {}) as Record<string, unknown>;
  const part = PARTS.find((one) => one === name);
  if (part === undefined) return undefined;
  if (after !== null && typeof after !== 'string') return undefined;
  if (!Number.isSafeInteger(lastSequence)) return undefined;
  const common: Pick<SweepCursor, 'part' | 'after' | 'lastSequence'> = {
    ...{ part, after },
    lastSequence: lastSequence as number,
  };
  const isOfChain = part === 'seals' || part === 'data';
  if (!isOfChain) return place === null ? { ...common, place: null } : undefined;
  const { chain, partition } = (place ?? {}) as Record<string, unknown>;
  if (typeof chain !== 'string' || !isChainName(chain)) return undefined;
  if (typeof partition !== 'number' || !isPartition(partition)) return undefined;
  return { ...common, place: { chain, partition } };
}
