// What does the evaluation of policies say where something is not known, and of whom do statements speak?
import { describe, expect, it } from 'vitest';
import { parseAccessAccount, unseenPrincipal } from '../../../src/access/access-account.ts';
import { type AccessPrincipal, decideAccess } from '../../../src/access/access-decision.ts';
import { AccessPolicyError, parseAccessPolicy } from '../../../src/access/access-policy.ts';

const ACCOUNT = '111122223333';
const OTHER = '999988887777';
const ME = `arn:aws:iam::${ACCOUNT}:role/team/me`;
const allow = { Effect: 'Allow', Action: 's3:GetObject', Resource: '*' };
const policy = (...statements: readonly object[]) =>
  parseAccessPolicy({ Version: '2012-10-17', Statement: statements }, 'a policy');
const me = (...statements: readonly object[]): AccessPrincipal => ({
  ...{ arn: ME, account: ACCOUNT, kind: 'role', id: 'AROAEXAMPLE' },
  ...{ policies: statements.length === 0 ? [] : [policy(...statements)], boundary: null, unseen: [] },
});
const BY_NAME = `arn:aws:s3:::b/$${'{aws:username}'}`;
const REQUEST = { action: 's3:GetObject', resource: 'arn:aws:s3:::b/k', account: ACCOUNT, values: {} };
const ask = (who: AccessPrincipal, guard: readonly object[] | null = null, more: object = {}) =>
  decideAccess(who, { ...REQUEST, ...more }, guard === null ? null : policy(...guard));

describe('what is not known', () => {
  it.each<[string, object, unknown]>([
    ['an address', { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } }, ['aws:SourceIp']],
    ['a second factor', { Bool: { 'aws:MultiFactorAuthPresent': 'true' } }, ['aws:MultiFactorAuthPresent']],
    ['a tag', { StringEquals: { 'aws:PrincipalTag/team': 'a' } }, ['aws:PrincipalTag/team']],
    ['an operator of later', { StringSounds: { 's3:prefix': 'a' } }, ['s3:prefix']],
  ])('%s leaves it open, whether it allows or denies', (_, Condition, on) => {
    const expected =
      'StringSounds' in Condition ? { is: 'maybe', on: ['StringSounds'] } : { is: 'maybe', on };
    expect(ask(me({ ...allow, Condition }))).toEqual(expected);
    expect(ask(me(allow, { ...allow, Effect: 'Deny', Condition }))).toEqual(expected);
    // Another statement settles it.
    expect(ask(me(allow, { ...allow, Condition }))).toEqual({ is: 'yes' });
    expect(ask(me({ ...allow, Condition }, { ...allow, Effect: 'Deny' }))).toEqual({ is: 'no' });
  });

  it('a variable of a policy is filled in, or leaves it open', () => {
    const at = (Resource: string) => ask(me({ ...allow, Resource }));
    expect(at(BY_NAME)).toMatchObject({ is: 'maybe' });
    expect(
      ask(
        {
          ...me({ ...allow, Resource: BY_NAME }),
          arn: ME.replace('role', 'user'),
          kind: 'user',
        },
        null,
        { resource: 'arn:aws:s3:::b/me' },
      ),
    ).toEqual({ is: 'yes' });
    const old = parseAccessPolicy({ Statement: { ...allow, Resource: BY_NAME } }, 'old');
    expect(ask({ ...me(), policies: [old] }, null, { resource: BY_NAME })).toEqual({
      is: 'yes',
    });
  });

  it('who was not seen may do what the resource lets it', () => {
    const stranger = unseenPrincipal(`arn:aws:iam::${OTHER}:role/x`);
    expect(ask(stranger, [{ ...allow, Principal: { AWS: OTHER } }])).toMatchObject({ is: 'maybe' });
    expect(ask(stranger, [{ ...allow, Principal: { AWS: ACCOUNT } }])).toEqual({ is: 'no' });
    expect(ask(stranger)).toEqual({ is: 'no' });
  });
});

