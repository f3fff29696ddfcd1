// Does a process sign only what it may? The partition is its own as far as it knows, the log not in doubt, the clock right.
import type { TopicPartition } from '../../../src/ingest/source.ts';
import type { Moment } from '../../../src/store/clock-offset.ts';
import { CLOCK_OFFSET_MAX_MS } from '../../../src/store/store.ts';
import type { SimWorld } from './world.ts';

/** `sinceMs`: what happens in one instant has no order that anybody could see. */
type Known = { readonly holds: boolean; readonly sinceMs: number };

/** A date of whole seconds tells no more. */
const DATE_HEADER_MS = 1_000;

/** One process's knowledge, as it was told, and what it signs by it. */
export class Scruples {
  readonly #world: SimWorld;
  readonly #id: string;
  #owned = new Map<number, Known>();
  /** By partition: a doubt came up that no look at the log has settled. */
  readonly #doubted = new Map<number, Known>();
  /** When it was first asked for, by origin and size. */
  readonly #signed = new Map<string, number>();
  readonly #heardMs: number[] = [];
  /** The store's time less monotonic time, by its newest answer, and how long that took. */
  #storeTime: { readonly aheadMs: number; readonly tookMs: number } | null = null;

  constructor(world: SimWorld, id: string) {
    this.#world = world;
    this.#id = id;
  }

  assigned(owned: readonly TopicPartition[]): void {
    const sinceMs = this.#nowMs();
    for (const [partition, { holds }] of this.#owned)
      if (holds) this.#owned.set(partition, { holds: false, sinceMs });
    for (const { partition } of owned) this.#owned.set(partition, { holds: true, sinceMs });
  }

  revoked(): void {
    this.assigned([]);
  }

  /** True: it had heard of a doubt that was raised at `raisedMs` or later when it had this signed. */
  knewBefore(origin: string, size: number, raisedMs: number): boolean {
    const signedMs = this.#signed.get(placeOf(origin, `${size}`)) ?? Number.NEGATIVE_INFINITY;
    return this.#heardMs.some((heardMs) => heardMs >= raisedMs && heardMs < signedMs);
  }

  doubt(): void {
    this.#heardMs.push(this.#nowMs());
    for (const [partition, { holds }] of this.#owned)
      if (holds && this.#doubted.get(partition)?.holds !== true)
        this.#doubted.set(partition, { holds: true, sinceMs: this.#nowMs() });
  }

  /** The log's range was read, by a question that was asked at `askedMs`. */
  looked(partition: number, askedMs: number): void {
    const doubt = this.#doubted.get(partition);
    if (doubt !== undefined && askedMs >= doubt.sinceMs) this.#doubted.delete(partition);
  }

  /** What was signed once may be signed again, whatever became of the partition. A chain is begun for other owners too. */
  signs(text: string, now: Moment): void {
    const [origin = '', size = ''] = text.split('\n');
    const place = placeOf(origin, size);
    if (this.#signed.has(place)) return;
    this.#signed.set(place, this.#nowMs());
    const clockProblem = this.#clockProblem(now);
    if (clockProblem !== null)
      this.#world.problem(`${this.#id} signs size ${size} of ${origin}, and ${clockProblem}`);
    if (size === '1') return;
    const partition = Number(origin.slice(origin.lastIndexOf('/') + 1));
    const before = (known: Known | undefined) => known !== undefined && known.sinceMs < this.#nowMs();
    const owned = this.#owned.get(partition);
    if (owned?.holds !== true && before(owned))
      this.#world.problem(`${this.#id} signs size ${size} of ${partition}, which was taken from it`);
    const doubt = this.#doubted.get(partition);
    if (doubt?.holds === true && before(doubt))
      this.#world.problem(`${this.#id} signs size ${size} of ${partition}, whose log is in doubt`);
  }

  /** An answer of the store was taken for its time: `stamped` by the store's clock. */
  learned(stamped: Moment, tookMs: number): void {
    this.#storeTime = { aheadMs: stamped.wallMs - stamped.monotonicMs, tookMs };
  }

  /**
   * What the clock is off by, as far as anybody could tell here: by the store's newest answer and by both of its own clocks.
   * The error that is left is what the store's time moved since that answer while this process's monotonic clock did not:
   * a machine that stands still, clocks and all, knows of it by the next answer and by nothing before.
   * A date of whole seconds, stamped at some moment of a call, tells no more than a second and what the call took.
   */
  #clockProblem(now: Moment): string | null {
    if (this.#storeTime === null) return "it never heard the store's time";
    const { aheadMs, tookMs } = this.#storeTime;
    const offMs = now.wallMs - now.monotonicMs - aheadMs;
    return Math.abs(offMs) > CLOCK_OFFSET_MAX_MS + DATE_HEADER_MS + tookMs
      ? `its clock is ${offMs} ms off`
      : null;
  }

  #nowMs(): number {
    return this.#world.clock.monotonic();
  }
}

/** A process signs one text for one place: `Kms` looks after that. */
const placeOf = (origin: string, size: string): string => `${origin}\n${size}`;
