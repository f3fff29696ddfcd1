// Is the log still the one that this chain was sealed from? A running chain asks again when that is suspect.
import { isRetriable, LedgerstoneError } from '../../base/error.ts';
import { backoffMs } from '../../base/retry.ts';
import type { Item } from '../../ingest/item.ts';
import { HaltError } from './halt.ts';
import { anchorOfItem, confirmAnchor, type LogAnchor, type RecordAnchor } from './log-anchor.ts';
import {
  checkedRange,
  type PartitionRoute,
  type Position,
  type PositionTools,
  sameSource,
} from './position.ts';

export type RevalidationOptions = {
  readonly route: PartitionRoute;
  readonly tools: PositionTools;
  readonly random: () => number;
  readonly intervalMs: number;
  /** Ends waits for the source. */
  readonly signal: AbortSignal;
  /** The source does not answer and is asked again (an error), or answered at last (null). */
  readonly troubled: (error: unknown | null) => void;
};

/** If the source can't be asked, what is held waits for it, since the records may be nowhere else by then. */
const ASK_BACKOFF = { firstMs: 250, capMs: 10_000, attempts: Number.POSITIVE_INFINITY };
/** An idle chain asks this long after the suspicion arose: elections are over by then. */
const IDLE_AFTER_MS = 2_000;
/** And at most this often: one missing broker makes all partitions suspect every second. */
const IDLE_EVERY_MS = 15_000;
/** Each costs a read before the next seal. */
const HELD_MAX = 8;

/**
 * What is read again is the anchor that was confirmed last, and not only the newest record: a topic that was
 * replaced since would have given us that one itself. Once confirmed, the newest record becomes the anchor.
 */
export class Revalidation {
  readonly #options: RevalidationOptions;
  readonly #identity: Position['identity'];
  /** Confirmed last. */
  #anchor: LogAnchor | null;
  /** The newest sealed record. */
  #newest: LogAnchor | null;
  /** What was sealed behind it without a record. */
  #tail: LogAnchor | null;
  /** The first record that was accepted, if none was sealed before. */
  #first: LogAnchor | null = null;
  /** The newest record that was accepted and is not sealed. */
  #newestHeld: (() => RecordAnchor) | null = null;
  #confirmedMs: number;
  /** Monotonic time since when the log is suspect; null: it is not. */
  #suspectSinceMs: number | null = null;
  /** Accepted and not sealed when the suspicion arose: the log may have lost them and grown anew. */
  #held: LogAnchor[] = [];
  #askedIdleMs = Number.NEGATIVE_INFINITY;
  #isUnanswered = false;
  #isStopped = false;

  constructor(options: RevalidationOptions, position: Position) {
    this.#options = options;
    this.#identity = position.identity;
    this.#anchor = position.anchor;
    this.#newest = position.anchor;
    this.#tail = position.tail;
    this.#confirmedMs = position.anchoredMs;
  }

  /** When the source was last known to be the same: `time.anchored` of manifests. */
  get confirmedMs(): number {
    return this.#confirmedMs;
  }
  /** The source was asked and does not answer. */
  get isUnanswered(): boolean {
    return this.#isUnanswered;
  }
  /** Before the next signing the log has to be asked. */
  get isDue(): boolean {
    const { tools, intervalMs } = this.#options;
    const ageMs = tools.clock.now() - this.#confirmedMs;
    return this.#suspectSinceMs !== null || ageMs < 0 || ageMs >= intervalMs;
  }

