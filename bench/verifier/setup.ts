// Which configuration and which directories does the measured verifier use?
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeSha256 } from '../../src/base/node/hash.ts';
import { encodeVkey, verifierKey } from '../../src/format/vkey.ts';
import { ORIGIN, signer } from '../build-archive.ts';

export type StoreLocation = { readonly kind: 'directory'; readonly path: string } | S3Location;
export type S3Location = Readonly<Record<'bucket' | 'region' | 'endpoint' | 'prefix', string>> & {
  readonly kind: 's3';
};
export const directory = (path: string): StoreLocation => ({ kind: 'directory', path });

/** A run writes only into this directory. */
export const DIR = mkdtempSync(join(tmpdir(), 'ledgerstone-bench-verifier-'));
export const newOwn = (): string => mkdtempSync(join(DIR, 'own-'));

const keyFile = join(DIR, 'verifier.pem');
writeFileSync(keyFile, generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }), {
  mode: 0o600,
});

export const configText = (archive: StoreLocation, own: string): string =>
  JSON.stringify({
    archive: {
      store: archive,
      trusted: [encodeVkey(verifierKey(ORIGIN, signer.publicKey, nodeSha256))],
    },
    attestations: {
      store: { kind: 'directory', path: own },
      retention: { mode: 'COMPLIANCE', period: '7y' },
    },
    cosigner: { name: 'verifier.example.com/bench', signing: { kind: 'local', keyFile } },
  });
