// In which envelopes do events arrive: S3's own, EventBridge's, SNS's, a queue's?

/** One message of a queue, which answers for itself. */
export type QueueMessage = { readonly id: string /** Counted from 1. */; readonly receives: number };

type Content =
  /** `key` as it is, decoded. */
  | { readonly kind: 'object'; readonly bucket: string; readonly key: string; readonly isCreation: boolean }
  | { readonly kind: 'call'; readonly detail: unknown }
  | { readonly kind: 'task'; readonly value: object }
  | { readonly kind: 'nothing'; readonly why: string };

export type Unwrapped = {
  readonly isQueue: boolean;
  readonly contents: readonly { readonly content: Content; readonly message: QueueMessage | null }[];
};

/** Such as SNS in a queue. Honest events have fewer envelopes than this. */
const DEPTH_MAX = 4;
/** Lambda takes no more, and the bodies of a queue's messages are only a part of it. */
const BODY_CHARS_MAX = 6 * 1024 * 1024;

export const childOf = (value: unknown, name: string): unknown =>
  value !== null && typeof value === 'object' && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;

const textAt = (value: unknown, ...names: readonly string[]): string | undefined => {
  const found = names.reduce<unknown>((at, name) => childOf(at, name), value);
  return typeof found === 'string' ? found : undefined;
};

/** Never throws. */
export function unwrap(event: unknown): Unwrapped {
  const records = childOf(event, 'Records');
  const isQueue =
    Array.isArray(records) &&
    records.length > 0 &&
    records.every((record) => textAt(record, 'eventSource') === 'aws:sqs');
  if (!isQueue) return { isQueue, contents: opened(event, 0).map((content) => ({ content, message: null })) };
  const contents = (records as unknown[]).flatMap((record) => {
    const message = messageOf(record);
    const body = textAt(record, 'body');
    const found = body === undefined ? [nothing('a message without a body')] : openedText(body, 0);
    return found.map((content) => ({ content, message }));
  });
  return { isQueue, contents };
}

/** A message without an id can't be named in the answer, so it is acknowledged with the batch. */
function messageOf(record: unknown): QueueMessage | null {
  const id = textAt(record, 'messageId');
  const receives = Number(textAt(record, 'attributes', 'ApproximateReceiveCount') ?? '1');
  if (id === undefined) return null;
  return { id, receives: Number.isSafeInteger(receives) && receives > 0 ? receives : 1 };
}

const nothing = (why: string): Content => ({ kind: 'nothing', why });

function openedText(text: string, depth: number): Content[] {
  if (text.length > BODY_CHARS_MAX) return [nothing(`a body of ${text.length} characters`)];
  try {
    return opened(JSON.parse(text), depth);
  } catch {
    return [nothing(`a body that is not JSON: ${JSON.stringify(text.slice(0, 80))}`)];
  }
}

function opened(value: unknown, depth: number): Content[] {
  if (depth > DEPTH_MAX) return [nothing('too many envelopes')];
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    return [nothing(`not an event: ${shortText(value)}`)];
  }
  const records = childOf(value, 'Records');
  if (Array.isArray(records)) return records.flatMap((record: unknown) => ofRecord(record, depth));
  if (textAt(value, 'Event') === 's3:TestEvent') return [nothing("S3's test event")];
  const inner = textAt(value, 'Message');
  if (textAt(value, 'Type') === 'Notification' && inner !== undefined) return openedText(inner, depth + 1);
  const source = textAt(value, 'source');
  if (textAt(value, 'detail-type') === 'AWS API Call via CloudTrail') {
    return [{ kind: 'call', detail: childOf(value, 'detail') }];
  }
  if (source === 'aws.s3') return [ofEventBridge(value)];
  if (childOf(value, 'task') !== undefined) return [{ kind: 'task', value }];
  return [nothing(`an event of no kind that is known: ${shortText(value)}`)];
}

function ofRecord(record: unknown, depth: number): Content[] {
  const text = textAt(record, 'Sns', 'Message');
  if (text !== undefined) return openedText(text, depth + 1);
  const name = textAt(record, 'eventName');
  const bucket = textAt(record, 's3', 'bucket', 'name');
  const encoded = textAt(record, 's3', 'object', 'key');
  if (bucket === undefined || encoded === undefined || name === undefined) {
    return [nothing(`a record of no kind that is known: ${shortText(record)}`)];
  }
  try {
    // URL-encoded as in a form: a space is a plus.
    const key = decodeURIComponent(encoded.replaceAll('+', ' '));
    return [
      { kind: 'object', bucket, key, isCreation: name.replace(/^s3:/, '').startsWith('ObjectCreated:') },
    ];
  } catch {
    return [nothing(`a key that is not URL-encoded: ${JSON.stringify(encoded.slice(0, 200))}`)];
  }
}

/** EventBridge does not encode keys. */
function ofEventBridge(value: object): Content {
  const bucket = textAt(value, 'detail', 'bucket', 'name');
  const key = textAt(value, 'detail', 'object', 'key');
  if (bucket === undefined || key === undefined)
    return nothing(`an event of S3 without a key: ${shortText(value)}`);
  return { kind: 'object', bucket, key, isCreation: textAt(value, 'detail-type') === 'Object Created' };
}

/** Cuts texts from outside before they are logged. */
export function shortText(value: unknown): string {
  try {
    const text = JSON.stringify(value) ?? String(value);
    return text.length > 120 ? `${text.slice(0, 120)}…` : text;
  } catch {
    return 'something too deep to be shown';
  }
}
