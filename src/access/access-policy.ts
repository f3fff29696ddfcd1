// What does a policy document of AWS say, as far as access to an archive goes?
import { LedgerstoneError, messageOf } from '../base/error.ts';

/** `'*'`, or by kind (`AWS`, `Service`, `Federated`, `CanonicalUser`) the names that it lists. */
export type NamedPrincipals = '*' | ReadonlyMap<string, readonly string[]>;

export type AccessCondition = {
  /** As written: `ForAnyValue:StringLikeIfExists`. */
  readonly operator: string;
  readonly key: string;
  readonly values: readonly string[];
};

/** Of a list and its opposite, such as `Action` and `NotAction`, a statement has one. */
type Listed<T> = { readonly not: boolean; readonly names: T };

export type AccessStatement = {
  readonly sid: string | null;
  readonly effect: 'Allow' | 'Deny';
  /** Null in policies of roles and users: their owner is meant. */
  readonly principals: Listed<NamedPrincipals> | null;
  readonly actions: Listed<readonly string[]>;
  /** Null in trust policies: the role itself is meant. */
  readonly resources: Listed<readonly string[]> | null;
  readonly conditions: readonly AccessCondition[];
};

export type AccessPolicy = {
  readonly statements: readonly AccessStatement[];
  /** Only documents of 2012-10-17 have variables such as `${aws:username}`. */
  readonly hasVariables: boolean;
};

/** The document, or the whole file, is not what AWS prints. `where` names it for people. */
export class AccessPolicyError extends LedgerstoneError {
  constructor(where: string, problem: string, cause?: unknown) {
    super('usage', `${where}: ${problem}`, {
      disposition: 'input',
      remedy: 'Fetch it again as `ledgerstone access commands` prints, and give it as it came.',
      cause,
    });
    this.name = 'AccessPolicyError';
  }
}

export type Members = Readonly<Record<string, unknown>>;

export const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Throws AccessPolicyError. */
export function parsedJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AccessPolicyError(where, `is no JSON: ${messageOf(cause)}`, cause);
  }
}

const MEMBERS: ReadonlySet<string> = new Set([
  ...['Sid', 'Effect', 'Principal', 'NotPrincipal', 'Action', 'NotAction', 'Resource', 'NotResource'],
  'Condition',
]);

/**
 * `given`: the document, or its text, also percent-encoded as IAM's API has it. Throws AccessPolicyError for
 * what AWS would not have taken: nothing is guessed.
 */
export function parseAccessPolicy(given: unknown, where: string): AccessPolicy {
  const document = typeof given === 'string' ? parsedJson(plainText(given), where) : given;
  if (!isMembers(document)) throw new AccessPolicyError(where, 'is no policy document');
  const { Version: version = '2008-10-17', Statement: statement } = document;
  if (version !== '2012-10-17' && version !== '2008-10-17')
    throw new AccessPolicyError(where, 'has a Version that this program does not know');
  const statements = Array.isArray(statement) ? statement : [statement];
  return {
    statements: statements.map((one: unknown, index) =>
      parseStatement(one, `${where}, statement ${index + 1}`),
    ),
    hasVariables: version === '2012-10-17',
  };
}

function plainText(text: string): string {
  if (!text.trimStart().startsWith('%7B')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function parseStatement(given: unknown, where: string): AccessStatement {
  if (!isMembers(given)) throw new AccessPolicyError(where, 'is no statement');
  const unknown = Object.keys(given).find((member) => !MEMBERS.has(member));
  if (unknown !== undefined) throw new AccessPolicyError(where, `has a member ${JSON.stringify(unknown)}`);
  const { Effect: effect, Sid: sid } = given;
  if (effect !== 'Allow' && effect !== 'Deny')
    throw new AccessPolicyError(where, 'has an Effect that is neither Allow nor Deny');
  const actions = oneOf(given, 'Action', (value, at) => texts(value, at), where);
  if (actions === null) throw new AccessPolicyError(where, 'names no action');
  return {
    sid: typeof sid === 'string' ? sid : null,
    effect,
    principals: oneOf(given, 'Principal', principalsOf, where),
    actions,
    resources: oneOf(given, 'Resource', (value, at) => texts(value, at), where),
    conditions: conditionsOf(given['Condition'], where),
  };
}

function oneOf<T>(
  given: Members,
  member: string,
  parse: (value: unknown, where: string) => T,
  where: string,
): Listed<T> | null {
  const [plain, opposite] = [given[member], given[`Not${member}`]];
  if (plain !== undefined && opposite !== undefined)
    throw new AccessPolicyError(where, `has both ${member} and Not${member}`);
  if (plain !== undefined) return { not: false, names: parse(plain, `${where}, ${member}`) };
  if (opposite !== undefined) return { not: true, names: parse(opposite, `${where}, Not${member}`) };
  return null;
}

function texts(value: unknown, where: string): string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.map((one) => {
    if (typeof one === 'boolean' || typeof one === 'number') return String(one);
    if (typeof one !== 'string') throw new AccessPolicyError(where, 'holds something else than text');
    return one;
  });
}

function principalsOf(value: unknown, where: string): NamedPrincipals {
  if (value === '*') return '*';
  if (!isMembers(value)) throw new AccessPolicyError(where, 'is neither "*" nor names of principals');
  return new Map(Object.entries(value).map(([kind, names]) => [kind, texts(names, where)]));
}

function conditionsOf(value: unknown, where: string): AccessCondition[] {
  if (value === undefined) return [];
  if (!isMembers(value)) throw new AccessPolicyError(where, 'has a Condition that is none');
  return Object.entries(value).flatMap(([operator, keys]) => {
    if (!isMembers(keys)) throw new AccessPolicyError(where, `has a Condition ${operator} without keys`);
    return Object.entries(keys).map(([key, values]) => ({
      ...{ operator, key },
      values: texts(values, `${where}, ${operator}`),
    }));
  });
}
