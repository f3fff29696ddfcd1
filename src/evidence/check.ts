// Is this package what was archived and what it says of itself? From its bytes alone: the command line and
// the page in the package both ask here.
import { toHex, utf8Text } from '../base/bytes.ts';
import { LedgerstoneError } from '../base/error.ts';
import type { Sha256 } from '../base/hash.ts';
import { type CosigningKey, type PublicKey, verifySignature as webCryptoVerify } from '../base/signature.ts';
import type { CosignerKey } from '../format/cosignature.ts';
import { parseVkeyFile, spkiFingerprint, type VerifierKey } from '../format/vkey.ts';
import { sameKey, type VerifySignature } from '../verify/trust.ts';
import { type CheckedChain, checkEvents } from './check-chain.ts';
import { type ChangedDocuments, changedDocuments, sayChanged } from './check-changed.ts';
import { type Cosigned, checkCosigners } from './check-cosigners.ts';
import { checkProtocol, checkStatement, checkTable, readStatement } from './check-documents.ts';
import { checkDraw } from './check-draw.ts';
import { type ListedContent, listedContent, type PackageFiles } from './check-files.ts';
import { checkAllLines } from './check-lines.ts';
import { checkStamps, type PackageStamp, type StampReader } from './check-stamps.ts';
import { type Envelope, parseEnvelope, preAuthenticated } from './dsse.ts';
import { Findings, type PackageFinding } from './finding.ts';
import { fingerprintDigits } from './fingerprint.ts';
import {
  chainOfPath,
  chainOrder,
  MANIFEST_TYPE,
  PATHS,
  type PackageManifest,
  parsePackageManifest,
} from './package.ts';
import type { PackageStatement, Protocol } from './protocol.ts';

/** Keys that the reader has from outside of the package. Null: none of that kind was given. */
export type GivenKeys = {
  readonly log: readonly VerifierKey[] | null;
  readonly cosigners: readonly CosignerKey[] | null;
  readonly signers: readonly PublicKey[] | null;
};

export type CheckPackageOptions = {
  readonly given: GivenKeys;
  readonly sha256: Sha256;
  /** Why its zip is not as an export writes it. Null, or not given: it is, or there is none. */
  readonly packedAgain?: string | null;
  /** What reads time-stamps. Not given: they are compared with the list of files alone. */
  readonly stamps?: StampReader;
  /** WebCrypto unless given. */
  readonly verifySignature?: VerifySignature;
  /** Called before each event. */
  readonly onEvent?: () => Promise<void>;
};

/** A key that signed something of the package. */
export type UsedKey = {
  readonly role: 'log' | 'signer' | 'cosigner';
  readonly name: string;
  /** Hex SHA-256 of its SPKI. */
  readonly hash: string;
  /** For the telephone. */
  readonly digits: string;
  /** The reader has it from outside of the package. */
  readonly isGiven: boolean;
};

export type PackageCheck = {
  readonly findings: readonly PackageFinding[];
  /** Findings beyond those listed. */
  readonly omitted: number;
  /** Null: there is none that can be read, and nothing was checked. */
  readonly manifest: PackageManifest | null;
  /** Hex SHA-256: the next part of the package names it. */
  readonly manifestHash: string | null;
  readonly statement: PackageStatement | null;
  readonly protocol: Protocol | null;
  readonly changed: ChangedDocuments;
  readonly chains: readonly CheckedChain[];
  readonly keys: readonly UsedKey[];
  readonly cosigned: readonly Cosigned[];
  /** Of each chain one. */
  readonly stamps: readonly PackageStamp[];
};

export type VerdictColour = 'green' | 'amber' | 'red';

/** `confirmed`: hashes of keys that the reader has compared with somebody since. */
export function colourOf(
  { findings, keys }: Pick<PackageCheck, 'findings' | 'keys'>,
  confirmed: ReadonlySet<string> = new Set(),
): VerdictColour {
  if (findings.some(({ colour }) => colour === 'red')) return 'red';
  return findings.length > 0 || unconfirmedKeys(keys, confirmed).length > 0 ? 'amber' : 'green';
}

/** Keys on whose word the verdict rests, and of which only the package says whose they are. */
export const unconfirmedKeys = (keys: readonly UsedKey[], confirmed: ReadonlySet<string>): UsedKey[] =>
  keys.filter(({ role, isGiven, hash }) => role !== 'cosigner' && !isGiven && !confirmed.has(hash));

const NOTHING = {
  manifest: null,
  manifestHash: null,
  statement: null,
  protocol: null,
  changed: { statement: false, protocol: false },
  chains: [],
  keys: [],
  cosigned: [],
  stamps: [],
  omitted: 0,
};

/** A package that can't be opened at all, such as a download that was cut. */
export const notOpened = (kind: PackageFinding['kind'], why: string): PackageCheck => {
  const findings = new Findings();
  findings.add(kind, { why });
  return { ...NOTHING, findings: findings.list() };
};

