// Do files and functions stay small, names telling and imports free of circles, and would the rules notice?
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  circles,
  type Excess,
  emptyNames,
  importGraph,
  LIMITS,
  lineCount,
  longFile,
  longFunctions,
  wideCode,
  wideComments,
} from './limits.ts';

const ROOT = join(import.meta.dirname, '../../..');
const FOLDERS = ['src', 'infra', 'localstack', 'bench'];

const filesBelow = (folder: string): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .map((file) => `${folder}/${file.replaceAll('\\', '/')}`)
    .filter((file) => /\.[cm]?[jt]s$/.test(file) && !/\/(node_modules|cdk\.out)\//.test(file));

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const sources = new Map(FOLDERS.flatMap(filesBelow).map((file) => [file, read(file)]));
const text = ({ file, what, size }: Excess): string => `${file}: ${what}: ${size}`;

const graph = new Map<string, string[]>();
const wide: Excess[] = [];
const long: Excess[] = [];
const wideLines: Excess[] = [];
// All rules of a file at once, which is parsed once then.
for (const [file, source] of sources) {
  for (const [, targets] of importGraph(new Map([[file, source]]))) graph.set(file, targets);
  if (file.startsWith('src/')) wide.push(...wideComments(file, source));
  if (!file.includes('.generated.')) wideLines.push(...wideCode(file, source));
  long.push(...longFile(file, source), ...longFunctions(file, source));
}

describe('the sources', () => {
  it('are all looked at', () => {
    expect(sources.size).toBeGreaterThan(350);
    expect(new Set([...sources.keys()].map((file) => file.split('/')[0]))).toEqual(new Set(FOLDERS));
  });

  it(`have at most ${LIMITS.fileLines} lines a file and ${LIMITS.functionLines} lines a function`, () => {
    expect(long.map(text)).toEqual([]);
  });

  it('have no circle of imports', () => {
    expect(circles(graph).map((way) => way.join(' → '))).toEqual([]);
  });

  it(`have comments of at most ${LIMITS.commentColumns} columns`, () => {
    expect(wide.map(text)).toEqual([]);
  });

  it(`have code of at most ${LIMITS.codeColumns} columns`, () => {
    expect(wideLines.map(text)).toEqual([]);
  });

  it('have names that say what is inside', () => {
    const all = [...sources.keys(), ...filesBelow('test')];
    expect(all.filter((file) => emptyNames(file).length > 0)).toEqual([]);
  });
});

const NEEDS = 'const a = 1;\n';
const circlesOf = (files: ReadonlyMap<string, string>) => circles(importGraph(files));
const body = (lines: number): string => NEEDS.repeat(lines);

describe('the rules notice', () => {
  it('a file that is one line too long', () => {
    expect(longFile('src/x.ts', body(300))).toEqual([]);
    expect(longFile('src/x.ts', body(301))).toEqual([{ file: 'src/x.ts', what: 'lines', size: 301 }]);
    expect(lineCount('a\nb')).toBe(2);
  });

  it.each([
    ['function', 'function f() {\n', '}'],
    ['async arrow function', 'const f = async () => {\n', '};'],
    ['method', 'class A {\n  #f() {\n', '  }\n}'],
    ['constructor', 'class A {\n  constructor() {\n', '  }\n}'],
    ['function inside a call', 'call(1, function () {\n', '});'],
  ])('a %s that is one line too long', (_form, before, after) => {
    expect(longFunctions('x.ts', `${before}${'g();\n'.repeat(68)}${after}`)).toEqual([]);
    expect(longFunctions('x.ts', `${before}${'g();\n'.repeat(69)}${after}`)).toMatchObject([{ size: 71 }]);
  });

  it.each([
    ['after //', '// ', ''],
    ['inside of /* */', '/*\n', '\n*/'],
    ['behind code', 'f(); // ', ''],
  ])('a comment that is one column too wide, %s', (_where, before, after) => {
    const width = LIMITS.commentColumns - (before.split('\n').at(-1) as string).length;
    expect(wideComments('x.ts', `${before}${'x'.repeat(width)}${after}`)).toEqual([]);
    expect(wideComments('x.ts', `${before}${'x'.repeat(width + 1)}${after}`)).toMatchObject([{ size: 111 }]);
  });

  it('a line of code that is one column too wide', () => {
    const line = (columns: number) => `const a = '${'x y '.repeat(40).slice(0, columns - 13)}';\n`;
    expect(wideCode('x.ts', line(120))).toEqual([]);
    expect(wideCode('x.ts', `${NEEDS}${line(121)}`)).toEqual([
      { file: 'x.ts', what: 'code at line 2', size: 121 },
    ]);
    const template = `const a = \`${'x'.repeat(120)}\`;\n`;
    expect(wideCode('x.ts', template)).toMatchObject([{ what: 'code at line 1' }]);
  });

  it('no wide line of a text over several lines, no regular expression and no long word', () => {
    expect(wideCode('x.ts', `const a = \`\n${'x'.repeat(200)}\n\`;\n`)).toEqual([]);
    expect(wideCode('x.ts', `const a = /${'x'.repeat(200)}/;\n`)).toEqual([]);
    expect(wideCode('x.ts', `const a = '${'ab'.repeat(100)}';\n`)).toEqual([]);
  });

  it('no comment in a wide line of code', () => {
    expect(wideComments('x.ts', `f('${'// '.repeat(60)}');`)).toEqual([]);
  });

  it.each([
    ["import './b.ts';"],
    ["import type { B } from './b.ts';"],
    ["export type { B } from './b.ts';"],
    ["const f = () => import('./b.ts');"],
    ["type B = import('./b.ts').B;"],
  ])('a circle that is closed by %s', (source) => {
    const files = (c: string) =>
      new Map([
        ['src/a.ts', source],
        ['src/b.ts', "import '../src/deep/c.ts';"],
        ['src/deep/c.ts', c],
        ['src/d.ts', "import './a.ts';"],
      ]);
    expect(circlesOf(files("import '../../infra/e.ts';"))).toEqual([]);
    expect(circlesOf(files("import type { A } from '../a.ts';"))).toEqual([
      ['src/a.ts', 'src/b.ts', 'src/deep/c.ts', 'src/a.ts'],
    ]);
  });

  it('a file that imports itself, and a second circle beside the first', () => {
    const files = new Map([
      ['src/a.ts', "import './a.ts';"],
      ['src/b.ts', "import './c.ts';"],
      ['src/c.ts', "import './b.ts';"],
    ]);
    expect(circlesOf(files)).toEqual([
      ['src/a.ts', 'src/a.ts'],
      ['src/b.ts', 'src/c.ts', 'src/b.ts'],
    ]);
  });

  it.each(['src/utils/x.ts', 'src/a/helpers.ts', 'src/Types.ts', 'src/x/common.test.ts'])('%s', (file) => {
    expect(emptyNames(file)).toHaveLength(1);
  });

  it('nothing in a telling name that holds such a word', () => {
    expect(emptyNames('src/cli/shared-dir.ts')).toEqual([]);
  });
});
