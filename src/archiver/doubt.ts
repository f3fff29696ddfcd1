// When is a doubt about the log settled, if nothing waits to be signed?

/** So long after it came up: elections are over by then. */
const LOOK_AFTER_MS = 2_000;
/** And so often at most: one broker that is gone gives all partitions a doubt every second. */
const LOOK_EVERY_MS = 15_000;

/** Times are monotonic. */
export class Doubt {
  #sinceMs: number | null = null;
  #lookedAtMs = Number.NEGATIVE_INFINITY;

  raise(nowMs: number): void {
    this.#sinceMs ??= nowMs;
  }

  /** A seal settled it on its way. */
  settled(): void {
    this.#sinceMs = null;
  }

  /** True: it is time, and whoever asks looks now. */
  takeLook(nowMs: number): boolean {
    if (this.#sinceMs === null) return false;
    if (nowMs < Math.max(this.#sinceMs + LOOK_AFTER_MS, this.#lookedAtMs + LOOK_EVERY_MS)) return false;
    this.#lookedAtMs = nowMs;
    this.#sinceMs = null;
    return true;
  }
}
