// What was measured in the last day, in memory of one size? A part of five minutes may be empty.

const PART_MS = 5 * 60_000;
export const DAY_PARTS = 288;

export type DaySeries = {
  /** The greatest measure of each part, the oldest first. Null: nothing was measured. */
  readonly parts: readonly (number | null)[];
  /** When the last part ends. */
  readonly endMs: number;
  readonly last: { readonly value: number; readonly atMs: number } | null;
};

/** Of one thing that is measured. */
export class DayHistory {
  readonly #values = new Float64Array(DAY_PARTS);
  /** Which part of all time each value is of. */
  readonly #parts = new Float64Array(DAY_PARTS).fill(-1);
  #last: DaySeries['last'] = null;

  /** Null: it could not be measured, and nothing is noted. */
  note(value: number | null, nowMs: number): void {
    if (value === null || !Number.isFinite(value)) return;
    const part = Math.floor(nowMs / PART_MS);
    const slot = part % DAY_PARTS;
    // A clock that was set back finds parts of the future here.
    const before = this.#parts[slot] === part ? (this.#values[slot] as number) : value;
    this.#parts[slot] = part;
    this.#values[slot] = Math.max(before, value);
    this.#last = { value, atMs: nowMs };
  }

  series(nowMs: number): DaySeries {
    const now = Math.floor(nowMs / PART_MS);
    const parts = Array.from({ length: DAY_PARTS }, (_, index) => {
      const part = now - DAY_PARTS + 1 + index;
      const slot = ((part % DAY_PARTS) + DAY_PARTS) % DAY_PARTS;
      return this.#parts[slot] === part ? (this.#values[slot] as number) : null;
    });
    return { parts, endMs: (now + 1) * PART_MS, last: this.#last };
  }
}
