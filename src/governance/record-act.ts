// How does a decision become a line of the governance chain, while others decide too? (FORMAT.md §13)
import { toHex } from '../base/bytes.ts';
import type { Clock } from '../base/clock.ts';
import { LedgerstoneError } from '../base/error.ts';
import { zstdCompressor } from '../base/node/compress.ts';
import { nodeSha256, nodeSha256Into } from '../base/node/hash.ts';
import {
  type Act,
  type ActRequest,
  actMessage,
  encodeAct,
  requestDigest,
  signedActBytes,
} from '../format/act.ts';
import { GOVERNANCE_CHAIN, governanceOrigin } from '../format/chain.ts';
import { type Continues, timeText } from '../format/manifest.ts';
import type { KafkaRecord } from '../format/record.ts';
import { encodeVkey, spkiFingerprint, type VerifierKey, verifierKey } from '../format/vkey.ts';
import { readActs } from '../read/acts.ts';
import { type ActReading, BrokenActsError } from '../read/broken-acts.ts';
import { Sealer } from '../sealing/sealer.ts';
import { BodyBuilder, emptyBody, type SegmentBody } from '../segment/body.ts';
import { type Head, headAfter, makeSegment, newChainHead, type Segment } from '../segment/segment.ts';
import type { Signer } from '../sign/signer.ts';
import { CLOCK_OFFSET_MAX_MS } from '../store/store.ts';
import { ActHistory } from '../verify/acts/history.ts';
import type { RecordedAct, SealedAt } from '../verify/acts/recorded-act.ts';
import type { ToSeal } from './begun-partition.ts';
import { type SealingKeyTools, sealingKeys } from './sealing-keys.ts';

/** Who decides. `signer`: the person's own key. `principal`: as whom the store's account knows them. */
export type Decider = { readonly name: string; readonly principal: string | null; readonly signer: Signer };

export type GovernanceTools = SealingKeyTools & {
  /** Further keys that are trusted: earlier ones of the chain. */
  readonly trusted: readonly VerifierKey[];
  readonly writer: { readonly id: string; readonly version: string };
  readonly random: () => number;
  /** 16 bytes that nobody can guess. */
  readonly randomId: () => Uint8Array;
};

export type Recording = {
  readonly recorded: RecordedAct;
  readonly history: ActHistory;
  /** False: the same was asked for before, and nothing was written. */
  readonly isNew: boolean;
};

/** Others who decide at the same moment win the sequence so often at most. */
const ATTEMPTS_MAX = 50;
/** The same request within this time is one whose answer was lost. */
const REPEATED_MS = 24 * 3_600_000;
const POLICY_NAME = 'governance';

/** The governance chain as it stands. Null: there is none yet. Throws BrokenActsError. */
export const readGovernance = ({ store, signal, ...tools }: GovernanceTools): Promise<ActReading | null> =>
  readActs(store, governanceKeys(tools), signal).catch((error: unknown) => {
    if (!(error instanceof BrokenActsError)) throw error;
    throw new BrokenActsError(error.problem, error.before, '; no act can be written behind it');
  });

/**
 * Writes the act, or finds that it is written already. It counts when this returns; what it demands of the
 * store is not done by this. Throws `act-refused` where the rules do not allow it, and whatever keys and
 * store throw: asked again, it is the same act.
 */
export async function recordAct(
  tools: GovernanceTools,
  decider: Decider,
  request: ActRequest,
  read: (tools: GovernanceTools) => Promise<ToSeal | null> = readGovernance,
): Promise<Recording> {
  const digest = requestDigest(request, decider.name, nodeSha256);
  let signed: SignedValue | null = null;
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const reading = await read(tools);
    const history = reading?.history ?? newHistory(tools);
    const before = standing(history, digest, tools.clock.now());
    if (before !== null) return { recorded: before, history, isNew: false };
    const head = reading?.begins?.head ?? headOf(tools, reading);
    requirePast(head, tools.clock);
    const sealing = await sealingKeys(tools, reading);
    const place = {
      offset: head.nextOffset,
      sequence: head.size,
      partition: head.partition,
      sealedMs: Math.max(tools.clock.now(), head.sealedMs),
      sealedBy: sealing.map(({ publicKey }) => spkiFingerprint(publicKey, nodeSha256)),
    };
    signed ??= await signedValue(tools, decider, { ...request, digest }, history, place);
    // Somebody may have decided otherwise in between: asked before each attempt.
    requireAllowed(history, signed.act, place);
    const segment = segmentOf(tools, head, sealing, bodyOf(head, signed), reading?.begins?.continues);
    if (!(await isStored(segment, tools, sealing))) continue;
    return { recorded: await taken(history, segment, signed, place.sealedBy), history, isNew: true };
  }
  throw new LedgerstoneError('busy', `others decided ${ATTEMPTS_MAX} times while this was to be written`, {
    disposition: 'retriable',
    remedy: 'Ask again.',
  });
}

/** The same was asked for, and it stands: it waits, is not done yet, or is fresh and not over. */
function standing(history: ActHistory, digest: string, nowMs: number): RecordedAct | null {
  const same = history.acts.filter(({ act, withdrawnBy }) => act.request === digest && withdrawnBy === null);
  return (
    same.find(
      (recorded) =>
        history.isWaiting(recorded, nowMs) ||
        (history.end(recorded, nowMs) === null &&
          (history.isOpen(recorded, nowMs) || nowMs - recorded.place.sealedMs < REPEATED_MS)),
    ) ?? null
  );
}

type SignedValue = { readonly act: Act; readonly value: Uint8Array; readonly timeMs: number };

