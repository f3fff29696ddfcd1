// Is it said who can do what to an archive, who lacks what is meant for them, and what nobody could look at?
import { describe, expect, it } from 'vitest';
import { parseAccessAccount } from '../../../src/access/access-account.ts';
import type { AccessSubject } from '../../../src/access/access-acts.ts';
import { outsidersOf } from '../../../src/access/access-outsiders.ts';
import { type PartyNames, parseParty, partiesOf } from '../../../src/access/access-parties.ts';
import { parseAccessPolicy } from '../../../src/access/access-policy.ts';
import { type AccessReview, reviewAccess } from '../../../src/access/access-review.ts';

const [OURS, SECOND, OTHER] = ['111122223333', '444455556666', '999988887777'];
const BUCKET = 'acme-audit';
const OWN = 'acme-attestations';
const LOG_KEY = `arn:aws:kms:eu-central-1:${OURS}:key/log`;
const SECOND_KEY = `arn:aws:kms:eu-central-1:${SECOND}:key/second`;
const role = (name: string, account = OURS) => `arn:aws:iam::${account}:role/${name}`;

type Statement = Readonly<Record<string, unknown>>;
const document = (...statements: readonly Statement[]) => ({ Version: '2012-10-17', Statement: statements });
const guard = (...statements: readonly Statement[]) => parseAccessPolicy(document(...statements), 'a guard');
const allow = (Action: string | readonly string[], more: Statement = {}): Statement => ({
  ...{ Effect: 'Allow', Action, Resource: '*' },
  ...more,
});

type Wished = {
  readonly policies?: readonly Statement[];
  readonly trust?: unknown;
  readonly attached?: readonly string[];
  readonly boundary?: string;
};
const fetchedRole = (name: string, account: string, wished: Wished = {}) => ({
  ...{ RoleName: name, RoleId: `AROA${name}`, Arn: role(name, account) },
  AssumeRolePolicyDocument:
    wished.trust ?? document({ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { AWS: account } }),
  RolePolicyList: (wished.policies ?? []).map((one) => ({
    PolicyName: 'own',
    PolicyDocument: document(one),
  })),
  AttachedManagedPolicies: (wished.attached ?? []).map((PolicyArn) => ({ PolicyArn })),
  ...(wished.boundary && { PermissionsBoundary: { PermissionsBoundaryArn: wished.boundary } }),
});
const accountOf = (
  account: string,
  roles: Readonly<Record<string, Wished>>,
  more: Readonly<Record<string, unknown>> = {},
) =>
  parseAccessAccount(
    {
      ...{ UserDetailList: [], GroupDetailList: [], Policies: [] },
      RoleDetailList: Object.entries(roles).map(([name, wished]) => fetchedRole(name, account, wished)),
      ...more,
    },
    `iam-${account}.json`,
  );

const NAMES: PartyNames = {
  ...{ stack: 'ledgerstone', account: OURS, verifierAccount: SECOND, peopleAccounts: [], named: new Map() },
};
const SUBJECT: AccessSubject = {
  ...{ partition: 'aws', bucket: BUCKET, prefix: 'prod/', logKeys: [LOG_KEY], governanceKeys: [] },
  ...{ attestations: null, verifierKeys: [], topics: ['orders'], lockDays: 365, isSealed: false },
};
const WRITER: Wished = { policies: [allow(['s3:*', 'kms:*'])] };
const review = (
  roles: Readonly<Record<string, Wished>>,
  bucket: readonly Statement[] | null = [],
  {
    subject = SUBJECT,
    names = NAMES,
    more = {},
    second = { 'ledgerstone-verifier': {} },
    key = [allow('kms:*', { Principal: { AWS: OURS } })],
  }: {
    readonly subject?: AccessSubject;
    readonly names?: PartyNames;
    readonly more?: Readonly<Record<string, unknown>>;
    readonly second?: Readonly<Record<string, Wished>> | null;
    readonly key?: readonly Statement[];
  } = {},
): AccessReview =>
  reviewAccess({
    accounts: [accountOf(OURS, roles, more), ...(second === null ? [] : [accountOf(SECOND, second)])],
    guards: new Map([
      [BUCKET, bucket === null || bucket.length === 0 ? null : guard(...bucket)],
      [LOG_KEY, guard(...key)],
    ]),
    ...{ subject, names },
  });
