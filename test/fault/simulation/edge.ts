// What does a process see of its services? Each call takes its fate, and happens in the world or not.
import type { Source } from '../../../src/ingest/source.ts';
import type { Signer } from '../../../src/sign/signer.ts';
import { type Moment, measureOffset, momentOf } from '../../../src/store/clock-offset.ts';
import type { ClockOffset, ObjectVersion, Store } from '../../../src/store/store.ts';
import { Dice } from './dice.ts';
import { type Call, type Fate, fateOf } from './fate.ts';
import type { SimProcess } from './process.ts';
import type { SimWorld } from './world.ts';

/** Numbers of calls, apart from those of events: by process. */
const CALLS_MAX = 100_000;

export class Edge {
  readonly #world: SimWorld;
  readonly #process: SimProcess;
  #calls = 0;
  #offset: ClockOffset | null = null;

  constructor(world: SimWorld, process: SimProcess) {
    this.#world = world;
    this.#process = process;
  }

  /** One call that has an effect, or an answer, in one step. */
  async #call<T>(call: Call, signal: AbortSignal | undefined, effect: () => Promise<T>): Promise<T> {
    const sent = momentOf(this.#process.clock);
    const fate = await this.#begin(call, signal);
    const { clock } = this.#process;
    switch (fate.kind) {
      case 'well':
      case 'twice': {
        if (fate.kind === 'well' && fate.beforeMs > 0) await clock.sleep(fate.beforeMs, signal);
        const settled = fate.kind === 'twice' ? await effect().then(effect, effect) : await effect();
        await this.#end(call, fate.afterMs, signal, sent);
        return settled;
      }
      case 'fails':
        await this.#end(call, fate.afterMs, signal);
        throw fate.error;
      case 'lost-answer':
        await effect().catch(() => {});
        await this.#end(call, fate.afterMs, signal);
        throw fate.error;
      case 'late':
        this.#world.later(fate.landsMs, call, this.#process, effect);
        await this.#end(call, fate.afterMs, signal);
        throw fate.error;
      case 'dies':
        if (fate.when === 'after') await effect().catch(() => {});
        if (fate.when === 'on-its-way') this.#world.later(fate.landsMs, call, this.#process, effect);
        this.#process.kill(`${fate.when} ${call.method} ${call.key}`);
        return this.#process.awake() as Promise<never>;
    }
  }

