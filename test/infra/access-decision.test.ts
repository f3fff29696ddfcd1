// Does our evaluation of policies decide as an independent one does, on what infra deploys and on any conditions?
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accessActs } from '../../src/access/access-acts.ts';
import { type AccessPrincipal, decideAccess } from '../../src/access/access-decision.ts';
import { type AccessPolicy, parseAccessPolicy } from '../../src/access/access-policy.ts';
import { type FetchedDocument, fetchedFrom } from './fetched-policies.ts';
import { type Document, decide, EVERYTHING, FOREIGN_ACCOUNT, type Policy } from './simulation.ts';
import { ACCOUNT, BUCKET, KEY_IDS, REGION } from './synthesised.ts';
import { ATTESTATIONS, SECOND_ACCOUNT, SECOND_REGION } from './two-parties.ts';

type Who = { readonly arn: string; readonly account: string; readonly policies: readonly Policy[] };

const principalFrom = ({ arn, account, policies }: Who): AccessPrincipal => ({
  ...{
    arn,
    account,
    kind: arn.endsWith(':root') ? 'root' : arn.includes(':user/') ? 'user' : 'role',
    id: null,
  },
  policies: policies.map(({ name, policy }) => parseAccessPolicy(policy, name)),
  ...{ boundary: null, unseen: [] },
});

const fetched = fetchedFrom();
const ours: Who[] = Object.entries(fetched.accounts).flatMap(([account, { RoleDetailList }]) =>
  RoleDetailList.map(({ Arn, RolePolicyList, AttachedManagedPolicies }) => ({
    ...{ arn: Arn, account },
    policies: [
      ...RolePolicyList.map(({ PolicyName, PolicyDocument }) => ({
        name: PolicyName,
        policy: PolicyDocument,
      })),
      ...(AttachedManagedPolicies.length > 0 ? [{ name: 'all', policy: EVERYTHING }] : []),
    ],
  })),
);
const all = [{ name: 'all', policy: EVERYTHING }];
const WHO: readonly Who[] = [
  ...ours,
  { arn: `arn:aws:iam::${ACCOUNT}:root`, account: ACCOUNT, policies: all },
  { arn: `arn:aws:iam::${FOREIGN_ACCOUNT}:role/Administrator`, account: FOREIGN_ACCOUNT, policies: all },
  // Somebody widened the policies of each role.
  ...ours.map((one) => ({ ...one, policies: all })),
];

const arn = (id: keyof typeof KEY_IDS, of = ACCOUNT, at = REGION) =>
  `arn:aws:kms:${at}:${of}:key/${KEY_IDS[id]}`;
const ACTS = accessActs({
  ...{
    partition: 'aws',
    bucket: BUCKET,
    prefix: 'prod/',
    topics: ['orders'],
    lockDays: 3650,
    isSealed: false,
  },
  ...{ logKeys: [arn('log')], governanceKeys: [arn('governance')], attestations: ATTESTATIONS },
  verifierKeys: [arn('verifier', SECOND_ACCOUNT, SECOND_REGION)],
});
const guardOf = (resource: string): FetchedDocument => {
  const id = resource.split('/').at(-1);
  const name = resource.startsWith('arn:aws:s3')
    ? `bucket-${resource.split(':::')[1]?.split('/')[0]}`
    : `key-${id}`;
  const found = fetched.policies[name];
  if (!found) throw new Error(`no ${name}`);
  return found;
};
const accountOf = (resource: string) =>
  resource.split(':')[4] || (resource.includes(ATTESTATIONS) ? SECOND_ACCOUNT : ACCOUNT);

describe('on what infra deploys', () => {
  const ASKS = [
    ...new Map(ACTS.flatMap(({ asks }) => asks).map((ask) => [JSON.stringify(ask), ask])).values(),
  ];

  it.each([...new Set(ASKS.map(({ action }) => action))])('%s', async (action) => {
    const [differ, answers]: [string[], Set<string>] = [[], new Set()];
    for (const ask of ASKS.filter((one) => one.action === action))
      for (const who of WHO) {
        const [guard, account] = [guardOf(ask.resource), accountOf(ask.resource)];
        const own = decideAccess(principalFrom(who), { ...ask, account }, parseAccessPolicy(guard, 'guard'));
        const theirs = await decide({
          ...{ principal: who.arn, principalAccount: who.account, identityPolicies: [...who.policies] },
          ...{ resourcePolicy: guard as Document, resourceAccount: account },
          ...{ action, resource: ask.resource, context: ask.values },
        });
        answers.add(String(theirs));
        if (own.is !== (theirs ? 'yes' : 'no'))
          differ.push(`${who.arn} ${ask.resource} ${JSON.stringify(ask.values)}: ${own.is}, and ${theirs}`);
      }
    expect(differ).toEqual([]);
    expect(answers.size).toBeGreaterThan(0);
  });
});