const actOf = ({ acts }: AccessReview, what: string, object = 'archive bucket') => {
  const found = acts.find((one) => one.object === object && one.what === what);
  if (found === undefined) throw new Error(`no act ${object}: ${what}`);
  return found;
};
const mayOf = (reviewed: AccessReview, what: string, object?: string) =>
  Object.fromEntries(
    actOf(reviewed, what, object).holders.map(({ arn, may, isMeant }) => [
      arn.split(/[:/]/).at(-1),
      `${may}${isMeant ? '' : '!'}`,
    ]),
  );

describe('an act', () => {
  it('is held by whom its account lets, and nobody else is meant to', () => {
    const found = review({ 'ledgerstone-archiver': WRITER, Admin: WRITER });
    expect(mayOf(found, 'write events and seals')).toEqual({
      ...{ 'ledgerstone-archiver': 'yes', Admin: 'yes!', root: 'yes!' },
    });
    expect(actOf(found, 'write events and seals')).toMatchObject({ lacking: [], meant: ['archiver'] });
    expect(mayOf(found, 'list')).toEqual({ 'ledgerstone-archiver': 'yes', Admin: 'yes', root: 'yes' });
    expect(mayOf(found, 'delete an object or a version')).toEqual({
      ...{ 'ledgerstone-archiver': 'yes!', Admin: 'yes!', root: 'yes!' },
    });
  });

  it('is lacking where a denial stops who is meant to', () => {
    const deny = { ...allow('s3:PutObject'), Effect: 'Deny', Principal: '*' };
    const found = review({ 'ledgerstone-archiver': WRITER }, [deny]);
    expect(actOf(found, 'write events and seals')).toMatchObject({ holders: [], lacking: ['archiver'] });
    expect(found.differences).toBeGreaterThan(0);
  });

  it('is held in part where some of its requests are let through', () => {
    const one = { policies: [allow('s3:PutObject', { Resource: `arn:aws:s3:::${BUCKET}/prod/seals/*` })] };
    const found = review({ 'ledgerstone-archiver': WRITER, Batch: one });
    expect(mayOf(found, 'write events and seals')).toMatchObject({ Batch: 'part!' });
  });

  it('depends on what is not known', () => {
    const Condition = { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } };
    const found = review({
      'ledgerstone-archiver': WRITER,
      Office: { policies: [allow('s3:*', { Condition })] },
    });
    const office = actOf(found, 'read events').holders.find(({ arn }) => arn === role('Office'));
    expect(office).toEqual({
      ...{ arn: role('Office'), parties: [], may: 'if', on: ['aws:SourceIp'], isMeant: false },
    });
  });

  it('needs one of its forms where a key signs', () => {
    const Condition = {
      StringEquals: { 'kms:SigningAlgorithm': 'ED25519_SHA_512', 'kms:MessageType': 'RAW' },
    };
    const signer = { policies: [allow('kms:Sign', { Condition })] };
    const found = review({ 'ledgerstone-archiver': signer });
    expect(mayOf(found, 'sign', 'log key log')).toMatchObject({ 'ledgerstone-archiver': 'yes' });
    expect(mayOf(found, 'sign in another form', 'log key log')).toEqual({ root: 'yes!' });
  });

  it('is asked of each topic that some policy names', () => {
    const topic = { Resource: `arn:aws:s3:::${BUCKET}/prod/data/topic=salaries/*` };
    const found = review({
      'ledgerstone-archiver': WRITER,
      Payroll: { policies: [allow('s3:Get*', topic)] },
    });
    expect(mayOf(found, 'read events')).toMatchObject({ Payroll: 'part!' });
    const without = review({ 'ledgerstone-archiver': WRITER });
    expect(mayOf(without, 'read events')).not.toHaveProperty('Payroll');
  });

  it('of the second party lies in its account', () => {
    const subject = { ...SUBJECT, attestations: OWN, verifierKeys: [SECOND_KEY] };
    const found = reviewAccess({
      accounts: [
        accountOf(OURS, { 'ledgerstone-archiver': WRITER, Admin: WRITER }),
        accountOf(SECOND, { 'ledgerstone-verifier': WRITER, Auditors: WRITER }),
      ],
      guards: new Map([
        ...[BUCKET, OWN].map((name) => [name, null] as const),
        ...[LOG_KEY, SECOND_KEY].map(
          (name) => [name, guard(allow('kms:*', { Principal: { AWS: SECOND } }))] as const,
        ),
      ]),
      ...{ subject, names: NAMES },
    });
    expect(mayOf(found, 'write attestations and findings', 'attestation bucket')).toEqual({
      ...{ 'ledgerstone-verifier': 'yes', Auditors: 'yes!', root: 'yes!' },
    });
    expect(mayOf(found, 'sign', 'verifier key second')).toMatchObject({ 'ledgerstone-verifier': 'yes' });
    // The log's key lets the other account's people in, as far as their own policies do.
    expect(mayOf(found, 'sign', 'log key log')).not.toHaveProperty('ledgerstone-archiver');
    expect(found.absent).toEqual([
      ...['auditor', 'key-admin', 'break-glass'],
      ...['verifier-auditor', 'verifier-key-admin', 'verifier-break-glass'],
    ]);
  });

  it('of a sealed archive is none of the deployer’s', () => {
    const roles = { 'ledgerstone-archiver': WRITER, [`cdk-hnb659fds-cfn-exec-role-${OURS}-eu`]: WRITER };
    const what = 'change its policy, versioning or locks';
    const deployer = (isSealed: boolean) =>
      actOf(review(roles, [], { subject: { ...SUBJECT, isSealed } }), what).holders.find(({ parties }) =>
        parties.includes('deployer'),
      );
    expect([deployer(false)?.isMeant, deployer(true)?.isMeant]).toEqual([true, false]);
  });
});

