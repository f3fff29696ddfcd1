// Who is notified when somebody takes a break-glass role? All subscribers of the topic, without the verifier.
import { type EventBus, EventField, Rule, RuleTargetInput } from 'aws-cdk-lib/aws-events';
import { SnsTopic } from 'aws-cdk-lib/aws-events-targets';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { breakGlassUse } from './watched-events.ts';

export type BreakGlassNoticeProps = {
  readonly topic: ITopic;
  /** Has the events of the archive's account. */
  readonly bus: EventBus;
  readonly archiveAccount: string;
  /** The break-glass role of this account. */
  readonly breakGlassArn: string;
};

export class BreakGlassNotice extends Construct {
  constructor(scope: Construct, id: string, props: BreakGlassNoticeProps) {
    super(scope, id);
    const { topic, bus, archiveAccount, breakGlassArn } = props;
    // With a role. Otherwise the topic's policy would have to allow EventBridge, which serves all customers.
    const target = new SnsTopic(topic, {
      authorizeUsingRole: true,
      message: RuleTargetInput.fromText(text()),
    });
    const { description, pattern } = breakGlassUse(breakGlassArn);
    new Rule(this, 'Here', { description, eventPattern: pattern, targets: [target] });
    new Rule(this, 'OfTheArchive', {
      description,
      eventBus: bus,
      eventPattern: { account: [archiveAccount], source: ['aws.sts'] },
      targets: [target],
    });
  }
}

/** A field that the event does not have stays empty. `errorCode` is there only if the role was refused. */
function text(): string {
  const of = (path: string) => EventField.fromPath(`$.detail.${path}`);
  return (
    `Ledgerstone: ${of('userIdentity.arn')} took the role ${of('requestParameters.roleArn')} at ${of('eventTime')} ` +
    `from ${of('sourceIPAddress')}. Refused with: ${of('errorCode')} (nothing: it went through).`
  );
}
