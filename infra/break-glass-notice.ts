// Who is notified when somebody takes a break-glass role? All subscribers of the topic, without the verifier.
import { Stack } from 'aws-cdk-lib';
import { type EventBus, EventField, RuleTargetInput } from 'aws-cdk-lib/aws-events';
import { SnsTopic } from 'aws-cdk-lib/aws-events-targets';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { breakGlassUse } from './watched-events.ts';
import { watchedRule } from './watched-rule.ts';

export type BreakGlassNoticeProps = {
  readonly topic: ITopic;
  /** Has the events of the archive's account. */
  readonly bus: EventBus;
  readonly archiveAccount: string;
  /** The break-glass role of this account. */
  readonly breakGlassArn: string;
  readonly rulePrefix: string;
};

export class BreakGlassNotice extends Construct {
  constructor(scope: Construct, id: string, props: BreakGlassNoticeProps) {
    super(scope, id);
    const { topic, bus, archiveAccount, breakGlassArn, rulePrefix } = props;
    const { account } = Stack.of(this);
    // With a role. Otherwise the topic's policy would have to allow EventBridge, which serves all customers.
    const target = new SnsTopic(topic, {
      authorizeUsingRole: true,
      message: RuleTargetInput.fromText(text()),
    });
    const { description, pattern } = breakGlassUse(breakGlassArn, account);
    const targets = [target];
    watchedRule(this, 'Here', { name: `${rulePrefix}here`, description, pattern, targets });
    watchedRule(this, 'OfTheArchive', {
      ...{ name: `${rulePrefix}of-the-archive`, description, targets },
      eventBus: bus,
      pattern: { account: [archiveAccount], source: ['aws.sts'] },
    });
  }
}

/**
 * A field that the event does not have stays empty. `errorCode` is there only if the role was refused. A caller
 * of another account has no `arn`, only the number of its account.
 */
function text(): string {
  const of = (path: string) => EventField.fromPath(`$.detail.${path}`);
  return (
    `Ledgerstone: ${of('userIdentity.arn')} of account ${of('userIdentity.accountId')} called ${of('eventName')} for ` +
    `${of('requestParameters.roleArn')}${of('requestParameters.targetPrincipal')} at ${of('eventTime')} ` +
    `from ${of('sourceIPAddress')}. Refused with: ${of('errorCode')} (nothing: it went through).`
  );
}
