// What runs in the tests of the consumer's hazards on real Kafka? Production archivers on a memory store, and Kafka's own consumers.
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { ToolProcess } from '../../localstack/backend.ts';
import type { KafkaVersion } from '../../localstack/native/kafka-install.ts';
import type { RunningStack } from '../../localstack/running.ts';
import { type RecordedDecision, sealDecision } from '../../src/archiver/chain/resume.ts';
import { Lanes } from '../../src/archiver/lanes/lanes.ts';
import { MemoryLedger } from '../../src/archiver/memory.ts';
import type { PartitionActor } from '../../src/archiver/partition.ts';
import { Pipeline, type PipelineEnd } from '../../src/archiver/pipeline.ts';
import { type Clock, systemClock } from '../../src/base/clock.ts';
import { nodeDecompress } from '../../src/base/node/decompress.ts';
import { nodeSha256 } from '../../src/base/node/hash.ts';
import { parseConfig } from '../../src/config/archiver.ts';
import { parseManifest } from '../../src/format/manifest-bytes.ts';
import { sealPrefix } from '../../src/format/paths.ts';
import { decodeLine } from '../../src/format/record.ts';
import { parseSeal } from '../../src/format/seal.ts';
import { verifierKey } from '../../src/format/vkey.ts';
import type { KafkaTuning } from '../../src/ingest/kafka/options.ts';
import { portableChecker } from '../../src/verify/block-checker.ts';
import { nodeContentTools } from '../../src/verify/node/tools.ts';
import { verifyArchive } from '../../src/verify/verify.ts';
import { type FaultPlan, faultyStore } from '../support/faulty-store.ts';
import { keyringOf } from '../support/keyring.ts';
import { memorySigner } from '../support/memory-signer.ts';
import { type MemoryStore, memoryStore } from '../support/memory-store.ts';
import { PATIENCE_MS } from '../support/patience.ts';
import type { TcpProxy } from '../support/tcp-proxy.ts';
import { KafkaWorld, unique } from './ingest-kafka-world.ts';

const ORIGIN = 'hazards.example.com/test';
/** Waits for marks that lag after a fail-over: nothing here fails over. */
const MARKS_MS_MAX = 700;
const impatientClock: Clock = {
  ...systemClock,
  sleep: (ms, signal) => systemClock.sleep(Math.min(ms, MARKS_MS_MAX), signal),
};

export type HazardBench = {
  readonly version: KafkaVersion;
  readonly stack: () => RunningStack;
  readonly world: () => HazardWorld;
  /** Before the broker: whoever comes this way is sent back this way. */
  readonly proxy: () => TcpProxy;
};

export const numbered = (count: number, name = 'n'): string[] =>
  Array.from({ length: count }, (_, n) => `${name} ${n}`);

/** The least that the brokers of the stack allow, so that a member is given up soon. */
export const SHORT: Partial<KafkaTuning> = { sessionMs: 3_000, rebalanceMs: 3_000, heartbeatMs: 300 };

export type StartOptions = {
  readonly tuning?: Partial<KafkaTuning>;
  readonly faults?: FaultPlan;
  /** Its origin, of another archive. */
  readonly archive?: string;
  /** Members of the topic, as YAML flow: `, compacted: accept`. */
  readonly topic?: string;
};

export type LiveArchiver = {
  readonly pipeline: Pipeline;
  readonly source: ReturnType<KafkaWorld['source']>;
  readonly log: readonly string[];
  readonly ended: Promise<PipelineEnd>;
  actor(partition?: number): PartitionActor | undefined;
  drain(): Promise<PipelineEnd>;
};

/** One topic, its group and its archive. */
export class HazardWorld extends KafkaWorld {
  readonly store: MemoryStore = memoryStore({ clock: systemClock });
  readonly groupId = unique('group');
  readonly archivers: LiveArchiver[] = [];
  readonly #signer = memorySigner();
  readonly #lanes: Lanes[] = [];
  #topic = '';