describe('on any statements', () => {
  const PUT = 's3:PutObject';
  const resource = `arn:aws:s3:::${BUCKET}/prod/data/topic=orders/x`;
  const me = `arn:aws:iam::${ACCOUNT}:role/me`;
  const texts = fc.constantFrom('*', 'COMPLIANCE', 'COMP*', 'GOVERNANCE', 'compliance', 'C?MPLIANCE');
  const numbers = fc.constantFrom('0', '363', '364', '365', '3650');
  const arns = fc.constantFrom(
    me,
    `arn:aws:iam::${ACCOUNT}:role/*`,
    `arn:aws:iam::*:role/me`,
    `arn:aws:iam::${ACCOUNT}:*`,
  );
  const one = <T>(operators: readonly string[], key: string, values: fc.Arbitrary<T>) =>
    fc
      .record({
        operator: fc.constantFrom(...operators),
        ifExists: fc.constantFrom('', 'IfExists'),
        values: fc.array(values, { minLength: 1, maxLength: 2 }),
      })
      .map(({ operator, ifExists, values: given }) => ({ [`${operator}${ifExists}`]: { [key]: given } }));
  const strings = ['Equals', 'NotEquals', 'EqualsIgnoreCase', 'NotEqualsIgnoreCase', 'Like', 'NotLike'];
  const orders = ['Equals', 'NotEquals', 'LessThan', 'LessThanEquals', 'GreaterThan', 'GreaterThanEquals'];
  const condition = fc.oneof(
    fc.constant({}),
    one(
      strings.map((name) => `String${name}`),
      's3:object-lock-mode',
      texts,
    ),
    one(
      orders.map((name) => `Numeric${name}`),
      's3:object-lock-remaining-retention-days',
      numbers,
    ),
    one(['ArnEquals', 'ArnLike', 'ArnNotEquals', 'ArnNotLike'], 'aws:PrincipalArn', arns),
    one(['Bool'], 's3:ObjectCreationOperation', fc.constantFrom('true', 'false')),
    fc.constantFrom('true', 'false').map((value) => ({ Null: { 's3:if-none-match': value } })),
  );
  const statement = (hasPrincipal: boolean) =>
    fc
      .record({
        Effect: fc.constantFrom('Allow', 'Allow', 'Deny'),
        Action: fc.constantFrom(PUT, 's3:*', 's3:putobject', 's3:Put*', 's3:GetObject', '*'),
        Resource: fc.constantFrom('*', resource, `arn:aws:s3:::${BUCKET}/*`, `arn:aws:s3:::${BUCKET}`),
        Condition: condition,
        not: fc.constantFrom('', 'Not'),
        Principal: fc.constantFrom<unknown>(
          '*',
          { AWS: me },
          { AWS: ACCOUNT },
          { AWS: '*' },
          { AWS: FOREIGN_ACCOUNT },
          {
            Service: 'lambda.amazonaws.com',
          },
        ),
      })
      .map(({ not, Resource, Principal, ...rest }) => ({
        ...rest,
        [`${not}Resource`]: Resource,
        ...(hasPrincipal && { Principal }),
      }));
  const document = (hasPrincipal: boolean) =>
    fc
      .array(statement(hasPrincipal), { minLength: 1, maxLength: 3 })
      .map((Statement) => ({ Version: '2012-10-17', Statement }));
  const context = fc.record(
    {
      's3:object-lock-mode': fc.constantFrom('COMPLIANCE', 'GOVERNANCE'),
      's3:object-lock-remaining-retention-days': numbers,
      's3:if-none-match': fc.constant('*'),
      's3:ObjectCreationOperation': fc.constantFrom('true', 'false'),
    },
    { requiredKeys: [] },
  );

  it('the answers are the same', async () => {
    const counts = { yes: 0, no: 0, maybe: 0 };
    await fc.assert(
      fc.asyncProperty(
        ...[document(false), document(true), context, fc.constantFrom(ACCOUNT, FOREIGN_ACCOUNT)],
        async (own, guard, values, account) => {
          const policies = [{ name: 'own', policy: own }];
          const lower = Object.fromEntries(
            Object.entries(values).map(([key, value]) => [key.toLowerCase(), value]),
          );
          const found = decideAccess(
            principalFrom({ arn: me, account: ACCOUNT, policies }),
            { action: PUT, resource, account, values: lower },
            parseAccessPolicy(guard, 'guard') as AccessPolicy,
          );
          const theirs = await decide({
            ...{ principal: me, principalAccount: ACCOUNT, identityPolicies: policies, context: values },
            ...{
              resourcePolicy: guard as unknown as Document,
              resourceAccount: account,
              action: PUT,
              resource,
            },
          });
          counts[found.is]++;
          expect(found.is).toBe(theirs ? 'yes' : 'no');
        },
      ),
      { numRuns: 1_000, seed: 20_261_201 },
    );
    expect(counts.maybe).toBe(0);
    expect(Math.min(counts.yes, counts.no)).toBeGreaterThan(100);
  });
});
