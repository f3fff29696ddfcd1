// How does a record get from a fetch of Kafka to its seal? Step by step, in the order of this file:
//  1 take     the pipeline passes on what a fetch brought for this partition
//  2 admit    the gate (ingest/gate.ts) accepts what follows without a break; continuity.ts judges the rest
//  3 batch    lines are cut into batches (batch.ts) and encoded as they come, in a lane (lanes/)
//  4 close    a batch ends: full, old enough, memory is short, reading starts again, or the archiver stops
//  5 wait     until the partition is ours, the clock is right and the log is the same (chain/revalidation.ts)
//  6 make     the chain's head and the encoded batch become a segment (segment/): manifest and checkpoint
//  7 carry    the sealer (sealer.ts) signs once, stores the data, then the seal; the store says whose counts
//  8 advance  the head moves on, and Kafka's committed offset follows it, as a hint
// Batches are sealed one by one, while the next one fills. Only SealLoopEvents go back up to the partition.
import { messageOf } from '../base/error.ts';
import type { Logger } from '../base/log.ts';
import { admit } from '../ingest/gate.ts';
import type { Item } from '../ingest/item.ts';
import type { Delivered } from '../ingest/source.ts';
import type { OnTrouble, Sealer } from '../sealing/sealer.ts';
import type { SegmentBody } from '../segment/body.ts';
import { type Head, makeSegment, type Segment, type SegmentContext } from '../segment/segment.ts';
import { type Batch, Batches, type BatchLimits } from './batch.ts';
import { type Halt, HaltError } from './chain/halt.ts';
import { hintText, type PartitionRoute, type Position, type PositionTools } from './chain/position.ts';
import { Revalidation } from './chain/revalidation.ts';
import type { Continuity, Judgement } from './continuity.ts';
import { type Encoder, encoderFor } from './encoder.ts';
import type { MemoryAccount } from './memory.ts';
import type { Ownership } from './ownership.ts';
import { tracedSeal } from './traced-seal.ts';

export type SealLoopOptions = {
  readonly route: PartitionRoute;
  readonly tools: PositionTools & { readonly sealer: Sealer };
  readonly encoder: Encoder;
  /** Opens an account for one batch. */
  readonly account: () => MemoryAccount;
  readonly limits: BatchLimits & {
    readonly recordBytes: number;
    readonly heartbeatMs: number;
    readonly anchorIntervalMs: number;
  };
  readonly constant: Pick<SegmentContext, 'retention' | 'writer'>;
  readonly continuity: Continuity;
  readonly ownership: Ownership;
  readonly random: () => number;
  readonly log: Logger;
  readonly events: SealLoopEvents;
};

/** What a loop reports to its partition; nothing after `discard`. */
export type SealLoopEvents = {
  accepted(records: number): void;
  sealed(batch: Batch, segment: Segment, seconds: number): void;
  /** Another writer's seal has the sequence. */
  fenced(): void;
  halted(halt: Halt): void;
  /** Nothing was signed, and nothing is lost by reading again. */
  failed(error: unknown): void;
  /** A step is tried again (an error), or went through at last (null). */
  troubled: OnTrouble;
  /** Nothing is being sealed and nothing waits. */
  idle(): void;
};

/** One batch is being sealed and one waits: then fetching has to wait. */
const WAITING_MAX = 2;

/** One thing at a time is done for the chain. `revalidating` signs nothing, so no drain waits for it. */
type Work = { readonly kind: 'sealing' | 'revalidating'; readonly done: Promise<void> };

/** From one position on. Discarded when the partition loses its position; a new position gets a new loop. */
export class SealLoop {
  readonly #options: SealLoopOptions;
  readonly #batches: Batches;
  readonly #revalidation: Revalidation;
  readonly #identity: Position['identity'];
  #head: Head;
  #work: Work | null = null;
  /** The sealer has it: its seal may be in the store already. */
  #carried: Batch | null = null;
  #discarded = false;
  /** A batch can't be sealed: nothing more is tried from this position. */
  #failed = false;
  #lastSealedAtMs: number;

