// What did a source say, and in which order? A listener that writes everything down and waits for what must come.
import type { Fetched, SourceListener, TopicPartition } from '../../src/ingest/source.ts';
import { PATIENCE_MS } from './patience.ts';

export type SourceEvent =
  | { readonly kind: 'assign'; readonly owned: readonly TopicPartition[] }
  | { readonly kind: 'revoke' }
  | { readonly kind: 'fetched'; readonly fetched: Fetched }
  | { readonly kind: 'fatal'; readonly error: Error }
  | { readonly kind: 'suspect'; readonly reason: string }
  | { readonly kind: 'out-of-range'; readonly partition: TopicPartition; readonly offset: number }
  | { readonly kind: 'taken'; readonly topics: readonly string[] }
  | { readonly kind: 'missing'; readonly topics: readonly string[] }
  | { readonly kind: 'topics'; readonly partitions: Readonly<Record<string, number>> }
  | { readonly kind: 'end'; readonly partition: TopicPartition; readonly nextOffset: number };

export class SourceRecorder implements SourceListener {
  readonly events: SourceEvent[] = [];
  readonly #onEvent: (event: SourceEvent) => void;
  #waiting: (() => void)[] = [];

  /** `onEvent` runs inside the listener's call, as a pipeline's own code would. */
  constructor(onEvent: (event: SourceEvent) => void = () => {}) {
    this.#onEvent = onEvent;
  }

  onAssign(owned: readonly TopicPartition[]): void {
    this.#write({ kind: 'assign', owned });
  }
  onRevoke(): void {
    this.#write({ kind: 'revoke' });
  }
  onFetched(fetched: Fetched): void {
    this.#write({ kind: 'fetched', fetched });
  }
  onFatal(error: Error): void {
    this.#write({ kind: 'fatal', error });
  }
  onSuspect(reason: string): void {
    this.#write({ kind: 'suspect', reason });
  }
  onOutOfRange(partition: TopicPartition, offset: number): void {
    this.#write({ kind: 'out-of-range', partition, offset });
  }
  onTaken(topics: readonly string[]): void {
    this.#write({ kind: 'taken', topics });
  }
  onMissing(topics: readonly string[]): void {
    this.#write({ kind: 'missing', topics });
  }
  onTopics(partitions: ReadonlyMap<string, number>): void {
    this.#write({ kind: 'topics', partitions: Object.fromEntries(partitions) });
  }
  onEnd(partition: TopicPartition, nextOffset: number): void {
    this.#write({ kind: 'end', partition, nextOffset });
  }

  of<K extends SourceEvent['kind']>(kind: K): Extract<SourceEvent, { kind: K }>[] {
    return this.events.filter((event): event is Extract<SourceEvent, { kind: K }> => event.kind === kind);
  }

  /** What came for one partition, in order of arrival. */
  fetches(partition = 0): Fetched[] {
    return this.of('fetched')
      .map(({ fetched }) => fetched)
      .filter((fetched) => fetched.partition === partition);
  }

  records(partition = 0): Fetched['records'][number][] {
    return this.fetches(partition).flatMap((fetched) => [...fetched.records]);
  }

  offsets(partition = 0): number[] {
    return this.records(partition).map((record) => record.offset);
  }

  forget(): void {
    this.events.length = 0;
  }

  /** Resolves once `holds` is true; rejects after `timeoutMs` of real time, saying what was waited for and what came. */
  until(what: string, holds: () => boolean, timeoutMs = PATIENCE_MS): Promise<void> {
    if (holds()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        const came = this.events
          .map((event) => event.kind)
          .slice(-20)
          .join(' ');
        reject(new Error(`waited ${timeoutMs} ms for ${what}; last events: ${came || 'none'}`));
      }, timeoutMs);
      const look = () => {
        if (!holds()) return void this.#waiting.push(look);
        clearTimeout(timer);
        resolve();
      };
      this.#waiting.push(look);
    });
  }

  #write(event: SourceEvent): void {
    this.events.push(event);
    this.#onEvent(event);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const look of waiting) look();
  }
}
