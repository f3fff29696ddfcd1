// How does the process begin and end: streams, signals, exit code? The commands are in `cli.ts`.
import { messageOf } from '../../base/error.ts';
import { printableLines } from '../../base/printable.ts';
import { restartWithAllocator, YOUNG_MIB } from '../archiver/allocator.ts';
import { runCli } from './cli.ts';
import { EXIT } from './exit-code.ts';
import { isForReload, ReloadRequests } from './hangup.ts';
import { watchLauncher } from './launcher.ts';

// Services run for long and allocate much memory.
const command = process.argv[2] ?? '';
if (command === 'archive' || command === 'watch') restartWithAllocator();
if (command === 'export') restartWithAllocator(YOUNG_MIB.export);

/**
 * A signal often comes twice, from the terminal and from the parent process. Only a later one means "now".
 */
const SAME_SIGNAL_MS = 1000;

const stopping = new AbortController();
const reloads = new ReloadRequests();
const isReload = isForReload(command, process.platform, [process.stdin, process.stdout, process.stderr]);
if (isReload) process.on('SIGHUP', () => reloads.request());
let firstSignalMs: number | undefined;
for (const signal of ['SIGINT', 'SIGTERM', ...(isReload ? [] : (['SIGHUP'] as const))] as const) {
  process.on(signal, () => {
    const now = performance.now();
    firstSignalMs ??= now;
    if (!stopping.signal.aborted) stopping.abort(new Error(`stopped by ${signal}`));
    else if (now - firstSignalMs > SAME_SIGNAL_MS) {
      process.stderr.write(`error: ended at once by another ${signal}, with work under way\n`);
      process.exit(EXIT.failed);
    }
  });
}

watchLauncher(() => stopping.abort(new Error('stopped: the launcher that started this has ended')));

// Node ends with exit code 1 after an unforeseen error. Here 1 would mean that an archive is broken.
for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(event, (error: unknown) => {
    const debug = (process.env['LEDGERSTONE_DEBUG'] ?? '') !== '';
    process.stderr.write(
      `error: ${printableLines(debug && error instanceof Error ? String(error.stack) : messageOf(error))}\n` +
        '  This should not happen: please report it; LEDGERSTONE_DEBUG=1 shows where.\n',
    );
    process.exit(EXIT.failed);
  });
}

const exitCode = await runCli(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  signal: stopping.signal,
  onReload: (listener) => reloads.listen(listener),
});
// Open connections would keep the process alive. All output was written before.
process.exit(exitCode);
