// How are data objects checked on every core?
import { availableParallelism } from 'node:os';
import type { BlockChecker } from '../block-checker.ts';
import type { DataOutcome } from '../content.ts';
import type { CheckRequest } from './verify-worker.ts';
import { WorkerPool } from './worker-pool.ts';

export type WorkerCheckerOptions = {
  /** Threads; one per core unless given. */
  readonly threads?: number;
  /** Where the worker's code is, if it is not beside this file under its own name. */
  readonly workerUrl?: URL;
};

/** Threads end with `close`. Until then, idle ones do not keep the process alive. */
export type WorkerChecker = BlockChecker & { close(): Promise<void> };

/** Objects wait in one queue for the next free thread. Their bytes are moved, not copied. */
export function workerChecker(options: WorkerCheckerOptions = {}): WorkerChecker {
  const threads = options.threads ?? availableParallelism();
  const pool = new WorkerPool<CheckRequest, DataOutcome>(threads, options.workerUrl ?? besideThis());
  return {
    parallelism: pool.parallelism,
    check: (bytes, claim) => pool.run({ bytes, claim }, bytes),
    close: () => pool.close(),
  };
}

/** The worker's file has the same ending as this one: .ts from a checkout, .js in a package. */
function besideThis(): URL {
  const ending = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return new URL(`./verify-worker.${ending}`, import.meta.url);
}
