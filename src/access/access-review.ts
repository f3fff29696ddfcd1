// Who can do what to an archive by the policies that were fetched, and where is that not what infra means?
import { type AccessAccount, accountRoot, unseenPrincipal } from './access-account.ts';
import { type AccessAct, type AccessSubject, accessActs } from './access-acts.ts';
import { type AccessPrincipal, decideAccess } from './access-decision.ts';
import { type Outsiders, outsidersOf } from './access-outsiders.ts';
import { type AccessRole, type Party, type PartyNames, partiesOf } from './access-parties.ts';
import type { AccessPolicy } from './access-policy.ts';
import { anyOf, every, type Maybe } from './maybe.ts';

/** `policy` null: the resource has none. Left out of the map: it was not fetched. */
export type GuardPolicies = ReadonlyMap<string, AccessPolicy | null>;

export type AccessFacts = {
  readonly accounts: readonly AccessAccount[];
  /** By the name of a bucket and the ARN of a key. */
  readonly guards: GuardPolicies;
  readonly subject: AccessSubject;
  readonly names: PartyNames;
};

export type AccessHolder = {
  readonly arn: string;
  readonly parties: readonly Party[];
  /** `part`: of what the act takes, some. `if`: it depends on what is not known here. */
  readonly may: 'yes' | 'part' | 'if';
  /** On what it depends. */
  readonly on: readonly string[];
  /** False: nobody means it to. */
  readonly isMeant: boolean;
};

export type ReviewedAct = {
  readonly object: string;
  readonly what: string;
  readonly holders: readonly AccessHolder[];
  /** Parties that are meant to be able to, are there, and are not. */
  readonly lacking: readonly Party[];
  readonly meant: readonly AccessRole[];
};

type ReviewedRole = {
  readonly party: Party;
  readonly arn: string;
  /** Roles and users of the files that its trust policy lets take it. */
  readonly takenBy: readonly string[];
  /** Who else its trust policy names: services, accounts, people of other accounts. */
  readonly trusts: readonly string[];
  /** Roles and users that may change its trust or its rights: they can become it. */
  readonly changedBy: readonly string[];
  /** What its trust policy says that infra's never does. */
  readonly wrong: readonly string[];
};

export type AccessReview = {
  readonly acts: readonly ReviewedAct[];
  readonly roles: readonly ReviewedRole[];
  /** Parties without a role in the files. */
  readonly absent: readonly Party[];
  /** What could not be looked at. Then nothing is said of it. */
  readonly notSeen: readonly string[];
  readonly differences: number;
};

/** Pure. */
export function reviewAccess(facts: AccessFacts): AccessReview {
  const outsiders = outsidersOf(facts);
  const everybody = principalsOf(facts, outsiders);
  const known = everybody.map((principal) => ({ principal, parties: partiesOf(principal, facts.names) }));
  const subject = { ...facts.subject, topics: topicsAskedOf(facts) };
  const acts = accessActs(subject).flatMap((one) => reviewAct(one, known, facts) ?? []);
  const roles = reviewRoles(known, facts);
  const there = new Set(known.flatMap(({ parties }) => parties));
  const notSeen = [
    ...resourcesOf(subject)
      .filter((name) => !facts.guards.has(name))
      .map((name) => `the policy of ${name}`),
    ...[facts.names.account, facts.names.verifierAccount]
      .filter((account, index, all) => all.indexOf(account) === index)
      .filter((account) => !facts.accounts.some((one) => one.account === account))
      .map((account) => `roles and users of the account ${account}`),
    ...new Set(everybody.flatMap(({ arn, unseen }) => unseenOf(arn, unseen))),
    ...outsiders.unknown,
  ];
  const wrong = acts.reduce(
    (sum, { holders, lacking }) => sum + lacking.length + holders.filter(({ isMeant }) => !isMeant).length,
    roles.reduce((sum, one) => sum + one.wrong.length, 0),
  );
  const absent = expectedParties(subject).filter((party) => !there.has(party));
  return { acts, roles, absent, notSeen, differences: wrong };
}

