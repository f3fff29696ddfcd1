// How does a person see how far a search is, beside the hits that it prints?
import { counted } from '../../base/counted.ts';
import { dataPrefix } from '../../format/paths.ts';
import type { StoreReader } from '../../store/store.ts';
import type { Io } from './output.ts';
import { type ProgressBar, startProgressBar } from './progress.ts';
import { ageText, bytesText } from './table.ts';

/** A bar that was taken away for a hit stays away for so long. */
const QUIET_MS = 400;
/** Before that a rate says nothing. */
const RATE_AFTER_MS = 500;

export class FindProgress {
  readonly #io: Io;
  #bar: ProgressBar | null = null;
  #quietUntilMs = 0;
  readonly #startMs = performance.now();
  #total: number | null = null;

  constructor(io: Io) {
    this.#io = io;
  }

  get isVisible(): boolean {
    return this.#io.stderr.isTTY === true && this.#io.env['TERM'] !== 'dumb';
  }

  /** Sums what is stored, beside the search, which neither waits for it nor fails with it. */
  async countBytes(store: StoreReader, signal: AbortSignal): Promise<void> {
    if (!this.isVisible) return;
    let total = 0;
    for await (const { size, marker } of store.listVersions(DATA, { signal })) if (!marker) total += size;
    this.#total = total;
  }

  /** `bytes`: read or passed by. */
  update(bytes: number, hits: number): void {
    if (!this.isVisible || performance.now() < this.#quietUntilMs) return;
    this.#bar ??= startProgressBar(this.#io, 'find');
    this.#bar.update(this.#total === null ? 0 : bytes, this.#total ?? 1, this.#text(bytes, hits));
  }

  #text(bytes: number, hits: number): string {
    const ms = performance.now() - this.#startMs;
    const parts = [bytesText(bytes), counted(hits, 'hit')];
    if (ms > RATE_AFTER_MS && bytes > 0) {
      parts.push(`${bytesText((bytes / ms) * 1000)}/s`);
      if (this.#total !== null && this.#total > bytes) {
        parts.push(`${ageText(((this.#total - bytes) * ms) / bytes)} left`);
      }
    }
    return parts.join(', ');
  }

  /** Call it before something is printed: hits may go to the same terminal. */
  stepAside(): void {
    this.#bar?.stop();
    this.#bar = null;
    this.#quietUntilMs = performance.now() + QUIET_MS;
  }
}

/** Below which all data objects lie. */
const DATA = dataPrefix('x', 0).slice(0, 'data/'.length);
