// Does a flood of findings stay bounded, hide nothing, and leave the verdict right?
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../../src/base/bytes.ts';
import { findingOf, SEVERITY, VerifyError, verdictOf, worstVerdict } from '../../../src/verify/finding.ts';
import { FindingList } from '../../../src/verify/finding-list.ts';
import { ArchiveBuilder } from '../../support/archive-builder.ts';
import { codesOf, findingsOf, verifyBuilt } from './run-verify.ts';

const problem = (code: keyof typeof SEVERITY, found: string | null = null) => ({
  code,
  expected: null,
  found,
});

describe('FindingList', () => {
  it('keeps some of each code, counts the rest, and judges by all', () => {
    const list = new FindingList();
    for (let i = 0; i < 100_000; i++) list.add(problem('foreign-object'), { key: `junk-${i}` });
    list.add(problem('bad-signature'), { sequence: 7 });
    expect(list.list().length).toBeLessThan(1000);
    expect(list.list().length + list.omitted).toBe(100_001);
    expect(list.list().some(({ code }) => code === 'bad-signature')).toBe(true);
    expect(list.verdict).toBe('broken');
  });

  it('takes back what was found at one key, and nothing else', () => {
    const list = new FindingList();
    for (const key of ['a', 'b', 'b']) list.add(problem('delete-marker'), { key });
    list.add(problem('foreign-object'), { key: 'b' });
    expect([list.hasAt('delete-marker', 'b'), list.drop('delete-marker', 'b')]).toEqual([true, true]);
    expect([list.hasAt('delete-marker', 'b'), list.drop('delete-marker', 'b')]).toEqual([false, false]);
    expect(list.list().map(({ code, key }) => `${code} ${key}`)).toEqual([
      'delete-marker a',
      'foreign-object b',
    ]);
    expect(list.drop('delete-marker', 'a')).toBe(true);
    expect([list.has('delete-marker'), list.hasAt('delete-marker', 'a'), list.omitted]).toEqual([
      false,
      false,
      0,
    ]);
  });

  it('judges by what it left out too', () => {
    const list = new FindingList();
    const other = new FindingList();
    for (let i = 0; i < 1000; i++) other.add(problem('unreadable'));
    list.absorb(other);
    expect(list.verdict).toBe('unverifiable');
    expect(list.list().length + list.omitted).toBe(1000);
  });

  it('keeps exactly the first hundred of a code, also of two lists together', () => {
    const list = new FindingList();
    const other = new FindingList();
    for (let i = 0; i < 100; i++) list.add(problem('unreadable', `${i}`));
    expect([list.list().length, list.omitted]).toEqual([100, 0]);
    list.add(problem('unreadable', '100'));
    list.addAll([problem('fork'), problem('fork')], { sequence: 4 });
    expect([list.list().length, list.omitted]).toEqual([102, 1]);
    expect(list.list()[99]?.found).toBe('99');
    for (let i = 0; i < 103; i++) other.add(problem('fork'), { sequence: i });
    list.absorb(other);
    expect([list.list().length, list.omitted]).toEqual([200, 6]);
    expect([list.has('fork'), list.has('unreadable'), list.has('rollback')]).toEqual([true, true, false]);
  });

  it('says where a finding is, and null where that is not known', () => {
    const list = new FindingList();
    list.add({ code: 'fork', expected: 'a', found: 'b' }, { key: 'k', versionId: 'v', sequence: 0 });
    list.add(problem('expired'), { key: null, versionId: null, sequence: null });
    expect(list.list()).toEqual([
      { ...findingOf('expired'), severity: 'info' },
      { code: 'fork', severity: 'broken', key: 'k', versionId: 'v', sequence: 0, expected: 'a', found: 'b' },
    ]);
  });

  it.each<[Parameters<typeof problem>[0][], string]>([
    [['expired', 'foreign-object', 'stale-chain'], 'verified'],
    [['unreadable', 'expired'], 'unverifiable'],
    [['unreadable', 'fork'], 'broken'],
    [['fork', 'unreadable', 'expired'], 'broken'],
  ])('after %j the verdict is %s', (codes, verdict) => {
    const list = new FindingList();
    for (const code of codes) list.add(problem(code));
    expect(list.verdict).toBe(verdict);
  });

  it('cuts a text of 501 characters and none of 500', () => {
    const list = new FindingList();
    list.add(
      { code: 'fork', expected: 'a'.repeat(500), found: 'b'.repeat(501) },
      { versionId: 'v'.repeat(502) },
    );
    expect(list.list()).toMatchObject([
      { expected: 'a'.repeat(500), found: `${'b'.repeat(500)}…`, versionId: `${'v'.repeat(500)}…` },
    ]);
  });

  it('cuts what hostile objects say, and orders by segment', () => {
    const list = new FindingList();
    list.add(problem('malformed', 'x'.repeat(1e6)), { sequence: 3, key: 'k'.repeat(1e6) });
    list.add(problem('malformed'), { sequence: 1 });
    list.add(problem('foreign-object'));
    expect(list.list().map(({ sequence }) => sequence)).toEqual([null, 1, 3]);
    expect(JSON.stringify(list.list()).length).toBeLessThan(3000);
  });
});

describe('the verdict', () => {
  it('is broken before unverifiable before verified', () => {
    const of = (...codes: (keyof typeof SEVERITY)[]) =>
      verdictOf(codes.map((code) => ({ severity: SEVERITY[code] })));
    expect(of()).toBe('verified');
    expect(of('delete-marker', 'unreferenced-object', 'expired')).toBe('verified');
    expect(of('expired', 'unknown-key', 'extra-version')).toBe('unverifiable');
    expect(of('unreadable', 'fork', 'no-trusted-key')).toBe('broken');
  });

  it('is the worst of several', () => {
    expect(worstVerdict([])).toBe('verified');
    expect(worstVerdict(['verified', 'verified'])).toBe('verified');
    expect(worstVerdict(['verified', 'unverifiable'])).toBe('unverifiable');
    expect(worstVerdict(['broken', 'unverifiable', 'verified'])).toBe('broken');
  });

  it('is said by errors in words', () => {
    expect(new VerifyError(problem('fork')).message).toBe('fork');
    const error = new VerifyError({ code: 'fork', expected: 'root a', found: 'root b' });
    expect(error).toMatchObject({
      code: 'fork',
      disposition: 'input',
      message: 'fork: root b; expected root a',
    });
  });
});

describe('a flood of objects', () => {
  it('does not drown the report', async () => {
    const builder = new ArchiveBuilder();
    const built = await builder.chain().fill(1, 2);
    for (let i = 0; i < 3000; i++) {
      builder.archive.put(`junk/${i}`, utf8('x'));
      builder.archive.put(`keys/${i.toString(16).padStart(64, '0')}.vkey`, utf8('x'));
      builder.archive.marker(built[1]?.sealKey ?? '');
    }
    const report = await verifyBuilt(builder);
    expect(codesOf(report)).toEqual(['delete-marker', 'foreign-object', 'lock-missing', 'malformed']);
    expect(findingsOf(report, 'foreign-object').length).toBeLessThan(1000);
    expect(report.findingsOmitted).toBeGreaterThan(3000);
    expect(report.chains[0]?.findingsOmitted).toBeGreaterThan(2000);
  });
});
