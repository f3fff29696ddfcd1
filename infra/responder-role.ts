// Who may say what was done about a finding? A role for people, for `ledgerstone finding ack` and `resolve`.
import { PolicyDocument, PolicyStatement, Role } from 'aws-cdk-lib/aws-iam';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { acknowledgeObjectPattern } from './cdk-nag.ts';
import type { TwoPartyConfig } from './config-schema.ts';
import { KEEP } from './keep.ts';
import type { Names } from './names.ts';
import { peoplePrincipal } from './people-roles.ts';
import { FINDINGS_PREFIX, LIST_VERSIONS, READ_VERSIONS } from './read-actions.ts';

/**
 * Keys of responses (FORMAT.md 9.8.12): opening, kind, second, key. A wildcard goes over slashes, and the name of
 * a topic may have `-ack-` in it. With the lengths no note of the verifier itself fits.
 */
export const RESPONSE_PATTERNS = ['ack', 'resolve'].map(
  (kind) => `${FINDINGS_PREFIX}*/??????-${kind}-????????????-????????.note`,
);

/**
 * Reads findings, and puts responses beside them: new, locked, and nowhere else. What people say is signed
 * with keys of their own: this role has no right on the verifier's.
 */
export class ResponderRole extends Construct {
  readonly role: Role;

  constructor(
    scope: Construct,
    id: string,
    { attestations, verifier, origin }: TwoPartyConfig,
    names: Names,
    bucket: Bucket,
  ) {
    super(scope, id);
    const findings = `${FINDINGS_PREFIX}*`;
    this.role = new Role(this, 'Role', {
      // The bucket's policy names it.
      roleName: names.verifier.responderName,
      description: `Answers findings about the archive ${origin}: puts notes beside them and changes nothing`,
      assumedBy: peoplePrincipal(verifier.responders, attestations.people.requireMfa),
      inlinePolicies: {
        findings: new PolicyDocument({
          statements: [
            new PolicyStatement({
              sid: 'ReadFindings',
              actions: [...READ_VERSIONS],
              resources: [bucket.arnForObjects(findings)],
            }),
            new PolicyStatement({
              sid: 'ListFindings',
              actions: [...LIST_VERSIONS],
              resources: [bucket.bucketArn],
              conditions: { StringLike: { 's3:prefix': findings } },
            }),
            new PolicyStatement({
              sid: 'PutResponses',
              // A put with lock headers needs both.
              actions: ['s3:PutObject', 's3:PutObjectRetention'],
              resources: RESPONSE_PATTERNS.map((pattern) => bucket.arnForObjects(pattern)),
            }),
          ],
        }),
      },
    });
    this.role.applyRemovalPolicy(KEEP);
    acknowledgeObjectPattern(this.role, bucket, findings, 'Findings are not known ahead.');
    for (const pattern of RESPONSE_PATTERNS)
      acknowledgeObjectPattern(this.role, bucket, pattern, 'Responses stand beside findings.');
  }
}
