// How does one archiver live and die here? The production code above the ports, on a clock and with services of its own.
import { inlineEncoder } from '../../../src/archiver/encoder.ts';
import { Pipeline } from '../../../src/archiver/pipeline.ts';
import type { Clock } from '../../../src/base/clock.ts';
import { zstdCompressor } from '../../../src/base/node/compress.ts';
import { nodeSha256, nodeSha256Into } from '../../../src/base/node/hash.ts';
import { verifierKey } from '../../../src/format/vkey.ts';
import type { SourceListener } from '../../../src/ingest/source.ts';
import { keyringOf } from '../../support/keyring.ts';
import { memorySource } from '../../support/memory-source.ts';
import { Dice } from './dice.ts';
import { Edge } from './edge.ts';
import { Scruples } from './scruples.ts';
import { GROUP, ORIGIN, TOPIC } from './setting.ts';
import type { SimWorld } from './world.ts';

const SESSION_MS = 10_000;

const NEVER = new Promise<never>(() => {});
const compress = zstdCompressor(1);

export class SimProcess {
  readonly id: string;
  readonly number: number;
  readonly clock: Clock;
  readonly edge: Edge;
  readonly scruples: Scruples;
  readonly #world: SimWorld;
  readonly #source: ReturnType<typeof memorySource>;
  readonly #stop = new AbortController();
  #pipeline: Pipeline | null = null;
  #dead = false;
  #ended = false;
  /** Resolves when it goes on; null while it runs. */
  #pause: PromiseWithResolvers<void> | null = null;
  /** What came while it stood still, or before it had read it. Null: it reads at once. */
  #mail: (() => void)[] | null = null;
  #isolated = false;
  /** Its own clock's error. */
  skewMs = 0;
  /** The group gave its partitions to others, and it has not heard of it. */
  isZombie = false;
  /** Partitions whose data is stored and whose seal has not been sent. */
  readonly between = new Set<number>();

