// How is the work of one event done within its time, and which messages come back?

import { TaskGroup } from '../base/concurrency.ts';
import { isRetriable, LedgerstoneError, messageOf } from '../base/error.ts';
import { oldestVersion } from '../format/oldest-version.ts';
import { sealKey } from '../format/paths.ts';
import { type Finding, findingOf } from '../verify/finding.ts';
import type { ChainPlace } from '../verify/survey.ts';
import type { StepResult } from './attest/attest-step.ts';
import { confirmPlace } from './attest/report-step.ts';
import { requireClock } from './clock-check.ts';
import { attemptsIn } from './events/cloudtrail.ts';
import type { Message } from './events/envelopes.ts';
import { lookAt, scopeOfKey } from './events/object.ts';
import type { CallWork, ChainWork, EventWork, ObjectWork, TaskWork } from './events/work.ts';
import { ARCHIVE_SCOPE, chainScope } from './findings/record.ts';
import type { TaskFigures } from './tasks/confirm.ts';
import type { RunLimits, Verifier } from './verifier.ts';

/** A message that speaks of a seal which is not there is given back so many times; then it is a finding. */
export const RECEIVES_MAX = 5;
/** Kept free before the end: a step that was told to stop still finishes what it has read. */
const RESERVE_MS = 10_000;
const OBJECTS_AT_ONCE = 8;

type Failure = {
  readonly what: string;
  readonly error: unknown;
  /** Null: of no one message, so all of them come back. */
  readonly messages: readonly Message[] | null;
};

export type RunResult = {
  readonly steps: readonly StepResult[];
  readonly failures: readonly Failure[];
  readonly figures: Readonly<TaskFigures>;
  /** Messages of the queue that are to be delivered again. */
  readonly failedIds: readonly string[];
};

/** Never rejects: what went wrong stands in the result, beside what went well. */
export async function runWork(verifier: Verifier, work: EventWork, limits: RunLimits): Promise<RunResult> {
  const { log } = verifier;
  for (const why of work.ignored) log.warn({}, `ignored: ${why}`);
  const run = new Run(verifier, limits);
  try {
    await requireClock(verifier, limits.signal);
    await run.chains(work.chains);
    await run.objects(work.objects);
    await run.calls(work.calls);
    for (const task of work.tasks) await run.task(task);
  } catch (error) {
    run.failed('the run', error, null);
  }
  for (const { what, error } of run.failures) {
    const code = error instanceof LedgerstoneError ? error.code : 'internal';
    const fields = { code, remedy: error instanceof LedgerstoneError ? error.remedy : undefined };
    log.error(fields, `${what}: ${messageOf(error)}`);
  }
  const { steps, failures, figures } = run;
  const result = { steps, failures, figures, failedIds: failedIds(work, failures) };
  verifier.onResult?.(result);
  return result;
}

class Run {
  readonly steps: StepResult[] = [];
  readonly failures: Failure[] = [];
  readonly figures: TaskFigures = { oldestRereadMs: null, staleChains: null };
  readonly #verifier: Verifier;
  readonly #limits: RunLimits;

  constructor(verifier: Verifier, limits: RunLimits) {
    this.#verifier = verifier;
    this.#limits = limits;
  }

  failed(what: string, error: unknown, messages: readonly Message[] | null): void {
    this.failures.push({ what, error, messages });
  }

  /** A long backlog of one chain leaves the others their share of the time. */
  async chains(works: readonly ChainWork[]): Promise<void> {
    const { chainsAtOnce } = this.#verifier;
    const group = new TaskGroup(chainsAtOnce);
    try {
      for (const [index, work] of works.entries()) {
        await group.start(() => this.#chain(work, Math.max(1, (works.length - index) / chainsAtOnce)));
      }
    } finally {
      await group.finish();
    }
  }

  async #chain(work: ChainWork, shares: number): Promise<void> {
    const messages = work.seals.flatMap(({ message }) => message ?? []);
    const what = `${work.place.chain}/${work.place.partition}`;
    try {
      const result = await this.confirm(work.place, work.hintSize, shares);
      if (result.isAtEnd) await this.#checkSeals(work, result);
      else this.failed(what, unfinished(result), messages);
    } catch (error) {
      this.failed(what, error, messages);
    }
  }

