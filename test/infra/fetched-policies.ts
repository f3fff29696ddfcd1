// What would AWS's own tool print of an account that was built from the synthesised templates?
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Captured, ledgerstone } from '../unit/cli/captured-io.ts';
import { EVERYTHING, FOREIGN_ACCOUNT, type Policy, policiesOf, type Statement } from './simulation.ts';
import { ACCOUNT, BUCKET, KEY_IDS, ofType, only, REGION, type Synthesised } from './synthesised.ts';
import { APART, ATTESTATIONS, bothStacks, SECOND_ACCOUNT, SECOND_REGION, TOGETHER } from './two-parties.ts';

const GOVERNANCE = `governance: { officers: ["arn:aws:iam::${ACCOUNT}:role/people-a"], approvers: ["arn:aws:iam::${ACCOUNT}:role/people-b"], copiers: ["arn:aws:iam::${ACCOUNT}:role/people-c"], keeper: { kind: ecs-task } }\n`;

type Json = Record<string, unknown>;
export type FetchedDocument = { Version: string; Statement: Statement[] };
export type FetchedRole = {
  RoleName: string;
  Arn: string;
  AssumeRolePolicyDocument: unknown;
  RolePolicyList: { PolicyName: string; PolicyDocument: FetchedDocument }[];
  AttachedManagedPolicies: { PolicyName: string; PolicyArn: string }[];
  PermissionsBoundary?: Json;
};
type FetchedAccount = {
  UserDetailList: Json[];
  GroupDetailList: Json[];
  RoleDetailList: FetchedRole[];
  Policies: Json[];
};

/** By the name of its file. A test changes it, as somebody would change what is deployed. */
export type Fetched = {
  readonly accounts: Record<string, FetchedAccount>;
  /** Of buckets and keys. Null: none. */
  readonly policies: Record<string, FetchedDocument | null>;
  readonly grants: Record<string, Json[]>;
  readonly args: readonly string[];
};

const ADMIN = 'arn:aws:iam::aws:policy/AdministratorAccess';

const roleFrom = (
  account: string,
  RoleName: string,
  policies: readonly Policy[],
  trust: unknown,
): FetchedRole => ({
  ...{ RoleName, Arn: `arn:aws:iam::${account}:role/${RoleName}`, AssumeRolePolicyDocument: trust },
  RolePolicyList: policies.map(({ name, policy }) => ({
    PolicyName: name,
    PolicyDocument: structuredClone(policy) as FetchedDocument,
  })),
  AttachedManagedPolicies: [],
});

