// How does a message get to an SNS topic? By one signed call. A whole SDK for it would be too much.
import { createHash } from 'node:crypto';
import { LedgerstoneError } from '../../base/error.ts';
import type { AwsCredentials } from '../../store/role-credentials.ts';
import { signRequest } from '../../store/sign-request.ts';
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
