// Which of a chain's segments are meant, as few ranges? Segments without data objects may lie in between.
import { z } from 'zod';
import { LIMITS } from '../../base/limits.ts';

/** Both ends included. */
export type SegmentSpan = { readonly from: number; readonly to: number };

const sequence = z.int().nonnegative().max(LIMITS.sequenceMax);
export const SPAN = z.object({ from: sequence, to: sequence });

/** Ascending and apart. */
export const isAscending = (spans: readonly SegmentSpan[]): boolean =>
  spans.every(({ from, to }, at) => from <= to && (at === 0 || (spans[at - 1] as SegmentSpan).to < from));

export const isWithin = (spans: readonly SegmentSpan[], segment: number): boolean =>
  spans.some(({ from, to }) => segment >= from && segment <= to);

/** Is told of each segment with a data object, in the order of the chain. */
export class SpanBuilder {
  readonly spans: { readonly from: number; to: number }[] = [];
  #isOpen = false;

  add(segment: number, isMeant: boolean): void {
    const last = this.spans.at(-1);
    if (isMeant && this.#isOpen && last !== undefined) last.to = segment;
    else if (isMeant) this.spans.push({ from: segment, to: segment });
    this.#isOpen = isMeant;
  }
}
