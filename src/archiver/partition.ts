// What moves a partition from one state of its life to the next? The way of its records: seal-loop.ts.
import { messageOf } from '../base/error.ts';
import type { Logger } from '../base/log.ts';
import type { Delivered } from '../ingest/source.ts';
import type { ChainCreationConfig, ChainCreationTools } from './chain/create.ts';
import { awaitDecision } from './chain/decision.ts';
import { type Halt, HaltError } from './chain/halt.ts';
import type { Position } from './chain/position.ts';
import { type RecoveryProgress, recoverPosition } from './chain/recovery.ts';
import { Continuity, type Judgement } from './continuity.ts';
import type { MemoryLedger } from './memory.ts';
import { Ownership } from './ownership.ts';
import {
  type Halted,
  type PartitionObserver,
  PartitionView,
  type Recovering,
  type Streaming,
} from './partition-view.ts';
import { SealLoop, type SealLoopEvents, type SealLoopOptions } from './seal-loop.ts';

export type PartitionOptions = Pick<SealLoopOptions, 'route' | 'encoder' | 'constant' | 'limits'> & {
  readonly tools: ChainCreationTools;
  readonly memory: MemoryLedger;
  readonly random: () => number;
  readonly chainCreation: ChainCreationConfig;
  readonly log: Logger;
  readonly observer: PartitionObserver;
  /** False: too much is held over all partitions, and `resume` will be called. */
  readonly hasRoom: () => boolean;
};

const DRAIN_POLL_MS = 50;

export class PartitionActor extends PartitionView {
  readonly #options: PartitionOptions;
  readonly #continuity = new Continuity(this.id);
  readonly #ownership = new Ownership();

  constructor(options: PartitionOptions) {
    super(options.route);
    this.#options = options;
  }

  // What the pipeline calls.

  start(): void {
    this.#recover();
  }

  suspend(): void {
    this.#ownership.suspend();
  }

  /** The partition stayed ours across a rebalance. The batch stays too; the fence decides who is right. */
  keep(): void {
    this.#ownership.keep();
    const state = this.life;
    if (state.kind === 'streaming') this.#fetchFrom(state.loop.next);
  }

  /** The sealer brings what was signed to its outcome. The rest is dropped; the next owner reads it again. */
  revoke(): void {
    const { halt } = this;
    this.#discardLoop();
    this.life = { kind: 'revoked', halt };
    this.#ownership.lose();
  }

  /** The source may be another one than it was. */
  suspect(): void {
    if (this.life.kind === 'recovering') this.life.suspect = true;
    else this.loop?.suspect();
  }

