// Is this one seal sound in itself, and signed by a trusted key?
import { equalBytes, toHex, utf8Text } from '../base/bytes.ts';
import { FormatError } from '../base/error.ts';
import type { Sha256 } from '../base/hash.ts';
import type { Manifest } from '../format/manifest.ts';
import { parseManifest } from '../format/manifest-bytes.ts';
import { laterVersion } from '../format/manifest-version.ts';
import { encodeSignedCheckpoint } from '../format/note.ts';
import { parseSeal, type Seal } from '../format/seal.ts';
import type { VerifierKey } from '../format/vkey.ts';
import { append, type Frontier, frontierFromLastLeafPath, leafHash, rootOf } from '../merkle/tree.ts';
import { isFindingCode, type Problem, VerifyError } from './finding.ts';
import { isSignedLater, type LaterVersion, newerFormat, unsignedLater } from './later-version.ts';
import { checkSignatures, includesKey, manifestKeys, trustedFor, type VerifySignature } from './trust.ts';

export type OpenSealContext = {
  /**
   * Keys named with the archive's origin (or the chain's). The seal's keys must include at least one of them.
   */
  readonly trusted: readonly VerifierKey[];
  readonly sha256: Sha256;
  /** The chain's origin. Left out if only the seal itself says it. */
  readonly origin?: string;
  /** The sequence that the object's key names. */
  readonly sequence?: number;
  /** WebCrypto unless given. */
  readonly verifySignature?: VerifySignature;
};

/** A seal whose manifest is bound to the signed root. */
export type OpenedSeal = {
  readonly seal: Seal;
  readonly manifest: Manifest;
  /** Of the chain at size index + 1, as it was signed. */
  readonly root: Uint8Array;
  /** Of the chain with this seal in it: what the next one is appended to. */
  readonly frontier: Frontier;
  /** Hex SHA-256 of the manifest's bytes: `previous` of the next one. */
  readonly manifestHash: string;
  /** Every key of the manifest: all of them signed. Named with the chain's origin. */
  readonly signedKeys: readonly VerifierKey[];
};

/** What could be read of a seal, and all its faults. `opened` is null if it is not a seal at all. */
export type SealInspection = {
  readonly opened: OpenedSeal | null;
  readonly problems: readonly Problem[];
  readonly signaturesChecked: number;
  /**
   * Of a later version, if a trusted key signed it: the caller knows the trusted keys and asks. Its problem
   * is then another.
   */
  readonly later?: LaterVersion;
};

/**
 * Throws VerifyError with the first problem's code: `malformed`, `sequence-gap`, `root-mismatch`,
 * `bad-signature`, `unknown-key`, `no-trusted-key`, `newer-format`.
 */
export async function openSeal(bytes: Uint8Array, context: OpenSealContext): Promise<OpenedSeal> {
  const inspection = await inspectSeal(bytes, context);
  await refuseLater(inspection, context);
  const { opened, problems } = inspection;
  const first = problems[0] ?? (opened === null ? NOT_A_SEAL : trustProblem(opened, context));
  if (first !== null || opened === null) throw new VerifyError(first ?? NOT_A_SEAL);
  return opened;
}

/**
 * Throws `newer-format` for a seal of a later version that a trusted key signed. Where none is given, for
 * each.
 */
export async function refuseLater(
  { later }: SealInspection,
  { trusted, sha256, verifySignature }: OpenSealContext,
): Promise<void> {
  if (later === undefined) return;
  const keys = trustedFor(trusted, later.signed.checkpoint.origin, sha256);
  if (trusted.length === 0 || (await isSignedLater(later, keys, verifySignature)))
    throw new VerifyError(newerFormat(later.version));
}

const NOT_A_SEAL: Problem = { code: 'malformed', expected: 'a seal', found: null };

/** Whether a trusted key is among those that signed. */
export function trustProblem(opened: OpenedSeal, context: OpenSealContext): Problem | null {
  const { origin, keys } = opened.manifest;
  const trusted = trustedFor(context.trusted, origin, context.sha256);
  if (trusted.length === 0) {
    return { code: 'no-trusted-key', expected: `a trusted key for ${origin}`, found: keys.join(' ') };
  }
  if (opened.signedKeys.some((key) => includesKey(trusted, key))) return null;
  return { code: 'unknown-key', expected: 'a key that is trusted', found: keys.join(' ') };
}

/**
 * The same without stopping, for a verifier, which reports everything. It does not ask whether the seal's
 * keys are trusted, because that depends on the seal's position in the chain. Never throws on hostile bytes.
 */
