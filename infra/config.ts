// What may differ between one deployment and another?
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';

const arn = z
  .string()
  .regex(
    /^arn:[a-z-]+:iam::\d{12}:(role|user|root)(\/.+)?$/,
    'must be the ARN of a role, a user or an account root',
  );
const arns = z.array(arn).default([]);

const archiver = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('ecs-task') }),
  z.strictObject({
    kind: z.literal('eks-pod-identity'),
    cluster: z
      .string()
      .regex(/^arn:[a-z-]+:eks:[a-z0-9-]+:\d{12}:cluster\/.+$/, 'must be the ARN of an EKS cluster'),
    namespace: z.string().min(1),
    serviceAccount: z.string().min(1),
  }),
  z.strictObject({ kind: z.literal('principal'), arn }),
]);

const retention = z
  .strictObject({
    defaultDays: z.int().min(1).max(36_500),
    minimumDays: z.int().min(0).max(36_500),
    allowLong: z.boolean().default(false),
  })
  .refine((days) => days.minimumDays <= days.defaultDays, {
    path: ['minimumDays'],
    message: 'must not be over defaultDays, or the default itself would be refused',
  })
  .refine((days) => days.allowLong || days.defaultDays <= 3_650, {
    path: ['defaultDays'],
    message: 'is over ten years, which nobody can undo: say allowLong: true if that is meant',
  });

const schema = z
  .strictObject({
    stack: z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9-]{0,63}$/, 'must be a stack name: letters, digits, hyphens')
      .default('ledgerstone'),
    account: z
      .string()
      .regex(/^\d{12}$/, 'must be 12 digits, in quotes')
      .optional(),
    region: z
      .string()
      .regex(/^[a-z]{2,}(-[a-z]+)+-\d$/, 'must be a Region such as eu-central-1')
      .optional(),
    origin: z
      .string()
      .max(200)
      .regex(/^[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)*$/, 'must be a name such as audit.example.com/prod'),
    bucket: z.strictObject({
      name: z
        .string()
        .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'must be a bucket name')
        .optional(),
      prefix: z
        .string()
        .regex(/^([A-Za-z0-9._-]+\/)*$/, 'must be empty or end with /')
        .default(''),
    }),
    retention,
    key: z
      .strictObject({ spec: z.enum(['ECC_NIST_P256', 'ECC_NIST_EDWARDS25519']).default('ECC_NIST_P256') })
      .prefault({}),
    archiver,
    people: z
      .strictObject({
        requireMfa: z.boolean().default(true),
        auditors: arns,
        keyAdmins: arns,
        breakGlass: arns,
      })
      .prefault({}),
    deployer: arn.optional(),
    sealed: z.boolean().default(false),
  })
  .refine((config) => (config.account === undefined) === (config.region === undefined), {
    path: ['account'],
    message: 'and region are given both or neither',
  });

/** Explained member by member in `config.example.yaml`. */
export type InfraConfig = z.infer<typeof schema>;

/** Throws an error that lists every problem at once. Unknown members are problems. */
export function parseInfraConfig(text: string, name: string): InfraConfig {
  const result = schema.safeParse(parse(text));
  if (result.success) return result.data;
  const problems = result.error.issues.map(
    ({ path, message }) => `  ${path.join('.') || '(whole file)'}: ${message}`,
  );
  throw new Error([`${name} has ${problems.length} problem(s):`, ...problems].join('\n'));
}

export const readInfraConfig = (path: string): InfraConfig =>
  parseInfraConfig(readFileSync(path, 'utf8'), path);
