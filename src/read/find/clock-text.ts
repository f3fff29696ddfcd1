// How is it said by whose clock a range was meant, and what another clock may have in it?

import { targetText } from '../../format/target.ts';
import type { Looked } from './statement.ts';

type Asked = Pick<Looked, 'query' | 'chains'>;

/** ` by the time of the record`, or nothing where no range was asked for. */
export function clockText(looked: Asked): string {
  const { time } = looked.query;
  return time === null ? '' : ` by ${clockOf(looked, time.kind)}`;
}

function clockOf({ query, chains }: Asked, kind: 'record' | 'event' | 'sealed'): string {
  if (kind === 'record') return 'the time of the record';
  if (kind === 'sealed') return 'the time of sealing';
  const targets = chains.flatMap((chain) => query.fieldsOf(chain)?.['time'] ?? []);
  const fields = [...new Set(targets.map(targetText))];
  return ["the event's own time", ...(fields.length > FIELDS_SHOWN_MAX ? [] : [fields.join(' or ')])]
    .filter((one) => one !== '')
    .join(' ');
}

const FIELDS_SHOWN_MAX = 3;

const OTHERS = {
  record: [
    'when the event happened may be another time than that of its record, which its producer or Kafka set:',
    '--time event asks by the time inside of events, --time sealed by that of their seals',
  ].join(' '),
  event: '--time record asks by the time of the record, and --time sealed by that of its seal',
  sealed: '--time event asks by the time inside of events, and --time record by that of the record',
} as const;

/**
 * Of a range, where something may lie outside of it: hits by the time of a record or its seal are not all
 * that happened then. By the event's own time they are, so it is said only where there are none.
 */
export function otherClockTexts({ query, chains, counts, hits }: Looked): string[] {
  const { time } = query;
  if (time === null || (time.kind === 'event' && hits > 0)) return [];
  // Of what was not read on somebody's word it is not known.
  const isOutside =
    counts.outOfTime + counts.eventTime.present > 0 ||
    chains.some(({ segments }) => segments.outOfRecordTime + segments.outOfSealedTime + segments.onWord > 0);
  return isOutside ? [`what lies in the range by another clock: ${OTHERS[time.kind]}`] : [];
}
