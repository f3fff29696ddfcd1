// Does the second party look often enough, and does somebody hear of it? Schedules, alarms, trails.
import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { TASKS } from '../../src/verifier/events/work.ts';
import { allAlarms, takesSilenceForAFault } from './own-alarms.ts';
import { schedules } from './schedule-times.ts';
import { ACCOUNT, BUCKET, ofType, only, REGION } from './synthesised.ts';
import { APART, ATTESTATIONS, bothStacks, SECOND_ACCOUNT, SECOND_REGION, TOGETHER } from './two-parties.ts';

const { archive, verifier } = bothStacks(APART);
const WEEKLY = APART.replace('logKey:', 'sweepEvery: 7d\n  logKey:');

describe('schedules', () => {
  it('ask for every task that this verifier does, and no other, and keep what failed', () => {
    const made = ofType(verifier, 'AWS::Scheduler::Schedule');
    const tasks = made.map(({ Target }) => JSON.parse(String((Target as { Input: string }).Input)));
    // Brokers are within the reach of few functions: `ledgerstone watch` beside them compares.
    // Without an authority nothing is stamped.
    const wanted = TASKS.filter((task) => task !== 'completeness' && task !== 'stamp');
    expect(tasks.map(({ task }) => task).toSorted()).toEqual(wanted.toSorted());
    for (const { State, Target } of made) {
      expect(State).toBe('ENABLED');
      expect(Target).toMatchObject({ DeadLetterConfig: { Arn: expect.stringContaining('DeadLetters') } });
    }
  });

  it('begin at minutes of their own, so that none holds another back', () => {
    const times = schedules(verifier).filter(({ minutes }) => minutes !== null);
    expect(times.map(({ task }) => task).toSorted()).toEqual([
      'configuration',
      'confirm',
      'freshness',
      'full-pass',
    ]);
    const minutes = times.flatMap((one) => one.minutes ?? []);
    expect(new Set(minutes).size).toBe(minutes.length);
    // The sweep's interval is the operator's: it begins within a window.
    const sweep = ofType(verifier, 'AWS::Scheduler::Schedule').filter(({ ScheduleExpression }) =>
      /^rate/.test(String(ScheduleExpression)),
    );
    expect(sweep).toMatchObject([
      {
        ScheduleExpression: 'rate(60 minutes)',
        FlexibleTimeWindow: { Mode: 'FLEXIBLE', MaximumWindowInMinutes: 4 },
      },
    ]);
  });

  it('ask for the stamp each hour where an authority is named, with its own alarm and its roots in a file', () => {
    const roots = '-----BEGIN CERTIFICATE-----\\nMIIB\\n-----END CERTIFICATE-----';
    const given = `timestamps: { url: "http://tsa.example.com", roots: "${roots}" }\n  logKey:`;
    const stamped = bothStacks(APART.replace('logKey:', given)).verifier;
    const times = schedules(stamped).filter(({ minutes }) => minutes !== null);
    expect(times.find(({ task }) => task === 'stamp')?.minutes).toHaveLength(1);
    const minutes = times.flatMap((one) => one.minutes ?? []);
    expect(new Set(minutes).size).toBe(minutes.length);
    const named = (stack: typeof stamped) =>
      ofType(stack, 'AWS::CloudWatch::Alarm').filter(({ MetricName }) => MetricName === 'StampAgeHours');
    expect(named(stamped)).toMatchObject([{ Threshold: 48, ComparisonOperator: 'GreaterThanThreshold' }]);
    expect(named(verifier)).toEqual([]);
    const text = JSON.stringify(ofType(stamped, 'AWS::Lambda::Function'));
    expect(text).toContain('/var/task/timestamp-roots.pem');
    expect(text).not.toContain('MIIB');
  });

  it('call by a role that the scheduler alone may take, for this group', () => {
    expect(
      only(verifier, 'AWS::IAM::Role', 'Schedules').Properties['AssumeRolePolicyDocument'],
    ).toMatchObject({
      Statement: [
        {
          Principal: { Service: 'scheduler.amazonaws.com' },
          Condition: {
            StringEquals: { 'aws:SourceAccount': SECOND_ACCOUNT },
            ArnEquals: { 'aws:SourceArn': expect.stringContaining('schedule-group/') },
          },
        },
      ],
    });
  });
});

