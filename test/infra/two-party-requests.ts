// Which requests between the two parties are dangerous, and which role alone may make each?
import { GOOD_PUT } from './simulation.ts';
import { BUCKET } from './synthesised.ts';
import { type Actor, ATTESTATIONS, LOG_KEY, type TwoPartyRequest, type World } from './two-parties.ts';

export type Row = {
  readonly what: string;
  readonly request: TwoPartyRequest;
  readonly may: readonly Actor[];
  /** Where both parties live in one account. */
  readonly mayTogether?: readonly Actor[];
};

const ARCHIVE = `arn:aws:s3:::${BUCKET}`;
const SEAL = `${ARCHIVE}/prod/seals/topic=orders/partition=0/000000000041.tlog-proof`;
const OWN = `arn:aws:s3:::${ATTESTATIONS}`;
const FINDING = `${OWN}/findings/archive/0/1.json`;
const RESPONSE = `${OWN}/findings/archive/rollback/${'0'.repeat(32)}/000001-ack-001795341600-0a1b2c3d.note`;
const OF_TOPIC = `${OWN}/findings/topic=a-ack-b/partition=0/rollback/${'0'.repeat(32)}/000001-open.note`;
const NOTE = `${OWN}/attestations/topic=orders/partition=0/000000000042.note`;

/** Who has everything allowed in the archive's account, and in the verifier's; of root no bucket policy is safe. */
const FIRST: readonly Actor[] = ['deployer', 'admin', 'root'];
const SECOND: readonly Actor[] = ['secondDeployer', 'secondAdmin', 'secondRoot'];
const READERS: readonly Actor[] = ['auditor', 'verifier', 'secondAuditor'];

const row = (
  what: string,
  action: string,
  resource: string,
  may: readonly Actor[] = [],
  context: Readonly<Record<string, string>> = {},
): Row => ({ what, request: { action, resource, context }, may });

const rows = (where: string, actions: readonly string[], resource: string, may: readonly Actor[] = []) =>
  actions.map((action) => row(`${where}: ${action}`, action, resource, may));

/** What an honest put of the verifier brings; `minimumDays` of its bucket is 2556. */
export const GOOD_NOTE = { ...GOOD_PUT, 's3:object-lock-remaining-retention-days': '2556' } as const;
const extend = (days: string, mode = 'COMPLIANCE') => ({
  's3:object-lock-mode': mode,
  's3:object-lock-remaining-retention-days': days,
});
const HOLD = { 's3:object-lock-event-hold': 'ON', 's3:object-lock-event-hold-duration-days': '1' };
const without = (name: keyof typeof GOOD_NOTE) =>
  Object.fromEntries(Object.entries(GOOD_NOTE).filter(([key]) => key !== name));

const DESTROY = [
  ...['s3:DeleteObject', 's3:DeleteObjectVersion', 's3:BypassGovernanceRetention', 's3:PutObjectLegalHold'],
  ...[
    's3:PutObjectAcl',
    's3:PutObjectTagging',
    's3:RestoreObject',
    's3:ReplicateObject',
    's3:ReplicateDelete',
  ],
  ...['s3:UpdateObjectEncryption'],
];
const SETTINGS = [
  ...['s3:PutBucketPolicy', 's3:PutBucketVersioning', 's3:PutBucketObjectLockConfiguration'],
  ...['s3:PutLifecycleConfiguration', 's3:PutEncryptionConfiguration', 's3:PutBucketPublicAccessBlock'],
  's3:PutBucketNotification',
];
const ONLY_BY_TEMPLATE = ['s3:DeleteBucketPolicy', 's3:DeleteBucket', 's3:PutReplicationConfiguration'];

