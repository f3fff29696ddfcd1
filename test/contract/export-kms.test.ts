// Does a key in KMS sign the list of files of a package, on real KMS servers?
import { createPublicKey } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import type { RunningStack } from '../../localstack/running.ts';
import { kmsSigner } from '../../src/sign/kms.ts';
import { type PackageWorld, packageWorld } from '../support/package-world.ts';
import { describeWithStack } from '../support/stack/global.ts';
import { ledgerstone } from '../unit/cli/captured-io.ts';

describeWithStack('export --sign-kms', { s3: true }, (stack) => {
  let world: PackageWorld;
  beforeAll(async () => {
    world = await packageWorld();
    const { endpoint, region, credentials, keyId } = stack().kms;
    const { publicKey } = await kmsSigner({ keyId, endpoint, region, credentials });
    const key = createPublicKey({ key: Buffer.from(publicKey.spki), format: 'der', type: 'spki' });
    writeFileSync(world.at('export.pem'), key.export({ format: 'pem', type: 'spki' }));
  });
  afterAll(() => world.remove());
  afterEach(() => vi.unstubAllEnvs());

  const kms = (of: Pick<RunningStack, 'kms'>['kms'] = stack().kms, keyId = of.keyId): string[] => {
    const { endpoint, region, credentials } = of;
    vi.stubEnv('AWS_ACCESS_KEY_ID', credentials.accessKeyId);
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', credentials.secretAccessKey);
    return ['--sign-kms', keyId, '--region', region, '--endpoint', endpoint];
  };

  it('makes a package that is green under that key, and amber where nobody named it', async () => {
    const zip = await world.exported('case.zip', ...kms());
    const check = async (...keys: string[]) => {
      const { code, out } = await ledgerstone(['verify-package', zip, '--json', ...world.key, ...keys]);
      return [code, JSON.parse(out).packages[0].findings.map(({ kind }: { kind: string }) => kind)];
    };
    expect(await check('--signer', world.at('export.pem'))).toEqual([0, []]);
    expect(await check()).toEqual([3, []]);
  });

  it('refuses an Ed25519 key of KMS before anything is read: a list of files is too long for it', async () => {
    await expect(world.exported('none.zip', ...kms(stack().kmsEd25519))).rejects.toThrow(
      /export ended with 2: .*KMS signs at most 4096 bytes with it/,
    );
    expect(existsSync(world.at('none.zip'))).toBe(false);
  });

  it('makes none where the key is not there', async () => {
    const missing = kms(stack().kms, '00000000-0000-4000-8000-000000000000');
    await expect(world.exported('none.zip', ...missing)).rejects.toThrow(/export ended with [1-9]/);
    expect(existsSync(world.at('none.zip'))).toBe(false);
  });
});
