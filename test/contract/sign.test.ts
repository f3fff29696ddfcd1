// Do the signers that need no service keep the signer's contract?
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type { KeyAlgorithm } from '../../src/format/vkey.ts';
import { kmsMlDsaSigner } from '../../src/sign/kms.ts';
import { localMlDsaSigner, localSigner } from '../../src/sign/local.ts';
import { generateLocalKey } from '../../src/sign/local-key.ts';
import { memoryMlDsaSigner, memorySigner } from '../support/memory-signer.ts';
import { fakeKms } from '../unit/sign/fake-kms.ts';
import { signSuite } from './sign-suite.ts';

const folder = mkdtempSync(join(tmpdir(), 'ledgerstone-sign-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

for (const algorithm of ['ed25519', 'ecdsa-p256'] as const satisfies readonly KeyAlgorithm[]) {
  signSuite('memory signer', algorithm, async () => memorySigner({ algorithm }));

  const keyFile = join(folder, `${algorithm}.pem`);
  let made: Promise<unknown> | undefined;
  signSuite('key file', algorithm, async () => {
    made ??= generateLocalKey(keyFile, algorithm);
    await made;
    return localSigner({ keyFile });
  });
}

signSuite('memory signer', 'ml-dsa-44', async () => memoryMlDsaSigner());

const mlDsaFile = join(folder, 'ml-dsa-44.pem');
let mlDsaMade: Promise<unknown> | undefined;
signSuite('key file', 'ml-dsa-44', async () => {
  mlDsaMade ??= generateLocalKey(mlDsaFile, 'ml-dsa-44');
  await mlDsaMade;
  return localMlDsaSigner({ keyFile: mlDsaFile });
});

// No KMS that can be started here has ML-DSA keys: a stand-in on loopback asks for the same form as AWS says.
let kms: Awaited<ReturnType<typeof fakeKms>> | undefined;
afterAll(() => kms?.[Symbol.asyncDispose]());
signSuite('a stand-in for KMS', 'ml-dsa-44', async () => {
  kms ??= await fakeKms('ML_DSA_44');
  return kmsMlDsaSigner({ ...kms.options, requestTimeoutMs: 20_000 });
});
