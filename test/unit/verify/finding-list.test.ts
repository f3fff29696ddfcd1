// Does a flood of findings stay bounded, hide nothing, and leave the verdict right?
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../../src/base/bytes.ts';
import { SEVERITY, VerifyError, verdictOf } from '../../../src/verify/finding.ts';
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

  it('judges by what it left out too', () => {
    const list = new FindingList();
    const other = new FindingList();
    for (let i = 0; i < 1000; i++) other.add(problem('unreadable'));
    list.absorb(other);
    expect(list.verdict).toBe('unverifiable');
    expect(list.list().length + list.omitted).toBe(1000);
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

  it('is said by errors in words', () => {
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
