// How are the checks of `doctor` and `init` printed?
import { printable } from '../../base/printable.ts';
import { EXIT } from './exit-code.ts';
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

export type Readiness = {
  /** Null: nothing is bad, and not everything could be looked at. */
  readonly ready: boolean | null;
  readonly exitCode: number;
  readonly text: string;
};

/** "Ready" is said only if every check could be made. */
export function readinessOf(checks: readonly Check[], output: Output): Readiness {
  const count = (wanted: Check['verdict']) => checks.filter(({ verdict }) => verdict === wanted).length;
  const [bad, unknown] = [count('bad'), count('unknown')];
  const ready = bad > 0 ? false : unknown > 0 ? null : true;
  const word =
    ready === null
      ? output.colour('yellow', 'not known')
      : ready
        ? output.colour('green', 'ready')
        : output.colour('red', 'not ready');
  const counts = `${bad} bad, ${unknown} unknown, ${count('warning')} to look at, of ${checks.length} checks`;
  return { ready, exitCode: ready === true ? EXIT.ok : EXIT.failed, text: `${word}: ${counts}` };
}

/** One line for each check, and below it the remedy if there is something to do. */
export function checkLines(area: string, checks: readonly Check[], output: Output): string[] {
  return checks.flatMap(({ name, verdict, found, remedy }) => [
    `${output.colour(COLOURS[verdict], verdict.padEnd(8))} ${area.padEnd(8)} ${name.padEnd(18)} ${printable(found)}`,
    ...(remedy === null || verdict === 'ok' ? [] : [`${' '.repeat(18)}→ ${printable(remedy)}`]),
  ]);
}