const UNSEEN_ACCOUNT = unseenPrincipal('').unseen[0];
const unseenOf = (arn: string, unseen: readonly string[]): string[] =>
  unseen.filter((one) => one !== UNSEEN_ACCOUNT).map((one) => `of ${arn}: ${one}`);

const expectedParties = ({ governanceKeys, attestations }: AccessSubject): Party[] => [
  ...(['archiver', 'auditor', 'key-admin', 'break-glass'] as const),
  ...(governanceKeys.length === 0 ? [] : (['officer', 'approver'] as const)),
  ...(attestations === null
    ? []
    : (['verifier', 'verifier-auditor', 'verifier-key-admin', 'verifier-break-glass'] as const)),
];

const resourcesOf = ({
  bucket,
  logKeys,
  governanceKeys,
  attestations,
  verifierKeys,
}: AccessSubject): string[] => [
  bucket,
  ...(attestations === null ? [] : [attestations]),
  ...[...logKeys, ...governanceKeys, ...verifierKeys],
];

/** Roles and users of the files, each account itself, and whom the policies name beside. */
function principalsOf({ accounts }: AccessFacts, outsiders: Outsiders): AccessPrincipal[] {
  const seen = accounts.flatMap((one) => [...one.principals, accountRoot(one)]);
  return [...seen, ...outsiders.arns.map(unseenPrincipal)];
}

