// Which findings are open, new or gone? Locked evidence of it is written before people are notified.
import { assert } from '../../base/assert.ts';
import { TaskGroup } from '../../base/concurrency.ts';
import { FormatError } from '../../base/error.ts';
import type { Sha256 } from '../../base/hash.ts';
import type { Finding, FindingCode, Severity } from '../../verify/finding.ts';
import { type OwnBucket, putLocked, readNote } from '../own-bucket.ts';
import { findingKey, isChannel } from '../own-keys.ts';
import { chooseEntries, countBySeverity } from './bounds.ts';
import { CLOSED_BY } from './closed-by.ts';
import { type Opening, readHistory } from './history.ts';
import {
  type CheckName,
  encodeFinding,
  FINDING_BYTES_MAX,
  type FindingFile,
  type FindingState,
  parseFinding,
  reachesPeople,
  type Scope,
} from './record.ts';

/** Whether the check would have seen this finding again if it were still there. */
export type Covers = (open: FindingFile) => boolean | Promise<boolean>;

export type LedgerOptions = OwnBucket & {
  readonly sha256: Sha256;
  /** People are notified of each alarming finding by every one of these channels. Default: the log. */
  readonly channels?: readonly string[];
  /** Who writes the entries: the cosigner's name, and this program's version. */
  readonly verifier: { readonly name: string; readonly version: string };
};

export type ReportOptions = {
  readonly check: CheckName;
  /**
   * Which part of the scope was checked. True: all of it, so open findings that are not given now are gone.
   * False: nothing is known about the others.
   */
  readonly complete: boolean | Covers;
  /** How many more findings there are than those given. If there are any, nothing is closed. */
  readonly omitted?: number;
  /** Why an open finding is closed. Default: by the check. */
  readonly why?: (open: FindingFile) => string;
  readonly signal?: AbortSignal;
};

/** One finding as it stands in the ledger. */
export type Entry = {
  readonly id: string;
  readonly file: FindingFile;
  /** Channels that have not taken it yet. */
  readonly due: readonly string[];
};

export type Reported = {
  readonly scope: Scope;
  /** New, or not taken by every channel yet. Call `notified` once a channel has taken it. */
  readonly opened: readonly Entry[];
  /** Open before, and taken by every channel. */
  readonly stillOpen: readonly Entry[];
  /** Closed now, or before and not taken by every channel that took the opening. */
  readonly closed: readonly Entry[];
  /** All open findings of the scope, including those of other checks. */
  readonly open: ReadonlyMap<Severity, number>;
};

const PUTS_AT_ONCE = 8;

type Close = Pick<ReportOptions, 'check' | 'why'> & { readonly covers: Covers };

/** For so long it is not read again that a scope has no open finding: each reading is a listing. */
const CLEAR_MS = 15 * 60_000;

export class Ledger {
  readonly #options: LedgerOptions;
  /** Scopes in which nothing was open and nobody was left to be notified, and when that was read. */
  readonly #clear = new Map<string, number>();

  constructor(options: LedgerOptions) {
    this.#options = options;
  }

