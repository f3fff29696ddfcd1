// How is a server process started, waited for and started again?
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LedgerstoneError, messageOf } from '../../src/base/error.ts';
import { stackPaths } from '../state.ts';
import { isAlive, markedEnv } from './process.ts';

export type ServerCommand = {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly logFile: string;
};

/** The environment of a server. It has no credentials or proxy settings of the user. */
export const serverEnv = (home: string): Record<string, string> => ({
  PATH: process.env['PATH'] ?? '/usr/bin:/bin',
  LANG: 'C.UTF-8',
  HOME: home,
  TMPDIR: home,
  ...(process.env['JAVA_HOME'] === undefined ? {} : { JAVA_HOME: process.env['JAVA_HOME'] }),
});

/** Starts a detached server in its own process group. Its output is appended to its log file. */
export function startServerProcess(dir: string, server: ServerCommand): number {
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

const commandFile = (dir: string, name: string): string =>
  path.join(stackPaths(dir).data, `${name}.command.json`);

/** Starts a server of the stack, and saves its command so that another process can start it again. */
export function startPart(dir: string, server: ServerCommand): number {
  mkdirSync(stackPaths(dir).data, { recursive: true });
  writeFileSync(commandFile(dir, server.name), JSON.stringify(server));
  return startServerProcess(dir, server);
}

/** Starts an ended part again with the same command, ports and data. */
export function startPartAgain(
  dir: string,
  name: string,
): { readonly pid: number; readonly server: ServerCommand } {
  const server = JSON.parse(readFileSync(commandFile(dir, name), 'utf8')) as ServerCommand;
  return { pid: startServerProcess(dir, server), server };
}

/** Calls `probe` until it gives true. If the process ends first, fails at once with the end of its log. */
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
      throw new LedgerstoneError('stack', `${server.name} ${what}\n${logTail(server.logFile)}`);
    }
    await sleep(50);
  }
}

/** A probe for untilReady: true if the address answers with success. */
export const answersOk = (url: string) => async (): Promise<boolean> =>
  (await fetch(url, { signal: AbortSignal.timeout(2_000) })).ok;

const logTail = (file: string): string => {
  try {
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n').slice(-12);
    return lines.map((line) => `    ${line}`).join('\n');
  } catch {
    return '    (no log)';
  }
};
