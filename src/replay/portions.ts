// How are the lines of a chain cut into transactions, and those into record batches?
import type { GapLine } from '../format/line.ts';
import { decodeLine } from '../format/record.ts';
import { type RecordToSend, recordBytes } from '../ingest/kafka/produce/batch.ts';
import type { FoundLine } from '../read/line-range.ts';

/** What goes into one transaction: consecutive lines of one chain. */
export type Portion = {
  readonly batches: readonly (readonly RecordToSend[])[];
  readonly records: number;
  /** Of keys, headers and values. */
  readonly bytes: number;
  /** Records whose timestamp was the broker's, not their producer's. */
  readonly appendTimes: number;
  readonly gaps: readonly GapLine[];
  /** As archived, each without its LF, gap lines too. */
  readonly lines: readonly Uint8Array[];
  readonly nextOffset: number;
};

export type PortionLimits = {
  readonly records: number;
  readonly bytes: number;
  /** Of one record batch. A larger record has one of its own. */
  readonly batchBytes: number;
};

/** What a record takes beside its own bytes: lengths, deltas, counts; and each of its headers. */
const RECORD_BYTES = 40;
const HEADER_BYTES = 10;

/** Every line is in exactly one portion, in order. Throws FormatError. */
export async function* portionsOf(
  lines: AsyncIterable<FoundLine>,
  limits: PortionLimits,
): AsyncGenerator<Portion> {
  let portion = new OpenPortion(limits);
  let failure: { readonly error: unknown } | null = null;
  const caught = failing(lines, (error) => {
    failure = { error };
  });
  for await (const found of caught) {
    const decoded = decodeLine(found.line);
    const bytes = decoded.kind === 'gap' ? 0 : recordBytes(decoded.record);
    if (!portion.hasRoomFor(bytes)) {
      yield portion;
      portion = new OpenPortion(limits);
    }
    portion.nextOffset = found.nextOffset;
    portion.lines.push(found.line);
    if (decoded.kind === 'gap') portion.gaps.push(decoded.gap);
    else portion.add(decoded.record, bytes, decoded.record.timestampType === 'append');
  }
  if (portion.lines.length > 0) yield portion;
  if (failure !== null) throw (failure as { readonly error: unknown }).error;
}

/** What came before the error was verified, and still goes out. */
async function* failing<T>(items: AsyncIterable<T>, onError: (error: unknown) => void): AsyncGenerator<T> {
  try {
    yield* items;
  } catch (error) {
    onError(error);
  }
}

/** Gap lines of a portion without records: so many at most. */
const LINES_MAX = 100_000;

class OpenPortion implements Portion {
  readonly batches: RecordToSend[][] = [];
  readonly gaps: GapLine[] = [];
  readonly lines: Uint8Array[] = [];
  readonly #limits: PortionLimits;
  #batchBytes = 0;
  records = 0;
  bytes = 0;
  appendTimes = 0;
  nextOffset = 0;

  constructor(limits: PortionLimits) {
    this.#limits = limits;
  }

  hasRoomFor(bytes: number): boolean {
    const { records: recordsMax, bytes: bytesMax } = this.#limits;
    const isFirst = this.records === 0;
    const fits = this.records < recordsMax && this.bytes + bytes <= bytesMax;
    return this.lines.length < LINES_MAX && (isFirst || fits);
  }

  add(record: RecordToSend, bytes: number, isAppendTime: boolean): void {
    const packed = bytes + RECORD_BYTES + HEADER_BYTES * record.headers.length;
    const last = this.batches.at(-1);
    if (last === undefined || this.#batchBytes + packed > this.#limits.batchBytes) {
      this.batches.push([record]);
      this.#batchBytes = packed;
    } else {
      last.push(record);
      this.#batchBytes += packed;
    }
    this.records++;
    this.bytes += bytes;
    if (isAppendTime) this.appendTimes++;
  }
}
