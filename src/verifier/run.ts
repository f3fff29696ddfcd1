// How is the work of one event or schedule done within its time? Each kind of work by name, in its order.
import { TaskGroup } from '../base/concurrency.ts';
import { LedgerstoneError, messageOf } from '../base/error.ts';
import { noTracer, type Tracer } from '../base/trace.ts';
import { oldestVersion } from '../format/oldest-version.ts';
import { sealKey } from '../format/paths.ts';
import { type Finding, findingOf } from '../verify/finding.ts';
import type { ChainInArchive } from '../verify/survey.ts';
import { requireClock } from './clock-check.ts';
import type { EndedRun } from './days/counts.ts';
import { missedRuns, TaskRun } from './days/task-run.ts';
import { attemptsIn } from './events/cloudtrail.ts';
import type { QueueMessage } from './events/envelopes.ts';
import { inspectObject, scopeOfKey } from './events/inspect.ts';
import type { CallWork, ChainWork, EventWork, ObjectWork, TaskWork, TrailFileWork } from './events/work.ts';
import { failedIds, noTask, outOfTime, unfinished } from './failures.ts';
import { ARCHIVE_SCOPE, chainScope } from './findings/record.ts';
import { confirmSeals } from './seal-path.ts';
import { inShares } from './shares.ts';
import type {
  Failure,
  RunLimits,
  RunResult,
  StepResult,
  TaskInput,
  TaskMetrics,
  Verifier,
} from './verifier.ts';

/** A message about a missing seal is given back so many times. After that it is a finding. */
export const RECEIVES_MAX = 5;
/** Kept free before the end: a step that has to stop still finishes what it has read. */
const RESERVE_MS = 10_000;
const OBJECTS_AT_ONCE = 8;

/** What one run collects. */
type Run = {
  readonly verifier: Verifier;
  readonly limits: RunLimits;
  readonly steps: StepResult[];
  readonly failures: Failure[];
  readonly metrics: TaskMetrics;
  readonly ended: EndedRun[];
};

/** Never rejects: the result says what failed and what succeeded. */
export function runWork(verifier: Verifier, work: EventWork, limits: RunLimits): Promise<RunResult> {
  const { chains, objects, calls, tasks } = work;
  const attributes = {
    ...{ 'ledgerstone.chains': chains.length, 'ledgerstone.objects': objects.length },
    ...{ 'ledgerstone.calls': calls.length, 'ledgerstone.tasks': tasks.map(({ task }) => task).join(',') },
  };
  return tracerOf(verifier).span('ledgerstone.verifier.run', attributes, () =>
    worked(verifier, work, limits),
  );
}

const tracerOf = ({ tracer = noTracer }: Verifier): Tracer => tracer;

async function worked(verifier: Verifier, work: EventWork, limits: RunLimits): Promise<RunResult> {
  for (const why of work.ignored) verifier.log.warn({}, `ignored: ${why}`);
  const metrics: TaskMetrics = {
    ...{ oldestRereadMs: null, staleChains: null, lateChains: null, chains: null, sweepRoundMs: null },
    ...{ lastStampMs: null },
  };
  const run: Run = { verifier, limits, steps: [], failures: [], metrics, ended: [] };
  try {
    // 1. Is the clock right? With a wrong one nothing is attested.
    await requireClock(verifier, limits.signal);
    // 2. Chains that have grown: their new seals are checked and attested.
    await inShares(work.chains, verifier.chainsAtOnce, (one, shares) => followChain(run, one, shares));
    // 3. Objects at which something else happened.
    await inspectObjects(run, work.objects);
    // 4. Calls of AWS: attempts to delete, unlock or open up what is archived.
    for (const call of work.calls) await reportCall(run, call);
    for (const file of work.trailFiles ?? []) await reportTrailFile(run, file);
    // 5. What comes by the clock.
    for (const task of work.tasks) await runTask(run, task);
  } catch (error) {
    fail(run, 'the run', error, null);
  }
  const { steps, failures } = run;
  for (const failure of failures) logFailure(run, failure);
  const result = { steps, failures, metrics, ended: run.ended, failedIds: failedIds(work, failures) };
  verifier.onResult?.(result);
  const missed = missedRuns(work.tasks, run.ended, failures, verifier.clock.now());
  await verifier.days?.ran(
    [...run.ended, ...missed],
    steps.filter(({ isNew }) => isNew).length,
    limits.signal,
  );
  return result;
}

