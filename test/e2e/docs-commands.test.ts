// Do the command blocks of the documentation do what they say, on files and on the real stack?
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stopStack } from '../../localstack/stack.ts';
import { cli } from '../support/cli.ts';
import { type BlockClass, CLASSES } from '../support/docs/classes.ts';
import { type Block, commandBlocks, ROOT } from '../support/docs/pages.ts';
import { describeWithMeans } from '../support/stack/global.ts';

const blocksOf = (wanted: BlockClass): Block[] =>
  Object.keys(CLASSES).flatMap((page) =>
    commandBlocks(page).filter(({ lines }) => CLASSES[page]?.[lines[0] ?? ''] === wanted),
  );

const run = promisify(execFile);
/** Longer than a first start of the stack with its downloads. */
const TIMEOUT_MS = 15 * 60_000;

/** As a person would paste it; rejects when a command of it fails. */
async function paste(text: string, cwd: string, env: NodeJS.ProcessEnv): Promise<string> {
  const { stdout } = await run('bash', ['-eo', 'pipefail', '-c', text], {
    ...{ cwd, env, timeout: TIMEOUT_MS, maxBuffer: 64 * 1024 * 1024 },
  });
  return stdout;
}

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'ledgerstone-docs-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

describe('blocks for a checkout', () => {
  it.each(blocksOf('checkout'))('$page: $lines.0', async ({ text }) => {
    // `npm ci` is what brought the test runner; again, it would take it away from under itself.
    const rest = text.replace(/^npm ci && /, '');
    expect(rest).not.toBe(text);
    const out = await paste(rest, ROOT, { ...process.env, NO_COLOR: '1', TMPDIR: dir });
    expect(out).toMatch(/^verified {2}/m);
  });
});

describe('blocks on an archive', () => {
  let cwd: string;
  let env: NodeJS.ProcessEnv;

  beforeAll(async () => {
    cwd = join(dir, 'files');
    const bin = join(cwd, 'bin');
    await mkdir(bin, { recursive: true });
    await writeFile(join(bin, 'ledgerstone'), `#!/bin/sh\nexec node ${ROOT}/src/apps/cli/bin.cjs "$@"\n`);
    await chmod(join(bin, 'ledgerstone'), 0o755);
    env = { ...process.env, NO_COLOR: '1', PATH: `${bin}${delimiter}${process.env['PATH']}` };
    const events = Array.from({ length: 100 }, (_, id) => {
      const userName = id % 3 === 1 ? 'alice' : 'bob';
      const userIdentity = { arn: `arn:aws:iam::123456789012:user/${userName}`, userName };
      const eventTime = new Date(Date.parse('2026-11-22T08:00:00Z') + id * 60_000).toISOString();
      return JSON.stringify({
        id,
        eventTime,
        eventName: id % 2 === 1 ? 'DeleteUser' : 'GetUser',
        userIdentity,
      });
    }).join('\n');
    await writeFile(join(cwd, 'events.jsonl'), `${events}\n`);
    await writeFile(
      join(cwd, 'ledgerstone.yaml'),
      `archive:
  origin: test.example/docs
  store: { kind: directory, path: archive }
  signing: { kind: local, keyFile: key.pem }
source: { kind: file, path: events.jsonl, topic: { name: orders, retention: short } }
retention: { short: { mode: COMPLIANCE, period: 1d } }
segment: { maxRecords: 30 }
server: { port: 0 }
`,
    );
    for (const args of [['init', '--vkey', 'archive.vkey'], ['archive']]) {
      expect(await cli([...args, '--config', 'ledgerstone.yaml'], { cwd })).toMatchObject({ code: 0 });
    }
  });

  it.each(blocksOf('files'))('$page: $lines.0', async ({ text }) => {
    // These events have no time: that none is in a range of times is a note.
    expect(await paste(`exec 2>&1\n${text}`, cwd, env)).not.toBe('');
  });
});

describeWithMeans('blocks on the stack', { kafka: true, s3: true }, () => {
  let stackDir: string;
  let env: NodeJS.ProcessEnv;

  beforeAll(() => {
    stackDir = join(dir, 'stack');
    env = { ...process.env, NO_COLOR: '1', TMPDIR: dir, LEDGERSTONE_STACK_DIR: stackDir };
  });
  afterAll(() => stopStack(stackDir));

  const here = (line: string): string =>
    line.replaceAll('.stack/', `${stackDir}/`).replaceAll('archive.vkey', join(dir, 'archive.vkey'));

  /** Entries that are sealed in all chains. */
  async function sealed(): Promise<number> {
    const status = `. ${stackDir}/env; npx ledgerstone status --config ${stackDir}/ledgerstone.yaml --json`;
    const { chains } = JSON.parse(await paste(status, ROOT, env)) as { chains: { entries: number }[] };
    return chains.reduce((sum, { entries }) => sum + entries, 0);
  }

  /** Starts what runs until Ctrl-C, waits until it has done its work, and presses Ctrl-C as a terminal does. */
  async function untilCtrlC(command: string, done: (out: string) => Promise<boolean>): Promise<void> {
    // A group of its own: a terminal's Ctrl-C goes to npx and to what it started alike.
    const child = spawn('bash', ['-c', command], { cwd: ROOT, env, detached: true, stdio: 'pipe' });
    let out = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => (out += part));
    const closed = once(child, 'close');
    const deadlineMs = Date.now() + TIMEOUT_MS / 2;
    try {
      while (!(await done(out))) {
        if (child.exitCode !== null) throw new Error(`${command} ended by itself:\n${out}`);
        if (Date.now() > deadlineMs) throw new Error(`${command} does not get its work done:\n${out}`);
        await sleep(500);
      }
    } finally {
      interrupt(child);
    }
    await closed;
    expect(out).toContain('stopped');
  }

  const interrupt = ({ pid, exitCode }: ChildProcess): void => {
    if (pid !== undefined && exitCode === null) process.kill(-pid, 'SIGINT');
  };

  const DONE: Readonly<Record<string, (out: string) => Promise<boolean>>> = {
    archive: async () => (await sealed()) === 500,
    watch: async (out) => out.includes('attested'),
  };

  it.each(blocksOf('stack'))(
    '$page: $lines.0',
    async ({ text }) => {
      const lasting = text.split('\n').filter((line) => line.includes('until Ctrl-C'));
      if (lasting.length === 0) {
        await paste(here(text), ROOT, env);
        return;
      }
      // Its port may be taken here by another archiver.
      await appendFile(join(stackDir, 'ledgerstone.yaml'), 'server: { port: 0 }\n');
      const environment = `. ${stackDir}/env`;
      for (const line of text.split('\n').filter((one) => one !== '' && one !== '. .stack/env')) {
        const [command = ''] = here(line).split(' #');
        const whole = `${environment}; ${command}`;
        if (!lasting.includes(line)) await paste(whole, ROOT, env);
        else await untilCtrlC(whole, DONE[/ledgerstone ([a-z]+)/.exec(line)?.[1] ?? ''] ?? fails(line));
      }
      expect((await readFile(join(dir, 'archive.vkey'), 'utf8')).trim()).toContain('+');
    },
    TIMEOUT_MS,
  );
});

const fails = (line: string) => (): never => {
  throw new Error(`nobody says when this has done its work: ${line}`);
};
