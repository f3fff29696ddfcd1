// Do the parts of the verifier's configuration fit together? Rules that concern more than one key.
import { messageOf } from '../base/error.ts';
import { nodeSha256 } from '../base/node/hash.ts';
import { isAtLeast } from '../base/period.ts';
import { archiveOfKey } from '../format/chain.ts';
import { parseCosignerVkey } from '../format/cosignature.ts';
import { readPolicy } from '../format/tlog-policy.ts';
import { isKeyName, parseVkey } from '../format/vkey.ts';
import { isPeriod } from './archiver-rules.ts';
import { httpProblems } from './http-rules.ts';
import { isLoopback } from './loopback.ts';
import { PERSON_KEY_NAME } from './people-file.ts';
import { memberOf, type SchemaProblem, valueAt } from './problems.ts';
import { chainProblems, type Named, patternProblems } from './topic-rules.ts';
import { periodOf } from './units.ts';
import type { ConfigPath } from './yaml.ts';

const RETENTION_MAX = periodOf('10y');

/** Works on the values as they are written, even if the schema refuses them. */
export const verifierRuleProblems = (root: unknown): SchemaProblem[] => [
  ...keyProblems(root),
  ...cosignerProblems(root),
  ...overlapProblems(root),
  ...retentionProblems(root),
  ...chainProblems(topicsOf(root)),
  ...patternProblems(topicsOf(root)),
  ...indexProblems(root),
  ...witnessProblems(root),
  ...httpProblems(root, 'watch', 0),
];

function keyProblems(root: unknown): SchemaProblem[] {
  const own = keysOfOne(root, ['archive', 'trusted']);
  const [name] = own.names;
  const listed = valueAt(root, ['archive', 'older']);
  const older = (Array.isArray(listed) ? listed : []).flatMap((_, index) => {
    const path = ['archive', 'older', index, 'trusted'];
    const { names, problems } = keysOfOne(root, path);
    if (name === undefined || !names.has(name)) return problems;
    return [...problems, { path, message: `must be keys of another archive than ${name}` }];
  });
  return [...own.problems, ...older];
}

function keysOfOne(root: unknown, at: SchemaProblem['path']) {
  const problems: SchemaProblem[] = [];
  const names = new Set<string>();
  for (const { path, value } of listAt(root, at)) {
    try {
      names.add(archiveOfKey(parseVkey(value, nodeSha256).name));
    } catch (error) {
      problems.push({ path, message: `is not a verifier key: ${messageOf(error)}` });
    }
  }
  if (names.size > 1) {
    const message = `must be keys of one archive, and name ${[...names].join(' and ')}`;
    problems.push({ path: at, message });
  }
  return { names, problems };
}

/** One note holds all of them (FORMAT.md 9.9.3). */
const INDEX_PLACES_MAX = 8;

function indexProblems(root: unknown): SchemaProblem[] {
  const fields = valueAt(root, ['index', 'fields']);
  if (typeof fields !== 'object' || fields === null) return [];
  return Object.entries(fields).flatMap(([topic, names]): SchemaProblem[] => {
    if (typeof names !== 'object' || names === null) return [];
    const places = new Set(Object.values(names).flat());
    if (places.size <= INDEX_PLACES_MAX) return [];
    const message = `must name at most ${INDEX_PLACES_MAX} places, and has ${places.size}`;
    return [{ path: ['index', 'fields', topic], message }];
  });
}

function peopleProblems(root: unknown): SchemaProblem[] {
  return listAt(root, ['people']).flatMap(({ path, value }): SchemaProblem[] => {
    try {
      const { name, key } = parseCosignerVkey(value, nodeSha256);
      if (key.algorithm === 'ml-dsa-44') return [{ path, message: 'is a key that signs checkpoints only' }];
      if (name === PERSON_KEY_NAME) return [];
      return [{ path, message: `must be named ${PERSON_KEY_NAME}, as \`governance key\` does` }];
    } catch (error) {
      return [{ path, message: `is not the key of a person: ${messageOf(error)}` }];
    }
  });
}

function cosignerProblems(root: unknown): SchemaProblem[] {
  const problems: SchemaProblem[] = [];
  const name = valueAt(root, ['cosigner', 'name']);
  if (typeof name === 'string' && name !== '' && !isKeyName(name)) {
    problems.push({ path: ['cosigner', 'name'], message: 'must be a name without spaces and without +' });
  }
  for (const { value } of listAt(root, ['archive', 'trusted'])) {
    const [log = ''] = value.split('+');
    if (typeof name !== 'string' || (name !== log && !name.startsWith(`${log}/`))) continue;
    const message = "must not be the log's own name: a verifier speaks for itself";
    problems.push({ path: ['cosigner', 'name'], message });
    break;
  }
  for (const { path, value } of listAt(root, ['cosigner', 'earlier'])) {
    try {
      parseCosignerVkey(value, nodeSha256);
    } catch (error) {
      problems.push({ path, message: `is not a cosigner key: ${messageOf(error)}` });
    }
  }
  problems.push(...peopleProblems(root));
  return [...problems, ...signingProblems(root, 'signing'), ...signingProblems(root, 'postQuantum')];
}

