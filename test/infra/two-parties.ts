// Would AWS allow this request, with the archive in one account and the verifier in another, or both in one?
import type { App } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { parseInfraConfig } from '../../infra/config.ts';
import { hasVerifier, type TwoPartyConfig } from '../../infra/config-schema.ts';
import { LedgerstoneStack } from '../../infra/ledgerstone-stack.ts';
import { VerifierStack } from '../../infra/verifier-stack.ts';
import {
  type Document,
  decide,
  EVERYTHING,
  FOREIGN_ACCOUNT,
  policiesOf,
  type Statement,
} from './simulation.ts';
import { ACCOUNT, BUCKET, filled, KEY_IDS, REGION, type Synthesised, scratchApp } from './synthesised.ts';

export const SECOND_ACCOUNT = '444455556666';
export const SECOND_REGION = 'eu-west-1';
export const ATTESTATIONS = 'acme-attestations';
export const LOG_KEY = `arn:aws:kms:${REGION}:${ACCOUNT}:key/${KEY_IDS.log}`;

const common = (attestations: string) => `
origin: audit.example.com/prod
bucket: { name: ${BUCKET}, prefix: prod/ }
retention: { defaultDays: 365, minimumDays: 364 }
archiver: { kind: ecs-task }
attestations: { ${attestations}bucket: { name: ${ATTESTATIONS} }, retention: { defaultDays: 2557, minimumDays: 2556 } }
verifier:
  cosigner: verifier.example.com/prod
  trusted: ["audit.example.com/prod+83780ac8+AUjgW0k/ifzcgyVjX9IWULGe+1D6pl4bRPrYer6KCTfe"]
  logKey: ${LOG_KEY}
  notify: [security@example.com]
  drillers: ["arn:aws:iam::${ACCOUNT}:role/ci"]
  responders: ["arn:aws:iam::${SECOND_ACCOUNT}:user/ada"]
`;

/** The verifier in an account and a Region of its own. */
export const APART = `${common(`account: "${SECOND_ACCOUNT}", region: ${SECOND_REGION}, `)}
account: "${ACCOUNT}"
region: ${REGION}
`;
/** Both in one account, in a template for any account and Region. */
export const TOGETHER = common('');

export const ACTORS = [
  ...(['archiver', 'auditor', 'keyAdmin', 'breakGlass', 'forwarder', 'driller'] as const),
  ...(['verifier', 'secondAuditor', 'secondKeyAdmin', 'secondBreakGlass', 'scheduler'] as const),
  'responder',
  // Allowed everything by their own policies, in either account and in a third.
  ...(['deployer', 'admin', 'root', 'secondDeployer', 'secondAdmin', 'secondRoot', 'stranger'] as const),
] as const;
/** `fullPass`: the state machine, where the configuration has one. */
export type Actor = (typeof ACTORS)[number] | 'fullPass';

export type Stacks = { readonly archive: Synthesised; readonly verifier: Synthesised };

/** The real one is made by `node infra/app.ts` (app.test.ts). */
export const NO_CODE = Code.fromInline('export const handler = null;');

export function twoPartyConfig(text: string): TwoPartyConfig {
  const config = parseInfraConfig(text, 'test');
  if (!hasVerifier(config)) throw new Error('a configuration of two parties is needed here');
  return config;
}

/** Synthesised once in a worker, as in `synthesise`. */
const made = new Map<string, Stacks>();

export function bothStacks(text: string): Stacks {
  const stacks = made.get(text) ?? bothStacksIn(scratchApp(), text);
  made.set(text, stacks);
  return stacks;
}

function bothStacksIn(app: App, text: string): Stacks {
  const config = twoPartyConfig(text);
  const archive = new LedgerstoneStack(app, config);
  const verifier = new VerifierStack(app, config, NO_CODE);
  const isApart = config.attestations.account !== undefined;
  return {
    archive: filled(archive, ACCOUNT, REGION),
    verifier: isApart ? filled(verifier, SECOND_ACCOUNT, SECOND_REGION) : filled(verifier, ACCOUNT, REGION),
  };
}

export type TwoPartyRequest = {
  readonly action: string;
  readonly resource: string;
  readonly context?: Readonly<Record<string, string>>;
};

