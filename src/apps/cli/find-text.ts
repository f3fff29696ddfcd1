// How is a completeness statement printed?
import { printable } from '../../base/printable.ts';
import type { Statement } from '../../read/find/statement.ts';

/** The conclusion, and below it what it rests on. */
export function statementLines(statement: Statement, more: readonly string[]): string[] {
  const { conclusion, leftOut, facts, bounds, chains } = statement;
  const named = chains.length > CHAINS_SHOWN_MAX ? [] : chains;
  const rests = named.flatMap(({ chain, partition, size, root, lastSealed }) =>
    size === null || root === null || lastSealed === null
      ? []
      : [`rests on ${chain}/${partition}: ${size} segments, root ${root}, sealed up to ${lastSealed}`],
  );
  const parts: readonly (readonly [string, readonly string[]])[] = [
    ['left out', leftOut],
    ['looked at', [...facts, ...rests]],
    ['not ruled out', bounds],
    ['', more],
  ];
  return [
    conclusion,
    ...parts.flatMap(([title, lines]) => lines.map((line) => `  ${title === '' ? '' : `${title}: `}${line}`)),
  ].map(printable);
}

/** With more of them `--format jsonl` and --out name each. */
const CHAINS_SHOWN_MAX = 12;
