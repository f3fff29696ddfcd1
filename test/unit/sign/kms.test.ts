// Does the KMS signer open only fitting keys, sign in the right form, and survive what a network does?
import { createPublicKey, verify as cryptoVerify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../../src/base/bytes.ts';
import type { CosigningKey } from '../../../src/format/vkey.ts';
import { kmsMlDsaSigner, kmsSigner } from '../../../src/sign/kms.ts';
import { ARN, failure, fakeKms } from './fake-kms.ts';

const message = utf8('audit.example.com/prod/orders/0\n1\nAAAA\n');

function opensslAccepts(key: CosigningKey, signature: Uint8Array): boolean {
  const publicKey = createPublicKey({ key: Buffer.from(key.spki), format: 'der', type: 'spki' });
  return cryptoVerify(key.algorithm === 'ecdsa-p256' ? 'sha256' : null, message, publicKey, signature);
}

describe.each([
  {
    spec: 'ECC_NIST_P256',
    algorithm: 'ecdsa-p256',
    messageType: 'DIGEST',
    signingAlgorithm: 'ECDSA_SHA_256',
  },
  {
    spec: 'ECC_NIST_EDWARDS25519',
    algorithm: 'ed25519',
    messageType: 'RAW',
    signingAlgorithm: 'ED25519_SHA_512',
  },
  {
    spec: 'ML_DSA_44',
    algorithm: 'ml-dsa-44',
    messageType: 'RAW',
    signingAlgorithm: 'ML_DSA_SHAKE_256',
  },
] as const)('a $spec key', ({ spec, algorithm, messageType, signingAlgorithm }) => {
  const open = spec === 'ML_DSA_44' ? kmsMlDsaSigner : kmsSigner;

  it('signs by ARN in its one right form', async () => {
    await using kms = await fakeKms(spec);
    kms.preimages.push(message);
    const signer = await open({ ...kms.options, keyId: 'alias/log', region: 'eu-central-1' });
    const signature = await signer.sign(message);

    expect(signer.publicKey.algorithm).toBe(algorithm);
    expect(signer.description).toBe(ARN);
    expect(opensslAccepts(signer.publicKey, signature)).toBe(true);
    expect(kms.calls.map(({ action, input }) => [action, input['KeyId']])).toEqual([
      ['GetPublicKey', 'alias/log'],
      ['DescribeKey', ARN],
      ['Sign', ARN],
    ]);
    expect(kms.calls[2]?.input).toMatchObject({
      MessageType: messageType,
      SigningAlgorithm: signingAlgorithm,
    });
  });

  it('refuses a signature of other bytes than its own key makes', async () => {
    await using kms = await fakeKms(spec);
    const other = utf8('another message');
    kms.preimages.push(message, other);
    const signer = await open(kms.options);
    const foreign = Buffer.from(await signer.sign(other)).toString('base64');
    kms.script = () => ({ kind: 'json', status: 200, body: { KeyId: ARN, Signature: foreign } });
    await expect(signer.sign(message)).rejects.toMatchObject({ code: 'bad-signature', disposition: 'fatal' });
  });

  it('refuses an empty signature', async () => {
    await using kms = await fakeKms(spec);
    const signer = await open(kms.options);
    kms.script = () => ({ kind: 'json', status: 200, body: { KeyId: ARN } });
    await expect(signer.sign(message)).rejects.toMatchObject({ code: 'bad-signature' });
  });
});

describe('a key of the other use', () => {
  it('is refused: a log or a note would be signed with ML-DSA-44', async () => {
    await using kms = await fakeKms('ML_DSA_44');
    await expect(kmsSigner(kms.options)).rejects.toMatchObject({
      code: 'key-wrong-kind',
      message: expect.stringContaining('its spec is ML_DSA_44'),
      remedy: expect.stringContaining('ECC_NIST_P256'),
    });
  });

  it('is refused as a second key: it would be no second kind', async () => {
    await using kms = await fakeKms('ECC_NIST_EDWARDS25519');
    await expect(kmsMlDsaSigner(kms.options)).rejects.toMatchObject({
      code: 'key-wrong-kind',
      remedy: expect.stringContaining('ML_DSA_44'),
    });
  });
});

describe('what a signature must be', () => {
  it('refuses DER with a needless leading zero, which lax readers take', async () => {
    await using kms = await fakeKms('ECC_NIST_P256');
    kms.preimages.push(message);
    const signer = await kmsSigner(kms.options);
    const strict = Buffer.from(await signer.sign(message));
    const rLength = strict[3] as number;
    const lax = Buffer.concat([
      Buffer.from([0x30, (strict[1] as number) + 1, 0x02, rLength + 1, 0x00]),
      strict.subarray(4),
    ]);
    kms.script = () => ({
      kind: 'json',
      status: 200,
      body: { KeyId: ARN, Signature: lax.toString('base64') },
    });
    await expect(signer.sign(message)).rejects.toMatchObject({ code: 'bad-signature' });
  });

  it('never asks KMS for more raw bytes than it takes', async () => {
    await using kms = await fakeKms('ECC_NIST_EDWARDS25519');
    const signer = await kmsSigner(kms.options);
    await expect(signer.sign(new Uint8Array(4096))).resolves.toHaveLength(64);
    await expect(signer.sign(new Uint8Array(4097))).rejects.toMatchObject({ code: 'assertion' });
    await expect(signer.sign(new Uint8Array(0))).rejects.toMatchObject({ code: 'assertion' });
    expect(kms.calls.filter(({ action }) => action === 'Sign')).toHaveLength(1);
  });
});

describe('which keys it opens', () => {
  const json = (body: Record<string, unknown>) =>
    ({ kind: 'json', status: 200, body: { KeyId: ARN, ...body } }) as const;

  it.each([
    ['an encryption key', { KeyUsage: 'ENCRYPT_DECRYPT', KeySpec: 'RSA_2048' }],
    ['an RSA signing key', { KeyUsage: 'SIGN_VERIFY', KeySpec: 'RSA_2048' }],
    ['a P-384 key', { KeyUsage: 'SIGN_VERIFY', KeySpec: 'ECC_NIST_P384' }],
    ['a key-agreement key', { KeyUsage: 'KEY_AGREEMENT', KeySpec: 'ECC_NIST_P256' }],
    [
      'a key whose public half is not of its spec',
      { KeyUsage: 'SIGN_VERIFY', KeySpec: 'ECC_NIST_P256', PublicKey: 'MCow' },
    ],
    ['a key without a public half', { KeyUsage: 'SIGN_VERIFY', KeySpec: 'ECC_NIST_P256' }],
    [
      'a key that signs otherwise',
      { KeyUsage: 'SIGN_VERIFY', KeySpec: 'ECC_NIST_P256', SigningAlgorithms: ['ECDSA_SHA_384'] },
    ],
    ['an answer that says nothing', {}],
  ])('refuses %s', async (_, body) => {
    await using kms = await fakeKms();
    kms.script = ({ action }) => (action === 'GetPublicKey' ? json(body) : undefined);
    await expect(kmsSigner(kms.options)).rejects.toMatchObject({
      code: 'key-wrong-kind',
      disposition: 'fatal',
      remedy: expect.stringContaining('ECC_NIST_P256'),
    });
  });

  it('refuses an Ed25519 public half under a P-256 spec', async () => {
    await using kms = await fakeKms();
    await using other = await fakeKms('ECC_NIST_EDWARDS25519');
    const { publicKey } = await kmsSigner(other.options);
    const PublicKey = Buffer.from(publicKey.spki).toString('base64');
    kms.script = ({ action }) =>
      action === 'GetPublicKey'
        ? json({ KeyUsage: 'SIGN_VERIFY', KeySpec: 'ECC_NIST_P256', PublicKey })
        : undefined;
    await expect(kmsSigner(kms.options)).rejects.toMatchObject({ code: 'key-wrong-kind' });
  });

  it.each(['Disabled', 'PendingDeletion', 'Unavailable'])('refuses a key in state %s', async (KeyState) => {
    await using kms = await fakeKms();
    kms.script = ({ action }) =>
      action === 'DescribeKey' ? json({ KeyMetadata: { KeyId: ARN, KeyState } }) : undefined;
    await expect(kmsSigner(kms.options)).rejects.toMatchObject({
      code: 'key-disabled',
      disposition: 'fatal',
    });
  });

  it.each(['Creating', 'Updating'])('waits for a key in state %s', async (KeyState) => {
    await using kms = await fakeKms();
    kms.script = ({ action }) =>
      action === 'DescribeKey' ? json({ KeyMetadata: { KeyId: ARN, KeyState } }) : undefined;
    await expect(kmsSigner(kms.options)).rejects.toMatchObject({
      code: 'key-changing',
      disposition: 'retriable',
    });
  });

  it.each([
    ['is Creating', 'key-changing', 'retriable'],
    ['is updating', 'key-changing', 'retriable'],
    ['is pending deletion', 'key-disabled', 'fatal'],
    ['is pending import', 'key-disabled', 'fatal'],
  ])('a signature by a key that %s', async (words, code, disposition) => {
    await using kms = await fakeKms();
    const signer = await kmsSigner(kms.options);
    const body = { __type: 'KMSInvalidStateException', message: `${ARN} ${words}.` };
    kms.script = () => ({ kind: 'json', status: 400, body });
    await expect(signer.sign(message)).rejects.toMatchObject({ code, disposition });
  });

  it('goes without the state where it may not ask for it', async () => {
    await using kms = await fakeKms();
    kms.preimages.push(message);
    kms.script = ({ action }) => (action === 'DescribeKey' ? failure('AccessDeniedException') : undefined);
    const signer = await kmsSigner(kms.options);
    expect(opensslAccepts(signer.publicKey, await signer.sign(message))).toBe(true);
  });

  it('refuses a key name that is no key ARN', async () => {
    await using kms = await fakeKms();
    const told = {
      KeyUsage: 'SIGN_VERIFY',
      KeySpec: 'ECC_NIST_P256',
      KeyId: 'arn:aws:kms:eu-central-1:1:alias/log',
    };
    const { publicKey } = await kmsSigner(kms.options);
    const PublicKey = Buffer.from(publicKey.spki).toString('base64');
    kms.script = ({ action }) => (action === 'GetPublicKey' ? json({ ...told, PublicKey }) : undefined);
    await expect(kmsSigner(kms.options)).rejects.toMatchObject({ code: 'kms-refused' });
  });

  it('says that an ARN and the configured Region disagree before asking anybody', async () => {
    await using kms = await fakeKms();
    await expect(kmsSigner({ ...kms.options, region: 'us-east-1' })).rejects.toMatchObject({
      code: 'config',
    });
    expect(kms.calls).toEqual([]);
  });
});

describe('what a failed call means', () => {
  it.each([
    ['ThrottlingException', 400, 'retriable', 'kms-throttled'],
    ['KMSInternalException', 500, 'retriable', 'kms-unavailable'],
    ['DependencyTimeoutException', 500, 'retriable', 'kms-unavailable'],
    ['KeyUnavailableException', 500, 'retriable', 'kms-unavailable'],
    ['ServiceUnavailable', 503, 'retriable', 'kms-unavailable'],
    ['DisabledException', 400, 'fatal', 'key-disabled'],
    ['KMSInvalidStateException', 400, 'fatal', 'key-disabled'],
    ['AccessDeniedException', 400, 'fatal', 'kms-access-denied'],
    ['NotFoundException', 400, 'fatal', 'key-not-found'],
    ['IncorrectKeyException', 400, 'fatal', 'key-wrong-kind'],
    ['InvalidKeyUsageException', 400, 'fatal', 'key-wrong-kind'],
    ['UnrecognizedClientException', 400, 'fatal', 'kms-credentials'],
    ['ExpiredTokenException', 400, 'fatal', 'kms-credentials'],
    ['SomethingNewException', 400, 'fatal', 'kms-refused'],
  ])('%s (%i) is %s', async (name, status, disposition, code) => {
    await using kms = await fakeKms();
    const signer = await kmsSigner(kms.options);
    kms.script = () => failure(name, status);
    const expected = { code, disposition, remedy: expect.any(String), message: expect.stringContaining(ARN) };
    await expect(signer.sign(message)).rejects.toMatchObject(expected);
    await expect(kmsSigner(kms.options)).rejects.toMatchObject({ code, disposition });
  });

  it.each(['hang', 'stall', 'drop'] as const)('a server that lets requests %s is retriable', async (kind) => {
    await using kms = await fakeKms();
    const signer = await kmsSigner({ ...kms.options, requestTimeoutMs: 150 });
    kms.script = () => ({ kind });
    await expect(signer.sign(message)).rejects.toMatchObject({
      code: 'kms-unavailable',
      disposition: 'retriable',
    });
  });

  it('a closed port is retriable', async () => {
    const kms = await fakeKms();
    await kms[Symbol.asyncDispose]();
    await expect(kmsSigner(kms.options)).rejects.toMatchObject({
      code: 'kms-unavailable',
      disposition: 'retriable',
    });
  });

  it('missing credentials end the start, and are waited for later', async () => {
    await using kms = await fakeKms();
    let present = false;
    const credentials = async () => {
      const { accessKeyId, secretAccessKey } = { accessKeyId: 'test', secretAccessKey: 'test' };
      if (present) return { accessKeyId, secretAccessKey, expiration: new Date(0) };
      throw Object.assign(new Error('Could not load credentials from any providers'), {
        name: 'CredentialsProviderError',
      });
    };
    const options = { ...kms.options, credentials };
    await expect(kmsSigner(options)).rejects.toMatchObject({ code: 'kms-credentials', disposition: 'fatal' });
    present = true;
    const signer = await kmsSigner(options);
    present = false;
    await expect(signer.sign(message)).rejects.toMatchObject({
      code: 'kms-credentials',
      disposition: 'retriable',
    });
  });
});

describe('repeats and aborts', () => {
  it('repeats a Sign whose answer was lost, and gives one signature', async () => {
    await using kms = await fakeKms();
    kms.preimages.push(message);
    kms.script = ({ action }, nth) => (action === 'Sign' && nth === 0 ? { kind: 'drop' } : undefined);
    const signer = await kmsSigner({ ...kms.options, attempts: 3 });
    const signature = await signer.sign(message);
    expect(kms.calls.filter(({ action }) => action === 'Sign')).toHaveLength(2);
    expect(opensslAccepts(signer.publicKey, signature)).toBe(true);
  });

  it('does not repeat what a person has to cure', async () => {
    await using kms = await fakeKms();
    const signer = await kmsSigner({ ...kms.options, attempts: 3 });
    kms.script = () => failure('DisabledException');
    await expect(signer.sign(message)).rejects.toMatchObject({ code: 'key-disabled' });
    expect(kms.calls.filter(({ action }) => action === 'Sign')).toHaveLength(1);
  });

  it("rejects with the caller's reason as soon as the caller aborts", async () => {
    await using kms = await fakeKms();
    const signer = await kmsSigner({ ...kms.options, requestTimeoutMs: 60_000 });
    kms.script = () => ({ kind: 'hang' });
    const controller = new AbortController();
    const pending = signer.sign(message, controller.signal);
    const reason = new Error('draining');
    setTimeout(() => controller.abort(reason), 20);
    await expect(pending).rejects.toBe(reason);
    await expect(signer.sign(message, controller.signal)).rejects.toBe(reason);
  });
});
