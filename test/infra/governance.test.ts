// What may officers and approvers do to the archive, and what may the archiver not do to decisions? Both ways.
import { describe, expect, it } from 'vitest';
import { decide, type Policy, policiesOf } from './simulation.ts';
import { ACCOUNT, BUCKET, CONFIG, ofType, only, synthesise } from './synthesised.ts';

const people = (name: string) => `arn:aws:iam::${ACCOUNT}:role/${name}`;
const GOVERNED = `${CONFIG}governance: { officers: ["${people('people-a')}"], approvers: ["${people('people-b')}"], keeper: { kind: ecs-task } }\n`;
const stack = synthesise(GOVERNED);
const ROLES = [
  ...(['archiver', 'officer', 'approver', 'hold-keeper', 'auditor', 'key-admin', 'break-glass'] as const),
] as const;
type Who = (typeof ROLES)[number] | 'Administrator' | 'root';
const EVERYONE: readonly Who[] = [...ROLES, 'Administrator', 'root'];
const arnOf = (who: Who) =>
  who === 'root'
    ? `arn:aws:iam::${ACCOUNT}:root`
    : people(ROLES.includes(who as never) ? `ledgerstone-${who}` : who);

const GOOD_PUT = {
  's3:if-none-match': '*',
  's3:ObjectCreationOperation': 'true',
  's3:object-lock-mode': 'COMPLIANCE',
  's3:object-lock-retain-until-date': '2027-12-01T00:00:00Z',
  's3:object-lock-remaining-retention-days': '365',
};
const LONGER = { 's3:object-lock-mode': 'COMPLIANCE', 's3:object-lock-remaining-retention-days': '3650' };
const at = (key: string) => `arn:aws:s3:::${BUCKET}/prod/${key}`;
const EVENTS = { seal: at('seals/topic=orders/partition=0/1'), data: at('data/topic=orders/partition=0/x') };
const DECISIONS = {
  seal: at('seals/topic=ledgerstone.governance/partition=0/1'),
  data: at('data/topic=ledgerstone.governance/partition=0/x'),
};
const hold = (status: string) => ({ 's3:object-lock-legal-hold': status });

type Row = readonly [what: string, action: string, resource: string, context: object, may: readonly Who[]];
const ROWS: readonly Row[] = [
  ['put a decision', 's3:PutObject', DECISIONS.seal, GOOD_PUT, ['officer', 'approver']],
  ['put the data of a decision', 's3:PutObject', DECISIONS.data, GOOD_PUT, ['officer', 'approver']],
  [
    'put a decision over another',
    's3:PutObject',
    DECISIONS.seal,
    { ...GOOD_PUT, 's3:if-none-match': undefined },
    [],
  ],
  [
    'put a decision with a short lock',
    's3:PutObject',
    DECISIONS.seal,
    { ...GOOD_PUT, 's3:object-lock-remaining-retention-days': '10' },
    [],
  ],
  ['put a key', 's3:PutObject', at('keys/x.vkey'), GOOD_PUT, ['archiver', 'officer', 'approver']],
  ['put a seal of events', 's3:PutObject', EVENTS.seal, GOOD_PUT, ['archiver']],
  ['put events', 's3:PutObject', EVENTS.data, GOOD_PUT, ['archiver']],
  ['put the specification', 's3:PutObject', at('FORMAT-00.md'), GOOD_PUT, ['archiver']],
  ['put elsewhere', 's3:PutObject', at('other/x'), GOOD_PUT, []],
  ['put a hold on', 's3:PutObjectLegalHold', EVENTS.data, hold('ON'), ['officer', 'approver', 'hold-keeper']],
  [
    'put a hold on a decision',
    's3:PutObjectLegalHold',
    DECISIONS.seal,
    hold('ON'),
    ['officer', 'approver', 'hold-keeper'],
  ],
  ['take a hold off', 's3:PutObjectLegalHold', EVENTS.data, hold('OFF'), ['approver']],
  ['take a hold off a seal', 's3:PutObjectLegalHold', EVENTS.seal, hold('OFF'), ['approver']],
  ['put a hold that says nothing', 's3:PutObjectLegalHold', EVENTS.data, {}, ['approver']],
  ['lengthen the lock of events', 's3:PutObjectRetention', EVENTS.data, LONGER, ['archiver', 'officer']],
  [
    'lengthen the lock of a decision',
    's3:PutObjectRetention',
    DECISIONS.data,
    LONGER,
    ['archiver', 'officer', 'approver'],
  ],
  [
    'lock for too long',
    's3:PutObjectRetention',
    EVENTS.data,
    { ...LONGER, 's3:object-lock-remaining-retention-days': '3654' },
    [],
  ],
  [
    'lock for too short',
    's3:PutObjectRetention',
    EVENTS.data,
    { ...LONGER, 's3:object-lock-remaining-retention-days': '10' },
    [],
  ],
  [
    'lock in governance mode',
    's3:PutObjectRetention',
    EVENTS.data,
    { ...LONGER, 's3:object-lock-mode': 'GOVERNANCE' },
    [],
  ],
  ['an event hold on', 's3:PutObjectRetention', EVENTS.data, { 's3:object-lock-event-hold': 'ON' }, []],
  ['an event hold off', 's3:PutObjectRetention', EVENTS.data, { 's3:object-lock-event-hold': 'OFF' }, []],
  ['delete', 's3:DeleteObject', EVENTS.data, {}, []],
  ['delete a version', 's3:DeleteObjectVersion', DECISIONS.seal, {}, []],
  ['bypass retention', 's3:BypassGovernanceRetention', EVENTS.data, {}, []],
  ['read events', 's3:GetObjectVersion', EVENTS.data, {}, ['archiver', 'auditor']],
  [
    'read a seal',
    's3:GetObjectVersion',
    EVENTS.seal,
    {},
    ['archiver', 'officer', 'approver', 'hold-keeper', 'auditor'],
  ],
  [
    'read a decision',
    's3:GetObjectVersion',
    DECISIONS.data,
    {},
    ['archiver', 'officer', 'approver', 'hold-keeper', 'auditor'],
  ],
  [
    'see a lock',
    's3:GetObjectRetention',
    EVENTS.data,
    {},
    ['archiver', 'officer', 'approver', 'hold-keeper', 'auditor'],
  ],
  ['see a hold', 's3:GetObjectLegalHold', EVENTS.data, {}, ['officer', 'approver', 'hold-keeper', 'auditor']],
  ['change the policy of the bucket', 's3:PutBucketPolicy', `arn:aws:s3:::${BUCKET}`, {}, ['break-glass']],
];