  /**
   * Once it resolves, every given finding is in the bucket, create-only and locked, or is counted by the
   * entry for "more" of its code. Several runs may do this at once, and each may stop anywhere: the keys
   * decide, and the next run writes what is missing. If it rejects, evidence may be missing: notify people
   * all the same and run again. A finding stays due until `notified` was called for it, so an alarm may come
   * twice but never gets lost.
   */
  async report(scope: Scope, findings: readonly Finding[], options: ReportOptions): Promise<Reported> {
    const { store, sha256 } = this.#options;
    const { signal, omitted = 0 } = options;
    const isNothing = omitted === 0 && findings.every(({ severity }) => severity === 'info');
    // What another process opens meanwhile is closed by that one, or by this one a little later.
    const clearMs = isNothing ? this.#clear.get(scope.name) : undefined;
    if (clearMs !== undefined && this.#options.clock.monotonic() - clearMs < CLEAR_MS) {
      return { scope, opened: [], stillOpen: [], closed: [], open: new Map() };
    }
    this.#clear.delete(scope.name);
    const history = await readHistory(store, scope, signal);
    const { listed, isOverflown } = chooseEntries(scope, findings, omitted, history, sha256);

    const opened: Entry[] = [];
    const stillOpen: Entry[] = [];
    const puts = new TaskGroup(PUTS_AT_ONCE);
    try {
      // Findings that are there are written first. A run that stops half-way has then closed nothing.
      for (const [id, finding] of listed) {
        const known = history.latest.get(id) ?? null;
        await puts.start(async () => {
          const { entry, isNews } = await this.#keep(scope, id, finding, known, options);
          (isNews ? opened : stillOpen).push(entry);
        });
      }
    } finally {
      await puts.finish();
    }
    const covers = coverage(options.complete, isOverflown);
    const others = [...history.latest].filter(([id, known]) => known.isOpen && !listed.has(id));
    const close = covers && { ...options, covers };
    const revisited = await this.#revisitAll(scope, others, close, signal);
    opened.push(...revisited.due);
    const { closed } = revisited;
    const before = [...history.latest].filter(([id, known]) => !known.isOpen && !listed.has(id));
    const untold = (await this.#revisitAll(scope, before, null, signal)).closed;
    const isClear = ([, known]: (typeof before)[number]) => this.#dueOfClosing(known).length === 0;
    if (listed.size === 0 && others.length === 0 && before.every(isClear)) {
      this.#clear.set(scope.name, this.#options.clock.monotonic());
    }
    const gone = new Set(closed.map(({ id }) => id));
    const left = others.filter(([id]) => !gone.has(id)).map(([, { code }]) => code);
    const open = countBySeverity([...[...listed.values()].map(({ code }) => code), ...left]);
    return { scope, opened, stillOpen, closed: [...closed, ...untold], open };
  }

  /**
   * The findings of a scope whose opening or closing some channel has not taken yet. This is no check:
   * nothing is written and nothing is closed.
   */
  async missed(scope: Scope, signal?: AbortSignal): Promise<Pick<Reported, 'scope' | 'opened' | 'closed'>> {
    const { latest } = await readHistory(this.#options.store, scope, signal);
    const { due, closed } = await this.#revisitAll(scope, [...latest], null, signal);
    return { scope, opened: due, closed };
  }

  /** All open findings of a scope, read without a new check. */
  async open(scope: Scope, signal?: AbortSignal): Promise<ReadonlyMap<Severity, number>> {
    const { latest } = await readHistory(this.#options.store, scope, signal);
    return countBySeverity([...latest.values()].filter(({ isOpen }) => isOpen).map(({ code }) => code));
  }

  /** Notes that the channel took these entries. They are not sent there again. */
  async notified(
    scope: Scope,
    entries: readonly Entry[],
    channel: string,
    signal?: AbortSignal,
  ): Promise<void> {
    assert(isChannel(channel), `a channel ${channel}`);
    const puts = new TaskGroup(PUTS_AT_ONCE);
    try {
      for (const { id, file, due } of entries) {
        if (!due.includes(channel)) continue;
        const taken: FindingFile =
          file.state === 'closed'
            ? { ...file, state: 'cleared' }
            : { ...file, state: 'told', lastSeenMs: this.#now() };
        await puts.start(async () => void (await this.#put(scope, id, taken, channel, signal)));
      }
    } finally {
      await puts.finish();
    }
  }

  async #keep(
    scope: Scope,
    id: string,
    finding: Finding,
    known: Opening | null,
    { check, signal }: ReportOptions,
  ): Promise<{ readonly entry: Entry; readonly isNews: boolean }> {
    const nowMs = this.#now();
    const due = this.#due(finding.code, known);
    const make = (state: FindingState, opening: number, firstSeenMs: number): FindingFile => ({
      ...{ state, scope: scope.name, finding, check, opening, firstSeenMs, lastSeenMs: nowMs },
      chain: scope.place?.chain ?? null,
      partition: scope.place?.partition ?? null,
      ...{ closed: null, verifier: this.#options.verifier },
    });
    if (known?.isOpen) {
      const file = make('seen', known.opening, Math.min(known.openedMs, nowMs));
      const age = ageMark(nowMs - known.openedMs);
      if (age > known.age) await this.#put(scope, id, file, String(age).padStart(2, '0'), signal);
      return { entry: { id, file: { ...file, state: 'open' }, due }, isNews: due.length > 0 };
    }
    const file = make('open', known === null ? 0 : known.opening + 1, nowMs);
    const put = await this.#put(scope, id, file, '', signal);
    // `exists`: another run was first, or the answer to this run's write was lost. It is unknown which run
    // notifies.
    return { entry: { id, file, due }, isNews: due.length > 0 || put.kind === 'stored' };
  }

  async #revisitAll(
    scope: Scope,
    openings: readonly (readonly [string, Opening])[],
    close: Close | null,
    signal?: AbortSignal,
  ): Promise<{ readonly due: readonly Entry[]; readonly closed: readonly Entry[] }> {
    const due: Entry[] = [];
    const closed: Entry[] = [];
    const tasks = new TaskGroup(PUTS_AT_ONCE);
    try {
      for (const [id, known] of openings) {
        await tasks.start(async () => {
          const entry = await this.#revisit(scope, id, known, close, signal);
          if (entry !== null) (entry.file.state === 'closed' ? closed : due).push(entry);
        });
      }
    } finally {
      await tasks.finish();
    }
    return { due, closed };
  }

  /**
   * Not among this run's findings. Its opening or its closing may be still due, or it is gone now. Null:
   * nothing is due, and nothing is known about it.
   */
  async #revisit(
    scope: Scope,
    id: string,
    known: Opening,
    close: Close | null,
    signal?: AbortSignal,
  ): Promise<Entry | null> {
    const due = known.isOpen ? this.#due(known.code, known) : this.#dueOfClosing(known);
    if (due.length === 0 && (close === null || !known.isOpen)) return null;
    let file: FindingFile;
    try {
      const { store } = this.#options;
      const version = known.closedVersion ?? known.openVersion;
      file = parseFinding(await readNote(store, version, FINDING_BYTES_MAX, signal));
    } catch (error) {
      // Not written by this verifier. It stays open since its content is unknown; the inventory scan reports
      // it.
      if (error instanceof FormatError) return null;
      throw error;
    }
    if ((file.state === 'closed') === known.isOpen) return null;
    // A due finding is not closed yet, or a crash between evidence and alarm would lose the alarm.
    if (due.length > 0 || !known.isOpen) return { id, file, due };
    if (close === null || !(await close.covers(file))) return null;
    const { check, why = () => CLOSED_BY[check] } = close;
    const gone: FindingFile = {
      ...{ ...file, state: 'closed', lastSeenMs: Math.max(known.seenMs, file.firstSeenMs) },
      closed: { atMs: this.#now(), check, why: why(file), by: this.#options.verifier },
    };
    await this.#put(scope, id, gone, '', signal);
    return { id, file: gone, due: this.#dueOfClosing(known) };
  }

  /** Who was notified of an opening is notified of its end, and nobody else. */
  #dueOfClosing({ notified, cleared }: Opening): readonly string[] {
    return this.#channels().filter((channel) => notified.has(channel) && !cleared.has(channel));
  }

  #channels(): readonly string[] {
    return this.#options.channels ?? ['log'];
  }

  #due(code: FindingCode, known: Opening | null): readonly string[] {
    if (!reachesPeople(code)) return [];
    const notified = known?.isOpen ? known.notified : null;
    return this.#channels().filter((channel) => notified?.has(channel) !== true);
  }

  #put(scope: Scope, id: string, file: FindingFile, mark: string, signal: AbortSignal | undefined) {
    const { state, opening } = file;
    const key = findingKey({ scope: scope.name, code: file.finding.code, id, opening, state, mark });
    return putLocked(this.#options, key, encodeFinding(file), signal);
  }

  #now(): number {
    return this.#options.clock.now();
  }
}

function coverage(complete: boolean | Covers, isOverflown: boolean): Covers | null {
  if (complete === false || isOverflown) return null;
  return complete === true ? () => true : complete;
}

const HOUR_MS = 3_600_000;

/** After 1, 2, 4, 8 … hours. So `last seen` is exact to a factor of two, with few objects in many years. */
const ageMark = (ageMs: number): number =>
  ageMs < HOUR_MS ? 0 : Math.min(99, 1 + Math.floor(Math.log2(ageMs / HOUR_MS)));
