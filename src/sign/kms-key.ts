// Is this KMS key one that may sign checkpoints, and which one is it exactly?
import { DescribeKeyCommand, GetPublicKeyCommand, type KMSClient } from '@aws-sdk/client-kms';
import { EMPTY } from '../base/bytes.ts';
import { FormatError, LedgerstoneError } from '../base/error.ts';
import { type CosigningAlgorithm, type CosigningKey, cosigningKeyFromSpki } from '../format/vkey.ts';
import { kmsError } from './kms-error.ts';

/** How KMS is asked to sign. Omitting the message type would have a digest hashed a second time. */
type SigningForm =
  | {
      readonly algorithm: 'ecdsa-p256';
      readonly signingAlgorithm: 'ECDSA_SHA_256';
      readonly messageType: 'DIGEST';
    }
  | {
      readonly algorithm: 'ed25519';
      readonly signingAlgorithm: 'ED25519_SHA_512';
      readonly messageType: 'RAW';
    }
  | {
      readonly algorithm: 'ml-dsa-44';
      readonly signingAlgorithm: 'ML_DSA_SHAKE_256';
      readonly messageType: 'RAW';
    };

const FORMS: { readonly [A in CosigningAlgorithm]: SigningForm & { readonly algorithm: A } } = {
  'ecdsa-p256': { algorithm: 'ecdsa-p256', signingAlgorithm: 'ECDSA_SHA_256', messageType: 'DIGEST' },
  // Pure Ed25519 hashes the message itself, twice over: KMS offers it for raw messages only.
  ed25519: { algorithm: 'ed25519', signingAlgorithm: 'ED25519_SHA_512', messageType: 'RAW' },
  // Messages over 4096 bytes would need EXTERNAL_MU; what a cosigner signs has about 600 at most.
  // https://docs.aws.amazon.com/kms/latest/developerguide/mldsa.html
  'ml-dsa-44': { algorithm: 'ml-dsa-44', signingAlgorithm: 'ML_DSA_SHAKE_256', messageType: 'RAW' },
};

const ALGORITHM_OF_SPEC: Readonly<Record<string, CosigningAlgorithm>> = {
  ECC_NIST_P256: 'ecdsa-p256',
  ECC_NIST_EDWARDS25519: 'ed25519',
  ML_DSA_44: 'ml-dsa-44',
};

export type OpenedKey = {
  /** The key's own ARN. An alias may be pointed elsewhere later; this can't. */
  readonly arn: string;
  readonly publicKey: CosigningKey;
  readonly form: SigningForm;
};

export type Send = <T>(
  action: 'GetPublicKey' | 'DescribeKey',
  work: (client: KMSClient, abort: AbortSignal) => Promise<T>,
) => Promise<T>;

/** Kinds of keys: those that sign all that a party signs, or the one that cosigns checkpoints alone. */
export type KeyUse = 'signing' | 'post-quantum';
const KINDS: Readonly<Record<KeyUse, readonly CosigningAlgorithm[]>> = {
  signing: ['ed25519', 'ecdsa-p256'],
  'post-quantum': ['ml-dsa-44'],
};
const REMEDIES: Readonly<Record<KeyUse, string>> = {
  signing: 'Use an asymmetric KMS key of usage SIGN_VERIFY and spec ECC_NIST_P256 or ECC_NIST_EDWARDS25519.',
  'post-quantum': 'Use an asymmetric KMS key of usage SIGN_VERIFY and spec ML_DSA_44.',
};

const wrongKind = (keyId: string, use: KeyUse, found: string) =>
  new LedgerstoneError('key-wrong-kind', `KMS key ${keyId} can't sign checkpoints: ${found}`, {
    remedy: REMEDIES[use],
  });

/**
 * Asks KMS for the public key (needs kms:GetPublicKey) and, where it may (kms:DescribeKey), for the key's
 * state. The alias is resolved once, here, and the state is asked of the ARN that came out: an alias that
 * moves in between can't give one key's public half and another's state.
 */
export async function openKmsKey(keyId: string, use: KeyUse, send: Send): Promise<OpenedKey> {
  const answer = await send('GetPublicKey', (kms, abortSignal) =>
    kms.send(new GetPublicKeyCommand({ KeyId: keyId }), { abortSignal }),
  );
  if (answer.KeyUsage !== 'SIGN_VERIFY') throw wrongKind(keyId, use, `its usage is ${answer.KeyUsage}`);
  const algorithm = ALGORITHM_OF_SPEC[answer.KeySpec ?? ''];
  if (algorithm === undefined || !KINDS[use].includes(algorithm))
    throw wrongKind(keyId, use, `its spec is ${answer.KeySpec}`);

  const form = FORMS[algorithm];
  if (answer.SigningAlgorithms !== undefined && !answer.SigningAlgorithms.includes(form.signingAlgorithm)) {
    const signs = answer.SigningAlgorithms.join(', ');
    throw wrongKind(keyId, use, `it signs ${signs}, not ${form.signingAlgorithm}`);
  }
  const publicKey = publicHalf(keyId, use, answer.PublicKey ?? EMPTY, algorithm);

  const arn = answer.KeyId ?? '';
  if (!/^arn:[^:]+:kms:[^:]+:[^:]+:key\/.+$/.test(arn)) {
    throw new LedgerstoneError('kms-refused', `KMS named the key ${keyId} "${arn}", which is no key ARN`, {
      remedy: 'Check that the endpoint is a KMS.',
    });
  }
  await refuseUnlessEnabled(arn, send);
  return { arn, publicKey, form };
}

function publicHalf(
  keyId: string,
  use: KeyUse,
  spki: Uint8Array,
  algorithm: CosigningAlgorithm,
): CosigningKey {
  try {
    const publicKey = cosigningKeyFromSpki(spki);
    if (publicKey.algorithm === algorithm) return publicKey;
    throw wrongKind(keyId, use, `its spec says ${algorithm} and its public key ${publicKey.algorithm}`);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw wrongKind(keyId, use, `its public key is not one of ${algorithm} (${error.message})`);
  }
}

async function refuseUnlessEnabled(arn: string, send: Send): Promise<void> {
  const state = await send('DescribeKey', (kms, abortSignal) =>
    kms.send(new DescribeKeyCommand({ KeyId: arn }), { abortSignal }),
  ).then(
    (answer) => answer.KeyMetadata?.KeyState,
    (error: unknown) => {
      const known = kmsError(error, 'DescribeKey', arn);
      // Least privilege may leave out this call; then a disabled key shows only at Sign.
      if (known.code === 'kms-access-denied') return 'Enabled';
      throw known;
    },
  );
  if (state === 'Enabled') return;
  if (state === 'Creating' || state === 'Updating') {
    throw new LedgerstoneError('key-changing', `KMS key ${arn} is in state ${state}`, {
      disposition: 'retriable',
      remedy: 'Wait until it is Enabled, then start again.',
    });
  }
  throw new LedgerstoneError('key-disabled', `KMS key ${arn} is in state ${state}`, {
    remedy: 'Enable the key, or cancel its deletion, then start again.',
  });
}
