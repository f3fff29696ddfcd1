// Is a value that can't be compared with what was asked for counted, and the answer left open?
import { describe, expect, it } from 'vitest';
import { archiveOf, find, recordsOf } from '../../../support/find-world.ts';

const searched = async (values: readonly string[], asked: Parameters<typeof find>[2]) => {
  const builder = await archiveOf(recordsOf(values));
  return find(builder.archive, builder.trusted, asked);
};

describe('a value that is no number', () => {
  it.each(['/amount>5', '/amount<5', '/amount>=5', '/amount<=5'])('is counted by %s', async (where) => {
    const { at, statement } = await searched(['{"amount":"900 EUR"}'], { where: [where] });
    expect(at).toEqual([]);
    expect(statement).toMatchObject({ isComplete: false, isLookedAt: true });
    expect(statement.conclusion).toBe(
      `1 record whose /amount is no number was not compared (${where}): none among the others: 1 record in 1 segment of 1 chain were searched`,
    );
    expect(statement.leftOut).toEqual([
      `1 record whose /amount is no number was not compared (${where}), so a hit may be missing`,
    ]);
    expect(statement.counts.fields).toMatchObject([{ present: 1, unreadable: 1, unzoned: 0 }]);
  });

  it('is counted beside hits, in arrays, and not where there is no value or another condition fails', async () => {
    const values = [
      '{"n":7,"a":"x"}',
      '{"n":[1,"many"],"a":"x"}',
      '{"n":[9,"many"],"a":"x"}',
      '{"n":true,"a":"x"}',
      '{"n":null,"a":"x"}',
      '{"a":"x"}',
      '{"n":"many","a":"y"}',
      '{"n":{"m":1},"a":"x"}',
    ];
    const { at, statement } = await searched(values, { where: ['/n>5', '/a=x'] });
    expect(at).toEqual(['orders/0:0', 'orders/0:2']);
    expect(statement.counts.fields[0]).toMatchObject({ unreadable: 2 });
    expect(statement.conclusion).toMatch(
      /^2 records whose \/n is no number were not compared \(\/n>5\): 2 hits/,
    );
    const none = await searched(values, { where: ['/n>5', '/a=z'] });
    expect(none.statement).toMatchObject({ isComplete: true, hits: 0 });
    const equal = await searched(values, { where: ['/n=many'] });
    expect(equal.statement.isComplete).toBe(true);
  });
});

describe('a time of a field', () => {
  it('that can not be read is counted', async () => {
    const values = ['{"at":"25 Oct 2026 13:00"}', '{"at":1795341600000}', '{"at":"2026-10-26T00:00:00Z"}'];
    const { at, statement } = await searched(values, { where: ['/at>=2026-10-25'] });
    expect(at).toEqual(['orders/0:2']);
    expect(statement.isComplete).toBe(false);
    expect(statement.leftOut.join()).toContain(
      '2 records whose /at is no time that can be read were not compared (/at>=2026-10-25)',
    );
    expect(statement.facts).toContain('/at>=2026-10-25 names no offset from UTC, and was taken as UTC');
  });

  it('that names no offset is said to be taken as UTC, and counted where another offset decides', async () => {
    const values = ['{"at":"2026-10-25 23:30"}', '{"at":"2026-10-24 23:30"}', '{"at":"2026-10-24 01:30"}'];
    const { at, statement } = await searched(values, { where: ['/at>=2026-10-25T00:00Z'] });
    expect(at).toEqual(['orders/0:0']);
    expect(statement.facts).toContain('1 hit with a time that names no offset from UTC, taken as UTC');
    expect(statement.counts.fields).toMatchObject([{ unreadable: 0, unzoned: 1 }]);
    expect(statement.leftOut.join()).toContain(
      '1 record with a time without an offset from UTC in /at may be meant (/at>=2026-10-25T00:00Z)',
    );
  });
});

describe("an event's own time without an offset", () => {
  const range = (from: string, to: string) =>
    ({ kind: 'event', fromMs: Date.parse(from), toMs: Date.parse(to) }) as const;
  const of = (time: ReturnType<typeof range>, values: readonly string[], where: readonly string[] = []) =>
    searched(values, { time, where, fields: { time: '/at' } });

  it('leaves the answer open where only UTC puts it outside of the range', async () => {
    // All of 25 October in Berlin, as --tz makes it: 23:30 there is inside of it, and as UTC it is not.
    const day = range('2026-10-24T22:00Z', '2026-10-25T23:00Z');
    const { at, statement } = await of(day, ['{"at":"2026-10-25 23:30"}']);
    expect(at).toEqual([]);
    expect(statement).toMatchObject({ isComplete: false, isLookedAt: true });
    expect(statement.counts.eventTime.unzoned).toBe(1);
    expect(statement.leftOut.join()).toContain('1 record would be a hit at another offset from UTC');
    expect(statement.conclusion).toMatch(
      /^1 record with a time without an offset from UTC may be meant: none among the others/,
    );
  });

  it.each([
    ['2026-10-25 09:59:59', 0, 0],
    ['2026-10-25 10:00', 0, 1],
    ['2026-10-25 21:59:59', 0, 1],
    ['2026-10-25 22:00', 1, 0],
    ['2026-10-26 23:59:59', 1, 0],
    ['2026-10-27 00:00', 0, 1],
    ['2026-10-27 13:59:59', 0, 1],
    ['2026-10-27 14:00', 0, 0],
  ])('of %s: %i hits, %i open: offsets go from −12:00 to +14:00', async (text, hits, open) => {
    const { statement } = await of(range('2026-10-25T22:00Z', '2026-10-27T00:00Z'), [`{"at":"${text}"}`]);
    expect([statement.hits, statement.counts.eventTime.unzoned]).toEqual([hits, open]);
  });

  it('is not counted where it names one, or another condition fails', async () => {
    const day = range('2026-10-25T00:00Z', '2026-10-26T00:00Z');
    expect((await of(day, ['{"at":"2026-10-26T00:30:00Z"}'])).statement.isComplete).toBe(true);
    const other = await of(day, ['{"at":"2026-10-26 00:30","n":1}'], ['/n=2']);
    expect(other.statement.isComplete).toBe(true);
  });
});
