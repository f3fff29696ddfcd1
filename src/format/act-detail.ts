// What does a decision of each kind say? (FORMAT.md 13.3, 13.4)
import { FormatError } from '../base/error.ts';
import { isChainName, isPartition } from './chain.ts';
import { isCount, isHash, isWord } from './scalar.ts';
import { parseUntil } from './time.ts';

export type PersonRole = 'officer' | 'approver';
export type Person = {
  readonly name: string;
  /** A vkey by the name `person`. */
  readonly key: string;
  readonly roles: readonly PersonRole[];
};

/** Segments of one chain: seals and data objects. */
export type SegmentRange = {
  readonly chain: string;
  /** Null: each partition. */
  readonly partition: number | null;
  readonly from: number;
  /** The last one. Null: all that come later too. */
  readonly to: number | null;
};

export type ActPolicy = {
  readonly name: string;
  readonly mode: 'COMPLIANCE' | 'GOVERNANCE';
  /** Such as `1y`. */
  readonly period: string;
};

type Key = { readonly use: 'log' | 'governance' | 'cosigner'; readonly key: string };

export type ActDetail = {
  readonly charter: { readonly people: readonly Person[]; readonly approval: { readonly hours: number } };
  readonly approve: Readonly<Record<string, never>>;
  readonly withdraw: Readonly<Record<string, never>>;
  readonly done: { readonly objects: number; readonly changed: number };
  readonly continue: { readonly origin: string; readonly size: number; readonly root: string };
  readonly 'hold.place': { readonly case: string; readonly segments: readonly SegmentRange[] };
  readonly 'hold.reaffirm': { readonly case: string };
  readonly 'hold.release': { readonly case: string };
  readonly 'retention.extend': { readonly segments: readonly SegmentRange[]; readonly until: string };
  readonly policy: {
    readonly policies: readonly ActPolicy[];
    /** Which of them holds for all partitions of a chain. Another chain may have any. */
    readonly chains: readonly { readonly chain: string; readonly policy: string }[];
  };
  readonly 'key.introduce': Key;
  /** `signer`: where a writer of the archive finds the key. */
  readonly 'key.rotate': {
    readonly use: 'log' | 'governance';
    readonly key: string;
    readonly signer: string;
  };
  readonly 'key.retire': Key;
  readonly 'gap.accept': {
    readonly chain: string;
    readonly partition: number;
    readonly from: number;
    readonly to: number;
  };
  readonly 'finding.ack': { readonly finding: string };
  readonly 'finding.resolve': { readonly finding: string };
  readonly export: { readonly case: string; readonly package: string; readonly events: number };
  readonly disclose: { readonly case: string; readonly to: string; readonly what: string };
  readonly drill: { readonly report: string };
  readonly copy: {
    /** The stores, as people name them. */
    readonly from: string;
    readonly to: string;
    /** Of `from`, before it was copied. */
    readonly verdict: (typeof VERDICTS)[number];
    /** Null: each lock is at least as long as in `from`. */
    readonly until: string | null;
    readonly objects: number;
    readonly bytes: number;
    /** Hex SHA-256 of all keys and digests, and of the checkpoints of all heads. */
    readonly list: string;
    readonly chains: number;
    readonly heads: string;
  };
};
export type ActKind = keyof ActDetail;

type Detail = Readonly<Record<string, unknown>>;
const VERDICTS = ['verified', 'broken', 'unverifiable'] as const;
const WORD = 255;
const PEOPLE_MAX = 64;
const SEGMENTS_MAX = 1000;
const POLICIES_MAX = 256;
const HOURS_MAX = 8760;
const CHAINS_MAX = 10_000;
/** As in configurations: a unit is required, and there are no minutes. */
const PERIOD = /^[1-9][0-9]{0,8}(?:y|mo|w|d|h|s)$/;