export const ARCHIVE_ROWS: readonly Row[] = [
  row('archive: put a seal', 's3:PutObject', SEAL, ['archiver'], GOOD_PUT),
  row('archive: lengthen a lock', 's3:PutObjectRetention', SEAL, ['archiver'], extend('400')),
  row('archive: shorten a lock', 's3:PutObjectRetention', SEAL, [], extend('3')),
  row('archive: put over a seal', 's3:PutObject', SEAL, [], without('s3:if-none-match')),
  row('archive: put without a lock', 's3:PutObject', SEAL, [], without('s3:object-lock-mode')),
  row('archive: put a day too short', 's3:PutObject', SEAL, [], { ...GOOD_PUT, ...extend('363') }),
  row('archive: lock for over ten years', 's3:PutObjectRetention', SEAL, [], extend('3654')),
  row('archive: hold until somebody ends it', 's3:PutObjectRetention', SEAL, [], HOLD),
  row('archive: put an attestation there', 's3:PutObject', `${ARCHIVE}/attestations/x.note`, [], GOOD_PUT),
  ...rows('archive', DESTROY, SEAL),
  ...rows('archive', ['s3:GetObjectVersion', 's3:GetObjectRetention'], SEAL, ['archiver', ...READERS]),
  row('archive: see legal holds', 's3:GetObjectLegalHold', SEAL, READERS),
  row('archive: read what is foreign', 's3:GetObjectVersion', `${ARCHIVE}/elsewhere/file`, READERS),
  row('archive: read without TLS', 's3:GetObjectVersion', SEAL, [], { 'aws:SecureTransport': 'false' }),
  row('archive: list its prefix', 's3:ListBucketVersions', ARCHIVE, ['archiver', ...READERS, ...FIRST], {
    's3:prefix': 'prod/seals/',
  }),
  row('archive: list all versions', 's3:ListBucketVersions', ARCHIVE, [...READERS, ...FIRST]),
  {
    ...row('archive: s3:GetBucketPolicy', 's3:GetBucketPolicy', ARCHIVE, ['auditor', 'breakGlass', ...FIRST]),
    mayTogether: [...READERS, 'breakGlass', ...FIRST],
  },
  ...rows(
    'archive',
    ['s3:GetBucketObjectLockConfiguration', 's3:GetBucketVersioning', 's3:GetBucketPublicAccessBlock'],
    ARCHIVE,
    ['archiver', ...READERS, 'breakGlass', ...FIRST],
  ),
  ...rows('archive', ['s3:GetEncryptionConfiguration', 's3:GetLifecycleConfiguration'], ARCHIVE, [
    ...READERS,
    'breakGlass',
    ...FIRST,
  ]),
  ...rows('archive', SETTINGS, ARCHIVE, ['breakGlass', 'deployer']),
  ...rows('archive', ONLY_BY_TEMPLATE, ARCHIVE, ['deployer']),
];

export const ATTESTATION_ROWS: readonly Row[] = [
  row('attestations: put an attestation', 's3:PutObject', NOTE, ['verifier'], GOOD_NOTE),
  row('attestations: put a finding', 's3:PutObject', FINDING, ['verifier'], GOOD_NOTE),
  row('responses: put one', 's3:PutObject', RESPONSE, ['verifier', 'responder'], GOOD_NOTE),
  row(
    'responses: put a finding of a topic with such a name',
    's3:PutObject',
    OF_TOPIC,
    ['verifier'],
    GOOD_NOTE,
  ),
  row('responses: put over one', 's3:PutObject', RESPONSE, [], without('s3:if-none-match')),
  row('responses: put without a lock', 's3:PutObject', RESPONSE, [], without('s3:object-lock-mode')),
  row('responses: put a day too short', 's3:PutObject', RESPONSE, [], { ...GOOD_NOTE, ...extend('2555') }),
  row('responses: shorten a lock', 's3:PutObjectRetention', RESPONSE, [], extend('3')),
  row('responses: lock in governance', 's3:PutObjectRetention', RESPONSE, [], extend('3000', 'GOVERNANCE')),
  ...rows('responses', DESTROY, RESPONSE),
  row('attestations: put a pass', 's3:PutObject', `${OWN}/passes/a/1.note`, ['verifier'], GOOD_NOTE),
  row(
    'attestations: put a certificate',
    's3:PutObject',
    `${OWN}/passes/destroyed/a.note`,
    ['verifier'],
    GOOD_NOTE,
  ),
  row(
    'attestations: put a certificate over one',
    's3:PutObject',
    `${OWN}/passes/destroyed/a.note`,
    [],
    without('s3:if-none-match'),
  ),
  row('attestations: put an index', 's3:PutObject', `${OWN}/index/a/1.note`, ['verifier'], GOOD_NOTE),
  row('attestations: put anything else', 's3:PutObject', `${OWN}/seals/file`, [], GOOD_NOTE),
  row('attestations: put over one', 's3:PutObject', NOTE, [], without('s3:if-none-match')),
  row('attestations: put without a lock', 's3:PutObject', NOTE, [], without('s3:object-lock-mode')),
  row('attestations: put in governance mode', 's3:PutObject', NOTE, [], {
    ...GOOD_NOTE,
    's3:object-lock-mode': 'GOVERNANCE',
  }),
  row('attestations: put a day too short', 's3:PutObject', NOTE, [], {
    ...GOOD_NOTE,
    's3:object-lock-remaining-retention-days': '2555',
  }),
  row('attestations: put over ten years', 's3:PutObject', NOTE, [], { ...GOOD_NOTE, ...extend('3654') }),
  row('attestations: put with an event hold', 's3:PutObject', NOTE, [], { ...GOOD_NOTE, ...HOLD }),
  row(
    'attestations: put without a date',
    's3:PutObject',
    NOTE,
    [],
    without('s3:object-lock-retain-until-date'),
  ),
  row('attestations: put under a KMS key', 's3:PutObject', NOTE, [], {
    ...GOOD_NOTE,
    's3:x-amz-server-side-encryption': 'aws:kms',
  }),
  row("attestations: put under a customer's key", 's3:PutObject', NOTE, [], {
    ...GOOD_NOTE,
    's3:x-amz-server-side-encryption-customer-algorithm': 'AES256',
  }),
  row('attestations: put without TLS', 's3:PutObject', NOTE, [], {
    ...GOOD_NOTE,
    'aws:SecureTransport': 'false',
  }),
  row('attestations: lengthen a lock', 's3:PutObjectRetention', NOTE, ['verifier'], extend('3000')),
  row('attestations: shorten a lock', 's3:PutObjectRetention', NOTE, [], extend('3')),
  row('attestations: lock in governance', 's3:PutObjectRetention', NOTE, [], extend('3000', 'GOVERNANCE')),
  ...rows('attestations', DESTROY, NOTE),
  ...rows('attestations', ['s3:GetObjectVersion', 's3:GetObjectLegalHold'], NOTE, [
    'verifier',
    'secondAuditor',
  ]),
  ...rows('findings', ['s3:GetObject', 's3:GetObjectVersion'], FINDING, [
    ...(['verifier', 'secondAuditor', 'driller', 'responder'] as const),
  ]),
  row(
    'findings: list',
    's3:ListBucketVersions',
    OWN,
    ['verifier', 'secondAuditor', 'driller', 'responder', ...SECOND],
    { 's3:prefix': 'findings/archive/' },
  ),
  row('passes: list', 's3:ListBucketVersions', OWN, ['verifier', 'secondAuditor', ...SECOND], {
    's3:prefix': 'passes/',
  }),
  row('attestations: list all versions', 's3:ListBucketVersions', OWN, [
    'verifier',
    'secondAuditor',
    ...SECOND,
  ]),
  ...rows('attestations', ['s3:GetBucketPolicy', 's3:GetBucketVersioning'], OWN, [
    ...(['verifier', 'secondAuditor', 'secondBreakGlass'] as const),
    ...SECOND,
  ]),
  ...rows('attestations', SETTINGS, OWN, ['secondBreakGlass', 'secondDeployer']),
  ...rows('attestations', ONLY_BY_TEMPLATE, OWN, ['secondDeployer']),
];

