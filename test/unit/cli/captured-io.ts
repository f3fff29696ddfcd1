// How does a test run the command line within its own process and see what it says?
import { PassThrough, Readable } from 'node:stream';
import { runCli } from '../../../src/apps/cli/cli.ts';
import type { Io } from '../../../src/apps/cli/output.ts';

export type Captured = { readonly code: number; readonly out: string; readonly err: string };

export function capturedIo(
  env: NodeJS.ProcessEnv = {},
  input = '',
): { io: Io; out(): string; err(): string } {
  const capture = () => {
    const stream = new PassThrough();
    let text = '';
    stream.on('data', (part: Buffer) => {
      text += part.toString();
    });
    return { stream, text: () => text };
  };
  const [stdout, stderr] = [capture(), capture()];
  const io = {
    stdin: Readable.from([Buffer.from(input)]),
    stdout: stdout.stream,
    stderr: stderr.stream,
    env,
    signal: new AbortController().signal,
  };
  return { io, out: stdout.text, err: stderr.text };
}

export async function ledgerstone(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  input = '',
): Promise<Captured> {
  const { io, out, err } = capturedIo(env, input);
  const code = await runCli(args, io);
  return { code, out: out(), err: err() };
}