describe('what could not be looked at', () => {
  it('is named: policies, accounts, and parts of a principal', () => {
    const attached = {
      attached: [`arn:aws:iam::${OURS}:policy/gone`],
      boundary: `arn:aws:iam::${OURS}:policy/lim`,
    };
    const found = reviewAccess({
      accounts: [accountOf(OURS, { 'ledgerstone-archiver': attached })],
      guards: new Map([[LOG_KEY, guard(allow('kms:*', { Principal: { AWS: OURS } }))]]),
      ...{ subject: { ...SUBJECT, governanceKeys: [`${LOG_KEY}2`] }, names: NAMES },
    });
    expect(found.notSeen).toEqual([
      `the policy of ${BUCKET}`,
      `the policy of ${LOG_KEY}2`,
      `roles and users of the account ${SECOND}`,
      `of ${role('ledgerstone-archiver')}: the policy arn:aws:iam::${OURS}:policy/gone, which is not in the file`,
      `of ${role('ledgerstone-archiver')}: the policy arn:aws:iam::${OURS}:policy/lim, which is not in the file`,
    ]);
    expect(found.acts.every(({ object }) => object === 'log key log')).toBe(true);
    expect(found.absent).toEqual(['auditor', 'key-admin', 'break-glass', 'officer', 'approver']);
  });

  it('is no difference where a party’s account was not fetched', () => {
    const reader = allow('s3:GetObject*', { Principal: { AWS: role('ledgerstone-verifier', SECOND) } });
    const found = review({ 'ledgerstone-archiver': WRITER }, [reader], { second: null });
    const verifier = actOf(found, 'read events').holders.find(({ parties }) => parties.includes('verifier'));
    expect(verifier).toMatchObject({ may: 'if', isMeant: true });
  });

  it('of users are groups and policies that lack, and texts that can’t be read', () => {
    const user = {
      ...{
        UserName: 'clerk',
        UserId: 'AIDA',
        Arn: `arn:aws:iam::${OURS}:user/clerk`,
        AttachedManagedPolicies: [],
      },
      ...{ GroupList: ['clerks', 'gone'], UserPolicyList: [{ PolicyName: 'odd', PolicyDocument: '[]' }] },
    };
    const policies = [
      { Arn: `arn:aws:iam::${OURS}:policy/a`, PolicyVersionList: [{ IsDefaultVersion: false }] },
      {
        Arn: `arn:aws:iam::${OURS}:policy/b`,
        PolicyVersionList: [{ IsDefaultVersion: true, Document: document(allow('s3:*')) }],
      },
    ];
    const group = {
      ...{ GroupName: 'clerks', GroupPolicyList: [] },
      AttachedManagedPolicies: policies.map(({ Arn }) => ({ PolicyArn: Arn })),
    };
    const { principals } = accountOf(
      OURS,
      {},
      {
        ...{ UserDetailList: [user], GroupDetailList: [group], Policies: policies },
      },
    );
    expect(principals).toHaveLength(1);
    expect(principals[0]).toMatchObject({ kind: 'user', id: 'AIDA', boundary: null });
    expect(principals[0]?.policies).toHaveLength(1);
    expect(principals[0]?.unseen).toEqual([
      expect.stringContaining('its policy odd: is no policy document'),
      `the policy arn:aws:iam::${OURS}:policy/a, whose text is not in the file`,
      'the group gone, which is not in the file',
    ]);
  });
});