/** The bucket of both trails. Nobody has a right there but CloudTrail, which is no role. */
export const recordRows = ({ secondAccount }: World): readonly Row[] => {
  const bucket = `arn:aws:s3:::ledgerstone-trail-${secondAccount}`;
  const file = `${bucket}/AWSLogs/111122223333/CloudTrail/us-east-1/2026/11/22/x.json.gz`;
  return [
    row('records: read', 's3:GetObjectVersion', file, ['verifier', 'secondAuditor']),
    row('records: list', 's3:ListBucketVersions', bucket, ['verifier', 'secondAuditor', ...SECOND]),
    ...rows('records', ['s3:PutObject', 's3:PutObjectRetention', ...DESTROY.slice(0, 4)], file),
    ...rows('records', ['s3:PutBucketPolicy', 's3:PutLifecycleConfiguration'], bucket, [
      ...(['secondBreakGlass', 'secondDeployer'] as const),
    ]),
  ];
};

const sign = (algorithm: string, messageType: string) => ({
  'kms:SigningAlgorithm': algorithm,
  'kms:MessageType': messageType,
});

export const LOG_KEY_ROWS: readonly Row[] = [
  row('log key: sign', 'kms:Sign', LOG_KEY, ['archiver'], sign('ED25519_SHA_512', 'RAW')),
  ...rows('log key', ['kms:GetPublicKey', 'kms:DescribeKey'], LOG_KEY, [
    ...(['archiver', 'auditor', 'keyAdmin', 'breakGlass', 'deployer'] as const),
    ...(['verifier', 'secondAuditor'] as const),
  ]),
  ...rows('log key', ['kms:PutKeyPolicy'], LOG_KEY, ['breakGlass', 'deployer']),
  ...rows('log key', ['kms:DisableKey', 'kms:ScheduleKeyDeletion', 'kms:EnableKey'], LOG_KEY, ['breakGlass']),
  ...rows('log key', ['kms:TagResource'], LOG_KEY, ['keyAdmin', 'deployer']),
  ...rows('log key', ['kms:CancelKeyDeletion'], LOG_KEY, ['keyAdmin', 'breakGlass']),
  ...rows('log key', ['kms:CreateGrant', 'kms:ReplicateKey'], LOG_KEY),
];

