// Are topics that a pattern takes found once, while the brokers fail, and asked of the group until it has them?
import { afterEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../../../src/base/log.ts';
import { FoundTopics } from '../../../../src/ingest/kafka/found-topics.ts';
import { until } from '../../../support/patience.ts';

let found: FoundTopics | null = null;
afterEach(() => found?.stop());

/** `listed`: what the brokers say, one look after the other; the last answer stays. */
function world(listed: (readonly string[] | Error)[]) {
  const known = new Set<string>();
  const seen = {
    looks: 0,
    taken: [] as (readonly string[])[],
    subscribed: 0,
    failing: 0,
    warned: [] as string[],
  };
  const log = { ...silentLogger, warn: (_: object, text: string) => void seen.warned.push(text) };
  found = new FoundTopics({
    list: async () => {
      const answer = listed[Math.min(seen.looks++, listed.length - 1)];
      if (answer instanceof Error) throw answer;
      return answer ?? [];
    },
    takes: (topic) => topic.startsWith('audit.'),
    take: (topics) => {
      const fresh = topics.filter((topic) => !known.has(topic));
      for (const topic of fresh) known.add(topic);
      return fresh;
    },
    onTaken: (topics) => void seen.taken.push(topics),
    subscribe: async () => {
      seen.subscribed++;
      if (seen.failing-- > 0) throw new Error('the group is rebalancing');
    },
    ...{ everyMs: 1, log },
  });
  return { found, seen };
}

describe('topics by pattern', () => {
  it('are taken in their order at the first look, which says so even if there is none', async () => {
    const one = world([['audit.b', 'other', 'audit.a']]);
    expect(await one.found.look()).toBe(true);
    expect(one.seen.taken).toEqual([['audit.a', 'audit.b']]);
    expect(await one.found.look()).toBe(false);
    const none = world([['other'], ['other'], ['audit.c']]);
    expect([await none.found.look(), await none.found.look(), await none.found.look()]).toEqual([
      false,
      false,
      true,
    ]);
    expect(none.seen.taken).toEqual([[], ['audit.c']]);
  });

  it('that come later are asked of the group once', async () => {
    const { found: topics, seen } = world([['audit.a'], ['audit.a'], ['audit.a', 'audit.b']]);
    await topics.look();
    topics.keepLooking();
    topics.keepLooking();
    await until('some looks', () => seen.looks > 6);
    expect([seen.taken, seen.subscribed]).toEqual([[['audit.a'], ['audit.b']], 1]);
  });

  it('are looked for again after an error, and the group is asked until it takes them', async () => {
    const { found: topics, seen } = world([['audit.a'], new Error('no broker'), ['audit.a', 'audit.b']]);
    await topics.look();
    seen.failing = 2;
    topics.keepLooking();
    await until('asked three times', () => seen.subscribed >= 3);
    const looks = seen.looks;
    await until('some more looks', () => seen.looks > looks + 3);
    expect([seen.taken, seen.subscribed, seen.warned.length]).toEqual([[['audit.a'], ['audit.b']], 3, 3]);
  });

  it('are not looked for any more once it is stopped', async () => {
    const { found: topics, seen } = world([['audit.a']]);
    topics.keepLooking();
    await until('a look', () => seen.looks > 0);
    await topics.stop();
    const { looks } = seen;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(seen.looks).toBe(looks);
  });
});
