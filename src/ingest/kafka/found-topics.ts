// Which topics does a pattern take, now and while the source runs?
import { systemClock } from '../../base/clock.ts';
import { messageOf } from '../../base/error.ts';
import type { Logger } from '../../base/log.ts';

export type FoundTopicsTools = {
  /** All that the brokers show. */
  readonly list: () => Promise<readonly string[]>;
  readonly takes: (topic: string) => boolean;
  /** Returns those that are new. */
  readonly take: (topics: readonly string[]) => readonly string[];
  /** These are read too from now on: new ones, at the first look perhaps none. */
  readonly onTaken: (topics: readonly string[]) => void;
  /** Asks the group for what was taken. May be asked again. */
  readonly subscribe: () => Promise<void>;
  readonly everyMs: number;
  readonly log: Logger;
};

export class FoundTopics {
  readonly #tools: FoundTopicsTools;
  readonly #stopped = new AbortController();
  #running: Promise<void> | null = null;
  #isFirst = true;

  constructor(tools: FoundTopicsTools) {
    this.#tools = tools;
  }

  /** True: there are more than before. Rejects if the brokers can't be asked. */
  async look(): Promise<boolean> {
    const { list, takes, take, onTaken } = this.#tools;
    const topics = take((await list()).filter(takes).sort());
    if (topics.length > 0 || this.#isFirst) onTaken(topics);
    this.#isFirst = false;
    return topics.length > 0;
  }

  keepLooking(): void {
    this.#running ??= this.#keepLooking();
  }

  async #keepLooking(): Promise<void> {
    const { everyMs, subscribe, log } = this.#tools;
    const { signal } = this.#stopped;
    let isOpen = false;
    while (!signal.aborted) {
      await systemClock.sleep(everyMs, signal).catch(() => {});
      if (signal.aborted) return;
      try {
        isOpen = (await this.look()) || isOpen;
        if (isOpen && !signal.aborted) await subscribe();
        isOpen = false;
      } catch (error) {
        if (signal.aborted) return;
        log.warn({ error: messageOf(error) }, 'not looked for new topics, trying again');
      }
    }
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#running;
  }
}
