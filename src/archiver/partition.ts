// How does one partition get from Kafka into its chain? One actor a partition, with the states of its life.
import { isRetriable, messageOf } from '../base/error.ts';
import type { Logger } from '../base/log.ts';
import { backoffMs } from '../base/retry.ts';
import { admit, type Item } from '../ingest/gate.ts';
import type { Fetched } from '../ingest/source.ts';
import type { Head } from '../segment/segment.ts';
import type { Batch } from './batch.ts';
import { type ChainCreationConfig, type ChainCreationTools, createChain } from './chain/create.ts';
import { awaitDecision } from './chain/decision.ts';
import { type Halt, HaltError } from './chain/halt.ts';
import {
  findPosition,
  hintText,
  type OnTheWay,
  type PartitionRoute,
  type Position,
} from './chain/position.ts';
import { Continuity, type Judgement } from './continuity.ts';
import { SealLoop, type SealLoopOptions } from './seal-loop.ts';

export type PartitionOptions = Pick<SealLoopOptions, 'route' | 'encoder' | 'constant'> & {
  readonly tools: ChainCreationTools;
  readonly random: () => number;
  readonly limits: SealLoopOptions['limits'] & { readonly recordBytes: number };
  readonly chainCreation: ChainCreationConfig;
  readonly log: Logger;
  readonly observer: PartitionObserver;
  /** False: over all partitions too much is held, and whoever says so will call `resume`. */
  readonly hasRoom: () => boolean;
};

/** Told synchronously of what happened: for metrics, and for whoever waits. */
export type PartitionObserver = {
  accepted(actor: PartitionActor, records: number): void;
  sealed(actor: PartitionActor, batch: Batch, storedBytes: number, seconds: number): void;
  fenced(actor: PartitionActor): void;
  trouble(actor: PartitionActor, error: unknown): void;
};

/**
 * `recovering`: finding its place. `streaming`: accepting and sealing. `halted`: an operator has to decide; what was
 * accepted before the reason is still sealed. `revoked`: somebody else's, for good: a partition that returns gets a new actor.
 */
export type PartitionState = 'recovering' | 'streaming' | 'halted' | 'revoked';

const RECOVER_BACKOFF = { firstMs: 250, capMs: 10_000, attempts: Number.POSITIVE_INFINITY };
/** A fatal error of an edge is tried again this often: somebody may have mended it. */
const FATAL_RETRY_MS = 15_000;
const FAILED_SEAL_WAIT_MS = 1_000;
const DRAIN_POLL_MS = 50;

export class PartitionActor {
  readonly route: PartitionRoute;
  readonly #options: PartitionOptions;
  readonly #continuity: Continuity;
  /** Ends every wait of this actor. */
  readonly #ended = new AbortController();
  #state: PartitionState = 'recovering';
  /** From a rebalance's begin to its end nobody knows whose the partition is: nothing new is signed. */
  #suspended = false;
  #draining = false;
  /** Accepts nothing until it has found its place again. */
  #rereads = false;
  /** The source may be another one than it was when this partition began to look for its place. */
  #doubted = false;
  #loop: SealLoop | null = null;
  /** Of the newest place, also after the loop is gone. */
  #head: Head | null = null;
  /** Sequence of the newest seal in the store when it was looked at last, whoever made it. */
  #newestSeen: number | null = null;
  #halt: Halt | null = null;
  #trouble: { readonly error: unknown; readonly sinceMs: number } | null = null;
  #highWatermark: number | null = null;
  /** One past the last record that a file source will ever have. */
  #end: number | null = null;
  #wakers: (() => void)[] = [];

  constructor(options: PartitionOptions) {
    this.#options = options;
    this.route = options.route;
    const { topic, partition } = options.route.partition;
    this.#continuity = new Continuity(`${topic}/${partition}`);
  }

