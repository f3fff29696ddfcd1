// How does one drill go, from the tampering until people are notified?
import type { Clock } from '../../../base/clock.ts';
import type { CanaryStore } from '../../../store/canary.ts';
import type { ReadableStore, Store } from '../../../store/store.ts';
import { chainScope } from '../../../verifier/findings/record.ts';
import type { NoteKeys } from '../../../verifier/signed-notes.ts';
import type { Kind } from './canary.ts';
import { cleanUp, type Leftover } from './clean-up.ts';
import { type ClearedCanary, clearEarlier, type EarlierCanaries } from './earlier.ts';
import { isFindingOf, LedgerPoller, type Seen, scopesOf } from './ledger-poller.ts';
import { type DrillAct, tamper } from './tamper.ts';

export type DrillTools = {
  /** A drill tampers: it is the one command of the second party that writes there. */
  readonly archive: Store;
  readonly canary: CanaryStore;
  /** The verifier's own bucket, which has its findings. */
  readonly own: Omit<ReadableStore, 'close'>;
  /** By which the verifier's findings are known from those of others. */
  readonly keys: NoteKeys;
  readonly clock: Clock;
  /** The archive's. */
  readonly origin: string;
  /** Empty, or ends with '/'. It stands before the keys that CloudTrail reports. */
  readonly prefix: string;
  readonly signal: AbortSignal;
  /** Prints a line for the person at the terminal. */
  readonly note: (text: string) => void;
};

export type DrillOptions = {
  readonly kind: Kind;
  readonly lockMs: number;
  readonly mayStay: boolean;
  /** How long to wait. Null: as long as events of that kind may take. */
  readonly withinMs: number | null;
  /** How long to wait for the finding to be closed. 0: look once. */
  readonly closedWithinMs: number;
  /** Every one of these must have been notified. */
  readonly channels: readonly string[];
  /** What earlier drills left. */
  readonly earlier: EarlierCanaries;
};

type Notified = {
  readonly channel: string;
  /** Time since the act; null: not notified. */
  readonly ms: number | null;
};

export type DrillResult = {
  readonly act: DrillAct;
  readonly withinMs: number;
  readonly seen: Seen | null;
  /** From before the act until the finding was read in the ledger: the true time plus at most one poll. */
  readonly detectedMs: number | null;
  readonly notified: readonly Notified[];
  readonly left: readonly Leftover[];
  /** What earlier drills left, and what became of it. */
  readonly earlier: readonly ClearedCanary[];
  readonly isClosed: boolean;
};

/** S3's own events take seconds. */
const EVENT_MS = 120_000;
/** CloudTrail reports most calls within five minutes, and promises no time. */
const TRAIL_MS = 900_000;
/** The drill waits for a lock that ends within this time. */
const LOCK_PATIENCE_MS = 300_000;

/**
 * Removes what it wrote whatever happens, as far as locks and rights allow. Rejects if the act could not be
 * done, or if the verifier's ledger can't be read: then nothing is known.
 */
export async function runDrill(tools: DrillTools, options: DrillOptions): Promise<DrillResult> {
  const { archive, canary, own, clock, signal, note } = tools;
  const poller = new LedgerPoller(own, tools.keys, signal);
  await poller.check();
  const offsetMs = own.clockOffset()?.offsetMs ?? 0;
  const touched = new Set<string>();
  let act: DrillAct | null = null;
  const clean = async (): Promise<Leftover[]> => {
    const known = act?.versionId == null ? [] : [{ key: act.key, versionId: act.versionId }];
    const lockedUntilMs = act === null ? null : act.lockedUntilMs;
    const patienceMs = signal.aborted ? 0 : LOCK_PATIENCE_MS;
    return cleanUp({ archive, canary, clock, offsetMs }, touched, known, { lockedUntilMs, patienceMs });
  };
  const isOpen = (place: Parameters<typeof chainScope>[0]) => poller.hasOpen(chainScope(place));
  try {
    const { origin } = tools;
    act = await tamper({ archive, canary, origin, clock, offsetMs, isOpen, touched, signal }, options);
    note(actText(act));
    const withinMs = options.withinMs ?? (act.refused === null ? EVENT_MS : TRAIL_MS);
    const found = await untilKnown(tools, poller, act, options.channels, withinMs);
    if (act.versionId !== null && act.lockedUntilMs !== null) note('removing it when its lock has ended …');
    const left = await clean();
    const earlier = await clearEarlier({ canary, clock, offsetMs }, options.earlier, act.refused !== null);
    const isClosed = found.seen !== null && (await untilClosed(tools, poller, found.seen, options));
    return { act, withinMs, ...found, left, earlier, isClosed };
  } catch (error) {
    for (const { key, versionId, why } of await clean())
      note(`left behind: ${key}, version ${versionId} (${why})`);
    throw error;
  }
}

const actText = ({ call, key, refused }: DrillAct): string =>
  refused === null
    ? `done: ${call} of ${key}; waiting for the verifier …`
    : `refused: ${call} of ${key}. Nothing was changed; waiting for the verifier to learn of the try …`;

type Known = Pick<DrillResult, 'seen' | 'detectedMs' | 'notified'>;

/** Waits until the ledger has the finding and every channel was notified of it, or until the time is over. */
async function untilKnown(
  { clock, signal, prefix }: DrillTools,
  poller: LedgerPoller,
  act: DrillAct,
  channels: readonly string[],
  withinMs: number,
): Promise<Known> {
  const scopes = scopesOf(act);
  const sinceMs = () => clock.monotonic() - act.startedMonotonicMs;
  const notified = new Map<string, number>();
  let seen: Seen | null = null;
  let detectedMs: number | null = null;
  for (;;) {
    if (seen === null) {
      seen = await poller.find(scopes, (finding) => isFindingOf(act, finding, prefix));
      if (seen !== null) detectedMs = sinceMs();
    }
    if (seen !== null) {
      const opening = await poller.opening(seen);
      for (const channel of opening?.notified ?? [])
        if (!notified.has(channel)) notified.set(channel, sinceMs());
      if (channels.every((channel) => notified.has(channel))) break;
    }
    const leftMs = withinMs - sinceMs();
    if (leftMs <= 0) break;
    await clock.sleep(Math.min(leftMs, pauseMs(sinceMs())), signal);
  }
  return {
    seen,
    detectedMs,
    notified: channels.map((channel) => ({ channel, ms: notified.get(channel) ?? null })),
  };
}

async function untilClosed(
  { clock, signal }: DrillTools,
  poller: LedgerPoller,
  seen: Seen,
  { closedWithinMs }: DrillOptions,
): Promise<boolean> {
  const endMs = clock.monotonic() + closedWithinMs;
  for (;;) {
    const opening = await poller.opening(seen);
    if (opening === null || !opening.isOpen || opening.opening !== seen.file.opening) return true;
    const leftMs = endMs - clock.monotonic();
    if (leftMs <= 0) return false;
    await clock.sleep(Math.min(leftMs, 1_000), signal);
  }
}

/** Polls often at first: short times should be measured well. */
const pauseMs = (sinceMs: number): number => (sinceMs < 20_000 ? 100 : 1_000);
