// How do results come out in the order in which their work began, and how many may wait?
import { Semaphore } from '../../base/concurrency.ts';

type Turn<T> = { readonly result: Promise<T | null>; readonly set: (result: T | null) => void };

/**
 * `begin` gives a turn; `turns` gives their results in the order of the turns. At most `waitingMax` turns are
 * open or not taken yet: who begins one more waits until somebody has taken one.
 */
export class TurnQueue<T> {
  readonly #slots: Semaphore;
  readonly #turns: Turn<T>[] = [];
  readonly #freed: (() => void)[] = [];
  #wake: () => void = () => {};
  #end: { readonly error: unknown } | null = null;

  constructor(waitingMax: number) {
    this.#slots = new Semaphore(waitingMax);
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
    this.#end = { error };
    for (const { set } of this.#turns) set(null);
    this.#wake();
  }

  async *turns(): AsyncGenerator<T> {
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
