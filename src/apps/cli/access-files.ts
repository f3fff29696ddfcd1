// What of an archive's policies was fetched into this folder, and how was it to be fetched?
import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type AccessAccount, parseAccessAccount } from '../../access/access-account.ts';
import type { AccessSubject } from '../../access/access-acts.ts';
import {
  type AccessPolicy,
  AccessPolicyError,
  isMembers,
  parseAccessPolicy,
  parsedJson,
} from '../../access/access-policy.ts';
import type { GuardPolicies } from '../../access/access-review.ts';
import { readInput } from './bounded-input.ts';
import { fileError } from './file-error.ts';
import type { Session } from './session.ts';

/** A large account with all its policies has some tens of MB. */
export const FILE_BYTES_MAX = 256 * 1024 * 1024;

type FetchedFile = { readonly name: string; readonly sha256: string };
export type FetchedPolicies = {
  readonly accounts: readonly AccessAccount[];
  readonly guards: GuardPolicies;
  /** Resources whose grants or policy AWS did not show, with its words. */
  readonly refused: readonly string[];
  readonly files: readonly FetchedFile[];
};

type Resources = Pick<AccessSubject, 'bucket' | 'attestations'> & { readonly keys: readonly string[] };

const idOf = (keyArn: string): string => String(keyArn.split('/').at(-1));
const bucketFile = (bucket: string): string => `bucket-${bucket}.json`;
const keyFile = (keyArn: string): string => `key-${idOf(keyArn)}.json`;
const grantsFile = (keyArn: string): string => `grants-${idOf(keyArn)}.json`;

/** Whatever the folder has beside is left alone. Throws AccessPolicyError naming the file. */
export async function readFetched(
  { io }: Session,
  folder: string,
  { bucket, attestations, keys }: Resources,
): Promise<FetchedPolicies> {
  const names = await readdir(folder).catch((cause: unknown) => {
    throw fileError(`can't read the folder ${folder}`, cause);
  });
  const files: FetchedFile[] = [];
  const read = async (name: string): Promise<string> => {
    const bytes = await readInput(io.stdin, join(folder, name), FILE_BYTES_MAX, 'file of policies');
    files.push({ name, sha256: createHash('sha256').update(bytes).digest('hex') });
    return Buffer.from(bytes).toString('utf8');
  };
  const accounts: AccessAccount[] = [];
  const refused: string[] = [];
  for (const name of names.filter((one) => /^iam-.*\.json$/.test(one)).toSorted()) {
    const text = await read(name);
    const refusal = refusalOf(text);
    if (refusal === null) accounts.push(parseAccessAccount(parsedJson(text, name), name));
    else refused.push(`${name}: ${refusal}`);
  }
  const twice = accounts.find(
    ({ account }, index) => accounts.findIndex((one) => one.account === account) < index,
  );
  if (twice) throw new AccessPolicyError(folder, `has two files of the account ${twice.account}`);
  const guards = new Map<string, AccessPolicy | null>();
  const guardOf = async (resource: string, name: string): Promise<AccessPolicy | null | undefined> => {
    if (!names.includes(name)) return undefined;
    const answer = answerOf(await read(name), name);
    if (typeof answer !== 'string') return answer;
    refused.push(`the policy of ${resource}: ${answer}`);
    return undefined;
  };
  for (const one of [bucket, ...(attestations === null ? [] : [attestations])]) {
    const guard = await guardOf(one, bucketFile(one));
    if (guard !== undefined) guards.set(one, guard);
  }
  for (const key of keys) {
    const guard = await guardOf(key, keyFile(key));
    if (guard === undefined) continue;
    const grants = names.includes(grantsFile(key))
      ? grantsOf(await read(grantsFile(key)), grantsFile(key))
      : 'not fetched';
    if (typeof grants === 'string') refused.push(`the grants of ${key}: ${grants}`);
    guards.set(key, typeof grants === 'string' ? guard : withGrants(guard, grants));
  }
  return { accounts, guards, refused, files };
}

