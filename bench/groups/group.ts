// How does a group of archivers grow and shrink under load, and what does each change cost the partitions?
import { setTimeout as sleep } from 'node:timers/promises';
import { gapsOf, type Seal, sealsAfter } from './gaps.ts';
import { type Counts, Member } from './member.ts';

export type GroupOptions = {
  /** One for each process that there can be at once. */
  readonly configs: readonly { readonly config: string; readonly port: number }[];
  readonly env: NodeJS.ProcessEnv;
  readonly stackDir: string;
  readonly partitions: number;
  readonly waitMs: number;
};

const LOOK_MS = 100;
const seconds = (ms: number): number => Number((ms / 1000).toFixed(1));
const plus = (numbers: readonly number[], digits: number): string =>
  numbers.map((one) => one.toFixed(digits)).join('+');

export class Group {
  readonly #options: GroupOptions;
  readonly #seals: Seal[] = [];
  readonly #sealedTo = new Map<number, number>();
  /** Those that nobody told to end. */
  readonly #members: Member[] = [];
  readonly #started: Member[] = [];

  constructor(options: GroupOptions) {
    this.#options = options;
  }

  #start(): void {
    const { configs, env, stackDir } = this.#options;
    const at = this.#members.length;
    const own = configs[at];
    if (own === undefined) throw new Error(`there is no configuration ${at}`);
    const member = new Member({
      ...{ name: `archiver-${at}`, ...own, env, stackDir },
      onSealed: ({ partition, atMs, nextOffset }) => {
        this.#seals.push({ partition, atMs });
        this.#sealedTo.set(partition, Math.max(this.#sealedTo.get(partition) ?? 0, nextOffset));
      },
    });
    this.#members.push(member);
    this.#started.push(member);
  }

  #generation(): number {
    return Math.max(0, ...this.#members.map(({ joined }) => joined?.generation ?? 0));
  }

  /** When the last one joined the newest generation, once that has every partition; null before. */
  #sharedMs(afterGeneration: number): number | null {
    const newest = this.#generation();
    let partitions = 0;
    let atMs = 0;
    for (const { joined } of this.#members) {
      if (joined === null || joined.generation !== newest || newest <= afterGeneration) return null;
      partitions += joined.partitions;
      atMs = Math.max(atMs, joined.atMs);
    }
    return partitions === this.#options.partitions ? atMs : null;
  }

  /**
   * By starts, or by a SIGTERM to those that are too many, all at once. `shared`: until the group had divided all
   * partitions. `sealsAgain`: until each had then sealed records. Null: not within the wait.
   */
  async changeTo(size: number) {
    const { partitions, waitMs } = this.#options;
    const [before, generation, changedMs] = [this.#members.length, this.#generation(), Date.now()];
    const leaving = this.#members.splice(size);
    const drained = leaving.map(async (member) => {
      const code = await member.drain();
      if (code !== 0) throw new Error(`${member.name} drained with exit code ${code}`);
      return Date.now();
    });
    const gone = Promise.all(drained);
    gone.catch(() => {}); // waited for below
    while (this.#members.length < size) this.#start();
    const look = () => {
      const sharedMs = this.#sharedMs(generation);
      const first = sharedMs === null ? [] : sealsAfter(this.#seals, partitions, sharedMs);
      const again = first.filter((atMs) => atMs !== undefined);
      return { sharedMs, again, isDone: again.length === partitions };
    };
    while (!look().isDone && Date.now() - changedMs < waitMs) await this.#pause();
    const { sharedMs, again, isDone } = look();
    const endMs = isDone ? Math.max(...again) : Date.now();
    const goneMs = Math.max(...(await gone));
    const { median, longest } = gapsOf(this.#seals, changedMs, endMs);
    return {
      change: `${before} to ${size}`,
      sharedSeconds: sharedMs === null ? null : seconds(sharedMs - changedMs),
      drainedSeconds: leaving.length === 0 ? null : seconds(goneMs - changedMs),
      sealsAgainSeconds: isDone ? seconds(endMs - changedMs) : null,
      partitionsSealedAgain: again.length,
      medianGap: median === null ? null : Number(median.toFixed(1)),
      longestGap: longest === null ? null : Number(longest.toFixed(1)),
      generations: this.#generation() - generation,
      owned: this.#members.map(({ joined }) => joined?.partitions ?? 0).join('+'),
    };
  }

  /** What the group uses while nothing changes. Memory and CPU: of each process. */
  async steady(forSeconds: number) {
    const before = await this.#counts();
    const begun = Date.now();
    while (Date.now() - begun < forSeconds * 1000) await this.#pause();
    const [after, ended] = [await this.#counts(), Date.now()];
    const grown = after.map((counts, at) => difference(counts, before[at] as Counts));
    const sum = (of: (counts: Counts) => number) => grown.reduce((total, one) => total + of(one), 0);
    const gaps = gapsOf(this.#seals, begun, ended);
    return {
      processes: after.length,
      seconds: seconds(ended - begun),
      segments: sum(({ segments }) => segments),
      s3: added(grown.map(({ s3 }) => s3)),
      kms: added(grown.map(({ kms }) => kms)),
      fenced: sum(({ fenced }) => fenced),
      failedSteps: added(grown.map(({ failedSteps }) => failedSteps)),
      cpuSeconds: plus(
        grown.map(({ cpuSeconds }) => cpuSeconds),
        1,
      ),
      rssMib: plus(
        after.map(({ rssMib }) => rssMib),
        0,
      ),
      peakMib: plus(
        this.#members.map((member) => member.peakMib() ?? Number.NaN),
        0,
      ),
      medianGap: gaps.median === null ? null : Number(gaps.median.toFixed(1)),
      longestGap: gaps.longest === null ? null : Number(gaps.longest.toFixed(1)),
    };
  }

  #counts(): Promise<Counts[]> {
    return Promise.all(this.#members.map((member) => member.counts()));
  }

  /** Resolves when each partition is sealed up to there. Throws after the wait. */
  async sealed(ends: ReadonlyMap<number, number>): Promise<void> {
    const begun = Date.now();
    const behind = () => [...ends].filter(([partition, end]) => (this.#sealedTo.get(partition) ?? 0) < end);
    while (behind().length > 0) {
      if (Date.now() - begun > this.#options.waitMs)
        throw new Error(
          `${behind().length} partitions are not sealed ${seconds(Date.now() - begun)} s later`,
        );
      await this.#pause();
    }
  }

  /** SIGTERM to all that are left. */
  async end(): Promise<void> {
    const codes = await Promise.all(this.#members.splice(0).map((member) => member.drain()));
    if (codes.some((code) => code !== 0)) throw new Error(`drained with exit codes ${codes.join(', ')}`);
  }

  async kill(): Promise<void> {
    await Promise.all(this.#started.map((member) => member.kill()));
  }

  async #pause(): Promise<void> {
    for (const member of this.#members) member.check();
    await sleep(LOOK_MS);
  }
}

function difference(after: Counts, before: Counts): Counts {
  const less = (name: 's3' | 'kms' | 'failedSteps') =>
    Object.fromEntries(
      Object.entries(after[name]).map(([operation, n]) => [operation, n - (before[name][operation] ?? 0)]),
    );
  return {
    cpuSeconds: after.cpuSeconds - before.cpuSeconds,
    rssMib: after.rssMib,
    segments: after.segments - before.segments,
    fenced: after.fenced - before.fenced,
    ...{ s3: less('s3'), kms: less('kms'), failedSteps: less('failedSteps') },
  };
}

function added(counts: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const one of counts)
    for (const [operation, n] of Object.entries(one)) if (n > 0) sums[operation] = (sums[operation] ?? 0) + n;
  return sums;
}
