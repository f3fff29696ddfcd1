// Which findings are open, new or gone? Locked evidence of it is written before people are notified.
import { assert } from '../../base/assert.ts';
import { TaskGroup } from '../../base/concurrency.ts';
import { FormatError } from '../../base/error.ts';
import type { Sha256 } from '../../base/hash.ts';
import { type Finding, type FindingCode, isAlarming, SEVERITY, type Severity } from '../../verify/finding.ts';
import { type OwnBucket, putLocked, readNote } from '../own-bucket.ts';
import { findingKey, isChannel } from '../own-keys.ts';
import { chooseEntries } from './bounds.ts';
import { type Opening, readHistory } from './history.ts';
import {
  type CheckName,
  encodeFinding,
  FINDING_BYTES_MAX,
  type FindingFile,
  type FindingState,
  parseFinding,
  type Scope,
} from './record.ts';

/** Whether the check would have seen this finding again if it were still there. */
export type Covers = (open: FindingFile) => boolean;

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
  readonly closed: readonly Entry[];
  /** All open findings of the scope, including those of other checks. */
  readonly open: ReadonlyMap<Severity, number>;
};

const PUTS_AT_ONCE = 8;

export class Ledger {
  readonly #options: LedgerOptions;

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
    const revisited = await this.#revisitAll(scope, others, covers, signal);
    opened.push(...revisited.due);
    const { closed } = revisited;
    const gone = new Set(closed.map(({ id }) => id));
    const left = others.filter(([id]) => !gone.has(id)).map(([, { code }]) => code);
    const open = countBySeverity([...[...listed.values()].map(({ code }) => code), ...left]);
    return { scope, opened, stillOpen, closed, open };
  }

  /**
   * The open findings of a scope that some channel has not taken yet. This is no check: nothing is written
   * and nothing is closed.
   */
  async missed(scope: Scope, signal?: AbortSignal): Promise<readonly Entry[]> {
    const { latest } = await readHistory(this.#options.store, scope, signal);
    const open = [...latest].filter(([, { isOpen }]) => isOpen);
    return (await this.#revisitAll(scope, open, null, signal)).due;
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
        await puts.start(async () => {
          await this.#put(scope, id, { ...file, state: 'told', lastSeenMs: this.#now() }, channel, signal);
        });
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
      verifier: this.#options.verifier,
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
    covers: Covers | null,
    signal?: AbortSignal,
  ): Promise<{ readonly due: readonly Entry[]; readonly closed: readonly Entry[] }> {
    const due: Entry[] = [];
    const closed: Entry[] = [];
    const tasks = new TaskGroup(PUTS_AT_ONCE);
    try {
      for (const [id, known] of openings) {
        await tasks.start(async () => {
          const outcome = await this.#revisit(scope, id, known, covers, signal);
          if (outcome !== null) (outcome.isNews ? due : closed).push(outcome.entry);
        });
      }
    } finally {
      await tasks.finish();
    }
    return { due, closed };
  }

  /** Open, and not among this run's findings. It may be still due, or gone, or nothing is known about it. */
  async #revisit(
    scope: Scope,
    id: string,
    known: Opening,
    covers: Covers | null,
    signal?: AbortSignal,
  ): Promise<{ readonly entry: Entry; readonly isNews: boolean } | null> {
    const due = this.#due(known.code, known);
    if (due.length === 0 && covers === null) return null;
    let file: FindingFile;
    try {
      const { store } = this.#options;
      file = parseFinding(await readNote(store, known.openVersion, FINDING_BYTES_MAX, signal));
    } catch (error) {
      // Not written by this verifier. It stays open since its content is unknown; the inventory scan reports
      // it.
      if (error instanceof FormatError) return null;
      throw error;
    }
    // A due finding is not closed yet, or a crash between evidence and alarm would lose the alarm.
    if (due.length > 0) return { entry: { id, file, due }, isNews: true };
    if (covers?.(file) !== true) return null;
    const gone = { ...file, state: 'closed', lastSeenMs: Math.max(known.seenMs, file.firstSeenMs) } as const;
    await this.#put(scope, id, gone, '', signal);
    return { entry: { id, file: gone, due }, isNews: false };
  }

  #due(code: FindingCode, known: Opening | null): readonly string[] {
    if (!isAlarming(SEVERITY[code])) return [];
    const notified = known?.isOpen ? known.notified : null;
    return (this.#options.channels ?? ['log']).filter((channel) => notified?.has(channel) !== true);
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

function countBySeverity(codes: readonly FindingCode[]): ReadonlyMap<Severity, number> {
  const counts = new Map<Severity, number>();
  for (const code of codes) counts.set(SEVERITY[code], (counts.get(SEVERITY[code]) ?? 0) + 1);
  return counts;
}

function coverage(complete: boolean | Covers, isOverflown: boolean): Covers | null {
  if (complete === false || isOverflown) return null;
  return complete === true ? () => true : complete;
}

const HOUR_MS = 3_600_000;

/** After 1, 2, 4, 8 … hours. So `last seen` is exact to a factor of two, with few objects in many years. */
const ageMark = (ageMs: number): number =>
  ageMs < HOUR_MS ? 0 : Math.min(99, 1 + Math.floor(Math.log2(ageMs / HOUR_MS)));
