// How does a test sign and read the notes of a verifier?
import { nodeSha256 } from '../../src/base/node/hash.ts';
import { cosignerKey } from '../../src/format/cosignature.ts';
import type { Signer } from '../../src/sign/signer.ts';
import type { NoteSigning } from '../../src/verifier/signed-notes.ts';
import { ORIGIN } from './archive-builder.ts';
import { memorySigner } from './memory-signer.ts';

export const noteSigning = (
  signer: Signer = memorySigner({ seed: 'verifier' }),
  name = 'verifier.example.com/test',
): NoteSigning => {
  const key = cosignerKey(name, signer.publicKey, nodeSha256);
  return { archiveOrigin: ORIGIN, cosigners: [key], sha256: nodeSha256, key, signer };
};

/** What stands below a note's signature. */
export function noteContent(bytes: Uint8Array | undefined): Uint8Array {
  const all = Buffer.from(bytes ?? []);
  const lines = all.indexOf('\n\n') + 2;
  return new Uint8Array(all.subarray(all.indexOf('\n\n', lines) + 2));
}

/** For a bucket of a verifier's own notes. */
export const NOTES = { signing: noteSigning() };
