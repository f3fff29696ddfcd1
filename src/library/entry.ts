// What does each function of the library do? What reads an archive is loaded when it is called.
import { LedgerstoneError } from '../base/error.ts';
import { nodeSha256 } from '../base/node/hash.ts';
import { checkEventProof, type EventProofCheck } from '../verify/event-proof.ts';
import type { OpenOptions, ReadOnlyArchive } from './archive.ts';
import type { FindEventsOptions, FoundEvents } from './find.ts';
import { keysFromTexts } from './keys.ts';
import type { ProveEventOptions, ProvenRecord } from './prove-event.ts';
import type { VerificationOptions, VerificationReport } from './verify-archive.ts';

/**
 * Opens `s3://bucket/prefix` or a directory, for reading. Credentials of AWS come the usual way: environment,
 * profile, role. Close it at the end. Throws LedgerstoneError: `usage`, or `no-archive` if there is no such
 * directory, or `old-node`.
 */
export async function openForProgram(name: string, options: OpenOptions = {}): Promise<ReadOnlyArchive> {
  requireNode();
  const { openReadOnly } = await import('./archive.ts');
  return openReadOnly(name, options);
}

/**
 * Goes through the whole checklist of FORMAT.md §9, whatever it finds on the way. Throws only if the archive
 * can't be listed at all, if a key or a checkpoint is none, or if `signal` aborts.
 */
export async function verifyForProgram(
  archive: ReadOnlyArchive,
  options: VerificationOptions,
): Promise<VerificationReport> {
  const trusted = keysFromTexts(options.keys);
  const { verifyOpened } = await import('./verify-archive.ts');
  return verifyOpened(archive, trusted, options);
}

/** Searches. Everything that can be wrong with the options is thrown at once, as LedgerstoneError `usage`. */
export async function findForProgram(
  archive: ReadOnlyArchive,
  options: FindEventsOptions,
): Promise<FoundEvents> {
  const trusted = keysFromTexts(options.keys);
  const { findOpened } = await import('./find.ts');
  return findOpened(archive, trusted, options);
}

/**
 * The whole segment is compared with its seal first. Throws LedgerstoneError: `not-sealed-yet` (ask again
 * later), `no-chain`, `before-chain`, `expired`, or the code of a finding if the archive is not what was
 * signed.
 */
export async function proveForProgram(
  archive: ReadOnlyArchive,
  options: ProveEventOptions,
): Promise<ProvenRecord> {
  const trusted = keysFromTexts(options.keys);
  const { proveOpened } = await import('./prove-event.ts');
  return proveOpened(archive, trusted, options);
}

export type CheckProofOptions = {
  readonly proof: Uint8Array;
  /** As archived; one LF at its end is allowed. */
  readonly line: Uint8Array;
  /** Trusted keys, as texts. Without one the verdict is never `verified`. */
  readonly keys: readonly string[];
};

/** Offline, from these bytes alone. Never throws on hostile bytes; on keys that are none, `usage`. */
export async function checkForProgram({ proof, line, keys }: CheckProofOptions): Promise<EventProofCheck> {
  return checkEventProof({ proof, line, trusted: keysFromTexts(keys), sha256: nodeSha256 });
}

/** Of Node, whose zstd and threads read an archive. Proofs and packages are checked by older ones too. */
const NODE_MIN = [24, 3] as const;

function requireNode(): void {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1])) return;
  throw new LedgerstoneError('old-node', `reading an archive needs Node ${NODE_MIN.join('.')} or newer`, {
    remedy: `This is ${process.versions.node}. checkProof and verifyPackage run here.`,
  });
}
