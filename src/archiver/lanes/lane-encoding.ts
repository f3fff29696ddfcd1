// In which order does a lane encode, so that decoding never waits long for it?
import { messageOf } from '../../base/error.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { BodyBuilder, type BodyTools } from '../../segment/body.ts';
import { encodePacked } from '../encode-packed.ts';
import type { LanePart } from './lane-decoding.ts';
import type { FromLane } from './messages.ts';

type Task =
  | {
      readonly kind: 'lines';
      readonly batch: number;
      readonly packed: Uint8Array<ArrayBuffer>;
      /** Null: more of the same follows. */
      readonly done: ((heldBytes: number) => void) | null;
    }
  | { readonly kind: 'finish'; readonly batch: number };

/** So long is encoded before messages are read again. */
const SLICE_MS = 2;
/** What is encoded in one go: a part of a slice. A record that is larger is encoded as one. */
const PIECE_RECORDS = 64;

/** Batches in the order in which their records came. */
export class LaneEncoding {
  readonly #tools: BodyTools;
  readonly #kernel: Kernel | null;
  readonly #reply: (message: FromLane, transfer?: ArrayBuffer[]) => void;
  /** Null: it failed, and the main thread was notified. */
  readonly #builders = new Map<number, BodyBuilder | null>();
  readonly #tasks: Task[] = [];
  #isRunning = false;

  constructor(
    tools: BodyTools,
    kernel: Kernel | null,
    reply: (message: FromLane, transfer?: ArrayBuffer[]) => void,
  ) {
    this.#tools = tools;
    this.#kernel = kernel;
    this.#reply = reply;
  }

  open(batch: number, firstOffset: number): void {
    this.#builders.set(batch, new BodyBuilder(firstOffset, this.#tools));
  }

  take(
    batch: number,
    part: LanePart,
    { from, to, queuedBytes }: { readonly from: number; readonly to: number; readonly queuedBytes: number },
  ): void {
    part.hold();
    const done = (heldBytes: number) => {
      part.release();
      this.#reply({ kind: 'encoded', batch, queuedBytes, heldBytes, buffer: null });
    };
    for (let at = from; at < to; at += PIECE_RECORDS) {
      const end = Math.min(at + PIECE_RECORDS, to);
      this.#push({ kind: 'lines', batch, packed: part.between(at, end), done: end === to ? done : null });
    }
  }

  add(batch: number, packed: Uint8Array<ArrayBuffer>): void {
    const { buffer, length: queuedBytes } = packed;
    const done = (heldBytes: number) =>
      this.#reply({ kind: 'encoded', batch, queuedBytes, heldBytes, buffer }, [buffer]);
    this.#push({ kind: 'lines', batch, packed, done });
  }

  finish(batch: number): void {
    this.#push({ kind: 'finish', batch });
  }

  discard(batch: number): void {
    this.#builders.delete(batch);
  }

  #push(task: Task): void {
    this.#tasks.push(task);
    if (this.#isRunning) return;
    this.#isRunning = true;
    setImmediate(() => this.#run());
  }

  #run(): void {
    const endMs = performance.now() + SLICE_MS;
    let count = 0;
    for (const task of this.#tasks) {
      if (count > 0 && performance.now() >= endMs) break;
      count += 1;
      this.#do(task);
    }
    this.#tasks.splice(0, count);
    this.#isRunning = this.#tasks.length > 0;
    if (this.#isRunning) setImmediate(() => this.#run());
  }

  #do(task: Task): void {
    const { batch } = task;
    const builder = this.#builders.get(batch) ?? null;
    try {
      if (task.kind === 'finish') {
        if (builder !== null) this.#finish(batch, builder);
      } else if (builder !== null) encodePacked(this.#kernel, task.packed, builder);
    } catch (error) {
      this.#builders.set(batch, null);
      this.#reply({ kind: 'failed', batch, message: messageOf(error) });
    }
    if (task.kind === 'lines') task.done?.(this.#builders.get(batch)?.heldBytes ?? 0);
  }

  #finish(batch: number, builder: BodyBuilder): void {
    const body = builder.finish();
    this.#builders.delete(batch);
    this.#reply({ kind: 'body', batch, body }, body.data === null ? [] : [body.data.buffer as ArrayBuffer]);
  }
}
