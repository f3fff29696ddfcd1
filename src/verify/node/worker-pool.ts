// How is work given to threads, one job each at a time?
import { Worker } from 'node:worker_threads';
import { LedgerstoneError, messageOf } from '../../base/error.ts';

/** What a worker posts back for a request. */
export type WorkerAnswer<Outcome> = { readonly outcome: Outcome } | { readonly failure: string };

type Job<Request, Outcome> = {
  readonly request: Request;
  readonly moved: readonly ArrayBuffer[];
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: Error) => void;
};

/** JavaScript heap of one thread, MiB. Blocks lie outside of it and are bounded by the format. */
const HEAP_MAX_MIB = 512;

/**
 * Jobs wait in one queue for the next free thread. If a thread dies, its job rejects with `worker-died`, and
 * the thread is replaced a few times. After that all jobs reject. Threads end with `close`. Until then, idle
 * ones do not keep the process alive.
 */
export class WorkerPool<Request, Outcome> {
  readonly parallelism: number;
  readonly #url: URL;
  readonly #queue: Job<Request, Outcome>[] = [];
  readonly #idle: Worker[] = [];
  readonly #running = new Map<Worker, Job<Request, Outcome> | null>();
  #replacementsLeft: number;
  #lastDeath: Error | null = null;
  #closed = false;

  constructor(threads: number, url: URL) {
    this.parallelism = Math.max(1, threads);
    this.#replacementsLeft = 2 * this.parallelism;
    this.#url = url;
  }

  /** The buffer of `bytes`, which are a part of the request, is moved if nothing else lies in it. */
  run(request: Request, bytes: Uint8Array): Promise<Outcome> {
    const { buffer, byteOffset, byteLength } = bytes;
    const isOwn = byteOffset === 0 && byteLength === buffer.byteLength;
    const moved = isOwn && buffer instanceof ArrayBuffer ? [buffer] : [];
    return new Promise((resolve, reject) => {
      this.#queue.push({ request, moved, resolve, reject });
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
      const job = this.#queue.shift() as Job<Request, Outcome>;
      this.#running.set(worker, job);
      worker.ref();
      worker.postMessage(job.request, [...job.moved]);
    }
    if (this.#running.size === 0) this.#refuseAll();
  }

  #start(): Worker | null {
    if (this.#closed || this.#running.size >= this.parallelism) return null;
    if (this.#lastDeath !== null && this.#replacementsLeft-- <= 0) return null;
    const worker = new Worker(this.#url, { resourceLimits: { maxOldGenerationSizeMb: HEAP_MAX_MIB } });
    this.#running.set(worker, null);
    let death: Error | null = null;
    worker.on('message', (answer: WorkerAnswer<Outcome>) => this.#answered(worker, answer));
    worker.on('error', (error: unknown) => {
      death = error instanceof Error ? error : new Error(messageOf(error));
    });
    worker.on('exit', (code) => this.#died(worker, death ?? new Error(`exit code ${code}`)));
    worker.unref();
    return worker;
  }

  #answered(worker: Worker, answer: WorkerAnswer<Outcome>): void {
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
