// What does a running service take over when its configuration is read again, and what waits for a restart?
import { LedgerstoneError, messageOf } from '../base/error.ts';
import type { Logger } from '../base/log.ts';
import { changedMembers, type ReadConfig } from '../config/changes.ts';
import type { HttpConfig } from '../config/http.ts';
import type { HttpServer } from './http.ts';

/** A part of a service that can be changed while it runs. */
export type ReloadPart<C> = {
  /** Members that it takes over between these two files, with all below them. */
  takes(before: C, after: C): readonly string[];
  /**
   * Reads and checks all that is needed, and changes nothing; rejects if it can't be taken over. What it
   * returns takes it over at once, can't fail, and gives the members whose files hold something else now:
   * what the configuration itself does not show.
   */
  prepare(after: C): Promise<() => readonly string[]>;
};

/**
 * Who may ask over HTTP. Files that `tls` names are read again; other ones, or another address, need a
 * restart. `server`: null if there is none.
 */
export const accessPart = <C>(
  member: string,
  configOf: (config: C) => HttpConfig,
  server: Pick<HttpServer, 'prepare'> | null,
): ReloadPart<C> => ({
  takes: () => [`${member}.auth`, `${member}.names`],
  prepare: async (after) => (await server?.prepare(configOf(after))) ?? (() => []),
});

/** `refused`: a file is wrong. `restart-needed`: more changed than can be taken over. Both change nothing. */
export const RELOAD_RESULTS = ['applied', 'refused', 'restart-needed'] as const;
export type ReloadResult = (typeof RELOAD_RESULTS)[number];

/** What asks for it, and how: of the command that started the service. */
export type Reloads<C> = {
  /** As it was read at the start. */
  readonly started: ReadConfig<C>;
  read(): Promise<ReadConfig<C>>;
  /** Calls at each request from then on, and at once if there was one before. */
  onRequest(listener: () => void): void;
  /** Of what every service has. */
  readonly parts: readonly ReloadPart<C>[];
};

export type ReloaderOptions<C> = Reloads<C> & {
  readonly log: Logger;
  readonly count: (result: ReloadResult) => void;
  /** The service stops: nothing is read any more. */
  readonly signal: AbortSignal;
};

/**
 * What is in force is one whole file, always: the new one, or the old one if anything of the new one is wrong
 * or needs a restart. A mixture of two was never checked by anybody.
 */
export class Reloader<C> {
  readonly #options: ReloaderOptions<C>;
  #inForce: ReadConfig<C>;
  #running: Promise<void> | null = null;
  #isAsked = false;

  constructor(options: ReloaderOptions<C>) {
    this.#options = options;
    this.#inForce = options.started;
  }

  /** Requests that come while one is carried out are one more. */
  listen(): void {
    this.#options.onRequest(() => {
      this.#isAsked = true;
      this.#running ??= this.#untilDone();
    });
  }

  async #untilDone(): Promise<void> {
    while (this.#isAsked && !this.#options.signal.aborted) {
      this.#isAsked = false;
      this.#options.count(await this.#reload());
    }
    this.#running = null;
  }

  async #reload(): Promise<ReloadResult> {
    const { log, read, parts } = this.#options;
    const before = this.#inForce;
    try {
      const after = await read();
      const changed = changedMembers(before.members, after.members);
      const taken = parts.flatMap((part) => part.takes(before.config, after.config));
      const left = changed.filter((name) => !taken.some((one) => name === one || name.startsWith(`${one}.`)));
      if (left.length > 0) {
        log.warn({ restart: left, changed, remedy: RESTART }, NOTHING);
        return 'restart-needed';
      }
      const commits = await Promise.all(parts.map((part) => part.prepare(after.config)));
      const inFiles = commits.flatMap((commit) => commit());
      this.#inForce = after;
      log.info(
        { changed: [...new Set([...changed, ...inFiles])] },
        'the configuration was read again and is in force',
      );
      return 'applied';
    } catch (error) {
      const { code, remedy } =
        error instanceof LedgerstoneError ? error : { code: 'internal', remedy: undefined };
      log.error({ code, remedy }, `the configuration stays as it was: ${messageOf(error)}`);
      return 'refused';
    }
  }
}

const NOTHING =
  'the configuration stays as it was: some of what changed in the file is read at a start alone';
const RESTART = 'Restart, or put back what `restart` names: then the rest is taken over.';
