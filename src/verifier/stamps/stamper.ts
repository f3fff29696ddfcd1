// How does each day get its stamp, and an old one its renewal? (FORMAT.md 9.11)
import { utf8 } from '../../base/bytes.ts';
import { TaskGroup } from '../../base/concurrency.ts';
import { LedgerstoneError, messageOf } from '../../base/error.ts';
import type { Logger } from '../../base/log.ts';
import { CANARY_CHAIN } from '../../format/chain.ts';
import type { Checkpoint } from '../../format/checkpoint.ts';
import {
  coveredBy,
  LEAVES_MAX,
  type StampList,
  type StampRenewal,
  type StampStatement,
  statementText,
} from '../../format/stamp.ts';
import { stampStatement } from '../../verify/stamp-tree.ts';
import type { ChainInArchive } from '../../verify/survey.ts';
import type { AttestationReader } from '../attest/attestation-reader.ts';
import { DAY_MS, dateOf, dayStartMs } from '../days/day-keys.ts';
import { type OwnBucket, putLocked, putNote } from '../own-bucket.ts';
import { COPY_MAX } from '../own-keys.ts';
import { type AuthorityOptions, askAuthority } from './ask-authority.ts';
import { type StampTokenKey, stampListKey, stampTokenKey } from './stamp-keys.ts';
import { compareBytes, encodeStampList } from './stamp-list.ts';
import { type FoundStamp, type FoundToken, listStamps, readStamp, shownBy } from './stamp-reader.ts';

export type StamperOptions = OwnBucket & {
  readonly authority: Omit<AuthorityOptions, 'clock' | 'sha256'>;
  readonly reader: Pick<AttestationReader, 'newest'>;
  /** Chains that may have an attestation. */
  readonly chains: (signal?: AbortSignal) => Promise<readonly ChainInArchive[]>;
  readonly log: Logger;
};

export type StampOutcome = {
  /**
   * `nothing`: no chain is attested yet. `no-list`: something else lies where the day's list belongs.
   * `no-token`: the authority gave none, and `why`.
   */
  readonly kind: 'stamped' | 'was-stamped' | 'nothing' | 'no-list' | 'no-token';
  readonly date: string;
  readonly why: string | null;
  readonly by: string | null;
  readonly genTimeMs: number | null;
  readonly checkpoints: number;
  readonly renewed: number;
  /**
   * The time of the newest token that counts. Where there never was one, the day on which it was tried first.
   * Null: that is unknown.
   */
  readonly lastMs: number | null;
};

type ListedDay = { readonly list: StampList; readonly statement: StampStatement };

const OCCUPIED = "something else lies where the day's list belongs, and at its copies";
/** Before a token ends it is renewed, in as many days as this has (FORMAT.md 9.11.7). */
const RENEW_BEFORE_MS = 90 * DAY_MS;
/** In one list. 90 lists so have room for the stamps of a century. */
const RENEWALS_MAX = 500;
const READS_AT_ONCE = 8;
/** How far back one goes for a token that counts. */
const LOOK_BACK_DAYS = 10;

export class Stamper {
  readonly #options: StamperOptions;
  /** What this process has seen of the day that is stamped already. */
  #done: StampOutcome | null = null;

  constructor(options: StamperOptions) {
    this.#options = options;
  }

