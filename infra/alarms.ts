// Which alarms are there? Silence is one too: a dead verifier reports nothing.
import { Duration } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  type IMetric,
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
import { METRICS_NAMESPACE } from './rendered-config.ts';
import { FULL_PASS_MINUTES } from './schedules.ts';

/** Three runs of the shortest schedule: a failed run is tried again before an alarm. */
const PERIOD = Duration.minutes(15);
/** An event that waits longer was tried and failed, or nothing takes it. */
const OLDEST_EVENT_SECONDS = 15 * 60;
const DAY_MINUTES = 24 * 60;
const HELD_MINUTES_MAX = DAY_MINUTES;
/** The next run makes up for a failed one. */
const TWO_PASS_RUNS = Duration.minutes(2 * FULL_PASS_MINUTES + 15);
/** A pass that ends a little late is no alarm. */
const FULL_PASS_SLACK = 1.25;

export type AlarmsProps = {
  readonly function: IFunction;
  readonly queue: IQueue;
  readonly deadLetters: IQueue;
  readonly topic: ITopic;
  readonly sweepEvery: string;
  readonly fullPassEvery: string;
};

type Rule = {
  readonly id: string;
  readonly description: string;
  readonly metric: IMetric;
  readonly threshold?: number;
  readonly operator?: ComparisonOperator;
  readonly missing?: TreatMissingData;
};

/** One of the verifier's own metrics (EMF), over all chains: without dimensions. */
export const ownMetric = (metricName: string, statistic: string, period: Duration = PERIOD): Metric =>
  new Metric({ namespace: METRICS_NAMESPACE, metricName, statistic, period });

export class Alarms extends Construct {
  readonly all: readonly Alarm[];

  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    const action = new SnsAction(props.topic);
    this.all = rulesFor(props).map(
      ({ id: name, description: says, metric, threshold, operator, missing }) => {
        const alarm = new Alarm(this, name, {
          alarmDescription: says,
          metric,
          threshold: threshold ?? 1,
          comparisonOperator: operator ?? ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
          evaluationPeriods: 1,
          treatMissingData: missing ?? TreatMissingData.BREACHING,
        });
        alarm.addAlarmAction(action);
        alarm.addOkAction(action);
        return alarm;
      },
    );
  }
}

const rulesFor = (props: AlarmsProps): Rule[] => [...rulesForRunning(props), ...rulesForFindings(props)];

function rulesForRunning({ function: verifier, queue, deadLetters }: AlarmsProps): Rule[] {
  const sum = { statistic: Stats.SUM, period: PERIOD };
  const most = { statistic: Stats.MAXIMUM, period: PERIOD };
  return [
    {
      id: 'Errors',
      description: 'The verifier failed, or did not run at all. Its log says why.',
      metric: verifier.metricErrors(sum),
    },
    {
      id: 'Throttles',
      description: 'The verifier was held back: raise verifier.concurrency, or look for a flood of events.',
      metric: verifier.metricThrottles(sum),
    },
    {
      id: 'DeadLetters',
      description:
        'An event or a scheduled task could not be worked on. Read it, mend the cause, and redrive it.',
      metric: deadLetters.metricApproximateNumberOfMessagesVisible(most),
      // The metrics of an unused queue stop after six hours, and this queue should be unused. Other alarms
      // show whether the verifier lives.
      missing: TreatMissingData.NOT_BREACHING,
    },
    {
      id: 'OldestEvent',
      description: 'Events wait too long: the verifier does not take them, or fails over and over.',
      metric: queue.metricApproximateAgeOfOldestMessage(most),
      threshold: OLDEST_EVENT_SECONDS,
    },
  ];
}

function rulesForFindings({ sweepEvery, fullPassEvery }: AlarmsProps): Rule[] {
  // Some findings are counted only by the sweep. The alarm must not end between two sweeps.
  const held = Duration.minutes(Math.min(minutesOf(sweepEvery) + PERIOD.toMinutes(), HELD_MINUTES_MAX));
  return [
    {
      id: 'Broken',
      description:
        'The archive is not what was signed, or not kept as was promised, or the verifier is silent.',
      metric: ownMetric('FindingsBroken', Stats.MAXIMUM, held),
    },
    {
      id: 'Unverifiable',
      description:
        'Something could not be shown either way: a key that is not trusted, or locks that may not be seen.',
      metric: ownMetric('Unverifiable', Stats.MAXIMUM, held),
    },
    {
      id: 'Attempts',
      description:
        'Somebody tried to change the archive, or the verifier is silent. The findings say who and when.',
      metric: ownMetric('Attempts', Stats.MAXIMUM, held),
    },
    {
      id: 'StaleChains',
      description:
        'A chain was not sealed within its promised age: look at the archiver. Or the verifier is silent.',
      metric: ownMetric('StaleChains', Stats.MAXIMUM),
    },
    {
      id: 'NothingConfirmed',
      description:
        'No chain was confirmed: the verifier is dead, or can reach neither the archive nor its own bucket.',
      metric: ownMetric('ChainsConfirmed', Stats.SUM),
      operator: ComparisonOperator.LESS_THAN_THRESHOLD,
    },
    {
      id: 'NotificationsFailed',
      description:
        'The verifier could not hand a message over. What it found stands in its bucket and in its log.',
      metric: ownMetric('NotificationsFailed', Stats.SUM),
    },
    {
      id: 'FullPassLate',
      description:
        'A byte waits too long for its next reading, or nothing is read again: raise verifier.fullPass.bytesPerRun.',
      metric: ownMetric('OldestRereadDays', Stats.MAXIMUM, TWO_PASS_RUNS),
      threshold: (minutesOf(fullPassEvery) / DAY_MINUTES) * FULL_PASS_SLACK,
      operator: ComparisonOperator.GREATER_THAN_THRESHOLD,
    },
  ];
}
