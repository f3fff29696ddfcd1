// Who may assume the verifier's role, and what may it do?
import { Aws } from 'aws-cdk-lib';
import {
  CompositePrincipal,
  PolicyDocument,
  PolicyStatement,
  Role,
  ServicePrincipal,
} from 'aws-cdk-lib/aws-iam';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { acknowledgeForeignBucket, acknowledgeObjectPattern } from './cdk-nag.ts';
import type { TwoPartyConfig } from './config-schema.ts';
import { logKeyArns } from './config-verifier.ts';
import { KEEP } from './keep.ts';
import type { Names } from './names.ts';
import { podPrincipal } from './pod-principal.ts';
import { LIST_VERSIONS, READ_BUCKET, READ_OBJECTS, READ_VERSIONS } from './read-actions.ts';
import { PUBLIC_HALF } from './signing-key.ts';

/** All that is read of an older archive. */
const SEALS = 'seals/*';

/** Keys that a verifier writes in its own bucket. */
export const VERIFIER_KEY_PATTERNS = ['attestations/*', 'findings/*', 'passes/*', 'index/*'];

/**
 * Reads the archive and can't write to it. Writes to its own bucket. Its right to sign is in its key's policy
 * only. The rights to its queue, topic and log are added where those are made.
 */
export class VerifierRole extends Construct {
  readonly role: Role;

  constructor(scope: Construct, id: string, config: TwoPartyConfig, names: Names, own: Bucket) {
    super(scope, id);
    const { archive, verifier } = names;
    const { older } = config.verifier;
    const arnOf = (bucket: string) => `arn:${Aws.PARTITION}:s3:::${bucket}`;
    const sealsOf = ({ bucket, prefix }: (typeof older)[number]) => `${arnOf(bucket)}/${prefix}${SEALS}`;
    const allow = (sid: string, actions: readonly string[], resources: readonly string[]) =>
      new PolicyStatement({ sid, actions: [...actions], resources: [...resources] });
    const { pod } = config.verifier;
    const lambda = new ServicePrincipal('lambda.amazonaws.com');
    this.role = new Role(this, 'Role', {
      // The archive's policies name it.
      roleName: verifier.roleName,
      description: `Verifies the archive ${config.origin}. Can not write to it`,
      assumedBy: pod === undefined ? lambda : new CompositePrincipal(lambda, podPrincipal(pod)),
      inlinePolicies: {
        archive: new PolicyDocument({
          statements: [
            allow('ReadTheArchive', READ_OBJECTS, [`${archive.bucketArn}/*`]),
            allow('ListTheArchiveAndReadItsSettings', READ_BUCKET, [archive.bucketArn]),
            allow('SeeThePublicHalfOfTheLogKey', PUBLIC_HALF, logKeyArns(config.verifier)),
          ],
        }),
        ...(older.length > 0 && {
          older: new PolicyDocument({
            statements: [
              allow('ReadSealsOfOlderArchives', READ_VERSIONS, older.map(sealsOf)),
              allow('ListOlderArchives', LIST_VERSIONS, [
                ...new Set(older.map(({ bucket }) => arnOf(bucket))),
              ]),
            ],
          }),
        }),
        attestations: new PolicyDocument({
          statements: [
            // A put with lock headers needs both.
            allow(
              'WriteWhatItFinds',
              ['s3:PutObject', 's3:PutObjectRetention'],
              VERIFIER_KEY_PATTERNS.map((objects) => own.arnForObjects(objects)),
            ),
            allow('ReadItsOwnBucket', READ_OBJECTS, [own.arnForObjects('*')]),
            allow('ListItsOwnBucketAndReadItsSettings', READ_BUCKET, [own.bucketArn]),
          ],
        }),
      },
    });
    // The key's policy names it as a principal: a role made again under its name could not sign.
    this.role.applyRemovalPolicy(KEEP);
    const sweep = 'The sweep reads whatever lies there, foreign objects included.';
    acknowledgeForeignBucket(this.role, String(config.bucket.name), sweep);
    acknowledgeObjectPattern(this.role, own, '*', sweep);
    const ends = 'Chains go on from ends of older ones, whose seals have such keys.';
    for (const { bucket, prefix } of older)
      acknowledgeForeignBucket(this.role, bucket, ends, `${prefix}${SEALS}`);
    for (const objects of VERIFIER_KEY_PATTERNS) {
      const reason =
        'Each attestation, finding and pass adds an object under this fixed name: its keys are not known ahead.';
      acknowledgeObjectPattern(this.role, own, objects, reason);
    }
  }
}
