// How does a process do its part of a fanned-out full pass, with the clients and the key that it has anyhow?
import { LedgerstoneError } from '../../base/error.ts';
import { nodeSha256 } from '../../base/node/hash.ts';
import { VERSION } from '../../base/version.ts';
import { openForWriting } from '../../clients/open.ts';
import type { VerifierConfig } from '../../config/verifier.ts';
import type { Store } from '../../store/store.ts';
import { requireClock } from '../../verifier/clock-check.ts';
import { type FanEvent, readFanEvent } from '../../verifier/fan-out/fan-event.ts';
import { type FanTools, fanStep } from '../../verifier/fan-out/fan-steps.ts';
import type { Verifier } from '../../verifier/verifier.ts';
import { shownOf } from './older.ts';
import { noteSigning, retentionOf } from './own-notes.ts';
import type { VerifierClients } from './wiring.ts';

export type FanOut = { answer(event: unknown, signal: AbortSignal): Promise<unknown> };

/** Null: the configuration names no working store. */
export const openWorkingStore = async ({ fanOut }: VerifierConfig): Promise<Store | null> =>
  fanOut === null ? null : openForWriting(fanOut.store, null);

/** `work` null: each event is refused. */
export const fanOutOf = (
  config: VerifierConfig,
  clients: VerifierClients,
  verifier: Verifier,
  work: Store | null,
): FanOut => ({
  answer: async (event, signal) => {
    const asked = readFanEvent(event);
    const tools = toolsOf(config, clients, verifier, work);
    // With a wrong clock nothing is signed.
    await requireClock(verifier, signal);
    const answer = await within(asked, signal, () => fanStep(tools, asked, signal));
    if (asked.fanOut === 'merge') showFindings(verifier);
    return answer;
  },
});

function toolsOf(
  config: VerifierConfig,
  { archive, own, signer, older = [] }: VerifierClients,
  { step, findings, clock }: Verifier,
  work: Store | null,
): FanTools {
  const { fanOut, sweep } = config;
  if (fanOut === null || work === null)
    throw new LedgerstoneError('config', 'this verifier takes no part in a fanned-out pass', {
      disposition: 'input',
      remedy: 'Name a working store: `fanOut` in its configuration (docs/configuration.md).',
    });
  const signing = noteSigning(config, step.attester.key, signer);
  const { leastLock, greatestLock } = sweep;
  return {
    ...{ archive, findings, version: VERSION },
    asked: {
      ...{ trusted: config.archive.trusted, sha256: nodeSha256, checker: step.checker },
      ...{ leastLock, greatestLock, shown: shownOf(config, older) },
    },
    work: { store: work, retention: { mode: 'COMPLIANCE', period: fanOut.kept }, clock, signing },
    own: { store: own, retention: retentionOf(config), clock, signing },
    size: { bytes: fanOut.rangeBytes, segments: fanOut.rangeSegments },
  };
}

/** Lambda would end the process without a word. */
async function within<T>(asked: FanEvent, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!signal.aborted) throw cause;
    const what =
      asked.fanOut === 'range'
        ? `the range of ${asked.item.chain}/${asked.item.partition} from segment ${asked.item.from}`
        : `the step ${asked.fanOut}`;
    throw new LedgerstoneError('out-of-time', `${what} was not done in time`, {
      ...{ disposition: 'retriable', cause },
      remedy: 'It is tried again. If a range stays so, lower fanOut.rangeBytes and start the pass anew.',
    });
  }
}

/** As after each run, so that its metrics count them. */
function showFindings(verifier: Verifier): void {
  const metrics = {
    ...{ oldestRereadMs: null, staleChains: null, lateChains: null, chains: null, sweepRoundMs: null },
    ...{ lastStampMs: null },
  };
  verifier.onResult?.({ steps: [], failures: [], metrics, ended: [], failedIds: [] });
}
