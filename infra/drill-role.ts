// Who may drill? A role without rights on the archive: its refused delete is the drill.
import { ArnPrincipal, CompositePrincipal, PolicyDocument, PolicyStatement, Role } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { acknowledgeForeignBucket } from './cdk-nag.ts';
import type { TwoPartyConfig } from './config-schema.ts';
import { KEEP } from './keep.ts';
import type { Names } from './names.ts';
import { FINDINGS_PREFIX, LIST_VERSIONS, READ_VERSIONS } from './read-actions.ts';

/**
 * A role in the archive's account, like the attackers that it stands for. It may read the verifier's
 * findings.
 */
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
      // The policy of the attestations' bucket names it.
      roleName: names.drill.roleName,
      description: `Runs drills on the archive ${origin}: tries a delete, which is refused, and reads the findings`,
      // No second factor, so that a schedule can drill. The role can do no harm.
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
    role.applyRemovalPolicy(KEEP);
    acknowledgeForeignBucket(role, bucketName, 'Findings are not known ahead.', `${FINDINGS_PREFIX}*`);
  }
}
