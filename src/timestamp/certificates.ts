// Does a certificate lead to a root that the user named? (RFC 5280, as far as time-stamping needs it)
import type { BaseBlock } from 'asn1js';
import { type AttributeTypeAndValue, BasicConstraints, Certificate, type Extension } from 'pkijs';
import { equalBytes, fromBase64, toHex } from '../base/bytes.ts';
import { FormatError } from '../base/error.ts';
import type { Sha256 } from '../base/hash.ts';
import { bytesOf, childrenOf, readBer, reading } from './ber.ts';

/** A certificate, and its bytes as they were given. */
export type HeldCertificate = { readonly certificate: Certificate; readonly bytes: Uint8Array };

const ROOTS_MAX = 32;
/** From the signer to the root. */
const PATH_MAX = 8;
const PEM = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/g;

const OID = {
  keyUsage: '2.5.29.15',
  basicConstraints: '2.5.29.19',
  certificatePolicies: '2.5.29.32',
  extendedKeyUsage: '2.5.29.37',
  timeStamping: '1.3.6.1.5.5.7.3.8',
  rsaKey: '1.2.840.113549.1.1.1',
} as const;

const KNOWN_CRITICAL: readonly string[] = [
  ...[OID.keyUsage, OID.basicConstraints, OID.certificatePolicies, OID.extendedKeyUsage],
];

/** RSA (PKCS 1.5) and ECDSA, with SHA-256, SHA-384 or SHA-512. */
export const SOUND_SIGNATURES: ReadonlySet<string> = new Set([
  ...['1.2.840.113549.1.1.11', '1.2.840.113549.1.1.12', '1.2.840.113549.1.1.13'],
  ...['1.2.840.10045.4.3.2', '1.2.840.10045.4.3.3', '1.2.840.10045.4.3.4'],
]);

/** Throws FormatError. */
export function readCertificate(bytes: Uint8Array): HeldCertificate {
  const block = readBer(bytes, 'a certificate');
  return { certificate: reading('a certificate', () => new Certificate({ schema: block })), bytes };
}

/** Certificates in PEM; text around them is left out. Throws FormatError where there is none. */
export function readRoots(pem: string): HeldCertificate[] {
  const found = [...pem.matchAll(PEM)].map(([, base64 = '']) =>
    readCertificate(fromBase64(base64.replaceAll(/\s/g, ''))),
  );
  if (found.length === 0) throw new FormatError('no certificate in PEM (-----BEGIN CERTIFICATE-----)');
  if (found.length > ROOTS_MAX) throw new FormatError(`${found.length} certificates: at most ${ROOTS_MAX}`);
  return found;
}

/** For people: whose certificate it is. */
export function authorityName({ certificate }: HeldCertificate): string {
  const all: readonly AttributeTypeAndValue[] = certificate.subject.typesAndValues;
  const textOf = (type: string): string => {
    const value: unknown = all.find((one) => String(one.type) === type)?.value.valueBlock.value;
    return typeof value === 'string' ? value.slice(0, 200) : '';
  };
  const [common, organisation] = [textOf('2.5.4.3'), textOf('2.5.4.10')];
  if (common === '') return organisation === '' ? 'an authority without a name' : organisation;
  return organisation === '' || common.includes(organisation) ? common : `${common} (${organisation})`;
}

export const fingerprintOf = ({ bytes }: HeldCertificate, sha256: Sha256): string => toHex(sha256(bytes));

/** In milliseconds since 1970. */
export const validityOf = ({ certificate }: HeldCertificate): readonly [number, number] => [
  certificate.notBefore.value.getTime(),
  certificate.notAfter.value.getTime(),
];

/** Throws FormatError unless it is for time-stamping and nothing else (RFC 3161 2.3). */
export function requireForStamping(held: HeldCertificate): void {
  const found = extensionsOf(held).filter(({ extnID }) => extnID === OID.extendedKeyUsage);
  const [only] = found;
  if (found.length !== 1 || only?.critical !== true)
    throw new FormatError(
      "the signer's certificate is not for time-stamping alone (extendedKeyUsage, critical)",
    );
  const purposes = childrenOf(readBer(extensionValue(only), 'an extendedKeyUsage')).map(oidText);
  if (purposes.length !== 1 || purposes[0] !== OID.timeStamping)
    throw new FormatError("the signer's certificate is not for time-stamping alone (extendedKeyUsage)");
  const usage = keyUsageOf(held);
  // digitalSignature or nonRepudiation.
  if (usage !== null && (usage & 0xc0) === 0)
    throw new FormatError("the signer's certificate may not sign (keyUsage)");
}

