// How does a message get to an SNS topic? By one signed call. A whole SDK for it would be too much.
import { createHash, createHmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import { LedgerstoneError } from '../../base/error.ts';
import type { AwsCredentials } from '../../store/role-credentials.ts';
import type { Notifier } from './notifier.ts';
import { type PostOptions, post } from './webhook.ts';

export type SnsOptions = PostOptions & {
  readonly topicArn: string;
  readonly credentials: () => Promise<AwsCredentials>;
  /** For servers that stand in for SNS. */
  readonly endpoint?: string;
};

const SUBJECT_MAX = 100;
/** SNS takes 256 KiB. */
const TEXT_MAX = 60_000;

/** Throws a LedgerstoneError if the ARN does not name a topic. */
export function snsNotifier(options: SnsOptions): Notifier {
  const { topicArn, credentials, clock } = options;
  const match = /^arn:(aws[a-z-]*):sns:([a-z0-9-]+):\d{12}:[A-Za-z0-9_-]{1,256}(\.fifo)?$/.exec(topicArn);
  if (match === null) {
    throw new LedgerstoneError('config', `${topicArn} is not the ARN of an SNS topic`, {
      disposition: 'input',
      remedy: 'Set alarms.sns to arn:aws:sns:REGION:ACCOUNT:NAME.',
    });
  }
  const [, partition = '', region = '', fifo] = match;
  const domain = partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com';
  const url = options.endpoint ?? `https://sns.${region}.${domain}/`;
  return {
    channel: 'sns',
    publish: (subject, text, signal) => {
      const message = text.slice(0, TEXT_MAX);
      const body = new URLSearchParams({
        Action: 'Publish',
        Version: '2010-03-31',
        TopicArn: topicArn,
        Subject: asciiLine(subject).slice(0, SUBJECT_MAX),
        Message: message,
        ...(fifo !== undefined && {
          MessageGroupId: 'ledgerstone',
          MessageDeduplicationId: hashHex(message),
        }),
      }).toString();
      const make = async () => {
        const headers = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };
        const request = { method: 'POST', url, headers, body, region, service: 'sns' } as const;
        return {
          ...{ url, body, name: 'SNS' },
          headers: await signRequest(request, await credentials(), clock.now()),
        };
      };
      return post(make, options, signal);
    },
  };
}

const asciiLine = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?');
const hashHex = (text: string): string => createHash('sha256').update(text).digest('hex');

export type AwsRequest = {
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
