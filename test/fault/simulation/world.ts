// What is there in a simulated world, and who is told what happens in it?
import type { VerifierKey } from '../../../src/format/vkey.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { MemoryBroker } from '../../support/memory-broker.ts';
import { type MemoryStore, memoryStore } from '../../support/memory-store.ts';
import { Dice } from './dice.ts';
import type { Call, Fate } from './fate.ts';
import { Kms } from './kms.ts';
import { Ledger } from './ledger.ts';
import { SimProcess, trustedKey } from './process.ts';
import { Puts } from './puts.ts';
import { GROUP, type Setting, settingOf, TOPIC } from './setting.ts';

/** Something that waits for one call to come by. */
export type Moment = {
  readonly when: 'before' | 'after';
  readonly matches: (call: Call, process: SimProcess) => boolean;
  readonly act: (process: SimProcess, call: Call) => void;
};

/** More than any run needs: beyond it somebody turns in a circle. */
const WAKES_MAX = 400_000;

export class SimWorld {
  readonly seed: number;
  readonly setting: Setting;
  readonly clock = new FakeClock({ wakesMax: WAKES_MAX });
  readonly broker: MemoryBroker;
  readonly store: MemoryStore;
  readonly kms: Kms;
  readonly trusted: readonly VerifierKey[];
  readonly puts: Puts;
  readonly ledgers: Ledger[] = [];
  readonly processes: SimProcess[] = [];
  readonly services = { storeDown: false, kmsDown: false, throttled: false };
  readonly moments: Moment[] = [];
  readonly states: Record<string, number> = {};
  readonly trace: string[] = [];
  readonly problems: string[] = [];
  /** Numbers of all that went wrong or was done: what a shrinker chooses from. */
  readonly happened: number[] = [];
  readonly verbose: boolean;
  readonly #only: ReadonlySet<number> | null;
  #started = 0;
  /** Requests that are on their way without anybody waiting for them. */
  onTheWay = 0;
  /** Trouble is over: what is broken is mended, and progress is due. */
  calm = false;

  constructor(seed: number, only: ReadonlySet<number> | null, verbose: boolean) {
    this.seed = seed;
    this.#only = only;
    this.verbose = verbose;
    this.setting = settingOf(seed);
    this.broker = new MemoryBroker({ clock: this.clock, ...this.setting.broker });
    this.store = memoryStore({ clock: this.clock });
    this.kms = new Kms(this.setting.algorithm);
    this.trusted = [trustedKey(this.kms.publicKey)];
    this.puts = new Puts(this);
    this.broker.createTopic(TOPIC, this.setting.partitions);
    this.syncPartitions();
    const group = this.broker.group(GROUP);
    group.onCommit = (memberId, { partition }, { nextOffset, metadata }) => {
      const sealed = this.ledgers[partition]?.nextOffset ?? -1;
      this.count('committed');
      if (nextOffset > sealed)
        this.problem(`${memberId} commits ${nextOffset} of ${partition}, ${sealed} is sealed: ${metadata}`);
    };
  }

  mayHappen(number: number): boolean {
    return this.#only === null || this.#only.has(number);
  }

  alive(): SimProcess[] {
    return this.processes.filter((process) => !process.isGone);
  }

  log(partition: number) {
    return this.broker.log(TOPIC, partition);
  }

  /** Books for partitions that came. */
  syncPartitions(): void {
    const count = this.broker.partitionsOf(TOPIC).length;
    while (this.ledgers.length < count)
      this.ledgers.push(
        new Ledger(
          this.ledgers.length,
          this.ledgers.some(({ seals }) => seals.length > 0),
        ),
      );
  }

  start(): void {
    if (this.alive().length >= this.setting.members) return;
    const process = new SimProcess(this, this.#started++);
    this.processes.push(process);
    if (this.setting.troubles.has('clock-skew') && !this.calm)
      process.skewMs = new Dice(this.seed, 'skew', process.number).between(-70_000, 70_000);
    process.start();
  }

  /** Somebody's command: a process that is no archiver. */
  newOperator(): SimProcess {
    return new SimProcess(this, this.#started++, 'operator');
  }

  /** Its supervisor starts another one. */
  gone(process: SimProcess): void {
    const dice = new Dice(this.seed, 'supervisor', process.number);
    void this.clock.sleep(this.calm ? 500 : dice.between(100, 6_000)).then(() => this.start());
  }

  /** It happens, whoever still waits for it. */
  later(ms: number, call: Call, process: SimProcess, effect: () => Promise<unknown>): void {
    this.onTheWay += 1;
    void this.clock.sleep(ms).then(async () => {
      await effect().catch(() => {});
      this.onTheWay -= 1;
      this.count(process.isDead ? `late ${call.method} after death` : `late ${call.method}`);
      this.note(`${process.id} ${call.method} ${call.key} lands`);
    });
  }

  called(process: SimProcess, call: Call, when: 'before' | 'after'): void {
    if (this.moments.length === 0) return;
    const index = this.moments.findIndex((moment) => moment.when === when && moment.matches(call, process));
    const [moment] = index < 0 ? [] : this.moments.splice(index, 1);
    if (moment === undefined) return;
    this.note(`the moment ${when} ${process.id} ${call.method} ${call.key}`);
    moment.act(process, call);
  }

  rebalance(): void {
    if (this.alive().some(({ between }) => between.size > 0)) this.count('rebalance between data and seal');
    this.count('rebalance');
    this.broker.group(GROUP).rebalance();
  }

  // Told by whoever does something.

  fault(number: number, text: string, call: Call, fate: Fate): void {
    this.happened.push(number);
    this.count(`${call.method} ${fate.kind}`);
    this.note(`#${number} ${text}`);
  }

  note(text: string): void {
    this.trace.push(`${Math.round(this.clock.monotonic())} ${text}`);
  }

  count(state: string): void {
    this.states[state] = (this.states[state] ?? 0) + 1;
  }

  problem(text: string): void {
    if (this.problems.length < 50)
      this.problems.push(`${text} (at ${Math.round(this.clock.monotonic())} ms)`);
  }
}
