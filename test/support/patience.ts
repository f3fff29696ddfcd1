// How long does a test wait for what must happen? Far longer than a slow machine needs: the time only ends what hangs.
import { setTimeout as sleep } from 'node:timers/promises';

export const PATIENCE_MS = 240_000;

/** Looks again and again until `ready`. For what no event tells; where one does, wait for the event. */
export async function until(
  what: string,
  ready: () => boolean | Promise<boolean>,
  options: { readonly everyMs?: number; readonly patienceMs?: number } = {},
): Promise<void> {
  const { everyMs = 50, patienceMs = PATIENCE_MS } = options;
  const deadline = performance.now() + patienceMs;
  while (!(await ready())) {
    if (performance.now() > deadline) throw new Error(`waited ${patienceMs / 1000} s in vain: ${what}`);
    await sleep(everyMs);
  }
}
