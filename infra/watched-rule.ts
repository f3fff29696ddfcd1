// How does a rule of EventBridge become one that watches? By a fixed name, and for read-only calls too.
import {
  type CfnRule,
  type EventBus,
  type EventPattern,
  type IRuleTarget,
  Rule,
} from 'aws-cdk-lib/aws-events';
import type { Construct } from 'constructs';

export type WatchedRuleProps = {
  /** Fixed, since the trails watch what is done to the rule. */
  readonly name: string;
  readonly description: string;
  readonly pattern: EventPattern;
  readonly eventBus?: EventBus;
  readonly targets?: IRuleTarget[];
};

/**
 * A rule that is only `ENABLED` gets no management event that CloudTrail calls read-only, such as AssumeRole
 * and KMS's Sign. So every rule that watches has the other state.
 */
export function watchedRule(scope: Construct, id: string, props: WatchedRuleProps): CfnRule {
  const { name, pattern, ...more } = props;
  const rule = new Rule(scope, id, { ruleName: name, eventPattern: pattern, ...more });
  const resource = rule.node.defaultChild as CfnRule;
  resource.state = 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS';
  return resource;
}
