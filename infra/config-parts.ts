// Which parts does the configuration's schema have more than once?
import { z } from 'zod';
import { store } from '../src/config/connections-schema.ts';
import { topicName } from '../src/config/fields.ts';
import { isReservedName } from '../src/format/chain.ts';

export const principalArn = z
  .string()
  .regex(
    /^arn:[a-z-]+:iam::\d{12}:(role|user|root)(\/.+)?$/,
    'must be the ARN of a role, a user or an account root',
  );
const arns = z.array(principalArn).default([]);

const [s3] = store.options;
export const bucketName = s3.shape.bucket;
export const accountId = s3.shape.expectedBucketOwner.unwrap();

export const secretArn = z
  .string()
  .regex(/^arn:[a-z-]+:secretsmanager:[a-z0-9-]+:\d{12}:secret:[^*]+$/, 'must be the whole ARN of a secret');

export const keySpec = z.enum(['ECC_NIST_P256', 'ECC_NIST_EDWARDS25519']);

export const keyArn = z
  .string()
  .regex(/^arn:[a-z-]+:kms:[a-z0-9-]+:\d{12}:key\/[A-Za-z0-9-]+$/, 'must be the ARN of a KMS key, no alias');

const serviceAccountOfPod = {
  namespace: z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'must be a namespace of Kubernetes'),
  serviceAccount: z
    .string()
    .regex(/^[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?$/, 'must be a service account of Kubernetes'),
};
/** A pod of EKS, by Pod Identity or by IAM roles for service accounts (IRSA). */
export const podSchemas = [
  z.strictObject({
    kind: z.literal('eks-pod-identity'),
    cluster: z
      .string()
      .regex(/^arn:[a-z-]+:eks:[a-z0-9-]+:\d{12}:cluster\/.+$/, 'must be the ARN of an EKS cluster'),
    ...serviceAccountOfPod,
  }),
  z.strictObject({
    kind: z.literal('eks-irsa'),
    provider: z
      .string()
      .regex(
        /^arn:[a-z-]+:iam::\d{12}:oidc-provider\/[A-Za-z0-9.-]+(\/[A-Za-z0-9._-]+)*$/,
        "must be the ARN of the cluster's OIDC provider in IAM",
      ),
    ...serviceAccountOfPod,
  }),
] as const;

const namedKey = {
  name: z
    .string()
    .regex(/^[A-Za-z0-9]{0,32}$/, 'must be letters and digits, 32 at most')
    .default(''),
  spec: keySpec.default('ECC_NIST_EDWARDS25519'),
};

/** A name is a key of its own. The stack's first one has none. `also`: a second one while they are changed. */
export const logKey = z
  .strictObject({ ...namedKey, also: z.strictObject(namedKey).optional() })
  .refine(({ name, also }) => also?.name !== name, {
    path: ['also', 'name'],
    message: 'must be another name than key.name: a name is a key',
  })
  .prefault({});

export const people = z
  .strictObject({
    requireMfa: z.boolean().default(true),
    auditors: arns,
    keyAdmins: arns,
    breakGlass: arns,
  })
  .prefault({});

export const vkeyText = z
  .string()
  .regex(/^[^\s+]+\+[0-9a-f]{8}\+[A-Za-z0-9+/]+=*$/, 'must be a verifier key');

/** `ledgerstone hold keep` as a service beside the archiver's. */
const keeperService = z.strictObject({
  /** A hold may lack for an hour, and three rounds have to fit into it. */
  every: z
    .string()
    .regex(/^(?:[1-9]|1\d|20)m$/, 'must be 1m to 20m: a hold may lack for an hour')
    .default('15m'),
  /** Whose word is believed: keys of the log and of the decisions. */
  trusted: z.array(vkeyText).min(2, 'must have a key of the log and one of the decisions'),
  /** Who is told if no round was done. */
  notify: z.array(z.email()).min(1, 'must name whom an alarm reaches'),
});

/** Who decides about the archive. Another person approves. */
export const governanceSchema = z.strictObject({
  key: z.strictObject({ spec: keySpec.default('ECC_NIST_EDWARDS25519') }).prefault({}),
  officers: arns.refine((all) => all.length > 0, 'must name who decides'),
  approvers: arns.refine((all) => all.length > 0, 'must name who approves'),
  /** Who runs `ledgerstone copy`: they read everything, and record the copy as a decision. */
  copiers: arns,
  /** Who runs `ledgerstone hold keep`. */
  keeper: z
    .discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('ecs-task'), service: keeperService.optional() }),
      z.strictObject({ kind: z.literal('principal'), arn: principalArn }),
    ])
    .optional(),
});

/** S3 removes the data of these topics when so many days are over. Left out: nothing is ever removed. */
export const expire = z
  .array(
    z.strictObject({
      topic: topicName.refine((name) => !isReservedName(name), 'is a chain of Ledgerstone, which is kept'),
      days: z.int().min(1).max(36_500),
    }),
  )
  .refine((all) => new Set(all.map(({ topic }) => topic)).size === all.length, 'must name each topic once')
  .default([]);

export const retention = z
  .strictObject({
    defaultDays: z.int().min(1).max(36_500),
    minimumDays: z.int().min(0).max(36_500),
    maximumDays: z.int().min(1).max(36_500).optional(),
    allowLong: z.boolean().default(false),
  })
  .refine((days) => days.minimumDays <= days.defaultDays, {
    path: ['minimumDays'],
    message: 'must not be over defaultDays, or the default itself would be refused',
  })
  .refine(({ maximumDays = Number.POSITIVE_INFINITY, defaultDays }) => maximumDays >= defaultDays, {
    path: ['maximumDays'],
    message: 'must not be under defaultDays, or the default itself would be refused',
  })
  .refine((days) => days.allowLong || days.defaultDays <= 3_650, {
    path: ['defaultDays'],
    message: 'is over ten years, which nobody can undo: say allowLong: true if that is meant',
  });

const TEN_YEARS_DAYS = 3_653;

/** The longest lock that S3 takes. Of the archive: ten years, unless the configuration says otherwise. */
export const maximumDaysOf = ({ defaultDays, maximumDays }: z.output<typeof retention>): number =>
  maximumDays ?? Math.max(defaultDays + 1, TEN_YEARS_DAYS);
