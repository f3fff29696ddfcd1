// `ledgerstone config migrate`: what has to change in a configuration file of an earlier version?
import { constants } from 'node:fs';
import { copyFile, open, realpath, rename, rm, stat } from 'node:fs/promises';
import type { Command } from 'commander';
import { counted } from '../../base/counted.ts';
import { problemsOfFile } from '../../config/any-file.ts';
import { readConfigFile } from '../../config/check.ts';
import type { ConfigProblem } from '../../config/config-error.ts';
import { lineDiff } from '../../config/migrate/line-diff.ts';
import { type Migrated, migrate } from '../../config/migrate/migrate.ts';
import { EXIT, UsageError } from './exit-code.ts';
import { fileError } from './file-error.ts';
import { acting, type Session } from './session.ts';

type MigrateOptions = { readonly write?: boolean; readonly check?: boolean; readonly json?: boolean };

const HELP = `
Takes ledgerstone.yaml, verifier.yaml, governance.yaml or a file that names a Kafka
cluster. Members of an earlier version become those of this one; every other byte, and
each comment, stays. Prints the lines that change, what is left to you, and whether this
version takes the file then. A file of a later version is refused.

--write leaves the file as it was beside it, as FILE.before, and replaces it whole.

Exit codes: 0 the file is of this version, or is once it is written; 1 with --check:
something would change; 2 usage, or no file that can be migrated; 3 something is left to
you, or this version refuses the file still.

Examples:
  ledgerstone config migrate ledgerstone.yaml
  ledgerstone config migrate verifier.yaml --write
  ledgerstone config migrate ledgerstone.yaml --check     in CI, before an upgrade
`;

export function configCommand(program: Command, session: Session): void {
  const config = program
    .command('config')
    .description('A configuration file of an earlier version, brought up to date.')
    .addHelpText('after', '\nExamples:\n  ledgerstone config migrate ledgerstone.yaml --json\n');
  config
    .command('migrate')
    .description('What has to change in it; --write changes it.')
    .argument('<file>', 'the YAML file')
    .option('--write', 'replace the file')
    .option('--check', 'write nothing; exit code 1 if something would change')
    .option('--json', 'the result for programs')
    .addHelpText('after', HELP)
    .action(acting(session, (file: string, options: MigrateOptions) => runMigrate(session, file, options)));
}

async function runMigrate({ io, output }: Session, file: string, options: MigrateOptions): Promise<number> {
  if (options.write === true && options.check === true)
    throw new UsageError('--check writes nothing, and --write does', 'Give one of the two.');
  const before = await readConfigFile(file);
  const migrated = migrate(before, file);
  const problems = problemsOfFile(migrated.kind, migrated.text, file, io.env);
  const changed = migrated.text !== before;
  const kept = changed && options.write === true ? await replaceFile(file, before, migrated.text) : null;
  const { from, to, changes } = migrated;
  if (options.json === true)
    await output.json({ file, from, to, changes, written: kept !== null, kept, problems });
  else await output.write(textOf(file, before, migrated, problems, kept));
  if (options.check === true && changed) return EXIT.broken;
  return problems.length > 0 || changes.some(({ left }) => left !== null) ? EXIT.failed : EXIT.ok;
}

function textOf(
  file: string,
  before: string,
  { to, text, changes }: Migrated,
  problems: readonly ConfigProblem[],
  kept: string | null,
): string {
  const takes =
    problems.length === 0
      ? 'This version takes the file'
      : `This version refuses the file still: ${counted(problems.length, 'problem')}`;
  const lines = [
    changes.length === 0
      ? `${file} has nothing of an earlier version: it is of version ${to}`
      : `${file}: ${counted(changes.length, 'change')} to version ${to}`,
    ...changes.map(({ line, member, what }) => `  line ${line}  ${member}: ${what}`),
    ...(text === before ? [] : ['', `--- ${file}`, `+++ ${file}, migrated`]),
    ...lineDiff(before, text).split('\n').slice(0, -1).map(short),
    ...(changes.length === 0 ? [] : ['']),
    ...changes.flatMap(({ member, left }) => (left === null ? [] : [`Left to you, ${member}: ${left}`])),
    `${takes}${text === before || kept !== null ? '' : ' once it is written'}`,
    ...problems.map(
      ({ path, line, column, message }) => `  ${line}:${column}  ${path === '' ? '' : `${path}: `}${message}`,
    ),
  ];
  if (kept !== null) lines.push(`Written. As it was: ${kept}`);
  else if (text !== before) lines.push('Nothing was written: --write does it');
  return `${lines.join('\n')}\n`;
}

/** A whole file on one line may hold more than what has changed. */
const COLUMNS_MAX = 160;
const short = (line: string): string =>
  line.length > COLUMNS_MAX ? `${line.slice(0, COLUMNS_MAX)} … (cut off here)` : line;

/**
 * The old text stays beside it, and at each moment one of the two has the name. A link goes on leading to its
 * file. Returns the name of the old text. Throws UsageError.
 */
async function replaceFile(file: string, before: string, text: string): Promise<string> {
  const target = await realpath(file);
  const [kept, partial] = [`${target}.before`, `${target}.${process.pid}.partial`];
  try {
    await copyFile(target, kept, constants.COPYFILE_EXCL);
  } catch (error) {
    throw fileError(`can't keep the file as it is as ${kept}`, error);
  }
  try {
    if ((await readConfigFile(kept)) !== before) throw new Error('it was changed meanwhile');
    const { mode } = await stat(target);
    {
      await using handle = await open(partial, 'wx', mode & 0o777);
      await handle.writeFile(text);
      await handle.sync();
    }
    await rename(partial, target);
  } catch (error) {
    await rm(partial, { force: true });
    await rm(kept, { force: true });
    throw fileError(`can't write ${target}, which is as it was`, error);
  }
  return kept;
}
