// How are tables and numbers printed for people?
import { printable } from '../../base/printable.ts';

export type Column = { readonly title: string; readonly align?: 'left' | 'right' };

/** Two spaces between columns and no lines, so that it can be copied into a mail. */
export function tableText(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const titles = columns.map(({ title }) => title);
  const shown = rows.map((row) => row.map(printable));
  const widths = columns.map((_, index) =>
    Math.max(...[titles, ...shown].map((row) => (row[index] ?? '').length)),
  );
  const line = (cells: readonly string[]) =>
    columns
      .map(({ align }, index) => {
        const cell = cells[index] ?? '';
        const width = widths[index] as number;
        return align === 'right' ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd();
  return `${[titles, ...shown].map(line).join('\n')}\n`;
}

/** 1,023 B, 1.5 KiB, 16.0 MiB. */
export function bytesText(bytes: number): string {
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  if (bytes < 1024) return `${bytes} B`;
  let value = bytes / 1024;
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  return `${value.toFixed(1)} ${units[unit]}`;
}

/** 45 s, 12 min, 3.5 h, 2.0 d; with a minus where a clock is behind another. */
export function ageText(ms: number): string {
  if (ms < 0) return `-${ageText(-ms)}`;
  const seconds = ms / 1000;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${(seconds / 3600).toFixed(1)} h`;
  return `${(seconds / 86_400).toFixed(1)} d`;
}

/** `5 s ago`, or where clocks differ `5 s ahead of this clock`. */
export const agoText = (ms: number): string =>
  ms < 0 ? `${ageText(-ms)} ahead of this clock` : `${ageText(ms)} ago`;
