// How is a program run to its end, with a useful error if it fails?
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { LedgerstoneError, messageOf } from '../../src/base/error.ts';

const execFileAsync = promisify(execFile);

export type CommandOptions = {
  readonly cwd?: string;
  /** Added to our own environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly remedy?: string;
};

/** Returns the standard output. The error has the end of the output. `what` names the step in the error. */
export async function run(
  what: string,
  command: string,
  args: readonly string[],
  options: CommandOptions,
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
    const message = `${what} failed: ${command} ${args.join(' ')}\n${tail || messageOf(error)}`;
    throw new LedgerstoneError('stack', message, {
      cause: error,
      ...(options.remedy === undefined ? {} : { remedy: options.remedy }),
    });
  }
}
