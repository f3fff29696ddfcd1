// Which offsets does `--offsets 40-64,80` mean?
import { type Offsets, RANGES_MAX } from '../../evidence/protocol.ts';
import { UsageError } from './exit-code.ts';

const EXAMPLE = 'Give offsets and ranges with both ends, such as 40-64,80.';

/** In ascending order; ranges that touch or overlap are one. Throws UsageError. */
export function parseOffsets(text: string): Offsets[] {
  const parsed = text.split(',').map((part) => {
    const match = /^(\d{1,16})(?:-(\d{1,16}))?$/.exec(part.trim());
    const from = Number(match?.[1]);
    const to = Number(match?.[2] ?? match?.[1]);
    if (match === null || !Number.isSafeInteger(from) || !Number.isSafeInteger(to) || to === 2 ** 53 - 1)
      throw new UsageError(`${JSON.stringify(part)} is not an offset or a range of offsets`, EXAMPLE);
    if (from > to) throw new UsageError(`the range ${part.trim()} ends before it begins`, EXAMPLE);
    return { from, to };
  });
  const ranges: Offsets[] = [];
  for (const range of parsed.sort((a, b) => a.from - b.from)) {
    const before = ranges.at(-1);
    if (before !== undefined && range.from <= before.to + 1)
      ranges[ranges.length - 1] = { from: before.from, to: Math.max(before.to, range.to) };
    else ranges.push(range);
  }
  if (ranges.length > RANGES_MAX)
    throw new UsageError(
      `${ranges.length} ranges of offsets: at most ${RANGES_MAX}`,
      'Make several packages.',
    );
  return ranges;
}
