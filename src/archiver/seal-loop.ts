// How do a partition's batches become segments, one after the other, while the next one fills?
import { isRetriable, LedgerstoneError } from '../base/error.ts';
import { backoffMs } from '../base/retry.ts';
import type { KafkaRecord } from '../format/record.ts';
import type { Item } from '../ingest/gate.ts';
import type { SegmentBody } from '../segment/body.ts';
import { type Head, makeSegment, type Segment, type SegmentContext } from '../segment/segment.ts';
import { type Batch, Batches, type BatchLimits } from './batch.ts';
import { type Halt, HaltError } from './chain/halt.ts';
import { AnchorKeeper, anchorOfRecord, confirmAnchor, type LogAnchor } from './chain/log-anchor.ts';
import {
  checkedRange,
  type PartitionRoute,
  type Position,
  type PositionTools,
  sameSource,
} from './chain/position.ts';
import { Doubt } from './doubt.ts';
import type { Encoder } from './encoder.ts';
import type { Sealer } from './sealer.ts';

export type SealLoopOptions = {
  readonly route: PartitionRoute;
  readonly tools: PositionTools & { readonly sealer: Sealer };
  readonly encoder: Encoder;
  readonly limits: BatchLimits & { readonly heartbeatMs: number; readonly anchorIntervalMs: number };
  readonly constant: Pick<SegmentContext, 'retention' | 'keys' | 'writer'>;
  /** Ends waits against the source. */
  readonly signal: AbortSignal;
  readonly random: () => number;
  /**
   * Null while it is certain that the partition is ours. Else a promise that resolves once that may be so, and rejects
   * when it is not ours any more. Asked before each signing.
   */
  readonly undecided: () => Promise<void> | null;
  readonly events: SealLoopEvents;
};

/** What a loop tells its partition; nothing after `discard`. */
type SealLoopEvents = {
  sealed(batch: Batch, segment: Segment, seconds: number): void;
  /** Another writer holds the sequence. */
  fenced(): void;
  halted(halt: Halt): void;
  /** Nothing was signed, and nothing is lost by reading again. */
  failed(error: unknown): void;
  /** A step is tried again (an error), or went through at last (null). */
  troubled(error: unknown | null): void;
  /** Nothing is being sealed and nothing waits. */
  idle(): void;
};

/** One batch is being sealed and one waits: then the log has to wait. */
const WAITING_MAX = 2;

/** The source can't be asked: what is held waits for it, since it may be nowhere else by then. */
const CONFIRM_BACKOFF = { firstMs: 250, capMs: 10_000, attempts: Number.POSITIVE_INFINITY };

/** From one position on. Discarded when the partition loses its place; a new place gets a new loop. */
export class SealLoop {
  readonly #options: SealLoopOptions;
  readonly #batches: Batches;
  readonly #anchor: AnchorKeeper;
  #head: Head;
  readonly #identity: Position['identity'];
  #sealing: Promise<void> | null = null;
  /** What goes on signs nothing: nobody has to wait for it. */
  #reassuring = false;
  #carried: Batch | null = null;
  #discarded = false;
  /** A batch can't be sealed: nothing more is tried from this position. */
  #failed = false;
  #lastSealedAtMs: number;
  readonly #doubt = new Doubt();
  #unanswered = false;
  /** The newest record that was accepted; null where nothing is held. */
  #newest: KafkaRecord | null = null;

  constructor(options: SealLoopOptions, position: Position) {
    this.#options = options;
    this.#head = position.head;
    this.#identity = position.identity;
    this.#anchor = new AnchorKeeper(position.anchor, position.tail, position.anchoredMs);
    this.#batches = new Batches(options.encoder, options.limits, position.head.nextOffset);
    this.#lastSealedAtMs = this.#nowMs();
  }

