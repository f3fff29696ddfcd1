// Which server processes belong to a stack, and how are they started, awaited and ended?
import { execFile, execFileSync, spawn } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { LedgerstoneError, messageOf } from '../../src/base/error.ts';

/**
 * Every process of a stack carries this variable: "state directory#name". A pid file can be lost or name a
 * stranger after a reboot; the environment of a process can't, and its children inherit it. So a stack whose
 * starter was killed at any instruction is still found, whole.
 */
const MARK = 'LEDGERSTONE_STACK_PROCESS';

export type StackProcess = { readonly pid: number; readonly name: string };

export type ServerCommand = {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly logFile: string;
};

export const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

/** The environment that marks a process, and what it starts, as part of the stack in `dir`. */
export const markedEnv = (dir: string, name: string): Record<string, string> => ({
  [MARK]: `${dir}#${name}`,
});

/** All that a server gets to know of our environment: never the credentials or proxies of whoever starts it. */
export const serverEnv = (home: string): Record<string, string> => ({
  PATH: process.env['PATH'] ?? '/usr/bin:/bin',
  LANG: 'C.UTF-8',
  HOME: home,
  TMPDIR: home,
  ...(process.env['JAVA_HOME'] === undefined ? {} : { JAVA_HOME: process.env['JAVA_HOME'] }),
});

/** Starts a server in its own process group, detached from us, its output appended to its log file. */
export function startServer(dir: string, server: ServerCommand): number {
  const log = openSync(server.logFile, 'a');
  try {
    const child = spawn(server.command, server.args, {
      cwd: server.cwd,
      env: { ...server.env, ...markedEnv(dir, server.name) },
      detached: true,
      stdio: ['ignore', log, log],
    });
    child.on('error', () => {}); // reported below: without a pid nothing was started
    child.unref();
    if (child.pid === undefined) {
      throw new LedgerstoneError('stack', `cannot start ${server.name}: ${server.command} does not run`);
    }
    return child.pid;
  } finally {
    closeSync(log);
  }
}

/** All live processes of the stack in `dir`. Works for processes of the same user, without any file of ours. */
export function processesOf(dir: string): StackProcess[] {
  const own = `${MARK}=${dir}#`;
  return process.platform === 'linux' ? fromProc(own) : fromPs(own);
}

function fromProc(own: string): StackProcess[] {
  const found: StackProcess[] = [];
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const mark = readFileSync(`/proc/${entry}/environ`, 'latin1')
        .split('\0')
        .find((variable) => variable.startsWith(own));
      if (mark !== undefined) found.push({ pid: Number(entry), name: mark.slice(own.length) });
    } catch {} // gone meanwhile, or another user's
  }
  return found;
}

function fromPs(own: string): StackProcess[] {
  const found: StackProcess[] = [];
  const listing = execFileSync('ps', ['axeww', '-o', 'pid=,command='], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  for (const line of listing.split('\n')) {
    const at = line.indexOf(own);
    const name = at < 0 ? undefined : /^[\w-]+/.exec(line.slice(at + own.length))?.[0];
    if (name !== undefined) found.push({ pid: Number.parseInt(line, 10), name });
  }
  return found;
}

/**
 * Ends all processes of the stack and returns when none is left. SIGKILL at once: everything they hold is thrown
 * away, and an orderly shutdown of Kafka waits for controllers that are going down with it.
 */
export async function endProcesses(dir: string, only?: string): Promise<number> {
  const deadline = performance.now() + 15_000;
  const ended = new Set<number>();
  for (;;) {
    const left = processesOf(dir).filter(({ name }) => only === undefined || name === only);
    if (left.length === 0) return ended.size;
    if (performance.now() > deadline) {
      throw new LedgerstoneError(
        'stack',
        `processes ${left.map(({ pid }) => pid).join(', ')} survive SIGKILL`,
        {
          remedy: 'Look at them with ps; a process in state D waits for a disk.',
        },
      );
    }
    for (const { pid } of left) {
      ended.add(pid);
      signalIfAlive(pid, 'SIGKILL');
    }
    await sleep(20);
  }
}

/** Returns when no process of the stack is left; fails after `deadlineMs`. */
export async function untilEnded(dir: string, deadlineMs: number): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  while (processesOf(dir).length > 0) {
    if (performance.now() > deadline) {
      throw new LedgerstoneError(
        'stack',
        `a server of ${dir} did not end within ${deadlineMs / 1000} s of SIGTERM`,
      );
    }
    await sleep(50);
  }
}

export function signalIfAlive(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Asks `probe` until it answers true. Fails at once when the process has ended, with the end of its log. */
export async function untilReady(
  server: Pick<ServerCommand, 'name' | 'logFile'>,
  pid: number,
  deadlineMs: number,
  probe: () => Promise<boolean>,
): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  let last = '';
  for (;;) {
    try {
      if (await probe()) return;
    } catch (error) {
      last = `, last answer: ${messageOf(error)}`;
    }
    const gone = !isAlive(pid);
    if (gone || performance.now() > deadline) {
      const what = gone ? 'ended before it was ready' : `was not ready within ${deadlineMs / 1000} s${last}`;
      throw new LedgerstoneError('stack', `${server.name} ${what}\n${logTail(server.logFile)}`, {
        remedy: `Its log: ${server.logFile}`,
      });
    }
    await sleep(50);
  }
}

const logTail = (file: string): string => {
  try {
    return readFileSync(file, 'utf8')
      .trimEnd()
      .split('\n')
      .slice(-12)
      .map((line) => `    ${line}`)
      .join('\n');
  } catch {
    return '    (no log)';
  }
};

const execFileAsync = promisify(execFile);

/** Runs a program to its end and returns its standard output; a failure carries the end of what it said. */
export async function run(
  what: string,
  command: string,
  args: readonly string[],
  options: {
    readonly cwd?: string;
    readonly env?: Record<string, string>;
    readonly timeoutMs: number;
    readonly remedy?: string;
  },
): Promise<string> {
  try {
    const { stdout } = await execFileAsync(command, args, {
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: { ...process.env, ...options.env },
      timeout: options.timeoutMs,
      maxBuffer: 64 * 1024 * 1024,
    });
    return stdout;
  } catch (error) {
    const said = error as { stdout?: string; stderr?: string };
    const tail = `${said.stdout ?? ''}${said.stderr ?? ''}`.trimEnd().split('\n').slice(-12).join('\n');
    throw new LedgerstoneError(
      'stack',
      `${what} failed: ${command} ${args.join(' ')}\n${tail || messageOf(error)}`,
      {
        cause: error,
        ...(options.remedy === undefined ? {} : { remedy: options.remedy }),
      },
    );
  }
}
