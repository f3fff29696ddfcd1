// Would AWS allow this request under the policies of the synthesised template?
import { runSimulation } from '@cloud-copilot/iam-simulate';
import { ACCOUNT, BUCKET, only, REGION, type Synthesised } from './synthesised.ts';

export const ACTORS = [
  ...(['archiver', 'auditor', 'keyAdmin', 'breakGlass', 'deployer'] as const),
  // Allowed everything by their own policies: an administrator, the account's root, another account's administrator.
  ...(['admin', 'root', 'stranger'] as const),
] as const;
export type Actor = (typeof ACTORS)[number];

export type Policy = { readonly name: string; readonly policy: unknown };
export type Request = {
  readonly action: string;
  readonly resource: string;
  readonly context?: Readonly<Record<string, string>>;
};

export const EVERYTHING = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
};
export const FOREIGN_ACCOUNT = '999988887777';
export const OBJECT = `arn:aws:s3:::${BUCKET}/prod/seals/topic=orders/partition=0/000000000041.tlog-proof`;
export const BUCKET_ARN = `arn:aws:s3:::${BUCKET}`;

/** What an honest put of the archiver brings; `minimumDays` is 364. */
export const GOOD_PUT = {
  's3:if-none-match': '*',
  's3:ObjectCreationOperation': 'true',
  's3:object-lock-mode': 'COMPLIANCE',
  's3:object-lock-retain-until-date': '2027-11-22T10:01:00Z',
  's3:object-lock-remaining-retention-days': '364',
} as const;

export type Statement = { readonly Sid?: string; readonly [member: string]: unknown };
export type Document = { readonly Version: string; readonly Statement: readonly Statement[] };

export class Account {
  readonly keyArn: string;
  readonly #stack: Synthesised;
  readonly #alter: (statements: readonly Statement[]) => readonly Statement[];

  /** `alter` changes the bucket's and the key's policy before each request, to see what a mistake would do. */
  constructor(
    stack: Synthesised,
    alter: (statements: readonly Statement[]) => readonly Statement[] = (all) => all,
  ) {
    this.#stack = stack;
    this.#alter = alter;
    this.keyArn = String(stack.outputs['LogKeyArn']?.Value);
  }

  arn(actor: Actor): string {
    const output = (name: string) => String(this.#stack.outputs[name]?.Value);
    switch (actor) {
      case 'archiver':
        return output('ArchiverRoleArn');
      case 'auditor':
        return output('AuditorRoleArn');
      case 'keyAdmin':
        return output('KeyAdminRoleArn');
      case 'breakGlass':
        return output('BreakGlassRoleArn');
      case 'deployer':
        return `arn:aws:iam::${ACCOUNT}:role/cdk-hnb659fds-cfn-exec-role-${ACCOUNT}-${REGION}`;
      case 'admin':
        return `arn:aws:iam::${ACCOUNT}:role/Administrator`;
      case 'root':
        return `arn:aws:iam::${ACCOUNT}:root`;
      case 'stranger':
        return `arn:aws:iam::${FOREIGN_ACCOUNT}:role/Administrator`;
    }
  }

  async allows(actor: Actor, { action, resource, context = {} }: Request): Promise<boolean> {
    const principal = this.arn(actor);
    return decide({
      principal,
      principalAccount: actor === 'stranger' ? FOREIGN_ACCOUNT : ACCOUNT,
      identityPolicies: this.#identityPolicies(actor),
      resourcePolicy: this.#resourcePolicy(action),
      resourceAccount: ACCOUNT,
      ...{ action, resource, context },
    });
  }

  #resourcePolicy(action: string): Document {
    const document = action.startsWith('kms:')
      ? only(this.#stack, 'AWS::KMS::Key').Properties['KeyPolicy']
      : only(this.#stack, 'AWS::S3::BucketPolicy').Properties['PolicyDocument'];
    const { Version, Statement } = document as Document;
    return { Version, Statement: this.#alter(Statement) };
  }

  #identityPolicies(actor: Actor): Policy[] {
    if (['deployer', 'admin', 'root', 'stranger'].includes(actor))
      return [{ name: 'everything', policy: EVERYTHING }];
    return policiesOf(this.#stack, this.arn(actor));
  }
}

/** What the template gives the role: inline and attached. */
export function policiesOf({ resources }: Synthesised, roleArn: string): Policy[] {
  const roleName = String(roleArn.split('/').at(-1));
  const role = Object.entries(resources).find(
    ([id, { Type, Properties }]) => Type === 'AWS::IAM::Role' && (Properties['RoleName'] ?? id) === roleName,
  );
  if (role === undefined) throw new Error(`the template has no role ${roleName}`);
  const inline = (role[1].Properties['Policies'] ?? []) as { PolicyName: string; PolicyDocument: unknown }[];
  const attached = Object.values(resources).filter(
    ({ Type, Properties }) =>
      Type === 'AWS::IAM::Policy' && (Properties['Roles'] as string[]).includes(roleName),
  );
  return [
    ...inline.map(({ PolicyName, PolicyDocument }) => ({ name: PolicyName, policy: PolicyDocument })),
    ...attached.map(({ Properties }) => ({
      name: String(Properties['PolicyName']),
      policy: Properties['PolicyDocument'],
    })),
  ];
}

export type Case = Required<Request> & {
  readonly principal: string;
  readonly principalAccount: string;
  readonly identityPolicies: Policy[];
  readonly resourcePolicy: Document | undefined;
  readonly resourceAccount: string;
  readonly organisation?: { readonly rcp?: unknown; readonly scp?: unknown };
};

/** As the organisation's root has them. */
const ofOrganisation = (name: string, policy: unknown) =>
  policy === undefined ? [] : [{ orgIdentifier: 'r-root', policies: [{ name, policy }] }];
const FULL_ACCESS = { name: 'FullAWSAccess', policy: EVERYTHING };

/** The decision, or a thrown error where the request or a policy is not valid: a typo must not look like a denial. */
export async function decide(given: Case): Promise<boolean> {
  const { principal, action, resource, resourceAccount: accountId, context } = given;
  const contextVariables = {
    'aws:SecureTransport': 'true',
    ...(action.startsWith('s3:') ? { 's3:TlsVersion': '1.3' } : {}),
    'aws:PrincipalArn': principal,
    'aws:PrincipalAccount': given.principalAccount,
    ...context,
  };
  const result = await runSimulation(
    {
      request: { principal, action, resource: { resource, accountId }, contextVariables },
      identityPolicies: given.identityPolicies,
      ...(given.resourcePolicy === undefined ? {} : { resourcePolicy: given.resourcePolicy }),
      serviceControlPolicies: ofOrganisation('scp', given.organisation?.scp).map(({ policies, ...one }) => ({
        ...one,
        policies: [...policies, FULL_ACCESS],
      })),
      resourceControlPolicies: ofOrganisation('rcp', given.organisation?.rcp),
    },
    {},
  );
  if (result.resultType === 'error') throw new Error(JSON.stringify(result.errors));
  if (result.resultType !== 'single') throw new Error(`one answer expected for ${resource}`);
  const ignored = result.result.ignoredContextKeys ?? [];
  const unknown = ignored.filter((key) =>
    Object.keys(context).some((one) => one.toLowerCase() === key.toLowerCase()),
  );
  if (unknown.length > 0) throw new Error(`${action} knows no ${unknown.join(', ')}`);
  return result.overallResult === 'Allowed';
}
