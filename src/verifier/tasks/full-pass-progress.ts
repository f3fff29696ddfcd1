// How far has this verifier read a chain again from its first byte, and when?
import { assert } from '../../base/assert.ts';
import { fromHex, toHex, utf8, utf8Text } from '../../base/bytes.ts';
import type { Clock } from '../../base/clock.ts';
import { FormatError, LedgerstoneError } from '../../base/error.ts';
import { LIMITS } from '../../base/limits.ts';
import { isChainName, isPartition } from '../../format/chain.ts';
import { parseTime, timeText } from '../../format/time.ts';
import type { Lock, ObjectVersion, Store } from '../../store/store.ts';
import type { ChainPlace } from '../../verify/survey.ts';

export type PassProgress = {
  /** 0 for the first pass. */
  readonly pass: number;
  readonly origin: string;
  /** Seals read again, and the root over them. */
  readonly size: number;
  readonly root: Uint8Array;
  /** True: that was all that was attested. */
  readonly isWhole: boolean;
  readonly passStartedMs: number;
  /** Of the part that ends here. */
  readonly partStartedMs: number;
  readonly atMs: number;
};

const passesRoot = 'passes/';
const PASS_MAX = 999_999;
const FORMAT = 'ledgerstone/pass/1';
const BYTES_MAX = 16 * 1024;
/** Strange objects that are passed over on the way to the newest progress. */
const STRAYS_MAX = 50;
/** Two of this verifier's machines may be so far apart: each within a minute of the store's clock. */
const AHEAD_MS_MAX = 120_000;

function passesPrefix({ chain, partition }: ChainPlace): string {
  assert(isChainName(chain) && isPartition(partition), `passes of ${chain}/${partition}`);
  return `${passesRoot}topic=${chain}/partition=${partition}/`;
}

const folderOf = (place: ChainPlace, pass: number): string =>
  `${passesPrefix(place)}${String(pass).padStart(6, '0')}/`;

export function passKey(place: ChainPlace, pass: number, size: number): string {
  assert(Number.isInteger(pass) && pass >= 0 && pass <= PASS_MAX, `pass ${pass}`);
  assert(Number.isInteger(size) && size >= 0 && size <= LIMITS.sequenceMax, `a pass up to size ${size}`);
  return `${folderOf(place, pass)}${String(size).padStart(12, '0')}.json`;
}

export type PassKey = ChainPlace & { readonly pass: number; readonly size: number };

/** null: foreign, which is every key that `passKey` would not give. */
export function parsePassKey(key: string): PassKey | null {
  const match = /^passes\/topic=([^/]+)\/partition=(0|[1-9]\d{0,9})\/(\d{6})\/(\d{12})\.json$/.exec(key);
  if (match === null) return null;
  const [, chain = '', partition = '', pass = '', size = ''] = match;
  if (!isChainName(chain) || !isPartition(Number(partition))) return null;
  return { chain, partition: Number(partition), pass: Number(pass), size: Number(size) };
}

export function encodeProgress(place: ChainPlace, progress: PassProgress): Uint8Array {
  const { pass, origin, size, root, isWhole, passStartedMs, partStartedMs, atMs } = progress;
  const members = {
    ...{ format: FORMAT, ...place, pass, origin, size, root: toHex(root), isWhole },
    ...{ passStarted: timeText(passStartedMs), partStarted: timeText(partStartedMs), at: timeText(atMs) },
  };
  return utf8(`${JSON.stringify(members)}\n`);
}

/** Throws FormatError for what is not a progress of that key. */
export function parseProgress(bytes: Uint8Array, { chain, partition, pass, size }: PassKey): PassProgress {
  let read: Record<string, unknown> | null;
  try {
    read = JSON.parse(utf8Text(bytes)) as Record<string, unknown> | null;
  } catch (cause) {
    throw new FormatError('a progress that is no JSON', 'malformed', cause);
  }
  const { origin, root, isWhole, passStarted, partStarted, at } = read ?? {};
  const isOfKey =
    read?.['format'] === FORMAT &&
    read['chain'] === chain &&
    read['partition'] === partition &&
    read['pass'] === pass &&
    read['size'] === size;
  const isMade =
    typeof origin === 'string' && origin.endsWith(`/${chain}/${partition}`) && typeof isWhole === 'boolean';
  const isRoot = typeof root === 'string' && root.length === 64;
  const areTimes = [passStarted, partStarted, at].every((time) => typeof time === 'string');
  if (!isOfKey || !isMade || !isRoot || !areTimes || size < 1)
    throw new FormatError('no progress of its key');
  return {
    ...{ pass, origin, size, root: fromHex(root), isWhole },
    passStartedMs: parseTime(passStarted as string),
    partStartedMs: parseTime(partStarted as string),
    atMs: parseTime(at as string),
  };
}