export const verifierKeyRows = ({ verifierKeyArn, secondKeyArn }: World): readonly Row[] => [
  row('verifier key: sign', 'kms:Sign', verifierKeyArn, ['verifier'], sign('ED25519_SHA_512', 'RAW')),
  ...rowsOfKey('verifier key', verifierKeyArn),
  row('second key: sign', 'kms:Sign', secondKeyArn, ['verifier'], sign('ML_DSA_SHAKE_256', 'RAW')),
  row(
    'second key: sign a prepared message',
    'kms:Sign',
    secondKeyArn,
    [],
    sign('ML_DSA_SHAKE_256', 'EXTERNAL_MU'),
  ),
  ...rowsOfKey('second key', secondKeyArn),
];

const rowsOfKey = (name: 'verifier key' | 'second key', key: string): readonly Row[] => [
  row(`${name}: sign a digest`, 'kms:Sign', key, [], sign('ED25519_PH_SHA_512', 'DIGEST')),
  row(`${name}: sign with another algorithm`, 'kms:Sign', key, [], sign('ECDSA_SHA_256', 'DIGEST')),
  ...rows(name, ['kms:GetPublicKey'], key, [
    ...(['verifier', 'secondAuditor', 'secondKeyAdmin', 'secondBreakGlass', 'secondDeployer'] as const),
  ]),
  ...rows(name, ['kms:PutKeyPolicy'], key, ['secondBreakGlass', 'secondDeployer']),
  ...rows(name, ['kms:DisableKey', 'kms:ScheduleKeyDeletion'], key, ['secondBreakGlass']),
  ...rows(name, ['kms:TagResource'], key, ['secondKeyAdmin', 'secondDeployer']),
  ...rows(name, ['kms:CancelKeyDeletion'], key, ['secondKeyAdmin', 'secondBreakGlass']),
  ...rows(name, ['kms:CreateGrant', 'kms:ReplicateKey'], key),
];

/** What the verifier stands on. Its account's administrators reach that: its account should not be the archive's. */
export const machineRows = (world: World): readonly Row[] => {
  const topic = world.ofVerifier('sns', world.idOf('AWS::SNS::Topic', 'Notices'));
  const queue = world.ofVerifier('sqs', world.idOf('AWS::SQS::Queue', 'EventsQueue'));
  const deadLetters = world.ofVerifier('sqs', world.idOf('AWS::SQS::Queue', 'EventsDeadLetters'));
  const lambda = world.ofVerifier(
    'lambda',
    `function:${world.idOf('AWS::Lambda::Function', 'RunsFunction')}`,
  );
  const bus = world.ofVerifier('events', 'event-bus/ledgerstone-verifier');
  const trail = world.ofVerifier('cloudtrail', 'trail/ledgerstone-verifier');
  const schedule = world.ofVerifier('scheduler', 'schedule/group/sweep');
  const role = world.arn('verifier');
  return [
    row('topic: publish', 'sns:Publish', topic, ['verifier', ...SECOND]),
    row('topic: publish without TLS', 'sns:Publish', topic, [], { 'aws:SecureTransport': 'false' }),
    row('queue: take an event away', 'sqs:DeleteMessage', queue, ['verifier', ...SECOND]),
    row('queue: empty it', 'sqs:PurgeQueue', queue, SECOND),
    row('queue: put an event', 'sqs:SendMessage', queue, SECOND),
    row('dead letters: empty them', 'sqs:PurgeQueue', deadLetters, SECOND),
    // EventBridge takes no event whose source begins with `aws.` from anybody, so these are none that count.
    row('bus: put an event', 'events:PutEvents', bus, ['forwarder', ...FIRST, ...SECOND]),
    row('function: call it', 'lambda:InvokeFunction', lambda, ['scheduler', ...SECOND]),
    row('function: change its code', 'lambda:UpdateFunctionCode', lambda, SECOND),
    row('function: change its settings', 'lambda:UpdateFunctionConfiguration', lambda, SECOND),
    row('function: starve it', 'lambda:PutFunctionConcurrency', lambda, SECOND),
    row('schedules: stop one', 'scheduler:DeleteSchedule', schedule, SECOND),
    row('trail: stop it', 'cloudtrail:StopLogging', trail, SECOND),
    row('role: let somebody else be the verifier', 'iam:UpdateAssumeRolePolicy', role, SECOND),
    row('role: widen what it may', 'iam:PutRolePolicy', role, SECOND),
    row('role: become the verifier', 'sts:AssumeRole', role, []),
  ];
};