/**
 * From the signer to the first of `roots` that is reached, both included. Null: none is. Each certificate is
 * looked at once, so a ring of them ends. Validity in time is the caller's. Throws FormatError where the path
 * breaks a rule.
 */
export async function pathToRoot(
  signer: HeldCertificate,
  others: readonly HeldCertificate[],
  roots: readonly HeldCertificate[],
): Promise<readonly HeldCertificate[] | null> {
  const seen = new Set<HeldCertificate>();
  const queue: (readonly HeldCertificate[])[] = [[signer]];
  for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
    const last = path.at(-1) as HeldCertificate;
    const same = roots.find(({ bytes }) => equalBytes(bytes, last.bytes));
    if (same !== undefined) return checkedPath([...path.slice(0, -1), same]);
    if (path.length >= PATH_MAX) continue;
    for (const root of roots) if (await isIssuedBy(last, root)) return checkedPath([...path, root]);
    for (const other of others) {
      if (seen.has(other) || path.includes(other) || !(await isIssuedBy(last, other))) continue;
      seen.add(other);
      queue.push([...path, other]);
    }
  }
  return null;
}

async function isIssuedBy({ certificate }: HeldCertificate, issuer: HeldCertificate): Promise<boolean> {
  try {
    if (!certificate.issuer.isEqual(issuer.certificate.subject)) return false;
    return await certificate.verify(issuer.certificate);
  } catch {
    // A key or an algorithm that nobody here knows.
    return false;
  }
}

function checkedPath(path: readonly HeldCertificate[]): readonly HeldCertificate[] {
  for (const [index, held] of path.entries()) {
    const name = authorityName(held);
    const fail = (why: string) => new FormatError(`the certificate of ${name} ${why}`);
    const unknown = extensionsOf(held).find(
      ({ critical, extnID }) => critical && !KNOWN_CRITICAL.includes(extnID),
    );
    if (unknown !== undefined)
      throw fail(`has a critical extension that is not known here: ${unknown.extnID}`);
    const isRoot = index === path.length - 1;
    const { signatureAlgorithm, subjectPublicKeyInfo } = held.certificate;
    if (!isRoot && !SOUND_SIGNATURES.has(signatureAlgorithm.algorithmId))
      throw fail(`is signed by ${signatureAlgorithm.algorithmId}, which is not accepted here`);
    const keyBytes = subjectPublicKeyInfo.subjectPublicKey.valueBlock.valueHexView.length;
    if (subjectPublicKeyInfo.algorithm.algorithmId === OID.rsaKey && keyBytes < 256)
      throw fail('has an RSA key of fewer than 2048 bits');
    if (index > 0) requireAuthority(held, index - 1, isRoot, fail);
  }
  return path;
}

function requireAuthority(
  held: HeldCertificate,
  below: number,
  isRoot: boolean,
  fail: (why: string) => FormatError,
): void {
  const constraints = extensionsOf(held).find(({ extnID }) => extnID === OID.basicConstraints)?.parsedValue;
  const isAuthority = constraints instanceof BasicConstraints && constraints.cA;
  // Old roots have none. That one was named by the user.
  if (!isAuthority && !(isRoot && constraints === undefined)) throw fail('may issue no certificates');
  const usage = keyUsageOf(held);
  if (usage !== null && (usage & 0x04) === 0) throw fail('may issue no certificates (keyUsage)');
  const most = constraints instanceof BasicConstraints ? constraints.pathLenConstraint : undefined;
  if (most !== undefined && below > Number(most)) throw fail('may have no such long path below it');
}

const extensionsOf = ({ certificate }: HeldCertificate): readonly Extension[] => certificate.extensions ?? [];

const extensionValue = ({ extnValue }: Extension): Uint8Array =>
  Uint8Array.from(extnValue.valueBlock.valueHexView);

/** The first byte of its bits. Null: the certificate says nothing of it. */
function keyUsageOf(held: HeldCertificate): number | null {
  const found = extensionsOf(held).find(({ extnID }) => extnID === OID.keyUsage);
  if (found === undefined) return null;
  const bits = readBer(extensionValue(found), 'a keyUsage').valueBlock as unknown as {
    valueHexView?: Uint8Array;
  };
  return bits.valueHexView?.[0] ?? 0;
}

const oidText = (block: BaseBlock): string =>
  (block as unknown as { getValue?: () => string }).getValue?.() ?? toHex(bytesOf(block));
