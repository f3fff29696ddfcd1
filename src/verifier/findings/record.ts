// How is a finding kept as evidence, and under which key of the verifier's own bucket?
import { assert } from '../../base/assert.ts';
import { toHex, utf8, utf8Text } from '../../base/bytes.ts';
import { FormatError } from '../../base/error.ts';
import type { Sha256 } from '../../base/hash.ts';
import { isChainName, isPartition } from '../../format/chain.ts';
import { parseKey } from '../../format/paths.ts';
import { parseTime, timeText } from '../../format/time.ts';
import { type Finding, type FindingCode, isFindingCode, SEVERITY } from '../../verify/finding.ts';
import type { ChainPlace } from '../../verify/survey.ts';

/** What a finding is about: findings of two scopes never meet. */
export type Scope = {
  /** Part of the keys. */
  readonly name: string;
  /** Null: of no one chain. */
  readonly place: ChainPlace | null;
};

export function chainScope({ chain, partition }: ChainPlace): Scope {
  assert(isChainName(chain) && isPartition(partition), `findings of ${chain}/${partition}`);
  return { name: `topic=${chain}/partition=${partition}`, place: { chain, partition } };
}
/** The archive outside of its chains: keys, specifications, strange objects. */
export const ARCHIVE_SCOPE: Scope = { name: 'archive', place: null };
/** The verifier's own bucket. */
export const ATTESTATIONS_SCOPE: Scope = { name: 'attestations', place: null };
export const CONFIGURATION_SCOPE: Scope = { name: 'configuration', place: null };
/** Attempts that a trail of calls tells of: one scope a day, so that none grows for ever. */
export const accessScope = (atMs: number): Scope => ({
  name: `access/date=${timeText(atMs).slice(0, 10)}`,
  place: null,
});

/** Which check found it. Each closes what it is able to see again. */
export type CheckName =
  | 'confirm'
  | 'freshness'
  | 'sweep'
  | 'full-pass'
  | 'configuration'
  | 'completeness'
  | 'access';

/**
 * `open`: it is there. `told`: people were told of this opening, once per channel. `seen`: it was still there, written ever more rarely.
 * `closed`: a check that would have seen it did not.
 */
export type FindingState = 'open' | 'told' | 'seen' | 'closed';

/** One whole statement each: none needs another one to be understood. */
export type FindingFile = {
  readonly state: FindingState;
  readonly scope: string;
  readonly chain: string | null;
  readonly partition: number | null;
  readonly finding: Finding;
  readonly check: CheckName;
  /** 0 for the first time that it was there, 1 after it was closed and came back, and so on. */
  readonly opening: number;
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
  readonly verifier: { readonly name: string; readonly version: string };
};

export const findingsRoot = 'findings/';
export const findingsPrefix = (scope: Scope): string => `${findingsRoot}${scope.name}/`;

/** 32 hex digits. What was expected and found is no part of it: the same fault told in other words is the same finding. */
export function findingId(scope: Scope, finding: Finding, sha256: Sha256): string {
  const { code, key, versionId, sequence } = finding;
  const text = JSON.stringify([code, scope.name, key, versionId, sequence]);
  return toHex(sha256(utf8(text))).slice(0, 32);
}

/** The segment that a finding is about, as it says or as its key tells; null: of no one segment. */
export function sequenceOf({ sequence, key }: Finding): number | null {
  const parsed = sequence === null && key !== null ? parseKey(key) : null;
  return parsed !== null && 'sequence' in parsed ? parsed.sequence : sequence;
}

export const OPENING_MAX = 999_999;

export type FindingKey = {
  readonly scope: string;
  readonly code: FindingCode;
  readonly id: string;
  readonly opening: number;
  readonly state: FindingState;
  /** Of `seen`: how old it was, 0 to 99. Of `told`: the channel by which people were told. Of the others: ''. */
  readonly mark: string;
};

export const isChannel = (name: string): boolean => /^[a-z][a-z0-9]{0,15}$/.test(name);

