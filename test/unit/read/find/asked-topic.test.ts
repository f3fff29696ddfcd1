// Is a topic that was asked for and is not there an error, whatever else was asked for with it?
import { beforeEach, describe, expect, it } from 'vitest';
import { utf8 } from '../../../../src/base/bytes.ts';
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
    ['orders', 3],
    ['payroll', 0],
  ] as const) {
    await builder.chain(name, partition).seal({ lines: recordsOf(['{"a":1}']) });
  }
});

describe('a topic that was asked for', () => {
  it('and is not there is an error beside one that is', async () => {
    const asked = search({ topics: ['orders', 'hr'] });
    await expect(asked).rejects.toThrow(QueryError);
    await expect(asked).rejects.toThrow('has no topic hr');
    await expect(asked).rejects.toMatchObject({ remedy: expect.stringContaining('It has orders, payroll.') });
  });

  it('and is mistyped names the one that was perhaps meant', async () => {
    await expect(search({ topics: ['orders', 'payrol'] })).rejects.toThrow(
      'has no topic payrol; did you mean "payroll"?',
    );
    await expect(search({ topics: ['payrol'] })).rejects.toThrow('did you mean "payroll"?');
  });

  it('may be archived under any of the names that the configuration has for it', async () => {
    const topics = ['moved', 'orders', 'payroll'];
    const { at } = await search({ topics, named: [['moved', 'orders'], ['payroll']] });
    expect(at).toEqual(['orders/0:0', 'orders/3:0', 'payroll/0:0']);
    await expect(search({ topics: 'all', named: [['hr', 'staff']] })).rejects.toThrow('has no topic hr');
  });

  it('of which no partition was searched is an error too', async () => {
    await expect(search({ topics: ['orders', 'payroll'], partitions: [3] })).rejects.toThrow(
      'there is no partition 3 of payroll',
    );
  });

  it('is perhaps a chain that can not be read, and then the error says so', async () => {
    const { sealKey } = await builder.chain('other').seal({ lines: recordsOf(['{"a":1}']) });
    builder.archive.alter(sealKey, () => utf8('no seal'));
    await expect(search({ topics: ['orders', 'hr'] })).rejects.toMatchObject({
      message: expect.stringContaining('has no topic hr'),
      remedy: expect.stringContaining('of other/0 no seal could be read, so its topic is not known'),
    });
  });
});
