// Was this line sealed in this position of this chain? Offline, from a proof, the line and a trusted key.
import { fromHex, toHex } from '../base/bytes.ts';
import type { Sha256 } from '../base/hash.ts';
import { type EventProof, encodeEventProof, parseEventProof } from '../format/event-proof.ts';
import type { GapReason } from '../format/line.ts';
import { scanLine } from '../format/line-scanner.ts';
import type { Manifest } from '../format/manifest.ts';
import { parseManifest } from '../format/manifest-bytes.ts';
import { laterVersion } from '../format/manifest-version.ts';
import { encodeSignedCheckpoint } from '../format/note.ts';
import type { VerifierKey } from '../format/vkey.ts';
import { inclusionProof, verifyInclusion } from '../merkle/proof.ts';
import { type Hash, leafHash } from '../merkle/tree.ts';
import { type Problem, SEVERITY, VerifyError } from './finding.ts';
import { isSignedLater, newerFormat, unsignedLater } from './later-version.ts';
import { type OpenedSeal, problemOf } from './open-seal.ts';
import { checkSignatures, includesKey, manifestKeys, trustedFor, type VerifySignature } from './trust.ts';

export type EventProofCheck =
  | {
      readonly verdict: 'verified';
      readonly origin: string;
      readonly sequence: number;
      /** Of the signed checkpoint to which the proof leads. */
      readonly size: number;
      readonly offset: number;
      /** One more than `offset` for an entry; a gap line covers more. */
      readonly nextOffset: number;
      readonly gap: GapReason | null;
      readonly manifest: Manifest;
    }
  | { readonly verdict: 'broken' | 'unverifiable'; readonly finding: Problem };

export type EventProofInput = {
  readonly proof: Uint8Array;
  /** As archived; one LF at its end is allowed. */
  readonly line: Uint8Array;
  readonly trusted: readonly VerifierKey[];
  readonly sha256: Sha256;
  readonly verifySignature?: VerifySignature;
};

/** Never throws on hostile bytes. */
export async function checkEventProof(input: EventProofInput): Promise<EventProofCheck> {
  try {
    return await check(input);
  } catch (error) {
    const finding = error instanceof VerifyError ? error.problem : problemOf(error);
    const isUnverifiable = SEVERITY[finding.code] === 'unverifiable';
    return { verdict: isUnverifiable ? 'unverifiable' : 'broken', finding };
  }
}

async function check({
  proof: bytes,
  line: given,
  trusted,
  sha256,
  verifySignature,
}: EventProofInput): Promise<EventProofCheck> {
  const proof = parseEventProof(bytes);
  await refuseLater(proof, { trusted, sha256, ...(verifySignature && { verifySignature }) });
  const manifest = parseManifest(proof.manifestBytes);
  const listed = manifestKeys(manifest.keys, sha256);
  const { origin, size, root } = proof.signed.checkpoint;
  demand(manifest.origin === origin, 'malformed', `a checkpoint of ${manifest.origin}`, origin);
  demand(
    manifest.sequence === proof.index,
    'malformed',
    `manifest ${proof.index}`,
    `manifest ${manifest.sequence}`,
  );

  // Line → entry root.
  const line = given.at(-1) === 0x0a ? given.subarray(0, -1) : given;
  const { entries } = manifest;
  const leaf = leafHash(sha256, line);
  const isEntry = verifyInclusion(
    sha256,
    leaf,
    proof.line,
    entries.size,
    proof.linePath,
    fromHex(entries.root),
  );
  demand(
    isEntry,
    'entry-root-mismatch',
    `a line of segment ${manifest.sequence}`,
    `leaf hash ${toHex(leaf)}`,
  );
  const { offset, nextOffset, gap } = scanLine(line, 0, line.length);
  const { records } = manifest;
  demand(
    offset >= records.firstOffset && nextOffset <= records.nextOffset,
    'offset-gap',
    `offsets ${records.firstOffset} to ${records.nextOffset - 1}`,
    `offsets ${offset} to ${nextOffset - 1}`,
  );

  // Manifest → signed root.
  const manifestLeaf = leafHash(sha256, proof.manifestBytes);
  const isSealed = verifyInclusion(sha256, manifestLeaf, proof.index, size, proof.path, root);
  demand(isSealed, 'root-mismatch', `a manifest under root ${toHex(root)}`, 'another root');

  await checkKeys(proof, listed, { trusted, sha256, ...(verifySignature && { verifySignature }) });
  return {
    verdict: 'verified',
    origin,
    sequence: manifest.sequence,
    size,
    offset,
    nextOffset,
    gap,
    manifest,
  };
}