describe('alarms', () => {
  const made = ofType(verifier, 'AWS::CloudWatch::Alarm');
  const alarms = allAlarms(verifier);

  it('each tell the topic, both when it begins and when it ends', () => {
    const topic = verifier.outputs['TopicArn']?.Value;
    for (const alarm of made) expect(alarm).toMatchObject({ AlarmActions: [topic], OKActions: [topic] });
    expect(made).toHaveLength(13);
  });

  it('take silence for a fault, all but those that may be silent while all is well', () => {
    const quiet = alarms.filter((alarm) => !takesSilenceForAFault(alarm));
    expect(quiet.map(({ MetricName, TreatMissingData }) => [MetricName, TreatMissingData])).toEqual([
      // A queue that nobody touched for six hours reports nothing, and the alarm must stay as it was.
      ['ApproximateNumberOfMessagesVisible', 'ignore'],
      ['ApproximateAgeOfOldestMessage', 'notBreaching'],
      ['Chains', 'notBreaching'],
      ['SweepRoundAgeHours', 'notBreaching'],
    ]);
    expect(JSON.stringify(quiet[0]?.Dimensions)).toContain('DeadLetters');
  });

  it('notice silence after three runs that did not come: each period has a point, real or filled', () => {
    expect(alarms.find(({ MetricName }) => MetricName === 'ChainsConfirmed')).toMatchObject({
      ...{ Period: 300, EvaluationPeriods: 3, DatapointsToAlarm: 3, fill: 0 },
      ...{ Threshold: 1, ComparisonOperator: 'LessThanThreshold' },
    });
  });

  it('a call that was held back once is none, twice is', () => {
    expect(alarms.find(({ MetricName }) => MetricName === 'Throttles')).toMatchObject({
      ...{ EvaluationPeriods: 3, DatapointsToAlarm: 2 },
    });
  });

  it('know how long a look at every key may take', () => {
    const late = (text: string) =>
      allAlarms(bothStacks(text).verifier).find(({ MetricName }) => /Sweep/.test(MetricName));
    expect(late(APART)).toMatchObject({ Threshold: 3, ComparisonOperator: 'GreaterThanThreshold' });
    expect(late(WEEKLY)?.Threshold).toBe(504);
  });

  it('know how late a full pass may be', () => {
    const late = alarms.find(({ MetricName }) => MetricName === 'OldestRereadDays');
    expect(late).toMatchObject({ Threshold: 37.5, ComparisonOperator: 'GreaterThanThreshold' });
  });

  it('stay up between two sweeps while a finding is open', () => {
    const held = (name: string) => alarms.find(({ MetricName }) => MetricName === name)?.Period;
    expect([held('FindingsBroken'), held('Attempts')]).toEqual([75 * 60, 75 * 60]);
    expect(held('OldestRereadDays')).toBeGreaterThan(2 * 60 * 60);
    expect([held('Errors'), held('ChainsConfirmed'), held('StaleChains')]).toEqual([900, 300, 900]);
    const periods = allAlarms(bothStacks(WEEKLY).verifier).map(({ Period }) => Period);
    expect(Math.max(...periods)).toBe(24 * 60 * 60);
  });

  it('cover a verifier that fails, is throttled, lags or is dead, and all that it finds', () => {
    const metrics = alarms.map(({ Namespace, MetricName }) => `${Namespace} ${MetricName}`).toSorted();
    expect(metrics).toEqual([
      'AWS/Lambda Errors',
      'AWS/Lambda Throttles',
      'AWS/SQS ApproximateAgeOfOldestMessage',
      'AWS/SQS ApproximateNumberOfMessagesVisible',
      'Ledgerstone/ledgerstone Attempts',
      'Ledgerstone/ledgerstone Chains',
      'Ledgerstone/ledgerstone ChainsConfirmed',
      'Ledgerstone/ledgerstone FindingsBroken',
      'Ledgerstone/ledgerstone NotificationsFailed',
      'Ledgerstone/ledgerstone OldestRereadDays',
      'Ledgerstone/ledgerstone StaleChains',
      'Ledgerstone/ledgerstone SweepRoundAgeHours',
      'Ledgerstone/ledgerstone Unverifiable',
    ]);
  });

  it('reach the topic: CloudWatch of this account may publish, and mails go out', () => {
    verifier.template.hasResourceProperties('AWS::SNS::TopicPolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Effect: 'Allow',
            Principal: { Service: 'cloudwatch.amazonaws.com' },
            Action: 'sns:Publish',
            Condition: { StringEquals: { 'aws:SourceAccount': SECOND_ACCOUNT } },
          }),
        ]),
      },
    });
    expect(ofType(verifier, 'AWS::SNS::Subscription')).toMatchObject([
      { Protocol: 'email', Endpoint: 'security@example.com' },
    ]);
  });

  it('stand on a dashboard, with the metrics beside them', () => {
    const body = JSON.stringify(ofType(verifier, 'AWS::CloudWatch::Dashboard'));
    for (const word of ['ChainsConfirmed', 'FindingsBroken', 'Attempts', 'StaleChains', 'alarm:AlarmsBroken'])
      expect(body).toContain(word);
  });
});

