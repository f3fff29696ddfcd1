// How does the result of a chaos run look to a person, and to a program?
import type { Outcome } from './scenario.ts';

const seconds = (value: number | null): string => (value === null ? '–' : value.toFixed(1));

/** One line, as soon as a scenario is over: a run that is broken off leaves what it had. */
export function summary({ comparison, records, verdict, problems, ...outcome }: Outcome): string {
  const found =
    comparison === null ? 'not compared' : `${comparison.lost} lost, ${comparison.doubled} doubled`;
  const resumed = `resumed after ${seconds(outcome.resumeSeconds)} s, all after ${seconds(outcome.resumeAllSeconds)} s`;
  const failed = problems.length === 0 ? '' : `, ${problems.length} PROBLEMS`;
  return `${records} records, ${found}, ${verdict}, ${resumed}, took ${seconds(outcome.seconds)} s${failed}`;
}

export function table(outcomes: readonly Outcome[]): string {
  const head = [
    'scenario',
    'records',
    'faults',
    'lost',
    'doubled',
    'differ',
    'unacked',
    'excused',
    'verdict',
    'resume s',
    'all s',
    'took s',
    '',
  ];
  const rows = outcomes.map((outcome) => {
    const { comparison } = outcome;
    const count = (value: number | undefined) => (value === undefined ? '?' : value.toLocaleString('en-US'));
    return [
      outcome.scenario,
      count(outcome.records),
      Object.entries(outcome.faults)
        .map(([kind, number]) => `${number} ${kind}`)
        .join(', '),
      count(comparison?.lost),
      count(comparison?.doubled),
      count(comparison?.differing),
      count(comparison?.unacknowledged),
      count(comparison?.excused),
      outcome.verdict,
      seconds(outcome.resumeSeconds),
      seconds(outcome.resumeAllSeconds),
      seconds(outcome.seconds),
      outcome.problems.length === 0 ? 'ok' : 'FAILED',
    ];
  });
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) =>
        /^[\d,.–?]+$/.test(cell) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd();
  const figures = outcomes.flatMap(({ scenario, figures: own }) =>
    Object.entries(own).map(([name, value]) => `  ${scenario}: ${name} ${Number(value.toFixed(2))}`),
  );
  const problems = outcomes.flatMap(({ scenario, problems: own }) =>
    own.map((problem) => `  ${scenario}: ${problem}`),
  );
  return [
    line(head),
    ...rows.map(line),
    ...(figures.length > 0 ? ['', ...figures] : []),
    ...(problems.length > 0 ? ['', 'problems:', ...problems] : []),
  ].join('\n');
}