  async confirm(place: ChainPlace, hintSize: number, shares: number): Promise<StepResult> {
    const { remainingMs, signal, mayGoOn: isWanted = () => true } = this.#limits;
    const share = (remainingMs() - RESERVE_MS) / shares;
    if (share <= 0) throw outOfTime();
    const endMs = this.#verifier.clock.monotonic() + share;
    const mayGoOn = () => this.#verifier.clock.monotonic() < endMs && isWanted();
    const result = await confirmPlace(this.#verifier, place, {
      hintSize,
      mayGoOn,
      ...(signal && { signal }),
    });
    this.steps.push(result);
    return result;
  }

  /** Each seal that an event spoke of was walked over, or is looked at for itself, or is not there. */
  async #checkSeals({ place, seals }: ChainWork, { report }: StepResult): Promise<void> {
    const { archive } = this.#verifier;
    const { signal } = this.#limits;
    const size = report?.size ?? 0;
    const walkedFrom = size - (report?.checked.seals ?? 0);
    const bySequence = Map.groupBy(seals, ({ sequence }) => sequence);
    for (const [sequence, named] of bySequence) {
      const key = sealKey(place.chain, place.partition, sequence);
      const messages = named.flatMap(({ message }) => message ?? []);
      if (sequence < walkedFrom) await this.#look({ key, messages });
      if (sequence < size || (await oldestVersion(archive, key, signal)) !== null) continue;
      const error = new LedgerstoneError('seal-not-there', `an event speaks of ${key}, which is not there`, {
        disposition: 'retriable',
        remedy: 'The event comes again; when it does not help, it becomes a finding.',
      });
      const isLast = messages.length > 0 && messages.every(({ receives }) => receives >= RECEIVES_MAX);
      if (isLast) await this.#report(place, [announcedGap(key, sequence)]);
      else this.failed(key, error, messages.length === 0 ? null : messages);
    }
  }

  async objects(works: readonly ObjectWork[]): Promise<void> {
    const group = new TaskGroup(OBJECTS_AT_ONCE);
    try {
      for (const work of works) {
        await group.start(async () => {
          await this.#look(work).catch((error: unknown) => this.failed(work.key, error, work.messages));
        });
      }
    } finally {
      await group.finish();
    }
  }

  async #look({ key }: ObjectWork): Promise<void> {
    const { archive, clock } = this.#verifier;
    const { signal } = this.#limits;
    const findings = await lookAt(archive, key, { nowMs: clock.now(), ...(signal && { signal }) });
    if (findings.length === 0) return;
    const place = scopeOfKey(key);
    await this.#report(place, findings);
  }

  async #report(place: ChainPlace | null, findings: readonly Finding[]): Promise<void> {
    const scope = place === null ? ARCHIVE_SCOPE : chainScope(place);
    const { signal } = this.#limits;
    const options = { check: 'look', complete: false, ...(signal && { signal }) } as const;
    await this.#verifier.findings.report(scope, findings, options);
  }

  /** What a trail tells of: an attempt stays what it was, so nothing of it is ever closed. */
  async calls(works: readonly CallWork[]): Promise<void> {
    const { watched, findings: sink, log } = this.#verifier;
    const { signal } = this.#limits;
    for (const { detail, message } of works) {
      if (watched === null) {
        log.warn({}, 'ignored: a call of AWS, where the archive is no bucket');
        continue;
      }
      const options = { check: 'access', complete: false, ...(signal && { signal }) } as const;
      try {
        const { days, malformed } = attemptsIn(detail, watched);
        if (days.length === 0)
          log.warn(
            {},
            `ignored: a call of AWS that is ${malformed > 0 ? 'malformed' : 'no attempt on this archive'}`,
          );
        for (const { scope, findings } of days) await sink.report(scope, findings, options);
      } catch (error) {
        this.failed('a call of AWS', error, message === null ? [] : [message]);
      }
    }
  }

  async task(work: TaskWork): Promise<void> {
    const { tasks } = this.#verifier;
    const messages = work.message === null ? [] : [work.message];
    const task = tasks.get(work.task);
    try {
      if (task === undefined) throw noTask(work.task, [...tasks.keys()]);
      await task({
        verifier: this.#verifier,
        chains: work.chains,
        limits: this.#limits,
        figures: this.figures,
        confirm: (place, hintSize, shares) => this.confirm(place, hintSize, shares),
        failed: (what, error) => this.failed(what, error, messages),
      });
    } catch (error) {
      this.failed(`task ${work.task}`, error, messages);
    }
  }
}

const unfinished = ({ confirmed }: StepResult) =>
  new LedgerstoneError(
    'unfinished',
    `time is up with ${confirmed?.size ?? 0} seals confirmed: there is more`,
    {
      disposition: 'retriable',
      remedy: 'The next run goes on from there.',
    },
  );

const outOfTime = () =>
  new LedgerstoneError('out-of-time', 'no time is left in this run', {
    disposition: 'retriable',
    remedy: 'The next run begins with it; raise the time that a run may take if it stays so.',
  });

const noTask = (task: string, known: readonly string[]) =>
  new LedgerstoneError('no-task', `this verifier does not do the task ${task}`, {
    remedy: `It does: ${known.join(', ')}. Take the others from its schedules.`,
  });

const announcedGap = (key: string, sequence: number): Finding =>
  findingOf('sequence-gap', {
    ...{ key, sequence, expected: `seal ${sequence}, of which an event spoke`, found: 'no version of it' },
  });

/** A failure that belongs to no message brings all back: nobody knows which of them were done. */
function failedIds(work: EventWork, failures: readonly Failure[]): string[] {
  if (failures.some(({ messages }) => messages === null)) {
    return [...new Set(messagesOf(work).map(({ id }) => id))];
  }
  return [...new Set(failures.flatMap(({ messages }) => messages?.map(({ id }) => id) ?? []))];
}

const messagesOf = ({ chains, objects, tasks, calls }: EventWork): Message[] => [
  ...chains.flatMap(({ seals }) => seals.flatMap(({ message }) => message ?? [])),
  ...objects.flatMap(({ messages }) => messages),
  ...[...tasks, ...calls].flatMap(({ message }) => message ?? []),
];

/** Whether another delivery of the same event may help. */
export const isWorthRepeating = ({ failures }: RunResult): boolean =>
  failures.some(({ error }) => isRetriable(error) || !(error instanceof LedgerstoneError));