function fail(run: Run, what: string, error: unknown, messages: readonly QueueMessage[] | null): void {
  run.failures.push({ what, error, messages });
}

function logFailure({ verifier: { log }, limits }: Run, { what, error }: Failure): void {
  if (isStop(limits, error)) {
    log.info({}, `${what}: stopped before it was done; the next start goes on there`);
    return;
  }
  const code = error instanceof LedgerstoneError ? error.code : 'internal';
  const remedy = error instanceof LedgerstoneError ? error.remedy : undefined;
  log.error({ code, remedy }, `${what}: ${messageOf(error)}`);
}

/** Somebody ends the process. What is left is no failure of the archive or of ours. */
function isStop({ signal, mayGoOn }: RunLimits, error: unknown): boolean {
  if (mayGoOn === undefined || mayGoOn()) return false;
  if (error instanceof LedgerstoneError && ['unfinished', 'out-of-time'].includes(error.code)) return true;
  if (signal?.aborted !== true || !(error instanceof Error)) return false;
  return error === signal.reason || error.cause === signal.reason || error.name === 'AbortError';
}

async function followChain(run: Run, work: ChainWork, shares: number): Promise<void> {
  const messages = work.seals.flatMap(({ message }) => message ?? []);
  const what = `${work.place.chain}/${work.place.partition}`;
  try {
    const result = await confirmInTime(run, work.place, work.hintSize, shares);
    if (result.isAtEnd) await checkNamedSeals(run, work, result);
    else fail(run, what, unfinished(result), messages);
  } catch (error) {
    fail(run, what, error, messages);
  }
}

/** The seal's way (seal-path.ts), within this chain's share of the remaining time. */
async function confirmInTime(
  { verifier, limits, steps }: Run,
  place: ChainInArchive,
  hintSize: number,
  shares: number,
): Promise<StepResult> {
  const { remainingMs, signal, mayGoOn: isWanted = () => true } = limits;
  const { clock } = verifier;
  const share = (remainingMs() - RESERVE_MS) / shares;
  if (share <= 0) throw outOfTime();
  const endMs = clock.monotonic() + share;
  const mayGoOn = () => clock.monotonic() < endMs && isWanted();
  const attributes = { 'ledgerstone.chain': place.chain, 'ledgerstone.partition': place.partition };
  const result = await tracerOf(verifier).span('ledgerstone.verifier.confirm', attributes, () =>
    confirmSeals(verifier, place, { hintSize, mayGoOn, ...(signal && { signal }) }),
  );
  steps.push(result);
  return result;
}

/** Each seal that an event named was walked over. If not, it is inspected by itself, or it is missing. */
async function checkNamedSeals(run: Run, { place, seals }: ChainWork, { report }: StepResult): Promise<void> {
  const { archive } = run.verifier;
  const size = report?.size ?? 0;
  const walkedFrom = size - (report?.checked.seals ?? 0);
  for (const [sequence, named] of Map.groupBy(seals, (seal) => seal.sequence)) {
    const key = sealKey(place.chain, place.partition, sequence);
    const messages = named.flatMap(({ message }) => message ?? []);
    if (sequence < walkedFrom) await inspect(run, key);
    if (sequence < size || (await oldestVersion(archive, key, run.limits.signal)) !== null) continue;
    const isLast = messages.length > 0 && messages.every(({ receives }) => receives >= RECEIVES_MAX);
    if (isLast) await reportLook(run, place, [announcedGap(key, sequence)]);
    else fail(run, key, sealNotThere(key), messages.length === 0 ? null : messages);
  }
}