  /** A call that is answered bit by bit. */
  async *#list<T extends ObjectVersion | string>(
    call: Call,
    signal: AbortSignal | undefined,
    list: () => AsyncIterable<T>,
  ): AsyncGenerator<T> {
    let sent = momentOf(this.#process.clock);
    const fate = await this.#begin(call, signal);
    if (fate.kind === 'well' && fate.beforeMs > 0) await this.#process.clock.sleep(fate.beforeMs, signal);
    if (fate.kind === 'dies') {
      this.#process.kill(`in ${call.method} ${call.key}`);
      await this.#process.awake();
    }
    if (fate.kind === 'fails' || fate.kind === 'late') {
      await this.#end(call, fate.afterMs, signal);
      throw fate.error;
    }
    if (fate.kind === 'twice') for await (const _ of list());
    const world = this.#world;
    const pageDice = new Dice(world.seed, 'page', this.#process.id, this.#calls);
    for await (const entry of list()) {
      await this.#end(call, 0, signal, sent);
      yield entry;
      sent = momentOf(this.#process.clock);
      if (fate.kind === 'lost-answer') throw fate.error;
      if (!world.calm && world.setting.latencyMs > 0 && pageDice.chance(0.1))
        await this.#process.clock.sleep(pageDice.below(world.setting.latencyMs), signal);
    }
    await this.#end(call, fate.kind === 'well' ? fate.afterMs : 0, signal, sent);
  }

  async #begin(call: Call, signal: AbortSignal | undefined): Promise<Fate> {
    const world = this.#world;
    const index = this.#calls++;
    await this.#process.awake();
    signal?.throwIfAborted();
    world.called(this.#process, call, 'before');
    await this.#process.awake();
    const number = (this.#process.number + 1) * CALLS_MAX + index;
    const fate = fateOf(world, call, new Dice(world.seed, 'call', this.#process.number, index), number);
    if (fate.kind !== 'well')
      world.fault(number, `${this.#process.id} ${call.method} ${call.key}: ${wordsOf(fate)}`, call, fate);
    return fate;
  }

  /** `sent`: when what is answered now was asked; absent where no answer comes. */
  async #end(call: Call, afterMs: number, signal: AbortSignal | undefined, sent?: Moment): Promise<void> {
    const stamped = momentOf(this.#world.clock);
    if (afterMs > 0) await this.#process.clock.sleep(afterMs, signal);
    this.#world.called(this.#process, call, 'after');
    await this.#process.awake();
    if (call.port === 'store' && sent !== undefined) this.#measure(sent, stamped);
  }

  /** As the S3 client does by an answer's `Date`, which has whole seconds. */
  #measure(sent: Moment, stamped: Moment): void {
    const received = momentOf(this.#process.clock);
    const offset = measureOffset(sent, received, Math.floor(stamped.wallMs / 1_000) * 1_000);
    if (offset === null) return;
    this.#offset = offset;
    this.#process.scruples.learned(stamped, received.monotonicMs - sent.monotonicMs);
  }

  get store(): Store {
    const world = this.#world;
    const { store } = world;
    const storeCall = (method: string, key: string): Call => ({ port: 'store', method, key });
    return {
      kind: 's3',
      description: 's3://simulated/',
      putIfAbsent: (key, bytes, lock, options) => {
        world.puts.asked(this.#process, key, bytes);
        return this.#call(storeCall('putIfAbsent', key), options?.signal, () =>
          world.puts.landed(this.#process, key, bytes, lock, options?.sha256),
        );
      },
      extendLock: (key, versionId, lock, signal) =>
        this.#call(storeCall('extendLock', key), signal, () => store.extendLock(key, versionId, lock)),
      read: (key, versionId, { signal, ...options }) =>
        this.#call(storeCall('read', key), signal, () => store.read(key, versionId, options)),
      lock: (key, versionId, signal) =>
        this.#call(storeCall('lock', key), signal, () => store.lock(key, versionId)),
      hold: (key, versionId, signal) =>
        this.#call(storeCall('hold', key), signal, () => store.hold(key, versionId)),
      listVersions: (prefix, { signal, ...options } = {}) =>
        this.#list(storeCall('listVersions', prefix), signal, () => store.listVersions(prefix, options)),
      listPrefixes: (prefix, signal) =>
        this.#list(storeCall('listPrefixes', prefix), signal, () => store.listPrefixes(prefix)),
      clockOffset: () => this.#offset,
      close: async () => {},
    };
  }

  get signer(): Signer {
    const { kms } = this.#world;
    return {
      publicKey: kms.publicKey,
      description: 'simulated',
      sign: async (message, signal) => {
        const text = message.slice();
        this.#process.scruples.signs(Buffer.from(text).toString(), momentOf(this.#process.clock));
        const call: Call = {
          port: 'kms',
          method: 'sign',
          key: Buffer.from(text).toString().split('\n', 2).join(' '),
        };
        const signed = await this.#call(call, signal, async () => kms.sign(this.#process.id, text));
        signed.learned = true;
        return signed.signature;
      },
    };
  }

  source(inner: Source): Source {
    const call = <T>(method: string, partition: number | string, run: () => Promise<T>): Promise<T> =>
      this.#call({ port: 'kafka', method, key: `${partition}` }, undefined, run);
    const alive = (run: () => void) => {
      if (!this.#process.isDead) run();
    };
    return {
      kind: 'kafka',
      start: (listener) => inner.start(listener),
      describe: (p) => call('describe', p.partition, () => inner.describe(p)),
      partitions: (topic) => call('partitions', topic, () => inner.partitions(topic)),
      seek: (p, offset) => alive(() => inner.seek(p, offset)),
      pause: (p) => alive(() => inner.pause(p)),
      resume: (p) => alive(() => inner.resume(p)),
      logRange: async (p) => {
        const askedMs = this.#world.clock.monotonic();
        const range = await call('logRange', p.partition, () => inner.logRange(p));
        this.#process.scruples.looked(p.partition, askedMs);
        return range;
      },
      readAt: (p, offset, signal) => call('readAt', p.partition, () => inner.readAt(p, offset, signal)),
      offsetAtTime: (p, ms) => call('offsetAtTime', p.partition, () => inner.offsetAtTime(p, ms)),
      committed: (p) => call('committed', p.partition, () => inner.committed(p)),
      commitHint: (p, hint) => call('commitHint', p.partition, () => inner.commitHint(p, hint)),
      close: () => inner.close(),
    };
  }
}

const wordsOf = (fate: Fate): string => {
  switch (fate.kind) {
    case 'dies':
      return `the process dies ${fate.when}`;
    case 'late':
      return `given up after ${fate.afterMs} ms, lands after ${fate.landsMs} ms`;
    case 'fails':
      return `fails (${fate.error.code})`;
    default:
      return fate.kind;
  }
};
