// Which findings are open, new or gone? Locked evidence of it is written before people are notified.
import { assert } from '../../base/assert.ts';
import { TaskGroup } from '../../base/concurrency.ts';
import { FormatError, LedgerstoneError } from '../../base/error.ts';
import type { Sha256 } from '../../base/hash.ts';
import type { Finding, FindingCode, Severity } from '../../verify/finding.ts';
import type { OwnBucket } from '../own-bucket.ts';
import { isChannel } from '../own-keys.ts';
import { chooseEntries, countBySeverity } from './bounds.ts';
import { CLOSED_BY, type Covers, coverage } from './closed-by.ts';
import type { Opening } from './history.ts';
import { LedgerNotes } from './ledger-notes.ts';
import {
  ageMark,
  type CheckName,
  type FindingFile,
  type FindingState,
  reachesPeople,
  type Scope,
} from './record.ts';

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
  /** Key of the note that says so. */
  readonly evidence: string;
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
  readonly #notes: LedgerNotes;
  /** Scopes that have a key of a finding, and what lies at such keys and is no note. */
  readonly notes: Pick<LedgerNotes, 'scopes' | 'takeForeign'>;
  /** Scopes in which nothing was open and nobody was left to be notified, and when that was read. */
  readonly #clear = new Map<string, number>();

  constructor(options: LedgerOptions) {
    this.#options = options;
    this.#notes = new LedgerNotes(options);
    this.notes = this.#notes;
  }

  /**
   * Once it resolves, every given finding is in the bucket, create-only and locked, or is counted by the
   * entry for "more" of its code. Several runs may do this at once, and each may stop anywhere: the keys
   * decide, and the next run writes what is missing. If it rejects, evidence may be missing: notify people
   * all the same and run again. A finding stays due until `notified` was called for it, so an alarm may come
   * twice but never gets lost.
   */
  async report(scope: Scope, findings: readonly Finding[], options: ReportOptions): Promise<Reported> {
    const { sha256 } = this.#options;
    const { signal, omitted = 0 } = options;
    await this.#notes.noteAgain(scope, signal);
    const isNothing = omitted === 0 && findings.every(({ severity }) => severity === 'info');
    // What another process opens meanwhile is closed by that one, or by this one a little later.
    const clearMs = isNothing ? this.#clear.get(scope.name) : undefined;
    if (clearMs !== undefined && this.#options.clock.monotonic() - clearMs < CLEAR_MS) {
      return { scope, opened: [], stillOpen: [], closed: [], open: new Map() };
    }
    this.#clear.delete(scope.name);
    const history = await this.#notes.read(scope, signal);
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
    const isClear = ([id, known]: (typeof before)[number]) =>
      this.#dueOfClosing(scope, id, known).length === 0;
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
    const { latest } = await this.#notes.read(scope, signal);
    const { due, closed } = await this.#revisitAll(scope, [...latest], null, signal);
    return { scope, opened: due, closed };
  }

  /** All open findings of a scope, read without a new check. */
  async open(scope: Scope, signal?: AbortSignal): Promise<ReadonlyMap<Severity, number>> {
    const { latest } = await this.#notes.read(scope, signal);
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
    const taken = entries
      .filter(({ due }) => due.includes(channel))
      .map(({ id, file }): { id: string; file: FindingFile } => ({
        id,
        file:
          file.state === 'closed'
            ? { ...file, state: 'cleared' }
            : { ...file, state: 'told', lastSeenMs: this.#now() },
      }));
    this.#notes.take(scope, taken, channel);
    const puts = new TaskGroup(PUTS_AT_ONCE);
    try {
      for (const one of taken) await puts.start(() => this.#notes.noteTaken(scope, one, channel, signal));
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
    const due = this.#due(scope, id, finding.code, known);
    const make = (state: FindingState, opening: number, firstSeenMs: number): FindingFile => ({
      ...{ state, scope: scope.name, finding, check, opening, firstSeenMs, lastSeenMs: nowMs },
      chain: scope.place?.chain ?? null,
      partition: scope.place?.partition ?? null,
      ...{ closed: null, verifier: this.#options.verifier },
    });
    if (known?.isOpen) {
      const file = make('seen', known.opening, Math.min(known.openedMs, nowMs));
      const age = ageMark(nowMs - known.openedMs);
      if (age > known.age) await this.#notes.put(scope, id, file, String(age).padStart(2, '0'), signal);
      const entry = { id, file: { ...file, state: 'open' }, evidence: known.openVersion.key, due } as const;
      return { entry, isNews: due.length > 0 };
    }
    const file = make('open', known === null ? 0 : known.opening + 1, nowMs);
    // Not stored: another run was first, or the answer to this run's write was lost. It is unknown which run
    // notifies.
    const { isStored, key } = await this.#notes.put(scope, id, file, '', signal);
    return { entry: { id, file, evidence: key, due }, isNews: due.length > 0 || isStored };
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

  /** Not among this run's findings: due still, or gone now. Null: neither, or nothing is known about it. */
  async #revisit(
    scope: Scope,
    id: string,
    known: Opening,
    close: Close | null,
    signal?: AbortSignal,
  ): Promise<Entry | null> {
    const due = known.isOpen ? this.#due(scope, id, known.code, known) : this.#dueOfClosing(scope, id, known);
    if (due.length === 0 && (close === null || !known.isOpen)) return null;
    const version = known.closedVersion ?? known.openVersion;
    let file: FindingFile;
    try {
      file = await this.#notes.finding(version, signal);
    } catch (error) {
      // It was replaced since. It stays open since its content is unknown; the inventory scan reports it.
      if (error instanceof FormatError) return null;
      throw error;
    }
    if ((file.state === 'closed') === known.isOpen) return null;
    // A due finding is not closed yet, or a crash between evidence and alarm would lose the alarm.
    if (due.length > 0 || !known.isOpen) return { id, file, evidence: version.key, due };
    if (close === null || !(await close.covers(file))) return null;
    const { check, why = () => CLOSED_BY[check] } = close;
    const gone: FindingFile = {
      ...{ ...file, state: 'closed', lastSeenMs: Math.max(known.seenMs, file.firstSeenMs) },
      closed: { atMs: this.#now(), check, why: why(file), by: this.#options.verifier },
    };
    const put = await this.#notes.put(scope, id, gone, '', signal).catch((error: unknown) => {
      // Nothing can say so. It stays open, and what lies there is a finding.
      if (error instanceof LedgerstoneError && error.code === 'findings-obstructed') return null;
      throw error;
    });
    if (put === null) return null;
    return { id, file: gone, evidence: put.key, due: this.#dueOfClosing(scope, id, known) };
  }

  /** Who was notified of an opening is notified of its end, and nobody else. */
  #dueOfClosing(scope: Scope, id: string, { opening, notified, cleared }: Opening): readonly string[] {
    const told = (channel: string) =>
      notified.has(channel) || this.#notes.isTaken(scope, id, { opening, state: 'told' }, channel);
    const isCleared = (channel: string) =>
      cleared.has(channel) || this.#notes.isTaken(scope, id, { opening, state: 'cleared' }, channel);
    return this.#channels().filter((channel) => told(channel) && !isCleared(channel));
  }

  #channels(): readonly string[] {
    return this.#options.channels ?? ['log'];
  }

  #due(scope: Scope, id: string, code: FindingCode, known: Opening | null): readonly string[] {
    if (!reachesPeople(code)) return [];
    if (!known?.isOpen) return this.#channels();
    const { opening, notified } = known;
    return this.#channels().filter(
      (channel) =>
        !notified.has(channel) && !this.#notes.isTaken(scope, id, { opening, state: 'told' }, channel),
    );
  }

  #now(): number {
    return this.#options.clock.now();
  }
}
