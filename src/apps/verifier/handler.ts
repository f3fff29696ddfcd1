// How does AWS Lambda call the verifier? Queues, S3, EventBridge, schedules and people use one function.
import { LedgerstoneError } from '../../base/error.ts';
import { CONFIG_VARIABLE, parseVerifierConfig } from '../../config/verifier.ts';
import { readEvent } from '../../verifier/events/work.ts';
import { isWorthRepeating } from '../../verifier/failures.ts';
import { isFanEvent } from '../../verifier/fan-out/fan-event.ts';
import { runWork } from '../../verifier/run.ts';
import { isChainThere, type RunResult, type StepResult, type Verifier } from '../../verifier/verifier.ts';
import { portableChecker } from '../../verify/block-checker.ts';
import { nodeContentTools } from '../../verify/node/tools.ts';
import { metricsLine } from './emf.ts';
import { type FanOut, fanOutOf, openWorkingStore } from './fan-out.ts';
import { jsonLog } from './json-log.ts';
import { openedEarly } from './opening.ts';
import { makeVerifier, openClients } from './wiring.ts';

/** The used part of Lambda's context. */
export type LambdaContext = { getRemainingTimeInMillis(): number };

/** Calls that hang are given up so long before the end. Their messages come back, and the log says why. */
const GIVE_UP_MS = 3_000;

/** Opened while the function starts, since Lambda gives more CPU then. */
const opened = openedEarly(open);

export async function handler(event: unknown, context: LambdaContext): Promise<unknown> {
  const { verifier, fanOut } = await opened();
  if (isFanEvent(event))
    return fanOut.answer(
      event,
      endOf(() => context.getRemainingTimeInMillis()),
    );
  return answerEvent(verifier, event, () => context.getRemainingTimeInMillis());
}

async function open(): Promise<{ readonly verifier: Verifier; readonly fanOut: FanOut }> {
  const text = process.env[CONFIG_VARIABLE];
  if (text === undefined || text === '') {
    throw new LedgerstoneError('config', `the environment variable ${CONFIG_VARIABLE} is not set`, {
      disposition: 'input',
      remedy: 'Give it the text of the verifier configuration (docs/configuration.md).',
    });
  }
  const config = parseVerifierConfig(text, CONFIG_VARIABLE, process.env);
  const clients = await openClients(config);
  const work = await openWorkingStore(config);
  const log = jsonLog(config.log.level, process.stdout);
  const verifier = makeVerifier(config, clients, {
    checker: portableChecker(nodeContentTools),
    log,
    // Nobody says when Lambda ends a process.
    tallyKeepMs: 0,
    onMetrics: (metrics, atMs) =>
      void process.stdout.write(`${metricsLine(config.alarms.metricsNamespace, metrics, atMs)}\n`),
  });
  return { verifier, fanOut: fanOutOf(config, clients, verifier, work) };
}

const endOf = (remainingMs: () => number): AbortSignal =>
  AbortSignal.timeout(Math.max(0, Math.round(remainingMs() - GIVE_UP_MS)));

/**
 * For a queue: which messages come back. Otherwise the summary, or a rejection if Lambda should deliver the
 * event again. An error that no repeat can cure, such as an unknown task, also rejects for a person or a
 * schedule.
 */
export async function answerEvent(
  verifier: Verifier,
  event: unknown,
  remainingMs: () => number,
): Promise<unknown> {
  const work = readEvent(event, verifier.place);
  const result = await runWork(verifier, work, { remainingMs, signal: endOf(remainingMs) });
  if (work.isQueue) {
    return { batchItemFailures: result.failedIds.map((itemIdentifier) => ({ itemIdentifier })) };
  }
  const [failure] = result.failures;
  if (failure !== undefined && (isWorthRepeating(result) || work.tasks.length > 0)) throw failure.error;
  return summaryOf(result);
}

/** Sorted by chain, because steps end in any order. */
const summaryOf = ({ steps, failures }: RunResult) => ({
  chains: steps.toSorted(byPlace).map((step) => ({
    ...{ ...step.place, verdict: isChainThere(step) ? step.verdict : 'no chain' },
    ...{ isNew: step.isNew, isAtEnd: step.isAtEnd, size: step.confirmed?.size ?? 0 },
    findings: step.findings.map(({ code }) => code),
  })),
  failures: failures.map(({ what }) => what),
});

const byPlace = ({ place: a }: StepResult, { place: b }: StepResult): number =>
  a.chain === b.chain ? a.partition - b.partition : a.chain < b.chain ? -1 : 1;
