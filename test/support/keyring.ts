// A keyring of keys that stay the same, for tests that are not about changing them.
import { Keyring, type KeyringOptions } from '../../src/archiver/keyring.ts';
import { nodeSha256 } from '../../src/base/node/hash.ts';
import type { Signer } from '../../src/sign/signer.ts';

export const keyringOf = (
  archiveOrigin: string,
  configured: readonly Signer[],
  more: Partial<KeyringOptions> = {},
): Keyring => new Keyring({ configured, trusted: [], archiveOrigin, sha256: nodeSha256, ...more });