/** A resource of the template by its type, the policy that stands with it, and the account that it lies in. */
type Guarded = { readonly account: string; readonly policy: Document | undefined };
/** Policies of the organisation that both accounts are in. */
export type Organisation = { readonly rcp?: unknown; readonly scp?: unknown };
export type Alter = (statements: readonly Statement[], resource: string) => readonly Statement[];

/** S3 answers these with 405 to other accounts, whatever policies say (API reference of each). */
const OWNER_ONLY = ['s3:GetBucketPolicy', 's3:PutBucketPolicy', 's3:DeleteBucketPolicy'];

export class World {
  readonly stacks: Stacks;
  readonly secondAccount: string;
  readonly secondRegion: string;
  readonly #escalated: readonly Actor[];
  readonly #alter: Alter;
  readonly #organisation: Organisation;

  /** `escalated`: whose own policies somebody has widened to everything. `alter` changes policies of resources. */
  constructor(
    stacks: Stacks,
    {
      escalated = [] as readonly Actor[],
      alter = ((all) => all) as Alter,
      organisation = {} as Organisation,
    } = {},
  ) {
    this.#organisation = organisation;
    this.stacks = stacks;
    const [, , , region, account] = this.#output('VerifierKeyArn').split(':');
    this.secondRegion = String(region);
    this.secondAccount = String(account);
    this.#escalated = escalated;
    this.#alter = alter;
  }

  get isApart(): boolean {
    return this.secondAccount !== ACCOUNT;
  }

  /** Of the key that signs attestations too, by ML-DSA-44. */
  get secondKeyArn(): string {
    return this.#output('VerifierPostQuantumKeyArn');
  }

  get verifierKeyArn(): string {
    return this.#output('VerifierKeyArn');
  }

