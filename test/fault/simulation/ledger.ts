// What was accepted of producers, what was sealed of it, and what may be missing? The oracle's own books of one partition.
import type { Manifest } from '../../../src/format/manifest.ts';
import { parseManifest } from '../../../src/format/manifest-bytes.ts';
import type { KafkaRecord } from '../../../src/format/record.ts';
import { parseSeal } from '../../../src/format/seal.ts';
import type { MemoryLog } from '../../support/memory-log.ts';

export type LedgerCell = {
  readonly kind: 'record' | 'open' | 'aborted' | 'control' | 'poison';
  readonly record: KafkaRecord | null;
  /** Of the topic that it was written to. */
  readonly topicId: string;
};

/** An unclean election: what it took from the log, and when clients heard of it. */
export type Election = { readonly lost: ReadonlyMap<number, LedgerCell>; heardMs: number | null };

export class Ledger {
  readonly partition: number;
  /** What lies, or lay, at each offset of the log as it is now. */
  cells = new Map<number, LedgerCell>();
  /** What lay there before the log was cut off or the topic recreated: an archive may hold it, or what came after. */
  readonly older = new Map<number, LedgerCell[]>();
  /** Kafka has it no more, and whoever had not read it can't. Why, by offset. */
  readonly lost = new Map<number, string>();
  /** Lost before the log was replaced: an operator may have given them up then. */
  readonly onceLost = new Set<number>();
  /** Codes of halts that what happened to this partition justifies. */
  readonly excuses = new Set<string>();
  /** Of the product's seals that count, in order of sequence. */
  readonly seals: { readonly manifest: Manifest; readonly process: string; readonly atMs: number }[] = [];
  /** How often other records came to lie at the same offsets. */
  replaced = 0;
  readonly elections: Election[] = [];
  /** Somebody else's object lies where the next seal belongs. */
  squatted = false;
  /** It came when the topic's chains were begun already: nothing of it may be left out. */
  readonly isLate: boolean;
  readonly problems: string[] = [];

  constructor(partition: number, isLate: boolean) {
    this.partition = partition;
    this.isLate = isLate;
  }

  /** −1 before the chain was begun. */
  get nextOffset(): number {
    return this.seals.at(-1)?.manifest.records.nextOffset ?? -1;
  }

  /** After every change of the log. */
  sync(log: MemoryLog, topicId: string): void {
    for (const { offset, kind, record } of log.cells()) {
      const known = this.cells.get(offset);
      if (known === undefined || known.kind === 'open') this.cells.set(offset, { kind, record, topicId });
    }
  }

  /** The log begins at `low` now. */
  expired(low: number): void {
    const unsealed = Math.max(this.nextOffset, 0);
    if (low > unsealed) this.excuses.add('expired');
    for (let offset = unsealed; offset < low; offset++) this.lost.set(offset, 'expired');
  }

  /** As `cut`, by an unclean election. */
  lose(high: number): Election {
    const lost = new Map([...this.cells].filter(([offset]) => offset >= high));
    const election: Election = { lost, heardMs: null };
    this.elections.push(election);
    this.cut(high);
    return election;
  }

  /** The log ends at `high` now; what comes there is another one's. */
  cut(high: number): void {
    this.replaced += 1;
    this.excuses.add('truncated').add('topic-replaced').add('replay').add('hole');
    for (const [offset, cell] of [...this.cells]) {
      if (offset < high) continue;
      this.cells.delete(offset);
      if (this.lost.delete(offset)) this.onceLost.add(offset);
      const before = this.older.get(offset);
      if (before === undefined) this.older.set(offset, [cell]);
      else before.push(cell);
    }
  }

  /** A PUT of a seal that is the oldest version of its key. */
  sealed(process: string, bytes: Uint8Array, atMs: number): Manifest {
    const manifest = parseManifest(parseSeal(bytes).manifestBytes);
    const { sequence, records } = manifest;
    const where = `seal ${sequence} of ${this.partition} by ${process}`;
    if (sequence !== this.seals.length)
      this.problems.push(`${where} is stored where ${this.seals.length} follows`);
    if (this.seals.length > 0 && records.firstOffset !== this.nextOffset)
      this.problems.push(`${where} begins at ${records.firstOffset} where ${this.nextOffset} follows`);
    this.seals.push({ manifest, process, atMs });
    return manifest;
  }

  /** True: what lies in the archive is what lies in the log, as far as both reach. */
  agrees(lines: readonly { readonly offset: number; readonly record: KafkaRecord | null }[]): boolean {
    return lines.every(({ offset, record }) => {
      const cell = this.cells.get(offset);
      if (cell === undefined) return false;
      return record === null
        ? cell.kind !== 'record' || this.lost.has(offset)
        : sameRecord(cell.record, record);
    });
  }
}

export const sameRecord = (a: KafkaRecord | null, b: KafkaRecord): boolean =>
  a !== null &&
  a.timestamp === b.timestamp &&
  a.timestampType === b.timestampType &&
  sameBytes(a.key, b.key) &&
  sameBytes(a.value, b.value) &&
  a.headers.length === b.headers.length &&
  a.headers.every(({ name, value }, i) => {
    const other = b.headers[i] as KafkaRecord['headers'][number];
    return sameBytes(name, other.name) && sameBytes(value, other.value);
  });

const sameBytes = (a: Uint8Array | null, b: Uint8Array | null): boolean =>
  a === null || b === null ? a === b : Buffer.compare(a, b) === 0;
