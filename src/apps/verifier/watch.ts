// How does the verifier run without Lambda? As a process that looks for new seals itself and keeps the
// schedules.
import { type LedgerstoneError, messageOf } from '../../base/error.ts';
import { CANARY_CHAIN } from '../../format/chain.ts';
import type { RunKind } from '../../verifier/days/counts.ts';
import type { EventWork, TaskName, TaskWork } from '../../verifier/events/work.ts';
import { runWork } from '../../verifier/run.ts';
import {
  isChainThere,
  type RunLimits,
  type RunResult,
  type StepResult,
  type Verifier,
} from '../../verifier/verifier.ts';
import type { ChainInArchive } from '../../verify/survey.ts';
import { Poller } from './poller.ts';

export type Schedule = {
  readonly task: TaskName;
  readonly everyMs: number;
  /** It goes over all chains as the look for new seals does, and takes turns with it. */
  readonly isQuick?: boolean;
};

export type WatchOptions = {
  /** Between two looks at a chain that has just grown. One that has not is looked at more rarely. */
  readonly everyMs: number;
  /** Listings for new seals at most, over all chains. */
  readonly looksPerSecond: number;
  readonly schedules: readonly Schedule[];
  /** Ends it at the next safe place. */
  readonly signal: AbortSignal;
  /** After each round that had something to do. */
  readonly onRound?: (result: RunResult) => void;
};

/** What a process works on. */
type WatchWork = TaskName | 'look' | 'open findings';

export type WatchState = {
  readonly startedMs: number;
  /** When a look for new seals or a confirmation of all chains last succeeded. Null before the first. */
  lastRoundMs: number | null;
  /** Chains that the archive has. Null before the first look at all of them. */
  archiveChains: number | null;
  /**
   * What failed and has not succeeded since, by task. `look`: the look for new seals; `open findings`: to
   * read what earlier processes left open. The oldest first.
   */
  readonly troubles: Map<
    WatchWork,
    { readonly message: string; readonly remedy: string | null; readonly sinceMs: number }
  >;
  /** When a run of each kind last ended that looked at all that the kind is about. */
  readonly lastWhole: Map<RunKind, number>;
  /** When something was last found in the place that is reserved for drills. Null: not since the start. */
  lastDrillMs: number | null;
  readonly chains: Map<
    string,
    {
      readonly place: ChainInArchive;
      readonly verdict: string;
      readonly size: number;
      readonly nextOffset: number | null;
      /** `time.sealed` of the last segment that is attested. Null: it was not read again since the start. */
      readonly sealedThrough: string | null;
      /** False: there was more to check than time. */
      readonly isAtEnd: boolean;
      /** In the place that is reserved for drills. */
      readonly isDrill: boolean;
      /** When the round ended in which it was looked at last. */
      readonly lookedAtMs: number;
    }
  >;
};

/** The limit of one run. A backlog continues in the next round, and the other chains come in between. */
const RUN_MS = 60_000;
/** The limit of a slow run. Its share is bounded by its own configuration. */
const SLOW_RUN_MS = 15 * 60_000;
/** The open findings of earlier processes could not be read. */
const LOAD_AGAIN_MS = 60_000;
/** Time to finish what is under way after a stop. After it, the rest is given up. */
const STOP_MS = 10_000;

const NO_FRESHNESS =
  'chains.freshness is not set: an archiver that is down, or a halted partition, is not noticed here';

export const newWatchState = (startedMs: number): WatchState => ({
  ...{ startedMs, lastRoundMs: null, archiveChains: null },
  ...{ troubles: new Map(), lastWhole: new Map(), lastDrillMs: null, chains: new Map() },
});

/**
 * Resolves once the signal has aborted and the work under way is at a safe place. Never rejects because of a
 * store.
 */
export async function watch(verifier: Verifier, options: WatchOptions, state: WatchState): Promise<void> {
  const { clock, log, freshnessMs } = verifier;
  const { signal, schedules, everyMs, looksPerSecond } = options;
  if (freshnessMs === null) log.warn({}, NO_FRESHNESS);
  const hard = new AbortController();
  const stop = () =>
    void clock.sleep(STOP_MS, hard.signal).then(
      () => hard.abort(signal.reason),
      () => {},
    );
  signal.addEventListener('abort', stop, { once: true });
  const limits = { signal: hard.signal, mayGoOn: () => !signal.aborted };
  const isQuick = (schedule: Schedule) => schedule.isQuick === true;
  const idleMs = Math.max(everyMs, ...schedules.filter(isQuick).map((schedule) => schedule.everyMs));
  const poller = new Poller(verifier, { everyMs, idleMs, looksPerSecond, signal });
  const slow = schedules.filter((schedule) => !isQuick(schedule));
  const slowRound = async (due: readonly TaskName[]) => {
    const result = await run(verifier, [], due, limits, SLOW_RUN_MS);
    poller.learn(result);
    return result;
  };
  const noted = new Notes(state);
  const turns = [
    turn(
      verifier,
      options,
      noted,
      async (due) => {
        // That task goes over all chains.
        const chains = due.length > 0 ? [] : await poller.grown();
        const result = await run(verifier, chains, due, limits, RUN_MS);
        poller.learn(result);
        return result;
      },
      schedules.filter(isQuick),
      'look',
    ),
    // Slow tasks run beside the quick ones, so that they delay no new seal.
    ...(slow.length === 0 ? [] : [turn(verifier, options, noted, slowRound, slow, null)]),
  ];
  await Promise.all([...turns, loadOpen(verifier, noted, signal)]);
  signal.removeEventListener('abort', stop);
  hard.abort(signal.reason);
}

