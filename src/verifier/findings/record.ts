// How is a finding kept as evidence, and what is it about?
import { z } from 'zod';
import { assert } from '../../base/assert.ts';
import { toHex, utf8 } from '../../base/bytes.ts';
import type { Sha256 } from '../../base/hash.ts';
import { isChainName, isPartition } from '../../format/chain.ts';
import { parseKey } from '../../format/paths.ts';
import { parseTime, timeText } from '../../format/time.ts';
import { type Finding, type FindingCode, findingOf, isFindingCode, SEVERITY } from '../../verify/finding.ts';
import type { ChainInArchive } from '../../verify/survey.ts';
import { parseNote } from '../own-bucket.ts';

/** What a finding is about. Findings of two scopes are never compared. */
export type Scope = {
  /** Part of the keys. */
  readonly name: string;
  /** Null: not about one chain. */
  readonly place: ChainInArchive | null;
};

export function chainScope({ chain, partition }: ChainInArchive): Scope {
  assert(isChainName(chain) && isPartition(partition), `findings of ${chain}/${partition}`);
  return { name: `topic=${chain}/partition=${partition}`, place: { chain, partition } };
}
/** The archive outside of its chains: keys, specifications, foreign objects. */
export const ARCHIVE_SCOPE: Scope = { name: 'archive', place: null };
/** The verifier's own bucket. */
export const ATTESTATIONS_SCOPE: Scope = { name: 'attestations', place: null };
export const CONFIGURATION_SCOPE: Scope = { name: 'configuration', place: null };
/** Attempts that CloudTrail recorded. A scope for each day keeps every scope small. */
export const accessScope = (atMs: number): Scope => ({
  name: `access/date=${timeText(atMs).slice(0, 10)}`,
  place: null,
});

const DAY_MS = 86_400_000;
/** Attempts of CloudTrail never close. Those of older days are history, and ask nobody to do anything. */
export const ATTEMPT_DAYS = 7;
export const isCountedScope = (name: string, nowMs: number): boolean =>
  !name.startsWith('access/') || name >= accessScope(nowMs - (ATTEMPT_DAYS - 1) * DAY_MS).name;

/** The scope that a key of a finding names. */
export function scopeOfName(name: string): Scope {
  const [, chain = '', partition = ''] = /^topic=([^/]+)\/partition=(\d+)$/.exec(name) ?? [];
  return { name, place: chain === '' ? null : { chain, partition: Number(partition) } };
}

/** Stored in each finding. */
const CHECKS = [
  'confirm',
  'clock',
  'look',
  'freshness',
  'sweep',
  'full-pass',
  'configuration',
  'completeness',
  'access',
] as const;

/**
 * Which check found it. A check closes what it would see again. `confirm` is a step along a chain, `clock`
 * compares this machine's clock with the store's, and `look` inspects the object of an event.
 */
export type CheckName = (typeof CHECKS)[number];

const STATES = ['open', 'told', 'seen', 'closed', 'cleared'] as const;

/**
 * `open`: it is there. `told`: people were notified of this opening, once per channel. `seen`: it was still
 * there, written more and more rarely. `closed`: a check that would have seen it did not. `cleared`: people
 * were notified that it is closed, once per channel.
 */
export type FindingState = (typeof STATES)[number];

/** When a finding was closed, by which check of which verifier, and what that check had looked at. */
export type Closing = {
  readonly atMs: number;
  readonly check: CheckName;
  readonly why: string;
  readonly by: { readonly name: string; readonly version: string };
};

/** Notices that people hear of, although they leave the verdict as it is. */
const URGENT: ReadonlySet<FindingCode> = new Set([
  ...['stale-chain', 'legal-hold-missing', 'act-open', 'records-lost', 'chain-continued', 'data-returned'],
] as FindingCode[]);

/**
 * Whether people are notified of findings like this. Any other notice is only in the ledger, the log and the
 * metrics; an info is not even evidence.
 */
export const reachesPeople = (code: FindingCode): boolean =>
  URGENT.has(code) || ['broken', 'unverifiable', 'attempt'].includes(SEVERITY[code]);

