// How does a test run the command line, as a process of its own?
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const MAIN = join(import.meta.dirname, '../../src/apps/cli/main.ts');

export type Ran = { readonly code: number | null; readonly stdout: Buffer; readonly stderr: string };

export type CliOptions = {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly input?: Uint8Array;
  readonly timeoutMs?: number;
  /** Of another version. Default: this checkout's. */
  readonly main?: string;
};

const environment = (env: CliOptions['env']): NodeJS.ProcessEnv => ({
  ...process.env,
  NO_COLOR: '1',
  ...env,
});

/** Runs it to its end. */
export async function cli(args: readonly string[], options: CliOptions = {}): Promise<Ran> {
  const child = spawn(process.execPath, [options.main ?? MAIN, ...args], {
    cwd: options.cwd,
    env: environment(options.env),
    stdio: 'pipe',
    timeout: options.timeoutMs ?? 300_000,
  });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (part: Buffer) => out.push(part));
  child.stderr.on('data', (part: Buffer) => err.push(part));
  child.stdin.on('error', () => {}); // a command that refuses its arguments does not read
  child.stdin.end(options.input);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout: Buffer.concat(out), stderr: Buffer.concat(err).toString() };
}

export type RunningService = {
  readonly child: ChildProcess;
  /** Everything that it logged so far. */
  log(): string;
  /** Sends the signal and waits for the end: the exit code, or null when the signal killed it. */
  end(signal: NodeJS.Signals): Promise<number | null>;
};

/** Starts `ledgerstone archive` and leaves it running. */
export const startService = (config: string, env: Readonly<Record<string, string>>): RunningService =>
  startCommand(['archive', '--config', config], env);

/** The same for any command that runs until it is told to end. */
export function startCommand(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  main = MAIN,
): RunningService {
  const child = spawn(process.execPath, [main, ...args], {
    env: environment(env),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  child.stdout.on('data', (part: Buffer) => (text += part.toString()));
  child.stderr.on('data', (part: Buffer) => (text += part.toString()));
  const closed = once(child, 'close');
  return {
    child,
    log: () => text,
    async end(signal) {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      child.kill(signal);
      const [code] = (await closed) as [number | null];
      return code;
    },
  };
}