/** Never throws on hostile bytes. */
export async function checkPackage(files: PackageFiles, options: CheckPackageOptions): Promise<PackageCheck> {
  const { sha256, given, verifySignature = webCryptoVerify, onEvent = async () => {} } = options;
  const findings = new Findings();
  if (typeof options.packedAgain === 'string') findings.add('zip-repacked', { why: options.packedAgain });
  const opened = openManifest(files, findings);
  if (opened === null) return { ...NOTHING, findings: findings.list() };
  const { manifest, envelope } = opened;
  const keys: UsedKey[] = [];
  const use = (role: UsedKey['role'], name: string, key: CosigningKey, isGiven: boolean) => {
    const hash = spkiFingerprint(key, sha256);
    if (keys.some((one) => one.role === role && one.hash === hash && one.name === name)) return;
    keys.push({ role, name, hash, digits: fingerprintDigits(key, sha256), isGiven });
  };
  const { signer } = manifest;
  const isSigned = await checkSigner(opened, verifySignature, findings);
  if (signer !== null && isSigned) {
    const isGiven = given.signers?.some((key) => sameKey(key, signer)) ?? false;
    if (given.signers !== null && !isGiven) findings.add('other-signer');
    use('signer', '', signer, isGiven);
  }
  const { content, faulty } = listedContent(files, manifest.files, sha256, findings);
  requireListed(manifest, findings);
  const statement = readStatement({ content, faulty, findings });
  const trusted = given.log ?? ownLogKeys({ content, faulty }, sha256, findings);
  const context = {
    ...{ content, faulty, trusted, sha256, findings, onEvent },
    otherKey: given.log === null ? ('own-key' as const) : ('other-key' as const),
    verifySignature: remembering(verifySignature, sha256),
  };
  const chains: CheckedChain[] = [];
  for (const { chain, partition } of chainsOf(manifest)) {
    const checked = await checkEvents(context, chain, partition);
    chains.push(checked);
    // A chain's key has the name of the chain; people pin it under the archive's.
    for (const key of checked.signedBy) {
      const pinned = trusted.find((one) => sameKey(one.key, key.key)) ?? key;
      use('log', pinned.name, key.key, given.log !== null);
    }
  }
  const isSound = checkAllLines(chains, { manifest, statement, faulty, findings });
  const cosigned = await checkCosigners(chains, {
    ...{ content, faulty, verifySignature, sha256, findings, use },
    given: given.cosigners,
  });
  const stamps = await checkStamps(chains, { manifest, content, faulty, sha256, findings }, options.stamps);
  const documents = { content, faulty, chains, isSound, findings };
  checkStatement(statement, documents, manifest.part);
  if (statement?.kind === 'sample' && !faulty.has(PATHS.statement))
    await checkDraw(statement, { ...context, chains });
  const protocol = checkProtocol(documents, manifest.case, statement);
  checkTable(statement, documents);
  sayChanged(faulty, content, findings);
  // Nobody signed a list that no longer says who should have.
  if (signer === null && envelope.signatures.length === 0) findings.add('unsigned');
  const all = { findings: findings.list(), omitted: findings.omitted };
  const manifestHash = toHex(sha256(envelope.payload));
  const changed = changedDocuments(all.findings, faulty);
  return { ...all, manifest, manifestHash, statement, protocol, changed, chains, keys, cosigned, stamps };
}

type Opened = { readonly manifest: PackageManifest; readonly envelope: Envelope };

function openManifest(files: PackageFiles, findings: Findings): Opened | null {
  const bytes = files.get(PATHS.manifest);
  if (bytes === undefined) {
    findings.add('manifest-missing');
    return null;
  }
  try {
    const envelope = parseEnvelope(bytes);
    if (envelope.payloadType !== MANIFEST_TYPE) throw new Error(`it is a ${envelope.payloadType}`);
    const manifest = parsePackageManifest(envelope.payload);
    if (!envelope.isExact) findings.add('re-formatted', { path: PATHS.manifest });
    return { manifest, envelope };
  } catch (error) {
    const isNewer = error instanceof LedgerstoneError && error.code === 'newer-format';
    findings.add(isNewer ? 'newer-version' : 'manifest-unreadable');
    return null;
  }
}

/** Whether the manifest's own signer has signed it: one signature, and by that key. */
async function checkSigner(
  { manifest: { signer }, envelope: { payload, signatures } }: Opened,
  verifySignature: VerifySignature,
  findings: Findings,
): Promise<boolean> {
  const [signature, ...more] = signatures;
  if (signer === null) {
    if (signature !== undefined) findings.add('signature-bad');
    return false;
  }
  const message = preAuthenticated(MANIFEST_TYPE, payload);
  const isGood = signature !== undefined && (await verifySignature(signer, message, signature.sig));
  if (isGood && more.length === 0) return true;
  findings.add('signature-bad');
  return false;
}

/** What every package has: without it less was checked than a reader believes. */
function requireListed({ files }: PackageManifest, findings: Findings): void {
  const listed = new Set(files.map(({ path }) => path));
  for (const path of [PATHS.statement, PATHS.protocol, PATHS.table, PATHS.logKeys]) {
    if (!listed.has(path)) findings.add('file-missing', { path });
  }
}

function ownLogKeys(
  { content, faulty }: ListedContent,
  sha256: Sha256,
  findings: Findings,
): readonly VerifierKey[] {
  try {
    return parseVkeyFile(utf8Text(content.get(PATHS.logKeys) ?? new Uint8Array(0)), sha256);
  } catch {
    if (!faulty.has(PATHS.logKeys)) findings.add('keys-unreadable', { path: PATHS.logKeys });
    return [];
  }
}

/** In the order of the manifest: by name, then by partition as text. */
function chainsOf({ files }: PackageManifest): { readonly chain: string; readonly partition: number }[] {
  const chains = new Map<string, { readonly chain: string; readonly partition: number }>();
  for (const { path } of files) {
    const place = chainOfPath(path);
    if (place !== null) chains.set(`${place.chain}/${place.partition}`, place);
  }
  return [...chains.values()].sort(chainOrder);
}

/** One note stands under thousands of proofs: each signature of it is checked once. */
function remembering(verify: VerifySignature, sha256: Sha256): VerifySignature {
  const known = new Map<string, Promise<boolean>>();
  return (key, message, signature) => {
    const name = [key.spki, sha256(message), signature].map(toHex).join(' ');
    const before = known.get(name);
    if (before !== undefined) return before;
    const checked = verify(key, message, signature);
    known.set(name, checked);
    return checked;
  };
}
