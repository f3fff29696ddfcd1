// What does the contract of sources run on, and how does it look at what came?
import type { KafkaRecord } from '../../src/format/record.ts';
import { admit } from '../../src/ingest/gate.ts';
import { type Item, recordOf } from '../../src/ingest/item.ts';
import type { Fetched, Source, TopicPartition } from '../../src/ingest/source.ts';
import { type SourceEvent, SourceRecorder } from '../support/source-recorder.ts';

/** Headers have distinct names here, so that every producer can write them. */
export type WrittenRecord = {
  readonly value: string | null;
  readonly key?: string | null;
  readonly headers?: readonly (readonly [string, string])[];
  readonly timestampMs?: number;
};

export type SourceWorld = {
  readonly topic: string;
  /** A new one: of a group, a new member. */
  source(): Source;
  /** So much time passes, real or virtual. */
  pass(ms: number): Promise<void>;
  close(): Promise<void>;
  /** Records after those that are there. Not for files. */
  append(partition: number, records: readonly WrittenRecord[]): Promise<void>;
  /** A transaction with these values on partition 0, ended or left open. */
  transaction(values: readonly string[]): Promise<{ commit(): Promise<void>; abort(): Promise<void> }>;
  /** The log of partition 0 begins at `low` from now on. */
  expire(low: number): Promise<void>;
};

export type SourceContract = {
  readonly kind: Source['kind'];
  /** `records` lie in partition 0 from offset 0. */
  open(records: readonly WrittenRecord[], partitions: number): Promise<SourceWorld>;
};

export const SILENCE_MS = 700;
/** Real time for what has to come. */
export const WAIT_MS = 30_000;
export const LARGE = 'x'.repeat(900);
export const numbered = (count: number): WrittenRecord[] =>
  Array.from({ length: count }, (_, n) => ({ value: `${n} ${LARGE}` }));

/** What the pipeline would have: everything that the gate took, and the first thing that it refused. */
export class Taken {
  readonly items: Item[] = [];
  refused: string | null = null;
  next: number;

  constructor(next: number) {
    this.next = next;
  }

  add(fetched: Fetched): void {
    const admission = admit(this.next, fetched);
    if (admission.kind === 'nothing') return;
    if (admission.kind !== 'accept') {
      this.refused ??= JSON.stringify(admission);
      return;
    }
    this.items.push(...admission.items);
    this.next = admission.next;
    if (admission.stop !== null) this.refused ??= JSON.stringify(admission.stop);
  }

  get records(): KafkaRecord[] {
    return this.items.flatMap((item) => (item.kind === 'record' ? [recordOf(item)] : []));
  }
}

export const text = (record: KafkaRecord | undefined): string | null =>
  record?.value ? Buffer.from(record.value).toString() : null;

/** Opens worlds for one suite, and closes after each test what it opened. */
export class SourceBench {
  readonly #contract: SourceContract;
  readonly #used: { world: SourceWorld; sources: Source[] }[] = [];

  constructor(contract: SourceContract) {
    this.#contract = contract;
  }

  async open(records: readonly WrittenRecord[], partitions = 1): Promise<Place> {
    const world = await this.#contract.open(records, partitions);
    const sources: Source[] = [];
    this.#used.push({ world, sources });
    return {
      world,
      partition: { topic: world.topic, partition: 0 },
      member: async (onEvent = () => {}) => {
        const source = world.source();
        sources.push(source);
        const recorder = new SourceRecorder((event) => onEvent(event, source));
        await source.start(recorder);
        await recorder.until('an assignment', () => recorder.of('assign').length > 0, WAIT_MS);
        return { source, recorder };
      },
    };
  }

  async closeAll(): Promise<void> {
    for (const { world, sources } of this.#used.splice(0)) {
      for (const source of sources) await source.close();
      await world.close();
    }
  }
}

export type Place = {
  readonly world: SourceWorld;
  readonly partition: TopicPartition;
  /** Started, and told what it owns. `onEvent` runs inside the listener's calls. */
  member(
    onEvent?: (event: SourceEvent, source: Source) => void,
  ): Promise<{ readonly source: Source; readonly recorder: SourceRecorder }>;
};

/** All that came for partition 0, through the gate. */
export function taken(recorder: SourceRecorder, from = 0): Taken {
  const all = new Taken(from);
  for (const fetched of recorder.fetches()) all.add(fetched);
  return all;
}

/** Waits for what the gate takes; looked at only when the newest delivery reaches that far. */
export const untilNext = (recorder: SourceRecorder, next: number, from = 0): Promise<void> =>
  recorder.until(
    `everything below offset ${next}`,
    () => {
      const newest = recorder.of('fetched').at(-1)?.fetched;
      const reached = Math.max(newest?.records.at(-1)?.offset ?? -1, newest?.seen.at(-1)?.last ?? -1);
      return reached + 1 >= next && taken(recorder, from).next >= next;
    },
    WAIT_MS,
  );
