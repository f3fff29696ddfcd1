// Does a token count only if it is over these bytes, signed as RFC 3161 wants it, under a root that was named?
import { ObjectIdentifier } from 'asn1js';
import { beforeAll, describe, expect, it } from 'vitest';
import { FormatError } from '../../../src/base/error.ts';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import { readRoots } from '../../../src/timestamp/certificates.ts';
import { readResponse } from '../../../src/timestamp/request.ts';
import { checkToken, readStampToken } from '../../../src/timestamp/token.ts';
import {
  certificateOf,
  type Issuer,
  pemOf,
  type TokenWishes,
  tokenOf,
} from '../../support/stamp-authority.ts';

const DATA = new TextEncoder().encode('what is stamped\n');
const AT = Date.parse('2026-11-30T00:05:12.000Z');
const LATER = AT + 900 * 86_400_000;

let root: Issuer;
let signer: Issuer;
beforeAll(async () => {
  root = await certificateOf('Test Root', { to: LATER + 86_400_000 });
  signer = await certificateOf('Test Authority', { to: LATER, issuer: root });
});

const made = (wishes: Partial<TokenWishes> = {}, by = signer) =>
  tokenOf(by, DATA, { genTimeMs: AT, ...wishes });
const check = (token: Uint8Array, roots = pemOf(root), data: Uint8Array = DATA) =>
  checkToken(token, data, readRoots(roots), nodeSha256);
const why = (token: Uint8Array, ...rest: [roots?: string, data?: Uint8Array]) =>
  check(token, ...rest).then(
    ({ kind }) => kind,
    (error: unknown) => {
      // Anything else would be a crash.
      expect(error).toBeInstanceOf(FormatError);
      return (error as Error).message;
    },
  );

describe('a token', () => {
  it('shows its time and who says so', async () => {
    const checked = await check(await made({ nonce: new Uint8Array([0x40, 1]) }));
    expect(checked).toMatchObject({
      ...{ kind: 'shown', by: 'Test Authority', genTimeMs: AT, accuracyMs: 1000, endsMs: LATER },
      root: { name: 'Test Root', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
      nonce: new Uint8Array([0x40, 1]),
    });
  });

  it('is nobody’s word under another root, and under none', async () => {
    const other = await certificateOf('Test Root', { to: LATER });
    expect(await why(await made(), pemOf(other))).toBe('unknown-root');
    expect((await checkToken(await made(), DATA, [], nodeSha256)).kind).toBe('unknown-root');
  });

  it('leads over intermediate certificates, and ends with the first that ends', async () => {
    const between = await certificateOf('Between', { to: LATER - 5_000, issuer: root, isAuthority: true });
    const below = await certificateOf('Below', { to: LATER, issuer: between });
    const token = await made({ certificates: [below.certificate, between.certificate] }, below);
    expect(await check(token)).toMatchObject({ kind: 'shown', by: 'Below', endsMs: LATER - 5_000 });
    // Without it, whoever trusts it names it.
    const alone = await made({}, below);
    expect(await why(alone)).toBe('unknown-root');
    expect(await why(alone, pemOf(between))).toBe('shown');
  });

  it('is read to an end where certificates issue each other', async () => {
    const keys = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
      'sign',
      'verify',
    ]);
    const a = await certificateOf('A', { to: LATER, keys, isAuthority: true });
    const b = await certificateOf('B', { to: LATER, issuer: a, isAuthority: true, keys });
    const again = await certificateOf('A', { to: LATER, issuer: b, isAuthority: true, keys });
    const below = await certificateOf('Below', { to: LATER, issuer: again });
    const certificates = [below, again, b].map(({ certificate }) => certificate);
    expect(await why(await made({ certificates }, below))).toBe('unknown-root');
  });
});

