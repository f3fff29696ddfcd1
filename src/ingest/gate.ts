// Does this fetch continue exactly where the last one ended? Only the gate decides on continuity.
import { LIMITS } from '../base/limits.ts';
import { type Item, itemAt, offsetAt } from './item.ts';
import type { Delivered, SeenOffsets } from './source.ts';

/** Why an offset can't be taken. Each names the first offset that is wrong. */
export type Refusal =
  /**
   * `from` to `to` begins below `expected`: a repeat of what is held or sealed already, or a log that was
   * replaced.
   */
  | { readonly kind: 'overlap'; readonly expected: number; readonly from: number; readonly to: number }
  /** `expected` is missing: the next offset is `found`, and nothing shows what lay between. */
  | { readonly kind: 'hole'; readonly expected: number; readonly found: number }
  /**
   * `offset` came after `after` but isn't greater, or isn't an offset at all: nothing of this fetch can be
   * trusted.
   */
  | { readonly kind: 'disorder'; readonly after: number; readonly offset: number }
  /** `offset` is the next one, and the source can't carry it, nor any up to `last`. */
  | ({ readonly kind: 'undecodable'; readonly last: number } & NonNullable<Delivered['undecodable']>);

export type Admission =
  /**
   * Every offset from `expected` up to `next` is covered by exactly one item, in order. `bytes` counts keys,
   * headers and values. `stop`: what came after `next` is refused, so that a chain reaches a hole before it
   * halts at it.
   */
  | {
      readonly kind: 'accept';
      readonly items: readonly Item[];
      readonly next: number;
      readonly bytes: number;
      readonly stop: Refusal | null;
    }
  | { readonly kind: 'nothing' }
  | Refusal;

/** The last offset that the format carries: the one after it must be an exact integer too. */
const OFFSET_LAST = LIMITS.offsetMax - 1;

/**
 * Takes from a fetch what continues at `expected`: records, and offsets seen as control or aborted records,
 * in any mix. An overlap is refused as a whole and never trimmed: replayed offsets may come from another log
 * under the same name, so the caller returns to its sealed head and revalidates the anchor. Sources cut what
 * a broker sends from below the fetched offset (a compressed batch comes whole), so that nothing regular
 * looks like an overlap.
 */
export function admit(expected: number, fetched: Delivered): Admission {
  const { records, seen, undecodable } = fetched;
  if (records.length === 0 && seen.length === 0 && undecodable === undefined) return { kind: 'nothing' };
  const items: Item[] = [];
  const gap = new OpenGap(items);
  let next = expected;
  let bytes = 0;
  let atRecord = 0;
  let record = itemAt(records, 0);
  let atSeen = 0;
  while (record !== null || atSeen < seen.length) {
    const run = seen[atSeen];
    if (record !== null && (run === undefined || record.offset < run.first)) {
      if (record.offset !== next || next > OFFSET_LAST) break;
      gap.close();
      items.push(record);
      bytes += record.bytes;
      next += 1;
      record = itemAt(records, ++atRecord);
    } else if (run !== undefined) {
      if (run.first !== next || !(run.last >= next && run.last <= OFFSET_LAST)) break;
      gap.extend(run);
      next = run.last + 1;
      atSeen += 1;
    }
  }
  gap.close();
  const complete = record === null && atSeen === seen.length;
  const stop = complete && undecodable === undefined ? null : refuse(expected, next, fetched);
  if (stop !== null && (items.length === 0 || stop.kind === 'disorder')) return stop;
  return { kind: 'accept', items, next, bytes, stop };
}

/**
 * Neighbouring runs become one gap line: a transaction of one record makes an aborted offset and its marker.
 */
class OpenGap {
  readonly #items: Item[];
  #first = -1;
  #last = -1;
  #control = 0;

  constructor(items: Item[]) {
    this.#items = items;
  }

  extend(run: SeenOffsets): void {
    if (this.#first < 0) this.#first = run.first;
    this.#last = run.last;
    if (run.kind === 'control') this.#control += run.last - run.first + 1;
  }

  close(): void {
    if (this.#first < 0) return;
    const offset = this.#first;
    const last = this.#last;
    const control = this.#control;
    const aborted = last - offset + 1 - control;
    this.#items.push({ kind: 'gap', gap: { offset, last, reason: 'transaction', control, aborted } });
    this.#first = -1;
    this.#control = 0;
  }
}

/** Off the hot path: what is wrong with a fetch that is good only from `expected` up to `next`. */
function refuse(expected: number, next: number, fetched: Delivered): Refusal {
  let last = -1;
  let found: number | undefined;
  const runs = inOrder(fetched);
  for (const run of runs) {
    if (!isRun(run) || run.first <= last) return { kind: 'disorder', after: last, offset: run.first };
    if (run.first >= next) found ??= run.first;
    last = run.last;
  }
  const first = runs[0]?.first ?? next;
  if (first < expected || found === undefined) return { kind: 'overlap', expected, from: first, to: last };
  if (found > next) return { kind: 'hole', expected: next, found };
  if (fetched.undecodable?.offset === next) {
    const { offset, last: end = offset, ...why } = fetched.undecodable;
    return { kind: 'undecodable', offset, last: end, ...why };
  }
  const reason = `an offset beyond ${OFFSET_LAST} has no exact place in the format`;
  return { kind: 'undecodable', offset: next, last: next, reason };
}

type Run = { readonly first: number; readonly last: number };

const isRun = ({ first, last }: Run): boolean =>
  Number.isInteger(first) && Number.isInteger(last) && last >= first;

/**
 * Records, seen runs and the undecodable offset as one list. Each kind keeps its order, so disorder in one
 * shows here.
 */
function inOrder({ records, seen, undecodable }: Delivered): Run[] {
  const runs: Run[] = [];
  let atSeen = 0;
  for (let index = 0; index < records.length; index++) {
    const offset = offsetAt(records, index);
    for (let run = seen[atSeen]; run !== undefined && run.first <= offset; run = seen[++atSeen])
      runs.push(run);
    runs.push({ first: offset, last: offset });
  }
  for (; atSeen < seen.length; atSeen++) runs.push(seen[atSeen] as Run);
  if (undecodable !== undefined) {
    const { offset, last = offset } = undecodable;
    runs.push({ first: offset, last });
  }
  return runs;
}
