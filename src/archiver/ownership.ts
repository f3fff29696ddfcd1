// Is the partition ours? Between the begin and the end of a rebalance its owner is unknown.

/** Ours from the assignment on, undecided during each rebalance, and in the end lost for good. */
export class Ownership {
  readonly #lost = new AbortController();
  #undecided = false;
  #waiting: (() => void)[] = [];

  /** Aborts when the partition is lost: ends every wait for it. */
  get signal(): AbortSignal {
    return this.#lost.signal;
  }
  get isUndecided(): boolean {
    return this.#undecided;
  }

  /** A rebalance begins. */
  suspend(): void {
    this.#undecided = true;
  }

  /** It ended, and the partition is still ours. */
  keep(): void {
    this.#undecided = false;
    this.#wake();
  }

  lose(): void {
    this.#lost.abort(new Error('partition revoked'));
    this.#wake();
  }

  /**
   * Null: the partition is ours. Otherwise a promise that resolves once it is, and rejects when it is lost.
   */
  undecided(): Promise<void> | null {
    return this.#undecided ? this.decided() : null;
  }

  /** Resolves when the partition is ours for certain. Rejects when it is lost. */
  async decided(): Promise<void> {
    while (this.#undecided && !this.#lost.signal.aborted) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#lost.signal.throwIfAborted();
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}