/**
 * Throws `newer-format` for a manifest of a later version that is proven and signed, and `malformed` for
 * any other.
 */
async function refuseLater(
  { manifestBytes, index, path, signed }: EventProof,
  { trusted, sha256, verifySignature }: Pick<EventProofInput, 'trusted' | 'sha256' | 'verifySignature'>,
): Promise<void> {
  const version = laterVersion(manifestBytes);
  if (version === null) return;
  const { origin, size, root } = signed.checkpoint;
  const isBound = verifyInclusion(sha256, leafHash(sha256, manifestBytes), index, size, path, root);
  const keys = trustedFor(trusted, origin, sha256);
  const isSigned = isBound && (await isSignedLater({ version, signed }, keys, verifySignature));
  throw new VerifyError(isSigned ? newerFormat(version) : unsignedLater(version));
}

/**
 * All keys of a manifest must have signed its own checkpoint. A later checkpoint is signed by the keys of
 * later manifests, so there one trusted key is enough.
 */
async function checkKeys(
  proof: EventProof,
  listed: readonly VerifierKey[],
  context: Pick<EventProofInput, 'trusted' | 'sha256' | 'verifySignature'>,
): Promise<void> {
  const { origin } = proof.signed.checkpoint;
  const trusted = trustedFor(context.trusted, origin, context.sha256);
  if (trusted.length === 0) {
    throw new VerifyError({ code: 'no-trusted-key', expected: `a trusted key for ${origin}`, found: null });
  }
  const required = proof.signed.checkpoint.size === proof.index + 1 ? listed : [];
  const known = [...trusted, ...listed.filter((key) => !includesKey(trusted, key))];
  const { problems, signedBy } = await checkSignatures(
    proof.signed,
    required,
    known,
    context.verifySignature,
  );
  const [problem] = problems;
  if (problem !== undefined) throw new VerifyError(problem);
  if ([...signedBy].some((key) => includesKey(trusted, key))) return;
  const found = `signatures of ${proof.signed.signatures.map(({ keyId }) => toHex(keyId)).join(', ')}`;
  throw new VerifyError({ code: 'unknown-key', expected: 'a signature of a trusted key', found });
}

/** A line in its segment's tree. */
export type LinePath = {
  readonly index: number;
  /** Of the line without its LF. */
  readonly leaf: Hash;
  /** Leaf to root. */
  readonly path: readonly Hash[];
};

/**
 * The proof of one line, from its segment's seal and its place in the segment's tree. Throws VerifyError
 * `entry-root-mismatch` if the path does not lead to the root that the seal states.
 */
export function eventProofOf(
  opened: OpenedSeal,
  { index, leaf, path }: LinePath,
  sha256: Sha256,
): Uint8Array {
  const { entries } = opened.manifest;
  const { seal } = opened;
  if (!verifyInclusion(sha256, leaf, index, entries.size, path, fromHex(entries.root))) {
    throw new VerifyError({
      code: 'entry-root-mismatch',
      expected: entries.root,
      found: 'lines of another root',
    });
  }
  return encodeEventProof({
    manifestBytes: seal.manifestBytes,
    line: index,
    linePath: path,
    index: seal.index,
    path: seal.path,
    note: encodeSignedCheckpoint(seal.signed.text, seal.signed.signatures),
  });
}

/** The same from the leaf hashes of all the segment's lines in order. */
export const buildEventProof = (
  opened: OpenedSeal,
  leaves: readonly Hash[],
  line: number,
  sha256: Sha256,
): Uint8Array =>
  eventProofOf(
    opened,
    { index: line, leaf: leaves[line] as Hash, path: inclusionProof(sha256, leaves, line) },
    sha256,
  );

function demand(holds: boolean, code: Problem['code'], expected: string, found: string): void {
  if (!holds) throw new VerifyError({ code, expected, found });
}