async function signedValue(
  { clock, randomId, signal }: GovernanceTools,
  { name, principal, signer }: Decider,
  request: ActRequest & { readonly digest: string },
  history: ActHistory,
  place: SealedAt,
): Promise<SignedValue> {
  const timeMs = clock.now();
  const { digest, ...asked } = request;
  const act = {
    ...asked,
    id: toHex(randomId()),
    by: { name, principal, key: spkiFingerprint(signer.publicKey, nodeSha256) },
    time: timeText(timeMs),
    request: digest,
  } as Act;
  // Before anybody signs: a person's key may stand behind a prompt.
  requireAllowed(history, act, place);
  const bytes = encodeAct(act, nodeSha256);
  const signature = await signer.sign(actMessage(bytes, history.chainOrigin), signal);
  return { act, value: signedActBytes(bytes, signature), timeMs };
}

function requireAllowed(history: ActHistory, act: Act, place: SealedAt): void {
  const why = history.refusal(act, place);
  if (why === null) return;
  throw new LedgerstoneError('act-refused', `${act.kind} is not allowed: ${why}`, {
    disposition: 'input',
    remedy: 'See who may decide and what waits: ledgerstone governance show.',
  });
}

const newHistory = ({ archiveOrigin }: GovernanceTools): ActHistory =>
  new ActHistory({ origin: governanceOrigin(archiveOrigin), sha256: nodeSha256 });

function headOf({ archiveOrigin }: GovernanceTools, reading: ActReading | null): Head {
  if (reading === null) return newChainHead(governanceOrigin(archiveOrigin), GOVERNANCE_CHAIN, 0, 0);
  const { manifest, manifestHash, frontier } = reading.head;
  return headAfter(GOVERNANCE_CHAIN, manifest.source.partition, manifest, manifestHash, frontier);
}

/** Nothing is sealed before the head: one from the future would take all locks there. */
function requirePast({ sealedMs, size }: Head, clock: Clock): void {
  if (sealedMs <= clock.now() + 2 * CLOCK_OFFSET_MAX_MS) return;
  throw new LedgerstoneError(
    'seal-ahead',
    `segment ${size - 1} of the governance chain says that it was sealed at ${timeText(sealedMs)}, which is to come`,
    { remedy: 'Set the clock of this machine, or wait. Find out who sealed it.' },
  );
}

/**
 * A segment without an act: the chain changes over to the key that people decided on (FORMAT.md 13.5.7).
 * False: others decided at the same moment.
 */
export async function sealKeyChange(tools: GovernanceTools, reading: ActReading): Promise<boolean> {
  const head = headOf(tools, reading);
  requirePast(head, tools.clock);
  const sealing = await sealingKeys(tools, reading, true);
  const segment = segmentOf(tools, head, sealing, emptyBody(nodeSha256, head.nextOffset));
  return isStored(segment, tools, sealing);
}

function bodyOf(head: Head, { value, timeMs }: SignedValue): SegmentBody {
  const body = new BodyBuilder(head.nextOffset, {
    ...{ sha256: nodeSha256, sha256Into: nodeSha256Into },
    ...{ encoding: 'zstd', compress: zstdCompressor(3) },
  });
  body.record(recordOf(head.nextOffset, value, timeMs));
  return body.finish();
}

function segmentOf(
  tools: GovernanceTools,
  head: Head,
  sealing: readonly Signer[],
  body: SegmentBody,
  continues: Continues | null = null,
): Segment {
  const nowMs = tools.clock.now();
  return makeSegment(nodeSha256, head, body, {
    ...{ source: { kind: 'acts', partition: head.partition }, continues, anchoredMs: nowMs, nowMs },
    retention: { ...tools.retention, policy: POLICY_NAME },
    keys: sealing.map(({ publicKey }) => encodeVkey(verifierKey(head.origin, publicKey, nodeSha256))),
    writer: tools.writer,
  });
}

const recordOf = (offset: number, value: Uint8Array, timeMs: number): KafkaRecord => ({
  ...{ offset, timestamp: BigInt(timeMs), timestampType: 'create', key: null, headers: [], value },
});

async function isStored(
  segment: Segment,
  { store, clock, random, retention, signal, onTrouble }: GovernanceTools,
  sealing: readonly Signer[],
): Promise<boolean> {
  const sealer = new Sealer({
    ...{ store, signersOf: () => sealing, sha256: nodeSha256, clock, random, signal },
    memory: { open: () => ({ hold: () => {}, release: () => {} }) },
    sealRetention: retention,
  });
  return (await sealer.carry(segment, onTrouble)).kind === 'stored';
}

async function taken(
  history: ActHistory,
  segment: Segment,
  signed: SignedValue,
  sealedBy: readonly string[],
): Promise<RecordedAct> {
  const { manifest, after } = segment;
  const place = {
    offset: manifest.records.firstOffset,
    sequence: manifest.sequence,
    partition: manifest.source.partition,
    sealedMs: after.sealedMs,
    sealedBy,
  };
  const record = recordOf(place.offset, signed.value, signed.timeMs);
  const why = await history.add({ kind: 'entry', record }, place);
  const recorded = history.find(signed.act.id);
  if (recorded !== null) return recorded;
  // Its time ran out between asking and sealing: it is written, and it decides nothing.
  throw new LedgerstoneError('act-refused', `written, and it does not count: ${why}`, {
    disposition: 'input',
  });
}

/** That vouch for decisions: what seals them by the configuration, and what it trusts. */
export const governanceKeys = ({
  archiveOrigin,
  signers,
  trusted,
}: Pick<GovernanceTools, 'archiveOrigin' | 'signers' | 'trusted'>): VerifierKey[] => [
  ...signers.map(({ publicKey }) => verifierKey(governanceOrigin(archiveOrigin), publicKey, nodeSha256)),
  ...trusted,
];