/** Of each kind: its members in their order, each checked. Throws FormatError. */
const CHECKS: { readonly [Kind in ActKind]: (detail: Detail) => ActDetail[Kind] } = {
  charter: ({ people, approval }) => ({
    people: checkPeople(people),
    approval: { hours: hoursOf(object(approval, 'approval')['hours']) },
  }),
  approve: () => ({}),
  withdraw: () => ({}),
  done: ({ objects, changed }) => ({
    objects: countOf(objects, 'objects'),
    changed: countOf(changed, 'changed'),
  }),
  continue: (detail) => ({
    origin: wordOf(detail, 'origin'),
    size: countOf(detail['size'], 'size'),
    root: hashOf(detail, 'root'),
  }),
  'hold.place': (detail) => ({ case: wordOf(detail, 'case'), segments: segmentsOf(detail['segments']) }),
  'hold.reaffirm': (detail) => ({ case: wordOf(detail, 'case') }),
  'hold.release': (detail) => ({ case: wordOf(detail, 'case') }),
  'retention.extend': ({ segments, until }) => ({ segments: segmentsOf(segments), until: untilOf(until) }),
  policy: (detail) => {
    const policies = policiesOf(detail['policies']);
    return { policies, chains: policyChainsOf(detail['chains'], policies) };
  },
  'key.introduce': keyOf,
  'key.rotate': (detail) => {
    const { use, key } = keyOf(detail);
    if (use === 'cosigner') throw refused('use');
    return { use, key, signer: wordOf(detail, 'signer') };
  },
  'key.retire': keyOf,
  'gap.accept': (detail) => {
    const { chain, partition, from, to } = rangeOf(detail, 'gap');
    if (partition === null || to === null) throw refused('gap');
    return { chain, partition, from, to };
  },
  'finding.ack': findingOf,
  'finding.resolve': findingOf,
  export: (detail) => ({
    case: wordOf(detail, 'case'),
    package: hashOf(detail, 'package'),
    events: countOf(detail['events'], 'events'),
  }),
  disclose: (detail) => ({
    case: wordOf(detail, 'case'),
    to: wordOf(detail, 'to'),
    what: wordOf(detail, 'what'),
  }),
  drill: (detail) => ({ report: hashOf(detail, 'report') }),
  copy: (detail) => ({
    ...{ from: wordOf(detail, 'from'), to: wordOf(detail, 'to'), verdict: verdictOf(detail['verdict']) },
    until: detail['until'] === null ? null : untilOf(detail['until']),
    ...{ objects: countOf(detail['objects'], 'objects'), bytes: countOf(detail['bytes'], 'bytes') },
    ...{ list: hashOf(detail, 'list'), chains: countOf(detail['chains'], 'chains') },
    heads: hashOf(detail, 'heads'),
  }),
};

/** Kinds that need another person's approval. `policy`, `charter` and `key.rotate`: sometimes. */
export const TWO_PERSONS: ReadonlySet<ActKind> = new Set([
  ...(['continue', 'hold.release', 'key.retire', 'gap.accept', 'disclose'] as const),
]);
/** Kinds whose acts demand something that takes a while, and that a `done` says is done. */
export const WITH_EFFECT: ReadonlySet<ActKind> = new Set([
  ...(['hold.place', 'hold.release', 'retention.extend', 'key.rotate'] as const),
]);

export const isActKind = (text: string): text is ActKind => Object.hasOwn(CHECKS, text);

/** The detail with its members in their order and no others. Throws FormatError. */
export const checkDetail = <Kind extends ActKind>(kind: Kind, detail: unknown): ActDetail[Kind] =>
  CHECKS[kind](object(detail, 'detail'));

function checkPeople(value: unknown): Person[] {
  const people = list(value, PEOPLE_MAX, 'people').map((one): Person => {
    const { name, key, roles } = object(one, 'people');
    if (!isWord(name, WORD) || !isWord(key, WORD)) throw refused('people');
    return { name, key, roles: rolesOf(roles) };
  });
  const isDistinct = (values: readonly string[]) => new Set(values).size === values.length;
  // The middle of a vkey is the key's id: one key has one spelling only.
  if (!isDistinct(people.map(({ name }) => name)) || !isDistinct(people.map(({ key }) => key)))
    throw refused('people: a name or key twice');
  const [officers, approvers] = [withRole(people, 'officer'), withRole(people, 'approver')];
  if (!officers.some((officer) => approvers.some(({ name }) => name !== officer.name)))
    throw refused('people: no officer with an approver beside');
  return people;
}

