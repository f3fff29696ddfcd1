// What would KMS answer? A server on loopback that speaks its protocol and misbehaves by script.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import type { CosigningKey } from '../../../src/format/vkey.ts';
import type { KmsSignerOptions } from '../../../src/sign/kms.ts';
import type { Signer } from '../../../src/sign/signer.ts';
import { memoryMlDsaSigner, memorySigner } from '../../support/memory-signer.ts';

export const ARN = 'arn:aws:kms:eu-central-1:111122223333:key/0b1e6d6c-6c2f-4f0e-9a59-1d0a6f2f7a10';

type KmsCall = { readonly action: string; readonly input: Readonly<Record<string, unknown>> };

/** `json`: an answer. `hang`: takes the request and says nothing. `stall`: headers, and a body that never ends. `drop`: closes the socket. */
export type Reply =
  | { readonly kind: 'json'; readonly status: number; readonly body: Record<string, unknown> }
  | { readonly kind: 'hang' }
  | { readonly kind: 'stall' }
  | { readonly kind: 'drop' };

export const failure = (name: string, status = 400): Reply => ({
  kind: 'json',
  status,
  body: { __type: name, message: `${name} on purpose` },
});

export type FakeKms = AsyncDisposable & {
  readonly options: KmsSignerOptions;
  readonly calls: readonly KmsCall[];
  /** What to answer instead of the truth; `undefined` answers the truth. `nth` counts the calls of that action from 0. */
  script: (call: KmsCall, nth: number) => Reply | undefined;
  /** Messages whose digests it will be asked to sign: node:crypto can't sign a digest that it has not made itself. */
  readonly preimages: Uint8Array[];
};

const ALGORITHMS = {
  ECC_NIST_P256: 'ECDSA_SHA_256',
  ECC_NIST_EDWARDS25519: 'ED25519_SHA_512',
  ML_DSA_44: 'ML_DSA_SHAKE_256',
} as const;
type Kind = keyof typeof ALGORITHMS;

const keyOf = (spec: Kind): Signer<CosigningKey> =>
  spec === 'ML_DSA_44'
    ? memoryMlDsaSigner()
    : memorySigner({ algorithm: spec === 'ECC_NIST_P256' ? 'ecdsa-p256' : 'ed25519' });

/** Truth: one enabled key of that spec, at ARN and at alias/log. */
export async function fakeKms(spec: Kind = 'ECC_NIST_P256'): Promise<FakeKms> {
  const key = keyOf(spec);
  const calls: KmsCall[] = [];
  const preimages: Uint8Array[] = [];

  const truth = async (call: KmsCall): Promise<Reply> => {
    const ok = (body: Record<string, unknown>): Reply => ({
      kind: 'json',
      status: 200,
      body: { KeyId: ARN, ...body },
    });
    switch (call.action) {
      case 'GetPublicKey': {
        const PublicKey = Buffer.from(key.publicKey.spki).toString('base64');
        return ok({
          PublicKey,
          KeySpec: spec,
          KeyUsage: 'SIGN_VERIFY',
          SigningAlgorithms: [ALGORITHMS[spec]],
        });
      }
      case 'DescribeKey':
        return ok({ KeyMetadata: { KeyId: ARN, Arn: ARN, KeyState: 'Enabled', Enabled: true } });
      case 'Sign':
        return ok({ Signature: Buffer.from(await signatureFor(call.input)).toString('base64') });
      default:
        return failure('UnknownOperationException');
    }
  };

  // Signs only what real KMS would have been asked in the right form: a digest for P-256, else raw bytes.
  const signatureFor = async (input: KmsCall['input']) => {
    const message = Buffer.from(String(input['Message']), 'base64');
    if (spec !== 'ECC_NIST_P256') {
      if (
        input['MessageType'] !== 'RAW' ||
        input['SigningAlgorithm'] !== ALGORITHMS[spec] ||
        message.length > 4096
      )
        throw new Error('form');
      return key.sign(message);
    }
    if (input['MessageType'] !== 'DIGEST' || input['SigningAlgorithm'] !== 'ECDSA_SHA_256')
      throw new Error('form');
    const preimage = preimages.find((known) => nodeSha256(known).every((byte, i) => byte === message[i]));
    if (preimage === undefined || message.length !== 32) throw new Error('not the digest of a known message');
    return key.sign(preimage);
  };

  const answer = (response: ServerResponse, reply: Reply) => {
    const head = { 'content-type': 'application/x-amz-json-1.1' };
    if (reply.kind === 'drop') response.socket?.destroy();
    if (reply.kind === 'stall') response.writeHead(200, { ...head, 'content-length': '1000' }).write('{"Key');
    if (reply.kind === 'json') response.writeHead(reply.status, head).end(JSON.stringify(reply.body));
  };

  const server = createServer((request, response) => {
    void readCall(request).then(async (call) => {
      const nth = calls.filter((earlier) => earlier.action === call.action).length;
      calls.push(call);
      answer(
        response,
        fake.script(call, nth) ?? (await truth(call).catch((error) => failure(String(error), 500))),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  const fake: FakeKms = {
    options: {
      keyId: ARN,
      endpoint: `http://127.0.0.1:${port}`,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      requestTimeoutMs: 60_000,
      attempts: 1,
    },
    calls,
    preimages,
    script: () => undefined,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return fake;
}

async function readCall(request: IncomingMessage): Promise<KmsCall> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const action = String(request.headers['x-amz-target']).replace('TrentService.', '');
  return { action, input: JSON.parse(Buffer.concat(parts).toString('utf8')) };
}
