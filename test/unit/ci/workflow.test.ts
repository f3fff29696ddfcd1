// Does the hosted CI run commands that exist, and with no more rights than they need?
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

type Step = { readonly uses?: string; readonly run?: string };
type Job = {
  readonly if?: string;
  readonly needs?: string;
  readonly environment?: string;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly 'timeout-minutes'?: number;
  readonly steps: readonly Step[];
};
type Workflow = {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions?: unknown;
  readonly jobs: Readonly<Record<string, Job>>;
};

const ROOT = join(import.meta.dirname, '../../..');
const WORKFLOWS = join(ROOT, '.github/workflows');
const files = readdirSync(WORKFLOWS).sort();
const textOf = (file: string) => readFileSync(join(WORKFLOWS, file), 'utf8');
const workflowOf = (file: string) => parse(textOf(file)) as Workflow;
const jobsOf = (workflow: Workflow) => Object.values(workflow.jobs);

const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>;
};
const executable = (path: string): boolean => {
  const file = statSync(join(ROOT, path), { throwIfNoEntry: false });
  return file?.isFile() === true && (file.mode & 0o111) !== 0;
};

/** Why the project can't run this line; null when it can. */
function unknownCommand(line: string): string | null {
  if (/[;&|<>$`]/.test(line)) return `more than one plain command: ${line}`;
  const [program = '', ...rest] = line.trim().split(/\s+/);
  if (program === 'npm' && rest[0] === 'ci' && rest.length === 1) return null;
  if (program === 'npm' && rest[0] === 'run' && rest[1] !== undefined)
    return rest[1] in scripts ? null : `package.json has no script ${rest[1]}`;
  if (program.startsWith('.') && !program.startsWith('..'))
    return executable(program) ? null : `${program} is no file that can be run`;
  return `no command of this project: ${line}`;
}

const commandsOf = (job: Job): string[] =>
  job.steps.flatMap(({ run }) => (run === undefined ? [] : run.split('\n').filter((line) => line.trim())));

/** The lines that use an action which its owner could change without a change here. */
const movable = (text: string): string[] =>
  text
    .split('\n')
    .filter((line) => /^\s*-?\s*uses:/.test(line))
    .filter((line) => !/uses: [\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line))
    .map((line) => line.trim());

/** Jobs that may more than read, by file. Whoever adds one says here what it may. */
const RIGHTS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'release.yml': { publish: { contents: 'write', 'id-token': 'write', attestations: 'write' } },
};

describe.each(files)('%s', (file) => {
  const workflow = workflowOf(file);

  it('runs commands that exist', () => {
    const commands = jobsOf(workflow).flatMap(commandsOf);
    expect(commands.length).toBeGreaterThan(0);
    expect(commands.flatMap((line) => unknownCommand(line) ?? [])).toEqual([]);
  });

  it('may read, and nothing else, in every job but those that are named here', () => {
    expect(workflow.permissions).toEqual({ contents: 'read' });
    const more = Object.entries(workflow.jobs).flatMap(([name, { permissions }]) =>
      permissions === undefined ? [] : [[name, permissions]],
    );
    expect(Object.fromEntries(more)).toEqual(RIGHTS[file] ?? {});
    expect(textOf(file)).not.toMatch(/secrets\.|pull_request_target/);
  });

  it('uses actions at a commit, with the version beside it', () => {
    expect(movable(textOf(file))).toEqual([]);
  });

  it('ends each job that hangs', () => {
    for (const job of jobsOf(workflow)) expect(job['timeout-minutes']).toBeGreaterThan(0);
  });
});

describe('ci.yml', () => {
  const { on, jobs } = workflowOf('ci.yml');
  const commandsWhen = (event: string): string[] =>
    Object.values(jobs).flatMap((job) => (job.if?.includes(`'${event}'`) ? commandsOf(job) : []));

  it('runs .ci/run at each push and pull request, and gives it longer than it gives itself', () => {
    expect(Object.keys(on)).toEqual(expect.arrayContaining(['push', 'pull_request', 'schedule']));
    expect(commandsWhen('push')).toEqual(['.ci/run']);
    expect(commandsWhen('pull_request')).toEqual(['.ci/run']);
    const own = /time_limit=(\d+)m/.exec(readFileSync(join(ROOT, '.ci/run'), 'utf8'))?.[1];
    expect(jobs['tests']?.['timeout-minutes']).toBeGreaterThan(Number(own) + 20);
  });

  it('runs each night what .ci/run has no time for', () => {
    expect(commandsWhen('schedule')).toEqual(
      expect.arrayContaining(['npm run simulate -- --seeds 10000', 'npm run bugs', 'npm run chaos']),
    );
  });
});

describe('release.yml', () => {
  const { on, jobs } = workflowOf('release.yml');
  const actionsOf = (job: Job | undefined) => job?.steps.flatMap(({ uses }) => uses?.split('@')[0] ?? []);

  it('begins with a tag and nothing else, and tests before it builds', () => {
    expect(on).toEqual({ push: { tags: ['v*'] } });
    expect(Object.keys(jobs)).toEqual(['tests', 'files', 'publish']);
    expect([jobs['files']?.needs, jobs['publish']?.needs]).toEqual(['tests', 'files']);
    expect(commandsOf(jobs['tests'] as Job)).toEqual(['.ci/release check', '.ci/run']);
    expect(commandsOf(jobs['files'] as Job)).toEqual(['.ci/release files']);
  });

  it('attests what it publishes, before it does, and installs nothing where it has rights', () => {
    const { publish } = jobs;
    expect(commandsOf(publish as Job)).toEqual(['.ci/release publish']);
    expect(publish?.steps.at(-1)?.run).toBe('.ci/release publish');
    expect(actionsOf(publish)).toEqual(
      expect.arrayContaining(['actions/attest-build-provenance', 'actions/attest-sbom']),
    );
    expect(publish?.environment).toBe('release');
  });
});

describe('a workflow', () => {
  it.each([
    ['npm run simulat -- --seeds 10000', 'no script simulat'],
    ['.ci/runs', 'no file that can be run'],
    ['README.md', 'no command of this project'],
    ['./README.md', 'no file that can be run'],
    ['curl https://example.com/install.sh', 'no command of this project'],
    ['npm run build && curl https://example.com', 'more than one'],
    ['npm publish', 'no command of this project'],
  ])('may not run %j', (line, why) => {
    expect(unknownCommand(line)).toContain(why);
  });

  it.each(['actions/checkout@v4', 'actions/checkout@11bd719 # v4.2.2', 'actions/checkout'])(
    'may not use %s',
    (action) => {
      expect(movable(`    steps:\n      - uses: ${action}\n`)).toEqual([`- uses: ${action}`]);
    },
  );
});
