// Does the KMS signer keep the signer's contract on real KMS servers, and refuse what it must?

import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:net';
import {
  CreateAliasCommand,
  CreateKeyCommand,
  DisableKeyCommand,
  EnableKeyCommand,
  type KeySpec,
  type KeyUsageType,
  KMSClient,
  ScheduleKeyDeletionCommand,
  UpdateAliasCommand,
} from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunningKms, RunningStack } from '../../localstack/running.ts';
import { utf8 } from '../../src/base/bytes.ts';
import { verifySignature } from '../../src/base/signature.ts';
import { type KmsSignerOptions, kmsSigner } from '../../src/sign/kms.ts';
import { describeWithStack } from '../support/stack/global.ts';
import { signSuite } from './sign-suite.ts';

const message = utf8('audit.example.com/prod/orders/0\n1\nAAAA\n');

const SERVERS = [
  {
    name: 'KMS with P-256',
    algorithm: 'ecdsa-p256',
    spec: 'ECC_NIST_P256',
    of: (stack: RunningStack) => stack.kms,
  },
  {
    name: 'KMS with Ed25519',
    algorithm: 'ed25519',
    spec: 'ECC_NIST_EDWARDS25519',
    of: (stack: RunningStack) => stack.kmsEd25519,
  },
] as const;

for (const { name, algorithm, spec, of } of SERVERS) {
  describeWithStack(name, { s3: true }, (stack) => {
    const options = (keyId: string): KmsSignerOptions => {
      const { endpoint, region, credentials } = of(stack());
      return { keyId, endpoint, region, credentials };
    };
    signSuite('its log key', algorithm, () => kmsSigner(options(of(stack()).keyId)));

    describe('keys of our own', () => {
      let admin: KeyAdmin;
      beforeAll(() => {
        admin = new KeyAdmin(of(stack()));
      });
      afterAll(() => admin.close());

      it('signs by the ARN behind an alias, also once the alias points elsewhere', async () => {
        const [first, second] = [await admin.create(spec), await admin.create(spec)];
        const alias = await admin.alias(first);
        const signer = await kmsSigner(options(alias));
        expect(signer.description).toMatch(new RegExp(`^arn:aws:kms:.*:key/${first}$`));
        await admin.point(alias, second);
        const signature = await signer.sign(message);
        expect(await verifySignature(signer.publicKey, message, signature)).toBe(true);
        expect((await kmsSigner(options(alias))).publicKey).not.toEqual(signer.publicKey);
      });

      it('refuses a disabled key at the start, and says so when it is disabled later', async () => {
        const keyId = await admin.create(spec);
        const signer = await kmsSigner(options(keyId));
        await admin.disable(keyId);
        const disabled = {
          code: 'key-disabled',
          disposition: 'fatal',
          remedy: expect.stringContaining('Enable'),
        };
        await expect(kmsSigner(options(keyId))).rejects.toMatchObject(disabled);
        await expect(signer.sign(message)).rejects.toMatchObject(disabled);
        await admin.enable(keyId);
        await expect(signer.sign(message)).resolves.toBeInstanceOf(Uint8Array);
      });

      it('refuses a key that waits for its deletion', async () => {
        const keyId = await admin.create(spec);
        const signer = await kmsSigner(options(keyId));
        await admin.scheduleDeletion(keyId);
        await expect(kmsSigner(options(keyId))).rejects.toMatchObject({ code: 'key-disabled' });
        await expect(signer.sign(message)).rejects.toMatchObject({ code: 'key-disabled' });
      });

      it.each([
        ['an RSA signing key', 'RSA_2048', 'SIGN_VERIFY'],
        ['an RSA encryption key', 'RSA_2048', 'ENCRYPT_DECRYPT'],
        ['a symmetric key', 'SYMMETRIC_DEFAULT', 'ENCRYPT_DECRYPT'],
        ['a P-384 key', 'ECC_NIST_P384', 'SIGN_VERIFY'],
        ['a secp256k1 key', 'ECC_SECG_P256K1', 'SIGN_VERIFY'],
        ['a P-256 key for key agreement', 'ECC_NIST_P256', 'KEY_AGREEMENT'],
        ['an HMAC key', 'HMAC_256', 'GENERATE_VERIFY_MAC'],
      ] as const)('refuses %s', async (_, keySpec, usage) => {
        const keyId = await admin.create(keySpec, usage);
        const expected = {
          code: 'key-wrong-kind',
          disposition: 'fatal',
          remedy: expect.stringContaining('ECC_NIST_P256'),
        };
        await expect(kmsSigner(options(keyId))).rejects.toMatchObject(expected);
      });

      it.each([
        '00000000-0000-0000-0000-000000000000',
        'alias/no-such-alias',
        'arn:aws:kms:eu-central-1:000000000000:key/00000000-0000-0000-0000-000000000000',
      ])('says that there is no key %s', async (keyId) => {
        await expect(kmsSigner(options(keyId))).rejects.toMatchObject({
          code: 'key-not-found',
          disposition: 'fatal',
        });
      });
    });
  });
}

describe('a KMS that cannot be reached', () => {
  it('a black hole is retriable, within its bound', async () => {
    const held: Socket[] = [];
    const server = createServer((socket) => held.push(socket)); // takes connections and never says a word
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    try {
      const opening = kmsSigner({
        keyId: 'alias/log',
        region: 'eu-central-1',
        endpoint: `http://127.0.0.1:${port}`,
        credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
        requestTimeoutMs: 200,
        attempts: 2,
      });
      await expect(opening).rejects.toMatchObject({ code: 'kms-unavailable', disposition: 'retriable' });
      expect(held.length).toBe(2);
    } finally {
      for (const socket of held) socket.destroy();
      server.close();
    }
  });
});

/** Makes and breaks keys, as an administrator of KMS would. */
class KeyAdmin {
  readonly #kms: KMSClient;
  #aliases = 0;

  constructor({ endpoint, region, credentials }: RunningKms) {
    this.#kms = new KMSClient({ endpoint, region, credentials });
  }

  async create(KeySpec: KeySpec, KeyUsage: KeyUsageType = 'SIGN_VERIFY'): Promise<string> {
    const { KeyMetadata } = await this.#kms.send(new CreateKeyCommand({ KeySpec, KeyUsage }));
    return String(KeyMetadata?.KeyId);
  }

  async alias(TargetKeyId: string): Promise<string> {
    const AliasName = `alias/contract-${process.pid}-${Date.now()}-${this.#aliases++}`;
    await this.#kms.send(new CreateAliasCommand({ AliasName, TargetKeyId }));
    return AliasName;
  }

  point = (AliasName: string, TargetKeyId: string) =>
    this.#kms.send(new UpdateAliasCommand({ AliasName, TargetKeyId }));
  disable = (KeyId: string) => this.#kms.send(new DisableKeyCommand({ KeyId }));
  enable = (KeyId: string) => this.#kms.send(new EnableKeyCommand({ KeyId }));
  scheduleDeletion = (KeyId: string) =>
    this.#kms.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }));
  close = () => this.#kms.destroy();
}
