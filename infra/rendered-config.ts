// How are the configurations of archiver and verifier rendered, and would their parsers accept them?
import { stringify } from 'yaml';
import type { z } from 'zod';
import { spanOf } from '../src/base/period.ts';
import { type Config, parseConfig } from '../src/config/archiver.ts';
import { ConfigError } from '../src/config/config-error.ts';
import { parseVerifierConfig } from '../src/config/verifier.ts';
import type { verifierConfigSchema } from '../src/config/verifier-schema.ts';
import { maximumDaysOf } from './config-parts.ts';
import type { InfraConfig, TwoPartyConfig } from './config-schema.ts';
import { breakGlassOfVerifier, governanceRoleNames, roleNamesOf, rulePrefixes } from './names.ts';
import { TIMESTAMP_ROOTS } from './verifier-bundle.ts';

/**
 * Lambda allows 4 KB for all environment variables. The real names of buckets and topics can be a little
 * longer.
 */
const RENDERED_BYTES_MAX = 3_700;
/** The variable with the address of the webhook, which is a secret. */
export const WEBHOOK_VARIABLE = 'LEDGERSTONE_WEBHOOK';
/** Of each stack its own: two verifiers of one account must not speak for each other. */
export const metricsNamespace = (stack: string): string => `Ledgerstone/${stack}`;
const DAY_MS = 86_400_000;

type VerifierInput = z.input<typeof verifierConfigSchema>;

type AccountAndRegion = { readonly account: string; readonly region: string };

export type ArchiverFacts = AccountAndRegion & { readonly bucketName: string; readonly keyArn: string };

/** The beginning of ledgerstone.yaml. Values can be tokens of the CDK, so no YAML writer can be used. */
export function renderArchiverYaml(
  config: InfraConfig,
  { account, region, bucketName, keyArn }: ArchiverFacts,
): string {
  const trusted = config.archiverService?.trusted ?? [];
  return [
    'production: true',
    'archive:',
    `  origin: ${JSON.stringify(config.origin)}`,
    '  store:',
    '    kind: s3',
    `    bucket: ${bucketName}`,
    `    region: ${region}`,
    ...(config.bucket.prefix === '' ? [] : [`    prefix: ${config.bucket.prefix}`]),
    `    expectedBucketOwner: "${account}"`,
    '  signing:',
    '    kind: kms',
    `    keyId: ${keyArn}`,
    ...(trusted.length === 0 ? [] : [`  trusted: ${JSON.stringify(trusted)}`]),
    '',
  ].join('\n');
}

export type VerifierFacts = {
  readonly archive: AccountAndRegion;
  readonly verifier: AccountAndRegion;
  readonly bucketName: string;
  readonly keyArn: string;
  /** Of the second key; null: there is none. */
  readonly postQuantumArn: string | null;
  readonly topicArn: string;
  readonly trailBucket: string;
  /** The working bucket, for the workers of fanned-out passes. Left out: for the function of events and schedules. */
  readonly workBucket?: string;
};

