// How are runs of one kind counted, and counts of several processes added up? (FORMAT.md 9.10.3, 9.10.4)
import { z } from 'zod';
import { parseTime, timeText } from '../../format/time.ts';

/** What a daily record counts, in the order in which people read it. */
export const RUN_KINDS = ['confirmations', 'sweeps', 'fullPasses', 'configuration', 'completeness'] as const;
export type RunKind = (typeof RUN_KINDS)[number];

/** One run that ended. */
export type EndedRun = {
  readonly kind: RunKind;
  readonly startedMs: number;
  readonly endedMs: number;
  /** It looked at all that the kind is about, and nothing of it failed. */
  readonly isWhole: boolean;
  readonly sums: Readonly<Record<string, number>>;
  readonly least: Readonly<Record<string, number>>;
  readonly failures: readonly string[];
};

/** What a task says that it has looked at. */
export type TaskLook = Pick<EndedRun, 'isWhole' | 'sums' | 'least'>;

export type KindCounts = {
  readonly runs: number;
  readonly failed: number;
  readonly whole: number;
  /** Ends of whole runs. */
  readonly firstMs: number | null;
  readonly lastMs: number | null;
  /** Greatest time between the ends of two whole runs, in seconds, rounded up. */
  readonly pause: number;
  readonly sums: Readonly<Record<string, number>>;
  readonly least: Readonly<Record<string, number>>;
  readonly failures: readonly string[];
};

export type CountsByKind = Readonly<Partial<Record<RunKind, KindCounts>>>;

const FAILURES_MAX = 5;
const FAILURE_MAX = 200;

const NONE: KindCounts = {
  ...{ runs: 0, failed: 0, whole: 0, firstMs: null, lastMs: null, pause: 0 },
  ...{ sums: {}, least: {}, failures: [] },
};

/** Runs of one process come in the order of their ends. */
export function withRun(counts: CountsByKind, run: EndedRun): CountsByKind {
  const { kind, startedMs, endedMs, isWhole, sums, least, failures } = run;
  const before = counts[kind] ?? NONE;
  const one: KindCounts = {
    ...{ runs: 1, failed: failures.length > 0 ? 1 : 0, whole: isWhole ? 1 : 0 },
    ...{ firstMs: isWhole ? endedMs : null, lastMs: isWhole ? endedMs : null, pause: 0 },
    ...{ sums, least: isWhole ? least : {}, failures },
  };
  // A clock that was set back must not make a pause shorter than it was.
  const ordered = startedMs <= endedMs ? one : { ...one, whole: 0, firstMs: null, lastMs: null };
  return { ...counts, [kind]: added([before, ordered]) };
}

/** Of several processes: pauses between them as if they had run one after another. */
export function added(all: readonly KindCounts[]): KindCounts {
  const inOrder = all.toSorted((a, b) => (a.firstMs ?? 0) - (b.firstMs ?? 0));
  let [pause, lastMs]: [number, number | null] = [0, null];
  for (const one of inOrder) {
    pause = Math.max(pause, one.pause);
    if (one.firstMs === null || one.lastMs === null) continue;
    if (lastMs !== null) pause = Math.max(pause, secondsUp(one.firstMs - lastMs));
    lastMs = Math.max(lastMs ?? one.lastMs, one.lastMs);
  }
  const sum = (of: (one: KindCounts) => number) => all.reduce((total, one) => total + of(one), 0);
  const firsts = all.flatMap(({ firstMs }) => firstMs ?? []);
  return {
    ...{
      runs: sum(({ runs }) => runs),
      failed: sum(({ failed }) => failed),
      whole: sum(({ whole }) => whole),
    },
    ...{ firstMs: firsts.length === 0 ? null : Math.min(...firsts), lastMs, pause },
    sums: merged(
      all.map(({ sums }) => sums),
      (a, b) => a + b,
    ),
    least: merged(
      all.map(({ least }) => least),
      Math.min,
    ),
    failures: [...new Set(all.flatMap(({ failures }) => failures))]
      .slice(0, FAILURES_MAX)
      .map((text) => text.slice(0, FAILURE_MAX)),
  };
}

/** With the time before the first whole run and after the last one within that day. */
export function overDay(counts: KindCounts, startMs: number, endMs: number): KindCounts {
  const { firstMs, lastMs, pause } = counts;
  if (firstMs === null || lastMs === null) return { ...counts, pause: secondsUp(endMs - startMs) };
  return { ...counts, pause: Math.max(pause, secondsUp(firstMs - startMs), secondsUp(endMs - lastMs)) };
}

const secondsUp = (ms: number): number => Math.max(0, Math.ceil(ms / 1000));

function merged(
  all: readonly Readonly<Record<string, number>>[],
  join: (a: number, b: number) => number,
): Record<string, number> {
  const result = new Map<string, number>();
  for (const one of all)
    for (const [name, value] of Object.entries(one)) {
      const before = result.get(name);
      result.set(name, before === undefined ? value : join(before, value));
    }
  return Object.fromEntries([...result].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

const whole = z.int().nonnegative();
const NUMBERS = z.record(z.string().regex(/^[a-zA-Z]{1,40}$/), z.int().nonnegative());
const KIND = z.object({
  ...{ runs: whole, failed: whole, whole, first: z.string().nullable(), last: z.string().nullable() },
  ...{ pause: whole, sums: NUMBERS, least: NUMBERS, failures: z.array(z.string()) },
});
export const KINDS_SCHEMA = z.object({
  ...{ confirmations: KIND.optional(), sweeps: KIND.optional(), fullPasses: KIND.optional() },
  ...{ configuration: KIND.optional(), completeness: KIND.optional() },
});

/** As it stands in a note. */
export const kindsJson = (counts: CountsByKind) =>
  Object.fromEntries(
    RUN_KINDS.flatMap((kind) => {
      const one = counts[kind];
      if (one === undefined) return [];
      const { firstMs, lastMs, runs, failed, whole: all, pause, sums, least, failures } = one;
      const time = (ms: number | null) => (ms === null ? null : timeText(ms));
      return [
        [
          kind,
          {
            runs,
            failed,
            whole: all,
            first: time(firstMs),
            last: time(lastMs),
            pause,
            sums,
            least,
            failures,
          },
        ],
      ];
    }),
  );

/** Throws FormatError for what is no time. */
export function kindsOf(read: z.infer<typeof KINDS_SCHEMA>): CountsByKind {
  const time = (text: string | null) => (text === null ? null : parseTime(text));
  return Object.fromEntries(
    RUN_KINDS.flatMap((kind) => {
      const one = read[kind];
      if (one === undefined) return [];
      const { first, last, failures, ...rest } = one;
      const cut = failures.slice(0, FAILURES_MAX).map((text) => text.slice(0, FAILURE_MAX));
      return [[kind, { ...rest, firstMs: time(first), lastMs: time(last), failures: cut }]];
    }),
  );
}