/** `2>&1` brings the words of AWS and of its tool into the file. Null: it is an answer. */
function refusalOf(text: string): string | null {
  const plain = text.trim();
  if (plain === '') return 'the file is empty';
  if (/^[{[]/.test(plain)) return null;
  return (
    /An error occurred \(\w{1,80}\)[^\n]{0,300}/.exec(plain)?.[0] ?? String(/^[^\n]{0,300}/.exec(plain)?.[0])
  );
}

/** Null: there is no policy. Text: why there is none here. */
function answerOf(text: string, name: string): AccessPolicy | null | string {
  const refusal = refusalOf(text);
  if (refusal !== null) return refusal.includes('(NoSuchBucketPolicy)') ? null : refusal;
  const answer = parsedJson(text, name);
  if (!isMembers(answer) || typeof answer['Policy'] !== 'string')
    throw new AccessPolicyError(name, 'has no member "Policy" with the text of a policy');
  return parseAccessPolicy(answer['Policy'], name);
}

type Grant = { readonly grantee: string; readonly operations: readonly string[] };

/** Text: why they are not here. */
function grantsOf(text: string, name: string): Grant[] | string {
  const refusal = refusalOf(text);
  if (refusal !== null) return refusal;
  const answer = parsedJson(text, name);
  if (!isMembers(answer) || !Array.isArray(answer['Grants']) || answer['Truncated'] === true)
    throw new AccessPolicyError(name, 'has no whole list of "Grants"');
  return answer['Grants'].filter(isMembers).map((one) => ({
    grantee: String(one['GranteePrincipal'] ?? one['GranteeServicePrincipal'] ?? 'somebody not named'),
    operations: Array.isArray(one['Operations']) ? one['Operations'].map(String) : [],
  }));
}

/** A grant allows as a statement that names the principal does, and denials bind it too. */
function withGrants(guard: AccessPolicy | null, grants: readonly Grant[]): AccessPolicy | null {
  if (guard === null) return guard;
  const statements = grants.map(({ grantee, operations }) => ({
    ...({ sid: 'grant', effect: 'Allow', conditions: [], resources: null } as const),
    principals: { not: false, names: new Map([['AWS', [grantee]]]) },
    actions: { not: false, names: operations.map((operation) => `kms:${operation}`) },
  }));
  return { ...guard, statements: [...guard.statements, ...statements] };
}

/** One call of AWS's own tool, and the file that its answer goes to. */
export type FetchCall = { readonly args: readonly string[]; readonly file: string };

/** The calls that fetch all of it. */
export function fetchCalls(
  { bucket, attestations, keys }: Resources,
  accounts: readonly string[],
): FetchCall[] {
  const call = (words: string, account: string | undefined, file: string): FetchCall => ({
    args: [...words.split(' '), '--output', 'json', '--profile', `account-${account}`],
    file,
  });
  const ofKey = (key: string) => {
    const [, , , region, account] = key.split(':');
    return [
      call(`kms get-key-policy --key-id ${key} --region ${region}`, account, keyFile(key)),
      call(`kms list-grants --key-id ${key} --region ${region}`, account, grantsFile(key)),
    ];
  };
  const ofBucket = (name: string, account: string | undefined) =>
    call(`s3api get-bucket-policy --bucket ${name}`, account, bucketFile(name));
  const [first, second = first] = accounts;
  return [
    ...accounts.map((one) => call('iam get-account-authorization-details', one, `iam-${one}.json`)),
    ofBucket(bucket, first),
    ...(attestations === null ? [] : [ofBucket(attestations, second)]),
    ...keys.flatMap(ofKey),
  ];
}

/** For a shell. What AWS refuses stands in the file in its words. */
export const commandText = ({ args, file }: FetchCall): string => `aws ${args.join(' ')} > ${file} 2>&1`;
