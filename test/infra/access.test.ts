// Does `access review` find no difference in what infra deploys, and each change that somebody made of it?
import { describe, expect, it } from 'vitest';
import { ledgerstone } from '../unit/cli/captured-io.ts';
import {
  addRole,
  type Fetched,
  type FetchedDocument,
  fetchedFrom,
  reviewed,
  roleNamed,
  STRANGER,
} from './fetched-policies.ts';
import type { Statement } from './simulation.ts';
import { ACCOUNT, BUCKET, KEY_IDS } from './synthesised.ts';
import { ATTESTATIONS, SECOND_ACCOUNT } from './two-parties.ts';

describe('what infra deploys', () => {
  it.each([
    ['in two accounts', true, '', []],
    ['in one account', false, '', ['--people', SECOND_ACCOUNT]],
    ['sealed', true, 'sealed: true\n', []],
  ])('%s is as it is meant', async (_, isApart, more, args) => {
    const { code, json, err } = await reviewed(fetchedFrom(isApart, more), { more: ['--json', ...args] });
    expect([json?.said, json?.notSeen, json?.absent, err, code]).toEqual([[], [], [], '', 0]);
  });
});

const bucket = `bucket-${BUCKET}`;
const role = (name: string) => `arn:aws:iam::${ACCOUNT}:role/${name}`;
const policyOf = ({ policies }: Fetched, name: string): FetchedDocument => {
  const found = policies[name];
  if (!found) throw new Error(`no policy ${name}`);
  return found;
};
const remove = (fetched: Fetched, name: string, sid: string) => {
  const policy = policyOf(fetched, name);
  const left = policy.Statement.filter(({ Sid }) => Sid !== sid);
  if (left.length === policy.Statement.length) throw new Error(`no statement ${sid}`);
  policy.Statement = left;
};
const add = (fetched: Fetched, name: string, ...statements: Statement[]) =>
  policyOf(fetched, name).Statement.push(...statements);
/** Beside those whom a denial spares. */
const spare = (fetched: Fetched, name: string, sid: string, arn: string) => {
  const found = policyOf(fetched, name).Statement.find(({ Sid }) => Sid === sid);
  const names = (found?.['Condition'] as Record<string, Record<string, string | string[]>>)?.['ArnNotEquals'];
  if (names === undefined) throw new Error(`${sid} spares nobody`);
  names['aws:PrincipalArn'] = [names['aws:PrincipalArn'] ?? [], arn].flat();
};
const everything = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] };
const allow = (Action: string | string[], Resource = '*'): FetchedDocument => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action, Resource }],
});

