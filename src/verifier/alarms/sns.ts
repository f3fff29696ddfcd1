// How is a message handed to an SNS topic? One signed call, for which a whole SDK would be too much.
import { createHash, createHmac } from 'node:crypto';
import { LedgerstoneError } from '../../base/error.ts';
import type { AwsCredentials } from '../../store/role-credentials.ts';
import { type Notifier, type PostOptions, post } from './webhook.ts';

export type SnsOptions = PostOptions & {
  readonly topicArn: string;
  readonly credentials: () => Promise<AwsCredentials>;
  /** For servers that stand in for SNS. */
  readonly endpoint?: string;
};

const SUBJECT_MAX = 100;
/** SNS takes 256 KiB. */
const TEXT_MAX = 60_000;

/** Throws where the ARN is no topic's. */
export function snsNotifier(options: SnsOptions): Notifier {
  const { topicArn, credentials, clock } = options;
  const match = /^arn:(aws[a-z-]*):sns:([a-z0-9-]+):\d{12}:[A-Za-z0-9_-]{1,256}(\.fifo)?$/.exec(topicArn);
  if (match === null) {
    throw new LedgerstoneError('config', `${topicArn} is no ARN of an SNS topic`, {
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
          headers: signRequest(request, await credentials(), clock.now()),
        };
      };
      return post(make, options, signal);
    },
  };
}

const asciiLine = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?');

export type AwsRequest = {
  readonly method: string;
  /** Path without characters that need encoding; no query. */
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly region: string;
  readonly service: string;
};

const hashHex = (text: string): string => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

/** The headers to send: AWS Signature Version 4 (AWS General Reference: create a signed request). */
export function signRequest(
  request: AwsRequest,
  credentials: AwsCredentials,
  nowMs: number,
): Record<string, string> {
  const { method, url, headers, body, region, service } = request;
  const { host, pathname } = new URL(url);
  const time = new Date(nowMs).toISOString().replace(/[-:]|\.\d{3}/g, '');
  const day = time.slice(0, 8);
  const { sessionToken } = credentials;
  const signed: Record<string, string> = {
    ...headers,
    host,
    'x-amz-date': time,
    ...(sessionToken !== undefined && { 'x-amz-security-token': sessionToken }),
  };
  const names = Object.keys(signed).sort();
  const lines = names.map((name) => `${name}:${signed[name]?.trim()}\n`).join('');
  const canonical = [method, pathname, '', lines, names.join(';'), hashHex(body)].join('\n');
  const scope = `${day}/${region}/${service}/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', time, scope, hashHex(canonical)].join('\n');
  const key = [day, region, service, 'aws4_request'].reduce<string | Buffer>(
    hmac,
    `AWS4${credentials.secretAccessKey}`,
  );
  const signature = hmac(key, toSign).toString('hex');
  const { host: _, ...sent } = signed;
  return {
    ...sent,
    authorization: `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`,
  };
}
