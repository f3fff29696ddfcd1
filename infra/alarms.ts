// Which alarms are there? Silence is one too: a dead verifier reports nothing.
import { Duration } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  type IMetric,
  MathExpression,
  Metric,
  Stats,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { minutesOf } from './config-verifier.ts';
import { CONFIRM_MINUTES, FULL_PASS_MINUTES, STAMP_MINUTES } from './schedules.ts';

/** Three runs of the shortest schedule: a failed run is tried again before an alarm. */
const PERIOD = Duration.minutes(15);
/** An event that waits longer was tried and failed, or nothing takes it. */
const OLDEST_EVENT_SECONDS = 10 * 60;
const DAY_MINUTES = 24 * 60;
const HELD_MINUTES_MAX = DAY_MINUTES;
/** The next run makes up for a failed one. */
const TWO_PASS_RUNS = Duration.minutes(2 * FULL_PASS_MINUTES + 15);
const TWO_STAMP_RUNS = Duration.minutes(2 * STAMP_MINUTES + 15);
/** A pass that ends a little late is no alarm. */
const FULL_PASS_SLACK = 1.25;
/** A round of the inventory scan that takes longer than this many of its intervals is late. */
const SWEEP_ROUNDS_LATE = 3;

/** Rounds of `hold keep` in which nothing failed. */
export const HOLD_ROUNDS = 'HoldRounds';

export type AlarmsProps = {
  readonly function: IFunction;
  readonly queue: IQueue;
  readonly deadLetters: IQueue;
  readonly topic: ITopic;
  readonly namespace: string;
  readonly sweepEvery: string;
  readonly fullPassEvery: string;
  /** Whether a time-stamping authority is asked. */
  readonly stamps: boolean;
  /** ARN of the state machine of fanned-out passes. Null: there is none. */
  readonly passArn: string | null;
};

type Rule = {
  readonly id: string;
  readonly description: string;
  readonly metric: IMetric;
  readonly threshold?: number;
  readonly operator?: ComparisonOperator;
  readonly missing?: TreatMissingData;
  /** Default: 1 of 1. */
  readonly periods?: { readonly breaching: number; readonly of: number };
};

/** One of the verifier's own metrics (EMF), over all chains: without dimensions, in a namespace of the stack. */
export const ownMetric =
  (namespace: string) =>
  (metricName: string, statistic: string, period: Duration = PERIOD): Metric =>
    new Metric({ namespace, metricName, statistic, period });

export class Alarms extends Construct {
  readonly all: readonly Alarm[];

  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    this.all = rulesFor(props).map((rule) => alarmOf(this, rule, props.topic));
  }
}

/** In the archive's account: events that EventBridge could not bring to the verifier's bus. */
export function notForwardedAlarm(scope: Construct, deadLetters: IQueue, topic: ITopic): Alarm {
  return alarmOf(
    scope,
    {
      id: 'NotForwarded',
      description: "Events did not reach the verifier's bus. They are kept in the forwarder's dead letters.",
      metric: deadLetters.metricApproximateNumberOfMessagesVisible({
        statistic: Stats.MAXIMUM,
        period: PERIOD,
      }),
      missing: TreatMissingData.IGNORE,
    },
    topic,
  );
}

/** In the archive's account: nobody went through what has to be held. `every`: of a round, such as 15m. */
export function holdsNotKeptAlarm(scope: Construct, namespace: string, every: string, topic: ITopic): Alarm {
  return alarmOf(
    scope,
    {
      id: 'HoldsNotKept',
      description:
        'No round of `ledgerstone hold keep` was done in time. New segments may lack legal holds that were decided.',
      metric: new MathExpression({
        expression: 'FILL(rounds, 0)',
        usingMetrics: {
          rounds: ownMetric(namespace)(HOLD_ROUNDS, Stats.SUM, Duration.minutes(minutesOf(every))),
        },
        period: Duration.minutes(minutesOf(every)),
        label: HOLD_ROUNDS,
      }),
      operator: ComparisonOperator.LESS_THAN_THRESHOLD,
      periods: { breaching: 3, of: 3 },
    },
    topic,
  );
}

