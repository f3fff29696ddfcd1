// What is known of one day, and of one finding?

/** What a record counts, in the order in which it is shown. */
export const CHECK_KINDS = [
  'confirmations',
  'sweeps',
  'fullPasses',
  'configuration',
  'completeness',
] as const;
export type CheckKind = (typeof CHECK_KINDS)[number];

export type CheckCounts = {
  readonly runs: number;
  readonly failed: number;
  readonly whole: number;
  /** RFC 3339. */
  readonly first: string | null;
  readonly last: string | null;
  /** Seconds. */
  readonly pause: number;
  readonly failures: readonly string[];
};

/**
 * `shown`: there is a record. `not-shown`: there should be one. `before`: before the first record that lies
 * there. `not-due`: it is not over, or its record is not due yet.
 */
export type DayState = 'shown' | 'not-shown' | 'before' | 'not-due';

export type ReportedDay = {
  readonly date: string;
  readonly state: DayState;
  readonly kinds: Readonly<Partial<Record<CheckKind, CheckCounts>>>;
  readonly attested: number;
  readonly drills: { readonly opened: number; readonly notified: number };
  /** Of the record, by the store's clock. */
  readonly storedAt: string | null;
  readonly tallies: number;
  readonly omitted: number;
  /** Absent: nobody looked. */
  readonly stamp?: ReportedStamp;
};

/** `unvouched`: a token over the day's list leads to none of the roots that were given. */
export type ReportedStamp = {
  readonly kind: 'shown' | 'unvouched' | 'none';
  /** RFC 3339, by the authority's clock. Null: there is none. */
  readonly at: string | null;
  readonly by: string | null;
  /** Its certificate has ended since. Whether a later stamp renews it was not looked at. */
  readonly hasEnded: boolean;
  /** Objects at its keys that are none. */
  readonly foreign: number;
};

type ReportedAnswer = {
  readonly kind: 'ack' | 'resolve';
  readonly by: string;
  readonly text: string;
  readonly at: string;
  /** Null: it is an act in the governance chain. */
  readonly keyId: string | null;
};

/** What people did about a finding that stays true for ever: two accepted it, or one resolved it. */
type ReportedSettling = {
  readonly how: 'accepted' | 'resolved';
  readonly by: readonly string[];
  readonly at: string;
  readonly text: string;
};

export type ReportedFinding = {
  readonly id: string;
  readonly scope: string;
  readonly opening: number;
  readonly code: string;
  readonly severity: string;
  readonly key: string | null;
  readonly expected: string | null;
  readonly found: string | null;
  readonly check: string;
  readonly opened: string;
  readonly notified: readonly { readonly channel: string; readonly at: string }[];
  readonly closed: { readonly at: string; readonly check: string; readonly why: string } | null;
  readonly answers: readonly ReportedAnswer[];
  /** Null: nobody whose word counts did, or a check can find that it is gone. */
  readonly settled: ReportedSettling | null;
  /** Notes at keys of answers that nobody named has signed. */
  readonly otherAnswers: number;
  readonly isDrill: boolean;
};

export type ChecksData = {
  readonly verifier: string;
  /** Of the first record that lies there. Null: none does. */
  readonly firstRecord: string | null;
  readonly days: readonly ReportedDay[];
  /** Opened before the end of the window, and not closed before its beginning. */
  readonly findings: readonly ReportedFinding[];
  /** Objects at keys of findings that are no notes of the verifier. */
  readonly foreign: number;
  /** Why it is not known which losses were accepted. Null: it is, or none is open. */
  readonly acceptanceUnknown: string | null;
  /** False: in a directory anybody can set the times of files. */
  readonly isStoreTime: boolean;
  /** Roots of time-stamping authorities that were given. Absent: stamps were not looked at. */
  readonly stampRoots?: number;
};

const ALWAYS: readonly CheckKind[] = ['confirmations', 'sweeps', 'fullPasses'];
export const CHECK_WORDS: Readonly<Record<CheckKind, string>> = {
  confirmations: 'confirmations',
  sweeps: 'sweeps',
  fullPasses: 'full passes',
  configuration: 'comparisons of the configuration',
  completeness: 'comparisons with Kafka',
};

/** Kinds that a day must have: the first three, and what any record of the window has. */
export const expectedKinds = (days: readonly ReportedDay[]): CheckKind[] =>
  CHECK_KINDS.filter((kind) => ALWAYS.includes(kind) || days.some(({ kinds }) => kinds[kind] !== undefined));

/** What a day lacks a whole run of. Empty: each kind looked at everything at least once. */
export const lacking = ({ kinds }: ReportedDay, expected: readonly CheckKind[]): CheckKind[] =>
  expected.filter((kind) => (kinds[kind]?.whole ?? 0) === 0);

/** Every day that is over has a whole run of each kind, and there is such a day. */
export function isEachShown(days: readonly ReportedDay[]): boolean {
  const expected = expectedKinds(days);
  const due = days.filter(({ state }) => state !== 'not-due');
  return due.length > 0 && due.every((day) => day.state === 'shown' && lacking(day, expected).length === 0);
}

/** Who names an authority asks for its word: a stamp by others is none. A day without one is no fault. */
export const isEachStampVouched = ({
  days,
  stampRoots = 0,
}: Pick<ChecksData, 'days' | 'stampRoots'>): boolean =>
  stampRoots === 0 || days.every(({ stamp }) => stamp?.kind !== 'unvouched' && (stamp?.foreign ?? 0) === 0);

/** No check has closed it, and nobody dealt with it. */
export const isUnsettled = ({ closed, settled }: ReportedFinding): boolean =>
  closed === null && settled === null;
