// Which time does a token show for which bytes, and who says so? (RFC 3161 2.4.2, RFC 5816, RFC 5652)
import type { BaseBlock } from 'asn1js';
import { ContentInfo, IssuerAndSerialNumber, SignedData, type SignerInfo, TSTInfo } from 'pkijs';
import { equalBytes, toHex } from '../base/bytes.ts';
import { FormatError, messageOf } from '../base/error.ts';
import type { Sha256 } from '../base/hash.ts';
import { bytesOf, childrenOf, readBer, reading } from './ber.ts';
import {
  authorityName,
  fingerprintOf,
  type HeldCertificate,
  pathToRoot,
  readCertificate,
  requireForStamping,
  SOUND_SIGNATURES,
  validityOf,
} from './certificates.ts';
import { SHA256_OID } from './request.ts';

const OID = {
  signedData: '1.2.840.113549.1.7.2',
  tstInfo: '1.2.840.113549.1.9.16.1.4',
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
  signingCertificate: '1.2.840.113549.1.9.16.2.12',
  signingCertificateV2: '1.2.840.113549.1.9.16.2.47',
  subjectKeyIdentifier: '2.5.29.14',
  rsaKey: '1.2.840.113549.1.1.1',
} as const;
const DIGESTS: Readonly<Record<string, string>> = {
  [SHA256_OID]: 'SHA-256',
  '2.16.840.1.101.3.4.2.2': 'SHA-384',
  '2.16.840.1.101.3.4.2.3': 'SHA-512',
};
const CERTIFICATES_MAX = 16;
const WHAT = 'a time-stamp token';

/** What a token says. Nothing of it is checked yet. */
export type ReadToken = {
  readonly imprint: { readonly algorithm: string; readonly hash: Uint8Array };
  readonly genTimeMs: number;
  /** Null: it does not say. */
  readonly accuracyMs: number | null;
  readonly policy: string;
  /** Hex, of the authority. */
  readonly serial: string;
  /** Big-endian, without zeros before it. */
  readonly nonce: Uint8Array | null;
};

type OpenedToken = ReadToken & {
  readonly signed: SignedData;
  readonly signer: SignerInfo;
  readonly certificates: readonly HeldCertificate[];
};

/** Of a token that is sound. `unknown-root`: it leads to no root that was given, so it is nobody's word. */
export type CheckedToken = ReadToken &
  (
    | {
        readonly kind: 'shown';
        /** Whose key signed it, for people: as its certificate says. */
        readonly by: string;
        readonly root: { readonly name: string; readonly sha256: string };
        /** When the first certificate of the path ends. After that it shows nothing. */
        readonly endsMs: number;
      }
    | { readonly kind: 'unknown-root'; readonly by: string }
  );

/** Throws FormatError for what is no token. */
export const readStampToken = (bytes: Uint8Array): ReadToken => {
  const { signed: _, signer: _s, certificates: _c, ...read } = openToken(bytes);
  return read;
};

/**
 * Is it over these bytes, and signed under one of these roots? Throws FormatError with the reason where it is
 * not sound. Whether its certificates are valid at another time than its own is for who asks.
 */
export async function checkToken(
  bytes: Uint8Array,
  data: Uint8Array,
  roots: readonly HeldCertificate[],
  sha256: Sha256,
): Promise<CheckedToken> {
  const token = openToken(bytes);
  const { signed, signer, certificates, ...read } = token;
  if (read.imprint.algorithm !== SHA256_OID || !equalBytes(read.imprint.hash, sha256(data)))
    throw new FormatError(`${WHAT} over other bytes`);
  const own = reading(WHAT, () => certificates.find((held) => isOfSigner(held, signer)));
  if (own === undefined) throw new FormatError(`${WHAT} without its signer's certificate`);
  await requireSigned(token, own, data);
  requireForStamping(own);
  const by = authorityName(own);
  const others = certificates.filter((held) => held !== own);
  const path = await pathToRoot(own, others, roots);
  const root = path?.at(-1);
  if (path === null || root === undefined) return { ...read, kind: 'unknown-root', by };
  for (const held of path) {
    const [fromMs, toMs] = validityOf(held);
    if (read.genTimeMs < fromMs || read.genTimeMs > toMs)
      throw new FormatError(
        `${WHAT} of a time at which the certificate of ${authorityName(held)} was not valid`,
      );
  }
  const endsMs = Math.min(...path.map((held) => validityOf(held)[1]));
  const rootOf = { name: authorityName(root), sha256: fingerprintOf(root, sha256) };
  return { ...read, kind: 'shown', by, root: rootOf, endsMs };
}

