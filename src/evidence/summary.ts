// What does a package hold of one chain? Made at the export, and made again from the lines at each check.
import type { GapReason } from '../format/line.ts';
import { timeText } from '../format/time.ts';
import type { ShownEvent } from './event.ts';

/** Offsets that a gap line covers, both included. */
type GapOfSummary = {
  readonly from: number;
  readonly to: number;
  readonly reason: GapReason;
  readonly by: string | null;
  readonly why: string | null;
};

export type ChainSummary = {
  readonly chain: string;
  readonly partition: number;
  readonly origin: string;
  /** To which every proof of the chain leads. `root`: hex. */
  readonly checkpoint: { readonly size: number; readonly root: string };
  readonly events: number;
  readonly gapLines: number;
  /** That the lines cover. Null where there is no line. */
  readonly firstOffset: number | null;
  readonly lastOffset: number | null;
  /** RFC 3339: the least and the greatest time of the events, by their producers' or brokers' clocks. */
  readonly firstTime: string | null;
  readonly lastTime: string | null;
  readonly gaps: readonly GapOfSummary[];
};

export class ChainSummarizer {
  readonly #about: Pick<ChainSummary, 'chain' | 'partition' | 'origin' | 'checkpoint'>;
  readonly #gaps: GapOfSummary[] = [];
  #events = 0;
  #first: number | null = null;
  #last: number | null = null;
  #firstMs = Number.POSITIVE_INFINITY;
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(about: Pick<ChainSummary, 'chain' | 'partition' | 'origin' | 'checkpoint'>) {
    this.#about = about;
  }

  add({ offset, nextOffset, gap, timeMs }: ShownEvent): void {
    this.#first ??= offset;
    this.#last = nextOffset - 1;
    if (gap !== null) {
      const { reason, by = null, why = null } = gap;
      this.#gaps.push({ from: offset, to: gap.last, reason, by, why });
    } else this.#events++;
    if (timeMs === null) return;
    this.#firstMs = Math.min(this.#firstMs, timeMs);
    this.#lastMs = Math.max(this.#lastMs, timeMs);
  }

  summary(): ChainSummary {
    const hasTime = this.#firstMs <= this.#lastMs;
    return {
      ...this.#about,
      events: this.#events,
      gapLines: this.#gaps.length,
      firstOffset: this.#first,
      lastOffset: this.#last,
      firstTime: hasTime ? timeText(this.#firstMs) : null,
      lastTime: hasTime ? timeText(this.#lastMs) : null,
      gaps: this.#gaps,
    };
  }
}