describe('no token', () => {
  const signed = async (wishes: Parameters<typeof certificateOf>[1]) =>
    why(await made({}, await certificateOf('Test Authority', wishes)));

  it('is one over other bytes, or by another digest', async () => {
    expect(await why(await made(), pemOf(root), DATA.subarray(1))).toMatch('over other bytes');
    expect(await why(await made({ imprint: new Uint8Array(32) }))).toMatch('over other bytes');
    expect(await why(await made({ imprintAlgorithm: '2.16.840.1.101.3.4.2.2' }))).toMatch('over other bytes');
  });

  it('is one whose signature does not hold', async () => {
    expect(await why(await made({ signWith: root.keys.privateKey }))).toMatch('signature does not hold');
  });

  it('is one without the right signed attributes', async () => {
    expect(await why(await made({ named: null }))).toMatch('without exactly one signed attribute');
    expect(await why(await made({ named: root.certificate }))).toMatch('another signing certificate');
    expect(await why(await made({ attributesTwice: true }))).toMatch('without exactly one signed attribute');
    expect(await why(await made({ contentType: '1.2.840.113549.1.7.1' }))).toMatch(
      'signed as something else',
    );
  });

  it('is one by a certificate that is for anything else', async () => {
    const to = LATER;
    const mail = '1.3.6.1.5.5.7.3.4';
    expect(await signed({ to, issuer: root, purposes: [mail] })).toMatch('not for time-stamping alone');
    expect(await signed({ to, issuer: root, purposes: ['1.3.6.1.5.5.7.3.8', mail] })).toMatch('alone');
    expect(await signed({ to, issuer: root, isPurposeCritical: false })).toMatch(
      'alone (extendedKeyUsage, critical)',
    );
    expect(await signed({ to, issuer: root, odd: true })).toMatch('critical extension that is not known');
  });

  it('is one of a time at which a certificate was not valid', async () => {
    expect(await signed({ to: AT - 1_000, issuer: root })).toMatch('Test Authority was not valid');
    expect(await signed({ from: AT + 1_000, to: LATER, issuer: root })).toMatch('was not valid');
    const ended = await certificateOf('Ended', { to: AT - 1_000 });
    const token = await made({}, await certificateOf('Test Authority', { to: LATER, issuer: ended }));
    expect(await why(token, pemOf(ended))).toMatch('Ended was not valid');
  });

  it('is one that a signer’s certificate issued, or too long a path', async () => {
    const below = await certificateOf('Below', { to: LATER, issuer: signer });
    const certificates = [below.certificate, signer.certificate];
    expect(await why(await made({ certificates }, below))).toMatch('may issue no certificates');
    // Each of the two extensions counts by itself.
    for (const [isAuthority, usage] of [
      [false, 0x86],
      [true, 0x80],
    ] as const) {
      const between = await certificateOf('Between', { to: LATER, issuer: root, isAuthority, usage });
      const last = await certificateOf('Last', { to: LATER, issuer: between });
      const both = [last.certificate, between.certificate];
      expect(await why(await made({ certificates: both }, last))).toMatch(
        'Between may issue no certificates',
      );
    }
    const silent = await certificateOf('Silent', { to: LATER, issuer: root, usage: 0x08 });
    expect(await why(await made({}, silent))).toMatch('may not sign');
    const short = await certificateOf('Short', { to: LATER, pathLength: 0 });
    const between = await certificateOf('Between', { to: LATER, issuer: short, isAuthority: true });
    const last = await certificateOf('Last', { to: LATER, issuer: between });
    const path = [last.certificate, between.certificate];
    expect(await why(await made({ certificates: path }, last), pemOf(short))).toMatch('no such long path');
  });

  it('is what ends early, goes on, or is anything else', async () => {
    const token = await made();
    for (const bytes of [
      ...[
        new Uint8Array(0),
        new Uint8Array([0x30]),
        new Uint8Array(5_000).fill(0x30),
        new Uint8Array(64).fill(0xff),
      ],
      ...[
        token.subarray(0, -1),
        Uint8Array.from([...token, 0]),
        new Uint8Array(new ObjectIdentifier({ value: '1.2.3' }).toBER()),
      ],
      // Nested deeper than any stack.
      new Uint8Array(60_000).map((_, index) => (index % 2 === 0 ? 0x30 : 0x80)),
    ]) {
      expect(() => readStampToken(bytes)).toThrow(FormatError);
      expect(() => readResponse(bytes)).toThrow(FormatError);
    }
  });

  it('is made by one flipped bit of what is signed', async () => {
    const token = await made({ nonce: new Uint8Array([0x41]) });
    // What stands behind the certificates is the signer's part; before them is the time.
    const kinds = new Set<string>();
    const roots = readRoots(pemOf(root));
    for (let at = 60; at < token.length; at += 7) {
      const bytes = Uint8Array.from(token);
      bytes[at] = (bytes[at] as number) ^ 0x10;
      const read = await checkToken(bytes, DATA, roots, nodeSha256).catch((error: unknown) => {
        expect(error).toBeInstanceOf(FormatError);
        return error as FormatError;
      });
      if (read instanceof FormatError) kinds.add(read.message);
      else {
        // If it still counts, it says the same.
        if (read.kind === 'shown') expect([read.genTimeMs, read.by]).toEqual([AT, 'Test Authority']);
        kinds.add(read.kind);
      }
    }
    expect(kinds.size).toBeGreaterThan(5);
  });
});

describe('roots', () => {
  it('are certificates in PEM, with text around them', () => {
    expect(readRoots(`Subject: Test\r\n${pemOf(root)}\n${pemOf(signer)}`)).toHaveLength(2);
    expect(() => readRoots('none')).toThrow('no certificate in PEM');
    expect(() => readRoots('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----')).toThrow(
      FormatError,
    );
    expect(() => readRoots(pemOf(root).repeat(33))).toThrow('33 certificates');
  });
});
