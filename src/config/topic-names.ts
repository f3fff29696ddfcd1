// What does a configuration say of the topic with this name: by the name itself, or by a pattern?
import { IMPORT_PREFIX, isReservedName } from '../format/chain.ts';
import type { TopicConfig, TopicPattern } from './topic.ts';

type Names = { readonly topics: readonly TopicConfig[]; readonly patterns: readonly TopicPattern[] };

const compiled = new Map<string, RegExp | null>();

/** Null: what is written is no regular expression; the schema says so. */
function regExpOf(text: string): RegExp | null {
  const known = compiled.get(text);
  if (known !== undefined) return known;
  let made: RegExp | null = null;
  try {
    made = new RegExp(text);
  } catch {}
  compiled.set(text, made);
  return made;
}

/** `__consumer_offsets` and the like, and chains of imported history. Such a topic has to be named. */
const NEVER_TAKEN = ['__', IMPORT_PREFIX];

/** Would the pattern take a topic of this name, if no entry named it? */
export const patternTakes = (
  { pattern, except }: Pick<TopicPattern, 'pattern' | 'except'>,
  topic: string,
): boolean =>
  !isReservedName(topic) &&
  !NEVER_TAKEN.some((begin) => topic.startsWith(begin)) &&
  regExpOf(pattern)?.test(topic) === true &&
  !except.some((one) => regExpOf(one)?.test(topic) === true);

/** Null: nothing archives this topic. */
export function topicNamed({ topics, patterns }: Names, name: string): TopicConfig | null {
  const named = topics.find((topic) => topic.name === name);
  if (named !== undefined) return named;
  const taking = patterns.find((pattern) => patternTakes(pattern, name));
  if (taking === undefined) return null;
  const { pattern: _, except: __, ...topic } = taking;
  return { ...topic, name, chain: name, partitions: {} };
}

/** The topic that is archived in this partition of this chain; null: none. */
export function topicOfChain(names: Names, chain: string, partition: number): TopicConfig | null {
  const named = names.topics.find((one) => (one.partitions[partition]?.chain ?? one.chain) === chain);
  if (named !== undefined) return named;
  // By a pattern, a chain has its topic's name. One with an entry of its own has the chain that it names.
  return names.topics.some(({ name }) => name === chain) ? null : topicNamed(names, chain);
}

/** What the entries are about, for people: names, and patterns between slashes. */
export const topicsText = ({ topics, patterns }: Names): string =>
  [...topics.map(({ name }) => name), ...patterns.map(({ pattern }) => `/${pattern}/`)].join(', ');
