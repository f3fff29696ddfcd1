// What does the verifier read out of events, as AWS documents them, and out of everything else?
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sealKey } from '../../../src/format/paths.ts';
import { type EventWork, readEvent } from '../../../src/verifier/events/work.ts';
import { BUCKET, s3Event, s3Record, sqsRecord } from '../../support/verifier-store.ts';

const HERE = { bucket: BUCKET, prefix: 'prod/' };
const seal = (sequence: number, chain = 'orders') => `prod/${sealKey(chain, 0, sequence)}`;
const DATA = `prod/data/topic=orders/partition=0/date=2026-11-22/000000000001-${'a'.repeat(64)}.jsonl.zst`;

const read = (event: unknown) => readEvent(event, HERE);
/** Chain → hint, and keys. */
const brief = ({ chains, objects, tasks, calls, ignored }: EventWork) => ({
  chains: Object.fromEntries(
    chains.map(({ place, hintSize }) => [`${place.chain}/${place.partition}`, hintSize]),
  ),
  keys: objects.map(({ key }) => key),
  tasks: tasks.map(({ task }) => task),
  ...{ calls: calls.length, ignored: ignored.length },
});
const NOTHING = { chains: {}, keys: [], tasks: [], calls: 0, ignored: 0 };

const eventBridge = (key: string, detailType = 'Object Created') => ({
  ...{
    version: '0',
    id: '17793124-05d4-b198-2fde-7ededc63b103',
    'detail-type': detailType,
    source: 'aws.s3',
  },
  ...{ account: '111122223333', time: '2026-11-22T10:00:00Z', region: 'eu-central-1' },
  detail: {
    version: '0',
    bucket: { name: BUCKET },
    object: { key, size: 5, sequencer: '0' },
    reason: 'PutObject',
  },
});

describe('new seals', () => {
  const sns = (text: unknown) => ({ Type: 'Notification', TopicArn: 'arn', Message: JSON.stringify(text) });
  const ways: [way: string, event: unknown, isQueue: boolean][] = [
    ['S3 straight', s3Event(seal(41)), false],
    ['EventBridge', eventBridge(seal(41)), false],
    ['SQS from S3', { Records: [sqsRecord('a', s3Event(seal(41)))] }, true],
    ['SQS from EventBridge', { Records: [sqsRecord('a', eventBridge(seal(41)))] }, true],
    ['SNS straight', { Records: [{ EventSource: 'aws:sns', Sns: sns(s3Event(seal(41))) }] }, false],
    ['SQS from SNS', { Records: [sqsRecord('a', sns(s3Event(seal(41))))] }, true],
  ];
  it.each(ways)('by %s', (_way, event, isQueue) => {
    expect(brief(read(event))).toEqual({ ...NOTHING, chains: { 'orders/0': 42 } });
    expect(read(event).isQueue).toBe(isQueue);
  });

  it('of one chain are one piece of work, whatever their order, and each message is remembered', () => {
    const records = [3, 9, 4, 9].map((sequence, index) =>
      sqsRecord(`m${index}`, s3Event(seal(sequence)), index + 1),
    );
    const { chains } = read({
      Records: [...records, sqsRecord('p', s3Event(seal(0, 'payments'), seal(1, 'payments')))],
    });
    expect(chains.map(({ hintSize }) => hintSize)).toEqual([10, 2]);
    expect(
      chains[0]?.seals.map(({ sequence, message }) => [sequence, message?.id, message?.receives]),
    ).toEqual([
      [3, 'm0', 1],
      [9, 'm1', 2],
      [4, 'm2', 3],
      [9, 'm3', 4],
    ]);
    expect(chains[1]?.seals.map(({ message }) => message?.id)).toEqual(['p', 'p']);
  });

  it('have URL-encoded keys from S3 and plain ones from EventBridge', () => {
    const odd = 'prod/seals/topic=a b+c%20/x';
    expect(brief(read(s3Event(odd))).keys).toEqual(['seals/topic=a b+c%20/x']);
    expect(brief(read(eventBridge(odd))).keys).toEqual(['seals/topic=a b+c%20/x']);
  });
});

describe('what is no new seal is looked at', () => {
  it.each([
    ['a data object', s3Event(DATA)],
    ['a removed seal', { Records: [s3Record(seal(1), 'ObjectRemoved:DeleteMarkerCreated')] }],
    ['a seal whose retention was touched', { Records: [s3Record(seal(1), 's3:ObjectTagging:Put')] }],
    ['a removed seal by EventBridge', eventBridge(seal(1), 'Object Deleted')],
    ['a foreign object', s3Event('prod/readme.txt')],
  ])('%s', (_what, event) => {
    const { chains, objects, ignored } = read(event);
    expect([chains, objects.length, ignored]).toEqual([[], 1, []]);
  });

  it('once, with all messages that speak of it', () => {
    const { objects } = read({
      Records: [sqsRecord('a', s3Event(DATA)), sqsRecord('b', s3Event(DATA, DATA))],
    });
    expect(objects.map(({ messages }) => messages.map(({ id }) => id))).toEqual([['a', 'b', 'b']]);
  });
});

