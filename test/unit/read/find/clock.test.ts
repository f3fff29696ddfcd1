// Does an answer about a range say by whose clock, how to ask for another one, and what lies behind the end?
import { describe, expect, it } from 'vitest';
import { ArchiveBuilder, START_MS } from '../../../support/archive-builder.ts';
import { archiveOf, find, recordsOf } from '../../../support/find-world.ts';

const DAY_MS = 86_400_000;
/** The event is of the day before its record. */
const VALUES = [`{"a":1,"at":"${new Date(START_MS - DAY_MS).toISOString()}"}`];
const search = async (kind: 'record' | 'event' | 'sealed', fromMs: number, texts: readonly string[] = []) => {
  const builder = await archiveOf(recordsOf(VALUES));
  const time = { kind, fromMs, toMs: fromMs + DAY_MS / 2 };
  const fields = { time: '/at' };
  return (await find(builder.archive, builder.trusted, { time, fields, texts })).statement;
};

describe('a range', () => {
  it.each([
    ['record', START_MS, 'the time of the record'],
    ['event', START_MS - DAY_MS, "the event's own time /at"],
    ['sealed', START_MS, 'the time of sealing'],
  ] as const)('of %s times names that clock first', async (kind, fromMs, clock) => {
    const one = await search(kind, fromMs);
    expect(one.conclusion).toMatch(new RegExp(`^1 hit by ${clock}, and nothing was left out: `));
    expect(one.bounds.join()).not.toContain('by another clock');
    const none = await search(kind, START_MS + 5 * DAY_MS);
    expect(none.conclusion).toMatch(new RegExp(`^none by ${clock}, and nothing was left out: `));
    expect(none.bounds.join()).toContain('what lies in the range by another clock: ');
    expect(none.bounds.join()).toContain(kind === 'event' ? '--time record' : '--time event');
  });

  it('by the clock of the record has not what happened in it, and says how to ask', async () => {
    const { conclusion, bounds, notLookedAt } = await search('record', START_MS - DAY_MS);
    expect(conclusion).toMatch(/^none by the time of the record, /);
    expect(bounds.join()).toContain('--time event asks by the time inside of events');
    expect(notLookedAt.join()).toContain('--trust-nobody reads them too, by the same clock');
    expect((await search('event', START_MS - DAY_MS)).hits).toBe(1);
  });

  it('of which there are hits says that another clock has others, if something lies outside', async () => {
    const late = `{"a":1,"at":"${new Date(START_MS).toISOString()}"}`;
    const builder = await archiveOf([
      ...recordsOf(VALUES),
      ...recordsOf([late], { timestamp: BigInt(START_MS + 2 * DAY_MS) }, 1),
    ]);
    const asked = { time: { kind: 'record' as const, fromMs: START_MS, toMs: START_MS + DAY_MS } };
    const { hits, statement } = await find(builder.archive, builder.trusted, asked);
    expect(hits).toHaveLength(1);
    expect(statement.bounds.join()).toContain('what lies in the range by another clock: ');
  });

  it('that was not given names none', async () => {
    const builder = await archiveOf(recordsOf(VALUES));
    const { statement } = await find(builder.archive, builder.trusted, { texts: ['zzz'] });
    expect(statement.conclusion).toMatch(/^none, and nothing was left out: /);
    expect(statement.bounds.join()).not.toContain('clock');
  });
});

describe('data objects beyond the last seal', () => {
  it('are counted at least, where no more findings of a kind are kept', async () => {
    const builder = new ArchiveBuilder();
    const chain = builder.chain();
    for (let from = 0; from < 103; from++) {
      const { sealKey } = await chain.seal({ lines: recordsOf(VALUES, {}, from) });
      if (from > 0) builder.archive.remove(sealKey);
    }
    const { statement } = await find(builder.archive, builder.trusted, { texts: ['a'] });
    expect(statement.bounds.join()).toContain('orders/0: at least 100 data objects lie beyond the last seal');
  });

  it('are named: they belong to nothing that was searched', async () => {
    const builder = new ArchiveBuilder();
    const chain = builder.chain();
    for (const from of [0, 1, 2]) {
      const { sealKey } = await chain.seal({ lines: recordsOf(VALUES, {}, from) });
      if (from > 0) builder.archive.remove(sealKey);
    }
    const { at, statement } = await find(builder.archive, builder.trusted, { texts: ['a'] });
    expect(at).toEqual(['orders/0:0']);
    expect(statement.bounds).toContain(
      'orders/0: 2 data objects lie beyond the last seal, and were not searched: the seals may follow, or were taken away',
    );
    const whole = await archiveOf(recordsOf(VALUES));
    const other = await find(whole.archive, whole.trusted, { texts: ['a'] });
    expect(other.statement.bounds.join()).not.toContain('beyond the last seal');
  });
});
