// Was each event of one chain archived where the package says, and does every proof have its event?
import { equalBytes, toHex } from '../base/bytes.ts';
import { FormatError, messageOf } from '../base/error.ts';
import type { Sha256 } from '../base/hash.ts';
import { parseEventProof } from '../format/event-proof.ts';
import { parseSignedCheckpoint, type SignedCheckpoint } from '../format/note.ts';
import type { VerifierKey } from '../format/vkey.ts';
import { checkEventProof } from '../verify/event-proof.ts';
import { checkSignatures, trustedFor, type VerifySignature } from '../verify/trust.ts';
import { type ShownEvent, shownEvent } from './event.ts';
import type { Findings } from './finding.ts';
import { checkpointPath, eventsPath, proofPath } from './package.ts';
import { ChainSummarizer, type ChainSummary } from './summary.ts';

export type CheckedEvent = {
  readonly chain: string;
  readonly partition: number;
  /** As archived, without its LF. */
  readonly line: Uint8Array;
  readonly shown: ShownEvent;
  /** Whether its proof holds under a key that is trusted here. */
  readonly isProven: boolean;
  /** RFC 3339, by the archiver's clock; null where the proof does not hold. */
  readonly archivedAt: string | null;
  readonly proofPath: string;
};

export type CheckedChain = {
  readonly chain: string;
  readonly partition: number;
  readonly events: readonly CheckedEvent[];
  /** Null where there is no checkpoint that can be read. */
  readonly signed: SignedCheckpoint | null;
  /** Of the trusted keys, those that signed the checkpoint. */
  readonly signedBy: readonly VerifierKey[];
  /** What the protocol should say of this chain. Null where there is no checkpoint. */
  readonly summary: ChainSummary | null;
};

export type ChainContext = {
  readonly content: ReadonlyMap<string, Uint8Array>;
  readonly trusted: readonly VerifierKey[];
  readonly sha256: Sha256;
  readonly verifySignature: VerifySignature;
  readonly findings: Findings;
  /** Called for each event: may wait, so that a page stays alive. */
  readonly onEvent: () => Promise<void>;
};

const LF = 0x0a;

export async function checkEvents(
  context: ChainContext,
  chain: string,
  partition: number,
): Promise<CheckedChain> {
  const { content, trusted, sha256, findings } = context;
  const signed = checkpointOf(context, chain, partition);
  const keys = signed === null ? [] : trustedFor(trusted, signed.checkpoint.origin, sha256);
  const signedBy =
    signed === null
      ? new Set<VerifierKey>()
      : (await checkSignatures(signed, [], keys, context.verifySignature)).signedBy;
  if (signed !== null && signedBy.size === 0) findings.add('other-key', { chain: `${chain}/${partition}` });
  const summarizer =
    signed === null ? null : new ChainSummarizer({ chain, partition, ...summaryPlace(signed) });
  const events: CheckedEvent[] = [];
  const path = eventsPath(chain, partition);
  let next = 0;
  for (const [number, line] of linesOf(content.get(path) ?? new Uint8Array(0)).entries()) {
    await context.onEvent();
    const shown = shownOrNull(line);
    if (shown === null) {
      findings.add('line-bad', { path, line: number + 1 });
      continue;
    }
    if (shown.offset < next) findings.add('line-order', { path, line: number + 1 });
    next = Math.max(next, shown.nextOffset);
    summarizer?.add(shown);
    events.push(await checkEvent(context, { chain, partition, line, shown }, signed));
  }
  return {
    chain,
    partition,
    events,
    signed,
    signedBy: [...signedBy],
    summary: summarizer?.summary() ?? null,
  };
}

const summaryPlace = ({ checkpoint: { origin, size, root } }: SignedCheckpoint) => ({
  origin,
  checkpoint: { size, root: toHex(root) },
});

function checkpointOf(
  { content, findings }: ChainContext,
  chain: string,
  partition: number,
): SignedCheckpoint | null {
  const path = checkpointPath(chain, partition);
  const bytes = content.get(path);
  try {
    if (bytes === undefined) throw new FormatError('it is not there');
    const signed = parseSignedCheckpoint(bytes);
    if (signed.checkpoint.origin.endsWith(`/${chain}/${partition}`)) return signed;
    throw new FormatError(`it is of ${signed.checkpoint.origin}`);
  } catch (error) {
    findings.add('checkpoint-bad', { path, why: messageOf(error) });
    return null;
  }
}

async function checkEvent(
  context: ChainContext,
  event: Omit<CheckedEvent, 'isProven' | 'archivedAt' | 'proofPath'>,
  signed: SignedCheckpoint | null,
): Promise<CheckedEvent> {
  const { content, trusted, sha256, verifySignature, findings } = context;
  const { chain, partition, line, shown } = event;
  const path = proofPath(chain, partition, shown.offset);
  const place = { chain: `${chain}/${partition}`, offset: shown.offset };
  const unproven = { ...event, isProven: false, archivedAt: null, proofPath: path };
  const proof = content.get(path);
  if (proof === undefined) {
    findings.add('event-without-proof', place);
    return unproven;
  }
  const checked = await checkEventProof({ proof, line, trusted, sha256, verifySignature });
  if (checked.verdict !== 'verified') {
    const { code } = checked.finding;
    if (checked.verdict === 'broken') findings.add('proof-bad', { ...place, code });
    else if (code === 'newer-format') findings.add('newer-version');
    else findings.add('other-key', { chain: place.chain });
    return unproven;
  }
  // Every proof of a chain leads to the one checkpoint that the package shows.
  const { checkpoint } = parseEventProof(proof).signed;
  const isSame =
    signed !== null &&
    checkpoint.origin === signed.checkpoint.origin &&
    checkpoint.size === signed.checkpoint.size &&
    equalBytes(checkpoint.root, signed.checkpoint.root);
  if (!isSame) findings.add('proof-bad', { ...place, code: 'another checkpoint' });
  return { ...unproven, isProven: isSame, archivedAt: checked.manifest.time.sealed };
}

function shownOrNull(line: Uint8Array): ShownEvent | null {
  try {
    return shownEvent(line);
  } catch {
    return null;
  }
}

/** Without their LF. What stands after the last LF is a line too: it may have lost its LF. */
function linesOf(bytes: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = [];
  for (let start = 0; start < bytes.length; ) {
    const found = bytes.indexOf(LF, start);
    const end = found < 0 ? bytes.length : found;
    lines.push(bytes.subarray(start, end));
    start = end + 1;
  }
  return lines;
}