describe('a role of a party', () => {
  const trust = (...Principals: readonly unknown[]) =>
    document(...Principals.map((Principal) => ({ Effect: 'Allow', Action: 'sts:AssumeRole', Principal })));
  const rolesOf = (wished: Wished, others: Readonly<Record<string, Wished>> = {}, names = NAMES) => {
    const { roles } = review({ 'ledgerstone-archiver': wished, ...others }, [], { names });
    const [first] = roles.filter(({ party }) => party === 'archiver');
    if (first === undefined) throw new Error('no role of the archiver');
    return first;
  };

  it('says who can take it, and whom its trust names', () => {
    const found = rolesOf(
      { trust: trust({ AWS: role('Ops') }, { Service: 'ecs-tasks.amazonaws.com' }) },
      { Ops: {}, Else: {} },
    );
    expect(found).toMatchObject({
      takenBy: [role('Ops')],
      trusts: [`AWS ${role('Ops')}`, 'Service ecs-tasks.amazonaws.com'],
      wrong: [],
    });
  });

  it.each<[string, unknown, readonly string[]]>([
    ['everybody', trust('*'), ['its trust policy lets in everybody']],
    ['everybody in a list', trust({ AWS: ['*'] }), ['its trust policy lets in everybody']],
    [
      'everybody but one',
      document({ Effect: 'Allow', Action: 'sts:AssumeRole', NotPrincipal: { AWS: role('x') } }),
      ['its trust policy lets in everybody but those named'],
    ],
    [
      'another account',
      trust({ AWS: `arn:aws:iam::${OTHER}:root` }),
      [`its trust policy lets in another account: AWS arn:aws:iam::${OTHER}:root`],
    ],
    [
      'another account by its number',
      trust({ AWS: OTHER }),
      [`its trust policy lets in another account: AWS ${OTHER}`],
    ],
    ['its own account', trust({ AWS: OURS }), []],
    ['the verifier’s', trust({ AWS: role('x', SECOND) }), []],
    ['nobody, by a denial', document({ Effect: 'Deny', Action: 'sts:AssumeRole', Principal: '*' }), []],
    ['whom nobody can read', '[]', ['its trust policy could not be read']],
  ])('that trusts %s', (_, policy, wrong) => {
    expect(rolesOf({ trust: policy }).wrong).toEqual(wrong);
  });

  it('may be taken by people of an account that was named', () => {
    const names = { ...NAMES, peopleAccounts: [OTHER] };
    expect(rolesOf({ trust: trust({ AWS: OTHER }) }, {}, names).wrong).toEqual([]);
  });

  it('is changed by whoever can change its trust, its policies or its boundary', () => {
    const own = `arn:aws:iam::${OURS}:policy/own`;
    const found = (wished: Wished) =>
      rolesOf(wished, {
        Truster: { policies: [allow('iam:UpdateAssumeRolePolicy')] },
        Unbinder: { policies: [allow('iam:DeleteRolePermissionsBoundary')] },
        Writer: { policies: [allow('iam:CreatePolicyVersion', { Resource: own })] },
        Reader: { policies: [allow('iam:Get*')] },
      }).changedBy.map((arn) => arn.split(/[:/]/).at(-1));
    expect(found({})).toEqual(['Truster', 'root']);
    // Nobody rewrites a policy of AWS.
    expect(found({ attached: ['arn:aws:iam::aws:policy/ReadOnlyAccess'] })).toEqual(['Truster', 'root']);
    expect(found({ attached: [own] })).toEqual(['Truster', 'root', 'Writer']);
    expect(found({ boundary: own })).toEqual(['Truster', 'root', 'Unbinder', 'Writer']);
  });
});

