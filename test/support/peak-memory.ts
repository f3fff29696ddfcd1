// How much memory did a process hold at most, as the system saw it?
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

export type Peak = {
  readonly code: number | null;
  /** The greatest resident size. 0 where the system keeps none. */
  readonly rssMib: number;
  readonly err: string;
};

/** Runs this Node with those arguments. The system keeps the greatest size itself: it is read now and then. */
export async function peakOf(args: readonly string[]): Promise<Peak> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let [err, kib] = ['', 0];
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  const look = setInterval(() => {
    kib = Math.max(kib, peakKib(child.pid));
  }, 25);
  const [code] = (await once(child, 'close')) as [number | null];
  clearInterval(look);
  return { code, rssMib: Math.round(kib / 1024), err };
}

function peakKib(pid: number | undefined): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0);
  } catch {
    return 0;
  }
}
