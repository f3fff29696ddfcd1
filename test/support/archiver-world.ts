// A whole world around production archivers: broker, store, signer and time in memory, with the verifier as oracle.

import { type Encoder, inlineEncoder } from '../../src/archiver/encoder.ts';
import { Pipeline, type PipelineEnd } from '../../src/archiver/pipeline.ts';
import { equalBytes } from '../../src/base/bytes.ts';
import { zstdCompressor } from '../../src/base/node/compress.ts';
import { nodeDecompress } from '../../src/base/node/decompress.ts';
import { nodeSha256, nodeSha256Into } from '../../src/base/node/hash.ts';
import type { Config } from '../../src/config/archiver.ts';
import { parseConfig } from '../../src/config/archiver.ts';
import type { Manifest } from '../../src/format/manifest.ts';
import { parseManifest } from '../../src/format/manifest-bytes.ts';
import { sealPrefix } from '../../src/format/paths.ts';
import { decodeLine, encodeEntry, type GapLine, type KafkaRecord } from '../../src/format/record.ts';
import { parseSeal } from '../../src/format/seal.ts';
import { verifierKey } from '../../src/format/vkey.ts';
import type { Source } from '../../src/ingest/source.ts';
import type { Signer } from '../../src/sign/signer.ts';
import type { Store } from '../../src/store/store.ts';
import { portableChecker } from '../../src/verify/block-checker.ts';
import { nodeContentTools } from '../../src/verify/node/tools.ts';
import type { Report } from '../../src/verify/report.ts';
import { verifyArchive } from '../../src/verify/verify.ts';
import { FakeClock } from './fake-clock.ts';
import { keyringOf } from './keyring.ts';
import { MemoryBroker, type MemoryBrokerOptions } from './memory-broker.ts';
import { type MemorySigner, memorySigner } from './memory-signer.ts';
import { memorySource } from './memory-source.ts';
import { type MemoryStore, memoryStore } from './memory-store.ts';
import { useSyncCrypto } from './sync-crypto.ts';

export const ORIGIN = 'world.example.com/test';

const YAML = (extra: string, topic: string) => `
archive:
  origin: ${ORIGIN}
  store: { kind: directory, path: /nowhere }
  signing: { kind: local, keyFile: /nowhere }
source:
  kind: kafka
  brokers: ["memory:9092"]
  topics:
    - { name: orders, retention: short${topic} }
retention:
  short: { mode: COMPLIANCE, period: 1d }
${extra}
`;

/** By the bytes, which nobody changes in their place: a test asks again at each tick. */
const manifests = new WeakMap<Uint8Array, Manifest>();

function manifestOf(seal: Uint8Array): Manifest {
  const known = manifests.get(seal) ?? parseManifest(parseSeal(seal).manifestBytes);
  manifests.set(seal, known);
  return known;
}

export type WorldOptions = {
  /** Members of the configuration file's top level, as YAML. */
  readonly config?: string;
  /** Members of the topic, as YAML flow: `, startFrom: latest`. */
  readonly topic?: string;
  readonly partitions?: number;
  readonly broker?: Partial<MemoryBrokerOptions>;
  readonly signer?: MemorySigner;
  readonly skewMs?: () => number;
  /** What stands between the archivers and their encoder. */
  readonly encoder?: (encoder: Encoder) => Encoder;
  /** What stands between the archivers and their source, which knows more than the port. */
  readonly source?: (source: Source) => Source;
  /** Before time goes on, what happens outside of virtual time. */
  readonly settle?: () => Promise<void>;
  /** Called for each failed step of any archiver. */
  readonly onTrouble?: (error: unknown) => void;
};

export type RunningArchiver = {
  readonly id: string;
  readonly pipeline: Pipeline;
  readonly source: ReturnType<typeof memorySource>;
  readonly log: readonly string[];
  /** As every minute in the service: asks what people decided. */
  learn(): Promise<void>;
  /** Asks for a drain, and the end that followed. */
  stop(): Promise<PipelineEnd>;
  /** As SIGKILL: nothing more happens in it. */
  kill(): void;
  readonly ended: Promise<PipelineEnd>;
};

export type SealedLine = {
  readonly offset: number;
  readonly record: KafkaRecord | null;
  readonly gap: GapLine | null;
};

export class World {
  readonly clock: FakeClock;
  readonly broker: MemoryBroker;
  readonly store: MemoryStore;
  /** The archive's key. A test may replace it; the ones before stay trusted. */
  signer: MemorySigner;
  readonly earlier: MemorySigner[] = [];
  /** Keys that people decided on, for archivers that ask. */
  readonly decided: MemorySigner[] = [];
  readonly config: Config;
  readonly archivers: RunningArchiver[] = [];
  readonly #onTrouble: (error: unknown) => void;
  readonly #encoder: (encoder: Encoder) => Encoder;
  readonly #source: (source: Source) => Source;