const trustOfAccount = (account: string) => ({
  Version: '2012-10-17',
  Statement: [
    { Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${account}:root` }, Action: 'sts:AssumeRole' },
  ],
});

function accountFrom(stacks: readonly Synthesised[], account: string, region: string): FetchedAccount {
  const roles = stacks.flatMap((stack) =>
    Object.entries(stack.resources).flatMap(([id, { Type, Properties }]) => {
      if (Type !== 'AWS::IAM::Role') return [];
      const name = String(Properties['RoleName'] ?? id);
      const policies = policiesOf(stack, `arn:aws:iam::${account}:role/${name}`);
      return [roleFrom(account, name, policies, Properties['AssumeRolePolicyDocument'])];
    }),
  );
  const cdk = `cdk-hnb659fds-cfn-exec-role-${account}-${region}`;
  const admins = ['Administrator', cdk].map((name) => ({
    ...roleFrom(account, name, [], trustOfAccount(account)),
    AttachedManagedPolicies: [{ PolicyName: 'AdministratorAccess', PolicyArn: ADMIN }],
  }));
  return {
    UserDetailList: [
      {
        ...{ UserName: 'clerk', UserId: 'AIDAEXAMPLE', Arn: `arn:aws:iam::${account}:user/clerk` },
        ...{ GroupList: ['clerks'], UserPolicyList: [], AttachedManagedPolicies: [] },
      },
    ],
    GroupDetailList: [
      {
        ...{ GroupName: 'clerks', Arn: `arn:aws:iam::${account}:group/clerks`, AttachedManagedPolicies: [] },
        GroupPolicyList: [
          {
            PolicyName: 'mail',
            PolicyDocument: {
              Version: '2012-10-17',
              Statement: { Effect: 'Allow', Action: 'ses:*', Resource: '*' },
            },
          },
        ],
      },
    ],
    RoleDetailList: [...roles, ...admins],
    Policies: [
      {
        Arn: ADMIN,
        PolicyVersionList: [{ VersionId: 'v1', IsDefaultVersion: true, Document: EVERYTHING }],
      },
    ],
  };
}

const keyOf = (stack: Synthesised, id: string): FetchedDocument =>
  structuredClone(only(stack, 'AWS::KMS::Key', id).Properties['KeyPolicy']) as FetchedDocument;
const bucketOf = (stack: Synthesised, name: string): FetchedDocument => {
  const policy = ofType(stack, 'AWS::S3::BucketPolicy').find(({ Bucket }) => Bucket === name);
  return structuredClone(policy?.['PolicyDocument']) as FetchedDocument;
};

/** Both parties, with people who decide. `isApart`: in two accounts. */
export function fetchedFrom(isApart = true, more = ''): Fetched {
  const { archive, verifier } = bothStacks(`${isApart ? APART : TOGETHER}${GOVERNANCE}${more}`);
  const [second, region] = isApart ? [SECOND_ACCOUNT, SECOND_REGION] : [ACCOUNT, REGION];
  const arn = (id: keyof typeof KEY_IDS, of = ACCOUNT, at = REGION) =>
    `arn:aws:kms:${at}:${of}:key/${KEY_IDS[id]}`;
  const accounts = isApart
    ? {
        [ACCOUNT]: accountFrom([archive], ACCOUNT, REGION),
        [second]: accountFrom([verifier], second, region),
      }
    : { [ACCOUNT]: accountFrom([archive, verifier], ACCOUNT, REGION) };
  const keys = {
    [KEY_IDS.log]: keyOf(archive, 'LogKey'),
    [KEY_IDS.governance]: keyOf(archive, 'GovernanceKey'),
    [KEY_IDS.verifier]: keyOf(verifier, 'Key'),
    [KEY_IDS.second]: keyOf(verifier, 'PostQuantum'),
  };
  return {
    accounts,
    policies: {
      [`bucket-${BUCKET}`]: bucketOf(archive, BUCKET),
      [`bucket-${ATTESTATIONS}`]: bucketOf(verifier, ATTESTATIONS),
      ...Object.fromEntries(Object.entries(keys).map(([id, policy]) => [`key-${id}`, policy])),
    },
    grants: Object.fromEntries(Object.keys(keys).map((id) => [`grants-${id}`, []])),
    args: [
      ...[`s3://${BUCKET}/prod`, '--log-key', arn('log'), '--governance-key', arn('governance')],
      ...['--attestations', ATTESTATIONS, '--verifier-key', arn('verifier', second, region)],
      ...['--verifier-key', arn('second', second, region)],
    ],
  };
}

/** A role of the archive's account that was not there before, let do everything by its own policies. */
export function addRole({ accounts }: Fetched, name: string, policy: unknown = EVERYTHING): string {
  const role = roleFrom(ACCOUNT, name, [{ name: 'own', policy }], trustOfAccount(ACCOUNT));
  accounts[ACCOUNT]?.RoleDetailList.push(role);
  return role.Arn;
}

export const roleNamed = ({ accounts }: Fetched, name: string): FetchedRole => {
  const found = Object.values(accounts)
    .flatMap(({ RoleDetailList }) => RoleDetailList)
    .find(({ RoleName }) => RoleName === name);
  if (found === undefined) throw new Error(`no role ${name}`);
  return found;
};

const folder = mkdtempSync(join(tmpdir(), 'ledgerstone-access-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

/** `left`: names of files that were not fetched; `other`: files with other text. */
export async function reviewed(
  fetched: Fetched,
  { left = [] as readonly string[], other = {} as Readonly<Record<string, string>>, more = ['--json'] } = {},
): Promise<Captured & { readonly json: ReviewJson }> {
  const at = mkdtempSync(join(folder, 'fetched-'));
  writeFetched(fetched, at, { left, other });
  const answer = await ledgerstone(['access', 'review', ...fetched.args, '--policies', at, ...more]);
  return { ...answer, json: more.includes('--json') && answer.out !== '' ? JSON.parse(answer.out) : null };
}

/** What the tool prints, each in its file. */
export function writeFetched(
  { accounts, policies, grants }: Fetched,
  at: string,
  { left = [] as readonly string[], other = {} as Readonly<Record<string, string>> } = {},
): void {
  const put = (name: string, text: string) => {
    if (!left.includes(name)) writeFileSync(join(at, name), other[name] ?? text);
  };
  for (const [account, details] of Object.entries(accounts))
    put(`iam-${account}.json`, JSON.stringify(details));
  for (const [name, policy] of Object.entries(policies))
    put(
      `${name}.json`,
      policy === null
        ? '\nAn error occurred (NoSuchBucketPolicy) when calling the GetBucketPolicy operation: The bucket policy does not exist\n'
        : JSON.stringify({ Policy: JSON.stringify(policy) }),
    );
  for (const [name, list] of Object.entries(grants))
    put(`${name}.json`, JSON.stringify({ Grants: list, Truncated: false }));
}

type ReviewJson = {
  readonly said: readonly string[];
  readonly differences: number;
  readonly absent: readonly string[];
  readonly notSeen: readonly string[];
  readonly roles: readonly { readonly party: string; readonly changedBy: readonly string[] }[];
  readonly acts: readonly {
    readonly object: string;
    readonly what: string;
    readonly holders: readonly {
      readonly arn: string;
      readonly may: string;
      readonly parties: readonly string[];
    }[];
  }[];
};

export const STRANGER = `arn:aws:iam::${FOREIGN_ACCOUNT}:role/Buyer`;