  /** Rejects if its own bucket can't be read or written; never because of the authority. */
  async run(signal?: AbortSignal): Promise<StampOutcome> {
    const { clock, log } = this.#options;
    const nowMs = clock.now();
    const date = dateOf(nowMs);
    if (this.#done?.date === date) return { ...this.#done, kind: 'was-stamped' };
    const found = await this.#read(date, signal);
    const shown = shownBy(found, nowMs);
    const counts = {
      checkpoints: found.list?.checkpoints.length ?? 0,
      renewed: found.list?.renews.length ?? 0,
    };
    if (shown !== null) return this.#keep({ ...stampedBy(shown), ...counts, kind: 'was-stamped', date });
    const made = listed(found) ?? (await this.#makeList(date, signal));
    const none = { date, by: null, genTimeMs: null, checkpoints: 0, renewed: 0 };
    if (made === 'nothing') return { ...none, kind: made, why: 'no chain is attested yet', lastMs: null };
    if (made === 'no-list')
      return { ...none, kind: made, why: OCCUPIED, lastMs: await this.#lastMs(date, signal) };
    const { list, statement } = made;
    const sizes = { checkpoints: list.checkpoints.length, renewed: list.renews.length };
    try {
      const token = await this.#stamp(date, statement, signal);
      log.info({ date, by: token.by, ...sizes }, 'stamped');
      return this.#keep({ ...token, ...sizes, kind: 'stamped', date });
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof LedgerstoneError) || error.code !== 'no-stamp') throw error;
      const lastMs = await this.#lastMs(date, signal);
      log.warn({ date, url: this.#options.authority.url }, `not stamped: ${error.message}`);
      return { ...none, ...sizes, kind: 'no-token', why: error.message, lastMs };
    }
  }

  #keep(outcome: Omit<StampOutcome, 'why'>): StampOutcome {
    this.#done = { ...outcome, why: null };
    return this.#done;
  }

  /** What lies there and is none is reported. */
  async #read(date: string, signal?: AbortSignal): Promise<FoundStamp> {
    const { store, signing, authority, onForeign } = this.#options;
    const found = await readStamp({ store, signing, roots: authority.roots }, date, signal);
    if (found.foreign.length > 0) await onForeign?.(found.foreign);
    return found;
  }

  /** Of several processes the list of the first one counts, so all of them have the same one stamped. */
  async #makeList(date: string, signal?: AbortSignal): Promise<ListedDay | 'nothing' | 'no-list'> {
    const { clock, signing, log } = this.#options;
    const checkpoints = await this.#checkpoints(signal);
    if (checkpoints.length === 0) return 'nothing';
    const list: StampList = {
      date,
      atMs: clock.now(),
      checkpoints,
      renews: (await this.#renewals(date, signal)).slice(0, Math.max(0, LEAVES_MAX - checkpoints.length)),
    };
    const content = encodeStampList(list);
    for (let copy = 0; copy <= COPY_MAX; copy++) {
      const { kind } = await putNote(this.#options, stampListKey({ date, copy }), content, signal);
      if (kind === 'stored') {
        const statement = stampStatement(list, signing.archiveOrigin, signing.sha256);
        return { list, statement };
      }
      // Another process was first, or an answer was lost: what lies there is a list, or nobody's.
      const there = listed(await this.#read(date, signal));
      if (there !== null) return there;
    }
    log.error({ date }, `not stamped: ${OCCUPIED}`);
    return 'no-list';
  }

  /** The newest attested one of each chain, by origin. */
  async #checkpoints(signal?: AbortSignal): Promise<Checkpoint[]> {
    const { chains, reader, log } = this.#options;
    const found: { readonly checkpoint: Checkpoint; readonly name: Uint8Array }[] = [];
    const group = new TaskGroup(READS_AT_ONCE);
    try {
      for (const place of await chains(signal)) {
        if (place.chain === CANARY_CHAIN) continue;
        await group.start(async () => {
          const { attested } = await reader.newest(place, 0, signal);
          if (attested === null) log.warn({ ...place }, 'not in the stamp of today: it has no attestation');
          else {
            const { origin, size, root } = attested;
            found.push({ checkpoint: { origin, size, root }, name: utf8(origin) });
          }
        });
      }
    } finally {
      await group.finish();
    }
    found.sort((a, b) => compareBytes(a.name, b.name));
    return found.map(({ checkpoint }) => checkpoint);
  }

  /** Of those that end soon, as far as the newest token ends later than they do. */
  async #renewals(date: string, signal?: AbortSignal): Promise<StampRenewal[]> {
    const nowMs = this.#options.clock.now();
    const { tokens } = await listStamps(this.#options.store, { signal });
    const newest = tokens.filter((one) => one.date < date).at(-1);
    if (newest === undefined) return [];
    const due = tokens.filter(
      ({ endsSeconds }) =>
        endsSeconds * 1000 >= nowMs &&
        endsSeconds * 1000 < nowMs + RENEW_BEFORE_MS &&
        endsSeconds < newest.endsSeconds,
    );
    if (due.length === 0) return [];
    const renewed = await this.#renewedSince(tokens, nowMs - RENEW_BEFORE_MS, signal);
    const renewals: StampRenewal[] = [];
    const waiting = [...new Set(due.map((one) => one.date))].filter((one) => !renewed.has(one));
    for (const one of waiting.slice(0, RENEWALS_MAX)) {
      const found = await this.#read(one, signal);
      const shown = shownBy(found, nowMs);
      if (shown === null || found.statement === null) continue;
      const covered = coveredBy(found.statement, shown.bytes, this.#options.signing.sha256);
      renewals.push({ date: one, covered });
    }
    return renewals.toSorted((a, b) => (a.date < b.date ? -1 : 1));
  }

  /** Days that a stamp renews which was made since then. */
  async #renewedSince(
    tokens: readonly StampTokenKey[],
    sinceMs: number,
    signal?: AbortSignal,
  ): Promise<ReadonlySet<string>> {
    const renewed = new Set<string>();
    const dates = new Set(
      tokens.flatMap((one) => (dayStartMs(one.date) >= sinceMs - DAY_MS ? [one.date] : [])),
    );
    for (const date of dates) {
      const found = await this.#read(date, signal);
      if (shownBy(found, this.#options.clock.now()) === null) continue;
      for (const one of found.list?.renews ?? []) renewed.add(one.date);
    }
    return renewed;
  }

  /** Asks, checks, and stores what was checked. */
  async #stamp(date: string, statement: StampStatement, signal?: AbortSignal) {
    const { authority, clock, signing } = this.#options;
    const { bytes, checked } = await askAuthority(
      { ...authority, clock, sha256: signing.sha256 },
      statementText(statement),
      signal,
    );
    const [genSeconds, endsSeconds] = [checked.genTimeMs, checked.endsMs].map((ms) => Math.floor(ms / 1000));
    const key = stampTokenKey({ date, genSeconds: genSeconds as number, endsSeconds: endsSeconds as number });
    const { kind } = await putLocked(this.#options, key, bytes, signal);
    if (kind === 'exists') {
      // An answer that was lost, or another process's token of the same second.
      const there = shownBy(await this.#read(date, signal), clock.now());
      if (there !== null) return stampedBy(there);
      throw new LedgerstoneError('no-stamp', `something else lies at ${key}`, {
        disposition: 'retriable',
        remedy: 'The next run asks again: a later token has another key.',
      });
    }
    return { by: checked.by, genTimeMs: checked.genTimeMs, lastMs: checked.genTimeMs };
  }

  /** Nothing that somebody laid there makes it look newer: the token is read. */
  async #lastMs(today: string, signal?: AbortSignal): Promise<number | null> {
    const { log, clock } = this.#options;
    try {
      const { tokens, lists } = await listStamps(this.#options.store, { signal });
      const dates = [...new Set(tokens.map(({ date }) => date))].filter((date) => date <= today).reverse();
      for (const date of dates.slice(0, LOOK_BACK_DAYS)) {
        const shown = shownBy(await this.#read(date, signal), clock.now());
        if (shown !== null) return shown.checked.genTimeMs;
      }
      const [first] = [...lists].sort();
      return first === undefined ? null : dayStartMs(first);
    } catch (error) {
      signal?.throwIfAborted();
      log.warn({}, `when it was stamped last is not known: ${messageOf(error)}`);
      return null;
    }
  }
}

/** Null: the day has no list. */
const listed = ({ list, statement }: FoundStamp): ListedDay | null =>
  list === null || statement === null ? null : { list, statement };

const stampedBy = ({ checked }: FoundToken) => ({
  ...{ by: checked.by, genTimeMs: checked.genTimeMs, lastMs: checked.genTimeMs },
});
