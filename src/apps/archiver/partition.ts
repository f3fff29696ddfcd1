// How does one partition get from Kafka into its chain? One actor a partition, with the states of its life.
import { isRetriable, messageOf } from '../../base/error.ts';
import { backoffMs } from '../../base/retry.ts';
import { admit, type Item } from '../../ingest/gate.ts';
import type { Fetched } from '../../ingest/source.ts';
import { type Head, makeSegment, type SegmentContext } from '../../segment/segment.ts';
import { findHead } from '../../store/head.ts';
import { AnchorKeeper, confirmAnchor } from './anchor.ts';
import { type Batch, Batches, type BatchLimits } from './batch.ts';
import type { BodyFactory } from './bodies.ts';
import { Continuity } from './continuity.ts';
import { type BeginTools, beginChain, type GenesisConfig } from './genesis.ts';
import { type Halt, HaltError } from './halt.ts';
import type { ArchiverLog } from './log.ts';
import { checkedRange, findPosition, hintText, type Place, type Position } from './position.ts';

export type PartitionOptions = {
  readonly place: Place;
  readonly tools: BeginTools;
  readonly bodies: BodyFactory;
  readonly random: () => number;
  readonly limits: BatchLimits & {
    readonly recordBytes: number;
    readonly heartbeatMs: number;
    readonly anchorIntervalMs: number;
  };
  readonly genesis: GenesisConfig;
  /** What a manifest says that doesn't change: retention, keys, writer. */
  readonly constant: Pick<SegmentContext, 'retention' | 'keys' | 'writer'>;
  readonly log: ArchiverLog;
  readonly observer: PartitionObserver;
};

/** Told synchronously of what happened: for metrics, and for whoever waits. */
export type PartitionObserver = {
  accepted(actor: PartitionActor, records: number): void;
  sealed(actor: PartitionActor, batch: Batch, storedBytes: number, seconds: number): void;
  fenced(actor: PartitionActor): void;
  trouble(actor: PartitionActor, error: unknown): void;
  changed(actor: PartitionActor): void;
};

/**
 * `recovering`: finding its place. `streaming`: accepting and sealing. `halted`: an operator has to decide; what was
 * accepted before the reason is still sealed. `revoked`: somebody else's, for good: a partition that returns gets a new actor.
 */
export type PartitionState = 'recovering' | 'streaming' | 'halted' | 'revoked';

const RECOVER_BACKOFF = { firstMs: 250, capMs: 10_000, attempts: Number.POSITIVE_INFINITY };
/** A halted partition looks this often whether an operator decided; a fatal error of an edge is tried again this often. */
const RECHECK_MS = 15_000;
/** One batch is being sealed and one waits: then the log has to wait. */
const WAITING_MAX = 2;

export class PartitionActor {
  readonly place: Place;
  readonly #options: PartitionOptions;
  readonly #continuity: Continuity;
  /** Ends every wait of this actor. */
  readonly #ended = new AbortController();
  #state: PartitionState = 'recovering';
  /** From a rebalance's begin to its end nobody knows whose the partition is: nothing new is signed. */
  #suspended = false;
  #draining = false;
  #position: Position | null = null;
  #anchor: AnchorKeeper | null = null;
  #batches: Batches | null = null;
  #sealing: Promise<void> | null = null;
  #halt: Halt | null = null;
  #trouble: { readonly error: unknown; readonly sinceMs: number } | null = null;
  #highWatermark: number | null = null;
  #lastSealedAtMs: number;
  /** One past the last record that a file source will ever have. */
  #end: number | null = null;
  /** Accepts nothing until it has found its place again. */
  #rereads = false;
  #wakers: (() => void)[] = [];

