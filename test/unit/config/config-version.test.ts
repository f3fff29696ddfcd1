// Does a file that a newer version needs say so, instead of listing members that this version does not know?
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../../src/config/archiver.ts';
import { ConfigError } from '../../../src/config/config-error.ts';
import { parseVerifierConfig } from '../../../src/config/verifier.ts';

const errorOf = (parse: () => unknown): ConfigError => {
  try {
    parse();
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('it was accepted');
};

describe.each([
  ['archiver.yaml', parseConfig],
  ['verifier.yaml', parseVerifierConfig],
])('version: in %s', (file, parse) => {
  const problemsOf = (text: string) =>
    errorOf(() => parse(text, file, {})).problems.map(
      ({ path, line, message }) => `${line} ${path}: ${message}`,
    );

  it.each(['2', '3', '9007199254740991'])('of %s is one problem, and the remedy is an upgrade', (version) => {
    const error = errorOf(() => parse(`novel: "\${NOT_SET}"\nversion: ${version}\narchive: 7\n`, file, {}));
    expect(error.problems).toEqual([
      { path: 'version', line: 2, column: 1, message: expect.stringMatching(/newer version of Ledgerstone/) },
    ]);
    expect(error.remedy).toMatch(/^Upgrade/);
  });

  it.each(['0', '-1', '1.5', '"2"', 'two', '[]'])('of %s is wrong like any other value', (version) => {
    const problems = problemsOf(`version: ${version}\n`);
    expect(problems.filter((each) => each.startsWith('1 version: must be 1'))).toHaveLength(1);
    expect(problems.length).toBeGreaterThan(1);
  });

  it('of 1, or none, says nothing', () => {
    for (const text of ['version: 1\n', '{}\n'])
      expect(problemsOf(text).filter((problem) => problem.includes('version'))).toEqual([]);
  });
});