  /** The log does not hold what follows: expired, cut off or replaced. Finding the position shows which. */
  outOfRange(): void {
    if (this.life.kind === 'streaming' && !this.#ownership.isUndecided) this.#rereadOnceSealed(this.life);
  }

  end(nextOffset: number): void {
    if (this.life.kind !== 'streaming') return;
    this.life.end = nextOffset;
    this.life.loop.close();
  }

  /** Takes what a fetch brought; returns at once. */
  fetched(fetched: Delivered): void {
    const state = this.life;
    if (state.kind !== 'streaming' || state.rereading || this.#ownership.isUndecided) return;
    this.seen.highWatermark = fetched.highWatermark;
    const refused = state.loop.take(fetched);
    if (state.loop.full) this.pause();
    if (refused !== null) this.#refused(state, refused);
  }

  /** Called often: closes what is due, gives an idle chain its heartbeat. */
  tick(): void {
    const state = this.life;
    if (state.kind !== 'streaming' || this.#ownership.isUndecided) return;
    state.loop.closeDue(state.end === null && !state.draining);
  }

  /**
   * Memory is short and this batch is the largest. It is sealed, or given up if its source does not answer:
   * it could not be sealed before the log is seen to hold it, and would block the others until then.
   */
  makeRoom(): void {
    if (this.life.kind === 'streaming' && this.life.loop.unanswered) {
      this.#warn('memory is short: what its brokers do not confirm is read again');
      this.#recover();
    } else this.loop?.close();
  }

  pause(): void {
    this.#options.tools.source.pause(this.route.partition);
  }

  /** Fetching goes on, unless this partition has its own reasons to wait. */
  resume(): void {
    const state = this.life;
    if (state.kind !== 'streaming' || state.rereading || state.draining || state.loop.full) return;
    if (this.#ownership.isUndecided || !this.#options.hasRoom()) return;
    this.#options.tools.source.resume(this.route.partition);
  }

  /** Seals what there is and takes nothing more. Resolves when nothing is left, or the signal aborts. */
  async drain(signal: AbortSignal): Promise<void> {
    if (this.life.kind !== 'revoked') this.life.draining = true;
    this.pause();
    for (let loop = this.loop; !signal.aborted && loop !== null; loop = this.loop) {
      loop.close();
      if (loop.empty) return;
      const poll = this.#options.tools.clock.sleep(DRAIN_POLL_MS, signal).catch(() => {});
      await Promise.race([loop.working ?? poll, poll]);
    }
  }

  // Into `recovering`.

  #recover(): void {
    const from = this.life;
    if (from.kind === 'revoked') return;
    this.pause();
    const { draining } = from;
    const state: Recovering = { kind: 'recovering', draining, halt: this.halt, suspect: false };
    this.#discardLoop();
    this.life = state;
    void this.#findPosition(state);
  }

  async #findPosition(state: Recovering): Promise<void> {
    const { tools, chainCreation, random, log } = this.#options;
    const { route, seen } = this;
    const progress: RecoveryProgress = {
      attempt: () => {
        state.suspect = false;
      },
      created: () => log.info(route.partition, 'chain created'),
      troubled: (error) => this.#troubled(error),
    };
    const options = { tools, route, chainCreation, random, seen, progress, ownership: this.#ownership };
    try {
      const position = await recoverPosition(options);
      if (this.life === state) this.#stream(state, position);
    } catch (error) {
      if (this.life !== state) return;
      // A fault of ours ends the process: the partition would recover for ever, and nobody would notice.
      if (!(error instanceof HaltError)) throw error;
      this.#haltFor(error.halt, null);
    }
  }

  // Into `streaming`.

  #stream(from: Recovering, position: Position): void {
    const { nextOffset, size } = position.head;
    this.seen.head = position.head;
    this.#troubled(null);
    const loop = this.#newLoop(position);
    if (from.suspect) loop.suspect();
    this.life = { kind: 'streaming', draining: from.draining, loop, rereading: false, end: null };
    this.#options.log.info({ ...this.route.partition, nextOffset, sequence: size }, 'streaming');
    this.#fetchFrom(nextOffset);
    loop.commitHint(position.head);
  }

  #fetchFrom(offset: number): void {
    if (this.#ownership.isUndecided) return;
    this.#options.tools.source.seek(this.route.partition, offset);
    this.resume();
  }

  // While it streams.

  #newLoop(position: Position): SealLoop {
    const { route, tools, encoder, limits, constant, memory, random, log } = this.#options;
    const events: SealLoopEvents = {
      accepted: (records) => this.#options.observer.accepted(this, records),
      sealed: (batch, segment, seconds) => {
        this.#options.observer.sealed(this, batch, segment.manifest, seconds);
        this.resume();
      },
      fenced: () => {
        this.#options.observer.fenced(this);
        this.#warn('fenced: another writer sealed this sequence; reading again from its head');
        this.#recover();
      },
      halted: (halt) => this.#haltFor(halt, null),
      failed: (error) => void this.#sealFailed(error),
      troubled: (error) => this.#troubled(error),
      idle: () => {
        if (this.life.kind === 'streaming' && this.life.rereading) this.#recover();
      },
    };
    return new SealLoop(
      {
        ...{ route, tools, encoder, limits, constant, random, log, events },
        account: () => memory.open(this.id),
        continuity: this.#continuity,
        ownership: this.#ownership,
      },
      position,
    );
  }

  #refused(state: Streaming, judgement: Judgement): void {
    switch (judgement.kind) {
      case 'reread':
        this.#warn('continuity broken: reading again from the sealed head');
        this.#recover();
        break;
      case 'seal-and-reread':
        this.#rereadOnceSealed(state);
        break;
      case 'halt-after':
        state.loop.close();
        this.#haltFor(judgement.halt, state.loop);
        break;
      case 'halt-now':
        this.#haltFor(judgement.halt, null);
    }
  }

  #rereadOnceSealed(state: Streaming): void {
    this.pause();
    state.rereading = true;
    state.loop.suspect();
    state.loop.close();
    if (!state.loop.busy) this.#recover();
  }

  async #sealFailed(error: unknown): Promise<void> {
    const { loop } = this;
    this.#troubled(error);
    const next = this.#continuity.failed(error, this.head?.nextOffset ?? 0);
    if ('halt' in next) return this.#haltFor(next.halt, null);
    this.#warn('sealing failed: reading again from the head', { error: messageOf(error) });
    await this.#options.tools.clock.sleep(next.waitMs, this.#ownership.signal).catch(() => {});
    if (this.loop === loop) this.#recover();
  }

  // Into `halted`.

  /** `loop`: seals what came before the reason. Null: nothing unsealed can be trusted. */
  #haltFor(reason: Halt, loop: SealLoop | null): void {
    if (this.life.kind === 'revoked') return;
    if (loop === null) this.#discardLoop();
    this.pause();
    const { log, tools } = this.#options;
    const { code, remedy } = reason;
    log.error({ ...this.route.partition, code, remedy }, `HALTED: ${reason.message}`);
    const state: Halted = { kind: 'halted', draining: this.life.draining, halt: reason, loop };
    this.life = state;
    // A seal of our own that is being stored is not an operator's decision.
    const ours = () => {
      const size = loop?.size ?? this.head?.size;
      return size === undefined ? this.seen.sequence : Math.max(size - 1, this.seen.sequence ?? 0);
    };
    const waits = () => this.life === state;
    void awaitDecision(tools, this.route, ours, waits, this.#ownership.signal).then((decided) => {
      if (decided && waits()) this.#recover();
    });
  }

  #discardLoop(): void {
    this.seen.head = this.head;
    this.loop?.discard();
  }

  #troubled(error: unknown | null): void {
    const sinceMs = this.seen.trouble?.sinceMs ?? this.#options.tools.clock.now();
    this.seen.trouble = error === null ? null : { error, sinceMs };
    if (error !== null) this.#options.observer.trouble(this, error);
  }

  #warn(message: string, fields: object = {}): void {
    this.#options.log.warn({ ...this.route.partition, ...fields }, message);
  }
}