function alarmOf(scope: Construct, rule: Rule, topic: ITopic): Alarm {
  const { breaching, of } = rule.periods ?? { breaching: 1, of: 1 };
  const alarm = new Alarm(scope, rule.id, {
    alarmDescription: rule.description,
    metric: rule.metric,
    threshold: rule.threshold ?? 1,
    comparisonOperator: rule.operator ?? ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    evaluationPeriods: of,
    datapointsToAlarm: breaching,
    treatMissingData: rule.missing ?? TreatMissingData.BREACHING,
  });
  const action = new SnsAction(topic);
  alarm.addAlarmAction(action);
  alarm.addOkAction(action);
  return alarm;
}

const rulesFor = (props: AlarmsProps): Rule[] => [
  ...rulesForRunning(props),
  ...rulesForFindings(props),
  ...(props.stamps ? [ruleForStamps(props)] : []),
  ...(props.passArn === null ? [] : [ruleForPasses(props.passArn)]),
];

/** A pass that is whole and not verified fails too, so that nobody takes its end for a verdict. */
function ruleForPasses(arn: string): Rule {
  const ended = (metricName: string) =>
    new Metric({
      ...{ namespace: 'AWS/States', metricName, statistic: Stats.SUM, period: PERIOD },
      dimensionsMap: { StateMachineArn: arn },
    });
  return {
    id: 'FullPassFailed',
    description:
      'A full pass by many workers failed, was stopped, is late, or is not verified. Its history says which.',
    metric: new MathExpression({
      expression: 'FILL(failed, 0) + FILL(late, 0) + FILL(stopped, 0)',
      usingMetrics: {
        failed: ended('ExecutionsFailed'),
        late: ended('ExecutionsTimedOut'),
        stopped: ended('ExecutionsAborted'),
      },
      period: PERIOD,
      label: 'FullPassesNotVerified',
    }),
    // Between two passes nothing is counted.
    missing: TreatMissingData.NOT_BREACHING,
  };
}

/** There is one each day, so two days are two in a row that failed. */
const ruleForStamps = ({ namespace }: AlarmsProps): Rule => ({
  id: 'StampLate',
  description:
    'The time-stamping authority has stamped nothing for two days. The log says why. Or the verifier does not run.',
  metric: ownMetric(namespace)('StampAgeHours', Stats.MAXIMUM, TWO_STAMP_RUNS),
  threshold: 48,
  operator: ComparisonOperator.GREATER_THAN_THRESHOLD,
});

function rulesForRunning({ function: verifier, queue, deadLetters, namespace }: AlarmsProps): Rule[] {
  const sum = { statistic: Stats.SUM, period: PERIOD };
  const most = { statistic: Stats.MAXIMUM, period: PERIOD };
  const perRun = Duration.minutes(CONFIRM_MINUTES);
  return [
    {
      id: 'NothingConfirmed',
      description:
        'No chain was confirmed. The verifier does not run, or it can not reach the archive or its own bucket.',
      // CloudWatch looks further back than the evaluated periods for points that are there. Filled, each period
      // has one, so silence is noticed as soon as it lasts.
      metric: new MathExpression({
        expression: 'FILL(confirmed, 0)',
        usingMetrics: { confirmed: ownMetric(namespace)('ChainsConfirmed', Stats.SUM, perRun) },
        period: perRun,
        label: 'ChainsConfirmed',
      }),
      operator: ComparisonOperator.LESS_THAN_THRESHOLD,
      periods: { breaching: 3, of: 3 },
    },
    {
      id: 'Errors',
      description: 'The verifier failed, or it did not run. Its log says why.',
      metric: verifier.metricErrors(sum),
    },
    {
      id: 'Throttles',
      description:
        'Lambda held calls of the verifier back. Raise verifier.reservedConcurrency, or look for a flood of events.',
      metric: verifier.metricThrottles(sum),
      // A single held-back call is tried again by itself.
      periods: { breaching: 2, of: 3 },
    },
    {
      id: 'DeadLetters',
      description:
        'An event or a scheduled task failed too often. infra/README.md says how to send it again.',
      metric: deadLetters.metricApproximateNumberOfMessagesVisible(most),
      // The metrics of a queue that nobody touches stop after six hours. The alarm must stay as it was.
      missing: TreatMissingData.IGNORE,
    },
    {
      id: 'OldestEvent',
      description: 'An event has waited for more than 10 minutes. The verifier does not take events.',
      metric: queue.metricApproximateAgeOfOldestMessage(most),
      threshold: OLDEST_EVENT_SECONDS,
      // An empty queue may report nothing. Events that fail over and over leave this metric and become dead letters.
      missing: TreatMissingData.NOT_BREACHING,
    },
  ];
}

