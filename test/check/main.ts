// `npm run check`: are the types right, is the style kept, is nothing unused? Side by side: one alone leaves cores idle.
import { spawn } from 'node:child_process';
import { type Ended, sideBySide } from './side-by-side.ts';

/** What tsc and knip have seen of a file they keep in node_modules/.cache, and see again once it has changed. */
const COMMANDS = [
  'tsc',
  'tsc -p src/kernel/assembly',
  'biome check --error-on-warnings .',
  'knip --no-progress --cache',
];

/** By a shell: npm puts the packages' commands on its path, and on Windows they are scripts. */
function run(command: string): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(command, { shell: true, stdio: ['ignore', 'pipe', 'pipe'] });
    const output: Buffer[] = [];
    child.stdout.on('data', (bytes: Buffer) => output.push(bytes));
    child.stderr.on('data', (bytes: Buffer) => output.push(bytes));
    child.on('error', (error) => resolve({ code: null, output: error.message }));
    child.on('close', (code) => resolve({ code, output: Buffer.concat(output).toString() }));
  });
}

const failed = await sideBySide(COMMANDS, run, (text) => process.stdout.write(text));
if (failed.length > 0) process.exitCode = 1;
else process.stdout.write(`good: ${COMMANDS.join(', ')}\n`);