describe('the trails', () => {
  it.each([
    ['archive', archive, BUCKET],
    ['verifier', verifier, ATTESTATIONS],
  ] as const)(
    'of the %s: of every Region, writes to its bucket and all management calls, read-only ones too',
    (_, stack, bucket) => {
      const [trail] = ofType(stack, 'AWS::CloudTrail::Trail');
      expect(trail).toMatchObject({
        ...{ IsLogging: true, EnableLogFileValidation: true },
        ...{ IsMultiRegionTrail: true, IncludeGlobalServiceEvents: true },
        S3BucketName: `ledgerstone-trail-${SECOND_ACCOUNT}`,
      });
      const selectors = trail?.['AdvancedEventSelectors'] as { FieldSelectors: object[] }[];
      const [data, management] = selectors.map(({ FieldSelectors }) => FieldSelectors);
      expect(data).toContainEqual({ Field: 'resources.ARN', StartsWith: [`arn:aws:s3:::${bucket}/`] });
      expect(data).toContainEqual({ Field: 'readOnly', Equals: ['false'] });
      expect(management).toEqual([{ Field: 'eventCategory', Equals: ['Management'] }]);
    },
  );

  it('do not record management calls twice in one account, nor beside a trail that has them', () => {
    const categories = (text: string) =>
      Object.values(bothStacks(text)).map((stack) => {
        const { AdvancedEventSelectors } = only(stack, 'AWS::CloudTrail::Trail').Properties;
        return JSON.stringify(AdvancedEventSelectors).match(/Data|Management/g);
      });
    expect(categories(APART)).toEqual([
      ['Data', 'Management'],
      ['Data', 'Management'],
    ]);
    expect(categories(TOGETHER)).toEqual([['Data', 'Management'], ['Data']]);
    expect(categories(APART.replace('logKey:', 'trail: data-only\n  logKey:'))).toEqual([['Data'], ['Data']]);
  });

  it("write into a bucket of the verifier's account, locked, that nobody else may write, shorten or empty", () => {
    const bucket = only(verifier, 'AWS::S3::Bucket', 'Trails').Properties;
    expect(bucket).toMatchObject({
      BucketName: `ledgerstone-trail-${SECOND_ACCOUNT}`,
      ObjectLockEnabled: true,
      ObjectLockConfiguration: { Rule: { DefaultRetention: { Mode: 'COMPLIANCE', Days: 400 } } },
      NotificationConfiguration: { EventBridgeConfiguration: { EventBridgeEnabled: true } },
    });
    const { PolicyDocument } = only(verifier, 'AWS::S3::BucketPolicy', 'Trails').Properties;
    const { Statement } = PolicyDocument as {
      Statement: { Sid?: string; Effect: string; Resource: string; Condition?: object }[];
    };
    const writes = Statement.filter(({ Sid }) => /^TrailWrites/.test(Sid ?? ''));
    expect(writes.map(({ Resource, Condition }) => [Resource, Condition])).toEqual(
      [
        [ACCOUNT, REGION, 'ledgerstone-archive'],
        [SECOND_ACCOUNT, SECOND_REGION, 'ledgerstone-verifier'],
      ].map(([account, region, name]) => [
        `arn:aws:s3:::ledgerstone-trail-${SECOND_ACCOUNT}/AWSLogs/${account}/*`,
        {
          StringEquals: {
            'aws:SourceArn': `arn:aws:cloudtrail:${region}:${account}:trail/${name}`,
            's3:x-amz-acl': 'bucket-owner-full-control',
          },
        },
      ]),
    );
    expect(Statement.flatMap(({ Sid, Effect }) => (Effect === 'Deny' ? (Sid ?? []) : [])).toSorted()).toEqual(
      [
        ...['NobodyChangesLocks', 'NobodyDeletes', 'OnlyCloudTrailWrites'],
        ...['OnlyGuardiansChangeSettings', 'OnlyReadersRead'],
      ],
    );
    // The trail is made after the policy without which CloudTrail refuses the bucket.
    expect(JSON.stringify(verifier.template.toJSON())).toMatch(/"DependsOn":\["TrailsRecordsBucketPolicy/);
  });

  it('are left out where the account has one', () => {
    const none = bothStacks(APART.replace('logKey:', 'trail: false\n  logKey:'));
    for (const stack of [none.archive, none.verifier])
      expect(ofType(stack, 'AWS::CloudTrail::Trail')).toEqual([]);
  });
});
