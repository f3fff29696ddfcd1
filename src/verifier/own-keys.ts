// Under which keys does the verifier keep its notes in its own bucket, and which keys there are foreign?
import { assert } from '../base/assert.ts';
import { LIMITS } from '../base/limits.ts';
import { parseAttestationKey } from '../format/attestation.ts';
import { isChainName, isPartition } from '../format/chain.ts';
import { type FindingCode, isFindingCode } from '../verify/finding.ts';
import type { ChainInArchive } from '../verify/survey.ts';
import { parseDayKey, parseTallyKey } from './days/day-keys.ts';
import { parseDestroyedKey } from './destroyed/destroyed-key.ts';
import { parseFullPassKey } from './fan-out/fan-keys.ts';
import type { FindingState, Scope } from './findings/record.ts';
import { parseResponseKey } from './findings/response.ts';
import { parseIndexKey } from './index/index-key.ts';
import { parseStampListKey, parseStampTokenKey } from './stamps/stamp-keys.ts';

/** True for every key that this verifier writes. Each parser below returns null for all other keys. */
export const isOwnKey = (key: string): boolean =>
  [
    ...[parseAttestationKey, parseFindingKey, parsePassKey, parseSweepKey, parseEndsKey],
    ...[parseDayKey, parseTallyKey, parseIndexKey, parseResponseKey, parseStampListKey, parseStampTokenKey],
    ...[parseDestroyedKey, parseFullPassKey],
  ].some((parse) => parse(key) !== null);

const digits = (value: number, count: number): string => String(value).padStart(count, '0');

export const findingsRoot = 'findings/';
export const findingsPrefix = (scope: Scope): string => `${findingsRoot}${scope.name}/`;

export const OPENING_MAX = 999_999;

export type FindingKey = {
  readonly scope: string;
  readonly code: FindingCode;
  readonly id: string;
  readonly opening: number;
  readonly state: FindingState;
  /** `seen`: its age, 0 to 99. `told`, `cleared`: the channel that took the message. All other states: ''. */
  readonly mark: string;
  /** 0, or 1 to 9: it was written beside something else that lay at the key. */
  readonly copy: number;
};

export const isChannel = (name: string): boolean => /^[a-z][a-z0-9]{0,15}$/.test(name);

/** The greatest `copy`. */
export const COPY_MAX = 9;

/** `findings/<scope>/<code>/<id>/<opening>-<state>.note`. The keys alone say what is open. */
export function findingKey({ scope, code, id, opening, state, mark, copy }: FindingKey): string {
  assert(
    Number.isInteger(opening) && opening >= 0 && opening <= OPENING_MAX,
    `a finding's opening ${opening}`,
  );
  const ending = `${mark === '' ? state : `${state}-${mark}`}${copy === 0 ? '' : `.${copy}`}`;
  return `${findingsRoot}${scope}/${code}/${id}/${digits(opening, 6)}-${ending}.note`;
}

export function parseFindingKey(key: string): FindingKey | null {
  const match =
    /^findings\/(topic=[^/]+\/partition=\d{1,10}|archive|attestations|configuration|access\/date=\d{4}-\d\d-\d\d)\/([a-z-]+)\/([0-9a-f]{32})\/(\d{6})-(?:(open|closed)|(seen)-(\d\d)|(told|cleared)-([a-z][a-z0-9]{0,15}))(?:\.([1-9]))?\.note$/.exec(
      key,
    );
  if (match === null) return null;
  const [, scope = '', code = '', id = '', opening = '', plain, seen, age, told, channel, copy] = match;
  if (!isFindingCode(code)) return null;
  return {
    ...{ scope, code, id, opening: Number(opening) },
    state: (plain ?? seen ?? told) as FindingState,
    mark: age ?? channel ?? '',
    copy: Number(copy ?? 0),
  };
}

const passesRoot = 'passes/';
/** No pass could follow the last one. */
export const PASS_MAX = 999_999;

export type PassKey = ChainInArchive & { readonly pass: number; readonly size: number };

export function passesPrefix({ chain, partition }: ChainInArchive): string {
  assert(isChainName(chain) && isPartition(partition), `passes of ${chain}/${partition}`);
  return `${passesRoot}topic=${chain}/partition=${partition}/`;
}

export const passFolder = (place: ChainInArchive, pass: number): string =>
  `${passesPrefix(place)}${digits(pass, 6)}/`;

/** The number of the pass that a folder's key names. */
export function parsePassFolder(place: ChainInArchive, folder: string): number | null {
  const match = /^(\d{6})\/$/.exec(folder.slice(passesPrefix(place).length));
  return match === null ? null : Number(match[1]);
}

export function passKey(place: ChainInArchive, pass: number, size: number): string {
  assert(Number.isInteger(pass) && pass >= 0 && pass <= PASS_MAX, `pass ${pass}`);
  assert(Number.isInteger(size) && size >= 0 && size <= LIMITS.sequenceMax, `a pass up to size ${size}`);
  return `${passFolder(place, pass)}${digits(size, 12)}.note`;
}

export function parsePassKey(key: string): PassKey | null {
  const match = /^passes\/topic=([^/]+)\/partition=(0|[1-9]\d{0,9})\/(\d{6})\/(\d{12})\.note$/.exec(key);
  if (match === null) return null;
  const [, chain = '', partition = '', pass = '', size = ''] = match;
  if (!isChainName(chain) || !isPartition(Number(partition))) return null;
  return { chain, partition: Number(partition), pass: Number(pass), size: Number(size) };
}

export const sweepsRoot = `${passesRoot}sweep/`;
/** No note of a sweep could follow the last one. */
export const SWEEP_PART_MAX = 999_999;

export type SweepKey = { readonly startedMs: number; readonly part: number };

export function sweepKey({ startedMs, part }: SweepKey): string {
  const seconds = secondsOf(startedMs);
  assert(part >= 0 && part <= SWEEP_PART_MAX, `part ${part} of a sweep`);
  return `${sweepsRoot}${seconds}-${digits(part, 6)}.note`;
}

export function parseSweepKey(key: string): SweepKey | null {
  const match = /^passes\/sweep\/(\d{12})-(\d{6})\.note$/.exec(key);
  return match === null ? null : { startedMs: Number(match[1]) * 1000, part: Number(match[2]) };
}

export const endsRoot = `${passesRoot}ends/`;

export type EndsKey = { readonly atMs: number };

export const endsKey = ({ atMs }: EndsKey): string => `${endsRoot}${secondsOf(atMs)}.note`;

export function parseEndsKey(key: string): EndsKey | null {
  const match = /^passes\/ends\/(\d{12})\.note$/.exec(key);
  return match === null ? null : { atMs: Number(match[1]) * 1000 };
}

/** Whole seconds in twelve digits, so that such keys sort by time. */
function secondsOf(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  assert(seconds >= 0 && seconds < 1e12, `a note at ${seconds} s`);
  return digits(seconds, 12);
}