  constructor(options: PartitionOptions) {
    this.#options = options;
    this.place = options.place;
    this.#continuity = new Continuity(this.#where());
    this.#lastSealedAtMs = this.#nowMs();
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
    return this.#position?.head ?? null;
  }
  /** The offset after everything that was accepted, sealed or not; null while it finds its place. */
  get acceptedOffset(): number | null {
    return this.#batches?.next ?? null;
  }
  get highWatermark(): number | null {
    return this.#highWatermark;
  }
  get heldBytes(): number {
    return this.#batches?.heldBytes() ?? 0;
  }
  /** Monotonic time of the oldest line that is accepted and not sealed. */
  get oldestUnsealedMs(): number | null {
    return (this.#batches?.first() ?? this.#batches?.filling)?.openedAtMs ?? null;
  }
  /** A file source said that no more will come, and all that came is sealed. */
  get finished(): boolean {
    const batches = this.#batches;
    if (this.#end === null || this.#state !== 'streaming' || batches === null) return false;
    return batches.filling === null && batches.waiting === 0 && batches.next >= this.#end;
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
    if (this.#state === 'streaming' && this.#batches !== null) this.#fetchFrom(this.#batches.next);
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
    this.#anchor?.doubt();
  }

  /** The log does not hold what follows: expired, cut off or replaced. Finding its place tells which. */
  outOfRange(): void {
    if (this.#state === 'streaming' && !this.#suspended) this.#rereadOnceSealed();
  }

  end(nextOffset: number): void {
    if (this.#state !== 'streaming') return;
    this.#end = nextOffset;
    this.#batches?.close();
    this.#startSeal();
  }

  /** Takes what a fetch brought; returns at once. */
  fetched(fetched: Fetched): void {
    if (this.#state !== 'streaming' || this.#suspended || this.#rereads || this.#batches === null) return;
    this.#highWatermark = fetched.highWatermark;
    const admission = admit(this.#batches.next, fetched);
    if (admission.kind === 'nothing') return;
    if (admission.kind !== 'accept') {
      this.#refused(this.#continuity.judge(admission));
      return;
    }
    const tooLarge = this.#continuity.tooLarge(admission.items, this.#options.limits.recordBytes);
    if (tooLarge !== null) {
      this.#accept(admission.items.slice(0, tooLarge.index));
      this.#refused({ kind: 'halt-after', halt: tooLarge.halt });
      return;
    }
    this.#accept(admission.items);
    if (admission.stop !== null) this.#refused(this.#continuity.judge(admission.stop));
  }

  /** Called often: closes what is due, beats an idle heart, starts a seal. */
  tick(): void {
    const batches = this.#batches;
    if (batches === null || this.#suspended || this.#sealing !== null) return;
    const nowMs = this.#nowMs();
    if (this.#state === 'streaming') {
      if (batches.isDue(nowMs)) batches.close();
      const { heartbeatMs } = this.#options.limits;
      const silent = heartbeatMs > 0 && nowMs - this.#lastSealedAtMs >= heartbeatMs;
      if (silent && this.#end === null && !this.#draining) batches.closeEmpty(nowMs);
    }
    this.#startSeal();
  }

  /** Memory is short and this batch is the largest, or the process drains. */
  sealNow(): void {
    if (this.#state === 'streaming') this.#batches?.close();
    this.#startSeal();
  }

  pause(): void {
    this.#options.tools.source.pause(this.place.partition);
  }

  /** Fetching goes on, unless this partition has reasons of its own to wait. */
  resume(): void {
    if (this.#state !== 'streaming' || this.#suspended || this.#draining || this.#rereads) return;
    if ((this.#batches?.waiting ?? 0) < WAITING_MAX) this.#options.tools.source.resume(this.place.partition);
  }

  /** Seals what there is and takes nothing more. Resolves when nothing is left, or the signal aborts. */
  async drain(signal: AbortSignal): Promise<void> {
    this.#draining = true;
    this.pause();
    while (!signal.aborted && this.#state !== 'revoked') {
      this.sealNow();
      if (this.#sealing === null && (this.#batches?.waiting ?? 0) === 0) return;
      const poll = this.#options.tools.clock.sleep(50, signal).catch(() => {});
      await (this.#sealing === null ? poll : Promise.race([this.#sealing, poll]));
    }
  }

  // Taking records.

  #accept(items: readonly Item[]): void {
    const batches = this.#batches;
    if (batches === null || items.length === 0) return;
    this.#options.observer.accepted(this, batches.add(items, this.#nowMs()));
    this.#startSeal();
    if (batches.waiting >= WAITING_MAX) this.pause();
  }

  #refused(judgement: ReturnType<Continuity['judge']>): void {
    switch (judgement.kind) {
      case 'reread':
        this.#options.log.warn(this.#fields(), 'continuity broken: reading again from the sealed head');
        this.#recover();
        break;
      case 'seal-and-reread':
        this.#rereadOnceSealed();
        break;
      case 'halt-after':
        this.#batches?.close();
        this.#setHalt(judgement.halt);
        this.#startSeal();
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
    this.#anchor?.doubt();
    this.#rereads = true;
    this.#batches?.close();
    this.#startSeal();
    this.#rereadIfSealed();
  }

  #rereadIfSealed(): void {
    const sealed = this.#sealing === null && (this.#batches?.waiting ?? 0) === 0;
    if (this.#rereads && this.#state === 'streaming' && sealed) this.#recover();
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
    const { log, tools, genesis, random } = this.#options;
    const { signal } = this.#ended;
    const place = this.place;
    for (let attempt = 0; this.#state === 'recovering'; attempt++) {
      try {
        await this.#decided();
        // What this process signed for the chain earlier decides first.
        await tools.sealer.settled(place.name.origin);
        const position = await findPosition(tools, place, signal);
        if (this.#state !== 'recovering') return;
        if (position !== null) return this.#stream(position);
        const stillOurs = () => this.#decided().then(() => this.#state === 'recovering');
        await beginChain(tools, place, genesis, stillOurs, (error) => this.#troubled(error), signal);
        log.info(this.#fields(), 'chain begun');
      } catch (error) {
        if (this.#state !== 'recovering') return;
        if (error instanceof HaltError) return this.#setHalt(error.halt);
        this.#troubled(error);
        log.warn(
          { ...this.#fields(), error: messageOf(error) },
          'the partition can not start yet, trying again',
        );
        const delayMs = isRetriable(error) ? backoffMs(RECOVER_BACKOFF, attempt, random) : RECHECK_MS;
        await tools.clock.sleep(delayMs, signal).catch(() => {});
      }
    }
  }

  #stream(position: Position): void {
    const { nextOffset } = position.head;
    this.#position = position;
    this.#anchor = new AnchorKeeper(position.anchor, position.anchoredMs);
    this.#halt = null;
    this.#lastSealedAtMs = this.#nowMs();
    this.#batches = new Batches(this.#options.bodies, this.#options.limits, nextOffset);
    this.#troubled(null);
    this.#enter('streaming');
    this.#options.log.info({ ...this.#fields(), nextOffset, sequence: position.head.size }, 'streaming');
    this.#fetchFrom(nextOffset);
    this.#commitHint(position.head);
  }

  #fetchFrom(offset: number): void {
    if (this.#suspended) return;
    this.#options.tools.source.seek(this.place.partition, offset);
    this.resume();
  }

  // Sealing: one at a time, while the next batch fills.

  #startSeal(): void {
    if (this.#sealing !== null || this.#batches === null || this.#batches.waiting === 0) return;
    if (this.#state !== 'streaming' && this.#state !== 'halted') return;
    this.#sealing = this.#sealFirst(this.#batches).finally(() => {
      this.#sealing = null;
      this.#startSeal();
      this.#rereadIfSealed();
    });
  }

  async #sealFirst(batches: Batches): Promise<void> {
    const batch = batches.first();
    if (batch === null) return;
    const startedMs = this.#nowMs();
    // False once these batches were dropped: revoked, fenced, or read again.
    const current = () => this.#batches === batches;
    try {
      const segment = await this.#makeSegment(batch, current);
      if (segment === null) return;
      // From here on the segment is carried to a known outcome, even when the partition is taken from us.
      const outcome = await this.#options.tools.sealer.carry(segment, (error) => this.#troubled(error));
      if (!current()) return;
      if (outcome.kind === 'fenced') return this.#fenced();
      this.#sealed(batches, batch, segment.after);
      this.#anchor?.sealed(segment.lastRecord);
      const storedBytes = segment.data?.bytes.length ?? 0;
      this.#options.observer.sealed(this, batch, storedBytes, (this.#nowMs() - startedMs) / 1000);
    } catch (error) {
      if (!current() || this.#ended.signal.aborted) return;
      if (error instanceof HaltError) {
        this.#drop();
        return this.#setHalt(error.halt);
      }
      this.#troubled(error);
      this.#options.log.warn(
        { ...this.#fields(), error: messageOf(error) },
        'sealing failed, reading again from the head',
      );
      await this.#options.tools.clock.sleep(1000, this.#ended.signal).catch(() => {});
      if (current()) this.#recover();
    }
  }

  async #makeSegment(batch: Batch, current: () => boolean) {
    const { tools, constant, limits } = this.#options;
    const body = await batch.body.finish();
    if (!current() || this.#position === null || this.#anchor === null) return null;
    const anchor = this.#anchor;
    if (anchor.isDue(tools.clock.now(), limits.anchorIntervalMs)) {
      await anchor.confirm(
        (record) => this.#confirm(record),
        () => tools.clock.now(),
      );
    }
    await this.#decided();
    if (!current()) return null;
    const { head, identity } = this.#position;
    return makeSegment(tools.sha256, head, body, {
      ...constant,
      source: identity,
      continues: null,
      anchoredMs: anchor.confirmedMs,
      nowMs: tools.clock.now(),
    });
  }

  async #confirm(record: Parameters<typeof confirmAnchor>[3] | null): Promise<void> {
    const { tools } = this.#options;
    const { partition } = this.place;
    const next = this.#position?.head.nextOffset ?? 0;
    // What was accepted is held here: Kafka may have let go of it meanwhile.
    const held = this.#batches?.next ?? next;
    const range = await checkedRange(tools, partition, next, this.#ended.signal, held);
    if (record !== null)
      await confirmAnchor(tools.source, tools.sha256, partition, record, range, this.#ended.signal);
  }

  #sealed(batches: Batches, batch: Batch, head: Head): void {
    batches.sealed(batch);
    if (this.#position !== null) this.#position = { ...this.#position, head };
    this.#lastSealedAtMs = this.#nowMs();
    this.#continuity.progressed();
    this.#commitHint(head);
    if (batches.waiting === WAITING_MAX - 1) this.resume();
  }

  #fenced(): void {
    this.#options.observer.fenced(this);
    this.#options.log.warn(
      this.#fields(),
      'fenced: another writer sealed this sequence; reading again from its head',
    );
    this.#recover();
  }

  #commitHint(head: Head): void {
    const hint = { nextOffset: head.nextOffset, metadata: hintText(head) };
    this.#options.tools.source.commitHint(this.place.partition, hint).catch((error: unknown) => {
      this.#options.log.info({ ...this.#fields(), error: messageOf(error) }, 'commit hint not taken');
    });
  }

  // Halting.

  #setHalt(reason: Halt): void {
    this.pause();
    this.#halt = reason;
    this.#options.log.error(
      { ...this.#fields(), code: reason.code, remedy: reason.remedy },
      `HALTED: ${reason.message}`,
    );
    this.#enter('halted');
    void this.#awaitDecision();
  }

  /** An operator's decision shows as a newer head, which `ledgerstone resume` wrote. */
  async #awaitDecision(): Promise<void> {
    const { tools } = this.#options;
    const { chain, partition } = this.place.name;
    const { signal } = this.#ended;
    let known = -1;
    while (this.#state === 'halted') {
      try {
        const search = await findHead(tools.store, chain, partition, Math.max(known, 0), signal);
        const newest = search.kind === 'head' ? search.sequence : -1;
        const ours = (this.#position?.head.size ?? 0) - 1;
        const advanced = known >= 0 && newest > Math.max(known, ours);
        if (advanced && this.#state === 'halted' && this.#sealing === null) return this.#recover();
        known = Math.max(known, newest, 0);
      } catch {
        // The store is out of reach: there is nothing to decide from yet.
      }
      await tools.clock.sleep(RECHECK_MS, signal).catch(() => {});
    }
  }

  // Small things.

  #drop(): void {
    this.#batches?.discard();
    this.#batches = null;
  }

  #enter(state: PartitionState): void {
    if (this.#state === 'revoked') return;
    this.#state = state;
    this.#options.observer.changed(this);
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
    this.#trouble =
      error === null ? null : { error, sinceMs: this.#trouble?.sinceMs ?? this.#options.tools.clock.now() };
    if (error !== null) this.#options.observer.trouble(this, error);
    this.#options.observer.changed(this);
  }

  #nowMs(): number {
    return this.#options.tools.clock.monotonic();
  }
  #where(): string {
    return `${this.place.partition.topic}/${this.place.partition.partition}`;
  }
  #fields(): { readonly topic: string; readonly partition: number } {
    return this.place.partition;
  }
}
