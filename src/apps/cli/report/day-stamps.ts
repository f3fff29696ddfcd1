// Which time-stamp has a day at the second party's place, and does a named authority vouch for it?
import type { ReportedStamp } from '../../../evidence/report/checks-days.ts';
import { timeText } from '../../../format/time.ts';
import { readStamp, type StampReading } from '../../../verifier/stamps/stamp-reader.ts';

/** Rejects if the store can't be read. */
export async function stampOfDay(
  reading: StampReading,
  date: string,
  nowMs: number,
  signal: AbortSignal,
): Promise<ReportedStamp> {
  const { tokens, foreign } = await readStamp(reading, date, signal);
  const vouched = tokens.find(({ checked }) => checked.kind === 'shown');
  const of = vouched ?? tokens[0];
  if (of === undefined) return { kind: 'none', at: null, by: null, hasEnded: false, foreign: foreign.length };
  const { checked } = of;
  return {
    kind: vouched === undefined ? 'unvouched' : 'shown',
    ...{ at: timeText(checked.genTimeMs), by: checked.by, foreign: foreign.length },
    hasEnded: checked.kind === 'shown' && checked.endsMs < nowMs,
  };
}