  constructor(options: SealLoopOptions, position: Position) {
    const { route, tools, encoder, account, limits, ownership, random } = options;
    this.#options = options;
    this.#head = position.head;
    this.#identity = position.identity;
    this.#revalidation = new Revalidation(
      {
        ...{ route, tools, random, signal: ownership.signal },
        intervalMs: limits.anchorIntervalMs,
        troubled: (error) => this.#troubled(error),
      },
      position,
    );
    this.#batches = new Batches(encoderFor(encoder, route.partition), account, limits, this.#head.nextOffset);
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
  /** What is held waits for a source that does not answer. */
  get unanswered(): boolean {
    return this.#revalidation.isUnanswered;
  }
  get full(): boolean {
    return this.#batches.waiting >= WAITING_MAX;
  }
  get busy(): boolean {
    return this.#work?.kind === 'sealing' || this.#batches.waiting > 0;
  }
  /** Not busy, and no batch is filling. */
  get empty(): boolean {
    return !this.busy && this.#batches.filling === null;
  }
  /** What is being done for the chain now, if anything is. Never rejects. */
  get working(): Promise<void> | null {
    return this.#work?.done ?? null;
  }
  /** Monotonic time of the oldest line that is accepted and not sealed. */
  get oldestMs(): number | null {
    return (this.#batches.first() ?? this.#batches.filling)?.openedAtMs ?? null;
  }

  // 1 take, 2 admit

  /** Returns at once: what the partition has to do because of something that was refused; null: nothing. */
  take(fetched: Delivered): Judgement | null {
    const { continuity, limits } = this.#options;
    const admission = admit(this.next, fetched);
    if (admission.kind === 'nothing') return null;
    if (admission.kind !== 'accept') return continuity.judge(admission);
    const tooLarge = continuity.tooLarge(admission.items, limits.recordBytes);
    if (tooLarge !== null) {
      this.#accept(admission.items.slice(0, tooLarge.index));
      return { kind: 'halt-after', halt: tooLarge.halt };
    }
    this.#accept(admission.items);
    return admission.stop === null ? null : continuity.judge(admission.stop);
  }

  // 3 batch

  #accept(items: readonly Item[]): void {
    if (items.length === 0) return;
    const records = this.#batches.add(items, this.#nowMs());
    this.#revalidation.accepted(items);
    this.#start();
    this.#options.events.accepted(records);
  }

  // 4 close

  /** Seals all that was accepted, as soon as possible. */
  close(): void {
    this.#batches.close();
    this.#start();
  }

