// How do browsers get what has changed? By server-sent events, a few at once, no faster than they read.
import type { ServerResponse } from 'node:http';
import { type Answer, json } from '../http.ts';
import { PAGE_BUILD, type PageParts } from './frame.ts';

export type LiveOptions = {
  /** What the page is now. */
  readonly parts: () => PageParts;
  readonly now: () => number;
  /** Default: 2 s. */
  readonly everyMs?: number;
};

type Client = {
  readonly response: ServerResponse;
  /** What it was sent last, by part. */
  sent: PageParts;
  /** Since when it takes nothing. Null: it does. */
  stuckMs: number | null;
  wroteMs: number;
};

/** More than look at one process. Each holds a connection, and one page that is on its way. */
const LIVE_MAX = 16;
const EVERY_MS = 2_000;
/** The page calls itself stale after three of them. */
const BEAT_MS = 5_000;
/** A reader who takes nothing for so long is left. */
const STUCK_MS = 30_000;

export class LiveFeed {
  readonly #options: LiveOptions;
  readonly #clients = new Set<Client>();
  #timer: NodeJS.Timeout | null = null;

  constructor(options: LiveOptions) {
    this.#options = options;
  }

  /** A stream, or why there is none. */
  answer(): Answer {
    if (this.#clients.size >= LIVE_MAX) {
      const error = `${LIVE_MAX} browsers look at this process already; the page works without, if it is loaded again`;
      return { ...json(503, { error }), headers: { 'retry-after': '10' } };
    }
    return {
      ...{ code: 200, type: 'text/event-stream', body: 'retry: 3000\n\n' },
      headers: { 'cache-control': 'no-store, no-transform', 'x-accel-buffering': 'no' },
      stream: (response) => this.#join(response),
    };
  }

  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    for (const { response } of this.#clients) response.destroy();
    this.#clients.clear();
  }

  #join(response: ServerResponse): void {
    const client: Client = { response, sent: new Map(), stuckMs: null, wroteMs: 0 };
    this.#clients.add(client);
    response.on('error', () => {});
    response.once('close', () => {
      this.#clients.delete(client);
      if (this.#clients.size > 0 || this.#timer === null) return;
      clearInterval(this.#timer);
      this.#timer = null;
    });
    this.#timer ??= setInterval(() => this.#tick(), this.#options.everyMs ?? EVERY_MS).unref();
    this.#tick();
  }

  /** What can't be drawn is not sent: browsers then say that nothing comes. */
  #tick(): void {
    try {
      const parts = this.#options.parts();
      const nowMs = this.#options.now();
      for (const client of this.#clients) send(client, parts, nowMs);
    } catch {
      this.close();
    }
  }
}

/** Who has not taken the last one gets none now, and later what is so then: nothing piles up. */
function send(client: Client, parts: PageParts, nowMs: number): void {
  const { response, sent } = client;
  if (response.writableNeedDrain) {
    client.stuckMs ??= nowMs;
    if (Math.abs(nowMs - client.stuckMs) > STUCK_MS) response.destroy();
    return;
  }
  client.stuckMs = null;
  const changed = [...parts].filter(([id, html]) => sent.get(id) !== html);
  if (changed.length === 0 && Math.abs(nowMs - client.wroteMs) < BEAT_MS) return;
  const said = {
    ...{ at: new Date(nowMs).toISOString(), build: PAGE_BUILD },
    ...(changed.length > 0 && { parts: Object.fromEntries(changed) }),
  };
  client.sent = parts;
  client.wroteMs = nowMs;
  // One line: JSON has no line feed of its own.
  response.write(`data: ${JSON.stringify(said)}\n\n`);
}
