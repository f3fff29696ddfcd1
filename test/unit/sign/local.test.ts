// Does the local signer take good key files only, and say what is wrong with the others?
import { execFileSync } from 'node:child_process';
import { createPublicKey, verify as cryptoVerify, generateKeyPairSync } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { utf8 } from '../../../src/base/bytes.ts';
import { localSigner } from '../../../src/sign/local.ts';
import { generateLocalKey } from '../../../src/sign/local-key.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ledgerstone-sign-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const message = utf8('bytes to sign');

async function keyFile(text: string, mode = 0o600): Promise<string> {
  const path = join(folder, 'key.pem');
  await writeFile(path, text, { mode });
  await chmod(path, mode);
  return path;
}

const pkcs8 = { format: 'pem', type: 'pkcs8' } as const;
const ec = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve }).privateKey;

describe('a new key', () => {
  it.each(['ed25519', 'ecdsa-p256'] as const)(
    '%s: only its owner reads it, and it signs',
    async (algorithm) => {
      const path = join(folder, 'new.pem');
      const made = await generateLocalKey(path, algorithm);
      const warnings: string[] = [];
      const signer = await localSigner({ keyFile: path, onWarning: (text) => warnings.push(text) });

      expect((await stat(path)).mode & 0o777).toBe(0o600);
      expect(await readFile(path, 'utf8')).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
      expect(warnings).toEqual([]);
      expect(signer.publicKey).toEqual(made);
      expect(made.algorithm).toBe(algorithm);
      const publicKey = createPublicKey({ key: Buffer.from(made.spki), format: 'der', type: 'spki' });
      const signature = await signer.sign(message);
      expect(cryptoVerify(algorithm === 'ed25519' ? null : 'sha256', message, publicKey, signature)).toBe(
        true,
      );
    },
  );

  it('is never the one before', async () => {
    const [a, b] = [join(folder, 'a.pem'), join(folder, 'b.pem')];
    expect(await generateLocalKey(a, 'ed25519')).not.toEqual(await generateLocalKey(b, 'ed25519'));
  });

  it('never replaces a file, not even an empty one or a dangling link', async () => {
    const path = await keyFile('');
    await expect(generateLocalKey(path, 'ed25519')).rejects.toMatchObject({
      code: 'key-exists',
      disposition: 'fatal',
    });
    expect(await readFile(path, 'utf8')).toBe('');
    const link = join(folder, 'link.pem');
    await symlink(join(folder, 'nowhere'), link);
    await expect(generateLocalKey(link, 'ed25519')).rejects.toMatchObject({ code: 'key-exists' });
  });

  it('says that the folder is missing', async () => {
    const expected = { code: 'key-file', remedy: expect.stringContaining('folder') };
    await expect(generateLocalKey(join(folder, 'no', 'key.pem'), 'ed25519')).rejects.toMatchObject(expected);
  });
});

describe('permissions', () => {
  it.each([0o640, 0o604, 0o620, 0o666])('warns of mode %o, and signs all the same', async (mode) => {
    const path = await keyFile(String(ec('P-256').export(pkcs8)), mode);
    const warnings: string[] = [];
    await localSigner({ keyFile: path, onWarning: (text) => warnings.push(text) });
    expect(warnings).toEqual([expect.stringContaining(`chmod 600 ${path}`)]);
  });
});

describe('files that hold no usable key', () => {
  const encrypted = { cipher: 'aes-256-cbc', passphrase: 'secret' };
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const ed25519 = generateKeyPairSync('ed25519');

  it.each([
    ['encrypted PKCS#8', String(ec('P-256').export({ ...pkcs8, ...encrypted })), 'encrypted'],
    [
      'encrypted SEC1',
      String(ec('P-256').export({ format: 'pem', type: 'sec1', ...encrypted })),
      'encrypted',
    ],
    ['SEC1', String(ec('P-256').export({ format: 'pem', type: 'sec1' })), 'EC PRIVATE KEY'],
    ['a public key', String(ed25519.publicKey.export({ format: 'pem', type: 'spki' })), 'PUBLIC KEY'],
    ['two keys', String(ec('P-256').export(pkcs8)).repeat(2), 'PRIVATE KEY, PRIVATE KEY'],
    ['RSA', String(rsa.export(pkcs8)), 'rsa'],
    ['P-384', String(ec('P-384').export(pkcs8)), 'secp384r1'],
    ['secp256k1', String(ec('secp256k1').export(pkcs8)), 'secp256k1'],
    ['X25519', String(generateKeyPairSync('x25519').privateKey.export(pkcs8)), 'x25519'],
    ['nothing', '', 'no PEM block'],
    ['a torn file', String(ed25519.privateKey.export(pkcs8)).slice(0, 60), ''],
    ['a key that is too long to be one', 'x'.repeat(20_000), '20000 bytes'],
  ])('refuses %s', async (_, text, said) => {
    await expect(localSigner({ keyFile: await keyFile(text) })).rejects.toMatchObject({
      code: 'key-file',
      disposition: 'fatal',
      message: expect.stringContaining(said),
      remedy: expect.any(String),
    });
  });

  it('refuses bytes that are no text', async () => {
    const path = join(folder, 'key.pem');
    await writeFile(path, Buffer.from([0xff, 0xfe]));
    await expect(localSigner({ keyFile: path })).rejects.toMatchObject({ code: 'key-file' });
  });

  it('says that the file is missing, or no file at all', async () => {
    await expect(localSigner({ keyFile: join(folder, 'no.pem') })).rejects.toMatchObject({
      code: 'key-file',
    });
    await mkdir(join(folder, 'dir'));
    await expect(localSigner({ keyFile: join(folder, 'dir') })).rejects.toMatchObject({
      message: expect.stringContaining('no regular file'),
    });
    if (process.platform !== 'win32') {
      execFileSync('mkfifo', [join(folder, 'pipe')]);
      for (const keyFile of ['/dev/zero', join(folder, 'pipe')]) {
        await expect(localSigner({ keyFile })).rejects.toMatchObject({
          message: expect.stringContaining('no regular file'),
        });
      }
    }
  });

  it('never shows key material', async () => {
    const secret = String(rsa.export(pkcs8));
    const error = await localSigner({ keyFile: await keyFile(secret) }).catch((thrown: Error) => thrown);
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain(secret.split('\n')[2]);
  });
});
