// Is a signature that the unit tests know asked about anew wherever its answer could be another one?
import { generateKeyPairSync, sign, type webcrypto } from 'node:crypto';
import { expect, it } from 'vitest';
import { verifySignature } from '../../../src/base/signature.ts';
import { remembering } from '../../support/known-signatures.ts';

type Key = webcrypto.CryptoKey;
const key = (): Key => ({ type: 'public' }) as Key;
const one = Uint8Array.of(1, 2);
const two = Uint8Array.of(1, 3);

function asked(answers: readonly (boolean | Error)[]) {
  let count = 0;
  const verify = remembering(async () => {
    const answer = answers[count++];
    if (answer instanceof Error || answer === undefined) throw answer ?? new Error('asked once more');
    return answer;
  });
  return { ask: verify.bind(globalThis.crypto.subtle), count: () => count };
}

it.each([true, false])('the answer %s is given again to the same question alone', async (answer) => {
  const { ask, count } = asked([answer, answer, !answer, !answer, !answer]);
  const [mine, other] = [key(), key()];
  for (let round = 0; round < 3; round++) expect(await ask('Ed25519', mine, one, two)).toBe(answer);
  expect(count()).toBe(1);
  expect(await ask({ name: 'ECDSA', hash: 'SHA-256' }, mine, one, two)).toBe(answer);
  expect(await ask('Ed25519', other, one, two)).toBe(!answer);
  expect(await ask('Ed25519', mine, two, two)).toBe(!answer);
  expect(await ask('Ed25519', mine, one, one)).toBe(!answer);
  expect(count()).toBe(5);
});

it('bytes that move from the message into the signature are another question', async () => {
  const { ask } = asked([true, false]);
  const mine = key();
  expect(await ask('Ed25519', mine, one, Uint8Array.of(3, 4))).toBe(true);
  expect(await ask('Ed25519', mine, Uint8Array.of(1, 2, 3), Uint8Array.of(4))).toBe(false);
});

it('an error is no answer', async () => {
  const { ask } = asked([new Error('no such algorithm'), true]);
  const mine = key();
  await expect(ask('Ed25519', mine, one, two)).rejects.toThrow('no such algorithm');
  expect(await ask('Ed25519', mine, one, two)).toBe(true);
});

it('bytes that change between two questions are looked at both times', async () => {
  const pair = generateKeyPairSync('ed25519');
  const publicKey = {
    algorithm: 'ed25519',
    spki: new Uint8Array(pair.publicKey.export({ type: 'spki', format: 'der' })),
  } as const;
  const message = new Uint8Array(40);
  const signature = new Uint8Array(sign(null, message, pair.privateKey));
  expect(await verifySignature(publicKey, message, signature)).toBe(true);
  message[39] = 1;
  expect(await verifySignature(publicKey, message, signature)).toBe(false);
});