  get head(): Head {
    return this.#head;
  }
  /** Segments of the chain, with one of ours that may be in the store already. */
  get size(): number {
    return this.#head.size + (this.#carried === null ? 0 : 1);
  }
  /** The offset after everything accepted. */
  get next(): number {
    return this.#batches.next;
  }
  /** Without what the sealer carries, and counts. */
  get heldBytes(): number {
    const carried = this.#carried?.encoder.heldBytes() ?? 0;
    return this.#batches.heldBytes() - carried;
  }
  /** What is held waits for a source that does not answer. */
  get unanswered(): boolean {
    return this.#unanswered;
  }
  get full(): boolean {
    return this.#batches.waiting >= WAITING_MAX;
  }
  get busy(): boolean {
    return (this.#sealing !== null && !this.#reassuring) || this.#batches.waiting > 0;
  }
  /** Nothing fills either. */
  get empty(): boolean {
    return !this.busy && this.#batches.filling === null;
  }
  /** The seal under way, if there is one. Never rejects. */
  get sealing(): Promise<void> | null {
    return this.#sealing;
  }
  /** Monotonic time of the oldest line that is accepted and not sealed. */
  get oldestMs(): number | null {
    return (this.#batches.first() ?? this.#batches.filling)?.openedAtMs ?? null;
  }

  /** The number of records among the items. */
  accept(items: readonly Item[]): number {
    const records = this.#batches.add(items, this.#nowMs());
    const newest = items.findLast((item) => item.kind === 'record');
    if (newest !== undefined) this.#newest = newest.record;
    const first = this.#anchor.wantsFirst ? items.find((item) => item.kind === 'record') : undefined;
    if (first !== undefined) this.#anchor.accepted(anchorOfRecord(this.#options.tools.sha256, first.record));
    this.start();
    return records;
  }

  /**
   * The source may be another one: the anchor is confirmed before anything more is signed, and so is what is held. A log
   * that lost its end and grew again has other records where ours were, and would be read on behind them.
   */
  doubt(): void {
    const newest = this.#newest && anchorOfRecord(this.#options.tools.sha256, this.#newest);
    const held = [newest, this.#batches.tail].filter((one) => one !== null);
    if (!this.#anchor.doubt(held)) this.#batches.close();
    this.#doubt.raise(this.#nowMs());
  }

  /** Closes what is due by age; beats an idle heart where `beat`. */
  closeDue(beat: boolean): void {
    if (this.#sealing !== null) return;
    const nowMs = this.#nowMs();
    const { heartbeatMs } = this.#options.limits;
    if (this.#batches.isDue(nowMs)) this.#batches.close();
    const silent = heartbeatMs > 0 && nowMs - this.#lastSealedAtMs >= heartbeatMs;
    if (beat && silent) this.#batches.closeEmpty(nowMs);
    this.start();
    if (beat && this.#sealing === null) this.#reassure(nowMs);
  }

  /**
   * A doubt is settled although nothing waits to be signed: a topic that was created again sends us nothing, and for want of
   * a seal nobody would ever notice.
   */
  #reassure(nowMs: number): void {
    if (!this.#anchor.doubted) this.#doubt.settled();
    if (this.#discarded || this.#failed || !this.#doubt.takeLook(nowMs)) return;
    this.#reassuring = true;
    this.#occupy(this.#confirm().catch((error: unknown) => this.#sealFailed(error)));
  }

  /** One thing at a time is done for the chain. */
  #occupy(work: Promise<void>): void {
    this.#sealing = work.finally(() => {
      this.#sealing = null;
      this.#reassuring = false;
      this.start();
      if (!this.#discarded && !this.busy) this.#options.events.idle();
    });
  }

  /** Seals all that was accepted, as soon as may be. */
  close(): void {
    this.#batches.close();
    this.start();
  }

  /** Starts the next seal, unless one is under way. */
  start(): void {
    if (this.#sealing !== null || this.#discarded || this.#failed || this.#batches.waiting === 0) return;
    this.#occupy(this.#sealFirst());
  }

  /** Drops what is not sealed. What was signed is carried to its outcome all the same. */
  discard(): void {
    this.#discarded = true;
    this.#batches.discard();
  }

  async #sealFirst(): Promise<void> {
    const { events, tools } = this.#options;
    const batch = this.#batches.first();
    if (batch === null) return;
    const startedMs = this.#nowMs();
    try {
      const body = await batch.encoder.finish();
      for (let wait = this.#hindrance(); wait !== null; wait = this.#hindrance()) await wait;
      if (this.#discarded) return;
      const segment = this.#makeSegment(body);
      // From here on the segment is carried to a known outcome, even when the partition is taken from us.
      this.#carried = batch;
      const outcome = await tools.sealer.carry(segment, (error) => {
        if (!this.#discarded) events.troubled(error);
      });
      this.#carried = null;
      if (this.#discarded) return;
      if (outcome.kind === 'fenced') return events.fenced();
      this.#head = segment.after;
      this.#anchor.sealed(segment.lastRecord, batch.tail);
      this.#batches.sealed(batch);
      if (this.#batches.next === this.#head.nextOffset) this.#newest = null;
      this.#lastSealedAtMs = this.#nowMs();
      events.sealed(batch, segment, (this.#nowMs() - startedMs) / 1000);
    } catch (error) {
      this.#carried = null;
      this.#sealFailed(error);
    }
  }

  #sealFailed(error: unknown): void {
    const { events, signal } = this.#options;
    if (this.#discarded || signal.aborted) return;
    this.#failed = true;
    if (error instanceof HaltError) events.halted(error.halt);
    else events.failed(error);
  }

  /** What must end before anything is signed; null: nothing, as of now. Nobody may wait between this answer and the signing. */
  #hindrance(): Promise<void> | null {
    if (this.#discarded) return null;
    const { tools, limits, undecided, events } = this.#options;
    const wait = undecided();
    if (wait !== null) return wait;
    const wrong = tools.sealer.clockWrong((error) => {
      if (!this.#discarded) events.troubled(error);
    });
    if (wrong !== null) return wrong;
    return this.#anchor.isDue(tools.clock.now(), limits.anchorIntervalMs) ? this.#confirm() : null;
  }

  /** Until the source answers, or shows that it is another one. */
  async #confirm(): Promise<void> {
    const { tools, random, signal, events } = this.#options;
    const { clock } = tools;
    for (let attempt = 0; !this.#discarded; attempt++) {
      try {
        await this.#anchor.confirm(
          (sealed, held) => this.#confirmRecords(sealed, held),
          () => clock.now(),
        );
        this.#unanswered = false;
        if (attempt > 0 && !this.#discarded) events.troubled(null);
        return;
      } catch (error) {
        if (this.#discarded || !isRetriable(error)) throw error;
        this.#unanswered = true;
        events.troubled(error);
        await clock.sleep(backoffMs(CONFIRM_BACKOFF, attempt, random), signal);
      }
    }
  }

  async #confirmRecords(sealed: readonly LogAnchor[], held: readonly LogAnchor[]): Promise<void> {
    const { tools, route, signal } = this.#options;
    const { partition } = route;
    await sameSource(tools.source, partition, { origin: route.name.chainOrigin, source: this.#identity });
    // Kafka may have let go of what is held here, and of more: what is held is sealed all the same, and what lies
    // between shows when the log is read on.
    const reaches = (next: number) => checkedRange(tools, partition, next, signal, Number.MAX_SAFE_INTEGER);
    const range = await reaches(this.#head.nextOffset);
    const confirm = (one: LogAnchor) =>
      confirmAnchor(tools.source, tools.sha256, partition, one, range, signal);
    for (const one of sealed) await confirm(one);
    try {
      for (const one of held) {
        // Sealed meanwhile: it is the newest, or was.
        if (one.offset < this.#head.nextOffset) continue;
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

  #makeSegment(body: SegmentBody): Segment {
    const { tools, constant } = this.#options;
    return makeSegment(tools.sha256, this.#head, body, {
      ...constant,
      source: this.#identity,
      continues: null,
      anchoredMs: this.#anchor.confirmedMs,
      nowMs: tools.clock.now(),
    });
  }

  #nowMs(): number {
    return this.#options.tools.clock.monotonic();
  }
}
