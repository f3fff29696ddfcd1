// Does a process sign only what it may? The partition is its own as far as it knows, the log not in doubt, the clock right.
import type { TopicPartition } from '../../../src/ingest/source.ts';
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
  readonly #signed = new Set<string>();

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

  doubt(): void {
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
  signs(text: string, skewMs: number): void {
    if (this.#signed.has(text)) return;
    this.#signed.add(text);
    const [origin = '', size] = text.split('\n');
    if (Math.abs(skewMs) > CLOCK_OFFSET_MAX_MS + DATE_HEADER_MS)
      this.#world.problem(`${this.#id} signs size ${size} of ${origin}, and its clock is ${skewMs} ms off`);
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

  #nowMs(): number {
    return this.#world.clock.monotonic();
  }
}
