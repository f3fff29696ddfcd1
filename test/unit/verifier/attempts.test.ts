// Is each attempt told with who, when and from where, and everything else left alone?
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attemptsIn, type Watched } from '../../../src/verifier/events/cloudtrail.ts';

const KEY_ARN = 'arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const ARCHIVER = 'arn:aws:iam::111122223333:role/archiver';
const WATCHED: Watched = {
  ...{ buckets: ['acme-audit', 'acme.attest'], keyArns: [KEY_ARN], trails: ['audit'] },
  lockKeepers: [ARCHIVER],
  ...{ rules: ['acme-to-verifier-'], roles: ['acme-'], breakGlass: ['acme-break-glass'] },
};
const ROLE = 'arn:aws:iam::111122223333:role/acme-break-glass';

/** As CloudTrail writes a denied delete of a version. */
const record = (words: object = {}) => ({
  eventVersion: '1.11',
  userIdentity: {
    type: 'AssumedRole',
    principalId: 'AROAEXAMPLE:mallory',
    arn: 'arn:aws:sts::111122223333:assumed-role/admin/mallory',
    sessionContext: { sessionIssuer: { type: 'Role', arn: 'arn:aws:iam::111122223333:role/admin' } },
  },
  eventTime: '2026-11-22T10:11:12Z',
  eventSource: 's3.amazonaws.com',
  eventName: 'DeleteObject',
  awsRegion: 'eu-central-1',
  sourceIPAddress: '203.0.113.7',
  userAgent: '[aws-cli/2.31.0]',
  errorCode: 'AccessDenied',
  requestParameters: { bucketName: 'acme-audit', key: 'seals/x', versionId: 'v9' },
  eventID: '6f3b1c1e-0000-4000-8000-000000000001',
  ...words,
});
const count = (...records: unknown[]) => {
  const { findings, foreign, malformed } = attemptsIn({ Records: records }, WATCHED);
  return [findings.length, foreign, malformed];
};

describe('an attempt', () => {
  it('is told with who, what, when, from where, and what came of it', () => {
    const { findings, days } = attemptsIn({ Records: [record()] }, WATCHED);
    expect(findings).toEqual([
      {
        code: 'access-attempt',
        severity: 'attempt',
        key: 'cloudtrail:6f3b1c1e-0000-4000-8000-000000000001',
        versionId: null,
        sequence: null,
        expected: 'nobody deletes, unlocks or opens up what is archived',
        found:
          'arn:aws:sts::111122223333:assumed-role/admin/mallory called DeleteObject on seals/x, version v9, acme-audit at 2026-11-22T10:11:12.000Z from 203.0.113.7 ([aws-cli/2.31.0], eu-central-1), and was refused (AccessDenied)',
      },
    ]);
    expect(days).toEqual([{ scope: { name: 'access/date=2026-11-22', place: null }, findings }]);
  });

  it('that went through is told as such', () => {
    const through = record({ errorCode: undefined });
    expect(attemptsIn(through, WATCHED).findings[0]?.found).toContain('and it went through');
  });

  const kms = { eventSource: 'kms.amazonaws.com', requestParameters: { keyId: KEY_ARN } };
  it.each([
    ['in a file', { Records: [record()] }],
    ['in an event', { 'detail-type': 'AWS API Call via CloudTrail', detail: record() }],
    ['alone', record()],
    ['of an edited policy', record({ eventName: 'PutBucketPolicy', errorCode: undefined })],
    ['of retention by somebody else', record({ eventName: 'PutObjectRetention', errorCode: undefined })],
    ['of a put that was refused', record({ eventName: 'PutObject' })],
    ['on the key', record({ ...kms, eventName: 'ScheduleKeyDeletion', errorCode: undefined })],
    [
      'on the key by its id alone',
      record({
        ...{ eventSource: 'kms.amazonaws.com', eventName: 'DisableKey' },
        requestParameters: { keyId: '1234abcd-12ab-34cd-56ef-1234567890ab' },
      }),
    ],
    [
      'on the trail',
      record({
        ...{ eventSource: 'cloudtrail.amazonaws.com', eventName: 'StopLogging' },
        requestParameters: { name: 'arn:aws:cloudtrail:eu-central-1:111122223333:trail/audit' },
      }),
    ],
    [
      'on a bucket that only the resources name',
      record({
        requestParameters: null,
        resources: [{ type: 'AWS::S3::Object', ARN: 'arn:aws:s3:::acme.attest/findings/x' }],
      }),
    ],
    ['of a setting that S3 invents later', record({ eventName: 'PutBucketWhatever', errorCode: undefined })],
    ['on tags', record({ eventName: 'DeleteObjectTagging', errorCode: undefined })],
    ['of an upload in parts that was refused', record({ eventName: 'UploadPart' })],
    ['that wakes the key', record({ ...kms, eventName: 'EnableKey', errorCode: undefined })],
    [
      'of a signature of which KMS records the key in its message alone',
      record({
        ...{ ...kms, eventName: 'Sign', readOnly: true, requestParameters: null, resources: null },
        errorMessage: `User: x is not authorized to perform: kms:Sign on resource: ${KEY_ARN} because y`,
      }),
    ],
    ...['AssumeRole', 'AssumeRoleWithSAML', 'AssumeRoleWithWebIdentity'].map(
      (eventName): [string, unknown] => [
        `to break the glass by ${eventName}`,
        record({
          ...{ eventSource: 'sts.amazonaws.com', eventName, errorCode: undefined, readOnly: true },
          requestParameters: { roleArn: ROLE },
        }),
      ],
    ),
    ...['DisableRule', 'DeleteRule', 'RemoveTargets', 'PutRule', 'PutTargets'].map(
      (eventName): [string, unknown] => [
        `to stop events by ${eventName}`,
        record({
          ...{ eventSource: 'events.amazonaws.com', eventName, errorCode: undefined },
          requestParameters: { [/Targets/.test(eventName) ? 'rule' : 'name']: 'acme-to-verifier-key' },
        }),
      ],
    ),
    ...['UpdateAssumeRolePolicy', 'PutRolePolicy', 'AttachRolePolicy', 'DeleteRole', 'CreateRole'].map(
      (eventName): [string, unknown] => [
        `to become a party by ${eventName}`,
        record({
          ...{ eventSource: 'iam.amazonaws.com', eventName, errorCode: undefined },
          requestParameters: { roleName: 'acme-archiver' },
        }),
      ],
    ),
    ['by the root', record({ userIdentity: { type: 'Root', principalId: '111122223333' } })],
  ])('%s counts', (_, input) => expect(attemptsIn(input, WATCHED).findings.length).toBe(1));

  it('names what it was made on, however the call names it', () => {
    const on = (words: object) => attemptsIn(record(words), WATCHED).findings[0]?.found;
    const trail = { eventSource: 'cloudtrail.amazonaws.com', eventName: 'PutEventSelectors' };
    expect(on({ ...trail, requestParameters: { trailName: 'audit' } })).toContain('on audit at');
    const key = { eventSource: 'kms.amazonaws.com', eventName: 'DisableKey', requestParameters: {} };
    expect(on({ ...key, resources: [{ ARN: KEY_ARN }] })).toContain(`on ${KEY_ARN} at`);
  });

  it('by the archiver that lengthens a lock is its work, unless it was refused', () => {
    const keeper = {
      eventName: 'PutObjectRetention',
      userIdentity: {
        arn: 'arn:aws:sts::1:assumed-role/archiver/x',
        sessionContext: { sessionIssuer: { arn: ARCHIVER } },
      },
    };
    expect(count(record({ ...keeper, errorCode: undefined }), record(keeper))).toEqual([1, 1, 0]);
  });

  it('is one finding an event: a hundred deletes are a hundred', () => {
    const many = Array.from({ length: 100 }, (_, i) => record({ eventID: `id-${i}` }));
    const keys = attemptsIn({ Records: many }, WATCHED).findings.map(({ key }) => key);
    expect(new Set(keys).size).toBe(100);
  });
});

