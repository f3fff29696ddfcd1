// How do the parts of one record set arrive from the lane that decodes it?
import type { Part, Parts } from '../../ingest/kafka/decoder.ts';
import { HeldPart, type Keeper, type PartSummary } from './held-part.ts';

export type SetEvents = {
  /** The part that came is done with. */
  next(): void;
  close(): void;
  leaf(index: number): Promise<Uint8Array>;
  /** More bytes of decoded records wait here, or fewer. */
  queued(bytes: number): void;
};

type Answer = { readonly part: PartSummary | null } | { readonly error: Error };

/** The main thread's side. One part is on its way, or waits here, or is being handed over. */
export class LaneParts implements Parts, AsyncIterator<Part, void, undefined> {
  readonly keeper: Keeper;
  readonly #events: SetEvents;
  #arrived: Answer | null = null;
  #wanted: ((answer: Answer) => void) | null = null;
  /** Of the part that is there. */
  #partBytes = 0;
  #isHandedOver = false;
  #isClosed = false;

  constructor(events: SetEvents) {
    this.#events = events;
    this.keeper = { leaf: events.leaf };
  }

  [Symbol.asyncIterator](): AsyncIterator<Part, void, undefined> {
    return this;
  }

  async next(): Promise<IteratorResult<Part, void>> {
    if (this.#isHandedOver) {
      this.#letGo();
      this.#events.next();
    }
    const answer = await this.#answer();
    if ('error' in answer) throw answer.error;
    const { part } = answer;
    if (part === null) return { done: true, value: undefined };
    this.#isHandedOver = true;
    const { seen, next, leaderEpoch, undecodable } = part;
    const records = new HeldPart(this.keeper, part);
    return { done: false, value: { records, seen, next, leaderEpoch, undecodable } };
  }

  async return(): Promise<IteratorResult<Part, void>> {
    await this.close();
    return { done: true, value: undefined };
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#letGo();
    this.#arrived = null;
    this.#events.close();
    this.#wanted?.({ part: null });
    this.#wanted = null;
  }

  // What the lane says.

  arrived(part: PartSummary): void {
    // It crossed the word that nothing is wanted any more.
    if (this.#isClosed) return;
    this.#partBytes = part.totalBytes;
    this.#events.queued(part.totalBytes);
    this.#settle({ part });
  }

  ended(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#settle({ part: null });
  }

  failed(error: Error): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#letGo();
    this.#settle({ error });
  }

  #answer(): Answer | Promise<Answer> {
    const arrived = this.#arrived;
    this.#arrived = null;
    if (arrived !== null) return arrived;
    if (this.#isClosed) return { part: null };
    return new Promise((resolve) => {
      this.#wanted = resolve;
    });
  }

  #settle(answer: Answer): void {
    if (this.#wanted === null) this.#arrived = answer;
    else this.#wanted(answer);
    this.#wanted = null;
  }

  #letGo(): void {
    this.#isHandedOver = false;
    this.#events.queued(-this.#partBytes);
    this.#partBytes = 0;
  }
}
