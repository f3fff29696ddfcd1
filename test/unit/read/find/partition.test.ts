// Can one partition of a topic be searched alone, and is it said that the others were not?
import { beforeEach, describe, expect, it } from 'vitest';
import { QueryError } from '../../../../src/read/find/query-error.ts';
import { ArchiveBuilder } from '../../../support/archive-builder.ts';
import { find, recordsOf } from '../../../support/find-world.ts';

let builder: ArchiveBuilder;
const search = (asked: Parameters<typeof find>[2]) =>
  find(builder.archive, builder.trusted, { where: ['/a=1'], ...asked });

beforeEach(async () => {
  builder = new ArchiveBuilder();
  for (const [name, partition] of [
    ['orders', 0],
    ['orders', 1],
    ['orders', 2],
    ['users', 1],
  ] as const) {
    await builder.chain(name, partition).seal({ lines: recordsOf(['{"a":1}']) });
  }
});

describe('a search of partitions', () => {
  it('looks at those alone, and names the others', async () => {
    const { at, statement } = await search({ topics: ['orders'], partitions: [1] });
    expect(at).toEqual(['orders/1:0']);
    expect(statement).toMatchObject({ isComplete: true, asked: { topics: ['orders'], partitions: [1] } });
    expect(statement.notLookedAt).toContain('not asked for: orders/0, orders/2 and users/1');
    expect((await search({ topics: ['orders'], partitions: [2, 0] })).at).toEqual([
      'orders/0:0',
      'orders/2:0',
    ]);
    expect((await search({ partitions: [1] })).at).toEqual(['orders/1:0', 'users/1:0']);
    expect((await search({})).statement.asked.partitions).toBe('all');
  });

  it('that there is not is a mistake, and no none', async () => {
    await expect(search({ topics: ['orders'], partitions: [7] })).rejects.toThrow(QueryError);
    await expect(search({ topics: ['orders'], partitions: [7] })).rejects.toThrow('no partition 7 of orders');
    await expect(search({ topics: ['users'], partitions: [0, 2] })).rejects.toThrow(
      'no partition 0, 2 of users',
    );
    // One that is there does not make up for one that is not.
    await expect(search({ topics: ['orders'], partitions: [1, 7] })).rejects.toThrow(
      'no partition 7 of orders',
    );
  });
});
