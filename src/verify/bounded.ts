// How is much done at once without holding much at once?

/** A budget of so many units (reads, bytes), handed out first come, first served. */
export class Budget {
  readonly #total: number;
  #free: number;
  readonly #waiting: { readonly amount: number; readonly start: () => void }[] = [];

  constructor(total: number) {
    this.#total = total;
    this.#free = total;
  }

  /** Waits for `amount` units; more than there are in all takes them all. Call the result once to give them back. */
  async take(amount: number): Promise<() => void> {
    const units = Math.min(amount, this.#total);
    if (this.#waiting.length > 0 || units > this.#free) {
      await new Promise<void>((start) => this.#waiting.push({ amount: units, start }));
    } else {
      this.#free -= units;
    }
    return () => this.#giveBack(units);
  }

  /** Runs `work` while holding `amount` units. */
  async while<T>(amount: number, work: () => Promise<T>): Promise<T> {
    const giveBack = await this.take(amount);
    try {
      return await work();
    } finally {
      giveBack();
    }
  }

  #giveBack(units: number): void {
    this.#free += units;
    for (
      let next = this.#waiting[0];
      next !== undefined && next.amount <= this.#free;
      next = this.#waiting[0]
    ) {
      this.#waiting.shift();
      this.#free -= next.amount;
      next.start();
    }
  }
}

/**
 * `work` on up to `depth` items ahead of the consumer; results in the order of the items. It begins with one and doubles,
 * so that the first result is not kept waiting by work that comes after it.
 */
export async function* readAhead<T, R>(
  items: AsyncIterable<T>,
  depth: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const underWay: Promise<R>[] = [];
  let ahead = 1;
  const start = (item: T) => {
    const result = work(item);
    // Seen when it is this one's turn; until then a rejection must not count as unhandled.
    result.catch(() => {});
    underWay.push(result);
  };
  try {
    for await (const item of items) {
      start(item);
      if (underWay.length < ahead) continue;
      yield await (underWay.shift() as Promise<R>);
      ahead = Math.min(depth, ahead * 2);
    }
    for (let next = underWay.shift(); next !== undefined; next = underWay.shift()) yield await next;
  } finally {
    await Promise.allSettled(underWay);
  }
}

/** Starts tasks that nobody waits for one by one; at most `limit` run. */
export class TaskGroup {
  readonly #slots: Budget;
  readonly #running = new Set<Promise<void>>();
  #failure: { readonly error: unknown } | null = null;

  constructor(limit: number) {
    this.#slots = new Budget(limit);
  }

  /** Resolves when the task has started. Rejects with the first failure of any. */
  async start(task: () => Promise<void>): Promise<void> {
    const giveBack = await this.#slots.take(1);
    if (this.#failure !== null) throw this.#failure.error;
    const running: Promise<void> = task()
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => {
        giveBack();
        this.#running.delete(running);
      });
    this.#running.add(running);
  }

  /** Waits for all; rejects with the first failure. */
  async finish(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
    if (this.#failure !== null) throw this.#failure.error;
  }
}
