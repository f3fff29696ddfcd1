// Do connections that died in silence cost one timeout, however many of them lie idle?
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { GetBucketVersioningCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { kmsSigner } from '../../../src/sign/kms.ts';
import { connectS3 } from '../../../src/store/s3-connection.ts';
import { signer } from '../../support/archive-builder.ts';

let server: Server;
let dead: Set<Socket>;
let alive: Set<Socket>;
let waiting: (() => void)[];
let together: number;
let answer: (target: string) => string;
const endpoint = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const credentials = { accessKeyId: 'a', secretAccessKey: 's' };

beforeEach(async () => {
  [dead, alive, waiting, together, answer] = [new Set(), new Set(), [], 1, () => ''];
  server = createServer((request, response) => {
    alive.add(request.socket);
    // A firewall that forgot the connection: nothing comes, and nothing says so.
    if (dead.has(request.socket)) return;
    request.resume();
    waiting.push(() => response.end(answer(String(request.headers['x-amz-target']))));
    // Answered together, so that each has a connection of its own.
    if (waiting.length >= together) for (const done of waiting.splice(0)) done();
  });
  server.keepAliveTimeout = 600_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

/** Every connection that there is until now. */
function die(): void {
  for (const socket of alive) dead.add(socket);
  together = 1;
}

it('a call to S3 goes on over a new connection after the first timeout', async () => {
  const options = { bucket: 'acme', region: 'eu-central-1', prefix: '', endpoint: endpoint(), credentials };
  const s3 = connectS3({ ...options, requestTimeoutMs: 300, attemptsMax: 2 });
  answer = () => '<VersioningConfiguration/>';
  const ask = () =>
    s3.run({ operation: 'GetBucketVersioning' }, (http) =>
      s3.client.send(new GetBucketVersioningCommand(s3.target), http),
    );
  try {
    together = 6;
    await Promise.all(Array.from({ length: 6 }, ask));
    expect(alive.size).toBe(6);
    die();
    await ask();
    expect(alive.size).toBe(7);
  } finally {
    s3.close();
  }
});

it('and a call to KMS', async () => {
  const { publicKey, sign } = signer('kms', 'ecdsa-p256');
  const KeyId = 'arn:aws:kms:eu-central-1:111122223333:key/1';
  let message = new Uint8Array();
  let signature = await sign(message);
  answer = (target) => {
    const about = { KeyId, KeyUsage: 'SIGN_VERIFY', KeySpec: 'ECC_NIST_P256' };
    const algorithms = { SigningAlgorithms: ['ECDSA_SHA_256'] };
    const bytes = { PublicKey: Buffer.from(publicKey.spki).toString('base64') };
    const signed = {
      SigningAlgorithm: 'ECDSA_SHA_256',
      Signature: Buffer.from(signature).toString('base64'),
    };
    if (target.endsWith('GetPublicKey')) return JSON.stringify({ ...about, ...algorithms, ...bytes });
    if (target.endsWith('DescribeKey'))
      return JSON.stringify({ KeyMetadata: { Arn: KeyId, KeyId, KeyState: 'Enabled' } });
    return JSON.stringify({ KeyId, ...signed });
  };
  const options = { keyId: KeyId, endpoint: endpoint(), credentials, attempts: 2, requestTimeoutMs: 300 };
  const kms = await kmsSigner(options);
  message = new Uint8Array([1]);
  signature = await sign(message);
  together = 6;
  await Promise.all(Array.from({ length: 6 }, () => kms.sign(message)));
  const before = alive.size;
  die();
  expect(await kms.sign(message)).toEqual(signature);
  expect(alive.size).toBe(before + 1);
});
