// How is a bug hunted in a process of its own, and what came of it?
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Hunted } from './hunt.ts';

/** `broken`: the process hung, crashed or could not apply the bug. That is no catch: the simulation said nothing. */
export type Outcome = Hunted | { readonly kind: 'broken'; readonly why: string };

const HUNT = fileURLToPath(new URL('./hunt.ts', import.meta.url));
const TEXT_MAX = 2_000;

export function startHunt(name: string, runs: number, limitMs: number): Promise<Outcome> {
  const child = spawn(process.execPath, [HUNT, name, String(runs)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: limitMs,
    killSignal: 'SIGKILL',
  });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    err = `${err}${chunk}`.slice(-TEXT_MAX);
  });
  return new Promise((resolve) => {
    child.on('error', (error) => resolve({ kind: 'broken', why: error.message }));
    child.on('close', (code, signal) => {
      if (code === 0) resolve(JSON.parse(out.trim().split('\n').at(-1) ?? '') as Hunted);
      else {
        const why = signal === null ? `exit code ${code}` : `${signal} after ${limitMs} ms`;
        resolve({ kind: 'broken', why: `${why} ${err}`.trim() });
      }
    });
  });
}

/** Each name hunted, `side` at a time. */
export async function huntAll(
  names: readonly string[],
  options: { readonly runs: number; readonly limitMs: number; readonly side: number },
  told: (name: string, outcome: Outcome) => void,
): Promise<void> {
  const left = [...names];
  const worker = async () => {
    for (let name = left.shift(); name !== undefined; name = left.shift())
      told(name, await startHunt(name, options.runs, options.limitMs));
  };
  await Promise.all(Array.from({ length: options.side }, worker));
}

export function outcomeText(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'caught':
      return `seed ${outcome.seed} (any problem: ${outcome.first}), ${outcome.ms} ms: ${outcome.problem}`;
    case 'missed':
      return `NOT CAUGHT in ${outcome.runs} runs, ${outcome.ms} ms (any problem: ${outcome.first})`;
    case 'broken':
      return `BROKEN: ${outcome.why}`;
  }
}
