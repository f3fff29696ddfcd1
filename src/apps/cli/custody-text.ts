// How does what was handed out read: for people, for programs, and for spreadsheets?
import { counted } from '../../base/counted.ts';
import { printable } from '../../base/printable.ts';
import { timeText } from '../../format/time.ts';
import type { ActReading } from '../../read/broken-acts.ts';
import type { RecordedAct } from '../../verify/acts/recorded-act.ts';
import { csvCell } from './csv.ts';

type HandedOut = {
  readonly kind: 'export' | 'disclose' | 'copy';
  readonly case: string | null;
  readonly events: number | null;
  /** Hex SHA-256. */
  readonly package: string | null;
  readonly to: string | null;
  readonly what: string | null;
};

/** `act`: its id. Times as the chain sealed them; `principal` is the writer's word. */
export type CustodyEntry = HandedOut & {
  readonly act: string;
  readonly when: string;
  readonly by: string;
  readonly principal: string | null;
  readonly approvedBy: string | null;
  readonly why: string;
  readonly reference: string | null;
};

/** Null: an act of another kind. */
function handedOut({ act }: RecordedAct): HandedOut | null {
  switch (act.kind) {
    case 'export':
      return { kind: act.kind, ...act.detail, to: null, what: null };
    case 'disclose':
      return { kind: act.kind, ...act.detail, events: null, package: null };
    case 'copy': {
      const { from, to, objects, until } = act.detail;
      const locked = until === null ? 'locked as there' : `locked until ${until} or longer`;
      const what = `${counted(objects, 'object')} of ${from}, ${locked}`;
      return { kind: act.kind, case: null, events: null, package: null, to, what };
    }
    default:
      return null;
  }
}

/** Acts in force, in their order, and how many disclosures nobody has approved. */
export function custodyOf({ history }: ActReading): { entries: CustodyEntry[]; notInForce: number } {
  const entries: CustodyEntry[] = [];
  let notInForce = 0;
  for (const one of history.acts) {
    const out = handedOut(one);
    if (out === null) continue;
    const { act, inForce, approvedBy } = one;
    if (inForce === null) notInForce++;
    else
      entries.push({
        ...{ act: act.id, when: timeText(inForce.sealedMs), by: act.by.name, principal: act.by.principal },
        ...{ approvedBy: approvedBy?.act.by.name ?? null, ...out },
        ...{ why: act.reason, reference: act.reference },
      });
  }
  return { entries, notInForce };
}

export function entryText(entry: CustodyEntry): string {
  const { act, when, by, principal, approvedBy, kind, events, package: digest, to, what } = entry;
  const who = `${by}${principal === null ? '' : ` as ${principal}`}`;
  const lines = [
    `${when}  ${kind} by ${who}${approvedBy === null ? '' : `, approved by ${approvedBy}`}`,
    ...(entry.case === null ? [] : [`  case ${entry.case}`]),
    ...(to === null ? [] : [`  to ${to}`]),
    ...(what === null ? [] : [`  ${what}`]),
    ...(events === null ? [] : [`  ${counted(events, 'event')}, package ${digest}`]),
    `  why: ${entry.why}`,
    ...(entry.reference === null ? [] : [`  reference ${entry.reference}`]),
    `  act ${act.slice(0, 8)}`,
  ];
  return `${lines.map(printable).join('\n')}\n`;
}

const COLUMNS = [
  ...(['when', 'kind', 'by', 'principal', 'approvedBy', 'case', 'events', 'package', 'to', 'what'] as const),
  ...(['why', 'reference', 'act'] as const),
];

export const custodyCsv = (entries: readonly CustodyEntry[]): string =>
  [
    COLUMNS.join(','),
    ...entries.map((entry) => COLUMNS.map((column) => csvCell(entry[column] ?? '')).join(',')),
  ]
    .map((line) => `${line}\n`)
    .join('');

/** What the answer rests on, and what it can't know. */
export function restsOn({ history, head, isVerified }: ActReading, notInForce: number): string[] {
  const others = history.refused.length + history.later.length;
  const checked = isVerified ? 'each seal and each act was checked' : 'nothing was verified';
  return [
    `read from the chain of decisions: ${counted(history.acts.length, 'act')} up to segment ${head.sequence}, ` +
      `sealed ${head.manifest.time.sealed}; ${checked}`,
    'each act is its writer’s word; what left without an act is not known here',
    ...(notInForce === 0 ? [] : [`${counted(notInForce, 'disclosure')} not in force: left out`]),
    ...(others === 0
      ? []
      : [`${counted(others, 'line')} of that chain left out: see \`ledgerstone governance list\``]),
  ];
}
