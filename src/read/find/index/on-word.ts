// How is it said on whose word segments were not read?
import { counted, countText } from '../../../base/counted.ts';
import type { ChainStatement, Looked } from '../statement.ts';
import { isAnswerable } from './cannot-hit.ts';
import { noWord, type OnWord } from './index-skips.ts';

/** Over all chains, by cosigner. */
export function onWordOf(
  chains: readonly Pick<ChainStatement, 'index'>[],
  conditions: number,
): readonly OnWord[] {
  const all = new Map<string, OnWord>();
  for (const word of chains.flatMap(({ index }) => index.onWord)) {
    const sum = all.get(word.by) ?? noWord(word.by, conditions);
    all.set(word.by, sum);
    sum.segments += word.segments;
    sum.records += word.records;
    sum.tombstones += word.tombstones;
    sum.notJson += word.notJson;
    for (let at = 0; at < conditions; at++) {
      const [before, more] = [sum.without[at] ?? null, word.without[at] ?? null];
      sum.without[at] = before === null || more === null ? null : before + more;
      sum.isPresent[at] ||= word.isPresent[at] === true;
    }
  }
  return [...all.values()];
}

/** `verifier.example.com/prod`: of all whose word was taken. Null: nobody's was. */
export const wordText = ({ onWord }: Pick<Looked, 'onWord'>): string | null =>
  onWord.length === 0 ? null : onWord.map(({ by }) => by).join(' and ');

/** What was not read on somebody's word, and what that word says of it. */
export const onWordTexts = ({ onWord, query, usesIndexes }: Looked): string[] =>
  usesIndexes && isAnswerable(query) ? onWord.flatMap((word) => wordTexts(word, query)) : [];

/** What was read for want of a word, and whose word was not taken. */
export function indexTexts({ chains, query, usesIndexes }: Looked): string[] {
  if (!usesIndexes) return [];
  if (isAnswerable(query)) return chains.flatMap(chainTexts);
  return ['no index can answer what was asked for, so none was used: only =, > and < of a field, and times'];
}

function wordTexts(word: OnWord, { conditions }: Looked['query']): string[] {
  const { by, segments, records, tombstones, notJson } = word;
  const said = [
    [
      `${counted(segments, 'segment')} with ${counted(records, 'record')} not read, on the word of ${by},`,
      'which read them and signed an index: none of them is a hit (--trust-nobody reads them)',
    ].join(' '),
  ];
  for (const [at, { field }] of conditions.entries()) {
    const without = word.without[at] ?? 0;
    const isSaid = conditions.findIndex((one) => one.field === field) < at;
    if (without > 0 && !isSaid)
      said.push(`of those, ${by} counted ${countText(without)} without a value for ${field}`);
  }
  if (notJson > 0) said.push(`of those, ${by} counted ${countText(notJson)} with a value that is no JSON`);
  if (tombstones > 0)
    said.push(`of those, ${by} counted ${countText(tombstones)} without a value (tombstones)`);
  return said;
}

function chainTexts({ chain, partition, index }: ChainStatement): string[] {
  const { unindexed, firstUnindexed, refused, refusedOmitted } = index;
  const said: string[] = [];
  if (unindexed > 0) {
    const more = unindexed - firstUnindexed.length;
    const which = `${firstUnindexed.join(', ')}${more > 0 ? ` and ${countText(more)} more` : ''}`;
    const segments = counted(unindexed, 'segment');
    said.push(`${chain}/${partition}: ${segments} without an index of what was asked for, so read: ${which}`);
  }
  said.push(...refused.map(({ key, why }) => `the index ${key} was not used: ${why}`));
  if (refusedOmitted > 0)
    said.push(`${counted(refusedOmitted, 'further object')} among the indexes not used`);
  return said;
}
