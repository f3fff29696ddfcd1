// What can be configured about a deployment? The schema of infra/config.yaml.
import { z } from 'zod';
import { ORIGIN_PATTERN, region } from '../src/config/fields.ts';
import {
  accountId,
  bucketName,
  expire,
  governanceSchema,
  logKey,
  people,
  podSchemas,
  principalArn,
  retention,
} from './config-parts.ts';
import { serviceSchema } from './config-service.ts';
import { attestationsSchema, verifierSchema } from './config-verifier.ts';

const archiver = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('ecs-task') }),
  ...podSchemas,
  z.strictObject({ kind: z.literal('principal'), arn: principalArn }),
]);

/** Null: nobody runs `hold keep` here. */
export const keeperServiceOf = ({
  governance,
}: {
  readonly governance?: z.output<typeof governanceSchema> | undefined;
}) => (governance?.keeper?.kind === 'ecs-task' ? (governance.keeper.service ?? null) : null);

export const infraSchema = z
  .strictObject({
    stack: z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9-]{0,63}$/, 'must be a stack name: letters, digits, hyphens')
      .default('ledgerstone'),
    account: accountId.optional(),
    region: region.optional(),
    origin: z.string().regex(ORIGIN_PATTERN, 'must be a name such as audit.example.com/prod'),
    bucket: z.strictObject({
      name: bucketName.optional(),
      prefix: z
        .string()
        .regex(/^([A-Za-z0-9._-]+\/)*$/, 'must be empty or end with /')
        .default(''),
    }),
    retention,
    expire,
    key: logKey,
    archiver,
    governance: governanceSchema.optional(),
    people,
    deployer: principalArn.optional(),
    sealed: z.boolean().default(false),
    attestations: attestationsSchema.optional(),
    verifier: verifierSchema.optional(),
    archiverService: serviceSchema.optional(),
  })
  .refine(({ expire: rules, retention: { minimumDays } }) => rules.every(({ days }) => days > minimumDays), {
    path: ['expire'],
    message: 'must be over retention.minimumDays: until then everything is locked',
  })
  .refine((config) => (config.account === undefined) === (config.region === undefined), {
    path: ['account'],
    message: 'and region are given both or neither',
  })
  .refine(({ archiver: { kind }, archiverService }) => archiverService === undefined || kind === 'ecs-task', {
    path: ['archiver', 'kind'],
    message: 'must be ecs-task with an archiverService, which runs as such a task',
  })
  .refine((config) => keeperServiceOf(config) === null || config.archiverService !== undefined, {
    path: ['governance', 'keeper', 'service'],
    message: 'needs an archiverService: it runs in the same image and subnets',
  })
  .refine(({ attestations, verifier }) => (attestations === undefined) === (verifier === undefined), {
    path: ['verifier'],
    message:
      'and attestations are given both or neither: one reads the archive, the other holds what it says',
  })
  .refine(({ attestations, bucket }) => attestations === undefined || bucket.name !== undefined, {
    path: ['bucket', 'name'],
    message: 'is needed with a verifier, for its stack has to name the bucket',
  })
  .refine(
    ({ attestations, verifier }) =>
      attestations?.bucket.name !== undefined || (verifier?.drillers ?? []).length === 0,
    {
      path: ['attestations', 'bucket', 'name'],
      message: 'is needed with verifier.drillers, for their role has to name the bucket',
    },
  )
  .refine(({ attestations, stack }) => attestations === undefined || stack.length <= 40, {
    path: ['stack'],
    message: 'must not be over 40 characters with a verifier, for roles are named after it',
  })
  .refine(({ key, verifier }) => verifier?.alsoLogKey === undefined || key.also !== undefined, {
    path: ['verifier', 'alsoLogKey'],
    message: 'is the key of key.also, which is not there',
  })
  .refine(
    ({ attestations: there, account }) =>
      account !== undefined || (there?.account === undefined && there?.region === undefined),
    {
      path: ['account'],
      message: 'and region are needed where the attestations have their own, for each names the other',
    },
  );

/** `config.example.yaml` explains each member. */
export type InfraConfig = z.infer<typeof infraSchema>;

/** The configuration of a deployment whose decisions are archived. */
export type GovernedConfig = InfraConfig & { readonly governance: NonNullable<InfraConfig['governance']> };

export const isGoverned = (config: InfraConfig): config is GovernedConfig => config.governance !== undefined;

/** The configuration of a deployment with a verifier. */
export type TwoPartyConfig = InfraConfig &
  Required<{ readonly [K in 'attestations' | 'verifier']: NonNullable<InfraConfig[K]> }>;

export const hasVerifier = (config: InfraConfig): config is TwoPartyConfig =>
  config.attestations !== undefined && config.verifier !== undefined;
