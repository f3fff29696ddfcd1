// What does one partition of Kafka hold, and what does a read-committed fetch show of it?
import type { KafkaRecord } from '../../src/format/record.ts';
import type { Fetched, LogRange, SeenOffsets } from '../../src/ingest/source.ts';
import { kafkaRecord, type RecordWords } from './records.ts';

export type NewRecord = Omit<RecordWords, 'offset'>;

/** `open`: of a transaction that has not ended. `poison`: in its place, and no client can decode it. */
export type Cell = {
  readonly offset: number;
  kind: 'record' | 'open' | 'aborted' | 'control' | 'poison';
  readonly record: KafkaRecord | null;
};

export type Answer = Pick<Fetched, 'records' | 'seen' | 'highWatermark' | 'undecodable'> & {
  /** Where the next fetch goes on. */
  readonly next: number;
};

export class MemoryLog {
  readonly #nowMs: () => number;
  #cells: Cell[] = [];
  #low = 0;
  #high = 0;
  #leaderEpoch = 0;
  #deposed: MemoryLog | null = null;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** `high` is the high watermark; an open transaction doesn't hold it back. */
  get range(): LogRange {
    return { low: this.#low, high: this.#high };
  }

  /** Grows with an election that lost records. */
  get leaderEpoch(): number {
    return this.#leaderEpoch;
  }

  /** Last stable offset: nobody who reads committed records gets beyond it. */
  get stable(): number {
    return this.#cells.find((cell) => cell.kind === 'open')?.offset ?? this.#high;
  }

  append(words: NewRecord): number {
    return this.#add('record', words);
  }

  /** A record that no client can decode. */
  appendPoison(): number {
    return this.#add('poison', null);
  }

  /** Records of one producer's transaction; each end takes an offset for its marker. */
  begin(): { append(words: NewRecord): number; commit(): void; abort(): void } {
    const own: Cell[] = [];
    const end = (kind: 'record' | 'aborted') => {
      for (const cell of own) cell.kind = kind;
      this.#add('control', null);
    };
    return {
      append: (words) => {
        const offset = this.#add('open', words);
        own.push(this.#cells[this.#cells.length - 1] as Cell);
        return offset;
      },
      commit: () => end('record'),
      abort: () => end('aborted'),
    };
  }

  /** Retention or DeleteRecords: the log begins at `low` now. */
  expire(low: number): void {
    this.#low = Math.min(Math.max(low, this.#low), this.#high);
    this.#cells = this.#cells.filter((cell) => cell.offset >= this.#low);
  }

  /**
   * An unclean election: what was at `high` and beyond never happened. `unheardOf`: clients go on with the leader that lost its
   * office, and with what only that one has, until `heardOf`.
   */
  truncate(high: number, unheardOf = false): void {
    if (unheardOf) this.#deposed ??= this.#copy();
    this.#leaderEpoch += 1;
    this.#high = Math.max(Math.min(high, this.#high), this.#low);
    this.#cells = this.#cells.filter((cell) => cell.offset < this.#high);
  }

  heardOf(): void {
    this.#deposed = null;
  }

  /** The log of the leader that clients believe in. */
  get believed(): MemoryLog {
    return this.#deposed ?? this;
  }

  #copy(): MemoryLog {
    const copy = new MemoryLog(this.#nowMs);
    copy.#cells = this.#cells.map((cell) => ({ ...cell }));
    copy.#low = this.#low;
    copy.#high = this.#high;
    copy.#leaderEpoch = this.#leaderEpoch;
    return copy;
  }

  /** Compaction: offsets vanish and nothing shows that they were there. */
  compact(goes: (offset: number) => boolean): void {
    this.#cells = this.#cells.filter((cell) => cell.kind !== 'record' || !goes(cell.offset));
  }

  /** What a fetch at `from`, within the range, brings: at most so many offsets. */
  read(from: number, offsetsMax: number): Answer {
    const records: KafkaRecord[] = [];
    const seen: SeenOffsets[] = [];
    const { stable } = this;
    let next = from;
    let taken = 0;
    for (const cell of this.#cells) {
      if (cell.offset < from) continue;
      if (cell.offset >= stable || taken === offsetsMax) break;
      if (cell.kind === 'poison') {
        const undecodable = { offset: cell.offset, reason: 'poisoned in a test' };
        return { records, seen, highWatermark: this.#high, next, undecodable };
      }
      if (cell.kind === 'record') records.push(cell.record as KafkaRecord);
      else if (cell.kind !== 'open') addRun(seen, cell.offset, cell.kind);
      next = cell.offset + 1;
      taken += 1;
    }
    if (taken < offsetsMax) next = Math.max(next, stable);
    return { records, seen, highWatermark: this.#high, next };
  }

  offsetAtTime(timestampMs: number): number | null {
    return this.records().find((record) => record.timestamp >= BigInt(timestampMs))?.offset ?? null;
  }

  /** The committed records that the log holds now: what a test compares with. */
  records(): KafkaRecord[] {
    return this.#cells.flatMap((cell) =>
      cell.kind === 'record' && cell.record !== null ? [cell.record] : [],
    );
  }

  /** All that the log holds now, open transactions too. */
  cells(): readonly Readonly<Cell>[] {
    return this.#cells;
  }

  #add(kind: Cell['kind'], words: NewRecord | null): number {
    const offset = this.#high++;
    const record =
      words === null ? null : kafkaRecord({ timestamp: BigInt(this.#nowMs()), ...words, offset });
    this.#cells.push({ offset, kind, record });
    return offset;
  }
}

function addRun(seen: SeenOffsets[], offset: number, kind: SeenOffsets['kind']): void {
  const last = seen.at(-1);
  if (last?.kind === kind && last.last === offset - 1) seen[seen.length - 1] = { ...last, last: offset };
  else seen.push({ first: offset, last: offset, kind });
}