function openToken(bytes: Uint8Array): OpenedToken {
  const block = readBer(bytes, WHAT);
  // The library takes what it reads apart, so what is walked over is read by itself.
  const walked = readBer(bytes, WHAT);
  return reading(WHAT, () => {
    const content = new ContentInfo({ schema: block });
    if (content.contentType !== OID.signedData) throw new FormatError(`${WHAT} that is not signed`);
    const signed = new SignedData({ schema: content.content });
    const { eContentType, eContent } = signed.encapContentInfo;
    const [signer, ...more] = signed.signerInfos;
    if (eContentType !== OID.tstInfo || eContent === undefined)
      throw new FormatError('signed data that are no time-stamp');
    if (signer === undefined || more.length > 0) throw new FormatError(`${WHAT} without exactly one signer`);
    return {
      ...readInfo(new Uint8Array(eContent.getValue())),
      signed,
      signer,
      certificates: certificatesIn(walked),
    };
  });
}

function readInfo(bytes: Uint8Array): ReadToken {
  const block = readBer(bytes, 'a TSTInfo');
  // GeneralizedTime without Z would be the local time of whoever reads it.
  const [, , , , time] = childrenOf(block);
  const timeText = time === undefined ? '' : new TextDecoder().decode(contentOf(time));
  if (!/^(?:19|20)\d{12}(?:\.\d{1,9})?Z$/.test(timeText))
    throw new FormatError(`${WHAT} without a time in UTC`);
  const info = new TSTInfo({ schema: block });
  if (info.version !== 1) throw new FormatError(`${WHAT} of version ${info.version}`);
  if (info.extensions?.some(({ critical }) => critical))
    throw new FormatError(`${WHAT} with a critical extension that is not known here`);
  const genTimeMs = timeMs(timeText);
  const { accuracy, nonce } = info;
  return {
    imprint: {
      algorithm: info.messageImprint.hashAlgorithm.algorithmId,
      hash: Uint8Array.from(info.messageImprint.hashedMessage.valueBlock.valueHexView),
    },
    genTimeMs,
    accuracyMs:
      accuracy === undefined
        ? null
        : (accuracy.seconds ?? 0) * 1000 + (accuracy.millis ?? 0) + Math.ceil((accuracy.micros ?? 0) / 1000),
    policy: info.policy,
    serial: toHex(Uint8Array.from(info.serialNumber.valueBlock.valueHexView)),
    nonce: nonce === undefined ? null : withoutZeros(Uint8Array.from(nonce.valueBlock.valueHexView)),
  };
}