const sealNotThere = (key: string) =>
  new LedgerstoneError('seal-not-there', `an event speaks of ${key}, which is not there`, {
    disposition: 'retriable',
    remedy: 'The event comes again; when it does not help, it becomes a finding.',
  });

const announcedGap = (key: string, sequence: number): Finding =>
  findingOf('sequence-gap', {
    ...{ key, sequence, expected: `seal ${sequence}, of which an event spoke`, found: 'no version of it' },
  });

async function inspectObjects(run: Run, works: readonly ObjectWork[]): Promise<void> {
  const group = new TaskGroup(OBJECTS_AT_ONCE);
  try {
    for (const { key, messages } of works) {
      await group.start(() => inspect(run, key).catch((error) => fail(run, key, error, messages)));
    }
  } finally {
    await group.finish();
  }
}

async function inspect(run: Run, key: string): Promise<void> {
  const { archive, clock, step } = run.verifier;
  const { signal } = run.limits;
  const findings = await inspectObject(archive, key, {
    ...{
      nowMs: clock.now(),
      heldTo: async () => (await step.decisions?.heldTo(signal, true)) ?? null,
      ...(signal && { signal }),
    },
  });
  if (findings.length > 0) await reportLook(run, scopeOfKey(key), findings);
}

async function reportLook(
  run: Run,
  place: ChainInArchive | null,
  findings: readonly Finding[],
): Promise<void> {
  const scope = place === null ? ARCHIVE_SCOPE : chainScope(place);
  const { signal } = run.limits;
  const options = { check: 'look', complete: false, ...(signal && { signal }) } as const;
  await run.verifier.findings.report(scope, findings, options);
}

/** Attempts from CloudTrail's records. An attempt never closes. */
async function reportCall(run: Run, { detail, message }: CallWork): Promise<void> {
  const { watched, findings: sink, log } = run.verifier;
  const { signal } = run.limits;
  if (watched === null) {
    log.warn({}, 'ignored: a call to AWS, because the archive is not a bucket');
    return;
  }
  const options = { check: 'access', complete: false, ...(signal && { signal }) } as const;
  try {
    const now = (await run.verifier.watchedNow?.(signal)) ?? watched;
    const { days, malformed } = attemptsIn(detail, now);
    const why = malformed > 0 ? 'malformed' : 'no attempt on this archive';
    if (days.length === 0) log.warn({}, `ignored: a call of AWS that is ${why}`);
    for (const { scope, findings } of days) await sink.report(scope, findings, options);
  } catch (error) {
    fail(run, 'a call of AWS', error, message === null ? [] : [message]);
  }
}

/** The same from CloudTrail's files: what happened in other Regions, and what EventBridge did not bring. */
async function reportTrailFile(run: Run, { key, message }: TrailFileWork): Promise<void> {
  try {
    await run.verifier.trailFiles?.report(key, run.verifier, run.limits.signal);
  } catch (error) {
    fail(run, key, error, message === null ? [] : [message]);
  }
}

async function runTask(run: Run, { task: name, chains, message }: TaskWork): Promise<void> {
  const { verifier, limits, metrics } = run;
  const messages = message === null ? [] : [message];
  const task = verifier.tasks.get(name);
  const watched = new TaskRun(name, run, chains !== null);
  try {
    if (task === undefined) throw noTask(name, [...verifier.tasks.keys()]);
    const input: TaskInput = {
      ...{ verifier, chains, limits, metrics, looked: (at) => watched.looked(at) },
      confirm: (place, hintSize, shares) => confirmInTime(run, place, hintSize, shares),
      failed: (what, error) => fail(run, what, error, messages),
    };
    await tracerOf(verifier).span('ledgerstone.verifier.task', { 'ledgerstone.task': name }, () =>
      task(input),
    );
  } catch (error) {
    fail(run, `task ${name}`, error, messages);
  }
  run.ended.push(...watched.ended());
}