export async function inspectSeal(bytes: Uint8Array, context: OpenSealContext): Promise<SealInspection> {
  const { sha256 } = context;
  let parsed: { seal: Seal; manifest: Manifest; keys: VerifierKey[] };
  try {
    const seal = parseSeal(bytes);
    const version = laterVersion(seal.manifestBytes);
    if (version !== null) return inspectLater(seal, version, context);
    const manifest = parseManifest(seal.manifestBytes);
    parsed = { seal, manifest, keys: manifestKeys(manifest.keys, sha256) };
  } catch (error) {
    return { opened: null, problems: [problemOf(error)], signaturesChecked: 0 };
  }
  const { seal, manifest, keys } = parsed;

  // `extra` is unproven until the path from its leaf has led to the signed root.
  const before = frontierFromLastLeafPath(seal.path, seal.index);
  if (before === undefined) {
    const found = `a proof of ${seal.path.length} hashes for the last leaf of ${seal.index + 1}`;
    return { opened: null, problems: [{ code: 'malformed', expected: null, found }], signaturesChecked: 0 };
  }
  const frontier = append(sha256, before, leafHash(sha256, seal.manifestBytes));
  const { origin, root } = seal.signed.checkpoint;

  const problems: Problem[] = [];
  const expect = (ok: boolean, code: Problem['code'], expected: string, found: string) => {
    if (!ok) problems.push({ code, expected, found });
  };
  const computed = rootOf(sha256, frontier);
  expect(equalBytes(computed, root), 'root-mismatch', toHex(root), toHex(computed));
  expect(manifest.origin === origin, 'malformed', `checkpoint of ${manifest.origin}`, origin);
  if (context.origin !== undefined)
    expect(manifest.origin === context.origin, 'malformed', context.origin, manifest.origin);
  expect(
    manifest.sequence === seal.index,
    'malformed',
    `sequence ${seal.index}`,
    `sequence ${manifest.sequence}`,
  );
  if (context.sequence !== undefined)
    expect(
      manifest.sequence === context.sequence,
      'sequence-gap',
      `sequence ${context.sequence}`,
      `sequence ${manifest.sequence}`,
    );

  const trusted = trustedFor(context.trusted, manifest.origin, sha256);
  const signatures = await checkSignatures(seal.signed, keys, trusted, context.verifySignature);
  problems.push(...signatures.problems);
  const manifestHash = toHex(sha256(seal.manifestBytes));
  return {
    opened: { seal, manifest, root, frontier, manifestHash, signedKeys: keys },
    problems,
    signaturesChecked: signatures.checked,
  };
}

/**
 * Everything that a seal of any version is held to. The rest of its manifest is for a reader of that
 * version.
 */
function inspectLater(seal: Seal, version: number, context: OpenSealContext): SealInspection {
  const { sha256, origin, sequence } = context;
  const { manifestBytes, path, index, signed } = seal;
  const before = frontierFromLastLeafPath(path, index);
  const isBound =
    before !== undefined &&
    equalBytes(
      rootOf(sha256, append(sha256, before, leafHash(sha256, manifestBytes))),
      signed.checkpoint.root,
    );
  const isHere =
    (sequence === undefined || sequence === index) &&
    (origin === undefined || origin === signed.checkpoint.origin);
  const later = isBound && isHere ? { version, signed } : undefined;
  return {
    opened: null,
    problems: [unsignedLater(version)],
    signaturesChecked: 0,
    ...(later && { later }),
  };
}

/**
 * The keys of a seal if it is this chain's, of the given sequence, and signed by all of them. Otherwise null.
 * So it is not a copy of an older seal or of another chain's, which any writer to the store could make.
 */
export function signersOf(
  { opened, problems }: SealInspection,
  origin: string,
): readonly VerifierKey[] | null {
  const isItself = problems.every(({ code }) => code === 'root-mismatch');
  return opened?.manifest.origin === origin && isItself ? opened.signedKeys : null;
}

/** False if the store did not return the bytes, so it is unknown what lies there. */
export const isRead = ({ opened, problems }: SealInspection): boolean =>
  opened !== null || problems.some(({ code }) => code !== 'unreadable');

/**
 * What a thrown error says about the bytes. An unexpected error would be a bug of the parser, and becomes a
 * finding too.
 */
export function problemOf(error: unknown): Problem {
  const code = error instanceof FormatError && isFindingCode(error.code) ? error.code : 'malformed';
  return { code, expected: null, found: error instanceof Error ? error.message : String(error) };
}

/** The signed checkpoint as text, for a later run to compare with. */
export const checkpointOf = (opened: OpenedSeal): string =>
  utf8Text(encodeSignedCheckpoint(opened.seal.signed.text, opened.seal.signed.signatures));