const withRole = (people: readonly Person[], role: PersonRole) =>
  people.filter(({ roles }) => roles.includes(role));

function rolesOf(value: unknown): PersonRole[] {
  const text = JSON.stringify(value);
  for (const roles of [['officer'], ['approver'], ['officer', 'approver']] satisfies PersonRole[][])
    if (text === JSON.stringify(roles)) return roles;
  throw refused('people: roles');
}

const hoursOf = (value: unknown): number => {
  if (isCount(value) && value >= 1 && value <= HOURS_MAX) return value;
  throw refused('approval.hours');
};

const segmentsOf = (value: unknown): SegmentRange[] =>
  list(value, SEGMENTS_MAX, 'segments').map((one) => rangeOf(object(one, 'segments'), 'segments'));

function rangeOf({ chain, partition, from, to }: Detail, what: string): SegmentRange {
  const isRange =
    typeof chain === 'string' &&
    isChainName(chain) &&
    (partition === null || isPartition(partition)) &&
    isCount(from) &&
    (to === null || (isCount(to) && to >= from));
  if (!isRange) throw refused(what);
  return { chain, partition, from, to };
}

function policiesOf(value: unknown): ActPolicy[] {
  const policies = list(value, POLICIES_MAX, 'policies').map((one): ActPolicy => {
    const { name, mode, period } = object(one, 'policies');
    if (!isWord(name, 64)) throw refused('policies: a name');
    if (mode !== 'COMPLIANCE' && mode !== 'GOVERNANCE') throw refused('policies: mode');
    if (typeof period !== 'string' || !PERIOD.test(period)) throw refused('policies: period');
    return { name, mode, period };
  });
  if (new Set(policies.map(({ name }) => name)).size !== policies.length)
    throw refused('policies: a name twice');
  return policies;
}

function policyChainsOf(value: unknown, policies: readonly ActPolicy[]): ActDetail['policy']['chains'] {
  if (!Array.isArray(value) || value.length > CHAINS_MAX) throw refused('chains');
  const chains = value.map((one) => {
    const { chain, policy } = object(one, 'chains');
    const isKnown = policies.some(({ name }) => name === policy);
    if (typeof chain !== 'string' || !isChainName(chain) || typeof policy !== 'string' || !isKnown)
      throw refused('chains');
    return { chain, policy };
  });
  if (new Set(chains.map(({ chain }) => chain)).size !== chains.length) throw refused('chains: one twice');
  return chains;
}

function untilOf(value: unknown): string {
  if (typeof value !== 'string') throw refused('until');
  parseUntil(value);
  return value;
}

function verdictOf(value: unknown): (typeof VERDICTS)[number] {
  const verdict = VERDICTS.find((one) => one === value);
  if (verdict === undefined) throw refused('verdict');
  return verdict;
}

/** An ML-DSA-44 key has 1752 characters, and a name before them. */
const VKEY_BYTES_MAX = 4096;

function keyOf({ use, key }: Detail): Key {
  if (use !== 'log' && use !== 'governance' && use !== 'cosigner') throw refused('use');
  if (!isWord(key, VKEY_BYTES_MAX)) throw refused('key');
  return { use, key };
}

function findingOf({ finding }: Detail): { readonly finding: string } {
  if (typeof finding !== 'string' || !/^[0-9a-f]{32}$/.test(finding)) throw refused('finding');
  return { finding };
}

function wordOf(detail: Detail, name: string): string {
  const value = detail[name];
  if (isWord(value, WORD)) return value;
  throw refused(name);
}

function hashOf(detail: Detail, name: string): string {
  const value = detail[name];
  if (isHash(value)) return value;
  throw refused(name);
}

function countOf(value: unknown, name: string): number {
  if (isCount(value)) return value;
  throw refused(name);
}

function object(value: unknown, what: string): Detail {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Detail;
  throw refused(what);
}

function list(value: unknown, most: number, what: string): unknown[] {
  if (Array.isArray(value) && value.length >= 1 && value.length <= most) return value;
  throw refused(what);
}

const refused = (what: string): FormatError => new FormatError(`act: ${what}`);
