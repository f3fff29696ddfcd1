// What does kafkajs's consumer look like to a group, when a test plays its events?
import { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import type { Consumer } from 'kafkajs';

const { events } = createRequire(import.meta.url)('kafkajs/src/consumer/instrumentationEvents') as {
  events: Consumer['events'];
};

export class FakeConsumer {
  readonly events = events;
  readonly #emitter = new EventEmitter();
  eachBatch: () => Promise<void> = async () => {};

  on(name: string, listener: (event: unknown) => void): () => void {
    this.#emitter.on(name, listener);
    return () => this.#emitter.off(name, listener);
  }

  /** Synchronously, as kafkajs does. */
  emit(name: keyof Consumer['events'], payload: object = {}): void {
    this.#emitter.emit(this.events[name], { payload });
  }

  async connect(): Promise<void> {}
  async subscribe(): Promise<void> {}
  async run({ eachBatch }: { eachBatch: () => Promise<void> }): Promise<void> {
    this.eachBatch = eachBatch;
  }

  asConsumer(): Consumer {
    return this as unknown as Consumer;
  }
}