/** The content of LEDGERSTONE_VERIFIER_CONFIG. It has no secret. */
export function renderVerifierConfig(
  { bucket, retention, attestations, verifier, stack, governance }: TwoPartyConfig,
  { archive, verifier: own, trailBucket, workBucket, ...made }: VerifierFacts,
): VerifierInput {
  const { minimumDays } = retention;
  const store = (name: string, { region, account }: AccountAndRegion, prefix = '') => ({
    ...{ kind: 's3' as const, bucket: name, region, expectedBucketOwner: account },
    ...(prefix !== '' && { prefix }),
  });
  const leastLock = verifier.leastLock ?? (minimumDays > 0 ? `${minimumDays}d` : undefined);
  return {
    archive: {
      store: store(String(bucket.name), archive, bucket.prefix),
      trusted: verifier.trusted,
      logKey: { keyId: verifier.logKey },
      ...(verifier.older.length > 0 && {
        older: verifier.older.map(({ bucket: name, prefix, trusted, ...owner }) => ({
          ...{ store: store(name, owner, prefix), trusted },
        })),
      }),
    },
    attestations: {
      store: store(made.bucketName, own),
      retention: { mode: 'COMPLIANCE', period: `${attestations.retention.defaultDays}d` },
    },
    cosigner: {
      name: verifier.cosigner,
      signing: { kind: 'kms', keyId: made.keyArn },
      ...(made.postQuantumArn !== null && {
        postQuantum: { kind: 'kms' as const, keyId: made.postQuantumArn },
      }),
      ...(verifier.earlier.length > 0 && { earlier: verifier.earlier }),
    },
    chains: { freshness: verifier.freshness, ...(verifier.ended.length > 0 && { ended: verifier.ended }) },
    sweep: {
      every: verifier.sweepEvery,
      ...(leastLock !== undefined && { leastLock }),
      greatestLock: `${maximumDaysOf(retention)}d`,
    },
    fullPass: verifier.fullPass,
    ...(workBucket !== undefined &&
      verifier.fanOut !== undefined && { fanOut: fanOutOf(verifier.fanOut, store(workBucket, own)) }),
    ...ifGiven(verifier),
    configuration: {
      // The verifier checks both buckets against this one value.
      defaultDays: Math.min(retention.defaultDays, attestations.retention.defaultDays),
      // S3 shows a bucket's policy to its own account only.
      denies: archive.account === own.account,
      ...(minimumDays > 0 && { minimumDays }),
      maximumDays: maximumDaysOf(retention),
    },
    attempts: attemptsOf({
      isGoverned: governance !== undefined,
      hasKeeper: governance?.keeper !== undefined,
      hasCopier: (governance?.copiers ?? []).length > 0,
      stack,
      verifier,
      archive,
      own,
      trailBucket,
    }),
    alarms: {
      sns: made.topicArn,
      ...(verifier.webhook !== undefined && { webhook: `\${${WEBHOOK_VARIABLE}}` }),
      metricsNamespace: metricsNamespace(stack),
    },
  };
}

const ifGiven = ({
  witnesses,
  timestamps,
  index,
}: TwoPartyConfig['verifier']): Pick<VerifierInput, 'witnesses' | 'timestamps' | 'index'> => ({
  ...(witnesses !== undefined && { witnesses }),
  ...(timestamps !== undefined && {
    timestamps: { ...timestamps, roots: `/var/task/${TIMESTAMP_ROOTS}` },
  }),
  ...(index !== undefined && { index: index as VerifierInput['index'] }),
});

function fanOutOf(
  { keptDays, rangeBytes, rangeSegments }: NonNullable<TwoPartyConfig['verifier']['fanOut']>,
  store: NonNullable<VerifierInput['fanOut']>['store'],
): NonNullable<VerifierInput['fanOut']> {
  return {
    store,
    kept: `${keptDays}d`,
    ...(rangeBytes !== undefined && { rangeBytes }),
    ...(rangeSegments !== undefined && { rangeSegments }),
  };
}

function attemptsOf({
  stack,
  verifier,
  archive,
  own,
  trailBucket,
  isGoverned,
  hasKeeper,
  hasCopier,
}: Pick<TwoPartyConfig, 'stack' | 'verifier'> & {
  readonly archive: AccountAndRegion;
  readonly own: AccountAndRegion;
  readonly trailBucket: string;
  readonly isGoverned: boolean;
  readonly hasKeeper: boolean;
  readonly hasCopier: boolean;
}): VerifierInput['attempts'] {
  const { breakGlass } = roleNamesOf(stack);
  const { keeper, copier, ...people } = governanceRoleNames(stack);
  const more = [...(hasKeeper ? [keeper] : []), ...(hasCopier ? [copier] : [])];
  const officers = [...Object.values(people), ...more].map(
    (name) => `arn:aws:iam::${archive.account}:role/${name}`,
  );
  const homes = [archive, own].map(({ account, region }) => `${account}/${region}`);
  return {
    rules: Object.values(rulePrefixes(stack)),
    // All roles of both stacks are named so, and nobody changes them but a deployment.
    roles: [`${stack}-`],
    breakGlass: [breakGlass, breakGlassOfVerifier(stack)],
    ...(isGoverned && { officers }),
    ...(verifier.trail !== false && {
      trails: Object.values(trailNames(stack)),
      trailFiles: {
        store: { kind: 's3', bucket: trailBucket, region: own.region, expectedBucketOwner: own.account },
        from: [...new Set(homes)],
      },
    }),
  };
}

