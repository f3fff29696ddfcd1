// Would AWS let this principal do this, by the policies that are known?
import { holds, matchesWildcard, type RequestFacts, withoutVariables } from './access-condition.ts';
import type { AccessPolicy, AccessStatement, NamedPrincipals } from './access-policy.ts';
import { anyOf, every, type Maybe, maybe, NO, opposite, sure, YES } from './maybe.ts';

export type AccessPrincipal = {
  readonly arn: string;
  /** 12 digits. */
  readonly account: string;
  readonly kind: 'role' | 'user' | 'root';
  /** The id that policies name after a role was deleted and made again. Null: not known. */
  readonly id: string | null;
  /** Of its own, of its groups and attached. */
  readonly policies: readonly AccessPolicy[];
  /** Null: it has none. */
  readonly boundary: AccessPolicy | null;
  /** What of them was not seen, in words: then it may allow and deny anything. */
  readonly unseen: readonly string[];
};

export type AccessRequest = {
  /** `s3:PutObject` */
  readonly action: string;
  /** ARN */
  readonly resource: string;
  /** Of the account that the resource lies in. */
  readonly account: string;
  /** Condition keys that the request brings. Names in lower case. */
  readonly values: Readonly<Record<string, string>>;
};

/**
 * `guard`: the policy at the resource itself. Null: there is none. A key and a role let nobody in but by
 * their own policy, a bucket also whom the account's IAM lets in. Source: IAM User Guide, "Policy evaluation
 * logic".
 */
export function decideAccess(
  principal: AccessPrincipal,
  request: AccessRequest,
  guard: AccessPolicy | null,
): Maybe {
  const facts = factsOf(principal, request);
  const own = (policies: readonly AccessPolicy[], effect: AccessStatement['effect']) =>
    anyOf(policies.flatMap((policy) => matching(policy, effect, request, facts).map(({ so }) => so)));
  const unseen = principal.unseen.map(maybe);
  const allowed = (policies: readonly AccessPolicy[]) => anyOf([own(policies, 'Allow'), ...unseen]);
  const bounds = principal.boundary === null ? [] : [principal.boundary];
  const byBoundary = bounds.length === 0 ? YES : allowed(bounds);
  const byIdentity = every([allowed(principal.policies), byBoundary]);
  const asked = guard === null ? [] : matching(guard, 'Allow', request, facts);
  const grants = asked.map(({ statement, so }) => ({ so, to: principalOf(statement, principal) }));
  const named = (grade: Grant) =>
    anyOf(grants.flatMap(({ so, to }) => (to.grade === grade ? [every([so, to.so])] : [])));
  const byName = principal.kind === 'role' ? every([named('name'), byBoundary]) : named('name');
  const byGuard = anyOf([byName, named('everybody')]);
  const denied = anyOf([
    ...unseen,
    own([...principal.policies, ...bounds], 'Deny'),
    ...(guard === null ? [] : matching(guard, 'Deny', request, facts)).map(({ statement, so }) =>
      every([so, principalOf(statement, principal).so]),
    ),
  ]);
  return every([opposite(denied), reached(principal, request, byIdentity, byGuard, named('account'))]);
}

function reached(
  principal: AccessPrincipal,
  { action, account }: AccessRequest,
  byIdentity: Maybe,
  byGuard: Maybe,
  byAccount: Maybe,
): Maybe {
  if (principal.account !== account) return every([byIdentity, anyOf([byGuard, byAccount])]);
  const needsGuard = action.startsWith('kms:') || action === 'sts:AssumeRole';
  return anyOf([needsGuard ? every([byIdentity, byAccount]) : byIdentity, byGuard]);
}

type Matched = { readonly statement: AccessStatement; readonly so: Maybe };

