// Does a file of the other party say so, instead of naming each member of it as unknown?
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../../src/config/archiver.ts';
import { ConfigError } from '../../../src/config/config-error.ts';
import { OFFICERS_COMMANDS } from '../../../src/config/file-kind.ts';
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

  it('names each command whose help gives it governance.yaml', () => {
    const { remedy } = errorOf(parseConfig, 'archive: {}\ngovernance: {}\n');
    const cli = join(import.meta.dirname, '../../../src/apps/cli');
    const helps = readdirSync(cli)
      .filter((name) => name.endsWith('.ts'))
      .map((name) => readFileSync(join(cli, name), 'utf8').replaceAll(/\\+\n\s+/g, ''));
    const lines = helps.flatMap(
      (text) => text.match(/^ {2}ledgerstone .* --(config|act) governance\.yaml.*$/gm) ?? [],
    );
    expect(lines.length).toBeGreaterThan(15);
    const isNamed = (line: string) =>
      OFFICERS_COMMANDS.some((command) => {
        const [words, option] = command.split(' --');
        return (
          line.startsWith(`  ledgerstone ${words} `) &&
          line.includes(`--${option ?? 'config'} governance.yaml`)
        );
      });
    expect(lines.filter((line) => !isNamed(line))).toEqual([]);
    for (const command of OFFICERS_COMMANDS) {
      expect(remedy).toContain(`\`${command}\``);
      expect(
        lines.filter((line) => line.startsWith(`  ledgerstone ${command.split(' --')[0]} `)),
        command,
      ).not.toEqual([]);
    }
  });
});
