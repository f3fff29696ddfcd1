// How is a bug hunted in a process of its own, and what came of it?
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Hunted } from './hunt.ts';

/** `broken`: the process hung, crashed or could not apply the bug. That is no catch: the simulation said nothing. */
export type Outcome = Hunted | { readonly kind: 'broken'; readonly why: string };

/** The seed that comes first, if any, then 1 to `runs`. */
export type Hunt = { readonly name: string; readonly runs: number; readonly begin: number | null };

const HUNT = fileURLToPath(new URL('./hunt.ts', import.meta.url));
const TEXT_MAX = 2_000;
/** A process says each seed that showed nothing. One seed is done in a tenth of a second. */
const SILENCE_MS_MAX = 240_000;

export function startHunt({ name, runs, begin }: Hunt, silenceMs = SILENCE_MS_MAX): Promise<Outcome> {
  const args = [HUNT, name, String(runs), ...(begin === null ? [] : [String(begin)])];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  const silence = setTimeout(() => child.kill('SIGKILL'), silenceMs);
  child.stdout.on('data', (chunk: Buffer) => {
    silence.refresh();
    out = `${out}${chunk}`.slice(-TEXT_MAX);
  });
  child.stderr.on('data', (chunk: Buffer) => {
    err = `${err}${chunk}`.slice(-TEXT_MAX);
  });
  return new Promise((resolve) => {
    child.on('error', (error) => resolve({ kind: 'broken', why: error.message }));
    child.on('close', (code, signal) => {
      clearTimeout(silence);
      const last = out.trim().split('\n').at(-1) ?? '';
      if (code === 0) resolve(JSON.parse(last) as Hunted);
      else {
        const why = signal === null ? `exit code ${code}` : `${signal} after ${silenceMs} ms of silence`;
        resolve({ kind: 'broken', why: `${why}, after ${last || 'no seed'}: ${err}`.trim() });
      }
    });
  });
}

/** Each one hunted, `side` at a time. */
export async function huntAll(
  hunts: readonly Hunt[],
  side: number,
  told: (hunt: Hunt, outcome: Outcome) => void,
): Promise<void> {
  const left = [...hunts];
  const worker = async () => {
    for (let hunt = left.shift(); hunt !== undefined; hunt = left.shift()) told(hunt, await startHunt(hunt));
  };
  await Promise.all(Array.from({ length: side }, worker));
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

/** What somebody has to know who relies on the table of seeds; null where it is right. */
export function staleText({ name, begin }: Hunt, outcome: Outcome): string | null {
  if (outcome.kind !== 'caught' || outcome.seed === begin) return null;
  return `${name}: seed ${begin} of the table shows it no more, seed ${outcome.seed} does: npm run bugs -- --record`;
}