/** Names of the two stacks' own trails. */
export const trailNames = (stack: string) => ({
  archive: `${stack}-archive`,
  verifier: `${stack}-verifier`,
});

const KEY_ARN = 'arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-0000-0000-000000000000';
const TOPIC_ARN = `arn:aws:sns:eu-central-1:111122223333:${'t'.repeat(80)}`;

/** Why the archiver or the verifier would refuse to start with its configuration. */
export function renderedConfigProblems(config: InfraConfig): string[] {
  const place = { account: config.account ?? '111122223333', region: config.region ?? 'eu-central-1' };
  return [...verifierProblems(config, place), ...serviceProblems(config, place)];
}

function verifierProblems(
  { attestations, verifier, ...rest }: InfraConfig,
  archive: AccountAndRegion,
): string[] {
  if (attestations === undefined || verifier === undefined) return [];
  const { account = archive.account, region = archive.region, bucket } = attestations;
  const facts = {
    ...{ archive, verifier: { account, region }, keyArn: KEY_ARN, topicArn: TOPIC_ARN },
    postQuantumArn: verifier.key.postQuantum ? KEY_ARN : null,
    bucketName: bucket.name ?? 'made-up-by-cloudformation'.padEnd(63, '-x'),
    trailBucket: `${rest.stack.toLowerCase()}-trail-${account}`,
    ...(verifier.fanOut !== undefined && { workBucket: `${rest.stack.toLowerCase()}-full-pass-${account}` }),
  };
  const text = JSON.stringify(renderVerifierConfig({ ...rest, attestations, verifier }, facts));
  const bytes = Buffer.byteLength(text);
  return [
    ...(bytes <= RENDERED_BYTES_MAX
      ? []
      : [`is ${bytes} bytes long, and a Lambda takes ${RENDERED_BYTES_MAX}`]),
    ...problemsOf(() =>
      parseVerifierConfig(text, 'verifier', { [WEBHOOK_VARIABLE]: 'https://example.com/x' }),
    ),
  ].map((problem) => `the verifier's configuration ${problem}`);
}

function serviceProblems(
  { archiverService: service, ...config }: InfraConfig,
  place: AccountAndRegion,
): string[] {
  if (service === undefined) return [];
  const facts = { ...place, bucketName: config.bucket.name ?? 'made-up', keyArn: KEY_ARN };
  const text = `${renderArchiverYaml(config, facts)}${stringify(service.settings)}`;
  const secrets = Object.fromEntries(Object.keys(service.secrets).map((name) => [name, 'secret']));
  const { minimumDays } = config.retention;
  const maximumDays = maximumDaysOf(config.retention);
  const refused = ({ retention, source }: Config): string[] => [
    ...config.expire.flatMap(({ topic, days }) => {
      const policy = source.topics.find(({ name, chain }) => (chain ?? name) === topic)?.retention;
      const period = policy === undefined ? undefined : retention[policy]?.period;
      return period !== undefined && spanOf(period).greatestMs >= days * DAY_MS
        ? [`at retention.${policy}: must be under expire of ${topic}, or data is marked while it is locked`]
        : [];
    }),
    ...Object.entries(retention).flatMap(([policy, { period }]) => [
      ...(minimumDays > 0 && spanOf(period).leastMs < (minimumDays + 1) * DAY_MS
        ? [`at retention.${policy}: must be over retention.minimumDays, or S3 refuses each put`]
        : []),
      ...(spanOf(period).greatestMs > maximumDays * DAY_MS
        ? [`at retention.${policy}: must not be over retention.maximumDays, or S3 refuses each put`]
        : []),
    ]),
  ];
  const found = problemsOf(() => parseConfig(text, 'ledgerstone.yaml', secrets), refused);
  return found.map((problem) => `archiverService.settings: the archiver's configuration ${problem}`);
}

/** Names paths and no lines: nobody has seen the rendered text. */
function problemsOf<T>(read: () => T, judge: (value: T) => string[] = () => []): string[] {
  try {
    return judge(read());
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ path, message }) => `at ${path}: ${message}`);
  }
}