function rulesForFindings({ sweepEvery, fullPassEvery, namespace }: AlarmsProps): Rule[] {
  // Some findings are counted only by the sweep. The alarm must not end between two sweeps.
  const held = Duration.minutes(Math.min(minutesOf(sweepEvery) + PERIOD.toMinutes(), HELD_MINUTES_MAX));
  const own = ownMetric(namespace);
  return [
    {
      id: 'Broken',
      description:
        'The archive is not what was signed, or not kept as promised. Or the verifier does not run.',
      metric: own('FindingsBroken', Stats.MAXIMUM, held),
    },
    {
      id: 'Unverifiable',
      description: [
        'Something could not be verified: a key is not trusted, or something can not be read. Or the',
        'verifier does not run.',
      ].join(' '),
      metric: own('Unverifiable', Stats.MAXIMUM, held),
    },
    {
      id: 'Attempts',
      description:
        'Somebody tried to change the archive. The findings say who and when. Or the verifier does not run.',
      metric: own('Attempts', Stats.MAXIMUM, held),
    },
    {
      id: 'StaleChains',
      description: [
        'A chain has no new seal for longer than promised: the archiver is down, or the partition is',
        'halted. Or the verifier does not run.',
      ].join(' '),
      metric: own('StaleChains', Stats.MAXIMUM),
    },
    {
      id: 'NoChains',
      description:
        'The archive has no chain, so nothing is verified. Is it new? If not, check the bucket and the prefix.',
      metric: own('Chains', Stats.MAXIMUM),
      operator: ComparisonOperator.LESS_THAN_THRESHOLD,
      // NothingConfirmed tells of silence already.
      missing: TreatMissingData.NOT_BREACHING,
    },
    {
      id: 'NotificationsFailed',
      description: 'The verifier could not send a message. Its findings are in its bucket and in its log.',
      metric: own('NotificationsFailed', Stats.SUM),
    },
    {
      id: 'FullPassLate',
      description:
        'Stored bytes were not read again in time. Raise verifier.fullPass.bytesPerRun. Or the verifier does not run.',
      metric: own('OldestRereadDays', Stats.MAXIMUM, TWO_PASS_RUNS),
      threshold: (minutesOf(fullPassEvery) / DAY_MINUTES) * FULL_PASS_SLACK,
      operator: ComparisonOperator.GREATER_THAN_THRESHOLD,
    },
    {
      id: 'SweepLate',
      description:
        'One sweep over every key takes longer than three times verifier.sweepEvery. Raise verifier.sweepEvery.',
      metric: own('SweepRoundAgeHours', Stats.MAXIMUM, held),
      threshold: Math.max(1, (minutesOf(sweepEvery) / 60) * SWEEP_ROUNDS_LATE),
      operator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      // Broken and Attempts have the same period and tell of silence already.
      missing: TreatMissingData.NOT_BREACHING,
    },
  ];
}
