// What does an authority read in a request, and what is said of an answer that has no token?
import { BitString, Utf8String } from 'asn1js';
import { ContentInfo, PKIStatusInfo, TimeStampReq, TimeStampResp } from 'pkijs';
import { beforeAll, describe, expect, it } from 'vitest';
import { FormatError } from '../../../src/base/error.ts';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import { encodeRequest, readResponse, SHA256_OID } from '../../../src/timestamp/request.ts';
import { certificateOf, tokenOf } from '../../support/stamp-authority.ts';

const DATA = new TextEncoder().encode('what is stamped\n');
const AT = Date.parse('2026-11-30T00:05:12.000Z');
const NONCE = Uint8Array.from({ length: 16 }, (_, at) => 0x7f - at);

describe('a request', () => {
  const asked = (policy?: string) =>
    TimeStampReq.fromBER(Uint8Array.from(encodeRequest({ data: DATA, nonce: NONCE, policy }, nodeSha256)));

  it('names the data by their hash, has its nonce and asks for certificates', () => {
    const { version, messageImprint, nonce, certReq, reqPolicy, extensions } = asked();
    expect([version, certReq, reqPolicy, extensions]).toEqual([1, true, undefined, undefined]);
    expect(messageImprint.hashAlgorithm.algorithmId).toBe(SHA256_OID);
    expect(new Uint8Array(messageImprint.hashedMessage.valueBlock.valueHexView)).toEqual(nodeSha256(DATA));
    expect(new Uint8Array(nonce?.valueBlock.valueHexView ?? [])).toEqual(NONCE);
  });

  it('names the policy that somebody wants', () => {
    expect(asked('1.3.6.1.4.1.99999.2').reqPolicy).toBe('1.3.6.1.4.1.99999.2');
  });

  it('has nothing of the data in it', () => {
    const bytes = Buffer.from(encodeRequest({ data: DATA, nonce: NONCE }, nodeSha256));
    expect(bytes.includes(Buffer.from(DATA))).toBe(false);
  });
});

describe('an answer', () => {
  let token: Uint8Array;
  beforeAll(async () => {
    const root = await certificateOf('Test Root', { to: AT + 86_400_000 });
    token = await tokenOf(root, DATA, { genTimeMs: AT });
  });

  type Said = { readonly bits?: readonly number[]; readonly strings?: readonly string[] };
  const answer = (status: number, isWithToken: boolean, { bits, strings }: Said = {}) => {
    const failInfo = bits?.reduce((all, bit) => {
      all[bit >> 3] = (all[bit >> 3] ?? 0) | (0x80 >> (bit & 7));
      return all;
    }, new Uint8Array(4));
    const info = new PKIStatusInfo({
      status,
      ...(failInfo && { failInfo: new BitString({ valueHex: failInfo.buffer }) }),
      ...(strings && { statusStrings: strings.map((value) => new Utf8String({ value })) }),
    });
    const timeStampToken = isWithToken ? { timeStampToken: ContentInfo.fromBER(Uint8Array.from(token)) } : {};
    return new Uint8Array(new TimeStampResp({ status: info, ...timeStampToken }).toSchema().toBER());
  };
  const why = (bytes: Uint8Array): string => {
    try {
      readResponse(bytes);
    } catch (error) {
      expect(error).toBeInstanceOf(FormatError);
      return (error as Error).message;
    }
    throw new Error('it was read');
  };

  it.each([0, 1])('of status %i has the token, byte for byte', (status) => {
    expect(readResponse(answer(status, true))).toEqual(token);
  });

  it.each([2, 3, 4, 5])('of status %i has none, also where one lies in it', (status) => {
    const text = `the authority gave no token: status ${status}`;
    expect([why(answer(status, false)), why(answer(status, true))]).toEqual([text, text]);
  });

  it('that is granted, and has no token', () => {
    expect(why(answer(0, false))).toBe('the authority gave no token: status 0');
  });

  it.each([
    [0, 'it does not know the algorithm'],
    [2, 'it says that the request is malformed'],
    [5, 'it says that the request is malformed'],
    [14, 'its own clock is not available'],
    [15, 'it does not know the policy: look at timestamps.policy'],
    [16, 'it does not know the extension'],
    [17, 'it can not give what was asked for'],
    [25, 'it has failed'],
  ])('says by bit %i of its failures: %s', (bit, said) => {
    expect(why(answer(2, false, { bits: [bit] }))).toBe(`the authority gave no token: status 2: ${said}`);
  });

  it('says each thing once, then its own words, no longer than 200 characters', () => {
    const strings = ['not today', 'x'.repeat(300)];
    expect(why(answer(2, false, { bits: [2, 5, 25, 30], strings }))).toBe(
      'the authority gave no token: status 2: it says that the request is malformed; it has failed; ' +
        `not today; ${'x'.repeat(200)}`,
    );
  });

  it.each<[string, (whole: Uint8Array) => Uint8Array]>([
    ['nothing', () => new Uint8Array(0)],
    ['a text', () => new TextEncoder().encode('<html>busy</html>')],
    ['bytes behind its end', (whole) => new Uint8Array([...whole, 0])],
    ['half of it', (whole) => whole.subarray(0, whole.length >> 1)],
    ['a status that nobody knows', () => answer(9, true)],
    ['another value', () => new Uint8Array([0x02, 0x01, 0x00])],
  ])('of %s can’t be read', (_, change) => {
    expect(why(change(answer(0, true)))).toContain('an answer of a time-stamping authority');
  });
});
