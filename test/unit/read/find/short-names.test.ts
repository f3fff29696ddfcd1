// Does an answer say which fields its short names meant? Another person can't judge "none" without that.
import { describe, expect, it } from 'vitest';
import { parseTarget, type Target } from '../../../../src/format/target.ts';
import { nameTexts } from '../../../../src/read/find/name-texts.ts';
import { ArchiveBuilder, START_MS } from '../../../support/archive-builder.ts';
import { archiveOf, find, recordsOf } from '../../../support/find-world.ts';

const target = (text: string): Target => parseTarget(text) as Target;

describe('a search by short names', () => {
  it('says of each name where it looked, in sentences and for programs', async () => {
    const builder = new ArchiveBuilder();
    for (const topic of ['hr', 'orders', 'sales'])
      await builder.chain(topic).seal({ lines: recordsOf(['{"about":"bob"}']) });
    const fieldsOf = ({ topic }: { readonly topic: string | null }) => ({
      subject: topic === 'hr' ? [target('/user/na~1me'), target('key')] : [target('/about')],
      actor: [target('/who')],
    });
    const { statement } = await find(builder.archive, builder.trusted, {
      where: ['subject=alice'],
      fieldsOf,
    });
    expect(statement.hits).toBe(0);
    expect(statement.facts).toContain('subject is /user/na~1me or key in hr; /about in orders, sales');
    expect(statement.chains.map(({ shortNames }) => shortNames)).toEqual([
      { subject: ['/user/na~1me', 'key'] },
      { subject: ['/about'] },
      { subject: ['/about'] },
    ]);
  });

  it('names the time of the event where that bounds it, and no name that was not asked for', async () => {
    const builder = await archiveOf(recordsOf(['{"a":1}']));
    const fields = { time: '/at', actor: '/who' };
    const time = { kind: 'event' as const, fromMs: START_MS, toMs: START_MS + 1 };
    const event = await find(builder.archive, builder.trusted, { time, fields });
    expect(event.statement.facts).toContain('time is /at in orders');
    const plain = await find(builder.archive, builder.trusted, { where: ['/a=1', 'key=x'], fields });
    expect(plain.statement.facts.join()).not.toContain(' in orders');
    expect(plain.statement.chains[0]?.shortNames).toEqual({});
  });

  it('says of a chain without the name nothing, and of many topics how many more', () => {
    const shortNames = { subject: ['/about'] };
    const many = Array.from({ length: 8 }, (_, n) => ({ chain: `c${n}`, topic: `t${n}`, shortNames }));
    const other = { chain: 'x', topic: null, shortNames: {} };
    expect(nameTexts([...many, other])).toEqual([
      'subject is /about in t0, t1, t2, t3, t4 and 3 more topics',
    ]);
    const each = many.map((one, n) => ({ ...one, shortNames: { subject: [`/f${n}`] } }));
    expect(nameTexts(each)[0]).toMatch(/^subject is \/f0 in t0; .* and 3 more sets of fields$/);
  });
});

describe('a search', () => {
  it('asks for no locks, and so says nothing of them', async () => {
    const builder = await archiveOf(recordsOf(['{"a":1}']));
    const { statement } = await find(builder.archive, builder.trusted, { texts: ['a'] });
    const codes = [...statement.findings, ...statement.chains.flatMap(({ findings }) => findings)];
    expect(codes.map(({ code }) => code)).not.toContain('locks-not-applicable');
  });
});