  async allows(actor: Actor, { action, resource, context = {} }: TwoPartyRequest): Promise<boolean> {
    const { account, policy } = this.#guarded(resource, action);
    if (OWNER_ONLY.includes(action) && account !== this.#accountOf(actor)) return false;
    return decide({
      principal: this.arn(actor),
      principalAccount: this.#accountOf(actor),
      identityPolicies: this.#identityPolicies(actor),
      resourcePolicy: policy && { ...policy, Statement: this.#alter(policy.Statement, resource) },
      resourceAccount: account,
      organisation: this.#organisation,
      ...{ action, resource, context },
    });
  }

  async whoMay(request: TwoPartyRequest, actors: readonly Actor[] = ACTORS): Promise<Actor[]> {
    const answers = await Promise.all(actors.map((actor) => this.allows(actor, request)));
    return actors.filter((_, i) => answers[i]);
  }

  arn(actor: Actor): string {
    const cdk = (account: string, region: string) =>
      `arn:aws:iam::${account}:role/cdk-hnb659fds-cfn-exec-role-${account}-${region}`;
    switch (actor) {
      case 'archiver':
        return this.#output('ArchiverRoleArn');
      case 'auditor':
        return this.#output('AuditorRoleArn');
      case 'keyAdmin':
        return this.#output('KeyAdminRoleArn');
      case 'breakGlass':
        return this.#output('BreakGlassRoleArn');
      case 'forwarder':
        return `arn:aws:iam::${ACCOUNT}:role/ledgerstone-forwarder`;
      case 'driller':
        return `arn:aws:iam::${ACCOUNT}:role/ledgerstone-drill`;
      case 'verifier':
        return this.#output('VerifierRoleArn');
      case 'secondAuditor':
        return this.#output('AttestationAuditorRoleArn');
      case 'secondKeyAdmin':
        return this.#output('VerifierKeyAdminRoleArn');
      case 'secondBreakGlass':
        return this.#output('VerifierBreakGlassRoleArn');
      case 'responder':
        return this.#output('ResponderRoleArn');
      case 'fullPass':
        return `arn:aws:iam::${this.secondAccount}:role/ledgerstone-full-pass`;
      case 'scheduler':
        return `arn:aws:iam::${this.secondAccount}:role/${this.idOf('AWS::IAM::Role', 'SchedulesRole')}`;
      case 'deployer':
        return cdk(ACCOUNT, REGION);
      case 'secondDeployer':
        return cdk(this.secondAccount, this.secondRegion);
      case 'admin':
        return `arn:aws:iam::${ACCOUNT}:role/Administrator`;
      case 'secondAdmin':
        return `arn:aws:iam::${this.secondAccount}:role/Administrator`;
      case 'root':
        return `arn:aws:iam::${ACCOUNT}:root`;
      case 'secondRoot':
        return `arn:aws:iam::${this.secondAccount}:root`;
      case 'stranger':
        return `arn:aws:iam::${FOREIGN_ACCOUNT}:role/Administrator`;
    }
  }

  /** Logical id of the one resource of the verifier's stack. */
  idOf(type: string, idPrefix: string): string {
    const found = Object.entries(this.stacks.verifier.resources).filter(
      ([id, { Type }]) => Type === type && id.startsWith(idPrefix),
    );
    if (found.length !== 1) throw new Error(`${found.length} resources ${type} ${idPrefix}*`);
    return String(found[0]?.[0]);
  }

  /** ARN of a resource of the verifier's stack other than its bucket and key. */
  ofVerifier(service: string, resource: string): string {
    return `arn:aws:${service}:${this.secondRegion}:${this.secondAccount}:${resource}`;
  }

  #accountOf(actor: Actor): string {
    return String(this.arn(actor).split(':')[4]);
  }

  #identityPolicies(actor: Actor) {
    const all = [{ name: 'everything', policy: EVERYTHING }];
    if (this.#escalated.includes(actor)) return all;
    if (/deployer|admin$|root|stranger/i.test(actor) && !/keyAdmin/i.test(actor)) return all;
    const { archive, verifier } = this.stacks;
    const isFirst = ['archiver', 'auditor', 'keyAdmin', 'breakGlass', 'forwarder', 'driller'].includes(actor);
    return policiesOf(isFirst ? archive : verifier, this.arn(actor));
  }

  #guarded(resource: string, action: string): Guarded {
    const { archive, verifier } = this.stacks;
    const policyOf = (stack: Synthesised, type: string, member: string, isIt: (text: string) => boolean) => {
      const found = Object.entries(stack.resources).find(
        ([id, { Type, Properties }]) => Type === type && isIt(`${id} ${JSON.stringify(Properties)}`),
      );
      if (found === undefined) throw new Error(`no ${type} for ${resource}`);
      return found[1].Properties[member] as Document;
    };
    const bucketOf = (name: string) => (text: string) => text.includes(`"Bucket":"${name}"`);
    const [, , service, , account] = resource.split(':');
    if (service === 's3') {
      const name = String(resource.split(':')[5]?.split('/')[0]);
      const isSecond = name !== BUCKET;
      return {
        account: isSecond ? this.secondAccount : ACCOUNT,
        policy: policyOf(
          isSecond ? verifier : archive,
          'AWS::S3::BucketPolicy',
          'PolicyDocument',
          bucketOf(name),
        ),
      };
    }
    const own = (policy: Document | undefined): Guarded => ({ account: String(account), policy });
    if (service === 'kms') {
      const stack = resource === LOG_KEY ? archive : verifier;
      const isSecond = resource === this.secondKeyArn;
      const isIt = (text: string) => stack === archive || text.startsWith('PostQuantum') === isSecond;
      return own(policyOf(stack, 'AWS::KMS::Key', 'KeyPolicy', isIt));
    }
    if (service === 'sns')
      return own(policyOf(verifier, 'AWS::SNS::TopicPolicy', 'PolicyDocument', () => true));
    if (service === 'sqs') {
      const queue = String(resource.split(':')[5]);
      const isIt = (text: string) => text.includes(`/${queue}"]`) || text.includes(`"${queue}"]`);
      return own(policyOf(verifier, 'AWS::SQS::QueuePolicy', 'PolicyDocument', isIt));
    }
    if (service === 'events' && resource.includes('event-bus')) {
      const statement = policyOf(verifier, 'AWS::Events::EventBusPolicy', 'Statement', () => true);
      return own({ Version: '2012-10-17', Statement: [statement as unknown as Statement] });
    }
    if (action === 'sts:AssumeRole') {
      const name = String(resource.split('/').at(-1));
      const isIt = (text: string) => text.includes(`"RoleName":"${name}"`);
      return own(policyOf(verifier, 'AWS::IAM::Role', 'AssumeRolePolicyDocument', isIt));
    }
    // No policy of ours names it: the IAM of its account decides.
    return own(undefined);
  }

  #output(name: string): string {
    const { archive, verifier } = this.stacks;
    const found = archive.outputs[name] ?? verifier.outputs[name];
    if (found === undefined) throw new Error(`no output ${name}`);
    return String(found.Value);
  }
}
