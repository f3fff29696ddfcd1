// Whom do the policies of buckets and keys let in beside the roles and users of the files?
import type { AccessAccount } from './access-account.ts';
import type { AccessPolicy, AccessStatement } from './access-policy.ts';

type Facts = {
  readonly accounts: readonly AccessAccount[];
  /** By the name of a bucket and the ARN of a key. */
  readonly guards: ReadonlyMap<string, AccessPolicy | null>;
};

export type Outsiders = {
  /** ARNs of roles, users and root users of accounts whose files are not here, some of them stand-ins. */
  readonly arns: readonly string[];
  /** Whom no stand-in can be made for, in words: services, identity providers, ids. */
  readonly unknown: readonly string[];
};

const NO_ACCOUNT = '000000000000';

export function outsidersOf({ accounts, guards }: Facts): Outsiders {
  const partition = accounts[0]?.partition ?? 'aws';
  const ids = new Set(accounts.flatMap(({ principals }) => principals.flatMap(({ id }) => id ?? [])));
  // Whoever is let in by a policy that lets in everybody.
  const arns = new Set([`arn:${partition}:iam::${NO_ACCOUNT}:role/any-role-of-another-account`]);
  const unknown = new Set<string>();
  for (const [name, guard] of guards) {
    for (const statement of guard?.statements ?? []) {
      if (statement.effect !== 'Allow') continue;
      const found = namedBy(statement, partition);
      for (const arn of found.arns) arns.add(arn);
      const at = name.startsWith('arn:') ? `the policy or the grants of ${name}` : `the policy of ${name}`;
      for (const one of found.unknown) if (!ids.has(one)) unknown.add(`what ${one} can do by ${at}`);
    }
  }
  const isOfSeen = (arn: string) => accounts.some(({ account }) => arn.split(':')[4] === account);
  // A name of an account whose file is here is either in it, or of nobody.
  return { arns: [...arns].filter((arn) => !isOfSeen(arn)), unknown: [...unknown] };
}

function namedBy({ principals, conditions }: AccessStatement, partition: string): Outsiders {
  const inConditions = (form: RegExp) =>
    conditions.flatMap(({ key, values }) => (form.test(key) ? values.map(withoutVariable) : []));
  const patterns = inConditions(/^aws:principalarn$/i);
  const listed = principals === null || principals.not || principals.names === '*' ? [] : principals.names;
  const names = new Map(listed);
  const inList = (names.get('AWS') ?? []).filter((one) => one !== '*');
  const ofAccounts = [
    ...inConditions(/^(?:aws:principalaccount|kms:calleraccount)$/i).map(wholeAccount),
    ...[...inList, ...patterns].map((one) => accountOf(one) ?? NO_ACCOUNT),
    NO_ACCOUNT,
  ];
  const arns: string[] = ofAccounts
    .filter((account) => account !== NO_ACCOUNT)
    .map((account) => `arn:${partition}:iam::${account}:role/any-role-of-this-account`);
  const unknown = [...names].flatMap(([kind, all]) =>
    kind === 'AWS' ? [] : all.map((one) => `${kind} ${one}`),
  );
  // In a list, an account's root user stands for the account.
  for (const one of inList.filter((name) => !/^\d{12}$|:\d{12}:root$/.test(name))) {
    const arn = ownerOf(one);
    if (arn === null) unknown.push(one);
    else arns.push(arn);
  }
  for (const one of patterns.filter((pattern) => pattern !== '*')) {
    const matching = ofAccounts.flatMap((account) => ownerOf(matchOf(one, partition, account)) ?? []);
    if (matching.length === 0) unknown.push(`whoever is like ${one}`);
    arns.push(...matching);
  }
  return { arns, unknown };
}

/** `${aws:PrincipalAccount}` may be anything. */
const withoutVariable = (text: string): string => text.replace(/\$\{[^}]*\}/g, '*');

const accountOf = (named: string): string | null =>
  /^(?:arn:[^:]*:[^:]*:[^:]*:)?(\d{12})(?::|$)/.exec(named)?.[1] ?? null;

/** One that the pattern stands for. */
const wholeAccount = (pattern: string): string =>
  pattern
    .replaceAll('?', '0')
    .replace(/\*/, '0'.repeat(Math.max(0, 13 - pattern.length)))
    .replaceAll('*', '');

/** One ARN that the pattern stands for, of that account where it leaves that open. */
function matchOf(pattern: string, partition: string, account: string): string {
  const parts = pattern.split(':');
  const [arn, ofPartition = '', service = '', region = '', of = ''] = parts;
  const resource = parts.slice(5).join(':');
  const filled = (text: string, whole: string) =>
    text === '*' ? whole : text.replaceAll('*', 'any').replaceAll('?', 'x');
  return [
    ...[arn, filled(ofPartition, partition), filled(service, 'iam'), filled(region, '')],
    ...[of === '*' ? account : wholeAccount(of), filled(resource, 'role/any-role-of-this-account')],
  ].join(':');
}

/** The role, user or root user itself, and the role of a session. Null: it is none of these. */
function ownerOf(arn: string): string | null {
  const [, partition, account, role] =
    /^arn:([^:*?]+):sts::(\d{12}):assumed-role\/([^/*?]+)\/[^*?]+$/.exec(arn) ?? [];
  if (role !== undefined) return `arn:${partition}:iam::${account}:role/${role}`;
  return /^arn:[^:*?]+:iam::\d{12}:(?:root|(?:role|user)\/[^*?]+)$/.test(arn) ? arn : null;
}
