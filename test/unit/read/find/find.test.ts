// Are exactly the lines found that were asked for, in order, with what was looked at?
import { describe, expect, it } from 'vitest';
import { ArchiveBuilder, entries } from '../../../support/archive-builder.ts';
import { archiveOf, find, lineText, recordsOf } from '../../../support/find-world.ts';

describe('find', () => {
  it('gives the lines as they are archived, chain by chain and by offset', async () => {
    const builder = new ArchiveBuilder();
    await builder.chain('users').fill(2, 5);
    await builder.chain('orders', 1).fill(3, 10);
    await builder.chain('orders', 0).fill(1, 10);
    const { at, hits, statement } = await find(builder.archive, builder.trusted, { where: ['/n=4'] });
    expect(at).toEqual(['orders/0:4', 'orders/1:4', 'users/0:4']);
    expect(lineText(hits[0]!)).toContain('"value":{"event":"login","n":4,');
    expect(hits.map(({ seal }) => seal.manifest.sequence)).toEqual([1, 1, 1]);
    expect(statement).toMatchObject({ hits: 3, end: 'complete', isComplete: true, verdict: 'verified' });
    expect(statement.counts).toMatchObject({ records: 50, hits: 3 });
    expect(statement.conclusion).toBe(
      '3 hits, and nothing was left out: 50 records in 6 segments of 3 chains were searched',
    );
  });

  it('says that there is none, and that nothing was left out', async () => {
    const builder = await archiveOf(entries(0, 7));
    const { hits, statement } = await find(builder.archive, builder.trusted, { where: ['/event=logout'] });
    expect(hits).toEqual([]);
    expect(statement.conclusion).toBe(
      'none, and nothing was left out: 7 records in 1 segment of 1 chain were searched',
    );
    expect(statement.leftOut).toEqual([]);
  });

  it('searches without a key, and says that nothing is verified', async () => {
    const builder = await archiveOf(recordsOf(['{"a":1}', '{"a":2}']));
    const { at, statement } = await find(builder.archive, [], { where: ['/a=2'] });
    expect(at).toEqual(['orders/0:1']);
    expect(statement).toMatchObject({ isComplete: true, hasKey: false, verdict: 'unverifiable' });
    expect(statement.chains).toMatchObject([{ verdict: 'unverifiable' }]);
    expect(statement.conclusion).toMatch(
      /^not verified, since no key was given: 1 hit, and nothing was left out/,
    );
  });
});
