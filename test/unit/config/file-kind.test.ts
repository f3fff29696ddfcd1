// Does a file of the other party say so, instead of naming each member of it as unknown?
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../../src/config/archiver.ts';
import { ConfigError } from '../../../src/config/config-error.ts';
import { parseVerifierConfig } from '../../../src/config/verifier.ts';

const ARCHIVERS = 'archive: {}\nsource: {}\nretention: {}\nsegment: {}\nserver: {}\n';
const VERIFIERS = 'archive: {}\nattestations: {}\ncosigner: {}\nsweep: {}\nwatch: {}\n';

function errorOf(parse: typeof parseConfig | typeof parseVerifierConfig, text: string): ConfigError {
  try {
    parse(text, 'a.yaml', {});
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

describe('the other file', () => {
  it.each([
    ["the archiver's file (ledgerstone.yaml)", parseVerifierConfig, ARCHIVERS],
    ["the verifier's file (verifier.yaml)", parseConfig, VERIFIERS],
  ])('is one problem: this is %s', (whose, parse, text) => {
    const { problems, remedy } = errorOf(parse, text);
    expect(problems).toEqual([
      { path: '', line: 1, column: 1, message: expect.stringContaining(`this is ${whose}`) },
    ]);
    expect(remedy).toContain('Name the other file');
  });

  it.each([
    ['members of both', parseConfig, `${VERIFIERS}source: {}\n`],
    ['members of both', parseVerifierConfig, `${VERIFIERS}source: {}\n`],
    ['only members that both may have', parseConfig, 'archive: {}\nlog: {}\n'],
    ['only members that both may have', parseVerifierConfig, 'archive: {}\nlog: {}\n'],
    ['no member', parseVerifierConfig, '7'],
  ])('is not suspected where a file has %s', (_, parse, text) => {
    const { problems } = errorOf(parse, text);
    expect(problems).not.toEqual([]);
    expect(problems.filter(({ message }) => message.startsWith('this is the'))).toEqual([]);
  });
});