  accepted(items: readonly Item[]): void {
    const { sha256 } = this.#options.tools;
    const newest = items.findLast((item) => item.kind === 'record');
    if (newest !== undefined) this.#newestHeld = anchorOfItem(sha256, newest);
    if (this.#anchor !== null || this.#first !== null) return;
    const first = items.find((item) => item.kind === 'record');
    if (first !== undefined) this.#first = anchorOfItem(sha256, first)();
  }

  /**
   * A segment's newest record may be from a topic that took the first one's name while the segment filled;
   * the first record of the chain is not. `isAll`: everything accepted is sealed now.
   */
  sealed(lastRecord: LogAnchor | null, tail: LogAnchor | null, isAll: boolean): void {
    if (isAll) this.#newestHeld = null;
    if (lastRecord !== null || tail !== null) this.#tail = tail;
    if (lastRecord === null) return;
    this.#newest = lastRecord;
    this.#anchor ??= this.#first;
  }

  /**
   * The source may be another one: nothing more is signed until it is asked. A log that lost its end and grew
   * again holds other records where ours were, and reading would go on behind them; so the newest of what is
   * held is asked for too. `tail`: the last line that is held, if that is a gap. False: so much is suspect
   * that no batch should grow.
   */
  suspect(tail: LogAnchor | null): boolean {
    const { clock } = this.#options.tools;
    const newest = this.#newestHeld?.() ?? null;
    const held = [newest, tail].filter((one) => one !== null);
    for (const one of held) if (!this.#held.some(({ offset }) => offset === one.offset)) this.#held.push(one);
    this.#suspectSinceMs ??= clock.monotonic();
    return this.#held.length < HELD_MAX;
  }

  /**
   * True: it is time to ask although nothing waits to be signed, and the caller asks now. A topic that was
   * created again sends us nothing, and without a seal nobody would notice.
   */
  takeIdleTurn(): boolean {
    const nowMs = this.#options.tools.clock.monotonic();
    if (this.#suspectSinceMs === null) return false;
    if (nowMs < Math.max(this.#suspectSinceMs + IDLE_AFTER_MS, this.#askedIdleMs + IDLE_EVERY_MS))
      return false;
    this.#askedIdleMs = nowMs;
    return true;
  }

  /** Until the source answers, or shows that it is another one. `nextOffset`: of the sealed head. */
  async ask(nextOffset: number): Promise<void> {
    const { tools, random, signal, troubled } = this.#options;
    for (let attempt = 0; !this.#isStopped; attempt++) {
      try {
        await this.#askOnce(nextOffset);
        this.#isUnanswered = false;
        if (attempt > 0 && !this.#isStopped) troubled(null);
        return;
      } catch (error) {
        if (this.#isStopped || !isRetriable(error)) throw error;
        this.#isUnanswered = true;
        troubled(error);
        await tools.clock.sleep(backoffMs(ASK_BACKOFF, attempt, random), signal);
      }
    }
  }

  /** The partition gave up this position. */
  stop(): void {
    this.#isStopped = true;
  }

  async #askOnce(nextOffset: number): Promise<void> {
    const { clock } = this.#options.tools;
    const sinceMs = this.#suspectSinceMs ?? clock.monotonic();
    const held = this.#held;
    const newest = this.#newest;
    const sealed = [...new Set([this.#anchor, newest, this.#tail])].filter((one) => one !== null);
    this.#suspectSinceMs = null;
    this.#held = [];
    try {
      await this.#confirmAll(sealed, held, nextOffset);
    } catch (error) {
      this.#suspectSinceMs = sinceMs;
      this.#held.unshift(...held);
      throw error;
    }
    this.#anchor = this.#newest;
    this.#confirmedMs = clock.now();
  }

  async #confirmAll(
    sealed: readonly LogAnchor[],
    held: readonly LogAnchor[],
    nextOffset: number,
  ): Promise<void> {
    const { tools, route, signal } = this.#options;
    const { partition, name } = route;
    await sameSource(tools.source, partition, { origin: name.chainOrigin, source: this.#identity });
    // Kafka may have let go of what is held here, and of more: what is held is sealed all the same, and what
    // lies between shows when the log is read on.
    const reaches = (next: number) => checkedRange(tools, partition, next, signal, Number.MAX_SAFE_INTEGER);
    const range = await reaches(nextOffset);
    const confirm = (one: LogAnchor) => confirmAnchor(tools.source, tools.sha256, route, one, range, signal);
    const hasId = this.#identity.kind !== 'kafka' || this.#identity.topicId !== null;
    for (const one of sealed) {
      if ((await confirm(one)) !== 'compacted' || hasId) continue;
      throw new LedgerstoneError('anchor-compacted', `compaction removed the sealed record ${one.offset}`);
    }
    try {
      for (const one of held) {
        // Sealed since then: it is the newest sealed record, or was.
        if (one.offset < nextOffset) continue;
        const last = one.leaf === null ? one.last : one.offset;
        if (last >= range.high) await reaches(last + 1);
        await confirm(one);
      }
    } catch (error) {
      if (!(error instanceof HaltError)) throw error;
      // The chain is good, and what is not sealed yet is no part of it: the log as it is now decides.
      throw new LedgerstoneError(
        'log-rewritten',
        `what was read is not in the log any more: ${error.message}`,
      );
    }
  }
}
