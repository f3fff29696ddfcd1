// How are the checks of `doctor` and `init` printed?
import { printable } from '../../base/printable.ts';
import type { Colour, Output } from './output.ts';

/** The checks of the store and those of Kafka both have this shape. */
export type Check = {
  readonly name: string;
  readonly verdict: 'ok' | 'bad' | 'warning' | 'unknown';
  readonly found: string;
  readonly remedy: string | null;
};

const COLOURS: Readonly<Record<Check['verdict'], Colour>> = {
  ok: 'green',
  bad: 'red',
  warning: 'yellow',
  unknown: 'yellow',
};

/** One line for each check, and below it the remedy if there is something to do. */
export function checkLines(area: string, checks: readonly Check[], output: Output): string[] {
  return checks.flatMap(({ name, verdict, found, remedy }) => [
    `${output.colour(COLOURS[verdict], verdict.padEnd(8))} ${area.padEnd(8)} ${name.padEnd(18)} ${printable(found)}`,
    ...(remedy === null || verdict === 'ok' ? [] : [`${' '.repeat(18)}→ ${printable(remedy)}`]),
  ]);
}