/** Of `20261130235959.123Z`. Throws FormatError for a time that there is not. */
function timeMs(text: string): number {
  const [, year, month, day, hour, minute, second, fraction = ''] =
    /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.(\d+))?Z$/.exec(text) ?? [];
  const millis = `${fraction}000`.slice(0, 3);
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}.${millis}Z`;
  const ms = Date.parse(iso);
  if (Number.isNaN(ms) || new Date(ms).toISOString() !== iso)
    throw new FormatError(`${WHAT} of no time: ${text}`);
  return ms;
}

const contentOf = (block: BaseBlock): Uint8Array => {
  const bytes = bytesOf(block);
  // A time is shorter than 128 bytes, so its length is one byte.
  return bytes.subarray(2);
};

/** Of the SignedData, and as they stood there. Other kinds of certificates are left out. */
function certificatesIn(contentInfo: BaseBlock): HeldCertificate[] {
  const signedData = childrenOf(childrenOf(contentInfo)[1])[0];
  const set = childrenOf(signedData).find(({ idBlock }) => idBlock.tagClass === 3 && idBlock.tagNumber === 0);
  const all = childrenOf(set).filter(({ idBlock }) => idBlock.tagClass === 1 && idBlock.tagNumber === 16);
  if (all.length > CERTIFICATES_MAX) throw new FormatError(`${WHAT} with ${all.length} certificates`);
  return all.map((block) => readCertificate(bytesOf(block)));
}

function isOfSigner({ certificate }: HeldCertificate, { sid }: SignerInfo): boolean {
  if (sid instanceof IssuerAndSerialNumber)
    return certificate.issuer.isEqual(sid.issuer) && certificate.serialNumber.isEqual(sid.serialNumber);
  const identifier = certificate.extensions?.find(({ extnID }) => extnID === OID.subjectKeyIdentifier);
  const { valueBlock } = sid as { readonly valueBlock?: { readonly valueHexView?: Uint8Array } };
  if (identifier === undefined || valueBlock?.valueHexView === undefined) return false;
  const held = readBer(Uint8Array.from(identifier.extnValue.valueBlock.valueHexView), 'a key identifier');
  return equalBytes(contentOf(held), Uint8Array.from(valueBlock.valueHexView));
}

async function requireSigned(
  { signed, signer }: OpenedToken,
  own: HeldCertificate,
  data: Uint8Array,
): Promise<void> {
  if (DIGESTS[signer.digestAlgorithm.algorithmId] === undefined)
    throw new FormatError(`${WHAT} with a digest that is not accepted here`);
  const algorithm = signer.signatureAlgorithm.algorithmId;
  if (algorithm !== OID.rsaKey && !SOUND_SIGNATURES.has(algorithm))
    throw new FormatError(`${WHAT} with a signature that is not accepted here: ${algorithm}`);
  const contentType = attributeOf(signer, [OID.contentType]);
  if (oidOf(contentType.value) !== OID.tstInfo) throw new FormatError(`${WHAT} signed as something else`);
  attributeOf(signer, [OID.messageDigest]);
  await requireSigningCertificate(signer, own);
  let isValid = false;
  try {
    const result = await signed.verify({ signer: 0, data: Uint8Array.from(data).buffer, extendedMode: true });
    const by = result.signerCertificate;
    isValid =
      result.signatureVerified === true && by?.serialNumber.isEqual(own.certificate.serialNumber) === true;
  } catch (error) {
    throw new FormatError(`${WHAT} whose signature does not hold: ${messageOf(error)}`, 'bad-signature');
  }
  if (!isValid) throw new FormatError(`${WHAT} whose signature does not hold`, 'bad-signature');
}

/** The attribute with that one value. Throws FormatError where it is not there exactly once. */
function attributeOf(
  signer: SignerInfo,
  types: readonly string[],
): { readonly type: string; readonly value: BaseBlock } {
  const found = (signer.signedAttrs?.attributes ?? []).filter(({ type }) => types.includes(type));
  const [only] = found;
  const values: readonly BaseBlock[] = only?.values ?? [];
  const [value] = values;
  if (only === undefined || value === undefined || found.length > 1 || values.length > 1)
    throw new FormatError(`${WHAT} without exactly one signed attribute ${types.join(' or ')}`);
  return { type: only.type, value };
}

/** ESSCertIDv2 (RFC 5816), or ESSCertID with SHA-1: the first one is the signer's certificate. */
async function requireSigningCertificate(signer: SignerInfo, { bytes }: HeldCertificate): Promise<void> {
  const { signingCertificate, signingCertificateV2 } = OID;
  const { type, value } = attributeOf(signer, [signingCertificateV2, signingCertificate]);
  const [first] = childrenOf(childrenOf(value)[0]);
  const parts = childrenOf(first);
  const [head] = parts;
  const isNamed = head?.idBlock.tagNumber === 16;
  const named = isNamed ? oidOf(childrenOf(head)[0]) : SHA256_OID;
  const digest = type === signingCertificate ? 'SHA-1' : DIGESTS[named];
  const hash = isNamed ? parts[1] : head;
  if (digest === undefined || hash === undefined)
    throw new FormatError(`${WHAT} that names no signing certificate`);
  const held = new Uint8Array(await crypto.subtle.digest(digest, Uint8Array.from(bytes)));
  if (!equalBytes(contentOf(hash), held))
    throw new FormatError(`${WHAT} that names another signing certificate than the one that signed`);
}

const oidOf = (block: BaseBlock | undefined): string =>
  (block as unknown as { getValue?: () => string } | undefined)?.getValue?.() ?? '';

function withoutZeros(bytes: Uint8Array): Uint8Array {
  const start = bytes.findIndex((byte) => byte !== 0);
  return start < 0 ? new Uint8Array(0) : bytes.slice(start);
}
