// Which processes belong to a stack, and how are they ended?
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { LedgerstoneError } from '../../src/base/error.ts';

/**
 * Every process of a stack has this variable: "state directory#name". A pid file can be lost, or name another
 * process after a reboot. The environment of a process can't, and its children inherit it. So all processes
 * of a stack are found, even if the process that started them was killed.
 */
const MARK = 'LEDGERSTONE_STACK_PROCESS';

export type StackProcess = { readonly pid: number; readonly name: string };

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

/** All live processes of the stack in `dir` that belong to this user. Needs no file. */
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
 * Whether it holds no file and no port any more. A process that ends gives up its memory first, and with it the
 * environment by which it is found. What it has locked or listens on, it keeps until its last thread is over
 * (exit_mm and exit_files in Linux's do_exit).
 */
export function isOver(pid: number, proc = '/proc'): boolean {
  if (process.platform !== 'linux') return !isAlive(pid);
  try {
    const stat = readFileSync(`${proc}/${pid}/stat`, 'latin1');
    const state = stat.slice(stat.lastIndexOf(')') + 1).trim()[0] ?? '';
    return 'ZX'.includes(state) && readdirSync(`${proc}/${pid}/task`).length <= 1;
  } catch {
    return true;
  }
}

/**
 * Ends all processes of the stack and returns when none is left. It uses SIGKILL at once: their data is
 * thrown away, and an orderly shutdown of Kafka waits for controllers that end at the same time.
 */
export async function endProcesses(dir: string, only?: string): Promise<number> {
  const deadline = performance.now() + 60_000;
  const ended = new Set<number>();
  for (;;) {
    const left = processesOf(dir).filter(({ name }) => only === undefined || name === only);
    const ending = [...ended].filter((pid) => !isOver(pid));
    if (left.length + ending.length === 0) return ended.size;
    if (performance.now() > deadline) {
      throw new LedgerstoneError(
        'stack',
        `processes ${[...left.map(({ pid }) => pid), ...ending].join(', ')} survive SIGKILL`,
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

/** Returns when no process of the stack is left. Fails after `deadlineMs`. */
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
