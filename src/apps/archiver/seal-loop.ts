// How do a partition's batches become segments, one after the other, while the next one fills?
import type { Item } from '../../ingest/gate.ts';
import { type Head, makeSegment, type Segment, type SegmentContext } from '../../segment/segment.ts';
import { AnchorKeeper, confirmAnchor } from './anchor.ts';
import { type Batch, Batches, type BatchLimits } from './batch.ts';
import type { BodyFactory } from './bodies.ts';
import { type Halt, HaltError } from './halt.ts';
import { checkedRange, type Place, type Position, type PositionTools } from './position.ts';
import type { Sealer } from './sealing.ts';

export type SealLoopOptions = {
  readonly place: Place;
  readonly tools: PositionTools & { readonly sealer: Sealer };
  readonly bodies: BodyFactory;
  readonly limits: BatchLimits & { readonly heartbeatMs: number; readonly anchorIntervalMs: number };
  readonly constant: Pick<SegmentContext, 'retention' | 'keys' | 'writer'>;
  /** Ends waits against the source. */
  readonly signal: AbortSignal;
  /** Resolves once it is certain that the partition is ours; rejects when it is not any more. Asked before each signing. */
  readonly decided: () => Promise<void>;
  readonly events: SealLoopEvents;
};

/** What a loop tells its partition; nothing after `discard`. */
export type SealLoopEvents = {
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

/** From one position on. Discarded when the partition loses its place; a new place gets a new loop. */
export class SealLoop {
  readonly #options: SealLoopOptions;
  readonly #batches: Batches;
  readonly #anchor: AnchorKeeper;
  #head: Head;
  readonly #identity: Position['identity'];
  #sealing: Promise<void> | null = null;
  #discarded = false;
  #lastSealedAtMs: number;

  constructor(options: SealLoopOptions, position: Position) {
    this.#options = options;
    this.#head = position.head;
    this.#identity = position.identity;
    this.#anchor = new AnchorKeeper(position.anchor, position.anchoredMs);
    this.#batches = new Batches(options.bodies, options.limits, position.head.nextOffset);
    this.#lastSealedAtMs = this.#nowMs();
  }

  get head(): Head {
    return this.#head;
  }
  /** The offset after everything accepted. */
  get next(): number {
    return this.#batches.next;
  }
  get heldBytes(): number {
    return this.#batches.heldBytes();
  }
  get full(): boolean {
    return this.#batches.waiting >= WAITING_MAX;
  }
  get busy(): boolean {
    return this.#sealing !== null || this.#batches.waiting > 0;
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
    this.start();
    return records;
  }

  /** The source may be another one: the anchor is confirmed before anything more is signed. */
  doubt(): void {
    this.#anchor.doubt();
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
  }

  /** Seals all that was accepted, as soon as may be. */
  close(): void {
    this.#batches.close();
    this.start();
  }

  /** Starts the next seal, unless one is under way. */
  start(): void {
    if (this.#sealing !== null || this.#discarded || this.#batches.waiting === 0) return;
    this.#sealing = this.#sealFirst().finally(() => {
      this.#sealing = null;
      this.start();
      if (!this.#discarded && !this.busy) this.#options.events.idle();
    });
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
      const segment = await this.#makeSegment(batch);
      if (segment === null) return;
      // From here on the segment is carried to a known outcome, even when the partition is taken from us.
      const outcome = await tools.sealer.carry(segment, (error) => {
        if (!this.#discarded) events.troubled(error);
      });
      if (this.#discarded) return;
      if (outcome.kind === 'fenced') return events.fenced();
      this.#head = segment.after;
      this.#anchor.sealed(segment.lastRecord);
      this.#batches.sealed(batch);
      this.#lastSealedAtMs = this.#nowMs();
      events.sealed(batch, segment, (this.#nowMs() - startedMs) / 1000);
    } catch (error) {
      if (this.#discarded || this.#options.signal.aborted) return;
      if (error instanceof HaltError) events.halted(error.halt);
      else events.failed(error);
    }
  }

  /** Null: the batch was dropped meanwhile. */
  async #makeSegment(batch: Batch): Promise<Segment | null> {
    const { tools, constant, limits } = this.#options;
    const { clock } = tools;
    const body = await batch.body.finish();
    if (this.#discarded) return null;
    if (this.#anchor.isDue(clock.now(), limits.anchorIntervalMs)) {
      await this.#anchor.confirm(
        (record) => this.#confirm(record),
        () => clock.now(),
      );
    }
    await this.#options.decided();
    if (this.#discarded) return null;
    return makeSegment(tools.sha256, this.#head, body, {
      ...constant,
      source: this.#identity,
      continues: null,
      anchoredMs: this.#anchor.confirmedMs,
      nowMs: clock.now(),
    });
  }

  async #confirm(record: Parameters<typeof confirmAnchor>[3] | null): Promise<void> {
    const { tools, place, signal } = this.#options;
    const { partition } = place;
    // What was accepted is held here: Kafka may have let go of it meanwhile.
    const range = await checkedRange(tools, partition, this.#head.nextOffset, signal, this.#batches.next);
    if (record !== null) await confirmAnchor(tools.source, tools.sha256, partition, record, range, signal);
  }

  #nowMs(): number {
    return this.#options.tools.clock.monotonic();
  }
}
