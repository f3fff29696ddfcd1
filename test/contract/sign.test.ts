// Do the signers that need no service keep the signer's contract?
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type { KeyAlgorithm } from '../../src/format/vkey.ts';
import { localSigner } from '../../src/sign/local.ts';
import { generateLocalKey } from '../../src/sign/local-key.ts';
import { memorySigner } from '../support/memory-signer.ts';
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
