// Which key signs, for the log or for the verifier, and who may do what with it?
import { RemovalPolicy } from 'aws-cdk-lib';
import {
  AccountPrincipal,
  AccountRootPrincipal,
  AnyPrincipal,
  ArnPrincipal,
  Effect,
  type IRole,
  PolicyDocument,
  PolicyStatement,
  type PolicyStatementProps,
} from 'aws-cdk-lib/aws-iam';
import { CfnKey } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';

type KeySpec = keyof typeof FORM;

type KeyHolders = {
  /** Alone may sign, and is a machine. */
  readonly signer: IRole;
  readonly auditor: IRole;
  readonly keyAdmin: IRole;
  readonly breakGlass: IRole;
  /** ARN of the role that CloudFormation works as. */
  readonly deployer: string;
  /** Roles of the second party, which may live in another account: they see the public half, and no more. */
  readonly secondParty?: { readonly account: string; readonly roleArns: readonly string[] } | undefined;
};

export type SigningKeyProps = {
  readonly description: string;
  readonly spec: KeySpec;
  /** True: only break-glass may change the policy. */
  readonly sealed: boolean;
  readonly holders: KeyHolders;
};

/** The one form in which signatures are asked for, by the key's spec. */
const FORM = {
  ECC_NIST_P256: { 'kms:SigningAlgorithm': 'ECDSA_SHA_256', 'kms:MessageType': 'DIGEST' },
  ECC_NIST_EDWARDS25519: { 'kms:SigningAlgorithm': 'ED25519_SHA_512', 'kms:MessageType': 'RAW' },
} as const;

export const PUBLIC_HALF = ['kms:DescribeKey', 'kms:GetPublicKey'];
const READ = [
  'kms:DescribeKey',
  'kms:GetKeyPolicy',
  'kms:GetPublicKey',
  'kms:ListKeyPolicies',
  'kms:ListResourceTags',
];
const DEPLOY_READ = [...READ, 'kms:GetKeyRotationStatus'];
/** What CloudFormation needs to change a key that exists already. */
const DEPLOY_CHANGE = [
  'kms:PutKeyPolicy',
  'kms:TagResource',
  'kms:UntagResource',
  'kms:UpdateKeyDescription',
];
const END = ['kms:DisableKey', 'kms:ScheduleKeyDeletion'];

/** Nothing that ends the key, changes who may use it, or wakes a key that was put to sleep for a reason. */
export const KEY_ADMIN_ACTIONS = [
  ...READ,
  ...['kms:ListGrants', 'kms:CancelKeyDeletion'],
  ...['kms:TagResource', 'kms:UntagResource', 'kms:UpdateKeyDescription'],
] as const;

export const BREAK_GLASS_KEY_ACTIONS = [
  ...READ,
  ...['kms:PutKeyPolicy', 'kms:EnableKey', 'kms:CancelKeyDeletion', 'kms:ListGrants', 'kms:RevokeGrant'],
  ...END,
] as const;

/**
 * The policy gives the account nothing as such, so that no administrator's `kms:*` reaches this key. Machines' roles
 * are named by principal: a role that is deleted and made anew under its name can't sign. Roles for people are named by
 * condition and need their own IAM policy too: made anew, they work again, so that the key can't become unmanageable.
 */
export class SigningKey extends Construct {
  readonly keyArn: string;
  readonly keyId: string;

  constructor(scope: Construct, id: string, props: SigningKeyProps) {
    super(scope, id);
    const key = new CfnKey(this, 'Key', {
      description: props.description,
      keySpec: props.spec,
      keyUsage: 'SIGN_VERIFY',
      keyPolicy: new PolicyDocument({
        statements: [...allowances(props), ...denials(props)],
      }),
      // KMS refuses a policy under which its caller could not change it again. Unsealed, the caller is the deployer, who
      // may. Sealed, only break-glass may, so the check is skipped on purpose: that role is in this same policy.
      bypassPolicyLockoutSafetyCheck: props.sealed,
      pendingWindowInDays: 30,
    });
    key.applyRemovalPolicy(RemovalPolicy.RETAIN);
    this.keyArn = key.attrArn;
    this.keyId = key.ref;
  }
}

type Grantee = Required<Pick<PolicyStatementProps, 'principals'>> & Pick<PolicyStatementProps, 'conditions'>;

const named = (role: IRole): Grantee => ({
  principals: [new AccountRootPrincipal()],
  conditions: { ArnEquals: { 'aws:PrincipalArn': role.roleArn } },
});

// In a key's policy `*` is this key.
const allow = (sid: string, actions: readonly string[], who: Grantee) =>
  new PolicyStatement({ sid, actions: [...actions], resources: ['*'], ...who });

function allowances({ spec, sealed, holders }: SigningKeyProps): PolicyStatement[] {
  const { signer, auditor, keyAdmin, breakGlass, deployer, secondParty: onlookers } = holders;
  return [
    allow('SignerSigns', ['kms:Sign'], {
      principals: [signer.grantPrincipal],
      conditions: { StringEquals: FORM[spec] },
    }),
    allow('SignerOpensTheKey', PUBLIC_HALF, { principals: [signer.grantPrincipal] }),
    allow('AuditorReads', READ, { principals: [auditor.grantPrincipal] }),
    allow('KeyAdminLooksAfterTheKey', KEY_ADMIN_ACTIONS, named(keyAdmin)),
    allow('BreakGlassChangesOrEndsTheKey', BREAK_GLASS_KEY_ACTIONS, named(breakGlass)),
    allow('DeployerSeesTheKey', sealed ? DEPLOY_READ : [...DEPLOY_READ, ...DEPLOY_CHANGE], {
      principals: [new ArnPrincipal(deployer)],
    }),
    ...(onlookers === undefined
      ? []
      : [
          allow('SecondPartySeesThePublicHalf', PUBLIC_HALF, {
            principals: [new AccountPrincipal(onlookers.account)],
            conditions: { ArnEquals: { 'aws:PrincipalArn': [...onlookers.roleArns] } },
          }),
        ]),
  ];
}

/** Whatever a grant, a later statement or a mistake may allow. */
function denials({ sealed, holders }: SigningKeyProps): PolicyStatement[] {
  const { signer, breakGlass, deployer } = holders;
  const deny = (sid: string, actions: readonly string[], exempt: readonly string[]) =>
    new PolicyStatement({
      sid,
      effect: Effect.DENY,
      principals: [new AnyPrincipal()],
      actions: [...actions],
      resources: ['*'],
      ...(exempt.length === 0 ? {} : { conditions: { ArnNotEquals: { 'aws:PrincipalArn': [...exempt] } } }),
    });
  return [
    deny('OnlyTheSignerSigns', ['kms:Sign'], [signer.roleArn]),
    deny('NobodyLendsTheKey', ['kms:CreateGrant'], []),
    deny('OnlyBreakGlassEndsTheKey', END, [breakGlass.roleArn]),
    deny(
      'OnlyGuardiansChangeThePolicy',
      ['kms:PutKeyPolicy'],
      sealed ? [breakGlass.roleArn] : [breakGlass.roleArn, deployer],
    ),
  ];
}
