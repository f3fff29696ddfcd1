// How do results come out in the order in which their work began, and how many may wait?
import { Semaphore } from '../../base/concurrency.ts';

type Turn<T> = { readonly result: Promise<T | null>; readonly set: (result: T | null) => void };

/**
 * `begin` gives a turn; `turns` gives their results in the order of the turns. At most `aheadMax` turns are
 * open or not taken yet, and `waitingMax` once somebody takes them: who begins one more waits until one was
 * taken.
 */
export class TurnQueue<T> {
  readonly #slots: Semaphore;
  /** What is kept back as long as nobody takes turns. */
  readonly #kept: Promise<() => void> | null;
  readonly #turns: Turn<T>[] = [];
  readonly #freed: (() => void)[] = [];
  #wake: () => void = () => {};
  #end: { readonly error: unknown } | null = null;

  constructor(waitingMax: number, aheadMax = waitingMax) {
    this.#slots = new Semaphore(waitingMax);
    this.#kept = aheadMax < waitingMax ? this.#slots.take(waitingMax - aheadMax) : null;
  }

  /** Call the result with what came of it, or with null. Only the first call counts. */
  async begin(signal: AbortSignal): Promise<(result: T | null) => void> {
    this.#freed.push(await this.#slots.take(1, signal));
    let set: Turn<T>['set'] = () => {};
    const result = new Promise<T | null>((resolve) => {
      set = resolve;
    });
    this.#turns.push({ result, set });
    this.#wake();
    return set;
  }

  /** No more turns begin. With an error `turns` throws it, after what came before. */
  end(error: unknown = null): void {
    this.#end ??= { error };
    for (const { set } of this.#turns) set(null);
    this.#wake();
  }

  async *turns(): AsyncGenerator<T> {
    (await this.#kept)?.();
    for (;;) {
      const turn = this.#turns.shift();
      if (turn === undefined) {
        if (this.#end?.error != null) throw this.#end.error;
        if (this.#end !== null) return;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        continue;
      }
      const result = await turn.result;
      if (result !== null) yield result;
      this.#freed.shift()?.();
    }
  }
}

/**
 * A queue for each of several chains that work side by side. Results come chain by chain, in the order of the
 * names, whichever is ready first; the chains that are not at their turn yet wait after `aheadMax` each.
 */
export class ChainQueues<T> {
  readonly #queues: ReadonlyMap<string, TurnQueue<T>>;
  readonly #ended: Promise<unknown>;
  #setEnded: (error: unknown) => void = () => {};

  constructor(names: readonly string[], waitingMax: number, aheadMax: number) {
    this.#queues = new Map(names.map((name) => [name, new TurnQueue<T>(waitingMax, aheadMax)]));
    this.#ended = new Promise((resolve) => {
      this.#setEnded = resolve;
    });
  }

  /** Undefined: no such name. */
  of(name: string): TurnQueue<T> | undefined {
    return this.#queues.get(name);
  }

  /** No more turns begin in any of them. With an error `turns` throws it, after what came before. */
  end(error: unknown = null): void {
    for (const queue of this.#queues.values()) queue.end(error);
    this.#setEnded(error);
  }

  /** Ends after `end`, and not before: that all chains have ended is not all. */
  async *turns(): AsyncGenerator<T> {
    for (const queue of this.#queues.values()) yield* queue.turns();
    const error = await this.#ended;
    if (error !== null) throw error;
  }
}
