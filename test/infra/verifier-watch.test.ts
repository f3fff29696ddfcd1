// Does the second party look often enough, and does somebody hear of it? Schedules, alarms, trails.
import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { TASKS } from '../../src/verifier/events/work.ts';
import { BUCKET, ofType, only } from './synthesised.ts';
import { APART, ATTESTATIONS, bothStacks, SECOND_ACCOUNT } from './two-parties.ts';

const { archive, verifier } = bothStacks(APART);
describe('schedules', () => {
  it('ask for every task that this verifier does, and no other, and keep what failed', () => {
    const schedules = ofType(verifier, 'AWS::Scheduler::Schedule');
    const tasks = schedules.map(({ Target }) => JSON.parse(String((Target as { Input: string }).Input)));
    // Brokers are within the reach of few functions: `ledgerstone watch` beside them compares.
    const wanted = TASKS.filter((task) => task !== 'completeness');
    expect(tasks.map(({ task }) => task).toSorted()).toEqual(wanted.toSorted());
    for (const { ScheduleExpression, State, Target } of schedules) {
      expect(ScheduleExpression).toMatch(/^rate\(\d+ minutes\)$/);
      expect(State).toBe('ENABLED');
      expect(Target).toMatchObject({ DeadLetterConfig: { Arn: expect.stringContaining('DeadLetters') } });
    }
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
  const alarms = ofType(verifier, 'AWS::CloudWatch::Alarm');

  it('each tell the topic, both when it begins and when it ends', () => {
    const topic = verifier.outputs['TopicArn']?.Value;
    for (const alarm of alarms) expect(alarm).toMatchObject({ AlarmActions: [topic], OKActions: [topic] });
    expect(alarms).toHaveLength(11);
  });

  it('take silence for a fault, all but one that is silent while all is well', () => {
    const quiet = alarms.filter(({ TreatMissingData }) => TreatMissingData !== 'breaching');
    expect(quiet.map(({ MetricName }) => MetricName)).toEqual(['ApproximateNumberOfMessagesVisible']);
    expect(JSON.stringify(quiet[0]?.['Dimensions'])).toContain('DeadLetters');
  });

  it('know how late a full pass may be', () => {
    const late = alarms.find(({ MetricName }) => MetricName === 'OldestRereadDays');
    expect(late).toMatchObject({ Threshold: 37.5, ComparisonOperator: 'GreaterThanThreshold' });
  });

  it('stay up between two sweeps while a finding is open', () => {
    const held = (name: string) => alarms.find(({ MetricName }) => MetricName === name)?.['Period'];
    expect([held('FindingsBroken'), held('Attempts')]).toEqual([75 * 60, 75 * 60]);
    expect(held('OldestRereadDays')).toBeGreaterThan(2 * 60 * 60);
    expect([held('Errors'), held('ChainsConfirmed'), held('StaleChains')]).toEqual([900, 900, 900]);
    const weekly = bothStacks(APART.replace('logKey:', 'sweepEvery: 7d\n  logKey:')).verifier;
    const periods = ofType(weekly, 'AWS::CloudWatch::Alarm').map(({ Period }) => Number(Period));
    expect(Math.max(...periods)).toBe(24 * 60 * 60);
  });

  it('cover a verifier that fails, is throttled, lags or is dead, and all that it finds', () => {
    const metrics = alarms.map(({ Namespace, MetricName }) => `${Namespace} ${MetricName}`).toSorted();
    expect(metrics).toEqual([
      'AWS/Lambda Errors',
      'AWS/Lambda Throttles',
      'AWS/SQS ApproximateAgeOfOldestMessage',
      'AWS/SQS ApproximateNumberOfMessagesVisible',
      'Ledgerstone Attempts',
      'Ledgerstone ChainsConfirmed',
      'Ledgerstone FindingsBroken',
      'Ledgerstone NotificationsFailed',
      'Ledgerstone OldestRereadDays',
      'Ledgerstone StaleChains',
      'Ledgerstone Unverifiable',
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
    'of the %s: writes to its bucket and changes of settings, in a bucket of their own',
    (_, stack, bucket) => {
      const [trail] = ofType(stack, 'AWS::CloudTrail::Trail');
      expect(trail).toMatchObject({ IsLogging: true, EnableLogFileValidation: true });
      expect(trail?.['S3BucketName']).not.toBe(bucket);
      const selectors = trail?.['AdvancedEventSelectors'] as { FieldSelectors: object[] }[];
      const [data, management] = selectors.map(({ FieldSelectors }) => FieldSelectors);
      expect(data).toContainEqual({ Field: 'resources.ARN', StartsWith: [`arn:aws:s3:::${bucket}/`] });
      expect(data).toContainEqual({ Field: 'readOnly', Equals: ['false'] });
      expect(management).toEqual([
        { Field: 'eventCategory', Equals: ['Management'] },
        { Field: 'readOnly', Equals: ['false'] },
      ]);
    },
  );

  it('are left out where the account has one', () => {
    const none = bothStacks(APART.replace('logKey:', 'trail: false\n  logKey:'));
    for (const stack of [none.archive, none.verifier])
      expect(ofType(stack, 'AWS::CloudTrail::Trail')).toEqual([]);
  });
});
