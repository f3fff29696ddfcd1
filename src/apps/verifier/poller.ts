// Which chains may have grown? Asks with as few listings as it can, since each listing costs money.
import { TaskGroup } from '../../base/concurrency.ts';
import { CANARY_CHAIN } from '../../format/chain.ts';
import { parseKey, sealKey, sealPrefix, sealsRoot } from '../../format/paths.ts';
import type { EventWork } from '../../verifier/events/work.ts';
import { isChainThere, type RunResult, type Verifier } from '../../verifier/verifier.ts';
import type { ChainInArchive } from '../../verify/survey.ts';

/** How often the list of topics is read again. */
const TOPICS_MS = 10_000;
/** Known topics whose partitions are listed again with it, in turn. The confirmation lists all of them. */
const TOPICS_PER_LOOK = 5;
/**
 * An unsound chain is not read again at once: it is reported already, and it seldom heals. Each time it is
 * left alone for twice as long, up to `idleMs`.
 */
const UNSOUND_MS = 30_000;
/** A chain is looked at again after this share of the time since it last grew. */
const OF_AGE = 1 / 4;
/** Looks that were saved up while nothing was due. */
const SAVED_MS = 10_000;
const LOOKS_AT_ONCE = 16;

export type PollerOptions = {
  /** Between two looks at a chain that has just grown. */
  readonly everyMs: number;
  /** Between two looks at a chain that has not grown for long. */
  readonly idleMs: number;
  /** Listings a second for new seals at most, over all chains. */
  readonly looksPerSecond: number;
  readonly signal: AbortSignal;
};

type Known = {
  readonly place: ChainInArchive;
  size: number;
  /** How often it was found unsound one after another. */
  unsound: number;
  /** When it was first seen, or last seen to have grown. */
  grownMs: number;
  dueMs: number;
};

/** Knows up to where each chain was seen, and looks for a seal behind it with one small listing. */
export class Poller {
  readonly #verifier: Pick<Verifier, 'archive' | 'clock'>;
  readonly #options: PollerOptions;
  readonly #chains = new Map<string, Known>();
  /** Of folders in which no chain was found. */
  readonly #restUntil = new Map<string, number>();
  /** Prefixes, in the order in which their partitions are listed again. */
  readonly #topics = new Set<string>();
  #topicsMs = Number.NEGATIVE_INFINITY;
  #looks: number;
  #looksMs: number;

  constructor(verifier: Pick<Verifier, 'archive' | 'clock'>, options: PollerOptions) {
    this.#verifier = verifier;
    this.#options = options;
    this.#looks = this.#looksMax;
    this.#looksMs = verifier.clock.monotonic();
  }

