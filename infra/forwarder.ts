// How do events of the archive's account reach the verifier, in whatever account it runs?
import { Duration, Stack, Validations } from 'aws-cdk-lib';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Names } from './names.ts';
import type { WatchedEvents } from './watched-events.ts';
import { watchedRule } from './watched-rule.ts';

export type ForwarderProps = {
  readonly names: Names;
  readonly rulePrefix: string;
  readonly watched: readonly WatchedEvents[];
};

/** Its role may put events on the verifier's bus and nothing else. */
export class Forwarder extends Construct {
  /** Events that could not be brought to the bus. */
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, { names, rulePrefix, watched }: ForwarderProps) {
    super(scope, id);
    const { account } = Stack.of(this);
    const { busArn } = names.verifier;
    const role = new Role(this, 'Role', {
      roleName: names.forwarder.roleName,
      description: "Sends events to the verifier's bus",
      assumedBy: new ServicePrincipal('events.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': account } },
      }),
      inlinePolicies: {
        bus: new PolicyDocument({
          statements: [
            new PolicyStatement({
              sid: 'PutOnTheVerifiersBus',
              actions: ['events:PutEvents'],
              resources: [busArn],
            }),
          ],
        }),
      },
    });
    this.deadLetters = new Queue(this, 'DeadLetters', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    const rules = watched.map(({ id: rule, description, pattern }) => {
      const name = `${rulePrefix}${rule.toLowerCase()}`;
      const made = watchedRule(this, rule, { name, description, pattern });
      // The CDK's own target makes a role for each rule and can't name it.
      made.targets = [
        {
          ...{ id: 'Bus', arn: busArn, roleArn: role.roleArn },
          deadLetterConfig: { arn: this.deadLetters.queueArn },
        },
      ];
      return made.attrArn;
    });
    Validations.of(this.deadLetters).acknowledge({
      id: 'AwsSolutions-SQS3',
      reason: "It is the dead-letter queue itself, of EventBridge's rules.",
    });
    this.deadLetters.addToResourcePolicy(
      new PolicyStatement({
        sid: 'RulesKeepWhatTheBusDoesNotTake',
        principals: [new ServicePrincipal('events.amazonaws.com')],
        actions: ['sqs:SendMessage'],
        resources: [this.deadLetters.queueArn],
        conditions: { ArnEquals: { 'aws:SourceArn': rules } },
      }),
    );
  }
}
