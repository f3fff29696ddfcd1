// Do the topics of a configuration fit together? Rules that concern more than one key of them.
import { isReservedName } from '../format/chain.ts';
import { memberOf, type SchemaProblem, valueAt } from './problems.ts';
import { patternTakes } from './topic-names.ts';
import type { ConfigPath } from './yaml.ts';

export type Named = { readonly path: ConfigPath; readonly value: unknown };

export const entriesOf = (value: unknown): [string, unknown][] =>
  value !== null && typeof value === 'object' && !Array.isArray(value) ? Object.entries(value) : [];

/** Two topics must never write one chain: (chain, partition) names exactly one topic-partition. */
export function chainProblems(topics: readonly Named[]): SchemaProblem[] {
  const problems: SchemaProblem[] = [];
  const names = new Set<unknown>();
  const owners = new Map<unknown, number>();
  const claim = (chain: unknown, owner: number, path: ConfigPath) => {
    if (typeof chain !== 'string') return;
    if (isReservedName(chain))
      problems.push({ path, message: 'begins with `ledgerstone.`: these names are kept for our own chains' });
    const before = owners.get(chain);
    if (before !== undefined && before !== owner) {
      problems.push({ path, message: `the chain "${chain}" is another topic's already: each needs its own` });
    }
    owners.set(chain, before ?? owner);
  };
  topics.forEach(({ path, value }, owner) => {
    const name = memberOf(value, 'name');
    if (name !== undefined && names.has(name))
      problems.push({ path: [...path, 'name'], message: 'is listed twice' });
    else
      claim(memberOf(value, 'chain') ?? name, owner, [
        ...path,
        memberOf(value, 'chain') === undefined ? 'name' : 'chain',
      ]);
    names.add(name);
    const own = memberOf(value, 'chain') ?? name;
    problems.push(...continuesProblems(own, value, path));
    for (const [partition, override] of entriesOf(memberOf(value, 'partitions'))) {
      const at = [...path, 'partitions', partition];
      claim(memberOf(override, 'chain'), owner, [...at, 'chain']);
      problems.push(...continuesProblems(memberOf(override, 'chain'), override, at));
    }
  });
  return problems;
}

function continuesProblems(own: unknown, holder: unknown, path: ConfigPath): SchemaProblem[] {
  const older = valueAt(holder, ['continues', 'chain']);
  if (older === undefined || older !== own) return [];
  return [
    {
      path: [...path, 'continues', 'chain'],
      message: 'must be another chain than the one that continues it',
    },
  ];
}

/** What only a topic with a name has. */
const OF_ONE_TOPIC = ['chain', 'partitions', 'continues'];

/** Each topic has a name or a pattern, and what it says fits to that. */
export function patternProblems(topics: readonly Named[]): SchemaProblem[] {
  const problems: SchemaProblem[] = [];
  const refuse = (path: ConfigPath, message: string) => problems.push({ path, message });
  const seen = new Set<unknown>();
  for (const { path, value } of topics) {
    const [name, pattern] = [memberOf(value, 'name'), memberOf(value, 'pattern')];
    if (path.length < 3 || value === null || typeof value !== 'object') continue;
    if (pattern === undefined) {
      if (name === undefined)
        refuse([...path, 'name'], 'is missing: a name, or `pattern` for several topics');
      if (memberOf(value, 'except') !== undefined)
        refuse([...path, 'except'], 'is for a pattern, and here is none');
      continue;
    }
    if (name !== undefined) refuse([...path, 'pattern'], 'stands beside `name`: an entry has one of them');
    if (seen.has(pattern)) refuse([...path, 'pattern'], 'is listed twice');
    seen.add(pattern);
    for (const member of OF_ONE_TOPIC)
      if (memberOf(value, member) !== undefined)
        refuse([...path, member], 'is for one topic: give that topic an entry with its `name`');
    if (memberOf(value, 'startFrom') === 'latest') {
      const message = 'would leave out what a new topic got before it was noticed: use `earliest` or a time';
      refuse([...path, 'startFrom'], message);
    }
  }
  return [...problems, ...takenChainProblems(topics)];
}

/** A topic's chain must not be what a pattern makes of another topic, which may come at any time. */
function takenChainProblems(topics: readonly Named[]): SchemaProblem[] {
  const patterns = topics.flatMap(({ value }) => {
    const [pattern, except] = [memberOf(value, 'pattern'), memberOf(value, 'except') ?? []];
    const excepted = [except].flat().filter((one) => typeof one === 'string');
    return typeof pattern === 'string' ? [{ pattern, except: excepted }] : [];
  });
  const names = new Set(topics.map(({ value }) => memberOf(value, 'name')));
  const problems: SchemaProblem[] = [];
  const look = (chain: unknown, path: ConfigPath) => {
    if (typeof chain !== 'string' || names.has(chain)) return;
    if (!patterns.some((one) => patternTakes(one, chain))) return;
    const message = `a pattern would archive a topic "${chain}" into the same chain: add ^${chain}$ to its \`except\``;
    problems.push({ path, message });
  };
  for (const { path, value } of topics) {
    look(memberOf(value, 'chain'), [...path, 'chain']);
    for (const [partition, override] of entriesOf(memberOf(value, 'partitions')))
      look(memberOf(override, 'chain'), [...path, 'partitions', partition, 'chain']);
  }
  return problems;
}