/** Statements of that effect that speak of the request, whoever asks. */
function matching(
  { statements, hasVariables }: AccessPolicy,
  effect: AccessStatement['effect'],
  request: AccessRequest,
  facts: RequestFacts,
): Matched[] {
  const found: Matched[] = [];
  for (const statement of statements) {
    if (statement.effect !== effect) continue;
    const { actions, resources, conditions } = statement;
    const isAction = actions.names.some((one) =>
      matchesWildcard(one.toLowerCase(), request.action.toLowerCase()),
    );
    if (isAction === actions.not) continue;
    const named = (resources?.names ?? ['*']).map((pattern) => {
      const plain = hasVariables ? withoutVariables(pattern, facts) : pattern;
      return plain === null ? maybe(pattern) : sure(matchesWildcard(plain, request.resource));
    });
    const isNamed = resources?.not === true ? every(named.map(opposite)) : anyOf(named);
    const so = every([isNamed, ...conditions.map((one) => holds(one, facts, hasVariables))]);
    if (so.is !== 'no') found.push({ statement, so });
  }
  return found;
}

/** By its name, as somebody of its account, or as anybody. */
type Grant = 'name' | 'account' | 'everybody';

/** Does the statement speak of this principal, and how? One of a role or user speaks of its owner. */
function principalOf(
  { principals, effect }: AccessStatement,
  principal: AccessPrincipal,
): { readonly so: Maybe; readonly grade: Grant } {
  if (principals === null) return { so: YES, grade: 'name' };
  const listed = listedAs(principals.names, principal);
  if (!principals.not) return listed;
  const so = listed.so.is === 'no' ? YES : effect === 'Allow' ? NO : maybe('NotPrincipal');
  return { so, grade: 'everybody' };
}

function listedAs(
  names: NamedPrincipals,
  { arn, account, id, kind }: AccessPrincipal,
): { readonly so: Maybe; readonly grade: Grant } {
  if (names === '*') return { so: YES, grade: 'everybody' };
  const aws = names.get('AWS') ?? [];
  if (aws.includes('*')) return { so: YES, grade: 'everybody' };
  if (aws.includes(arn) || (id !== null && aws.includes(id))) return { so: YES, grade: 'name' };
  const isOfAccount = (one: string) =>
    one === account || (one.endsWith(':root') && one.split(':')[4] === account);
  if (aws.some(isOfAccount)) return { so: YES, grade: kind === 'root' ? 'name' : 'account' };
  // One session of a role.
  const session = `:assumed-role/${arn.split('/').at(-1)}/`;
  const isSession = (one: string) =>
    kind === 'role' && one.includes(session) && one.split(':')[4] === account;
  if (aws.some(isSession)) return { so: maybe('the name of the session'), grade: 'name' };
  if (names.has('CanonicalUser')) return { so: maybe('a canonical user id'), grade: 'account' };
  return { so: NO, grade: 'name' };
}

/** Keys that a request has only where it brings them, or where a service of AWS makes it. */
const BROUGHT = [
  /^s3:(?:if-none-match|if-match|object-lock-.*|x-amz-.*|objectcreationoperation|prefix|delimiter|max-keys)$/,
  /^s3:(?:requestobjecttag.*|dataaccesspoint.*|accesspoint.*|accessgrants.*|inventory.*)$/,
  /^kms:(?:signingalgorithm|messagetype|viaservice|grant.*|encryption.*|request.*|recipient.*)$/,
  /^aws:(?:calledvia.*|source(?:account|arn|org.*|owner)|principalservicename.*|username)$/,
];

function factsOf(principal: AccessPrincipal, { account, values }: AccessRequest): RequestFacts {
  const { arn, kind } = principal;
  const known = {
    ...{ 'aws:securetransport': 'true', 's3:tlsversion': '1.3' },
    ...{ 'aws:principalarn': arn, 'aws:principalaccount': principal.account },
    ...{ 'aws:principaltype': { role: 'AssumedRole', user: 'User', root: 'Account' }[kind] },
    ...{ 'aws:principalisawsservice': 'false', 'aws:viaawsservice': 'false' },
    ...{
      'kms:calleraccount': principal.account,
      'aws:resourceaccount': account,
      's3:resourceaccount': account,
    },
    ...(kind === 'user' && { 'aws:username': String(arn.split('/').at(-1)) }),
  };
  return {
    values: new Map(Object.entries({ ...known, ...values })),
    isAbsent: (key) => BROUGHT.some((form) => form.test(key)),
  };
}
