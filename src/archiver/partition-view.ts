// Which states does a partition's life have, and what does it show of them? What moves it on: partition.ts.
import type { Manifest } from '../format/manifest.ts';
import type { Head } from '../segment/segment.ts';
import type { Batch } from './batch.ts';
import type { Halt } from './chain/halt.ts';
import type { PartitionRoute, SeenChain } from './chain/position.ts';
import type { SealLoop } from './seal-loop.ts';

/** `draining`: the archiver stops, and nothing more is read. */
type Owned = { draining: boolean };

/**
 * Finds the position to go on from. `halt`: the reason of the halt before it, until records are taken again.
 */
export type Recovering = Owned & {
  readonly kind: 'recovering';
  readonly halt: Halt | null;
  suspect: boolean;
};

/** Takes records and seals them. */
export type Streaming = Owned & {
  readonly kind: 'streaming';
  readonly loop: SealLoop;
  /** Takes nothing more, seals what it has, and then finds its position again. */
  rereading: boolean;
  /** One past the last record that a file source will ever have. */
  end: number | null;
};

/** An operator has to decide. The loop, if there is one, still seals what was accepted before the reason. */
export type Halted = Owned & {
  readonly kind: 'halted';
  readonly halt: Halt;
  readonly loop: SealLoop | null;
};

/** Another member's, for good: a partition that returns gets a new actor. */
type Revoked = { readonly kind: 'revoked'; readonly halt: Halt | null };

export type PartitionState = Recovering | Streaming | Halted | Revoked;

/** What was seen last, whatever the state. */
type Seen = SeenChain & {
  highWatermark: number | null;
  trouble: { readonly error: unknown; readonly sinceMs: number } | null;
};

/** Notified synchronously of what happened, for metrics and tests. */
export type PartitionObserver = {
  accepted(partition: PartitionView, records: number): void;
  sealed(partition: PartitionView, batch: Batch, manifest: Manifest, seconds: number): void;
  fenced(partition: PartitionView): void;
  trouble(partition: PartitionView, error: unknown): void;
};

export abstract class PartitionView {
  readonly id: string;
  readonly route: PartitionRoute;
  protected life: PartitionState = { kind: 'recovering', draining: false, halt: null, suspect: false };
  protected readonly seen: Seen = { head: null, sequence: null, highWatermark: null, trouble: null };

  constructor(route: PartitionRoute) {
    this.id = `${route.partition.topic}/${route.partition.partition}`;
    this.route = route;
  }

  get state(): PartitionState['kind'] {
    return this.life.kind;
  }
  get halt(): Halt | null {
    return this.life.kind === 'streaming' ? null : this.life.halt;
  }
  /** It halted, and what came before the reason is sealed. */
  get settledHalt(): Halt | null {
    return this.life.kind === 'halted' && this.life.loop?.empty !== false ? this.life.halt : null;
  }
  /** A file source said that no more will come, and all that came is sealed. */
  get finished(): boolean {
    if (this.life.kind !== 'streaming' || this.life.end === null) return false;
    return this.life.loop.empty && this.life.loop.next >= this.life.end;
  }
  /** It halted since no key of ours signs its next segment, or vouches for its head. */
  get wantsKeys(): boolean {
    const code = this.life.kind === 'halted' ? this.life.halt.code : null;
    return code === 'key-replaced' || code === 'seal-invalid';
  }
  get head(): Head | null {
    return this.loop?.head ?? this.seen.head;
  }
  /** The offset after everything that was accepted, sealed or not; null while it finds its position. */
  get acceptedOffset(): number | null {
    return this.loop?.next ?? null;
  }
  /** Monotonic time of the oldest line that is accepted and not sealed. */
  get oldestUnsealedMs(): number | null {
    return this.loop?.oldestMs ?? null;
  }
  get highWatermark(): number | null {
    return this.seen.highWatermark;
  }
  /** The last error of a step that is tried again; null once it went through, or is not tried any more. */
  get trouble(): Seen['trouble'] {
    if (this.life.kind === 'halted' && this.life.loop === null) return null;
    return this.seen.trouble;
  }

  /** Nothing of it is being sealed or waits for that, and its source answers. */
  get canSealEarly(): boolean {
    return this.life.kind === 'streaming' && !this.life.loop.busy && !this.life.loop.unanswered;
  }

  protected get loop(): SealLoop | null {
    return loopOf(this.life);
  }
}

function loopOf(life: PartitionState): SealLoop | null {
  switch (life.kind) {
    case 'streaming':
    case 'halted':
      return life.loop;
    case 'recovering':
    case 'revoked':
      return null;
  }
}
