// How is a day drawn, so that a line is only where something was measured?
import { countText } from '../../base/counted.ts';
import { type Markup, markup } from '../../evidence/report/markup.ts';
import { ageText } from '../cli/table.ts';
import { DAY_PARTS, type DaySeries } from './day-history.ts';

export type Plotted = {
  readonly id: string;
  readonly title: string;
  /** What one value is. */
  readonly unit: 'records' | 'seconds';
  readonly series: DaySeries;
  /** When this process began: nothing before it can be known. */
  readonly startedMs: number;
  /** What stands there as long as nothing was measured. */
  readonly empty: string;
};

const [WIDTH, HEIGHT] = [600, 130];
const BOX = { left: 62, right: 592, top: 10, bottom: 106 } as const;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const PART_MS = DAY_MS / DAY_PARTS;

export function plotOf(plotted: Plotted): Markup {
  const { id, title, unit, series, startedMs } = plotted;
  const { parts, endMs } = series;
  const beginMs = endMs - DAY_MS;
  const known = parts.filter((value) => value !== null);
  const most = niceMost(Math.max(0, ...known), unit);
  const xOf = (ms: number) => round(BOX.left + ((ms - beginMs) / DAY_MS) * (BOX.right - BOX.left));
  const yOf = (value: number) => round(BOX.bottom - (Math.max(0, value) / most) * (BOX.bottom - BOX.top));
  const before = startedMs <= beginMs ? null : xOf(Math.min(startedMs, endMs));
  const words = wordsOf(plotted);
  const pointOf = ({ index, value }: Measure): readonly [number, number] => [
    xOf(beginMs + (index + 0.5) * PART_MS),
    yOf(value),
  ];
  return markup`<figure class="plot">
<figcaption id="${id}-title">${title}</figcaption>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="${id}-title" aria-describedby="${id}-words">
${before === null ? null : beforeOf(before)}
${[0, 0.5, 1].map((share) => levelOf(yOf(most * share), valueText(most * share, unit)))}
${hoursOf(beginMs, endMs).map((ms) => hourOf(xOf(ms), new Date(ms).toISOString().slice(11, 16)))}
${runsOf(parts).map((run) => runOf(run.map(pointOf)))}
</svg>
<p class="soft" id="${id}-words">${words}</p>
</figure>`;
}

function beforeOf(to: number): Markup {
  const wide = to - BOX.left > 150;
  const label = wide
    ? markup`<text class="before-text" x="${BOX.left + 8}" y="${BOX.top + 14}">before this process began</text>`
    : null;
  const [width, height] = [round(to - BOX.left), BOX.bottom - BOX.top];
  return markup`<rect class="before" x="${BOX.left}" y="${BOX.top}" width="${width}" height="${height}"/>${label}`;
}

const levelOf = (y: number, text: string): Markup =>
  markup`<path class="grid" d="M${BOX.left} ${y}H${BOX.right}"/>
<text class="level" x="${BOX.left - 6}" y="${y + 4}">${text}</text>`;

const hourOf = (x: number, text: string): Markup =>
  markup`<path class="tick" d="M${x} ${BOX.bottom}v4"/>
<text class="hour" x="${x}" y="${BOX.bottom + 18}">${text}</text>`;

/** One measure between two gaps is a dot. */
function runOf(points: readonly (readonly [number, number])[]): Markup {
  const [first] = points;
  if (points.length === 1 && first !== undefined)
    return markup`<circle class="line" cx="${first[0]}" cy="${first[1]}" r="2"/>`;
  return markup`<polyline class="line" points="${points.map((point) => point.join(',')).join(' ')}"/>`;
}

type Measure = { readonly index: number; readonly value: number };

/** Measures with no gap between them. */
function runsOf(parts: DaySeries['parts']): Measure[][] {
  const runs: Measure[][] = [];
  parts.forEach((value, index) => {
    if (value === null) return;
    const last = runs.at(-1);
    if (last !== undefined && last.at(-1)?.index === index - 1) last.push({ index, value });
    else runs.push([{ index, value }]);
  });
  return runs;
}

/** Each sixth hour of UTC, not too near to the edges. */
function hoursOf(beginMs: number, endMs: number): number[] {
  const step = 6 * HOUR_MS;
  const firstMs = Math.ceil(beginMs / step) * step;
  return Array.from({ length: 5 }, (_, index) => firstMs + index * step).filter((ms) => ms <= endMs);
}

/** The same for who does not see the picture. */
function wordsOf({ unit, series: { parts, endMs, last }, startedMs, empty }: Plotted): string {
  const known = parts.filter((value) => value !== null);
  if (last === null || known.length === 0) return empty;
  const most = Math.max(...known);
  const at = endMs - (DAY_PARTS - parts.lastIndexOf(most)) * PART_MS;
  const since =
    startedMs > endMs - DAY_MS
      ? `Since this process began at ${timeOf(startedMs)}; what was before is not known here.`
      : 'The last 24 hours.';
  const missing = partsSince(endMs, startedMs) - known.length;
  const gaps =
    missing <= 0
      ? ''
      : ` Nothing was measured in ${ageText(missing * PART_MS)} of it: there is no line there.`;
  return (
    `Last ${valueText(last.value, unit)} at ${timeOf(last.atMs)}; ` +
    `most ${valueText(most, unit)}, in the five minutes from ${timeOf(at)}. ${since}${gaps}`
  );
}

/** Of the day shown, those that this process has lived in. */
const partsSince = (endMs: number, startedMs: number): number =>
  Math.min(DAY_PARTS, Math.ceil((endMs - Math.max(startedMs, endMs - DAY_MS)) / PART_MS));

const timeOf = (ms: number): string => `${new Date(ms).toISOString().slice(11, 16)}Z`;

const valueText = (value: number, unit: Plotted['unit']): string =>
  unit === 'seconds' ? ageText(value * 1000) : `${countText(Math.round(value))}`;

/** 1, 2 or 5 of a power of ten; of seconds also what people know as minutes, hours and days. */
function niceMost(value: number, unit: Plotted['unit']): number {
  const steps =
    unit === 'seconds' ? [10, 20, 60, 120, 300, 600, 1200, 3600, 7200, 14_400, 43_200, 86_400] : [];
  const step = steps.find((one) => one >= value);
  if (step !== undefined) return step;
  const power = 10 ** Math.floor(Math.log10(Math.max(1, value)));
  return Math.max(2, [1, 2, 5, 10].map((one) => one * power).find((one) => one >= value) ?? 10 * power);
}

const round = (value: number): number => Math.round(value * 10) / 10;