  constructor(world: SimWorld, number: number, name = 'p') {
    this.#world = world;
    this.number = number;
    this.id = `${name}${number}`;
    this.clock = {
      now: () => world.clock.now() + this.skewMs,
      monotonic: () => world.clock.monotonic(),
      sleep: async (ms, signal) => {
        await world.clock.sleep(ms, signal);
        if (this.#dead || this.#pause !== null) await this.awake();
      },
    };
    this.edge = new Edge(world, this);
    this.scruples = new Scruples(world, this.id);
    this.#source = memorySource(world.broker, GROUP, this.id, [TOPIC], {
      clock: this.clock,
      post: (read) => this.#post(read),
    });
  }

  get pipeline(): Pipeline | null {
    return this.#pipeline;
  }
  get isDead(): boolean {
    return this.#dead;
  }
  get isPaused(): boolean {
    return this.#pause !== null;
  }
  get isRunning(): boolean {
    return !this.#dead && !this.#ended && this.#pause === null;
  }
  get isGone(): boolean {
    return this.#dead || this.#ended;
  }

  /** What an operator's command has of these: no member of the group. */
  get source() {
    return this.edge.source(this.#source);
  }

  start(): void {
    const world = this.#world;
    const { setting } = world;
    const dice = new Dice(world.seed, 'process', this.number);
    const say = (level: string, told: boolean) => (fields: object, message: string) => {
      if (this.#dead) return;
      if (told)
        world.note(`${this.id} ${level} ${message}${world.verbose ? ` ${JSON.stringify(fields)}` : ''}`);
    };
    const source = this.source;
    const pipeline = new Pipeline({
      config: setting.config,
      source: { ...source, start: (listener) => source.start(this.#heard(listener)) },
      store: this.edge.store,
      keyring: keyringOf(ORIGIN, [this.edge.signer], { trusted: world.trusted }),
      encoder: inlineEncoder({ sha256: nodeSha256, sha256Into: nodeSha256Into, encoding: 'zstd', compress }),
      clock: this.clock,
      random: dice.next,
      sha256: nodeSha256,
      log: {
        debug: say('debug', world.verbose),
        info: say('info', world.verbose),
        warn: say('warn', true),
        error: say('error', true),
      },
      observer: {
        accepted() {},
        sealed: () => world.count('sealed'),
        fenced: () => world.count(this.isZombie ? 'zombie fenced' : 'fenced'),
        trouble() {},
      },
      writer: { id: this.id, version: '1.0.0' },
    });
    this.#pipeline = pipeline;
    void pipeline.run(this.#stop.signal).then((end) => {
      this.#ended = true;
      world.note(`${this.id} ended: ${end.kind}${end.kind === 'failed' ? ` ${end.error.message}` : ''}`);
      if (end.kind === 'drained') world.count('drained');
      // A process that could not begin leaves nothing behind.
      if (end.kind === 'failed') this.#source.crash();
      world.broker.group(GROUP).leave(this.id);
      world.gone(this);
    });
  }

  drain(): void {
    this.#stop.abort();
  }

  /** As SIGKILL: nothing more happens in it. The group learns of it after the session. */
  kill(how: string, sessionMs = SESSION_MS): void {
    if (this.isGone) return;
    const world = this.#world;
    this.#dead = true;
    world.note(`${this.id} dies ${how}`);
    world.count('killed');
    if (this.between.size > 0) world.count('death between data and seal');
    this.#source.crash();
    const group = world.broker.group(GROUP);
    if (world.calm || sessionMs === 0) group.leave(this.id);
    else void world.clock.sleep(sessionMs).then(() => group.leave(this.id));
    world.gone(this);
  }

  /** As SIGSTOP, and SIGCONT after `ms`. After the session its partitions are others'; it learns of it `mailMs` after it goes on. */
  pause(ms: number, mailMs: number): void {
    if (!this.isRunning) return;
    const world = this.#world;
    world.count(ms > SESSION_MS ? 'paused beyond the session' : 'paused');
    this.#pause = Promise.withResolvers();
    this.#mail ??= [];
    if (ms > SESSION_MS) void world.clock.sleep(SESSION_MS).then(() => this.isolate());
    void world.clock.sleep(ms).then(() => this.#goOn());
    void world.clock.sleep(ms + mailMs).then(() => this.#readMail());
  }

  #goOn(): void {
    if (this.#pause === null || this.#dead) return;
    this.#world.note(`${this.id} goes on`);
    this.#pause.resolve();
    this.#pause = null;
  }

  #readMail(): void {
    this.#goOn();
    const mail = this.#mail ?? [];
    this.#mail = null;
    for (const read of mail) read();
    this.heal();
  }

  isolate(): void {
    if (this.isGone || this.#isolated) return;
    try {
      this.#world.broker.group(GROUP).isolate(this.id);
      this.#isolated = true;
      this.isZombie = true;
      this.#world.count('isolated');
    } catch {
      // It has not joined yet, or has left.
    }
  }

  heal(): void {
    if (!this.#isolated || this.#dead || this.isPaused || this.#mail !== null) return;
    this.#isolated = false;
    try {
      this.#world.broker.group(GROUP).heal(this.id);
    } catch {
      // It has left meanwhile.
    }
  }

  /** All that it needs to go on. */
  mend(): void {
    this.skewMs = 0;
    this.#readMail();
    this.heal();
  }

  /** undefined: at once. */
  awake(): Promise<void> | undefined {
    if (this.#dead) return NEVER;
    return this.#pause?.promise.then(() => this.awake());
  }

  #post(read: () => void): void {
    if (this.#dead) return;
    if (this.#mail === null) read();
    else this.#mail.push(read);
  }

  /** The same listener, and what the world learns on the way. */
  #heard(listener: SourceListener): SourceListener {
    const world = this.#world;
    const { limits } = world.setting.config;
    const bound = limits.memoryBytes + (2 * world.ledgers.length + 1) * world.setting.fetchBytesMax;
    return {
      onAssign: (owned) => {
        this.isZombie = false;
        this.scruples.assigned(owned);
        listener.onAssign(owned);
      },
      onRevoke: () => {
        this.scruples.revoked();
        listener.onRevoke();
      },
      onFetched: (fetched) => {
        if (this.#dead) return;
        listener.onFetched(fetched);
        const held = this.#pipeline?.bufferedBytes() ?? 0;
        if (held > bound) world.problem(`${this.id} holds ${held} bytes, the bound is ${bound}`);
        if (this.#pipeline?.pausedForMemory) world.count('paused for memory');
      },
      ready: () => listener.ready?.() ?? null,
      onFatal: (error) => listener.onFatal(error),
      onSuspect: (reason) => {
        this.scruples.doubt();
        listener.onSuspect(reason);
      },
      onOutOfRange: (partition, offset) => listener.onOutOfRange?.(partition, offset),
      onEnd: (partition, next) => listener.onEnd(partition, next),
    };
  }
}

export const trustedKey = (publicKey: Parameters<typeof verifierKey>[1]) =>
  verifierKey(ORIGIN, publicKey, nodeSha256);