describe('a party', () => {
  it('is known by the name of its role, in its account, at the root', () => {
    const of = (arn: string, kind: 'role' | 'user' = 'role', names = NAMES) =>
      partiesOf({ arn, kind }, names);
    expect(of(role('ledgerstone-archiver'))).toEqual(['archiver']);
    expect(of(role('ledgerstone-archiver', SECOND))).toEqual([]);
    expect(of(role('team/ledgerstone-archiver'))).toEqual([]);
    expect(of(`arn:aws:iam::${OURS}:user/ledgerstone-archiver`, 'user')).toEqual([]);
    expect(of(role('ledgerstone-verifier', SECOND))).toEqual(['verifier']);
    const deployer = `cdk-hnb659fds-cfn-exec-role-${OURS}-eu-central-1`;
    expect(of(role(deployer))).toEqual(['deployer']);
    expect(of(role(deployer), 'role', { ...NAMES, verifierAccount: OURS })).toEqual([
      ...['deployer', 'verifier-deployer'],
    ]);
    const named = { ...NAMES, named: new Map([[parseParty('archiver'), role('team/writer')]]) };
    expect(of(role('team/writer'), 'role', named)).toEqual(['archiver']);
    expect(of(role('ledgerstone-archiver'), 'role', named)).toEqual([]);
  });

  it('of another name is refused, with those that there are', () => {
    expect(() => parseParty('writer')).toThrow(
      expect.objectContaining({
        message: '"writer" is no party of an archive',
        remedy: expect.stringContaining('archiver, auditor, key-admin'),
      }),
    );
  });
});

describe('who stands outside', () => {
  const ANY = `arn:aws:iam::000000000000:role/any-role-of-another-account`;
  const any = (account: string) => `arn:aws:iam::${account}:role/any-role-of-this-account`;
  const outside = (statement: Statement, name = BUCKET) => {
    const guards = new Map([[name, guard({ ...allow('s3:GetObject'), ...statement })]]);
    return outsidersOf({ accounts: [accountOf(OURS, { Known: {} })], guards });
  };
  const like = (key: string, value: string) => ({
    Principal: '*',
    Condition: { StringLike: { [key]: value } },
  });

  it.each<[string, Statement, readonly string[], readonly string[]]>([
    ['everybody', { Principal: '*' }, [], []],
    [
      'a role of another account',
      { Principal: { AWS: role('x/y', OTHER) } },
      [any(OTHER), role('x/y', OTHER)],
      [],
    ],
    [
      'a session of one',
      { Principal: { AWS: `arn:aws:sts::${OTHER}:assumed-role/x/ada` } },
      [any(OTHER), role('x', OTHER)],
      [],
    ],
    ['another account', { Principal: { AWS: OTHER } }, [any(OTHER)], []],
    ['another account’s root user', { Principal: { AWS: `arn:aws:iam::${OTHER}:root` } }, [any(OTHER)], []],
    ['somebody of the file', { Principal: { AWS: role('Known') } }, [], []],
    ['the id of somebody of the file', { Principal: { AWS: 'AROAKnown' } }, [], []],
    [
      'an id of nobody',
      { Principal: { AWS: 'AROAELSE' } },
      [],
      [`what AROAELSE can do by the policy of ${BUCKET}`],
    ],
    [
      'a service',
      { Principal: { Service: 'x.amazonaws.com' } },
      [],
      [`what Service x.amazonaws.com can do by the policy of ${BUCKET}`],
    ],
    ['accounts by a condition', like('aws:PrincipalAccount', OTHER), [any(OTHER)], []],
    ['accounts that begin so', like('aws:PrincipalAccount', '99*'), [any('990000000000')], []],
    [
      'a pattern of roles',
      like('aws:PrincipalArn', `arn:aws:iam::${OTHER}:role/a*`),
      [any(OTHER), role('aany', OTHER)],
      [],
    ],
    ['any role like it', like('aws:PrincipalArn', 'arn:*:iam::*:role/b?'), [role('bx', '000000000000')], []],
    ['everybody by a pattern', like('aws:PrincipalArn', '*'), [], []],
    [
      'a pattern of what is no role',
      like('aws:PrincipalArn', 'arn:aws:iam::aws:group/x'),
      [],
      [`what whoever is like arn:aws:iam::aws:group/x can do by the policy of ${BUCKET}`],
    ],
    ['nobody, by a denial', { Effect: 'Deny', Principal: { AWS: OTHER } }, [], []],
  ])('%s', (_, statement, arns, unknown) => {
    expect(outside(statement)).toEqual({ arns: [ANY, ...arns], unknown });
  });

  it('is said of a key’s grants too', () => {
    const { unknown } = outside({ Principal: { Federated: 'idp' } }, LOG_KEY);
    expect(unknown).toEqual([`what Federated idp can do by the policy or the grants of ${LOG_KEY}`]);
  });
});
