// How long did partitions wait between two seals?

/** One sealed segment, as its archiver logged it. */
export type Seal = { readonly partition: number; readonly atMs: number };

/** In seconds, over partitions; null where no partition was seen to seal twice. */
export type Gaps = { readonly median: number | null; readonly longest: number | null };

/**
 * Of each partition the longest wait between two seals, one after the other, that reaches into the time from
 * `fromMs` to `toMs`: the first of such seals may be before it, and the last one behind it.
 */
export function gapsOf(seals: readonly Seal[], fromMs: number, toMs: number): Gaps {
  const times = new Map<number, number[]>();
  for (const { partition, atMs } of seals) times.set(partition, [...(times.get(partition) ?? []), atMs]);
  const longest = [...times.values()].flatMap((all) => {
    const waits = all
      .sort((a, b) => a - b)
      .flatMap((atMs, at) => {
        const before = all[at - 1];
        return before === undefined || atMs <= fromMs || before >= toMs ? [] : [atMs - before];
      });
    return waits.length === 0 ? [] : [Math.max(...waits) / 1000];
  });
  longest.sort((a, b) => a - b);
  return { median: longest[Math.floor(longest.length / 2)] ?? null, longest: longest.at(-1) ?? null };
}

/** When each of so many partitions first sealed after this moment; undefined: not yet. */
export function sealsAfter(
  seals: readonly Seal[],
  partitions: number,
  sinceMs: number,
): readonly (number | undefined)[] {
  const first = new Array<number | undefined>(partitions).fill(undefined);
  for (const { partition, atMs } of seals)
    if (atMs > sinceMs) first[partition] = Math.min(first[partition] ?? Number.POSITIVE_INFINITY, atMs);
  return first;
}
