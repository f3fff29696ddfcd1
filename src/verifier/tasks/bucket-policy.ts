// Does a bucket's policy still deny what it was promised to deny? (IAM JSON policy grammar)
import { counted } from '../../base/counted.ts';

export type PromisedDenials = {
  readonly bucketArn: string;
  /** '' or ends with '/'. */
  readonly prefix: string;
  /** Shortest lock that may be set, in days. Null: nothing was promised. */
  readonly minimumDays: number | null;
  /** Longest lock that may be set, in days. Null: nothing was promised. */
  readonly maximumDays?: number | null;
};

export type PolicyProblem = { readonly name: string; readonly expected: string; readonly found: string };

/** A condition that a promised denial may have: operator, key, and which values. */
type Allowed = readonly [operator: string, key: string, values: (values: readonly string[]) => boolean];
type Denial = {
  readonly name: string;
  readonly says: string;
  readonly actions: readonly string[];
  readonly on: 'objects' | 'bucket';
  readonly conditions: readonly Allowed[];
};

const is =
  (wanted: string) =>
  (values: readonly string[]): boolean =>
    values.length === 1 && values[0]?.toLowerCase() === wanted.toLowerCase();
/** Only named principals: with a wildcard as exception the denial would bind nobody. */
const areNamed = (values: readonly string[]): boolean =>
  values.length > 0 && values.every((value) => /^arn:[^*?]+$/.test(value));
const MAKES_THE_OBJECT: Allowed = ['bool', 's3:objectcreationoperation', is('true')];
const EXCEPT_NAMED: readonly Allowed[] = [
  ['arnnotequals', 'aws:principalarn', areNamed],
  ['arnnotlike', 'aws:principalarn', areNamed],
  ['stringnotequals', 'aws:principalarn', areNamed],
];

const REMAINING_DAYS = 's3:object-lock-remaining-retention-days';

const lockBound = (name: string, says: string, condition: Allowed): Denial => ({
  ...{ name, says, on: 'objects' },
  actions: ['s3:PutObject', 's3:PutObjectRetention'],
  conditions: [condition],
});

function denials({ minimumDays, maximumDays = null }: PromisedDenials): Denial[] {
  const object = { on: 'objects' } as const;
  return [
    {
      ...{ name: 'deletes', says: 'nobody deletes objects or versions', ...object, conditions: [] },
      actions: ['s3:DeleteObject', 's3:DeleteObjectVersion'],
    },
    {
      ...{ name: 'bypass', says: 'nobody bypasses governance retention', ...object, conditions: [] },
      actions: ['s3:BypassGovernanceRetention'],
    },
    {
      ...{ name: 'overwrites', says: 'no put without if-none-match', ...object, actions: ['s3:PutObject'] },
      conditions: [['null', 's3:if-none-match', is('true')], MAKES_THE_OBJECT],
    },
    {
      ...{ name: 'modes', says: 'no put but with a lock in compliance mode', ...object },
      actions: ['s3:PutObject'],
      conditions: [['stringnotequals', 's3:object-lock-mode', is('COMPLIANCE')], MAKES_THE_OBJECT],
    },
    ...(minimumDays === null
      ? []
      : [
          lockBound('short-locks', `no lock of less than ${counted(minimumDays, 'day')}`, [
            'numericlessthan',
            REMAINING_DAYS,
            (values) => values.length === 1 && Number(values[0]) >= minimumDays,
          ]),
        ]),
    ...(maximumDays === null
      ? []
      : [
          lockBound('long-locks', `no lock of more than ${counted(maximumDays, 'day')}`, [
            'numericgreaterthan',
            REMAINING_DAYS,
            (values) => values.length === 1 && Number(values[0]) <= maximumDays,
          ]),
        ]),
    lockBound('event-holds', 'no lock by an event hold, which has no date', [
      'null',
      's3:object-lock-event-hold',
      is('false'),
    ]),
    {
      ...{ name: 'transport', says: 'nothing without TLS', ...object },
      actions: ['s3:PutObject', 's3:GetObject'],
      conditions: [['bool', 'aws:securetransport', is('false')]],
    },
    {
      ...{ name: 'settings', says: 'nobody but named guardians changes settings', on: 'bucket' },
      actions: [
        ...['s3:PutBucketPolicy', 's3:DeleteBucketPolicy', 's3:PutBucketVersioning', 's3:DeleteBucket'],
        ...['s3:PutBucketObjectLockConfiguration', 's3:PutLifecycleConfiguration'],
        's3:PutBucketPublicAccessBlock',
      ],
      conditions: EXCEPT_NAMED,
    },
  ];
}

