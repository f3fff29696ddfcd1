// How do events of the archive's account reach the verifier, in whatever account it runs?
import { Stack } from 'aws-cdk-lib';
import { type CfnRule, Rule } from 'aws-cdk-lib/aws-events';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { Names } from './names.ts';
import type { WatchedEvents } from './watched-events.ts';

/** Its role may put events on the verifier's bus and nothing else. */
export class Forwarder extends Construct {
  constructor(scope: Construct, id: string, names: Names, watched: readonly WatchedEvents[]) {
    super(scope, id);
    const { account } = Stack.of(this);
    const { busArn } = names.verifier;
    const role = new Role(this, 'Role', {
      roleName: names.forwarder.roleName,
      description: "Brings events to the verifier's bus",
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
    for (const { id: name, description, pattern } of watched) {
      const rule = new Rule(this, name, { description, eventPattern: pattern });
      // The CDK's own target makes a role for each rule and can't name it.
      (rule.node.defaultChild as CfnRule).targets = [{ id: 'Bus', arn: busArn, roleArn: role.roleArn }];
    }
  }
}
