// Who may drill, and with which rights? With none on the archive: that a delete there is refused, and told of, is the drill.
import { RemovalPolicy } from 'aws-cdk-lib';
import { ArnPrincipal, CompositePrincipal, PolicyDocument, PolicyStatement, Role } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { acknowledgeForeignBucket } from './cdk-nag.ts';
import type { TwoPartyConfig } from './config-schema.ts';
import type { Names } from './names.ts';
import { FINDINGS_PREFIX, LIST_VERSIONS, READ_VERSIONS } from './read-actions.ts';

/** In the archive's account, as those are whom it stands for; reads in the verifier's bucket what was found. */
export class DrillRole extends Construct {
  constructor(
    scope: Construct,
    id: string,
    { attestations, verifier, origin }: TwoPartyConfig,
    names: Names,
  ) {
    super(scope, id);
    const bucketName = String(attestations.bucket.name);
    const { bucketArn } = names.verifier;
    const role = new Role(this, 'Role', {
      // The attestations' policy names it.
      roleName: names.drill.roleName,
      description: `Drills: tries to delete from the archive ${origin} in vain, and reads what was found`,
      // Without a second factor, so that a schedule can drill: nothing can be done with it.
      assumedBy: new CompositePrincipal(...verifier.drillers.map((arn) => new ArnPrincipal(arn))),
      inlinePolicies: {
        findings: new PolicyDocument({
          statements: [
            new PolicyStatement({
              sid: 'ReadFindings',
              actions: [...READ_VERSIONS],
              resources: [`${bucketArn}/${FINDINGS_PREFIX}*`],
            }),
            new PolicyStatement({
              sid: 'ListFindings',
              actions: [...LIST_VERSIONS],
              resources: [bucketArn],
              conditions: { StringLike: { 's3:prefix': `${FINDINGS_PREFIX}*` } },
            }),
          ],
        }),
      },
    });
    role.applyRemovalPolicy(RemovalPolicy.RETAIN);
    acknowledgeForeignBucket(role, bucketName, 'Findings are not known ahead.', `${FINDINGS_PREFIX}*`);
  }
}