  /** Closes what is due. `isIdle`: seals a heartbeat or another key, and revalidates a suspect log. */
  closeDue(isIdle: boolean): void {
    if (this.#work !== null) return;
    const nowMs = this.#nowMs();
    const { heartbeatMs } = this.#options.limits;
    if (this.#batches.isDue(nowMs)) this.#batches.close();
    const isSilent = heartbeatMs > 0 && nowMs - this.#lastSealedAtMs >= heartbeatMs;
    const isChanging = this.#options.tools.keyring.isChanging(this.#head);
    if (isIdle && (isSilent || isChanging)) this.#batches.closeEmpty(nowMs);
    this.#start();
    if (isIdle && this.#work === null) this.#revalidateIdle();
  }

  /** Starts the next seal, unless one is under way. */
  #start(): void {
    if (this.#work !== null || this.#discarded || this.#failed || this.#batches.waiting === 0) return;
    const sealing = tracedSeal(this.#options, this.#batches.first(), (batch) => this.#seal(batch));
    this.#occupy('sealing', sealing);
  }

  async #seal(batch: Batch): Promise<void> {
    const { events, tools, continuity } = this.#options;
    const startedMs = this.#nowMs();
    try {
      const body = await tools.sealer.tracer.span('ledgerstone.encode', {}, () => batch.encoder.finish());
      // 5 wait
      for (let wait = this.#hindrance(); wait !== null; wait = this.#hindrance()) await wait;
      if (this.#discarded) return;
      // 6 make
      const segment = this.#makeSegment(body);
      // 7 carry: to a known outcome, from here on even when the partition is taken from us
      this.#carried = batch;
      const carrying = tools.sealer.carry(segment, (error) => this.#troubled(error));
      batch.memory.release();
      const outcome = await carrying;
      this.#carried = null;
      if (this.#discarded) return;
      if (outcome.kind === 'fenced') return events.fenced();
      // 8 advance
      this.#head = segment.after;
      this.#batches.sealed(batch);
      this.#revalidation.sealed(segment.lastRecord, batch.tail, this.next === this.#head.nextOffset);
      this.#lastSealedAtMs = this.#nowMs();
      continuity.progressed();
      this.commitHint(segment.after);
      events.sealed(batch, segment, (this.#nowMs() - startedMs) / 1000);
    } catch (error) {
      this.#carried = null;
      this.#fail(error);
    }
  }

  /** What must end before anything is signed. Null: nothing, now; so sign without another wait. */
  #hindrance(): Promise<void> | null {
    if (this.#discarded) return null;
    const { tools, ownership } = this.#options;
    const undecided = ownership.undecided();
    if (undecided !== null) return undecided;
    const wrong = tools.sealer.clockWrong((error) => this.#troubled(error));
    if (wrong !== null) return wrong;
    return this.#revalidation.isDue ? this.#revalidation.ask(this.#head.nextOffset) : null;
  }

  #makeSegment(body: SegmentBody): Segment {
    const { tools, constant } = this.#options;
    return makeSegment(tools.sha256, this.#head, body, {
      ...constant,
      keys: tools.keyring.keysAfter(this.#head),
      source: this.#identity,
      continues: null,
      anchoredMs: this.#revalidation.confirmedMs,
      nowMs: tools.clock.now(),
    });
  }

  /** Up to where the chain is sealed. Nothing depends on the commit, so nothing is lost when it fails. */
  commitHint(head: Head): void {
    const { tools, route, log } = this.#options;
    const hint = { nextOffset: head.nextOffset, metadata: hintText(head) };
    tools.source.commitHint(route.partition, hint).catch((error: unknown) => {
      log.info({ ...route.partition, error: messageOf(error) }, 'commit hint not taken');
    });
  }

  /** The source may be another one: the log is asked again before anything more is signed. */
  suspect(): void {
    if (!this.#revalidation.suspect(this.#batches.tail)) this.#batches.close();
  }

  #revalidateIdle(): void {
    if (this.#discarded || this.#failed || !this.#revalidation.takeIdleTurn()) return;
    const asked = this.#revalidation.ask(this.#head.nextOffset);
    this.#occupy(
      'revalidating',
      asked.catch((error: unknown) => this.#fail(error)),
    );
  }

  #occupy(kind: Work['kind'], work: Promise<void>): void {
    const done = work.finally(() => {
      this.#work = null;
      this.#start();
      if (!this.#discarded && !this.busy) this.#options.events.idle();
    });
    this.#work = { kind, done };
  }

  /** Drops what is not sealed. What was signed is brought to its outcome all the same. */
  discard(): void {
    this.#discarded = true;
    this.#revalidation.stop();
    this.#batches.discard();
  }

  #fail(error: unknown): void {
    const { events, ownership } = this.#options;
    if (this.#discarded || ownership.signal.aborted) return;
    this.#failed = true;
    if (error instanceof HaltError) events.halted(error.halt);
    else events.failed(error);
  }

  #troubled(error: unknown | null): void {
    if (!this.#discarded) this.#options.events.troubled(error);
  }

  #nowMs(): number {
    return this.#options.tools.clock.monotonic();
  }
}
