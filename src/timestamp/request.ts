// What is an authority asked, and what token is in its answer? (RFC 3161 2.4)
import { Integer, Null, OctetString } from 'asn1js';
import { AlgorithmIdentifier, MessageImprint, TimeStampReq, TimeStampResp } from 'pkijs';
import { FormatError } from '../base/error.ts';
import type { Sha256 } from '../base/hash.ts';
import { bytesOf, childrenOf, readBer, reading } from './ber.ts';

export const SHA256_OID = '2.16.840.1.101.3.4.2.1';

export type StampRequest = {
  readonly data: Uint8Array;
  /** A positive number, big-endian: 1 to 32 bytes, the first from 0x01 to 0x7f. */
  readonly nonce: Uint8Array;
  /** An object identifier in dots. Left out: the authority chooses. */
  readonly policy?: string | undefined;
};

/** The TimeStampReq, in DER. It names the data by their SHA-256 alone, and asks for the certificates. */
export function encodeRequest({ data, nonce, policy }: StampRequest, sha256: Sha256): Uint8Array {
  const request = new TimeStampReq({
    version: 1,
    messageImprint: new MessageImprint({
      hashAlgorithm: new AlgorithmIdentifier({ algorithmId: SHA256_OID, algorithmParams: new Null() }),
      hashedMessage: new OctetString({ valueHex: Uint8Array.from(sha256(data)) }),
    }),
    nonce: new Integer({ valueHex: Uint8Array.from(nonce) }),
    certReq: true,
    ...(policy !== undefined && { reqPolicy: policy }),
  });
  return new Uint8Array(request.toSchema().toBER());
}

/** RFC 3161 2.4.2, as far as they help an operator. */
const FAILURES: Readonly<Record<number, string>> = {
  0: 'it does not know the algorithm',
  2: 'it says that the request is malformed',
  5: 'it says that the request is malformed',
  14: 'its own clock is not available',
  15: 'it does not know the policy: look at timestamps.policy',
  16: 'it does not know the extension',
  17: 'it can not give what was asked for',
  25: 'it has failed',
};

/** The bytes of the token, as they stood in the answer. Throws FormatError where it gave none. */
export function readResponse(bytes: Uint8Array): Uint8Array {
  const what = 'an answer of a time-stamping authority';
  const block = readBer(bytes, what);
  const [, token] = childrenOf(block);
  const raw = token === undefined ? null : bytesOf(token);
  const { status } = reading(what, () => new TimeStampResp({ schema: block }));
  // 0: granted. 1: granted with modifications; what is in it is looked at all the same.
  if ((status.status !== 0 && status.status !== 1) || raw === null) {
    const said = (status.statusStrings ?? []).map((text) => String(text.valueBlock.value).slice(0, 200));
    const bits = status.failInfo?.valueBlock.valueHexView ?? new Uint8Array(0);
    const isSet = (bit: number) => ((bits[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0;
    const failed = Object.entries(FAILURES).flatMap(([bit, text]) => (isSet(Number(bit)) ? [text] : []));
    const why = [...new Set([...failed, ...said])].join('; ');
    throw new FormatError(
      `the authority gave no token: status ${status.status}${why === '' ? '' : `: ${why}`}`,
    );
  }
  return raw;
}
