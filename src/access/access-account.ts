// Which roles and users does an account have, and with which policies? As the AWS CLI prints them.
import type { AccessPrincipal } from './access-decision.ts';
import {
  type AccessPolicy,
  AccessPolicyError,
  isMembers,
  type Members,
  parseAccessPolicy,
} from './access-policy.ts';

export type AccessAccount = {
  readonly account: string;
  /** `aws`, `aws-cn`, `aws-us-gov` */
  readonly partition: string;
  readonly principals: readonly AccessPrincipal[];
  /** By the ARN of the role. Null: it could not be read. */
  readonly trusts: ReadonlyMap<string, AccessPolicy | null>;
  /** By the ARN of the role: ARNs of the policies that are attached to it, and of its boundary. */
  readonly attached: ReadonlyMap<string, readonly string[]>;
};

const EVERYTHING: AccessPolicy = {
  statements: [
    {
      ...{ sid: null, effect: 'Allow', principals: null, conditions: [] },
      actions: { not: false, names: ['*'] },
      resources: { not: false, names: ['*'] },
    },
  ],
  hasVariables: false,
};

/** The account's own user. No policy of IAM binds it. */
export const accountRoot = ({
  account,
  partition,
}: Pick<AccessAccount, 'account' | 'partition'>): AccessPrincipal => ({
  ...{ arn: `arn:${partition}:iam::${account}:root`, account, kind: 'root', id: null },
  ...{ policies: [EVERYTHING], boundary: null, unseen: [] },
});

/** A role or user whose account's file is not here: its own policies may allow anything, or nothing. */
export const unseenPrincipal = (arn: string): AccessPrincipal => ({
  ...{ arn, account: String(arn.split(':')[4]), kind: kindOf(arn), id: null },
  ...{ policies: [], boundary: null, unseen: ['its own policies, which were not seen'] },
});

const kindOf = (arn: string): AccessPrincipal['kind'] =>
  arn.endsWith(':root') ? 'root' : arn.includes(':user/') ? 'user' : 'role';

type Managed = ReadonlyMap<string, AccessPolicy | string>;

/**
 * Of `aws iam get-account-authorization-details`. A policy that can't be read counts as unseen. Throws
 * AccessPolicyError if it is no such file, or a part of one.
 */
export function parseAccessAccount(file: unknown, where: string): AccessAccount {
  const lists = ['UserDetailList', 'GroupDetailList', 'RoleDetailList', 'Policies'] as const;
  if (!isMembers(file) || lists.some((list) => !Array.isArray(file[list])))
    throw new AccessPolicyError(where, 'is not what `aws iam get-account-authorization-details` prints');
  if (file['IsTruncated'] === true || file['NextToken'] !== undefined)
    throw new AccessPolicyError(where, 'holds only a part of the account: it was cut off');
  const list = (name: (typeof lists)[number]) => (file[name] as unknown[]).filter(isMembers);
  const managed: Managed = new Map(list('Policies').map((one) => [String(one['Arn']), managedPolicy(one)]));
  const groups = new Map(list('GroupDetailList').map((one) => [String(one['GroupName']), one]));
  const [roles, users] = [list('RoleDetailList'), list('UserDetailList')];
  const principals = [
    ...roles.map((one) => principalFrom(one, 'role', [one], managed)),
    ...users.map((one) => principalFrom(one, 'user', [one, ...groupsOf(one, groups)], managed)),
  ];
  const accounts = new Set(principals.map(({ account }) => account));
  const [account] = accounts;
  if (account === undefined || accounts.size > 1 || !/^\d{12}$/.test(account))
    throw new AccessPolicyError(where, 'names no role or user, or some of more than one account');
  const trusts = new Map(
    roles.map((one) => [
      String(one['Arn']),
      readOr(one['AssumeRolePolicyDocument'], 'its trust', () => null),
    ]),
  );
  const attached = new Map(roles.map((one) => [String(one['Arn']), attachedTo(one)]));
  return { account, partition: String(principals[0]?.arn.split(':')[1]), principals, trusts, attached };
}

function attachedTo(role: Members): string[] {
  const boundary = role['PermissionsBoundary'];
  return [
    ...listIn(role, 'AttachedManagedPolicies')
      .filter(isMembers)
      .map((one) => String(one['PolicyArn'])),
    ...(isMembers(boundary) ? [String(boundary['PermissionsBoundaryArn'])] : []),
  ];
}

function groupsOf(user: Members, groups: ReadonlyMap<string, Members>): Members[] {
  return listIn(user, 'GroupList').map(
    (name): Members =>
      groups.get(String(name)) ?? { unseen: `the group ${String(name)}, which is not in the file` },
  );
}

const listIn = (of: Members, member: string): readonly unknown[] =>
  Array.isArray(of[member]) ? (of[member] as unknown[]) : [];

function readOr<T>(document: unknown, where: string, otherwise: (problem: string) => T): AccessPolicy | T {
  try {
    return parseAccessPolicy(document, where);
  } catch (error) {
    if (error instanceof AccessPolicyError) return otherwise(error.message);
    throw error;
  }
}

function managedPolicy(policy: Members): AccessPolicy | string {
  const version = listIn(policy, 'PolicyVersionList')
    .filter(isMembers)
    .find((one) => one['IsDefaultVersion'] === true);
  if (version === undefined) return `the policy ${String(policy['Arn'])}, whose text is not in the file`;
  return readOr(version['Document'], `the policy ${String(policy['Arn'])}`, (problem) => problem);
}

const INLINE = ['RolePolicyList', 'UserPolicyList', 'GroupPolicyList'] as const;

function principalFrom(
  of: Members,
  kind: 'role' | 'user',
  holders: readonly Members[],
  managed: Managed,
): AccessPrincipal {
  const arn = String(of['Arn']);
  const attached = (policyArn: unknown) =>
    managed.get(String(policyArn)) ?? `the policy ${String(policyArn)}, which is not in the file`;
  const own = holders.flatMap((holder): (AccessPolicy | string)[] => [
    ...(typeof holder['unseen'] === 'string' ? [holder['unseen']] : []),
    ...INLINE.flatMap((name) => listIn(holder, name))
      .filter(isMembers)
      .map((one) =>
        readOr(one['PolicyDocument'], `its policy ${String(one['PolicyName'])}`, (problem) => problem),
      ),
    ...listIn(holder, 'AttachedManagedPolicies')
      .filter(isMembers)
      .map((one) => attached(one['PolicyArn'])),
  ]);
  const limit = isMembers(of['PermissionsBoundary'])
    ? attached(of['PermissionsBoundary']['PermissionsBoundaryArn'])
    : null;
  const seen = own.filter((one) => typeof one !== 'string');
  return {
    ...{ arn, account: String(arn.split(':')[4]), kind },
    id:
      typeof of[`${kind === 'role' ? 'Role' : 'User'}Id`] === 'string'
        ? String(of[kind === 'role' ? 'RoleId' : 'UserId'])
        : null,
    policies: seen,
    boundary: typeof limit === 'string' ? EVERYTHING : limit,
    unseen: [...own, limit].filter((one) => typeof one === 'string'),
  };
}