  /** Those that wait longest come first. What is over the limit of looks waits for the next call. */
  async grown(): Promise<EventWork['chains']> {
    const nowMs = this.#verifier.clock.monotonic();
    if (nowMs - this.#topicsMs >= TOPICS_MS) {
      await this.#listTopics(nowMs);
      this.#topicsMs = nowMs;
    }
    const due = [...this.#chains.values()]
      .filter(({ dueMs }) => dueMs <= nowMs)
      .sort((a, b) => a.dueMs - b.dueMs)
      .slice(0, this.#takeLooks(nowMs));
    this.#looks -= due.length;
    const grown: EventWork['chains'][number][] = [];
    const group = new TaskGroup(LOOKS_AT_ONCE);
    try {
      for (const known of due) {
        await group.start(async () => {
          const { place, size } = known;
          const isGrown = await this.#hasSealFrom(place, size);
          // Also of one that has grown: a step that fails must not keep others from being looked at.
          known.dueMs = nowMs + this.#waitOf(known, nowMs);
          if (isGrown) grown.push({ place, hintSize: size + 1, seals: [] });
        });
      }
    } finally {
      await group.finish();
    }
    return grown;
  }

  /** From steps of any run: how long each chain is, and which chains there are. */
  learn(result: RunResult | null): void {
    const nowMs = this.#verifier.clock.monotonic();
    for (const step of result?.steps ?? []) {
      const { place, report, confirmed, isNew, isAtEnd } = step;
      if (!isChainThere(step)) {
        this.#chains.delete(idOf(place));
        this.#restUntil.set(idOf(place), nowMs + UNSOUND_MS);
        continue;
      }
      const isFirst = !this.#chains.has(idOf(place));
      const known = this.#note(place, nowMs);
      // Nothing of a chain with unread data is ever attested, so it is looked at from where it was walked to.
      const isUnread = step.findings.some(({ code }) => code === 'expired-unread');
      known.size = isUnread ? (report?.size ?? 0) : (confirmed?.size ?? 0);
      if (isNew) known.grownMs = nowMs;
      else if (isFirst) known.grownMs = nowMs - this.#ageOf(report?.lastSealed ?? null);
      const isSound =
        (isUnread ? report?.verdict : step.verdict) === 'verified' && (report?.size ?? 0) <= known.size;
      known.unsound = isSound ? 0 : known.unsound + 1;
      if (!isAtEnd) known.dueMs = nowMs;
      else known.dueMs = nowMs + (isSound ? this.#waitOf(known, nowMs) : this.#unsoundWaitOf(known));
    }
  }

  #ageOf(lastSealed: string | null): number {
    return lastSealed === null ? 0 : Math.max(0, this.#verifier.clock.now() - Date.parse(lastSealed));
  }

  /** A chain that is new here is looked at with the next call. */
  #note(place: ChainInArchive, nowMs: number): Known {
    const id = idOf(place);
    const dueMs = Math.max(nowMs, this.#restUntil.get(id) ?? 0);
    const known = this.#chains.get(id) ?? { place, size: 0, unsound: 0, grownMs: nowMs, dueMs };
    this.#chains.set(id, known);
    return known;
  }

  #waitOf({ grownMs }: Known, nowMs: number): number {
    const { everyMs, idleMs } = this.#options;
    return Math.max(everyMs, Math.min(idleMs, (nowMs - grownMs) * OF_AGE));
  }

  #unsoundWaitOf({ unsound }: Known): number {
    return Math.max(UNSOUND_MS, Math.min(this.#options.idleMs, UNSOUND_MS * 2 ** (unsound - 1)));
  }

  get #looksMax(): number {
    const { looksPerSecond } = this.#options;
    return Math.max(1, (looksPerSecond * SAVED_MS) / 1000);
  }

  /** Whole looks that may be made now. */
  #takeLooks(nowMs: number): number {
    const more = ((nowMs - this.#looksMs) / 1000) * this.#options.looksPerSecond;
    this.#looksMs = nowMs;
    this.#looks = Math.min(this.#looksMax, this.#looks + more);
    return Math.floor(this.#looks);
  }

  /** One listing, one for each topic that is new, and a few for those that are known. */
  async #listTopics(nowMs: number): Promise<void> {
    const { archive } = this.#verifier;
    const { signal } = this.#options;
    const wanted: string[] = [];
    const there = new Set<string>();
    for await (const topic of archive.listPrefixes(sealsRoot, signal)) {
      there.add(topic);
      // A drill is to be found soon, whatever an earlier one has left.
      if (!this.#topics.has(topic) || topic === `${sealsRoot}topic=${CANARY_CHAIN}/`) wanted.push(topic);
    }
    for (const topic of this.#topics) if (!there.has(topic)) this.#topics.delete(topic);
    wanted.push(...[...this.#topics].slice(0, TOPICS_PER_LOOK).filter((topic) => !wanted.includes(topic)));
    const group = new TaskGroup(LOOKS_AT_ONCE);
    try {
      for (const topic of wanted) {
        await group.start(async () => {
          for await (const folder of archive.listPrefixes(topic, signal)) {
            const parsed = parseKey(`${folder}000000000000.tlog-proof`);
            if (parsed?.kind !== 'seal') continue;
            this.#note({ chain: parsed.chain, partition: parsed.partition }, nowMs);
          }
          // To the end of the order.
          this.#topics.delete(topic);
          this.#topics.add(topic);
        });
      }
    } finally {
      await group.finish();
    }
  }

  async #hasSealFrom({ chain, partition }: ChainInArchive, size: number): Promise<boolean> {
    const options = {
      limit: 1,
      signal: this.#options.signal,
      ...(size > 0 && { startAfter: sealKey(chain, partition, size - 1) }),
    };
    for await (const _ of this.#verifier.archive.listVersions(sealPrefix(chain, partition), options))
      return true;
    return false;
  }
}

const idOf = ({ chain, partition }: ChainInArchive): string => `${chain}/${partition}`;
