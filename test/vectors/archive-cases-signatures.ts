// Which signatures count? Frozen archives whose signatures one reader of Ed25519 or P-256 takes and another does not.
import { createHash } from 'node:crypto';
import { concatBytes, fromBase64, fromHex, toBase64, utf8, utf8Text } from '../../src/base/bytes.ts';
import { publicKeyFromSpki, spkiOfEd25519 } from '../../src/base/signature.ts';
import type { Signer } from '../../src/sign/signer.ts';
import { ArchiveBuilder } from '../support/archive-builder.ts';
import { type ArchiveCase, type Made, written } from './archive-cases.ts';

/** 2^252 + 27742317777372353535851937790883648493: the order of Ed25519's base point. */
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
const numberOf = (bytes: Uint8Array): bigint => bytes.reduceRight((sum, byte) => sum * 256n + BigInt(byte), 0n);
const bytesOf = (value: bigint): Uint8Array => Uint8Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * i)) & 255n));

/** The base point: the public key of the private scalar 1. And the same plus a point of order 8. */
const BASE = fromHex('5866666666666666666666666666666666666666666666666666666666666666');
const BASE_AND_TORSION = fromHex('da99e28ba529cdde35a25fba9059e78ecaee239f99755b9b1aa4f65df00803e2');

/** The same value of S, plus the order: many verifiers of old took it. */
const withOrderAdded = (note: Uint8Array): Uint8Array => {
  const lines = utf8Text(note).trimEnd().split('\n');
  const [dash, name, body] = (lines.at(-1) ?? '').split(' ');
  const signed = fromBase64(body ?? '');
  const other = concatBytes(signed.subarray(0, 36), bytesOf(numberOf(signed.subarray(36)) + ORDER));
  return utf8(`${[...lines.slice(0, -1), `${dash} ${name} ${toBase64(other)}`].join('\n')}\n`);
};

/** The neutral element as a key: R = B and S = 1 are then a signature over everything, by the equation alone. */
const weakSigner: Signer = {
  publicKey: spkiOfEd25519(bytesOf(1n)),
  description: 'a key of order 1',
  sign: async () => concatBytes(BASE, bytesOf(1n)),
};

/** R has a part of order 8, which only the equation with the cofactor forgives. */
const torsionSigner: Signer = {
  publicKey: spkiOfEd25519(BASE),
  description: 'the private scalar 1',
  sign: async (message) => {
    const hash = createHash('sha512').update(concatBytes(BASE_AND_TORSION, BASE, message)).digest();
    return concatBytes(BASE_AND_TORSION, bytesOf((1n + numberOf(new Uint8Array(hash))) % ORDER));
  },
};

/** SEC 1 writes it like a point, and it is none of the curve. */
const offCurveSigner: Signer = {
  publicKey: publicKeyFromSpki(fromHex(`3059301306072a8648ce3d020106082a8648ce3d03010703420004${'00'.repeat(63)}05`)),
  description: 'no point of P-256',
  sign: async () => fromHex('3006020101020101'),
};

const signedBy = (each: Signer) => async (): Promise<Made> => {
  const builder = new ArchiveBuilder({ signers: [each] });
  await builder.chain().fill(1, 2);
  return { builder };
};

export const SIGNATURE_CASES: readonly ArchiveCase[] = [
  {
    name: 'bad-signature-with-order-added',
    about: 'An Ed25519 signature whose S is not below the order of the base point.',
    codes: ['bad-signature'],
    make: written({ note: withOrderAdded }, false),
  },
  {
    name: 'bad-signature-by-weak-key',
    about: 'The pinned Ed25519 key is a point of small order: anybody’s signature fits it, by the equation alone.',
    codes: ['bad-signature'],
    make: signedBy(weakSigner),
  },
  {
    name: 'bad-signature-with-cofactor-only',
    about: 'Ed25519 signatures that hold by the equation with the cofactor, and not without it.',
    codes: ['bad-signature'],
    make: signedBy(torsionSigner),
  },
  {
    name: 'bad-signature-by-no-point',
    about: 'The pinned P-256 key is no point of the curve.',
    codes: ['bad-signature'],
    make: signedBy(offCurveSigner),
  },
];
