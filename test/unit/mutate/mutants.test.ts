// Which mistakes does a mutation run plant, are they the same ones each time, and is each explained one still there?
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EXPLAINED } from '../../mutate/explained.ts';
import { mutantsOf, mutated } from '../../mutate/mutants.ts';
import { allMutants, codeAt, drawn, ROOMS, readSources, roomOf } from '../../mutate/plan.ts';
import { relevantTests } from '../../mutate/relevance.ts';
import { percent, reportText } from '../../mutate/report.ts';
import { parse } from '../rooms/syntax.ts';

const sources = readSources(join(import.meta.dirname, '../../..'));
const mutants = allMutants(sources);

describe('the mutants of a source', () => {
  it.each([
    ['a < b;', ['a <= b;', 'a >= b;', ';']],
    ['x = a === b;', [';', 'x = a !== b;']],
    ['x = a && !b;', [';', 'x = a || !b;', 'x = a && b;']],
    ['x = a ?? b;', [';', 'x = a && b;']],
    ['x = a - 1;', [';', 'x = a + 1;', 'x = a - 2;']],
    ['x += 2n;', [';', 'x -= 2n;', 'x += 3n;']],
    ['x++;', [';', 'x--;']],
    ['const x = [true, -y];', ['const x = [false, -y];', 'const x = [true, y];']],
    ["const x = ['a', ''];", ["const x = ['', ''];", "const x = ['a', '!'];"]],
    ['const x = `a`;', ['const x = ``;']],
    ['const x = /^a$/u;', ['const x = /^a/u;', 'const x = /a$/u;']],
    ['const x = Math.min(a, b);', ['const x = Math.max(a, b);']],
    ['if (a) b();', ['if (false) b();', 'if (true) b();', 'if (a) ;']],
    ['const x = a ? b : c;', ['const x = false ? b : c;', 'const x = true ? b : c;']],
    ['while (a) break;', ['while (false) break;', 'while (a) ;']],
    ['for (;;) continue;', ['for (;;) ;']],
    ['for (; a; ) continue;', ['for (; false; ) continue;', 'for (; a; ) ;']],
    ['function f() { return; }', ['function f() { ; }']],
    ['function f() { throw a; }', ['function f() { ; }']],
    ["import { a } from 'a';", []],
    ["export { a } from 'a';", []],
    ["type A = 'a' | 1;", []],
    ["const x = a as 'b';", []],
    ["const x = { 'a': b };", []],
  ])('%s', (source, expected) => {
    const found = mutantsOf('x.ts', source).map((one) => mutated(source, one));
    expect(found.sort()).toEqual(expected.sort());
  });

  it('are counted by line', () => {
    expect(mutantsOf('x.ts', 'f();\n\n  g();').map(({ line }) => line)).toEqual([1, 3]);
    const [first] = mutantsOf('x.ts', 'const a = 1;\n  g(); // b');
    expect(codeAt('const a = 1;\n  g(); // b', { ...first, line: 2 } as typeof first & object)).toBe(
      'g(); // b',
    );
  });
});

describe('the mutants of the four rooms', () => {
  it('are many, in each room, and all can be parsed', () => {
    expect(mutants.length).toBeGreaterThan(2_500);
    for (const room of ROOMS) expect(mutants.some(({ file }) => roomOf(file) === room)).toBe(true);
    for (const one of drawn(mutants, 200, 1)) {
      expect(() => parse(one.file, mutated(sources.get(one.file) as string, one))).not.toThrow();
    }
  });

  it('are drawn alike for the same seed, each at most once', () => {
    const some = drawn(mutants, 200, 7);
    expect(new Set(some).size).toBe(200);
    expect(drawn(mutants, 200, 7)).toEqual(some);
    expect(drawn(mutants, 200, 8)).not.toEqual(some);
    expect(drawn(mutants.slice(0, 5), 200, 7)).toHaveLength(5);
  });

  it('have each explained one among them', () => {
    const unknown = EXPLAINED.filter(
      (entry) =>
        !mutants.some(
          (one) =>
            one.file === entry.file &&
            one.before === entry.before &&
            one.after === entry.after &&
            codeAt(sources.get(one.file) as string, one) === entry.code,
        ),
    );
    expect(unknown).toEqual([]);
  });
});

describe('the tests of a mutant', () => {
  it('are those that import its file, the nearest and fastest first', () => {
    const imports = new Map([
      ['far.test.ts', ['helper.ts']],
      ['helper.ts', ['src/a.ts']],
      ['slow.test.ts', ['src/a.ts']],
      ['fast.test.ts', ['src/a.ts']],
      ['other.test.ts', ['src/b.ts']],
      ['src/a.ts', ['src/b.ts']],
    ]);
    const tests = new Map([
      ['far.test.ts', 1],
      ['slow.test.ts', 9],
      ['fast.test.ts', 5],
      ['other.test.ts', 1],
    ]);
    expect(relevantTests('src/a.ts', tests, imports)).toEqual([
      'fast.test.ts',
      'slow.test.ts',
      'far.test.ts',
    ]);
    expect(relevantTests('src/b.ts', tests, imports)).toEqual([
      'other.test.ts',
      'fast.test.ts',
      'slow.test.ts',
      'far.test.ts',
    ]);
  });
});

it('the report names what was not noticed, and leaves out what is explained', () => {
  const at = (file: string) => {
    const mutant = mutants.find((one) => one.file === file);
    if (mutant === undefined) throw new Error(`no mutant in ${file}`);
    return mutant;
  };
  const tried = [
    { mutant: at('src/merkle/tree.ts'), outcome: { kind: 'failed', file: 'x.test.ts', test: 'x' } },
    { mutant: at('src/merkle/proof.ts'), outcome: { kind: 'hung', file: 'x.test.ts' } },
    { mutant: at('src/verify/trust.ts'), outcome: { kind: 'explained', why: 'x' } },
    { mutant: at('src/verify/anchor.ts'), outcome: { kind: 'passed', ms: new Map() } },
  ] as const;
  expect(percent(tried)).toBeCloseTo(66.7, 1);
  expect(percent([])).toBe(100);
  const text = reportText(tried, sources);
  expect(text).toContain('Not noticed:\n  src/verify/anchor.ts:');
  expect(text).toContain('merkle: 2 of 2 noticed (100.0 %), 1 of them because a test never ended');
  expect(text).toContain(
    'all: 2 of 3 noticed (66.7 %), 1 of them because a test never ended; 1 not, and 1 beside them change nothing',
  );
});