  get state(): PartitionState {
    return this.#state;
  }
  get halt(): Halt | null {
    return this.#halt;
  }
  /** The last error of a step that goes on trying; null once it went through. */
  get trouble(): { readonly error: unknown; readonly sinceMs: number } | null {
    return this.#trouble;
  }
  get head(): Head | null {
    return this.#loop?.head ?? this.#head;
  }
  /** The offset after everything that was accepted, sealed or not; null while it finds its place. */
  get acceptedOffset(): number | null {
    return this.#loop?.next ?? null;
  }
  get highWatermark(): number | null {
    return this.#highWatermark;
  }
  get heldBytes(): number {
    return this.#loop?.heldBytes ?? 0;
  }
  /** Monotonic time of the oldest line that is accepted and not sealed. */
  get oldestUnsealedMs(): number | null {
    return this.#loop?.oldestMs ?? null;
  }
  /** A file source said that no more will come, and all that came is sealed. */
  get finished(): boolean {
    if (this.#end === null || this.#state !== 'streaming' || this.#loop === null) return false;
    return this.#loop.empty && this.#loop.next >= this.#end;
  }

  /** It halted, and what came before the reason is sealed. */
  get settledHalt(): Halt | null {
    return this.#state === 'halted' && this.#loop?.empty !== false ? this.#halt : null;
  }

  // What the pipeline tells it.

  start(): void {
    this.#recover();
  }

  suspend(): void {
    this.#suspended = true;
  }

  /** The partition stayed ours across a rebalance: the batch stays too, and the fence decides who is right. */
  keep(): void {
    this.#suspended = false;
    if (this.#state === 'streaming' && this.#loop !== null) this.#fetchFrom(this.#loop.next);
    this.#wake();
  }

  /** What was signed is carried to its outcome by the sealer; the rest is dropped, and read again by the next owner. */
  revoke(): void {
    this.#state = 'revoked';
    this.#drop();
    this.#ended.abort(new Error('partition revoked'));
    this.#wake();
  }

  doubt(): void {
    this.#doubted = true;
    this.#loop?.doubt();
  }

  /** The log does not hold what follows: expired, cut off or replaced. Finding its place tells which. */
  outOfRange(): void {
    if (this.#state === 'streaming' && !this.#suspended) this.#rereadOnceSealed();
  }

  end(nextOffset: number): void {
    if (this.#state !== 'streaming') return;
    this.#end = nextOffset;
    this.#loop?.close();
  }

  /** Takes what a fetch brought; returns at once. */
  fetched(fetched: Fetched): void {
    const loop = this.#loop;
    if (this.#state !== 'streaming' || this.#suspended || this.#rereads || loop === null) return;
    this.#highWatermark = fetched.highWatermark;
    const admission = admit(loop.next, fetched);
    if (admission.kind === 'nothing') return;
    if (admission.kind !== 'accept') {
      this.#refused(this.#continuity.judge(admission));
      return;
    }
    const tooLarge = this.#continuity.tooLarge(admission.items, this.#options.limits.recordBytes);
    if (tooLarge !== null) {
      this.#accept(loop, admission.items.slice(0, tooLarge.index));
      this.#refused({ kind: 'halt-after', halt: tooLarge.halt });
      return;
    }
    this.#accept(loop, admission.items);
    if (admission.stop !== null) this.#refused(this.#continuity.judge(admission.stop));
  }

  /** Called often: closes what is due, beats an idle heart. */
  tick(): void {
    if (this.#state !== 'streaming' || this.#suspended) return;
    this.#loop?.closeDue(this.#end === null && !this.#draining);
  }

  /**
   * Memory is short and this batch is the largest: it is sealed, or given up where its source does not answer. It would not be
   * sealed before the log is seen to hold it, and must not keep the others from theirs until then.
   */
  makeRoom(): void {
    if (this.#state === 'streaming' && this.#loop?.unanswered === true) {
      this.#options.log.warn(
        this.#fields(),
        'memory is short: what its brokers do not confirm is read again',
      );
      this.#recover();
    } else this.#loop?.close();
  }

  pause(): void {
    this.#options.tools.source.pause(this.route.partition);
  }

  /** Fetching goes on, unless this partition has reasons of its own to wait. */
  resume(): void {
    if (this.#state !== 'streaming' || this.#suspended || this.#draining || this.#rereads) return;
    if (this.#loop?.full === false && this.#options.hasRoom())
      this.#options.tools.source.resume(this.route.partition);
  }

  /** Seals what there is and takes nothing more. Resolves when nothing is left, or the signal aborts. */
  async drain(signal: AbortSignal): Promise<void> {
    this.#draining = true;
    this.pause();
    while (!signal.aborted && this.#loop !== null) {
      this.#loop.close();
      if (this.#loop.empty) return;
      const poll = this.#options.tools.clock.sleep(DRAIN_POLL_MS, signal).catch(() => {});
      await Promise.race([this.#loop.sealing ?? poll, poll]);
    }
  }

  // Taking records.

  #accept(loop: SealLoop, items: readonly Item[]): void {
    if (items.length === 0) return;
    this.#options.observer.accepted(this, loop.accept(items));
    if (loop.full) this.pause();
  }

  #refused(judgement: Judgement): void {
    switch (judgement.kind) {
      case 'reread':
        this.#options.log.warn(this.#fields(), 'continuity broken: reading again from the sealed head');
        this.#recover();
        break;
      case 'seal-and-reread':
        this.#rereadOnceSealed();
        break;
      case 'halt-after':
        this.#loop?.close();
        this.#setHalt(judgement.halt);
        break;
      case 'halt-now':
        this.#drop();
        this.#setHalt(judgement.halt);
        break;
    }
  }

  // Finding its place.

  /** Takes nothing more, seals what it has, then finds its place again. */
  #rereadOnceSealed(): void {
    this.pause();
    this.#rereads = true;
    this.#loop?.doubt();
    this.#loop?.close();
    if (this.#loop?.busy !== true) this.#recover();
  }

  #recover(): void {
    this.pause();
    this.#drop();
    this.#end = null;
    this.#rereads = false;
    this.#enter('recovering');
    void this.#findPlace();
  }

  async #findPlace(): Promise<void> {
    const { log, tools, chainCreation, random } = this.#options;
    const { signal } = this.#ended;
    for (let attempt = 0; this.#state === 'recovering'; attempt++) {
      try {
        await this.#decided();
        // What this process signed for the chain earlier decides first.
        await tools.sealer.settled(this.route.name.chainOrigin);
        this.#doubted = false;
        const position = await findPosition(tools, this.route, this.#onTheWay, signal);
        if (this.#state !== 'recovering') return;
        if (position !== null) return this.#stream(position);
        const stillOurs = () => this.#decided().then(() => this.#state === 'recovering');
        await createChain(
          tools,
          this.route,
          chainCreation,
          stillOurs,
          (error) => this.#troubled(error),
          signal,
        );
        log.info(this.#fields(), 'chain begun');
      } catch (error) {
        if (this.#state !== 'recovering') return;
        if (error instanceof HaltError) return this.#setHalt(error.halt);
        this.#troubled(error);
        const delayMs = isRetriable(error) ? backoffMs(RECOVER_BACKOFF, attempt, random) : FATAL_RETRY_MS;
        await tools.clock.sleep(delayMs, signal).catch(() => {});
      }
    }
  }

  readonly #onTheWay: OnTheWay = {
    found: (sequence) => {
      this.#newestSeen = sequence;
    },
    head: (head) => {
      this.#head = head;
    },
  };

  #stream(position: Position): void {
    const { nextOffset, size } = position.head;
    this.#halt = null;
    this.#head = position.head;
    this.#troubled(null);
    this.#loop = this.#newLoop(position);
    if (this.#doubted) this.#loop.doubt();
    this.#enter('streaming');
    this.#options.log.info({ ...this.#fields(), nextOffset, sequence: size }, 'streaming');
    this.#fetchFrom(nextOffset);
    this.#commitHint(position.head);
  }

  #fetchFrom(offset: number): void {
    if (this.#suspended) return;
    this.#options.tools.source.seek(this.route.partition, offset);
    this.resume();
  }

  // Sealing.

  #newLoop(position: Position): SealLoop {
    const { route, tools, encoder, limits, constant, observer, log, random } = this.#options;
    const undecided = () => (this.#suspended ? this.#decided() : null);
    const loop: SealLoop = new SealLoop(
      {
        ...{ route, tools, encoder, limits, constant, random, undecided },
        signal: this.#ended.signal,
        events: {
          sealed: (batch, segment, seconds) => {
            this.#continuity.progressed();
            this.#commitHint(segment.after);
            observer.sealed(this, batch, segment.data?.bytes.length ?? 0, seconds);
            this.resume();
          },
          fenced: () => {
            observer.fenced(this);
            log.warn(
              this.#fields(),
              'fenced: another writer sealed this sequence; reading again from its head',
            );
            this.#recover();
          },
          halted: (halt) => {
            this.#drop();
            this.#setHalt(halt);
          },
          failed: (error) => void this.#sealFailed(loop, error),
          troubled: (error) => this.#troubled(error),
          idle: () => {
            if (this.#rereads && this.#state === 'streaming') this.#recover();
          },
        },
      },
      position,
    );
    return loop;
  }

  async #sealFailed(loop: SealLoop, error: unknown): Promise<void> {
    this.#troubled(error);
    this.#options.log.warn(
      { ...this.#fields(), error: messageOf(error) },
      'sealing failed: reading again from the head',
    );
    await this.#options.tools.clock.sleep(FAILED_SEAL_WAIT_MS, this.#ended.signal).catch(() => {});
    if (this.#loop === loop && this.#state !== 'revoked') this.#recover();
  }

  #commitHint(head: Head): void {
    const hint = { nextOffset: head.nextOffset, metadata: hintText(head) };
    this.#options.tools.source.commitHint(this.route.partition, hint).catch((error: unknown) => {
      this.#options.log.info({ ...this.#fields(), error: messageOf(error) }, 'commit hint not taken');
    });
  }

  // Halting.

  #setHalt(reason: Halt): void {
    this.pause();
    this.#halt = reason;
    const { log, tools } = this.#options;
    log.error({ ...this.#fields(), code: reason.code, remedy: reason.remedy }, `HALTED: ${reason.message}`);
    this.#enter('halted');
    const ours = () => {
      const size = this.#loop?.size ?? this.head?.size;
      return size === undefined ? this.#newestSeen : Math.max(size - 1, this.#newestSeen ?? 0);
    };
    // A seal of our own under way is no decision of anybody's.
    const waits = () => this.#state === 'halted' && this.#halt === reason;
    void awaitDecision(tools, this.route, ours, waits, this.#ended.signal).then((decided) => {
      if (decided && waits()) this.#recover();
    });
  }

  // Small things.

  #drop(): void {
    this.#head = this.#loop?.head ?? this.#head;
    this.#loop?.discard();
    this.#loop = null;
  }

  #enter(state: PartitionState): void {
    if (this.#state !== 'revoked') this.#state = state;
  }

  /** Waits until a rebalance that began has ended. Rejects once the partition is gone. */
  async #decided(): Promise<void> {
    while (this.#suspended && !this.#ended.signal.aborted) {
      await new Promise<void>((resolve) => this.#wakers.push(resolve));
    }
    this.#ended.signal.throwIfAborted();
  }

  #wake(): void {
    for (const waker of this.#wakers.splice(0)) waker();
  }

  #troubled(error: unknown | null): void {
    const sinceMs = this.#trouble?.sinceMs ?? this.#options.tools.clock.now();
    this.#trouble = error === null ? null : { error, sinceMs };
    if (error !== null) this.#options.observer.trouble(this, error);
  }

  #fields(): { readonly topic: string; readonly partition: number } {
    return this.route.partition;
  }
}