describe('tasks', () => {
  it.each([
    [{ task: 'sweep' }, null],
    [
      { task: 'confirm', chains: ['orders/0', { chain: 'payments', partition: 3 }] },
      ['orders/0', 'payments/3'],
    ],
    [{ task: 'confirm', chains: [] }, []],
  ])('%j', (event, chains) => {
    const [task] = read(event).tasks;
    expect(task?.chains?.map(({ chain, partition }) => `${chain}/${partition}`) ?? null).toEqual(chains);
  });

  it('come through a queue too', () => {
    const { tasks } = read({ Records: [sqsRecord('a', { task: 'sweep' }, 2)] });
    expect(tasks).toEqual([{ task: 'sweep', chains: null, message: { id: 'a', receives: 2 } }]);
  });

  it.each([
    { task: 'delete-everything' },
    { task: 'confirm', chains: 'orders/0' },
    { task: 'confirm', chains: ['orders'] },
    { task: 'confirm', chains: ['../0'] },
    { task: 'confirm', chains: [{ chain: 'orders', partition: -1 }] },
    { task: 'sweep', dryRun: true },
  ])('%j is none of ours', (event) => {
    expect(brief(read(event))).toEqual({ ...NOTHING, ignored: 1 });
  });

  it('that CloudTrail tells of are handed on as they came', () => {
    const detail = { eventSource: 's3.amazonaws.com', eventName: 'DeleteObject', errorCode: 'AccessDenied' };
    const event = { 'detail-type': 'AWS API Call via CloudTrail', source: 'aws.s3', detail };
    expect(read(event).calls).toEqual([{ detail, message: null }]);
  });
});

describe('everything else is ignored, with a reason', () => {
  it.each([
    ["S3's test event", { Service: 'Amazon S3', Event: 's3:TestEvent', Bucket: BUCKET }],
    ['another bucket', { Records: [s3Record(seal(1), 'ObjectCreated:Put', 'other')] }],
    ['another prefix', s3Event('staging/x')],
    ['a record of another service', { Records: [{ eventSource: 'aws:dynamodb', dynamodb: {} }] }],
    [
      'a key that is not URL-encoded',
      {
        Records: [
          { eventName: 'ObjectCreated:Put', s3: { bucket: { name: BUCKET }, object: { key: '%E0%A4%A' } } },
        ],
      },
    ],
    ['no body', { Records: [{ eventSource: 'aws:sqs', messageId: 'a' }] }],
    ['a body that is no JSON', { Records: [sqsRecord('a', '{"Records":[')] }],
    ['a list', []],
    ['null', null],
    ['a number', 7],
  ])('%s', (_what, event) => {
    expect(brief(read(event))).toEqual({ ...NOTHING, ignored: 1 });
  });

  it('nothing at all in it', () => {
    expect(brief(read({ Records: [] }))).toEqual(NOTHING);
  });

  it('in an archive that is no bucket', () => {
    expect(brief(readEvent(s3Event(seal(1)), null)).ignored).toBe(1);
  });

  it('envelopes without end', () => {
    let event: unknown = s3Event(seal(1));
    for (let i = 0; i < 10; i++) event = { Type: 'Notification', Message: JSON.stringify(event) };
    expect(brief(read(event))).toEqual({ ...NOTHING, ignored: 1 });
  });

  it('a flood is cut', () => {
    const records = Array.from({ length: 1000 }, () => ({ what: 'x'.repeat(10_000) }));
    const { ignored } = read({ Records: records });
    expect(ignored.length).toBeLessThanOrEqual(20);
    expect(ignored.join('').length).toBeLessThan(10_000);
  });

  it('whatever it is: nothing is thrown', () => {
    const member = fc.constantFrom(
      ...[
        'Records',
        'body',
        's3',
        'bucket',
        'object',
        'key',
        'name',
        'detail',
        'source',
        'task',
        'chains',
        'Sns',
      ],
      ...[
        'Message',
        'Type',
        'eventName',
        'eventSource',
        'messageId',
        'attributes',
        'detail-type',
        '__proto__',
      ],
    );
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 6 },
        fc.constantFrom('aws:sqs', 'aws.s3', 'Notification', BUCKET, 'prod/', 'ObjectCreated:Put', 'confirm'),
        fc.jsonValue(),
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(member, tie('tree'), { maxKeys: 5 }),
        fc.dictionary(member, tie('tree'), { maxKeys: 5 }).map((value) => JSON.stringify(value)),
      ),
    }));
    fc.assert(
      fc.property(tree, (event) => {
        for (const { hintSize } of read(event).chains) expect(hintSize).toBeGreaterThan(0);
      }),
      { numRuns: 2000 },
    );
  });
});