describe('what is no attempt', () => {
  it.each([
    ['another bucket', record({ requestParameters: { bucketName: 'acme-audit-2', key: 'x' } })],
    [
      'a dot that stands for itself',
      record({ requestParameters: {}, resources: [{ ARN: 'arn:aws:s3:::acmeXattest/x' }] }),
    ],
    ['a read', record({ eventName: 'GetObject' })],
    ['a part that was taken', record({ eventName: 'UploadPart', errorCode: undefined })],
    ['a put that was taken', record({ eventName: 'PutObject', errorCode: undefined })],
    ['another service', record({ eventSource: 'sqs.amazonaws.com' })],
    ['a call named like a member of every object', record({ eventName: 'constructor' })],
    ['a look at a role', record({ eventSource: 'iam.amazonaws.com', eventName: 'GetRole' })],
    [
      'another role that is taken',
      record({
        ...{ eventSource: 'sts.amazonaws.com', eventName: 'AssumeRole' },
        requestParameters: { roleArn: ROLE.replace('acme', 'other') },
      }),
    ],
    [
      'another rule',
      record({ eventSource: 'events.amazonaws.com', eventName: 'PutRule', requestParameters: { name: 'x' } }),
    ],
    ['a service named so', record({ eventSource: '__proto__' })],
    [
      'another key',
      record({
        eventSource: 'kms.amazonaws.com',
        eventName: 'DisableKey',
        requestParameters: { keyId: 'x' },
      }),
    ],
  ])('%s is foreign', (_, input) => expect(count(input)).toEqual([0, 1, 0]));

  it.each([
    ['null', null],
    ['text', 'x'],
    ['a list', [record()]],
    ['without a time', record({ eventTime: 'yesterday' })],
    ['without an id', record({ eventID: undefined })],
    ['with an id that is none', record({ eventID: '../x' })],
    ['with a number for a name', record({ eventName: 7 })],
  ])('%s is malformed', (_, input) => expect(count(input)).toEqual([0, 0, 1]));

  it('anything at all ends nothing', () => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), fc.anything(), (a, b, c) => {
        attemptsIn(a, WATCHED);
        const spoiled = record({ userIdentity: a, requestParameters: b, resources: c });
        attemptsIn({ Records: [spoiled, a, b, c] }, WATCHED);
      }),
      { numRuns: 300 },
    );
  });

  it('is cut where somebody writes a book into it', () => {
    const long = record({
      userAgent: 'x'.repeat(1e6),
      requestParameters: { bucketName: 'acme-audit', key: 'k'.repeat(1e6) },
    });
    expect(attemptsIn(long, WATCHED).findings[0]?.found?.length).toBeLessThan(1200);
  });
});
