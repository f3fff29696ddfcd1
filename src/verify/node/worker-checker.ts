// How are data objects checked on every core?
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { LedgerstoneError, messageOf } from '../../base/error.ts';
import type { BlockChecker } from '../block-checker.ts';
import type { DataOutcome } from '../content.ts';
import type { DataClaim } from '../data-claim.ts';
import type { CheckAnswer, CheckRequest } from './verify-worker.ts';

export type WorkerCheckerOptions = {
  /** Threads; one per core unless given. */
  readonly threads?: number;
  /** Where the worker's code is, if it is not beside this file under its own name. */
  readonly workerUrl?: URL;
};

/** Threads end with `close`. Until then, idle ones do not keep the process alive. */
export type WorkerChecker = BlockChecker & { close(): Promise<void> };

type Job = {
  readonly request: CheckRequest;
  readonly resolve: (outcome: DataOutcome) => void;
  readonly reject: (error: Error) => void;
};

/** JavaScript heap of one thread, MiB. Blocks lie outside of it and are bounded by the format. */
const HEAP_MAX_MIB = 512;

/**
 * Objects wait in one queue for the next free thread. Their bytes are moved, not copied. If a thread dies,
 * the check of its object rejects with `worker-died`, and the thread is replaced a few times. After that all
 * checks reject.
 */
export function workerChecker(options: WorkerCheckerOptions = {}): WorkerChecker {
  return new Pool(options.threads ?? availableParallelism(), options.workerUrl ?? besideThis());
}

class Pool implements WorkerChecker {
  readonly parallelism: number;
  readonly #url: URL;
  readonly #queue: Job[] = [];
  readonly #idle: Worker[] = [];
  readonly #running = new Map<Worker, Job | null>();
  #replacementsLeft: number;
  #lastDeath: Error | null = null;
  #closed = false;

  constructor(threads: number, url: URL) {
    this.parallelism = Math.max(1, threads);
    this.#replacementsLeft = 2 * this.parallelism;
    this.#url = url;
  }

  check(bytes: Uint8Array, claim: DataClaim): Promise<DataOutcome> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ request: { bytes, claim }, resolve, reject });
      this.#next();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#running.keys()].map((worker) => worker.terminate()));
  }

  /** Gives waiting jobs to idle threads, and starts threads up to the limit. */
  #next(): void {
    while (this.#queue.length > 0) {
      const worker = this.#idle.pop() ?? this.#start();
      if (worker === null) break;
      const job = this.#queue.shift() as Job;
      this.#running.set(worker, job);
      worker.ref();
      const { buffer, byteOffset, byteLength } = job.request.bytes;
      // Only a buffer without other content may be moved.
      const isOwn = byteOffset === 0 && byteLength === buffer.byteLength;
      worker.postMessage(job.request, isOwn ? [buffer as ArrayBuffer] : []);
    }
    if (this.#running.size === 0) this.#refuseAll();
  }

  #start(): Worker | null {
    if (this.#closed || this.#running.size >= this.parallelism) return null;
    if (this.#lastDeath !== null && this.#replacementsLeft-- <= 0) return null;
    const worker = new Worker(this.#url, { resourceLimits: { maxOldGenerationSizeMb: HEAP_MAX_MIB } });
    this.#running.set(worker, null);
    let death: Error | null = null;
    worker.on('message', (answer: CheckAnswer) => this.#answered(worker, answer));
    worker.on('error', (error: unknown) => {
      death = error instanceof Error ? error : new Error(messageOf(error));
    });
    worker.on('exit', (code) => this.#died(worker, death ?? new Error(`exit code ${code}`)));
    worker.unref();
    return worker;
  }

  #answered(worker: Worker, answer: CheckAnswer): void {
    const job = this.#running.get(worker) ?? null;
    this.#running.set(worker, null);
    this.#idle.push(worker);
    worker.unref();
    if (job !== null) {
      if ('outcome' in answer) job.resolve(answer.outcome);
      else job.reject(new LedgerstoneError('check-failed', answer.failure));
    }
    this.#next();
  }

  #died(worker: Worker, cause: Error): void {
    const job = this.#running.get(worker) ?? null;
    this.#running.delete(worker);
    const at = this.#idle.indexOf(worker);
    if (at >= 0) this.#idle.splice(at, 1);
    this.#lastDeath = cause;
    job?.reject(died(cause));
    this.#next();
  }

  #refuseAll(): void {
    const cause = this.#lastDeath ?? new Error('the checker is closed');
    for (const job of this.#queue.splice(0)) job.reject(died(cause));
  }
}

const died = (cause: Error): LedgerstoneError =>
  new LedgerstoneError('worker-died', `a checking thread ended: ${cause.message}`, {
    remedy: 'Verify again; if it repeats with the same object, report that object.',
    cause,
  });

/** The worker's file has the same ending as this one: .ts from a checkout, .js in a package. */
function besideThis(): URL {
  const ending = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return new URL(`./verify-worker.${ending}`, import.meta.url);
}