type Document = { Version: '2012-10-17'; Statement: readonly unknown[] };
const bucketPolicy = only(stack, 'AWS::S3::BucketPolicy').Properties['PolicyDocument'] as Document;
const keys = (['LogKey', 'GovernanceKey'] as const).map((name) => ({
  name,
  arn: String(stack.outputs[`${name}Arn`]?.Value),
  policy: only(stack, 'AWS::KMS::Key', name).Properties['KeyPolicy'] as Document,
}));
const EVERYTHING = {
  name: 'all',
  policy: { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] },
};

const may = (who: Who, action: string, resource: string, context: object, resourcePolicy: Document) =>
  decide({
    ...{ principal: arnOf(who), principalAccount: ACCOUNT, resourceAccount: ACCOUNT, action, resource },
    identityPolicies: ROLES.includes(who as never) ? policiesOf(stack, arnOf(who)) : [EVERYTHING],
    resourcePolicy: resourcePolicy as never,
    context: Object.fromEntries(Object.entries(context).filter(([, value]) => value !== undefined)),
  });

describe('the bucket of an archive with decisions', () => {
  it.each(ROWS)('%s', async (_, action, resource, context, allowed) => {
    const found: Who[] = [];
    for (const who of EVERYONE) if (await may(who, action, resource, context, bucketPolicy)) found.push(who);
    expect(found.toSorted()).toEqual([...allowed, ...(action === 's3:PutBucketPolicy' ? [] : [])].toSorted());
  });

  it.each([
    'OnlyOfficersWriteDecisions',
    'OfficersWriteNothingElse',
    'OnlyOfficersHold',
    'OnlyApproversRelease',
    'ApproversLengthenNothingElse',
    'KeepersHoldAndRead',
  ])('%s binds roles whose own policy allows everything', async (sid) => {
    const without = {
      ...bucketPolicy,
      Statement: bucketPolicy.Statement.filter((one) => (one as { Sid: string }).Sid !== sid),
    };
    expect(without.Statement).toHaveLength(bucketPolicy.Statement.length - 1);
    const differs: string[] = [];
    for (const [what, action, resource, context] of ROWS)
      for (const who of ['archiver', 'officer', 'approver', 'hold-keeper'] as const) {
        const ask = (policy: Document) =>
          decide({
            ...{
              principal: arnOf(who),
              principalAccount: ACCOUNT,
              resourceAccount: ACCOUNT,
              action,
              resource,
            },
            ...{ identityPolicies: [EVERYTHING], resourcePolicy: policy as never },
            context: Object.fromEntries(Object.entries(context).filter(([, value]) => value !== undefined)),
          });
        if (!(await ask(bucketPolicy)) && (await ask(without))) differs.push(`${who}: ${what}`);
      }
    expect(differs).not.toEqual([]);
    expect(differs).toMatchSnapshot();
  });
});

