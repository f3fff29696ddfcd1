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
  /** Number of its segment; null as well. */
  readonly sequence: number | null;
  readonly proofPath: string;
};

/** One line of the file of a chain. */
export type CheckedLine = {
  /** From 1. */
  readonly number: number;
  /** Null: it is no line of an archive. */
  readonly event: CheckedEvent | null;
  /** Null: nothing is known against the line itself. */
  readonly fault: LineFault | null;
};

/** `bad`: no line of an archive. `no-proof`: no proof of it is listed. Else the code of its proof's fault. */
type LineFault = { readonly kind: 'bad' | 'no-proof' | 'proof'; readonly code: string };

export type CheckedChain = {
  readonly chain: string;
  readonly partition: number;
  readonly events: readonly CheckedEvent[];
  readonly lines: readonly CheckedLine[];
  /** Null where there is no checkpoint that can be read. */
  readonly signed: SignedCheckpoint | null;
  /** Of the trusted keys, those that signed the checkpoint. */
  readonly signedBy: readonly VerifierKey[];
  /** What the protocol should say of this chain. Null where there is no checkpoint. */
  readonly summary: ChainSummary | null;
};

export type ChainContext = {
  readonly content: ReadonlyMap<string, Uint8Array>;
  /** Files of which something else says that they are missing or were changed. */
  readonly faulty: ReadonlySet<string>;
  readonly trusted: readonly VerifierKey[];
  /** What is found where another key signed: the reader gave the trusted ones, or the package names them. */
  readonly otherKey: 'other-key' | 'own-key';
  readonly sha256: Sha256;
  readonly verifySignature: VerifySignature;
  readonly findings: Findings;
  /** Called for each event: may wait, so that a page stays alive. */
  readonly onEvent: () => Promise<void>;
};

const LF = 0x0a;

/** What is wrong with its lines `checkLines` says, once it is known what was asked for. */
export async function checkEvents(
  context: ChainContext,
  chain: string,
  partition: number,
): Promise<CheckedChain> {
  const { content } = context;
  const { signed, signedBy } = await checkpointOf(context, chain, partition);
  const summarizer =
    signed === null ? null : new ChainSummarizer({ chain, partition, ...summaryPlace(signed) });
  const events: CheckedEvent[] = [];
  const lines: CheckedLine[] = [];
  const bytes = content.get(eventsPath(chain, partition)) ?? new Uint8Array(0);
  for (const [index, line] of linesOf(bytes).entries()) {
    await context.onEvent();
    const shown = shownOrNull(line);
    if (shown === null) {
      lines.push({ number: index + 1, event: null, fault: { kind: 'bad', code: '' } });
      continue;
    }
    summarizer?.add(shown);
    const { event, fault } = await checkEvent(context, { chain, partition, line, shown }, signed);
    events.push(event);
    lines.push({ number: index + 1, event, fault });
  }
  const summary = summarizer?.summary() ?? null;
  return { chain, partition, events, lines, signed, signedBy: [...signedBy], summary };
}

const summaryPlace = ({ checkpoint: { origin, size, root } }: SignedCheckpoint) => ({
  origin,
  checkpoint: { size, root: toHex(root) },
});

async function checkpointOf(
  { content, faulty, findings, trusted, otherKey, sha256, verifySignature }: ChainContext,
  chain: string,
  partition: number,
): Promise<{ readonly signed: SignedCheckpoint | null; readonly signedBy: ReadonlySet<VerifierKey> }> {
  const path = checkpointPath(chain, partition);
  const bytes = content.get(path);
  const none = { signed: null, signedBy: new Set<VerifierKey>() };
  if (bytes === undefined && faulty.has(path)) return none;
  try {
    if (bytes === undefined) throw new FormatError('it is not there');
    const signed = parseSignedCheckpoint(bytes);
    const { origin } = signed.checkpoint;
    if (!origin.endsWith(`/${chain}/${partition}`)) throw new FormatError(`it is of ${origin}`);
    const keys = trustedFor(trusted, origin, sha256);
    const { signedBy, problems } = await checkSignatures(signed, [], keys, verifySignature);
    if (problems.length > 0) throw new FormatError('its signature does not hold');
    // Without any key the keys are what is wrong, and of a changed checkpoint it is said that it was changed.
    if (signedBy.size === 0 && trusted.length > 0 && !faulty.has(path))
      findings.add(otherKey, { chain: `${chain}/${partition}` });
    return { signed, signedBy };
  } catch (error) {
    findings.add('checkpoint-bad', { path, why: messageOf(error) });
    return none;
  }
}

type EventCheck = { readonly event: CheckedEvent; readonly fault: LineFault | null };

async function checkEvent(
  context: ChainContext,
  event: Omit<CheckedEvent, 'isProven' | 'archivedAt' | 'sequence' | 'proofPath'>,
  signed: SignedCheckpoint | null,
): Promise<EventCheck> {
  const { content, faulty, trusted, otherKey, sha256, verifySignature, findings } = context;
  const { chain, partition, line, shown } = event;
  const path = proofPath(chain, partition, shown.offset);
  const unproven = { ...event, isProven: false, archivedAt: null, sequence: null, proofPath: path };
  const proof = content.get(path);
  // Against the line itself speaks only a proof that is as it was exported.
  const against = (kind: LineFault['kind'], code: string): EventCheck => ({
    event: unproven,
    fault: faulty.has(path) ? null : { kind, code },
  });
  if (proof === undefined) return against('no-proof', '');
  const checked = await checkEventProof({ proof, line, trusted, sha256, verifySignature });
  if (checked.verdict !== 'verified') {
    const { code } = checked.finding;
    if (checked.verdict === 'broken') return against('proof', code);
    if (code === 'newer-format') findings.add('newer-version');
    else if (trusted.length > 0) findings.add(otherKey, { chain: `${chain}/${partition}` });
    return { event: unproven, fault: null };
  }
  // Every proof of a chain leads to the one checkpoint that the package shows.
  const { checkpoint } = parseEventProof(proof).signed;
  const isSame =
    signed !== null &&
    checkpoint.origin === signed.checkpoint.origin &&
    checkpoint.size === signed.checkpoint.size &&
    equalBytes(checkpoint.root, signed.checkpoint.root);
  const { sequence, time } = checked.manifest;
  const archived = { ...unproven, isProven: isSame, archivedAt: time.sealed, sequence };
  const isChanged = signed === null || faulty.has(checkpointPath(chain, partition));
  const fault = isSame || isChanged ? null : ({ kind: 'proof', code: 'another checkpoint' } as const);
  return { event: archived, fault };
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