describe('of whom a statement speaks', () => {
  it.each<[string, object, string]>([
    ['its ARN', { Principal: { AWS: ME } }, 'yes'],
    ['its id, after it was deleted', { Principal: { AWS: 'AROAEXAMPLE' } }, 'yes'],
    ['another id', { Principal: { AWS: 'AROAOTHER' } }, 'no'],
    ['a session', { Principal: { AWS: `arn:aws:sts::${ACCOUNT}:assumed-role/me/ada` } }, 'maybe'],
    ['a session of a namesake', { Principal: { AWS: `arn:aws:sts::${OTHER}:assumed-role/me/ada` } }, 'no'],
    ['everybody', { Principal: '*' }, 'yes'],
    ['its account', { Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` } }, 'no'],
    ['a service', { Principal: { Service: 'x.amazonaws.com' } }, 'no'],
    ['a canonical user', { Principal: { CanonicalUser: 'abc' } }, 'no'],
    ['everybody but another', { NotPrincipal: { AWS: `arn:aws:iam::${ACCOUNT}:role/x` } }, 'yes'],
    ['everybody but it', { NotPrincipal: { AWS: ME } }, 'no'],
  ])('%s, and it has no rights of its own', (_, who, is) => {
    const { Action, Resource } = allow;
    expect(ask(me(), [{ Effect: 'Allow', Action, Resource, ...who }]).is).toBe(is);
  });

  it('a denial for everybody but it is not sure to spare it', () => {
    const deny = { ...allow, Effect: 'Deny', NotPrincipal: { AWS: ME } };
    expect(ask(me(allow), [deny])).toEqual({ is: 'maybe', on: ['NotPrincipal'] });
    expect(ask({ ...me(allow), arn: `${ME}x` }, [deny])).toEqual({ is: 'no' });
  });

  it('a key lets nobody in by IAM alone, and its account’s IAM only where it says so', () => {
    const own = { Effect: 'Allow', Action: 'kms:Sign', Resource: '*' };
    const sign = { action: 'kms:Sign', resource: 'arn:aws:kms:eu-west-1:111122223333:key/x' };
    const account = { ...own, Principal: { AWS: ACCOUNT } };
    expect([ask(me(own), [], sign).is, ask(me(own), [account], sign).is]).toEqual(['no', 'yes']);
    expect([ask(me(), [account], sign).is, ask(me(), [{ ...own, Principal: { AWS: ME } }], sign).is]).toEqual(
      ['no', 'yes'],
    );
  });

  it('a boundary limits a role that is named, and not a user', () => {
    const boundary = policy({ Effect: 'Allow', Action: 'ses:*', Resource: '*' });
    const named = [{ ...allow, Principal: { AWS: ME } }];
    expect(ask({ ...me(allow), boundary }, named)).toEqual({ is: 'no' });
    expect(ask({ ...me(), boundary, kind: 'user' }, named)).toEqual({ is: 'yes' });
    expect(ask({ ...me(allow), boundary: policy(allow) })).toEqual({ is: 'yes' });
  });
});

describe('what AWS does not print', () => {
  it.each<[unknown, string]>([
    ['[]', 'is no policy document'],
    [{ Statement: [{ Effect: 'Maybe', Action: '*' }] }, 'an Effect that is neither'],
    [{ Statement: [{ Effect: 'Allow', Resource: '*' }] }, 'names no action'],
    [{ Statement: [{ ...allow, NotAction: 'x' }] }, 'both Action and NotAction'],
    [{ Statement: [{ ...allow, Principle: '*' }] }, 'has a member "Principle"'],
    [{ Statement: [{ ...allow, Principal: 'me' }] }, 'neither "*" nor names'],
    [{ Statement: [{ ...allow, Action: [null] }] }, 'something else than text'],
    [{ Statement: [{ ...allow, Condition: [] }] }, 'a Condition that is none'],
    [{ Statement: [{ ...allow, Condition: { Bool: 'x' } }] }, 'Bool without keys'],
  ])('%j is refused', (document, said) => {
    expect(() => parseAccessPolicy(document, 'this file')).toThrow(AccessPolicyError);
    expect(() => parseAccessPolicy(document, 'this file')).toThrow(said);
  });

  it('the text of a policy may be percent-encoded, as IAM’s API has it', () => {
    const encoded = encodeURIComponent(JSON.stringify({ Statement: allow }));
    expect(parseAccessPolicy(encoded, 'x').statements).toHaveLength(1);
  });

  const role = { RoleName: 'a', RoleId: 'AROA', Arn: ME, RolePolicyList: [], AttachedManagedPolicies: [] };
  const file = { UserDetailList: [], GroupDetailList: [], RoleDetailList: [role], Policies: [] };
  it.each<[object, string]>([
    [{}, 'is not what `aws iam get-account-authorization-details` prints'],
    [{ ...file, IsTruncated: true }, 'only a part'],
    [{ ...file, NextToken: 'x' }, 'only a part'],
    [{ ...file, RoleDetailList: [] }, 'names no role or user'],
    [
      { ...file, RoleDetailList: [role, { ...role, Arn: ME.replace(ACCOUNT, OTHER) }] },
      'more than one account',
    ],
  ])('%j is no account', (given, said) => {
    expect(() => parseAccessAccount(given, 'iam.json')).toThrow(said);
  });

  it('a policy that can’t be read counts as one that was not seen', () => {
    const RolePolicyList = [{ PolicyName: 'odd', PolicyDocument: { Version: '2030-01-01' } }];
    const { principals, trusts } = parseAccessAccount(
      { ...file, RoleDetailList: [{ ...role, RolePolicyList }] },
      'x',
    );
    expect(principals[0]?.unseen).toEqual([expect.stringContaining('its policy odd: has a Version')]);
    expect(ask(principals[0]!)).toMatchObject({ is: 'maybe' });
    expect(trusts.get(ME)).toBeNull();
  });
});
