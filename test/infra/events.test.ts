// Which events reach the verifier's queue, from either account, and which do not?
import { describe, expect, it } from 'vitest';
import { readEvent } from '../../src/apps/verifier/events.ts';
import { matches } from './event-pattern.ts';
import { ACCOUNT, BUCKET, KEY_IDS, REGION, type Synthesised } from './synthesised.ts';
import { APART, ATTESTATIONS, bothStacks, LOG_KEY, SECOND_ACCOUNT, TOGETHER, World } from './two-parties.ts';

const stacks = bothStacks(APART);
const world = new World(stacks);

type Rule = { readonly id: string; readonly Properties: Readonly<Record<string, unknown>> };
const rulesOf = ({ resources }: Synthesised): Rule[] =>
  Object.entries(resources)
    .filter(([, { Type }]) => Type === 'AWS::Events::Rule')
    .map(([id, { Properties }]) => ({ id, Properties }));
const onBus = ({ Properties }: Rule) => Properties['EventBusName'] !== undefined;

const matching = (stack: Synthesised, event: unknown, bus = false) =>
  rulesOf(stack).filter((rule) => onBus(rule) === bus && matches(rule.Properties['EventPattern'], event));

const targetOf = ({ Properties }: Rule) => String((Properties['Targets'] as { Arn: string }[])[0]?.Arn);
const isQueue = (rule: Rule) => targetOf(rule).includes(':sqs:');

/** In the archive's account, on to the bus, and there where it belongs. */
const ends = (event: object): Rule[] =>
  matching(stacks.archive, event).length === 0
    ? []
    : matching(stacks.verifier, { ...event, account: ACCOUNT }, true);
const arrives = (event: object) => ends(event).some(isQueue);

const KEY = 'prod/seals/topic=orders/partition=0/000000000041.tlog-proof';
const fromS3 = (type: string, key = KEY, bucket = BUCKET) => ({
  ...{ source: 'aws.s3', account: ACCOUNT, 'detail-type': type },
  detail: { bucket: { name: bucket }, object: { key } },
});
const call = (service: string, detail: object) => ({
  ...{ source: `aws.${service}`, account: ACCOUNT, 'detail-type': 'AWS API Call via CloudTrail' },
  detail: { eventSource: `${service}.amazonaws.com`, readOnly: false, ...detail },
});
const objectCall = (eventName: string, more: object = {}, bucketName = BUCKET) =>
  call('s3', { eventName, managementEvent: false, requestParameters: { bucketName, key: KEY }, ...more });
const settingCall = (eventName: string, more: object = {}, bucketName = BUCKET) =>
  call('s3', { eventName, managementEvent: true, requestParameters: { bucketName }, ...more });
const keyCall = (eventName: string, more: object = {}) =>
  call('kms', { eventName, requestParameters: { keyId: KEY_IDS.log }, resources: null, ...more });
const refused = { errorCode: 'AccessDenied' };
const TRAIL = 'ledgerstone-archive';
const ARCHIVER = world.arn('archiver');
const by = (arn: string) => ({
  userIdentity: { type: 'AssumedRole', sessionContext: { sessionIssuer: { arn } } },
});
const breakGlass = { requestParameters: { roleArn: world.arn('breakGlass') } };

describe('from the archive', () => {
  it.each([
    ['a new seal', fromS3('Object Created')],
    ['a foreign object', fromS3('Object Created', 'elsewhere/file')],
    ['a delete marker', fromS3('Object Deleted')],
    ['a delete', objectCall('DeleteObject')],
    ['a delete that was refused', objectCall('DeleteObject', refused)],
    ['a delete of many', objectCall('DeleteObjects', refused)],
    ['a change of a lock by a role', objectCall('PutObjectRetention', by('other'))],
    ['a change of a lock by root', objectCall('PutObjectRetention', { userIdentity: { type: 'Root' } })],
    [
      'one by the archiver that was refused',
      objectCall('PutObjectRetention', { ...refused, ...by(ARCHIVER) }),
    ],
    ['a change of a lock that was refused', objectCall('PutObjectRetention', refused)],
    ['a legal hold', objectCall('PutObjectLegalHold')],
    ['a write that was refused', objectCall('PutObject', refused)],
    ['a new policy', settingCall('PutBucketPolicy')],
    ['a new policy that was refused', settingCall('PutBucketPolicy', refused)],
    ['no policy', settingCall('DeleteBucketPolicy')],
    ['versioning', settingCall('PutBucketVersioning')],
    ['the lock of the bucket', settingCall('PutBucketObjectLockConfiguration')],
    ['the lock of the bucket, by its older name', settingCall('PutObjectLockConfiguration')],
    ['a setting that S3 invents later', settingCall('PutBucketWhatever')],
    ['a new policy of the key', keyCall('PutKeyPolicy')],
    ['one that names it by ARN', keyCall('PutKeyPolicy', { requestParameters: { keyId: LOG_KEY } })],
    [
      'one that names it by alias',
      keyCall('DisableKey', { requestParameters: {}, resources: [{ ARN: LOG_KEY }] }),
    ],
    ['the end of the key', keyCall('ScheduleKeyDeletion', refused)],
    ['a grant', keyCall('CreateGrant')],
    ['a signature that was refused', keyCall('Sign', refused)],
    [
      'the end of the trail',
      call('cloudtrail', { eventName: 'StopLogging', requestParameters: { name: TRAIL } }),
    ],
    [
      'less in the trail',
      call('cloudtrail', {
        eventName: 'PutEventSelectors',
        requestParameters: { trailName: `arn:aws:cloudtrail:${REGION}:${ACCOUNT}:trail/${TRAIL}` },
      }),
    ],
  ])('%s arrives, and the verifier reads it', (_, event) => {
    expect(arrives(event)).toBe(true);
    const work = readEvent({ ...event, account: ACCOUNT }, { bucket: BUCKET, prefix: 'prod/' });
    const isOutside = JSON.stringify(event).includes('elsewhere');
    expect(work.ignored.length).toBe(isOutside ? 1 : 0);
  });

  it.each([
    ['another bucket', fromS3('Object Created', KEY, 'somebody-elses')],
    ['an honest put, which S3 tells itself', objectCall('PutObject')],
    ['a lock that the archiver lengthens', objectCall('PutObjectRetention', by(ARCHIVER))],
    ['another trail', call('cloudtrail', { eventName: 'StopLogging', requestParameters: { name: 'other' } })],
    ['a put that lost to another', objectCall('PutObject', { errorCode: 'PreconditionFailed' })],
    ['a read', objectCall('GetObject', { readOnly: true })],
    ['a read that was refused', objectCall('GetObject', { readOnly: true, ...refused })],
    ['settings of another bucket', settingCall('PutBucketPolicy', {}, 'somebody-elses')],
    ['a look at settings', settingCall('GetBucketPolicy', { readOnly: true })],
    ['an honest signature', keyCall('Sign')],
    ['another key', keyCall('PutKeyPolicy', { requestParameters: { keyId: 'other' } })],
    ['another role', call('sts', { eventName: 'AssumeRole', requestParameters: { roleArn: 'other' } })],
    ['another service', call('ec2', { eventName: 'RunInstances' })],
  ])('%s does not', (_, event) => {
    expect(arrives(event)).toBe(false);
  });

  it('nothing arrives from a third account, whatever it says', () => {
    const event = { ...fromS3('Object Created'), account: '999988887777' };
    expect(matching(stacks.verifier, event, true)).toEqual([]);
    expect(matching(stacks.verifier, { ...event, account: ACCOUNT }, true)).toHaveLength(1);
  });
});

