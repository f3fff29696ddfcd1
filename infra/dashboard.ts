// Which graphs show how the verifier is doing?
import { Duration } from 'aws-cdk-lib';
import { AlarmStatusWidget, Dashboard, GraphWidget, type IMetric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { type Alarms, type AlarmsProps, ownMetric } from './alarms.ts';

const WIDTH = 12;

export class VerifierDashboard extends Construct {
  constructor(scope: Construct, id: string, props: AlarmsProps & { readonly alarms: Alarms }) {
    super(scope, id);
    const { function: verifier, queue, deadLetters, alarms, namespace } = props;
    const own = ownMetric(namespace);
    const graph = (title: string, ...left: IMetric[]) => new GraphWidget({ title, left, width: WIDTH });
    new Dashboard(this, 'Dashboard', {
      defaultInterval: Duration.days(1),
      widgets: [
        [new AlarmStatusWidget({ title: 'Alarms', alarms: [...alarms.all], width: WIDTH * 2 })],
        [
          graph('Chains confirmed', own('ChainsConfirmed', Stats.SUM)),
          graph(
            'Findings',
            own('FindingsBroken', Stats.MAXIMUM),
            own('Unverifiable', Stats.MAXIMUM),
            own('Attempts', Stats.MAXIMUM),
            own('StaleChains', Stats.MAXIMUM),
          ),
        ],
        [
          graph('From seal to attestation, seconds', own('ConfirmLagSeconds', Stats.MAXIMUM)),
          graph('Oldest byte read again, days ago', own('OldestRereadDays', Stats.MAXIMUM)),
        ],
        [
          graph(
            'Events waiting',
            queue.metricApproximateNumberOfMessagesVisible(),
            deadLetters.metricApproximateNumberOfMessagesVisible(),
          ),
          graph('Age of the oldest event, seconds', queue.metricApproximateAgeOfOldestMessage()),
        ],
        [
          graph(
            'Duration, milliseconds',
            verifier.metricDuration({ statistic: Stats.p(50) }),
            verifier.metricDuration({ statistic: Stats.p(99) }),
          ),
          graph('Calls', verifier.metricInvocations(), verifier.metricErrors(), verifier.metricThrottles()),
        ],
      ],
    });
  }
}