/**
 * Which promised denials are missing, and what is allowed to everybody. Never throws for the text's content.
 */
export function policyProblems(text: string | null, promised: PromisedDenials): PolicyProblem[] {
  if (text === null) {
    return [{ name: 'policy', expected: 'a bucket policy that denies', found: 'no bucket policy' }];
  }
  const statements = readStatements(text);
  if (statements === null) {
    return [{ name: 'policy', expected: 'a policy that can be read', found: 'one that can not' }];
  }
  const problems: PolicyProblem[] = [];
  for (const denial of denials(promised)) {
    const missing = denial.actions.filter(
      (action) => !statements.some((statement) => denies(statement, action, denial, promised)),
    );
    if (missing.length === 0) continue;
    const found = `${missing.join(', ')} not denied so to everybody`;
    problems.push({ name: `policy/${denial.name}`, expected: denial.says, found });
  }
  for (const statement of statements) {
    if (statement.effect !== 'Allow' || !statement.isEverybody || statement.conditions.length > 0) continue;
    const found = `${statement.actions.slice(0, 10).join(', ')} allowed to everybody`;
    problems.push({ name: 'policy/public', expected: 'nothing allowed to everybody', found });
    break;
  }
  return problems;
}

type Statement = {
  readonly effect: unknown;
  readonly isEverybody: boolean;
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions: readonly {
    readonly operator: string;
    readonly key: string;
    readonly values: readonly string[];
  }[];
};

function readStatements(text: string): Statement[] | null {
  let policy: unknown;
  try {
    policy = JSON.parse(text);
  } catch {
    return null;
  }
  const statements = (policy as { Statement?: unknown } | null)?.Statement;
  const list = Array.isArray(statements) ? statements : [statements];
  return list.every((one) => typeof one === 'object' && one !== null) ? list.map(readStatement) : null;
}

function readStatement(given: Record<string, unknown>): Statement {
  const { Effect: effect, Principal: principal, Action: action, Resource: resource, Condition } = given;
  const aws =
    typeof principal === 'object' && principal !== null ? (principal as { AWS?: unknown }).AWS : null;
  // `NotPrincipal` means nearly everybody: dangerous in an Allow, and not enough in a Deny.
  const isAllBut = given['NotPrincipal'] !== undefined && effect === 'Allow';
  const conditions: Statement['conditions'][number][] = [];
  for (const [operator, keys] of Object.entries(Condition ?? {})) {
    for (const [key, values] of Object.entries(keys ?? {})) {
      conditions.push({ operator: operator.toLowerCase(), key: key.toLowerCase(), values: texts(values) });
    }
  }
  return {
    effect,
    isEverybody: principal === '*' || texts(aws).includes('*') || isAllBut,
    actions: texts(action),
    resources: texts(resource),
    conditions,
  };
}

const texts = (value: unknown): string[] =>
  (Array.isArray(value) ? value : [value]).filter((one) => one !== undefined && one !== null).map(String);

/** Every further condition makes a denial narrower, so each one must be among those that were promised. */
function denies(statement: Statement, action: string, denial: Denial, promised: PromisedDenials): boolean {
  const { effect, isEverybody, actions, resources, conditions } = statement;
  if (effect !== 'Deny' || !isEverybody) return false;
  if (!actions.some((pattern) => matches(pattern.toLowerCase(), action.toLowerCase()))) return false;
  const bucketArn = withoutPartition(promised.bucketArn);
  const isMeant = (given: string) => {
    const resource = withoutPartition(given);
    return denial.on === 'bucket'
      ? matches(resource, bucketArn)
      : resource.endsWith('*') && matches(resource, `${bucketArn}/${promised.prefix}any/key`);
  };
  if (!resources.some(isMeant)) return false;
  return conditions.every(({ operator, key, values }) =>
    denial.conditions.some(([op, of, holds]) => op === operator && of === key && holds(values)),
  );
}

/** A bucket's name is unique in each partition of AWS, so the partition is left out. */
const withoutPartition = (arn: string): string => arn.replace(/^arn:aws[a-z-]*:/, 'arn:aws:');

/** `*` and `?` without a regular expression, so that a hostile pattern can't take long. */
function matches(pattern: string, text: string): boolean {
  let [p, t, star, from] = [0, 0, -1, 0];
  while (t < text.length) {
    if (pattern[p] === '*') {
      star = p++;
      from = t;
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) {
      p++;
      t++;
    } else if (star >= 0) {
      p = star + 1;
      t = ++from;
    } else return false;
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}