/** Topics that some policy names in an object's key: one topic may have been left out of a denial. */
function topicsAskedOf({ accounts, guards, subject }: AccessFacts): string[] {
  const policies = [
    ...[...guards.values()].filter((guard) => guard !== null),
    ...accounts.flatMap(({ principals }) =>
      principals.flatMap((one) => [...one.policies, one.boundary ?? []].flat()),
    ),
  ];
  const named = policies.flatMap(({ statements }) =>
    statements.flatMap(({ resources }) =>
      (resources?.names ?? []).flatMap((name) => /topic=([^/*?]+)/.exec(name)?.[1] ?? []),
    ),
  );
  return [...new Set([...subject.topics, ...named])].filter((topic) => !topic.startsWith('ledgerstone.'));
}

type Known = { readonly principal: AccessPrincipal; readonly parties: readonly Party[] };

/** Null: the policy at the resource was not fetched. */
function reviewAct(
  act: AccessAct,
  known: readonly Known[],
  { guards, names }: AccessFacts,
): ReviewedAct | null {
  const resource = act.asks[0]?.resource ?? '';
  const name = resource.startsWith('arn:') && resource.includes(':s3:::') ? bucketOf(resource) : resource;
  const guard = guards.get(name);
  if (guard === undefined) return null;
  const isVerifiers = /^(?:attestation|verifier)/.test(act.object);
  const account = resource.split(':')[4] || (isVerifiers ? names.verifierAccount : names.account);
  const holders: AccessHolder[] = [];
  const lacking = new Set<Party>();
  for (const { principal, parties } of known) {
    const answers = act.asks.map((ask) => decideAccess(principal, { ...ask, account }, guard));
    const [some, all] = [anyOf(answers), act.needs === 'one' ? anyOf(answers) : every(answers)];
    const roles: readonly AccessRole[] = parties.length > 0 ? parties : [strangerOf(principal, account)];
    const words = wordsOf(some, all);
    // Of a party whose account was not fetched nothing more is known than that the resource lets it.
    const isUnseen =
      parties.length > 0 && words.may === 'if' && words.on.every((one) => one === UNSEEN_ACCOUNT);
    const isMeant = isUnseen || roles.some((role) => act.may.includes(role) || act.either.includes(role));
    if (all.is === 'no') for (const party of parties) if (act.may.includes(party)) lacking.add(party);
    if (some.is === 'no') continue;
    holders.push({ arn: principal.arn, parties, ...words, isMeant });
  }
  return { object: act.object, what: act.what, holders, lacking: [...lacking], meant: act.may };
}

const wordsOf = (some: Maybe, all: Maybe): Pick<AccessHolder, 'may' | 'on'> => ({
  may: all.is === 'yes' ? 'yes' : some.is === 'yes' ? 'part' : 'if',
  on: all.is === 'maybe' ? all.on : some.is === 'maybe' ? some.on : [],
});

const bucketOf = (arn: string): string => String(arn.split(':::')[1]?.split('/')[0]);

function strangerOf({ account, kind }: AccessPrincipal, owner: string): AccessRole {
  if (account !== owner) return 'another account';
  return kind === 'root' ? 'root' : 'others';
}

/** With one of these a role's owner lets anybody be it, or do as it does. */
const TO_CHANGE = ['iam:UpdateAssumeRolePolicy', 'iam:PutRolePolicy', 'iam:AttachRolePolicy'];
/** So too, of a role whose rights a boundary limits. */
const TO_UNBIND = ['iam:DeleteRolePermissionsBoundary', 'iam:PutRolePermissionsBoundary'];
/** And of a policy that is attached to it. */
const TO_REWRITE = ['iam:CreatePolicyVersion', 'iam:SetDefaultPolicyVersion'];

function reviewRoles(known: readonly Known[], { accounts, names }: AccessFacts): ReviewedRole[] {
  const trusts = new Map(accounts.flatMap((one) => [...one.trusts]));
  const attached = new Map(accounts.flatMap((one) => [...one.attached]));
  const ours = new Set([names.account, names.verifierAccount, ...names.peopleAccounts]);
  return known.flatMap(({ principal, parties }) => {
    const trust = trusts.get(principal.arn);
    const [party] = parties;
    if (party === undefined || trust === undefined) return [];
    const { arn, account } = principal;
    const others = known.map((one) => one.principal).filter((one) => one.arn !== arn);
    const may = (action: string, guard: AccessPolicy | null, resource = arn) =>
      others
        .filter((one) => decideAccess(one, { action, resource, account, values: {} }, guard).is !== 'no')
        .map((one) => one.arn);
    // AWS's own policies are nobody's to change.
    const policies = (attached.get(arn) ?? []).filter((one) => one.split(':')[4] === account);
    const changers = [
      ...[...TO_CHANGE, ...(principal.boundary === null ? [] : TO_UNBIND)].flatMap((one) => may(one, null)),
      ...policies.flatMap((policy) => TO_REWRITE.flatMap((one) => may(one, null, policy))),
    ];
    const named = trust === null ? [] : trustedBy(trust);
    return [
      {
        ...{ party, arn },
        takenBy: may('sts:AssumeRole', trust),
        trusts: named,
        changedBy: [...new Set(changers)].filter(
          (one) => !one.startsWith('arn:') || one.split(':')[4] === account,
        ),
        wrong: trust === null ? ['its trust policy could not be read'] : strangersIn(named, ours),
      },
    ];
  });
}

/** `AWS arn:…`, `Service ecs-tasks.amazonaws.com` */
const trustedBy = ({ statements }: AccessPolicy): string[] => [
  ...new Set(
    statements.flatMap(({ effect, principals }) => {
      if (effect !== 'Allow' || principals === null) return [];
      if (principals.not) return ['everybody but those named'];
      if (principals.names === '*') return ['everybody'];
      return [...principals.names].flatMap(([kind, names]) =>
        names.map((name) => (name === '*' ? 'everybody' : `${kind} ${name}`)),
      );
    }),
  ),
];

function strangersIn(named: readonly string[], ours: ReadonlySet<string>): string[] {
  return named.flatMap((one) => {
    if (one.startsWith('everybody')) return [`its trust policy lets in ${one}`];
    const account = /^AWS (?:arn:[^:]+:(?:iam|sts)::)?(\d{12})(?::|$)/.exec(one)?.[1];
    return account === undefined || ours.has(account)
      ? []
      : [`its trust policy lets in another account: ${one}`];
  });
}