  get archived(): string {
    return this.#topic;
  }

  async orders(partitions = 1, config: Readonly<Record<string, string>> = {}): Promise<string> {
    this.#topic = await this.topic({ partitions, config });
    return this.#topic;
  }

  start(options: StartOptions = {}): LiveArchiver {
    const { tuning = {}, faults = () => undefined, archive = ORIGIN, topic = '' } = options;
    const log: string[] = [];
    const say = (level: string) => (fields: object, message: string) =>
      void log.push(`${level} ${message} ${JSON.stringify(fields)}`);
    const memory = new MemoryLedger();
    const lanes = new Lanes({ encoding: 'zstd', level: 1, count: 1, memory }, (error) =>
      pipeline.fail(error),
    );
    this.#lanes.push(lanes);
    const source = this.source([this.#topic], this.groupId, tuning, undefined, archive, lanes);
    const pipeline = new Pipeline({
      config: this.#config(archive, topic),
      source,
      store: faultyStore(this.store, faults, systemClock),
      keyring: keyringOf(ORIGIN, [this.#signer]),
      encoder: lanes,
      memory,
      clock: impatientClock,
      random: Math.random,
      sha256: nodeSha256,
      log: { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') },
      observer: { accepted() {}, sealed() {}, fenced() {}, trouble() {} },
      writer: { id: `hazards-${this.archivers.length}`, version: '1.0.0' },
    });
    const stop = new AbortController();
    const ended = pipeline.run(stop.signal);
    const archiver: LiveArchiver = {
      ...{ pipeline, source, log, ended },
      actor: (partition = 0) => pipeline.actors.find(({ route }) => route.partition.partition === partition),
      drain: () => {
        stop.abort();
        return ended;
      },
    };
    this.archivers.push(archiver);
    return archiver;
  }

  #config(archive: string, topic: string) {
    const text = `
archive: { origin: ${archive}, store: { kind: directory, path: /nowhere }, signing: { kind: local, keyFile: /nowhere } }
source: { kind: kafka, brokers: ["memory:9092"], topics: [{ name: ${this.#topic}, retention: short${topic} }] }
retention: { short: { mode: COMPLIANCE, period: 1d } }
segment: { maxRecords: 50, maxAge: 300ms, heartbeat: 0 }
`;
    return parseConfig(text, 'hazards.yaml', {});
  }

  /** What `ledgerstone resume --kind compacted --to` does, beside the archivers. */
  async decideCompacted(to: number): Promise<RecordedDecision> {
    const words = { by: 'A. Auditor', why: 'a test', reason: 'compacted' } as const;
    return sealDecision(
      {
        ...{
          store: this.store,
          keyring: keyringOf(ORIGIN, [this.#signer]),
          clock: impatientClock,
          writerId: 'operator',
        },
        source: this.source([this.#topic], this.groupId, {}, undefined, ORIGIN),
        ...{ sha256: nodeSha256, random: Math.random },
      },
      this.#config(ORIGIN, ', compacted: accept'),
      { topic: this.#topic, partition: 0, to, ...words },
      () => {},
      new AbortController().signal,
    );
  }

  nextOffset(partition = 0): number {
    return this.#manifests(partition).at(-1)?.records.nextOffset ?? -1;
  }

  lines(partition = 0): ReturnType<typeof decodeLine>[] {
    return this.#manifests(partition).flatMap(({ data }) => {
      if (data === null) return [];
      const stored = this.store.versionsOf(data.key).find(({ marker }) => !marker)?.bytes ?? new Uint8Array();
      let at = 0;
      return data.blocks.flatMap((block) => {
        const bytes = stored.subarray(at, at + block.bytes);
        at += block.bytes;
        const content = Buffer.from(nodeDecompress(bytes, data.encoding, block.content));
        return content
          .toString('latin1')
          .trimEnd()
          .split('\n')
          .map((line) => decodeLine(Buffer.from(line, 'latin1')));
      });
    });
  }

  values(partition = 0): (string | null)[] {
    return this.lines(partition).flatMap((line) =>
      line.kind === 'entry' ? [line.record.value && Buffer.from(line.record.value).toString()] : [],
    );
  }

  #manifests(partition: number) {
    const prefix = sealPrefix(this.#topic, partition);
    const keys = this.store
      .keys()
      .filter((key) => key.startsWith(prefix))
      .sort();
    return keys.map((key) => {
      const bytes = this.store.versionsOf(key).find(({ marker }) => !marker)?.bytes ?? new Uint8Array();
      return parseManifest(parseSeal(bytes).manifestBytes);
    });
  }

  /** These and nothing else, sealed and verified. */
  async exact(values: readonly string[], partition = 0): Promise<void> {
    await this.sealed(values.length, partition);
    expect(this.values(partition)).toEqual(values);
    expect(await this.verdict()).toBe('verified');
  }

  async sealed(next: number, partition = 0, timeoutMs = PATIENCE_MS): Promise<void> {
    await this.waitFor(
      `orders/${partition} sealed to ${next}`,
      () => this.nextOffset(partition) >= next,
      timeoutMs,
    );
  }

  /** Looks often; the logs of the archivers tell why it was in vain. */
  async waitFor(what: string, holds: () => boolean, timeoutMs = PATIENCE_MS): Promise<void> {
    for (const endMs = performance.now() + timeoutMs; !holds(); await systemClock.sleep(20)) {
      if (performance.now() < endMs) continue;
      const said = this.archivers.map(({ log }) => log.slice(-12).join('\n')).join('\n--\n');
      throw new Error(`waited ${timeoutMs} ms for ${what}; the archivers said:\n${said}`);
    }
  }

  async verdict(): Promise<string> {
    const report = await verifyArchive(this.store, {
      trusted: [verifierKey(ORIGIN, this.#signer.publicKey, nodeSha256)],
      depth: 'content',
      nowMs: Date.now(),
      sha256: nodeSha256,
      checker: portableChecker(nodeContentTools),
    });
    return report.verdict;
  }

  override async close(): Promise<void> {
    await Promise.all(this.archivers.map((archiver) => archiver.drain()));
    await super.close();
    await Promise.all(this.#lanes.map((lanes) => lanes.close()));
  }
}

export type Stranger = {
  /** What it printed, on both streams. */
  said(): string;
  ended(): boolean;
  /** Resolves when it has ended. */
  readonly end: Promise<void>;
  stop(): Promise<void>;
};

/** Kafka's console consumer, by mistake in a group that it has no business in. */
export async function stranger(
  stack: RunningStack,
  topic: string,
  groupId: string,
  protocol: 'classic' | 'consumer',
): Promise<Stranger> {
  const child: ToolProcess = await stack.kafka.startTool({
    name: `console-consumer-${protocol}`,
    mainClass: 'org.apache.kafka.tools.consumer.ConsoleConsumer',
    config: `group.protocol=${protocol}\n`,
    args: ({ bootstrap, config }) => [
      ...['--bootstrap-server', bootstrap, '--topic', topic, '--group', groupId],
      ...['--consumer.config', config],
    ],
  });
  let said = '';
  let ended = false;
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes: Buffer) => (said += bytes));
  const end = once(child, 'close').then(() => {
    ended = true;
  });
  const stop = async () => {
    child.kill('SIGTERM');
    await end;
  };
  return { said: () => said, ended: () => ended, end, stop };
}

/** The file that holds a partition's first records. Of plain processes only. */
export async function logFileOf(stack: RunningStack, topic: string, partition = 0): Promise<string> {
  const records = join(stack.dir, 'data', 'kafka-1', 'records', `${topic}-${partition}`);
  const log = (await readdir(records)).find((name) => name.endsWith('.log'));
  if (log === undefined) throw new Error(`no log in ${records}`);
  return join(records, log);
}