type Change = readonly [
  what: string,
  change: (fetched: Fetched) => unknown,
  /** Parts of sentences that must be among those said. */
  said: readonly string[],
];
const CHANGES: readonly Change[] = [
  [
    'the policy of the bucket is gone',
    (fetched) => Object.assign(fetched.policies, { [bucket]: null }),
    [
      `archive bucket: ${role('Administrator')} can delete an object or a version`,
      `archive bucket: ${role('Administrator')} can read events`,
      `archive bucket: ${role('ledgerstone-archiver')} can write decisions`,
      "archive bucket: the verifier can't read events",
    ],
  ],
  [
    'the denial of deletes is gone',
    (fetched) => remove(fetched, bucket, 'NobodyDeletes'),
    [`archive bucket: ${role('Administrator')} can delete an object or a version`],
  ],
  [
    'a role was let write beside the archiver',
    (fetched) => {
      const arn = addRole(fetched, 'Importer');
      spare(fetched, bucket, 'OnlyTheWriterWrites', arn);
    },
    [`archive bucket: ${role('Importer')} can write events and seals`],
  ],
  [
    'a denial leaves out one topic',
    (fetched) => {
      const found = policyOf(fetched, bucket).Statement.find(({ Sid }) => Sid === 'OnlyReadersRead');
      Object.assign(found as object, {
        Resource: undefined,
        NotResource: `arn:aws:s3:::${BUCKET}/prod/data/topic=salaries/*`,
      });
    },
    [`archive bucket: ${role('Administrator')} can read events`],
  ],
  [
    'holds may be taken off by officers',
    (fetched) => {
      spare(fetched, bucket, 'OnlyApproversRelease', role('ledgerstone-officer'));
      roleNamed(fetched, 'ledgerstone-officer').RolePolicyList.push({
        PolicyName: 'more',
        PolicyDocument: allow('s3:PutObjectLegalHold'),
      });
    },
    [`archive bucket: ${role('ledgerstone-officer')} can release a hold`],
  ],
  [
    'an officer’s own policy lets it read, and so does the bucket’s',
    (fetched) =>
      void roleNamed(fetched, 'ledgerstone-officer').RolePolicyList.push({
        PolicyName: 'more',
        PolicyDocument: allow('s3:Get*', `arn:aws:s3:::${BUCKET}/*`),
      }),
    [`archive bucket: ${role('ledgerstone-officer')} can read events`],
  ],
  [
    'short locks are let through',
    (fetched) => remove(fetched, bucket, 'NoShortLocks'),
    [`archive bucket: ${role('ledgerstone-archiver')} can write under a lock of less than a day`],
  ],
  [
    'a boundary keeps the archiver from writing',
    (fetched) => {
      const arn = `arn:aws:iam::${ACCOUNT}:policy/limit`;
      fetched.accounts[ACCOUNT]?.Policies.push({
        Arn: arn,
        PolicyVersionList: [{ IsDefaultVersion: true, Document: allow('s3:Get*') }],
      });
      roleNamed(fetched, 'ledgerstone-archiver').PermissionsBoundary = { PermissionsBoundaryArn: arn };
    },
    ["archive bucket: the archiver can't write events and seals", "archive bucket: the archiver can't list"],
  ],
  [
    'administrators are guardians of the bucket',
    (fetched) => spare(fetched, bucket, 'OnlyGuardiansChangeSettings', role('Administrator')),
    [
      `archive bucket: ${role('Administrator')} can change its policy, versioning or locks`,
      `archive bucket: ${role('Administrator')} can let a lifecycle rule delete`,
    ],
  ],
  [
    'another account was let read',
    (fetched) => {
      add(fetched, bucket, {
        ...{ Sid: 'Buyer', Effect: 'Allow', Principal: { AWS: STRANGER }, Action: 's3:GetObject*' },
        Resource: `arn:aws:s3:::${BUCKET}/*`,
      });
      spare(fetched, bucket, 'OnlyReadersRead', STRANGER);
    },
    [`archive bucket: ${STRANGER} can read events, depending on its own policies, which were not seen`],
  ],
  [
    'the log key has the policy that AWS gives by default',
    (fetched) =>
      Object.assign(fetched.policies, {
        [`key-${KEY_IDS.log}`]: {
          Version: '2012-10-17',
          Statement: [
            {
              ...{ Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` } },
              ...{ Action: 'kms:*', Resource: '*' },
            },
          ],
        },
      }),
    [
      `log key ${KEY_IDS.log}: ${role('Administrator')} can sign,`.slice(0, -1),
      `log key ${KEY_IDS.log}: ${role('Administrator')} can lend it by a grant`,
      `log key ${KEY_IDS.log}: the archiver can't sign`,
    ],
  ],
  [
    'the key is lent, and its denials are gone',
    (fetched) => {
      addRole(fetched, 'Batch', { Version: '2012-10-17', Statement: [] });
      fetched.grants[`grants-${KEY_IDS.log}`] = [
        { GranteePrincipal: role('Batch'), Operations: ['Sign', 'GetPublicKey'] },
      ];
      remove(fetched, `key-${KEY_IDS.log}`, 'OnlyTheSignerSigns');
    },
    [`log key ${KEY_IDS.log}: ${role('Batch')} can sign`],
  ],
  [
    'the archiver signs in any form',
    (fetched) => {
      const found = policyOf(fetched, `key-${KEY_IDS.log}`).Statement.find(
        ({ Sid }) => Sid === 'SignerSigns',
      );
      Object.assign(found as object, { Condition: undefined });
    },
    [`log key ${KEY_IDS.log}: ${role('ledgerstone-archiver')} can sign in another form`],
  ],
  [
    'a user was given everything by a group',
    (fetched) => {
      const account = fetched.accounts[ACCOUNT];
      Object.assign(account?.GroupDetailList[0] as object, {
        GroupPolicyList: [{ PolicyName: 'all', PolicyDocument: everything }],
      });
      spare(fetched, bucket, 'OnlyOfficersHold', `arn:aws:iam::${ACCOUNT}:user/clerk`);
      spare(fetched, bucket, 'OnlyTheWriterWrites', `arn:aws:iam::${ACCOUNT}:user/clerk`);
    },
    [`archive bucket: arn:aws:iam::${ACCOUNT}:user/clerk can hold, `.slice(0, -2)],
  ],
  [
    'the verifier may no longer write',
    (fetched) => Object.assign(roleNamed(fetched, 'ledgerstone-verifier'), { RolePolicyList: [] }),
    [
      "attestation bucket: the verifier can't write attestations and findings",
      "archive bucket: the verifier can't read events",
    ],
  ],
  [
    'the archive’s administrators may delete attestations',
    (fetched) => {
      remove(fetched, `bucket-${ATTESTATIONS}`, 'NobodyDeletes');
      add(fetched, `bucket-${ATTESTATIONS}`, {
        ...{ Effect: 'Allow', Principal: { AWS: role('Administrator') }, Action: 's3:DeleteObject*' },
        Resource: `arn:aws:s3:::${ATTESTATIONS}/*`,
      });
    },
    [`attestation bucket: ${role('Administrator')} can delete an object or a version`],
  ],
  [
    'everybody may take the approver’s role',
    (fetched) =>
      Object.assign(roleNamed(fetched, 'ledgerstone-approver'), {
        AssumeRolePolicyDocument: {
          Version: '2012-10-17',
          Statement: [{ Effect: 'Allow', Principal: { AWS: '*' }, Action: 'sts:AssumeRole' }],
        },
      }),
    ['role of the approver: its trust policy lets in everybody'],
  ],
];

it('there are ten changes and more', () => {
  expect(CHANGES.length).toBeGreaterThanOrEqual(10);
});

describe('a change of what was deployed is found', () => {
  it.each(CHANGES)('%s', async (_, change, expected) => {
    const fetched = fetchedFrom();
    change(fetched);
    const { code, json } = await reviewed(fetched);
    expect([code, json?.notSeen]).toEqual([1, []]);
    for (const one of expected)
      expect(
        json.said.filter((said) => said.startsWith(one)),
        json.said.join('\n'),
      ).not.toEqual([]);
  });
});

const BUYERS = STRANGER.split(':')[4] ?? '';
const ofBuyers = (rest: string) => `arn:aws:iam::${BUYERS}:${rest}`;
const lists = (who: object) => ({
  ...{ Effect: 'Allow', Action: 's3:ListBucket*', Resource: `arn:aws:s3:::${BUCKET}`, ...who },
});
const everybodyWith = (...[operator, key, value]: readonly [string, string, string]) =>
  lists({ Principal: '*', Condition: { [operator]: { [key]: value } } });

describe('whom a policy lets in from elsewhere is found', () => {
  it.each<[string, Statement, string]>([
    [
      'an account, in a condition',
      everybodyWith('StringEquals', 'aws:PrincipalAccount', BUYERS),
      ofBuyers('role/any-role-of-this-account'),
    ],
    [
      'some accounts',
      everybodyWith('StringLike', 'aws:PrincipalAccount', `${BUYERS.slice(0, 4)}*`),
      `arn:aws:iam::${BUYERS.slice(0, 4)}00000000:role/any-role-of-this-account`,
    ],
    [
      'any role of an account',
      everybodyWith('ArnLike', 'aws:PrincipalArn', ofBuyers('role/*')),
      ofBuyers('role/any'),
    ],
    [
      'a role of any account',
      everybodyWith('ArnLike', 'aws:PrincipalArn', 'arn:aws:iam::*:role/x?'),
      'arn:aws:iam::000000000000:role/xx',
    ],
    [
      'a role of its account, whichever that is',
      everybodyWith(
        'StringLike',
        'aws:PrincipalArn',
        'arn:aws:iam::$'.concat('{aws:PrincipalAccount}:role/x'),
      ),
      'arn:aws:iam::000000000000:role/x',
    ],
    [
      'a role of that name in that account',
      lists({
        Principal: { AWS: ofBuyers('root') },
        Condition: { ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:role/x' } },
      }),
      ofBuyers('role/x'),
    ],
    ['a root user', everybodyWith('ArnEquals', 'aws:PrincipalArn', ofBuyers('root')), ofBuyers('root')],
    [
      'anybody with a name',
      everybodyWith('ArnLike', 'aws:PrincipalArn', '*'),
      'arn:aws:iam::000000000000:role/any-role-of-another-account',
    ],
    [
      'a session of a role',
      lists({ Principal: { AWS: `arn:aws:sts::${BUYERS}:assumed-role/R/ada` } }),
      ofBuyers('role/R'),
    ],
  ])('%s', async (_, statement, arn) => {
    const fetched = fetchedFrom();
    add(fetched, bucket, statement);
    const { code, json } = await reviewed(fetched);
    expect([code, json.notSeen]).toEqual([1, []]);
    expect(json.said.join('\n')).toContain(`archive bucket: ${arn} can list, depending on`);
  });

  it('an account that a key names as its caller', async () => {
    const fetched = fetchedFrom();
    const key = `key-${KEY_IDS.log}`;
    remove(fetched, key, 'OnlyTheSignerSigns');
    add(fetched, key, {
      ...{ Effect: 'Allow', Principal: { AWS: '*' }, Action: 'kms:Sign', Resource: '*' },
      Condition: { StringEquals: { 'kms:CallerAccount': BUYERS } },
    });
    const { code, json } = await reviewed(fetched);
    expect(code).toBe(1);
    expect(json.said.join('\n')).toContain(`${ofBuyers('role/any-role-of-this-account')} can sign`);
  });

  it.each<[string, object, string]>([
    ['a service', { Service: 'delivery.logs.amazonaws.com' }, 'Service delivery.logs.amazonaws.com'],
    ['an identity provider', { Federated: 'accounts.google.com' }, 'Federated accounts.google.com'],
    ['an id', { AWS: 'AROANOBODYKNOWS' }, 'AROANOBODYKNOWS'],
    [
      'a federated user',
      { AWS: `arn:aws:sts::${BUYERS}:federated-user/ada` },
      `arn:aws:sts::${BUYERS}:federated-user/ada`,
    ],
  ])('%s is said, and the answer is open', async (_, Principal, named) => {
    const fetched = fetchedFrom();
    add(fetched, bucket, lists({ Principal }));
    const { code, json } = await reviewed(fetched);
    expect([code, json.said]).toEqual([3, []]);
    expect(json.notSeen).toEqual([`what ${named} can do by the policy of ${BUCKET}`]);
  });

  it('a form of names that nothing can be made of is said', async () => {
    const fetched = fetchedFrom();
    add(fetched, bucket, everybodyWith('StringLike', 'aws:PrincipalArn', `*${BUYERS}*`));
    const { code, json } = await reviewed(fetched);
    expect(code).toBe(3);
    expect(json.notSeen).toEqual([`what whoever is like *${BUYERS}* can do by the policy of ${BUCKET}`]);
  });

  it.each<[object, readonly string[], number]>([
    [{ GranteePrincipal: `arn:aws:sts::${BUYERS}:assumed-role/R/ada` }, [], 1],
    [{ GranteePrincipal: 'dynamodb.eu-central-1.amazonaws.com' }, ['dynamodb.eu-central-1.amazonaws.com'], 3],
    [{ GranteeServicePrincipal: 'rds.amazonaws.com' }, ['rds.amazonaws.com'], 3],
    [{}, ['somebody not named'], 3],
  ])('a grant to %j', async (to, unknown, exit) => {
    const fetched = fetchedFrom();
    fetched.grants[`grants-${KEY_IDS.log}`] = [{ ...to, Operations: ['Sign'] }];
    remove(fetched, `key-${KEY_IDS.log}`, 'OnlyTheSignerSigns');
    const { code, json } = await reviewed(fetched);
    expect(code).toBe(exit);
    expect(json.notSeen.map((one) => one.split(' can do by ')[0])).toEqual(
      unknown.map((one) => `what ${one}`),
    );
    if (exit === 1) expect(json.said.join('\n')).toContain(`${ofBuyers('role/R')} can sign`);
  });
});

describe('who may change a role', () => {
  const limit = `arn:aws:iam::${ACCOUNT}:policy/limit`;
  const bind = (fetched: Fetched) => {
    fetched.accounts[ACCOUNT]?.Policies.push({
      Arn: limit,
      PolicyVersionList: [{ IsDefaultVersion: true, Document: everything }],
    });
    roleNamed(fetched, 'ledgerstone-archiver').PermissionsBoundary = { PermissionsBoundaryArn: limit };
  };
  const attach = (fetched: Fetched) => {
    bind(fetched);
    const archiver = roleNamed(fetched, 'ledgerstone-archiver');
    delete archiver.PermissionsBoundary;
    archiver.AttachedManagedPolicies.push({ PolicyName: 'limit', PolicyArn: limit });
  };
  const nothing = () => {};
  it.each<[string, string, (fetched: Fetched) => void, boolean]>([
    ['iam:AttachRolePolicy', role('ledgerstone-archiver'), nothing, true],
    ['iam:DeleteRolePermissionsBoundary', role('ledgerstone-archiver'), bind, true],
    ['iam:PutRolePermissionsBoundary', role('ledgerstone-archiver'), bind, true],
    ['iam:DeleteRolePermissionsBoundary', role('ledgerstone-archiver'), nothing, false],
    ['iam:CreatePolicyVersion', limit, bind, true],
    ['iam:CreatePolicyVersion', limit, attach, true],
    ['iam:SetDefaultPolicyVersion', limit, attach, true],
    ['iam:CreatePolicyVersion', limit, nothing, false],
  ])('with %s on %s', async (action, on, change, is) => {
    const fetched = fetchedFrom();
    change(fetched);
    const arn = addRole(fetched, 'Clerk', allow(action, on));
    const { json } = await reviewed(fetched);
    const archiver = json.roles.find(({ party }) => party === 'archiver');
    expect(archiver?.changedBy.includes(arn)).toBe(is);
  });
});

describe('what was not fetched', () => {
  const rest = { more: ['--json'] };
  it.each([
    ['the policy of a bucket', `${bucket}.json`, BUCKET],
    ['the policy of a key', `key-${KEY_IDS.governance}.json`, KEY_IDS.governance],
    ['the grants of a key', `grants-${KEY_IDS.verifier}.json`, 'the grants of'],
    ['the verifier’s account', `iam-${SECOND_ACCOUNT}.json`, SECOND_ACCOUNT],
  ])('%s is said, and the answer is open', async (_, file, named) => {
    const { code, json } = await reviewed(fetchedFrom(), { ...rest, left: [file] });
    expect([code, json.said]).toEqual([3, []]);
    expect(json.notSeen.join()).toContain(named);
  });

  it('a refusal of AWS is told in its words', async () => {
    const other = {
      [`${bucket}.json`]:
        '\nAn error occurred (AccessDenied) when calling the GetBucketPolicy operation: no\n',
    };
    const { code, json } = await reviewed(fetchedFrom(), { ...rest, other });
    expect([code, json.said]).toEqual([3, []]);
    expect(json.notSeen.join()).toContain('An error occurred (AccessDenied)');
  });

  it.each([
    ['', 'the file is empty'],
    ['\nAn error occurred (AccessDenied) when calling it: no\n', 'An error occurred (AccessDenied) when'],
    ['\nThe config profile (account-1) could not be found\n', 'The config profile (account-1) could not'],
  ])('%j in place of an answer is told with the name of the file', async (text, words) => {
    for (const [file, named] of [
      [`iam-${ACCOUNT}.json`, `iam-${ACCOUNT}.json`],
      [`${bucket}.json`, `the policy of ${BUCKET}`],
      [`key-${KEY_IDS.log}.json`, `${KEY_IDS.log}`],
      [`grants-${KEY_IDS.log}.json`, `${KEY_IDS.log}`],
    ] as const) {
      const { code, json, err } = await reviewed(fetchedFrom(), { ...rest, other: { [file]: text } });
      expect([code, err]).toEqual([3, '']);
      expect(json.notSeen.join('\n')).toContain(`${named}: ${words}`);
    }
  });

  it('all that is fetched may bring a refusal into its file', async () => {
    const { args } = fetchedFrom();
    const { out } = await ledgerstone(['access', 'commands', ...args]);
    for (const line of out.trim().split('\n')) expect(line).toMatch(/^aws .* > \S+\.json 2>&1$/);
    expect(out).toContain(`--profile account-${ACCOUNT} > iam-${ACCOUNT}.json`);
  });

  it('an empty folder is no review', async () => {
    const { args } = fetchedFrom();
    const { code, out } = await reviewed({ accounts: {}, policies: {}, grants: {}, args }, { more: [] });
    expect(code).toBe(3);
    expect(out).toMatch(/^nothing could be compared; /m);
    expect(out).not.toContain('as infra means it');
  });

  it('a policy that is attached and not in the file may let its owner do anything', async () => {
    const fetched = fetchedFrom();
    const PolicyArn = `arn:aws:iam::${ACCOUNT}:policy/hidden`;
    roleNamed(fetched, 'ledgerstone-auditor').AttachedManagedPolicies.push({
      PolicyName: 'hidden',
      PolicyArn,
    });
    const { code, json } = await reviewed(fetched);
    expect(code).toBe(3);
    expect(json.notSeen.join()).toContain(`${PolicyArn}, which is not in the file`);
  });

  it('a role with another name is a party once it is named', async () => {
    const text = JSON.stringify(fetchedFrom()).replaceAll('role/ledgerstone-auditor', 'role/revision');
    const fetched: Fetched = JSON.parse(text);
    const without = await reviewed(fetched);
    expect([without.code, without.json.absent]).toEqual([1, ['auditor']]);
    expect(without.json.said.join()).toContain(`${role('revision')} can read events`);
    const named = await reviewed(fetched, { more: ['--json', '--role', `auditor=${role('revision')}`] });
    expect([named.code, named.json.said]).toEqual([0, []]);
  });

  it.each([
    ['{', 'is no JSON'],
    ['{"Policy":"{}"}', 'is no statement'],
    ['{"Policy":"{\\"Version\\":\\"2030-01-01\\"}"}', 'Version that this program does not know'],
    ['{"Statement":[]}', 'has no member "Policy"'],
  ])('%s is no policy of a bucket', async (text, said) => {
    const { code, err } = await reviewed(fetchedFrom(), { other: { [`${bucket}.json`]: text }, more: [] });
    expect([code, err]).toEqual([2, expect.stringContaining(said)]);
    expect(err).toContain(bucket);
  });
});

describe('the same for people and spreadsheets', () => {
  it('as tables, with what differs and what it leaves open', async () => {
    const fetched = fetchedFrom();
    remove(fetched, bucket, 'NobodyDeletes');
    const { code, out } = await reviewed(fetched, { more: [] });
    expect(code).toBe(1);
    expect(out).toMatch(/^archive bucket +who can now/);
    expect(out).toMatch(/^read events +archiver, auditor, copier, verifier/m);
    expect(out).toMatch(/^delete an object or a version +.*role\/Administrator.* +DIFFERS$/m);
    expect(out).toMatch(/^release a hold +approver$/m);
    expect(out).toContain('policies of the organisation (SCP, RCP)');
  });

  it('as CSV', async () => {
    const { code, out, err } = await reviewed(fetchedFrom(), { more: ['--csv'] });
    expect(code).toBe(0);
    expect(out.split('\n')[0]).toBe('object,act,principal,parties,may,depends_on,meant');
    expect(out).toContain(`archive bucket,release a hold,${role('ledgerstone-approver')},approver,yes,,yes`);
    expect(err).toContain('as infra means it');
  });
});
