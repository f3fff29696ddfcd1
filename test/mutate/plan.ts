// Which mutants are tried, and with which tests?
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { mulberry32 } from '../support/random.ts';
import { importGraph } from '../unit/rooms/limits.ts';
import { EXPLAINED } from './explained.ts';
import { type Mutant, mutantsOf } from './mutants.ts';

/** The rooms whose every line decides about a verdict. */
export const ROOMS = ['format', 'merkle', 'segment', 'verify'] as const;

/** The tests of these rooms. That another room's tests would notice too does not count. */
const TESTS =
  /^test\/(unit\/(format|merkle|segment|verify)|property\/(format|merkle)|vectors|fault\/verify-)[^:]*\.test\.ts$/;

export function readSources(root: string): Map<string, string> {
  const below = (folder: string) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .map((file) => `${folder}/${file.replaceAll('\\', '/')}`)
      .filter((file) => file.endsWith('.ts'));
  return new Map(
    [...below('src'), ...below('test')].map((file) => [file, readFileSync(join(root, file), 'utf8')]),
  );
}

export const testsOf = (sources: ReadonlyMap<string, string>): string[] =>
  [...sources.keys()].filter((file) => TESTS.test(file));

export { importGraph };

export const roomOf = (file: string): string => file.split('/')[1] as string;

/** All mutants of the rooms, in the order of files and places. */
export function allMutants(sources: ReadonlyMap<string, string>): Mutant[] {
  const files = [...sources.keys()].filter(
    (file) => file.startsWith('src/') && ROOMS.some((room) => room === roomOf(file)),
  );
  return files.sort().flatMap((file) => mutantsOf(file, sources.get(file) as string));
}

/** `n` of them; the same ones for the same seed and the same sources. */
export function drawn(mutants: readonly Mutant[], n: number, seed: number): Mutant[] {
  const random = mulberry32(seed);
  const left = [...mutants];
  const found: Mutant[] = [];
  while (found.length < n && left.length > 0) {
    const at = Math.floor(random() * left.length);
    found.push(left[at] as Mutant);
    left[at] = left.at(-1) as Mutant;
    left.pop();
  }
  return found;
}

export const codeAt = (source: string, { line }: Mutant): string =>
  (source.split('\n')[line - 1] as string).trim();

/** Why no test can notice it; undefined for nearly all. */
export const explanationOf = (source: string, mutant: Mutant): string | undefined =>
  EXPLAINED.find(
    ({ file, code, before, after }) =>
      file === mutant.file &&
      code === codeAt(source, mutant) &&
      before === mutant.before &&
      after === mutant.after,
  )?.why;
