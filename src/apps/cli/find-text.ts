// How is a completeness statement printed?
import { counted } from '../../base/counted.ts';
import { printable } from '../../base/printable.ts';
import type { Statement } from '../../read/find/statement.ts';

/** The conclusion, and below it what it rests on. */
export function statementLines(statement: Statement, more: readonly string[]): string[] {
  const { conclusion, leftOut, facts, notLookedAt, bounds } = statement;
  const parts: readonly (readonly [string, readonly string[]])[] = [
    ['left out', leftOut],
    ['looked at', facts],
    ['not looked at', notLookedAt],
    ['rests on', restsOnTexts(statement)],
    ['not ruled out', bounds],
    ['', more],
  ];
  return [
    conclusion,
    ...parts.flatMap(([title, lines]) => lines.map((line) => `  ${title === '' ? '' : `${title}: `}${line}`)),
  ].map(printable);
}

/** `orders/0: 9 segments, root …, sealed up to …`: the signed states that the answer rests on. */
export function restsOnTexts({ chains, hasKey }: Pick<Statement, 'chains' | 'hasKey'>): string[] {
  const named = chains.length > CHAINS_SHOWN_MAX ? [] : chains;
  return named.flatMap(({ chain, partition, size, root, lastSealed, verdict }) => {
    if (size === null || root === null || lastSealed === null) return [];
    const isBad = hasKey && verdict !== 'verified' && verdict !== null;
    const but = isBad ? `; the chain is ${verdict}, see what was left out` : '';
    return [
      `${chain}/${partition}: ${counted(size, 'segment')}, root ${root}, sealed up to ${lastSealed}${but}`,
    ];
  });
}

/** With more of them `--format jsonl` and --out name each. */
const CHAINS_SHOWN_MAX = 12;
