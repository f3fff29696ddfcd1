// Which files make a package, and how does its list of them stand?
import { equalBytes, fromBase64, toBase64, toHex, utf8, utf8Text } from '../base/bytes.ts';
import { FormatError } from '../base/error.ts';
import type { Sha256 } from '../base/hash.ts';
import { type PublicKey, publicKeyFromSpki } from '../base/signature.ts';
import { isCount, isHash } from '../format/scalar.ts';
import { spkiFingerprint } from '../format/vkey.ts';
import { type DsseSignature, encodeEnvelope, preAuthenticated } from './dsse.ts';
import { isPackagePath } from './zip.ts';

export const MANIFEST_TYPE = 'application/vnd.ledgerstone.package.v1+json';

export const PATHS = {
  manifest: 'manifest.dsse.json',
  page: 'open-me.html',
  script: 'verify.sh',
  table: 'events.csv',
  statement: 'statement.json',
  protocol: 'protocol.json',
  specification: 'FORMAT.md',
  logKeys: 'keys/archive.vkey',
  cosignerKeys: 'keys/verifier.vkey',
  seed: 'checkpoints/seed.checkpoint',
} as const;

const digits = (offset: number): string => String(offset).padStart(16, '0');

/** `chain`: a chain name of the format, which is a plain name of a file too. */
export const eventsPath = (chain: string, partition: number): string => `events/${chain}/${partition}.jsonl`;
export const proofPath = (chain: string, partition: number, offset: number): string =>
  `proofs/${chain}/${partition}/${digits(offset)}.tlog-proof`;
export const checkpointPath = (chain: string, partition: number): string =>
  `checkpoints/${chain}/${partition}.checkpoint`;
/** The proof of a stamp (FORMAT.md 9.11.8) of that checkpoint. */
export const stampPath = (chain: string, partition: number): string =>
  `stamps/${chain}/${partition}.stamp-proof`;

/** In which chains stand in a package. */
export const chainOrder = (
  a: { readonly chain: string; readonly partition: number },
  b: { readonly chain: string; readonly partition: number },
): number => (`${a.chain}/${a.partition}` < `${b.chain}/${b.partition}` ? -1 : 1);

/** The chain of a path that `eventsPath`, `proofPath` or `checkpointPath` gave; null for another path. */
export function chainOfPath(path: string): { readonly chain: string; readonly partition: number } | null {
  const match =
    /^(?:events|proofs|checkpoints)\/([^/]+)\/(\d{1,10})(?:\.jsonl|\.checkpoint|\/\d{16}\.tlog-proof)$/.exec(
      path,
    );
  return match === null ? null : { chain: match[1] as string, partition: Number(match[2]) };
}

/** What a file of a package is for. */
const ROLES = [
  'checkpoint',
  'events',
  'keys',
  'page',
  'proof',
  'protocol',
  'script',
  'seed',
  'specification',
  'stamp',
  'statement',
  'table',
] as const;
export type Role = (typeof ROLES)[number];

export type ListedFile = {
  readonly path: string;
  readonly role: Role;
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
};

export type PackageManifest = {
  /** The case that the package was made for, in the words of who made it. */
  readonly case: string;
  /** A large case comes in several packages: `previous` is the SHA-256 of the manifest of the one before. */
  readonly part: { readonly number: number; readonly last: boolean; readonly previous: string | null };
  /** Whose key signs this list. Null: nobody's. */
  readonly signer: PublicKey | null;
  readonly files: readonly ListedFile[];
};

/** JSON with one file a line, which a script can read. The same manifest gives the same bytes. */
export function encodePackageManifest({ case: name, part, signer, files }: PackageManifest): Uint8Array {
  const key = signer === null ? null : { algorithm: signer.algorithm, publicKey: toBase64(signer.spki) };
  const { number, last, previous } = part;
  const head = JSON.stringify({ package: 1, case: name, part: { number, last, previous }, signer: key });
  const listed = files.map(({ path, role, bytes, sha256 }) => JSON.stringify({ path, role, bytes, sha256 }));
  return utf8(`${head.slice(0, -1)},"files":[\n${listed.join(',\n')}\n]}\n`);
}

/** Strict: encoded again, it must give the same bytes. Throws FormatError, `newer-format` for a later one. */
export function parsePackageManifest(bytes: Uint8Array): PackageManifest {
  const value = parseObject(bytes);
  if (value['package'] !== 1) {
    const isLater = Number.isInteger(value['package']) && Number(value['package']) > 1;
    throw new FormatError(
      `a manifest of version ${value['package']}`,
      isLater ? 'newer-format' : 'malformed',
    );
  }
  const { part, signer, files } = value as Readonly<Record<string, Record<string, unknown>>>;
  if (typeof value['case'] !== 'string' || !isPart(part) || !Array.isArray(files) || !files.every(isListed))
    throw new FormatError('a manifest has a case, a part, a signer and files');
  const manifest = { case: value['case'], part, signer: signer === null ? null : keyOf(signer), files };
  if (files.some(({ path }, index) => index > 0 && path <= (files[index - 1]?.path ?? '')))
    throw new FormatError('a manifest whose files are not in the order of their paths');
  if (!equalBytes(encodePackageManifest(manifest), bytes))
    throw new FormatError('a manifest with an odd spelling');
  return manifest;
}

/** The object that the JSON text is. Throws FormatError. */
export function parseObject(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(utf8Text(bytes));
  } catch (cause) {
    throw new FormatError('not JSON', 'malformed', cause);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new FormatError('not a JSON object');
  return value as Readonly<Record<string, unknown>>;
}

const isPart = (part: unknown): part is PackageManifest['part'] => {
  const { number, last, previous } = (part ?? {}) as Readonly<Record<string, unknown>>;
  return isCount(number) && typeof last === 'boolean' && (previous === null || isHash(previous));
};

const isListed = (file: unknown): file is ListedFile => {
  const { path, role, bytes, sha256 } = (file ?? {}) as Readonly<Record<string, unknown>>;
  const isFile = typeof path === 'string' && isPackagePath(path) && isCount(bytes) && isHash(sha256);
  return isFile && ROLES.some((known) => known === role);
};

function keyOf(signer: Readonly<Record<string, unknown>> | undefined): PublicKey {
  const { algorithm, publicKey } = signer ?? {};
  const key = publicKeyFromSpki(fromBase64(typeof publicKey === 'string' ? publicKey : '-'));
  if (key.algorithm !== algorithm) throw new FormatError('a signer of another kind than its key');
  return key;
}

/** The part of a signer that a package needs: `sign` gives a signature as verifiers of the format take it. */
export type PackageSigner = {
  readonly publicKey: PublicKey;
  sign(message: Uint8Array): Promise<Uint8Array>;
};

/** The envelope around the manifest, signed where there is a signer, and the manifest's hex SHA-256. */
export async function signedManifest(
  manifest: PackageManifest,
  signer: PackageSigner | null,
  sha256: Sha256,
): Promise<{ readonly envelope: Uint8Array; readonly hash: string }> {
  const payload = encodePackageManifest(manifest);
  const signatures: DsseSignature[] = [];
  if (signer !== null) {
    const sig = await signer.sign(preAuthenticated(MANIFEST_TYPE, payload));
    signatures.push({ keyid: spkiFingerprint(signer.publicKey, sha256), sig });
  }
  const envelope = encodeEnvelope({ payloadType: MANIFEST_TYPE, payload, signatures });
  return { envelope, hash: toHex(sha256(payload)) };
}
