// How is a signing key made, for the archive or for the verifier, and who may do what with it?
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
import { KEEP } from './keep.ts';

type KeySpec = keyof typeof FORM;

type KeyHolders = {
  /** The only role that may sign. A machine has it. */
  readonly signer: IRole;
  /** Of the governance key: people of two roles sign. */
  readonly alsoSign?: readonly IRole[];
  /** Of a log key that another one gives way to: who decides on it, and must see its public half. */
  readonly decider?: IRole | undefined;
  readonly auditor: IRole;
  readonly keyAdmin: IRole;
  readonly breakGlass: IRole;
  /** ARN of CloudFormation's role. */
  readonly deployer: string;
  /** Roles of the second party, possibly in another account. They may read the public half only. */
  readonly secondParty?: { readonly account: string; readonly roleArns: readonly string[] } | undefined;
};

export type SigningKeyProps = {
  readonly description: string;
  readonly spec: KeySpec;
  /** True if only break-glass may change the policy. */
  readonly sealed: boolean;
  readonly holders: KeyHolders;
};

/** How a signature must be asked for, by the key's spec. */
const FORM = {
  ECC_NIST_P256: { 'kms:SigningAlgorithm': 'ECDSA_SHA_256', 'kms:MessageType': 'DIGEST' },
  ECC_NIST_EDWARDS25519: { 'kms:SigningAlgorithm': 'ED25519_SHA_512', 'kms:MessageType': 'RAW' },
  ML_DSA_44: { 'kms:SigningAlgorithm': 'ML_DSA_SHAKE_256', 'kms:MessageType': 'RAW' },
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
/** What CloudFormation needs to change an existing key. */
const DEPLOY_CHANGE = [
  'kms:PutKeyPolicy',
  'kms:TagResource',
  'kms:UntagResource',
  'kms:UpdateKeyDescription',
];
const END = ['kms:DisableKey', 'kms:ScheduleKeyDeletion'];

/** Nothing that ends the key, changes who may use it, or enables a key that somebody disabled. */
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
 * The policy gives the account no rights, so no administrator's `kms:*` reaches this key. Roles of machines
 * are principals: a role that is deleted and made again under its name can't sign. Roles for people are named
 * in a condition and need their own IAM policy too. If they are made again they work again, so the key stays
 * manageable.
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
      // KMS refuses a policy that its caller could not change again. Unsealed, the caller is the deployer,
      // who can. Sealed, only break-glass can, which this policy names. So the check is skipped.
      bypassPolicyLockoutSafetyCheck: props.sealed,
      pendingWindowInDays: 30,
    });
    key.applyRemovalPolicy(KEEP);
    this.keyArn = key.attrArn;
    this.keyId = key.ref;
  }
}

type Grantee = Required<Pick<PolicyStatementProps, 'principals'>> & Pick<PolicyStatementProps, 'conditions'>;

const named = (role: IRole): Grantee => ({
  principals: [new AccountRootPrincipal()],
  conditions: { ArnEquals: { 'aws:PrincipalArn': role.roleArn } },
});

// In the policy of a key, `*` is this key.
const allow = (sid: string, actions: readonly string[], who: Grantee) =>
  new PolicyStatement({ sid, actions: [...actions], resources: ['*'], ...who });

function allowances({ spec, sealed, holders }: SigningKeyProps): PolicyStatement[] {
  const { signer, alsoSign = [], decider, auditor, keyAdmin, breakGlass, deployer } = holders;
  const { secondParty: onlookers } = holders;
  const signers = [signer, ...alsoSign].map(({ grantPrincipal }) => grantPrincipal);
  return [
    allow('SignerSigns', ['kms:Sign'], {
      principals: signers,
      conditions: { StringEquals: FORM[spec] },
    }),
    allow('SignerOpensTheKey', PUBLIC_HALF, { principals: signers }),
    ...(decider === undefined
      ? []
      : [allow('DeciderSeesThePublicHalf', PUBLIC_HALF, { principals: [decider.grantPrincipal] })]),
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

/** They hold whatever a grant, a later statement or a mistake allows. */
function denials({ sealed, holders }: SigningKeyProps): PolicyStatement[] {
  const { signer, alsoSign = [], breakGlass, deployer } = holders;
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
    deny(
      'OnlyTheSignerSigns',
      ['kms:Sign'],
      [signer, ...alsoSign].map(({ roleArn }) => roleArn),
    ),
    deny('NobodyLendsTheKey', ['kms:CreateGrant'], []),
    deny('OnlyBreakGlassEndsTheKey', END, [breakGlass.roleArn]),
    deny(
      'OnlyGuardiansChangeThePolicy',
      ['kms:PutKeyPolicy'],
      sealed ? [breakGlass.roleArn] : [breakGlass.roleArn, deployer],
    ),
  ];
}