/** `findings/<scope>/<code>/<id>/<opening>-<state>.json`: what is open can be told from the keys alone. */
export function findingKey({ scope, code, id, opening, state, mark }: FindingKey): string {
  assert(
    Number.isInteger(opening) && opening >= 0 && opening <= OPENING_MAX,
    `a finding's opening ${opening}`,
  );
  const ending = mark === '' ? state : `${state}-${mark}`;
  return `${findingsRoot}${scope}/${code}/${id}/${String(opening).padStart(6, '0')}-${ending}.json`;
}

/** null: foreign, which is every key that `findingKey` would not give. */
export function parseFindingKey(key: string): FindingKey | null {
  const match =
    /^findings\/(topic=[^/]+\/partition=\d{1,10}|archive|attestations|configuration|access\/date=\d{4}-\d\d-\d\d)\/([a-z-]+)\/([0-9a-f]{32})\/(\d{6})-(?:(open|closed)|(seen)-(\d\d)|(told)-([a-z][a-z0-9]{0,15}))\.json$/.exec(
      key,
    );
  if (match === null) return null;
  const [, scope = '', code = '', id = '', opening = '', plain, seen, age, told, channel] = match;
  if (!isFindingCode(code)) return null;
  return {
    ...{ scope, code, id, opening: Number(opening) },
    state: (plain ?? seen ?? told) as FindingState,
    mark: age ?? channel ?? '',
  };
}

const FORMAT = 'ledgerstone/finding/1';
/** Texts of findings are cut to 500 characters, of up to six escaped bytes each. */
export const FINDING_BYTES_MAX = 64 * 1024;

export function encodeFinding(file: FindingFile): Uint8Array {
  const { finding, firstSeenMs, lastSeenMs, state, scope, chain, partition, check, opening, verifier } = file;
  const { code, severity, key, versionId, sequence, expected, found } = finding;
  const members = {
    ...{ format: FORMAT, state, scope, chain, partition },
    ...{ code, severity, key, versionId, sequence, expected, found },
    ...{ check, opening, firstSeen: timeText(firstSeenMs), lastSeen: timeText(lastSeenMs), verifier },
  };
  return utf8(`${JSON.stringify(members, null, 2)}\n`);
}

/** Strict in what each member is: they come back into what this verifier says. Throws FormatError. */
export function parseFinding(bytes: Uint8Array): FindingFile {
  let read: Record<string, unknown>;
  try {
    read = JSON.parse(utf8Text(bytes)) as Record<string, unknown>;
  } catch (cause) {
    throw new FormatError('a finding that is no JSON', 'malformed', cause);
  }
  if (typeof read !== 'object' || read === null || read['format'] !== FORMAT) {
    throw new FormatError(`a finding that is no ${FORMAT}`);
  }
  const text = (name: string): string => {
    const value = read[name];
    if (typeof value !== 'string') throw new FormatError(`a finding whose ${name} is no text`);
    return value;
  };
  const whole = (name: string): number => {
    const value = read[name];
    if (!Number.isSafeInteger(value) || (value as number) < 0) {
      throw new FormatError(`a finding whose ${name} is no whole number`);
    }
    return value as number;
  };
  const orNull = <T>(name: string, of: (name: string) => T): T | null =>
    read[name] === null ? null : of(name);
  const code = text('code');
  if (!isFindingCode(code)) throw new FormatError('a finding of an unknown code');
  const verifier = read['verifier'] as { name?: unknown; version?: unknown } | null | undefined;
  if (typeof verifier?.name !== 'string' || typeof verifier.version !== 'string') {
    throw new FormatError('a finding without a verifier');
  }
  return {
    state: text('state') as FindingState,
    scope: text('scope'),
    chain: orNull('chain', text),
    partition: orNull('partition', whole),
    finding: {
      code,
      // The table's, not the file's: a forged file makes no page a notice.
      severity: SEVERITY[code],
      key: orNull('key', text),
      versionId: orNull('versionId', text),
      sequence: orNull('sequence', whole),
      expected: orNull('expected', text),
      found: orNull('found', text),
    },
    check: text('check') as CheckName,
    opening: whole('opening'),
    firstSeenMs: parseTime(text('firstSeen')),
    lastSeenMs: parseTime(text('lastSeen')),
    verifier: { name: verifier.name, version: verifier.version },
  };
}
