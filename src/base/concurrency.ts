// How much happens at once, and in which order?

/**
 * So many units (requests, bytes), handed out first come, first served: a newcomer never overtakes those who
 * wait.
 */
export class Semaphore {
  readonly #total: number;
  #free: number;
  readonly #waiting = new Set<{ readonly units: number; readonly start: () => void }>();

  constructor(total: number) {
    this.#total = total;
    this.#free = total;
  }

  /**
   * Waits for the units; more than there are in all takes them all. Call the result once to give them back.
   * Rejects with the signal's reason when it aborts while waiting.
   */
  async take(units: number, signal?: AbortSignal): Promise<() => void> {
    signal?.throwIfAborted();
    const taken = Math.min(units, this.#total);
    if (this.#waiting.size > 0 || taken > this.#free) await this.#turn(taken, signal);
    else this.#free -= taken;
    return () => {
      this.#free += taken;
      this.#startNext();
    };
  }

  /** Runs the task while holding units. A running task watches the signal itself. */
  async run<T>(task: () => Promise<T>, { units = 1, signal }: HoldOptions = {}): Promise<T> {
    const giveBack = await this.take(units, signal);
    try {
      return await task();
    } finally {
      giveBack();
    }
  }

  #turn(units: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#waiting.delete(waiter);
        reject(signal?.reason);
        // It may have been the large one that kept smaller ones waiting.
        this.#startNext();
      };
      const start = () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      };
      const waiter = { units, start };
      this.#waiting.add(waiter);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  #startNext(): void {
    for (const waiter of this.#waiting) {
      if (waiter.units > this.#free) return;
      this.#waiting.delete(waiter);
      this.#free -= waiter.units;
      waiter.start();
    }
  }
}

type HoldOptions = { readonly units?: number; readonly signal?: AbortSignal | undefined };

/** One task at a time for each key, in the order of asking. */
export class KeyedMutex {
  readonly #last = new Map<string, Promise<unknown>>();

  async run<T>(key: string, task: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key) ?? Promise.resolve();
    const mine = before.then(task, task);
    this.#last.set(key, mine);
    try {
      return await mine;
    } finally {
      if (this.#last.get(key) === mine) this.#last.delete(key);
    }
  }
}

/** Starts tasks that nobody waits for one by one; at most `limit` run. */
export class TaskGroup {
  readonly #slots: Semaphore;
  readonly #running = new Set<Promise<void>>();
  #failure: { readonly error: unknown } | null = null;

  constructor(limit: number) {
    this.#slots = new Semaphore(limit);
  }

  /** Resolves when the task has started. Rejects with the first failure of any. */
  async start(task: () => Promise<void>): Promise<void> {
    const giveBack = await this.#slots.take(1);
    if (this.#failure !== null) {
      giveBack();
      throw this.#failure.error;
    }
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

/**
 * `work` on up to `depth` items ahead of the consumer; results in the order of the items. It begins with one
 * and doubles, so that the first result does not wait for work that comes after it.
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
    // The consumer sees a rejection when it gets there; until then it must not count as unhandled.
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