  constructor(options: WorldOptions = {}) {
    useSyncCrypto();
    this.clock = new FakeClock(options.settle === undefined ? {} : { settle: options.settle });
    this.broker = new MemoryBroker({ clock: this.clock, ...options.broker });
    this.broker.createTopic('orders', options.partitions ?? 1);
    this.store = memoryStore({ clock: this.clock, ...(options.skewMs ? { skewMs: options.skewMs } : {}) });
    this.signer = options.signer ?? memorySigner();
    this.#onTrouble = options.onTrouble ?? (() => {});
    this.#encoder = options.encoder ?? ((encoder) => encoder);
    this.#source = options.source ?? ((source) => source);
    const segment = 'segment: { maxRecords: 10, maxAge: 1s, heartbeat: 0 }';
    this.config = parseConfig(YAML(options.config ?? segment, options.topic ?? ''), 'world.yaml', {});
  }

  /** The same configuration with other members of the topic. */
  configured(topic: string): Config {
    return parseConfig(
      YAML('segment: { maxRecords: 10, maxAge: 1s, heartbeat: 0 }', topic),
      'world.yaml',
      {},
    );
  }

  /** Records of the broker: `count` JSON values. */
  produce(partition: number, count: number, text = 'n'): void {
    for (let i = 0; i < count; i++) {
      const n = this.broker.log('orders', partition).range.high;
      this.broker.produce('orders', partition, { value: `{"${text}":${n}}`, key: `k${n}` });
    }
  }