export type PassLogOptions = {
  readonly store: Pick<Store, 'listVersions' | 'listPrefixes' | 'read' | 'putIfAbsent'>;
  readonly retention: { readonly mode: Lock['mode']; readonly periodMs: number };
  readonly clock: Clock;
};

/** Create-only notes. Whatever is lost or written twice, at worst bytes are read once more. */
export class PassLog {
  readonly #options: PassLogOptions;

  constructor(options: PassLogOptions) {
    this.#options = options;
  }

  /** The farthest note of the newest pass, or null. What is none of ours is passed over. */
  async newest(place: ChainPlace, signal?: AbortSignal): Promise<PassProgress | null> {
    const { store } = this.#options;
    const passes: number[] = [];
    for await (const folder of store.listPrefixes(passesPrefix(place), signal)) {
      const name = folder.slice(passesPrefix(place).length);
      // After the last number none could follow.
      if (/^\d{6}\/$/.test(name) && Number(name.slice(0, 6)) < PASS_MAX)
        passes.push(Number(name.slice(0, 6)));
    }
    for (const pass of passes.sort((a, b) => b - a).slice(0, STRAYS_MAX)) {
      const versions = await this.#list(folderOf(place, pass), signal);
      for (const version of versions.toReversed().slice(0, STRAYS_MAX)) {
        const progress = await this.#open(version, signal);
        if (progress !== null) return progress;
      }
    }
    return null;
  }

  /** The note of the part in which that pass read the segment with this sequence; null where it did not. */
  async partOf(
    place: ChainPlace,
    pass: number,
    sequence: number,
    signal?: AbortSignal,
  ): Promise<PassProgress | null> {
    const startAfter = passKey(place, pass, sequence);
    for (const version of await this.#list(folderOf(place, pass), signal, startAfter)) {
      const progress = await this.#open(version, signal);
      if (progress !== null) return progress;
    }
    return null;
  }

  async add(place: ChainPlace, progress: PassProgress, signal?: AbortSignal): Promise<void> {
    const { store, retention, clock } = this.#options;
    const untilMs = Math.ceil((clock.now() + retention.periodMs) / 1000) * 1000;
    const key = passKey(place, progress.pass, progress.size);
    const lock = { mode: retention.mode, untilMs };
    await store.putIfAbsent(
      key,
      encodeProgress(place, progress),
      lock,
      signal === undefined ? {} : { signal },
    );
  }

  /** The oldest version of each key of ours, ascending. */
  async #list(prefix: string, signal?: AbortSignal, startAfter?: string): Promise<ObjectVersion[]> {
    const found: ObjectVersion[] = [];
    const options = { ...(startAfter !== undefined && { startAfter }), ...(signal && { signal }) };
    for await (const version of this.#options.store.listVersions(prefix, options)) {
      if (version.marker || version.key === found.at(-1)?.key || parsePassKey(version.key) === null) continue;
      found.push(version);
    }
    return found;
  }

  async #open({ key, versionId }: ObjectVersion, signal?: AbortSignal): Promise<PassProgress | null> {
    const parsed = parsePassKey(key);
    if (parsed === null) return null;
    try {
      const options = { maxBytes: BYTES_MAX, ...(signal && { signal }) };
      const progress = parseProgress(await this.#options.store.read(key, versionId, options), parsed);
      // One from the future would keep every pass from beginning before its time.
      return progress.passStartedMs > this.#options.clock.now() + AHEAD_MS_MAX ? null : progress;
    } catch (error) {
      if (error instanceof LedgerstoneError && error.disposition === 'input') return null;
      throw error;
    }
  }
}
