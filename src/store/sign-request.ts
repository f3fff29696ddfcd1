// How is a call of AWS signed, where no client of its own is at hand?
import { createHash, createHmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import type { AwsCredentials } from './role-credentials.ts';

type AwsRequest = {
  readonly method: string;
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly region: string;
  readonly service: string;
};

type SourceData = string | ArrayBuffer | ArrayBufferView;

/** Node's SHA-256 and HMAC-SHA-256 as the signer asks for them. */
class NodeSha256 {
  readonly #make: () => { update(data: Uint8Array | string): unknown; digest(): Buffer };
  #hash;

  constructor(secret?: SourceData) {
    this.#make = () => (secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret)));
    this.#hash = this.#make();
  }

  update(data: SourceData): void {
    this.#hash.update(bytesOf(data));
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }

  reset(): void {
    this.#hash = this.#make();
  }
}

function bytesOf(data: SourceData): Uint8Array | string {
  if (typeof data === 'string') return data;
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** The headers to send, signed with AWS Signature Version 4. The URL must have no query: it is not signed. */
export async function signRequest(
  { method, url, headers, body, region, service }: AwsRequest,
  credentials: AwsCredentials,
  nowMs: number,
): Promise<Record<string, string>> {
  const { protocol, host, hostname, pathname } = new URL(url);
  const signer = new SignatureV4({
    ...{ credentials, region, service, sha256: NodeSha256 },
    // The body's hash is signed either way. Its header is for S3 alone.
    applyChecksum: false,
  });
  const request = { method, protocol, hostname, path: pathname, headers: { ...headers, host }, body };
  const signed = await signer.sign(request, { signingDate: new Date(nowMs) });
  const { host: _, ...sent } = signed.headers;
  return sent;
}