  start(id = 'a', store: Store = this.store, config: Config = this.config): RunningArchiver {
    const stop = new AbortController();
    const log: string[] = [];
    const say = (level: string) => (fields: object, message: string) => {
      log.push(`${level} ${message} ${JSON.stringify(fields)}`);
    };
    const source = memorySource(this.broker, 'ledgerstone', id, ['orders']);
    let dead = false;
    const own = (signer: MemorySigner): Signer => mortal(this.#logged(id, signer), () => dead);
    const keyring = keyringOf(ORIGIN, [own(this.signer)], {
      trusted: this.trusted(),
      learn: async () => ({ signers: this.decided.map(own), retired: new Map<string, string>() }),
    });
    const pipeline = new Pipeline({
      config,
      source: mortal(this.#source(source), () => dead),
      store: mortal(store, () => dead),
      keyring,
      encoder: this.#encoder(
        inlineEncoder({
          sha256: nodeSha256,
          sha256Into: nodeSha256Into,
          encoding: 'zstd',
          compress: zstdCompressor(1),
        }),
      ),
      clock: this.clock,
      random: () => 0.5,
      sha256: nodeSha256,
      log: { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') },
      observer: { accepted() {}, sealed() {}, fenced() {}, trouble: (_, error) => this.#onTrouble(error) },
      writer: { id, version: '1.0.0' },
    });
    const ended = pipeline.run(stop.signal);
    ended.catch(() => {});
    const archiver: RunningArchiver = {
      id,
      pipeline,
      learn: async () => {
        await keyring.refresh(stop.signal);
        pipeline.keysChanged();
      },
      source,
      log,
      ended,
      stop: async () => {
        stop.abort();
        return this.clock.run(ended);
      },
      kill: () => {
        dead = true;
        source.crash();
        // The group notices after the session timeout; here at once.
        this.broker.group('ledgerstone').leave(id);
      },
    };
    this.archivers.push(archiver);
    return archiver;
  }

  trusted() {
    return [this.signer, ...this.earlier].map(({ publicKey }) => verifierKey(ORIGIN, publicKey, nodeSha256));
  }

  /** Until everything that the broker holds is sealed, by the seals themselves. */
  async untilSealed(
    partition: number,
    next = this.broker.log('orders', partition).range.high,
  ): Promise<void> {
    await this.clock.until(
      `orders/${partition} sealed up to ${next}`,
      () => this.nextOffset(partition) >= next,
    );
  }

  nextOffset(partition: number, chain = 'orders'): number {
    return this.manifests(partition, chain).at(-1)?.records.nextOffset ?? -1;
  }

  manifests(partition: number, chain = 'orders') {
    const prefix = sealPrefix(chain, partition);
    return this.store
      .keys()
      .filter((key) => key.startsWith(prefix))
      .sort()
      .flatMap((key) =>
        this.store
          .versionsOf(key)
          .filter(({ marker }) => !marker)
          .slice(0, 1),
      )
      .map(({ bytes }) => manifestOf(bytes));
  }

  /** Every line that is sealed, in order, read without the product's own reader of archives. */
  lines(partition: number, chain = 'orders'): SealedLine[] {
    const lines: SealedLine[] = [];
    for (const { data } of this.manifests(partition, chain)) {
      if (data === null) continue;
      const stored = this.store.versionsOf(data.key).find(({ marker }) => !marker);
      if (stored === undefined) throw new Error(`${data.key} is missing`);
      let at = 0;
      for (const block of data.blocks) {
        const content = nodeDecompress(
          stored.bytes.subarray(at, at + block.bytes),
          data.encoding,
          block.content,
        );
        at += block.bytes;
        let start = 0;
        for (let end = content.indexOf(10); end >= 0; end = content.indexOf(10, start)) {
          const line = decodeLine(content.subarray(start, end));
          lines.push(
            line.kind === 'entry'
              ? { offset: line.record.offset, record: line.record, gap: null }
              : { offset: line.gap.offset, record: null, gap: line.gap },
          );
          start = end + 1;
        }
      }
    }
    return lines;
  }

  /** What must hold, whatever happened: every record of the log up to the head, once, in order, byte for byte. */
  problems(partition: number, from = 0): string[] {
    const found: string[] = [];
    const records = new Map(
      this.broker
        .log('orders', partition)
        .records()
        .map((record) => [record.offset, record]),
    );
    let next = from;
    for (const line of this.lines(partition)) {
      if (line.offset !== next) found.push(`offset ${line.offset} where ${next} follows`);
      next = line.gap === null ? line.offset + 1 : line.gap.last + 1;
      if (line.record === null) continue;
      const original = records.get(line.offset);
      if (original === undefined) found.push(`offset ${line.offset} was never accepted`);
      else if (!equalBytes(encodeEntry(original), encodeEntry(line.record)))
        found.push(`offset ${line.offset} differs`);
    }
    if (next !== Math.max(this.nextOffset(partition), from))
      found.push(`lines end at ${next}, the head says ${this.nextOffset(partition)}`);
    return [...found, ...this.signingProblems(), ...this.hintProblems(partition)];
  }

  readonly #signed: { readonly process: string; readonly text: string }[] = [];

  #logged(process: string, signer: MemorySigner): Signer {
    return {
      ...signer,
      sign: (message, signal) => {
        this.#signed.push({ process, text: Buffer.from(message).toString() });
        return signer.sign(message, signal);
      },
    };
  }

  /** A process signs one checkpoint text per origin and size, however often it tries. */
  signingProblems(): string[] {
    const texts = new Map<string, string>();
    const found: string[] = [];
    for (const { process, text } of this.#signed) {
      const [origin, size] = text.split('\n');
      const place = `${origin} ${size} by ${process}`;
      if (texts.has(place) && texts.get(place) !== text) found.push(`two texts were signed for ${place}`);
      texts.set(place, text);
    }
    return found;
  }

  /** Nothing was acknowledged to Kafka that is not sealed. */
  hintProblems(partition: number): string[] {
    const hint = this.broker.group('ledgerstone').committed({ topic: 'orders', partition });
    if (hint === null || hint.nextOffset <= this.nextOffset(partition)) return [];
    return [`committed ${hint.nextOffset}, sealed ${this.nextOffset(partition)}`];
  }

  verify(): Promise<Report> {
    return verifyArchive(this.store, {
      trusted: this.trusted(),
      depth: 'content',
      nowMs: this.clock.now(),
      sha256: nodeSha256,
      checker: portableChecker(nodeContentTools),
    });
  }
}

/** After its death nothing that a process asks for happens, and nothing that it asked for is answered. */
function mortal<T extends object>(port: T, isDead: () => boolean): T {
  return new Proxy(port, {
    get(target, name) {
      const member = Reflect.get(target, name) as unknown;
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) => {
        if (isDead())
          return name === 'listVersions' || name === 'listPrefixes' ? neverList() : new Promise(() => {});
        const result = (member as (...args: unknown[]) => unknown).apply(target, args);
        if (!(result instanceof Promise)) return result;
        return result.then(
          (value) => (isDead() ? new Promise(() => {}) : value),
          (error: unknown) => (isDead() ? new Promise(() => {}) : Promise.reject(error)),
        );
      };
    },
  });
}

async function* neverList(): AsyncIterable<never> {
  await new Promise(() => {});
}