function signingProblems(root: unknown, member: 'signing' | 'postQuantum'): SchemaProblem[] {
  const signing = valueAt(root, ['cosigner', member]);
  const keyId = memberOf(signing, 'keyId');
  const isRegionKnown =
    memberOf(signing, 'region') !== undefined ||
    valueAt(root, ['attestations', 'store', 'region']) !== undefined ||
    String(keyId).startsWith('arn:');
  if (memberOf(signing, 'kind') !== 'kms' || typeof keyId !== 'string' || isRegionKnown) return [];
  const message = 'is missing: neither the key id nor the store tells it';
  return [{ path: ['cosigner', member, 'region'], message }];
}

/** With the log's and the verifier's own lines they have room in a note of 16. */
const WITNESSES_MAX = 6;

function witnessProblems(root: unknown): SchemaProblem[] {
  const path: ConfigPath = ['witnesses', 'policy'];
  const text = valueAt(root, path);
  if (typeof text !== 'string' || text === '') return [];
  const policy = readPolicy(text, nodeSha256);
  if (!('quorum' in policy)) {
    const at = policy.line === null ? '' : `line ${policy.line}: `;
    return [{ path, message: `is no policy (c2sp.org/tlog-policy): ${at}${policy.message}` }];
  }
  const { witnesses } = policy;
  const messages: string[] = [];
  if (witnesses.length === 0)
    messages.push('names no witness: leave the section out where nobody is to be asked');
  if (witnesses.length > WITNESSES_MAX)
    messages.push(`names ${witnesses.length} witness keys, and a note has room for ${WITNESSES_MAX}`);
  for (const { key, url } of witnesses) {
    if (!isWitnessAddress(url)) messages.push(`gives ${key.name} no https address to send checkpoints to`);
    if (key.key.algorithm === 'ecdsa-p256')
      messages.push(
        `names ${key.name} with a P-256 key: a witness signs by Ed25519 or ML-DSA-44, with a time`,
      );
  }
  return messages.map((message) => ({ path, message }));
}

/** On the own machine plain HTTP is enough. */
function isWitnessAddress(url: string | null): boolean {
  if (url === null || !URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname));
}

/** The archive's writer can write into the archive, and an attestation there would be a foreign object. */
function overlapProblems(root: unknown): SchemaProblem[] {
  const archive = locationOf(valueAt(root, ['archive', 'store']));
  const own = locationOf(valueAt(root, ['attestations', 'store']));
  const work = locationOf(valueAt(root, ['fanOut', 'store']));
  const areApart = (a: string | null, b: string | null) =>
    a === null || b === null || !(a.startsWith(b) || b.startsWith(a));
  const problems: SchemaProblem[] = [];
  if (!areApart(archive, own))
    problems.push({
      path: ['attestations', 'store'],
      message: 'overlaps the archive: attestations need a bucket or prefix of their own',
    });
  for (const [name, other] of [
    ['the archive', archive],
    ['the attestations', own],
  ] as const)
    if (!areApart(work, other))
      problems.push({
        path: ['fanOut', 'store'],
        message: `overlaps ${name}: the workers need a bucket or prefix of their own`,
      });
  return problems;
}

function locationOf(store: unknown): string | null {
  const kind = memberOf(store, 'kind');
  const name = kind === 's3' ? memberOf(store, 'bucket') : memberOf(store, 'path');
  if (typeof name !== 'string') return null;
  const prefix = kind === 's3' ? String(memberOf(store, 'prefix') ?? '') : '';
  const location = `${String(kind)}:${name}/${prefix}`;
  return location.endsWith('/') ? location : `${location}/`;
}

function retentionProblems(root: unknown): SchemaProblem[] {
  const problems: SchemaProblem[] = [];
  for (const path of [
    ['attestations', 'retention', 'period'],
    ['fanOut', 'kept'],
  ]) {
    const period = valueAt(root, path);
    if (isPeriod(period) && !isAtLeast(RETENTION_MAX, periodOf(period)))
      problems.push({ path, message: 'must be 10y at most: it can not be taken back' });
  }
  const [least, greatest] = ['leastLock', 'greatestLock'].map((name) => valueAt(root, ['sweep', name]));
  if (isPeriod(least) && isPeriod(greatest) && !isAtLeast(periodOf(greatest), periodOf(least)))
    problems.push({
      path: ['sweep', 'greatestLock'],
      message: `must not be shorter than leastLock (${least})`,
    });
  return problems;
}

function listAt(root: unknown, path: ConfigPath): { path: ConfigPath; value: string }[] {
  const list = valueAt(root, path);
  if (!Array.isArray(list)) return [];
  return list.flatMap((value: unknown, index) =>
    typeof value === 'string' ? [{ path: [...path, index], value }] : [],
  );
}

function topicsOf(root: unknown): Named[] {
  const list = valueAt(root, ['kafka', 'topics']);
  return Array.isArray(list)
    ? list.map((value: unknown, index) => ({ path: ['kafka', 'topics', index], value }))
    : [];
}
