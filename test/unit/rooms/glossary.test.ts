// Do exported names and files keep to docs/glossary.md: one name, one meaning, and no word that was replaced?
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exportsOf } from './exports.ts';
import { parseGlossary, replacedWordsIn, sharedNames, wordsOf } from './glossary.ts';

const ROOT = join(import.meta.dirname, '../../..');
const FOLDERS = ['src', 'infra', 'localstack'];

/** Names that may hold a replaced word, each with its reason. An entry that is no longer needed fails. */
const EXCEPTIONS: readonly { readonly name: string; readonly why: string }[] = [
  { name: 'BodyBuilder', why: 'body: the blocks of one segment' },
  { name: 'BodyTools', why: 'body: the blocks of one segment' },
  { name: 'SegmentBody', why: 'body: the blocks of one segment' },
  { name: 'emptyBody', why: 'body: the blocks of one segment' },
  { name: 'src/segment/body.ts', why: 'body: the blocks of one segment' },
];

const glossary = parseGlossary(readFileSync(join(ROOT, 'docs/glossary.md'), 'utf8'));
const files = FOLDERS.flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .map((file) => `${folder}/${file.replaceAll('\\', '/')}`)
    .filter((file) => file.endsWith('.ts') && !/\/(node_modules|cdk\.out)\//.test(file)),
);
const exported = new Map(
  files.map((file) => [file, exportsOf(file, readFileSync(join(ROOT, file), 'utf8'))]),
);
/** Another language, with the names of the loops that it repeats. */
const ASSEMBLY = 'src/kernel/assembly/';
const shared = sharedNames(new Map([...exported].filter(([file]) => !file.startsWith(ASSEMBLY))));
const withReplacedWord = [
  ...new Set([...exported.values()].flat().filter((name) => replacedWordsIn(name, glossary).length > 0)),
  ...files.filter((file) => replacedWordsIn(basename(file, '.ts'), glossary).length > 0),
];

describe('exported names', () => {
  it('are all looked at', () => {
    expect(files.length).toBeGreaterThan(320);
    expect([...exported.values()].flat().length).toBeGreaterThan(1000);
    expect(new Set(files.map((file) => file.split('/')[0]))).toEqual(new Set(FOLDERS));
  });

  it('have one meaning: one file declares each', () => {
    expect([...shared].map(([name, all]) => `${name}: ${all.join(', ')}`)).toEqual([]);
  });

  it('and names of files hold no replaced word', () => {
    const known = EXCEPTIONS.map(({ name }) => name);
    expect(withReplacedWord.filter((name) => !known.includes(name))).toEqual([]);
  });

  it('still need their exceptions', () => {
    const needed = EXCEPTIONS.filter(({ name }) => withReplacedWord.includes(name));
    expect(needed).toEqual(EXCEPTIONS);
  });
});

describe('the glossary', () => {
  it('defines each term once, in one sentence', () => {
    const { terms } = glossary;
    const named = terms.flatMap(({ term }) => term.split(',').map((one) => one.trim().toLowerCase()));
    expect(named.filter((term, index) => named.indexOf(term) !== index)).toEqual([]);
    expect(terms.filter(({ meaning }) => /\.( |$)/.test(meaning))).toEqual([]);
    expect(terms.length).toBeGreaterThan(100);
  });

  it('names the words that were replaced', () => {
    for (const word of ['told', 'doubt', 'heart', 'edges', 'means', 'desk', 'genesis', 'turns', 'place'])
      expect(glossary.replaced).toContain(word);
  });
});

describe('the rule notices', () => {
  it.each([
    ['export const toldProblems = 1;', 'toldProblems'],
    ['export const TOLD_BYTES_MAX = 1;', 'TOLD_BYTES_MAX'],
    ['export class FindingDesk {}', 'FindingDesk'],
    ['export type KafkaPlace = 1;', 'KafkaPlace'],
    ['export interface Heart {}', 'Heart'],
    ['export async function openEdges() {}', 'openEdges'],
    ['export function* genesisHeads() {}', 'genesisHeads'],
    ['export abstract class Turns {}', 'Turns'],
    ['export enum Beat { A }', 'Beat'],
    ['const desk = 1; export { desk };', 'desk'],
    ['const a = 1; export { a as figuresOf };', 'figuresOf'],
    ['export const { a, b: [means] } = c;', 'means'],
    ['export const { ...strays } = c;', 'strays'],
  ])('%s', (source, name) => {
    const found = exportsOf('x.ts', source).filter((one) => replacedWordsIn(one, glossary).length > 0);
    expect(found).toEqual([name]);
  });

  it('a file by its name', () => {
    expect(replacedWordsIn('finding-desk', glossary)).toEqual(['desk']);
  });

  it('a word, and not a part of one', () => {
    for (const name of ['Heartbeat', 'everybody', 'replaceAll', 'upbeat', 'desktop', 'KeyedMutex'])
      expect(replacedWordsIn(name, glossary)).toEqual([]);
    expect(wordsOf('parseKMSKey_of-v2')).toEqual(['parse', 'kms', 'key', 'of', 'v']);
  });

  it('one name in two files, of whatever kinds', () => {
    const sources = { 'a.ts': 'export type Anchor = 1;', 'b.ts': 'export class Anchor {}' };
    const named = Object.entries(sources).map(([file, source]) => [file, exportsOf(file, source)] as const);
    expect(sharedNames(new Map(named))).toEqual(new Map([['Anchor', ['a.ts', 'b.ts']]]));
  });

  it('no name twice that is only handed on', () => {
    expect(exportsOf('b.ts', "export { Anchor } from './a.ts'; export * from './a.ts';")).toEqual([]);
    expect(exportsOf('b.ts', 'export default function f() {}')).toEqual(['default']);
  });

  it('a word that is added to the table', () => {
    const table = '| replaced | now |\n| --- | --- |\n| blob, Lump | body |\n';
    expect(replacedWordsIn('BlobOfLumps', parseGlossary(table))).toEqual(['blob']);
    expect(replacedWordsIn('lumpOf', parseGlossary(table))).toEqual(['lump']);
  });

  it('a row that is neither', () => {
    expect(() => parseGlossary('| lonely |')).toThrow('no row');
    expect(() => parseGlossary('| a | b | c | d |')).toThrow('no row');
  });
});
