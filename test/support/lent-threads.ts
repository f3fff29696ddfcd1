// What spares a test the start of a thread? A command starts one to check what it reads, and a thread takes longer to
// start than to check it: those that have ended nothing are lent to the next command of this process.
import { EventEmitter } from 'node:events';
import { syncBuiltinESMExports } from 'node:module';
import threads, { type TransferListItem, type WorkerOptions } from 'node:worker_threads';

const { Worker } = threads;
type Thread = InstanceType<typeof Worker>;

/** Answer each message with one, keep nothing of it, and are told all in their messages. */
const LENT = /\/src\/(verify|read)\/[\w/-]+-worker\.ts$/;

const idle = new Map<string, Thread[]>();

/** A thread as its borrower sees it. After `terminate` the next may have it, unless it still works on something. */
class LentThread extends EventEmitter {
  readonly #url: string;
  readonly #thread: Thread;
  readonly #onMessage = (message: unknown) => {
    this.#unanswered--;
    this.emit('message', message);
  };
  readonly #onError = (error: unknown) => this.emit('error', error);
  readonly #onExit = (code: number) => this.emit('exit', code);
  #unanswered = 0;

  constructor(url: URL, options: WorkerOptions) {
    super();
    this.#url = url.href;
    this.#thread = idle.get(this.#url)?.pop() ?? new Worker(url, options);
    this.#thread.on('message', this.#onMessage).on('error', this.#onError).on('exit', this.#onExit);
  }

  postMessage(message: unknown, moved?: TransferListItem[]): void {
    this.#unanswered++;
    this.#thread.postMessage(message, moved ?? []);
  }

  ref(): void {
    this.#thread.ref();
  }

  unref(): void {
    this.#thread.unref();
  }

  async terminate(): Promise<number> {
    if (this.#unanswered > 0) return await this.#thread.terminate();
    this.#thread.off('message', this.#onMessage).off('error', this.#onError).off('exit', this.#onExit);
    this.#thread.unref();
    idle.set(this.#url, [...(idle.get(this.#url) ?? []), this.#thread]);
    await Promise.resolve();
    this.emit('exit', 1);
    return 1;
  }
}

/** For what this process starts from now on. Threads of any other file are started and ended as ever. */
export function lendThreads(): void {
  threads.Worker = new Proxy(Worker, {
    construct(_, [url, options]: [string | URL, WorkerOptions?]) {
      const lent = url instanceof URL && LENT.test(url.pathname);
      return lent ? new LentThread(url, options ?? {}) : new Worker(url, options);
    },
  });
  syncBuiltinESMExports();
}
