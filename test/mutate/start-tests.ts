// What did these tests say of a copy of the project? They run in a process of their own, which is ended when it hangs.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { TestMessage, TestOrder } from './run-tests.ts';

export type Outcome =
  | { readonly kind: 'passed'; readonly ms: ReadonlyMap<string, number> }
  | { readonly kind: 'failed'; readonly file: string; readonly test: string }
  /** A test file did not end, or the process that ran it died. */
  | { readonly kind: 'hung' | 'died'; readonly file: string };

/** For node and vitest to start, on a busy machine. */
const START_MS = 60_000;
const SCRIPT = join(import.meta.dirname, 'run-tests.ts');

/** Process groups that run now. */
const running = new Set<number>();

/** Ends every process that this one started. */
export function stopTests(): void {
  for (const pid of running) killGroup(pid);
}

/** `limitMs`: how long a test file may take before it counts as hung. */
export function startTests(order: TestOrder, limitMs: (test: string) => number): Promise<Outcome> {
  const { tests } = order;
  const child = spawn(process.execPath, [SCRIPT, JSON.stringify(order)], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    detached: true, // a group of its own: its workers end with it
  });
  if (child.pid !== undefined) running.add(child.pid);
  const ms = new Map<string, number>();
  const next = (): string => tests[ms.size] ?? '(after the last test)';
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout;
    const end = (outcome: Outcome) => {
      clearTimeout(timer);
      killGroup(child.pid);
      running.delete(child.pid ?? 0);
      resolve(outcome);
    };
    const wait = (most: number) => {
      clearTimeout(timer);
      timer = setTimeout(() => end({ kind: 'hung', file: next() }), most);
    };
    wait(START_MS);
    child.on('message', (message: TestMessage) => {
      if (message.kind === 'started') return wait(limitMs(next()));
      if (message.failed !== null) return end({ kind: 'failed', file: message.file, test: message.failed });
      ms.set(message.file, message.ms);
      wait(limitMs(next()));
    });
    child.on('error', () => end({ kind: 'died', file: next() }));
    child.on('exit', (code) => {
      if (code === 0 && ms.size === tests.length) end({ kind: 'passed', ms });
      else end({ kind: 'died', file: next() });
    });
  });
}

function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}
