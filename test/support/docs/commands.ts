// Do the commands of a line exist, with the options, scripts and files that it names?
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { runCli } from '../../../src/apps/cli/cli.ts';
import { ROOT } from './pages.ts';

/** What is there on the reader's machine or is fetched when it is called: no option of it is looked at. */
const NOT_OURS = new Set([
  '.',
  'aws',
  'bash',
  'cat',
  'cd',
  'chmod',
  'cp',
  'curl',
  'docker',
  'echo',
  'export',
  'git',
  'helm',
  'install',
  'jq',
  'kubectl',
  'mkdir',
  'openssl',
  'printf',
  'sh',
  'sha256sum',
  'systemctl',
  'test',
  'unzip',
  'useradd',
]);
const FETCHED = /^aws-cdk@\d+$/;

/** The simple commands of a line, each as its words. Redirections are left out. */
export function commandsOf(line: string): string[][] {
  const words = line.match(/(?:[^\s"'|&;<>]|"[^"]*"|'[^']*')+|&&|\|\|?|;|>>?|</g) ?? [];
  const commands: string[][] = [[]];
  for (let index = 0; index < words.length; index++) {
    const word = words[index] as string;
    if (/^(&&|\|\|?|;)$/.test(word)) commands.push([]);
    else if (/^[<>]/.test(word)) index++;
    else commands.at(-1)?.push(word.replace(/^(["'])(.*)\1$/, '$2'));
  }
  return commands.map((command) => command.slice(command.findIndex((word) => !/^[A-Z_]+=/.test(word))));
}

/** What is wrong with the line; empty when all of it exists. */
export async function problemsOf(line: string): Promise<string[]> {
  const problems = await Promise.all(commandsOf(line).map(problemOf));
  return problems.flatMap((problem) => (problem === null ? [] : [`${line}: ${problem}`]));
}

async function problemOf([program = '', ...args]: readonly string[]): Promise<string | null> {
  // As another user: `runuser -u NAME -- COMMAND`.
  if (program === 'runuser') return problemOf(args.slice(args.indexOf('--') + 1));
  if (program === 'ledgerstone') return ledgerstoneProblem(args);
  if (program === 'npm') return npmProblem(args);
  if (program === 'npx') return npxProblem(args);
  if (!NOT_OURS.has(program)) return `what is ${program}?`;
  const ours = args.filter((arg) => /^(infra|src|test|localstack|bench)\//.test(arg));
  const [made] = program === 'cp' ? ours.slice(-1) : [];
  return missingFile(ours.filter((file) => file !== made));
}

const missingFile = (files: readonly string[]): string | null => {
  const missing = files.find((file) => !existsSync(join(ROOT, file)));
  return missing === undefined ? null : `there is no ${missing}`;
};

const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  scripts: Readonly<Record<string, string>>;
};

async function npmProblem(given: readonly string[]): Promise<string | null> {
  const [verb = '', ...rest] = given.filter((arg) => arg !== '-s' && arg !== '--silent');
  if (['ci', 'cit', 'install', 'pack'].includes(verb)) return null;
  const name = verb === 'test' ? 'test' : rest[0];
  if (verb !== 'test' && verb !== 'run') return `what is npm ${verb}?`;
  const script = name === undefined ? undefined : scripts[name];
  if (script === undefined) return `there is no script ${name}`;
  const dashes = rest.indexOf('--');
  const args = dashes < 0 ? [] : rest.slice(dashes + 1);
  const [, ...own] = script.split(' ');
  if (own[0] === 'src/apps/cli/bin.cjs') return ledgerstoneProblem([...own.slice(1), ...args]);
  if (script.includes('vitest')) return vitestProblem(args);
  if (args.length === 0) return null;
  return scriptProblem(own[0] ?? '', args);
}

async function npxProblem([name = '', ...args]: readonly string[]): Promise<string | null> {
  if (name === 'ledgerstone') return ledgerstoneProblem(args);
  if (name === 'vitest') return vitestProblem(args.filter((arg) => arg !== 'run'));
  if (name === 'node') return missingFile(args.slice(0, 1)) ?? scriptProblem(args[0] ?? '', args.slice(1));
  if (FETCHED.test(name) || existsSync(join(ROOT, 'node_modules/.bin', name))) return null;
  return `there is no ${name} in node_modules`;
}

/** Options are those that the script's `parseArgs` names; bench hands its own to the bench that is named. */
function scriptProblem(file: string, args: readonly string[]): string | null {
  const missing = missingFile([file]);
  if (missing !== null) return missing;
  const folder = file.startsWith('bench/') ? readdirSync(join(ROOT, 'bench'), { withFileTypes: true }) : [];
  const files = [file, ...folder.filter((one) => one.isFile()).map(({ name }) => `bench/${name}`)];
  const source = files.map((one) => readFileSync(join(ROOT, one), 'utf8')).join('\n');
  const options = args.filter((arg) => arg.startsWith('--')).map((arg) => arg.slice(2));
  const unknown = options.find((option) => !new RegExp(`['"]?\\b${option}['"]?: \\{\\s*type:`).test(source));
  if (unknown !== undefined) return `${file} has no option --${unknown}`;
  const [word] = args;
  const isWord = word !== undefined && /^[a-z][a-z-]*$/.test(word);
  return !isWord || source.includes(`'${word}'`) || isInFolder(file, word)
    ? null
    : `${file} knows no ${word}`;
}

/** A name that a file beside the script holds, such as that of a seeded bug. */
const isInFolder = (file: string, word: string): boolean => {
  const folder = join(ROOT, file, '..');
  return readdirSync(folder).some(
    (name) => name.endsWith('.ts') && readFileSync(join(folder, name), 'utf8').includes(`'${word}'`),
  );
};

function vitestProblem(args: readonly string[]): string | null {
  const config = readFileSync(join(ROOT, 'vitest.config.ts'), 'utf8');
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] as string;
    const value = args[index + 1];
    if (arg === '--project') {
      if (!config.includes(`project('${value}'`)) return `there is no test project ${value}`;
      index++;
    } else if (arg === '-t') index++;
    else if (arg.startsWith('-')) return `is ${arg} an option of vitest?`;
    else if (!existsSync(join(ROOT, arg))) return `there is no ${arg}`;
  }
  return null;
}

const helps = new Map<string, Promise<string>>();
function helpOf(command: string): Promise<string> {
  const known = helps.get(command) ?? readHelp(command);
  helps.set(command, known);
  return known;
}

async function readHelp(command: string): Promise<string> {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  stderr.resume();
  let text = '';
  stdout.on('data', (part: Buffer) => (text += part.toString()));
  const signal = new AbortController().signal;
  const code = await runCli([...command.split(' '), '--help'], { stdin, stdout, stderr, env: {}, signal });
  return code === 0 ? text : '';
}

/** Commands that have commands of their own. */
const GROUPS = [
  'report',
  'finding',
  'governance',
  'hold',
  'retention',
  'keys',
  'custody',
  'access',
  'config',
];

async function ledgerstoneProblem([first = '', ...rest]: readonly string[]): Promise<string | null> {
  const [command, args] = GROUPS.includes(first) ? [`${first} ${rest[0]}`, rest.slice(1)] : [first, rest];
  const help = await helpOf(command);
  if (!help.startsWith(`Usage: ledgerstone ${command} `)) return `there is no command ${command}`;
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] as string;
    if (!arg.startsWith('-')) continue;
    const option = new RegExp(`^ +${arg}( <[a-z]+>)? `, 'm').exec(help);
    if (option === null) return `${command} has no option ${arg}`;
    const value = args[index + 1];
    if (option[1] !== undefined && (value === undefined || value.startsWith('--')))
      return `${arg} needs a value`;
    if (option[1] !== undefined) index++;
  }
  return null;
}
