// Which topics does a configuration with patterns archive, how, and what is refused about it?
import { describe, expect, it } from 'vitest';
import { parseConfig, policyOfChains } from '../../../src/config/archiver.ts';
import { ConfigError } from '../../../src/config/config-error.ts';
import { topicNamed, topicOfChain, topicsText } from '../../../src/config/topic-names.ts';

const configOf = (topics: string) =>
  parseConfig(
    `archive:
  origin: test.example.com/patterns
  store: { kind: directory, path: x }
  signing: { kind: local, keyFile: x }
source:
  kind: kafka
  brokers: ["127.0.0.1:1"]
  topics:
${topics}
retention: { r: { mode: COMPLIANCE, period: 1h }, long: { mode: COMPLIANCE, period: 2h } }
`,
    'test.yaml',
    {},
  );

const problemsOf = (topics: string): string[] => {
  try {
    configOf(topics);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ path, message }) => `${path}: ${message}`);
  }
};

const { source } = configOf(`
    - { name: audit.users, chain: people, retention: long }
    - { pattern: '^audit\\.', except: ['^audit\\.test\\.', '^.*\\.tmp$'], retention: r, fields: { who: /actor } }
    - { pattern: '^.', except: ['^other\\.', '^people$'], retention: long, compacted: accept }
`);

describe('a topic', () => {
  it('is archived by its own entry, or by the first pattern that takes it, into a chain of its name', () => {
    expect(topicNamed(source, 'audit.users')).toMatchObject({ chain: 'people', retention: 'long' });
    expect(topicNamed(source, 'audit.orders')).toEqual({
      ...{
        name: 'audit.orders',
        chain: 'audit.orders',
        partitions: {},
        retention: 'r',
        startFrom: 'earliest',
      },
      fields: { who: ['/actor'] },
    });
    expect(topicNamed(source, 'audit.orders.tmp')).toMatchObject({ retention: 'long', compacted: 'accept' });
    expect(topicNamed(source, 'audit.test.x')).toMatchObject({ retention: 'long' });
    expect(topicNamed(source, 'not.audit.x')).toMatchObject({ retention: 'long' });
  });

  it('that is excepted, of Kafka itself or with a name kept for our own chains is not taken', () => {
    for (const name of ['other.x', '__consumer_offsets', 'ledgerstone.drill', 'import.x'])
      expect([name, topicNamed(source, name)]).toEqual([name, null]);
  });

  it('is found by its chain', () => {
    expect(topicOfChain(source, 'people', 0)?.name).toBe('audit.users');
    expect(topicOfChain(source, 'audit.orders', 3)?.retention).toBe('r');
    expect(topicOfChain(source, 'audit.users', 0)).toBeNull();
  });

  it('that a pattern took has its policy among those of the chains that are known', () => {
    expect(policyOfChains({ source })).toEqual({ people: 'long' });
    expect(policyOfChains({ source }, ['audit.orders', 'people', 'audit.users', 'other.x'])).toEqual({
      ...{ 'audit.orders': 'r', people: 'long' },
    });
  });
});

it('is named for people as it is written', () => {
  expect(topicsText(source)).toBe('audit.users, /^audit\\./, /^./');
});

describe('a configuration is refused, with the place', () => {
  const one = 'source.topics[0]';
  it.each([
    ['{ retention: r }', `${one}.name: is missing: a name, or \`pattern\` for several topics`],
    ["{ name: a, pattern: '^b', retention: r }", `${one}.pattern: stands beside \`name\``],
    [
      "{ pattern: 'audit', retention: r }",
      `${one}.pattern: must be a regular expression of JavaScript that begins`,
    ],
    [
      "{ pattern: '^a(', retention: r }",
      `${one}.pattern: must be a regular expression of JavaScript, and is none`,
    ],
    [
      "{ pattern: '^a', except: '^(', retention: r }",
      `${one}.except: must be a regular expression of JavaScript`,
    ],
    ["{ name: a, except: '^b', retention: r }", `${one}.except: is for a pattern, and here is none`],
    ["{ pattern: '^a', chain: c, retention: r }", `${one}.chain: is for one topic`],
    [
      "{ pattern: '^a', partitions: { 0: { chain: c } }, retention: r }",
      `${one}.partitions: is for one topic`,
    ],
    ["{ pattern: '^a', retention: r, startFrom: latest }", `${one}.startFrom: would leave out`],
    ["{ pattern: '^a', retention: other }", `${one}.retention: names no policy`],
    [
      "{ pattern: '^a', retention: r }\n    - { pattern: '^a', retention: r }",
      'source.topics[1].pattern: is listed twice',
    ],
    [
      "{ name: b, chain: audit.x, retention: r }\n    - { pattern: '^audit', retention: r }",
      `${one}.chain: a pattern would archive a topic "audit.x" into the same chain: add ^audit.x$ to`,
    ],
  ])('%s', (topics, problem) => {
    const problems = problemsOf(`    - ${topics}`);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(problem);
  });

  it('and not where an exception parts the chains', () => {
    expect(
      problemsOf(
        "    - { name: b, chain: audit.x, retention: r }\n    - { pattern: '^audit', except: '^audit.x$', retention: r }",
      ),
    ).toEqual([]);
  });
});