describe('the two keys', () => {
  const FORM = { 'kms:SigningAlgorithm': 'ED25519_SHA_512', 'kms:MessageType': 'RAW' };
  it.each(keys)('$name is signed with by its own party alone', async ({ name, arn, policy }) => {
    const found: Who[] = [];
    for (const who of EVERYONE) if (await may(who, 'kms:Sign', arn, FORM, policy)) found.push(who);
    expect(found).toEqual(name === 'LogKey' ? ['archiver'] : ['officer', 'approver']);
  });

  it.each(keys)('$name is lent to nobody, and ended by break-glass alone', async ({ arn, policy }) => {
    for (const who of EVERYONE) {
      expect([who, await may(who, 'kms:CreateGrant', arn, {}, policy)]).toEqual([who, false]);
      expect([who, await may(who, 'kms:ScheduleKeyDeletion', arn, {}, policy)]).toEqual([
        who,
        who === 'break-glass',
      ]);
    }
  });
});

describe('whoever copies the archive', () => {
  const made = synthesise(GOVERNED.replace('keeper:', `copiers: ["${people('people-c')}"], keeper:`));
  const policy = only(made, 'AWS::S3::BucketPolicy').Properties['PolicyDocument'] as Document;
  const copier = people('ledgerstone-copier');
  const mayCopier = (
    action: string,
    resource: string,
    context: object,
    identityPolicies: Policy[],
    own = policy,
  ) =>
    decide({
      ...{ principal: copier, principalAccount: ACCOUNT, resourceAccount: ACCOUNT, action, resource },
      ...{ identityPolicies, resourcePolicy: own as never, context: context as Record<string, string> },
    });
  const CASES: readonly (readonly [string, string, string, object, boolean])[] = [
    ['reads events', 's3:GetObjectVersion', EVENTS.data, {}, true],
    ['sees their holds', 's3:GetObjectLegalHold', EVENTS.data, {}, true],
    ['records it', 's3:PutObject', DECISIONS.seal, GOOD_PUT, true],
    ['writes events', 's3:PutObject', EVENTS.seal, GOOD_PUT, false],
    ['lengthens the lock of its decision', 's3:PutObjectRetention', DECISIONS.data, LONGER, true],
    ['lengthens the lock of events', 's3:PutObjectRetention', EVENTS.data, LONGER, false],
    ['holds', 's3:PutObjectLegalHold', EVENTS.data, hold('ON'), false],
    ['releases', 's3:PutObjectLegalHold', EVENTS.data, hold('OFF'), false],
    ['deletes', 's3:DeleteObjectVersion', EVENTS.data, {}, false],
  ];

  it.each(CASES)('%s: %s', async (_, action, resource, context, may) => {
    expect(await mayCopier(action, resource, context, policiesOf(made, copier))).toBe(may);
    // Nor if somebody widened what the role itself allows.
    if (!may) expect(await mayCopier(action, resource, context, [EVERYTHING])).toBe(false);
  });

  it('signs decisions, and nothing of the log', async () => {
    const FORM = { 'kms:SigningAlgorithm': 'ED25519_SHA_512', 'kms:MessageType': 'RAW' };
    for (const name of ['LogKey', 'GovernanceKey'] as const) {
      const own = only(made, 'AWS::KMS::Key', name).Properties['KeyPolicy'] as Document;
      const arn = String(made.outputs[`${name}Arn`]?.Value);
      expect([name, await mayCopier('kms:Sign', arn, FORM, [EVERYTHING], own)]).toEqual([
        name,
        name === 'GovernanceKey',
      ]);
    }
  });

  it('is there only where somebody is named', () => {
    expect(JSON.stringify(stack.resources)).not.toContain('ledgerstone-copier');
  });
});

it('a keeper of holds is no person, and is there only where it was asked for', async () => {
  const trust = JSON.stringify(
    only(stack, 'AWS::IAM::Role', 'GovernanceKeeper').Properties['AssumeRolePolicyDocument'],
  );
  expect(trust).toContain('ecs-tasks.amazonaws.com');
  expect(trust).not.toContain('people-');
  const none = synthesise(GOVERNED.replace(', keeper: { kind: ecs-task }', ''));
  expect(JSON.stringify(none.resources)).not.toContain('hold-keeper');
});

it('without the section there is neither key nor role, and nobody holds anything', async () => {
  const plain = synthesise();
  expect(ofType(plain, 'AWS::KMS::Key')).toHaveLength(1);
  expect(JSON.stringify(plain.resources)).not.toContain('ledgerstone-officer');
});
