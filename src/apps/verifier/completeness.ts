// Is everything that the brokers have, or had, in the archive? Asked where Kafka can be reached.
import { messageOf } from '../../base/error.ts';
import { type Finding, type FindingCode, SEVERITY } from '../../verify/finding.ts';
import type { ChainPlace } from '../../verify/survey.ts';
import type { Covers } from './ledger.ts';

/** What the brokers say of one partition, whose topic the chain's seals name. */
export type Marks = {
  /** The oldest offset that they still have. */
  readonly earliest: number;
  /** The offset that the next record gets: the last stable one, where there are transactions. */
  readonly end: number;
};

/** Rejects when the brokers can't be reached. Null: they have no such partition. */
export interface MarksReader {
  marks(place: ChainPlace, signal?: AbortSignal): Promise<Marks | null>;
}

export type Sealed = {
  readonly place: ChainPlace;
  /** Offset after the last one sealed and confirmed; null where that is not known. */
  readonly nextOffset: number | null;
  /** `time.sealed` of the last seal, ms since 1970. */
  readonly lastSealedMs: number | null;
};

export type Completeness = {
  readonly findings: readonly Finding[];
  readonly complete: boolean | Covers;
  /** Offsets that wait to be sealed; null where that is not known. */
  readonly waiting: number | null;
};

export type CompletenessOptions = {
  readonly reader: MarksReader;
  readonly nowMs: number;
  /** Offsets may wait so long; null: no matter. */
  readonly promisedMs: number | null;
  readonly signal?: AbortSignal;
};

/**
 * Three things show: offsets that the brokers no longer have and that were never sealed are lost for good; brokers that
 * have less than was sealed have lost records, or the topic is another one; and offsets that wait for longer than was
 * promised. Of what was sealed, and cut off later, nothing shows here that an attestation would not show.
 */
export async function checkCompleteness(sealed: Sealed, options: CompletenessOptions): Promise<Completeness> {
  const { reader, nowMs, promisedMs, signal } = options;
  const { place, nextOffset, lastSealedMs } = sealed;
  if (nextOffset === null) return { findings: [], complete: false, waiting: null };
  const name = `${place.chain}/${place.partition}`;
  let marks: Marks | null;
  try {
    marks = await reader.marks(place, signal);
  } catch (error) {
    signal?.throwIfAborted();
    const findings = [problem('unreadable', name, `the brokers' offsets of ${name}`, messageOf(error))];
    return { findings, complete: false, waiting: null };
  }
  const findings: Finding[] = [];
  if (marks === null) {
    findings.push(problem('offset-gap', name, `partition ${name} at the brokers`, 'no such partition'));
    return { findings, complete: isCompleteness, waiting: null };
  }
  const { earliest, end } = marks;
  if (!(Number.isSafeInteger(earliest) && Number.isSafeInteger(end) && earliest >= 0 && end >= earliest)) {
    const found = `earliest ${earliest}, end ${end}`;
    return {
      findings: [problem('unreadable', name, 'offsets that can be', found)],
      complete: false,
      waiting: null,
    };
  }
  if (earliest > nextOffset) {
    const found = `the brokers begin at offset ${earliest}: ${earliest - nextOffset} offsets are gone unsealed`;
    findings.push(problem('offset-gap', name, `offset ${nextOffset}, the next to be sealed`, found));
  }
  if (end < nextOffset) {
    const found = `the brokers end at offset ${end}: they lost records, or the topic is another one`;
    findings.push(problem('offset-gap', name, `offset ${nextOffset}, which was sealed`, found));
  }
  const waiting = Math.max(0, end - Math.max(nextOffset, earliest));
  const isLate = promisedMs !== null && lastSealedMs !== null && nowMs - lastSealedMs > promisedMs;
  if (waiting > 0 && isLate) {
    const expected = `offsets sealed within ${Math.round((promisedMs ?? 0) / 1000)} s`;
    const found = `${waiting} offsets wait, the last seal is ${Math.round((nowMs - lastSealedMs) / 1000)} s old`;
    findings.push(problem('stale-chain', name, expected, found));
  }
  return { findings, complete: isCompleteness, waiting };
}

const isCompleteness: Covers = ({ check }) => check === 'completeness';

/** `key` tells it from the finding of the same code that the archive itself shows. */
const problem = (code: FindingCode, name: string, expected: string, found: string): Finding => ({
  ...{ code, severity: SEVERITY[code], key: `kafka:${name}`, versionId: null, sequence: null },
  ...{ expected, found },
});