describe('from its own account', () => {
  const of = (event: object) => matching(stacks.verifier, { ...event, account: SECOND_ACCOUNT }).length;
  const ownKey = { requestParameters: { keyId: KEY_IDS.verifier } };

  it.each([
    ['a delete of an attestation', objectCall('DeleteObject', refused, ATTESTATIONS)],
    ['a new policy', settingCall('PutBucketPolicy', {}, ATTESTATIONS)],
    ['a new policy of its key', keyCall('PutKeyPolicy', ownKey)],
  ])('%s arrives', (_, event) => {
    expect(of(event)).toBe(1);
  });

  it('what happens to the archive comes by the bus alone', () => {
    expect(of(objectCall('DeleteObject'))).toBe(0);
    expect(of(keyCall('PutKeyPolicy'))).toBe(0);
  });
});

describe('a break-glass role', () => {
  it.each([{}, refused])('of the archive tells the topic (%j)', (more) => {
    const event = call('sts', { eventName: 'AssumeRole', ...more, ...breakGlass });
    expect(ends(event).map(targetOf)).toEqual([stacks.verifier.outputs['TopicArn']?.Value]);
  });

  it("of the verifier's account does too", () => {
    const requestParameters = { roleArn: world.arn('secondBreakGlass') };
    const event = call('sts', { eventName: 'AssumeRole', requestParameters });
    const found = matching(stacks.verifier, { ...event, account: SECOND_ACCOUNT });
    expect(found.map(targetOf)).toEqual([stacks.verifier.outputs['TopicArn']?.Value]);
  });

  it('is told in words, by a role that can only publish there', () => {
    const told = rulesOf(stacks.verifier).filter((rule) => !isQueue(rule));
    expect(told).toHaveLength(2);
    for (const { Properties } of told) {
      const [target] = Properties['Targets'] as {
        RoleArn: string;
        InputTransformer: { InputTemplate: string };
      }[];
      expect(target?.InputTransformer.InputTemplate).toContain('took the role');
      expect(target?.RoleArn).toContain(`:iam::${SECOND_ACCOUNT}:role/`);
    }
  });
});

describe('the way', () => {
  it('every rule of the archive leads to the bus by the forwarder alone', () => {
    const bus = `arn:aws:events:eu-west-1:${SECOND_ACCOUNT}:event-bus/ledgerstone-verifier`;
    for (const { Properties } of rulesOf(stacks.archive)) {
      expect(Properties['Targets']).toEqual([{ Id: 'Bus', Arn: bus, RoleArn: world.arn('forwarder') }]);
    }
    expect(rulesOf(stacks.archive)).toHaveLength(7);
  });

  it('every rule of the verifier leads to the queue, and what the queue refuses is kept', () => {
    const toQueue = rulesOf(stacks.verifier).filter(isQueue);
    for (const { Properties } of toQueue) {
      expect(Properties['Targets']).toMatchObject([
        {
          Arn: expect.stringContaining(':EventsQueue'),
          DeadLetterConfig: { Arn: expect.stringContaining(':EventsDeadLetters') },
        },
      ]);
    }
    expect(toQueue).toHaveLength(6);
  });

  it('is the same in one account', () => {
    const ids = (from: { archive: Synthesised; verifier: Synthesised }) =>
      [from.archive, from.verifier].map((stack) => rulesOf(stack).map(({ id }) => id));
    expect(ids(bothStacks(TOGETHER))).toEqual(ids(stacks));
  });
});