/** Until then nobody can say how many findings are open. */
async function loadOpen(
  { clock, log, loadOpen }: Verifier,
  noted: Notes,
  signal: AbortSignal,
): Promise<void> {
  while (loadOpen !== undefined && !signal.aborted) {
    try {
      await loadOpen(signal);
      noted.done('open findings');
      return;
    } catch (error) {
      if (signal.aborted) return;
      log.error({}, `the open findings of earlier processes can't be read: ${messageOf(error)}`);
      noted.trouble('open findings', error, clock.now());
      await clock.sleep(LOAD_AGAIN_MS, signal).catch(() => {});
    }
  }
}

/** One task per round, the one that waits longest, so that each has the whole time of a run. */
async function turn(
  { clock, log }: Verifier,
  { signal, everyMs, onRound }: WatchOptions,
  noted: Notes,
  round: (due: readonly TaskName[]) => Promise<RunResult | null>,
  schedules: readonly Schedule[],
  /** What a round does if nothing is due. */
  otherwise: 'look' | null,
): Promise<void> {
  const nextMs = new Map<TaskName, number>();
  while (!signal.aborted) {
    const nowMs = clock.monotonic();
    const due = schedules
      .filter(({ task }) => (nextMs.get(task) ?? 0) <= nowMs)
      .toSorted((a, b) => (nextMs.get(a.task) ?? 0) - (nextMs.get(b.task) ?? 0))
      .slice(0, 1);
    for (const { task, everyMs: period } of due) nextMs.set(task, nowMs + period);
    const work = due[0]?.task ?? otherwise;
    try {
      const result = await round(due.map(({ task }) => task));
      if (result !== null) onRound?.(result);
      if (work !== null) noted.round(work, result, clock.now(), otherwise !== null);
    } catch (error) {
      if (signal.aborted) break;
      log.error({}, `the archive can't be looked at: ${messageOf(error)}`);
      if (work !== null) noted.trouble(work, error, clock.now());
    }
    await clock.sleep(everyMs, signal).catch(() => {});
  }
}

async function run(
  verifier: Verifier,
  chains: EventWork['chains'],
  due: readonly TaskName[],
  limits: Pick<RunLimits, 'signal' | 'mayGoOn'>,
  timeMs: number,
): Promise<RunResult | null> {
  if (chains.length === 0 && due.length === 0) return null;
  const tasks = due.map((task): TaskWork => ({ task, chains: null, message: null }));
  const work: EventWork = { isQueue: false, chains, objects: [], tasks, calls: [], ignored: [] };
  const endMs = verifier.clock.monotonic() + timeMs;
  return runWork(verifier, work, { ...limits, remainingMs: () => endMs - verifier.clock.monotonic() });
}

const idOf = ({ chain, partition }: ChainInArchive): string => `${chain}/${partition}`;

/** The offset is known only where the attested seal was read again and is the same one. */
function sealedThroughOf(
  { confirmed, report }: Pick<StepResult, 'confirmed' | 'report'>,
  before: { readonly size: number; readonly sealedThrough: string | null } | undefined,
): string | null {
  if (confirmed === null) return null;
  if (confirmed.nextOffset !== null && report?.size === confirmed.size) return report.lastSealed;
  return before?.size === confirmed.size ? before.sealedThrough : null;
}

/** The state that the process shows. The quick and the slow tasks say nothing about each other. */
class Notes {
  readonly #state: WatchState;

  constructor(state: WatchState) {
    this.#state = state;
  }

  /** Null: there was nothing to do. */
  round(work: TaskName | 'look', result: RunResult | null, nowMs: number, isQuick: boolean): void {
    for (const step of result?.steps ?? []) {
      const { place, verdict, confirmed, findings, isAtEnd } = step;
      const { size, nextOffset } = confirmed ?? { size: 0, nextOffset: null };
      const isDrill = place.chain === CANARY_CHAIN;
      if (isDrill && findings.length > 0) this.#state.lastDrillMs = nowMs;
      // Of a chain that is gone again and was never attested, nothing was verified.
      if (!isChainThere(step) && findings.length === 0) this.#state.chains.delete(idOf(place));
      else {
        const sealedThrough = sealedThroughOf(step, this.#state.chains.get(idOf(place)));
        const chain = { place, verdict, size, nextOffset, sealedThrough, isAtEnd, isDrill };
        this.#state.chains.set(idOf(place), { ...chain, lookedAtMs: nowMs });
      }
    }
    for (const { kind, isWhole, endedMs } of result?.ended ?? [])
      if (isWhole) this.#state.lastWhole.set(kind, endedMs);
    this.#state.archiveChains = result?.metrics.chains ?? this.#state.archiveChains;
    const failure = result?.failures[0];
    if (failure !== undefined) {
      this.trouble(work, failure.error, nowMs);
      return;
    }
    if (isQuick) this.#state.lastRoundMs = nowMs;
    this.#state.troubles.delete(work);
  }

  done(work: WatchWork): void {
    this.#state.troubles.delete(work);
  }

  trouble(work: WatchWork, error: unknown, nowMs: number): void {
    const remedy = (error as Partial<LedgerstoneError> | null)?.remedy ?? null;
    const sinceMs = this.#state.troubles.get(work)?.sinceMs ?? nowMs;
    this.#state.troubles.set(work, { message: messageOf(error), remedy, sinceMs });
  }
}