/** Each file is complete: it can be understood without the others. */
export type FindingFile = {
  readonly state: FindingState;
  readonly scope: string;
  readonly chain: string | null;
  readonly partition: number | null;
  readonly finding: Finding;
  readonly check: CheckName;
  /** Counts how often it came back: 0 for the first opening, 1 for the next one after it was closed. */
  readonly opening: number;
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
  /** Null: it was not closed when this was written. */
  readonly closed: Closing | null;
  readonly verifier: { readonly name: string; readonly version: string };
};

/**
 * 32 hex digits. `expected` and `found` are not part of it: the same fault in other words is the same
 * finding.
 */
export function findingId(scope: Scope, finding: Finding, sha256: Sha256): string {
  const { code, key, versionId, sequence } = finding;
  const text = JSON.stringify([code, scope.name, key, versionId, sequence]);
  return toHex(sha256(utf8(text))).slice(0, 32);
}

/** The segment that a finding is about, from the finding or its key. Null if it is about no one segment. */
export function sequenceOf({ sequence, key }: Finding): number | null {
  const parsed = sequence === null && key !== null ? parseKey(key) : null;
  return parsed !== null && 'sequence' in parsed ? parsed.sequence : sequence;
}

const HOUR_MS = 3_600_000;

/**
 * The mark of a `seen`, after 1, 2, 4, 8 … hours. So `last seen` is exact to a factor of two, with few
 * objects in many years. 0: none yet.
 */
export const ageMark = (ageMs: number): number =>
  ageMs < HOUR_MS ? 0 : Math.min(99, 1 + Math.floor(Math.log2(ageMs / HOUR_MS)));

const FORMAT = 'ledgerstone/finding/1';
const isCode = (value: unknown) => typeof value === 'string' && isFindingCode(value);
const whole = z.int().nonnegative();
const VERIFIER = z.object({ name: z.string(), version: z.string() });
const SCHEMA = z.object({
  ...{ format: z.literal(FORMAT), state: z.enum(STATES), check: z.enum(CHECKS) },
  ...{ scope: z.string(), chain: z.string().nullable(), partition: whole.nullable() },
  ...{ code: z.custom<FindingCode>(isCode), key: z.string().nullable(), versionId: z.string().nullable() },
  ...{ sequence: whole.nullable(), expected: z.string().nullable(), found: z.string().nullable() },
  ...{ opening: whole, firstSeen: z.string(), lastSeen: z.string() },
  closed: z
    .object({ at: z.string(), check: z.enum(CHECKS), why: z.string(), by: VERIFIER })
    .nullable()
    .default(null),
  verifier: VERIFIER,
});
/** Texts of findings are cut to 500 characters, and each may take six bytes when escaped. */
export const FINDING_BYTES_MAX = 64 * 1024;

export function encodeFinding(file: FindingFile): Uint8Array {
  const { finding, firstSeenMs, lastSeenMs, state, scope, chain, partition, check, opening, verifier } = file;
  const { code, severity, key, versionId, sequence, expected, found } = finding;
  const closed = file.closed && {
    at: timeText(file.closed.atMs),
    ...{ check: file.closed.check, why: file.closed.why, by: file.closed.by },
  };
  const members = {
    ...{ format: FORMAT, state, scope, chain, partition },
    ...{ code, severity, key, versionId, sequence, expected, found },
    ...{ check, opening, firstSeen: timeText(firstSeenMs), lastSeen: timeText(lastSeenMs), closed, verifier },
  };
  return utf8(`${JSON.stringify(members, null, 2)}\n`);
}

/** Strict about every member, because this verifier repeats them in messages. Throws FormatError. */
export function parseFinding(bytes: Uint8Array): FindingFile {
  const read = parseNote(SCHEMA, bytes, 'a finding');
  const { state, scope, chain, partition, check, opening, verifier, firstSeen, lastSeen, closed } = read;
  return {
    // Severity comes from the table, so a forged file can't turn an alarm into a notice.
    ...{ state, scope, chain, partition, check, opening, verifier, finding: findingOf(read.code, read) },
    ...{ firstSeenMs: parseTime(firstSeen), lastSeenMs: parseTime(lastSeen) },
    closed: closed && {
      ...{ atMs: parseTime(closed.at), check: closed.check, why: closed.why.slice(0, 500), by: closed.by },
    },
  };
}
