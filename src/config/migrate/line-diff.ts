// Which lines of a text went, and which came? Without the lines around them: one may hold a secret.

/** More compared lines than this are shown as one change. */
const CELLS_MAX = 4_000_000;

/** As `diff -U0` has them, without its two lines of names. Empty: the texts are the same. */
export function lineDiff(before: string, after: string): string {
  const [old, now] = [before.split('\n'), after.split('\n')];
  let head = 0;
  while (head < Math.min(old.length, now.length) && old[head] === now[head]) head += 1;
  let tail = 0;
  while (
    tail < Math.min(old.length, now.length) - head &&
    old[old.length - 1 - tail] === now[now.length - 1 - tail]
  )
    tail += 1;
  const [a, b] = [old.slice(head, old.length - tail), now.slice(head, now.length - tail)];
  const kept = a.length * b.length > CELLS_MAX ? [] : common(a, b);
  const out: string[] = [];
  let [i, j] = [0, 0];
  for (const [keptA, keptB] of [...kept, [a.length, b.length] as const]) {
    if (i < keptA || j < keptB) {
      out.push(`@@ -${at(head + i, keptA - i)} +${at(head + j, keptB - j)} @@`);
      out.push(
        ...a.slice(i, keptA).map((line) => `-${line}`),
        ...b.slice(j, keptB).map((line) => `+${line}`),
      );
    }
    [i, j] = [keptA + 1, keptB + 1];
  }
  return out.map((line) => `${line}\n`).join('');
}

const at = (index: number, count: number): string => `${count === 0 ? index : index + 1},${count}`;

/** The longest common part, as pairs of indexes. */
function common(a: readonly string[], b: readonly string[]): (readonly [number, number])[] {
  const width = b.length + 1;
  const lengths = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      lengths[i * width + j] =
        a[i] === b[j]
          ? (lengths[(i + 1) * width + j + 1] as number) + 1
          : Math.max(lengths[(i + 1) * width + j] as number, lengths[i * width + j + 1] as number);
  const pairs: (readonly [number, number])[] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (a[i] === b[j]) pairs.push([i++, j++]);
    else if ((lengths[(i + 1) * width + j] as number) >= (lengths[i * width + j + 1] as number)) i += 1;
    else j += 1;
  }
  return pairs;
}
