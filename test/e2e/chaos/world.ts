// What does a scenario have at hand: its topic, bucket and archivers, its load, and what all of them said?
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ensureTopic } from '../../../localstack/kafka-admin.ts';
import { HOST } from '../../../localstack/native/ports.ts';
import { ensureBucket } from '../../../localstack/provisioning.ts';
import type { GapReason } from '../../../src/format/record.ts';
import { type Older, unpackOlder } from '../../older/older.ts';
import { cli } from '../../support/cli.ts';
import { PATIENCE_MS } from '../../support/patience.ts';
import { Archiver, type Said, writeConfig } from './archivers.ts';
import type { Load } from './load.ts';
import type { Random } from './random.ts';
import type { Servers } from './servers.ts';

export type Scale = 'full' | 'short';

export type WorldOptions = {
  readonly servers: Servers;
  readonly name: string;
  /** Of this run of the harness; part of every name. */
  readonly run: string;
  readonly random: Random;
  readonly scale: Scale;
  readonly records: number;
  readonly logDir: string;
  readonly say: (line: string) => void;
};

/** A partition that has to halt: with which code, and at which offset at the latest. */
export type ExpectedHalt = {
  readonly codes: readonly string[];
  readonly from: number;
  /** An operator decided, and it goes on. */
  readonly resumed: boolean;
};

const ARCHIVERS = 3;
export const PARTITIONS = 6;

export class World {
  readonly servers: Servers;
  readonly random: Random;
  readonly scale: Scale;
  readonly records: number;
  readonly topic: string;
  readonly bucket: string;
  readonly partitions = Array.from({ length: PARTITIONS }, (_, partition) => partition);
  readonly archivers: readonly Archiver[];
  readonly said: Said[] = [];
  /** How often each kind of fault was done. */
  readonly faults = new Map<string, number>();
  /** Figures of the scenario's own. */
  readonly figures = new Map<string, number>();
  readonly problems: string[] = [];
  readonly halts = new Map<number, ExpectedHalt>();
  readonly gapReasons = new Set<GapReason>();
  destroyed: (record: { readonly partition: number; readonly offset: number }) => boolean = () => false;
  /** Of the process: an outage may end it, as its watchdog is meant to. */
  mayEndItself = false;
  /** The older version that takes part, if one does. */
  older: Older | null = null;
  load: Load | null = null;
  readonly #options: WorldOptions;
  #endedMs: number | null = null;

  constructor(options: WorldOptions) {
    this.#options = options;
    const { servers, name, run, random, scale, records } = options;
    this.servers = servers;
    this.random = random;
    this.scale = scale;
    this.records = records;
    this.topic = `chaos-${name}-${run}`;
    this.bucket = this.topic;
    this.archivers = Array.from({ length: ARCHIVERS }, (_, index) => this.#archiver(index + 1));
  }

  /** In the full run `full`, in the short one `short`. */
  of<T>(full: T, short: T): T {
    return this.scale === 'full' ? full : short;
  }

  get dir(): string {
    return join(this.#options.logDir, this.#options.name);
  }
  get keys(): string {
    return join(this.dir, 'archive.vkey');
  }
  get archive(): string {
    return `s3://${this.bucket}`;
  }
  /** For commands: straight to the servers. */
  get env(): Record<string, string> {
    return { ...this.#credentials, AWS_ENDPOINT_URL_S3: this.servers.stack.s3.endpoint };
  }
  get #credentials() {
    const { credentials, region } = this.servers.stack.s3;
    return {
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_REGION: region,
    };
  }

  #archiver(number: number): Archiver {
    const name = `archiver-${number}`;
    return new Archiver({
      name,
      config: this.configOf(name),
      env: this.#credentials,
      stackDir: this.servers.stack.dir,
      logDir: this.dir,
      onSaid: (said) => this.said.push(said),
    });
  }

  configOf(name: string): string {
    return join(this.dir, `${name}.yaml`);
  }

  async open(): Promise<void> {
    const { stack, s3, kms, kafka } = this.servers;
    mkdirSync(this.dir, { recursive: true });
    const common = {
      topic: this.topic,
      bucket: this.bucket,
      region: stack.s3.region,
      keyId: stack.kms.keyId,
    };
    const through = {
      s3Endpoint: `http://${HOST}:${s3.port}`,
      kmsEndpoint: `http://${HOST}:${kms.port}`,
      brokers: kafka.map(({ port }) => `${HOST}:${port}`),
    };
    const straight = {
      s3Endpoint: stack.s3.endpoint,
      kmsEndpoint: stack.kms.endpoint,
      brokers: stack.kafka.bootstrap,
    };
    writeConfig(this.configOf('operator'), { ...common, ...straight, clientId: 'operator' });
    for (const { name } of this.archivers)
      writeConfig(this.configOf(name), { ...common, ...through, clientId: name });
    await ensureBucket(stack.s3.endpoint, this.bucket, stack.s3.credentials);
    await ensureTopic(stack.kafka.bootstrap, { topic: this.topic, partitions: PARTITIONS });
    await this.command(['init', '--config', this.configOf('operator'), '--vkey', this.keys]);
  }

  /** From now on archivers start as the older version, until each is told otherwise. */
  beginOlder(): void {
    mkdirSync(this.dir, { recursive: true });
    const older = unpackOlder(this.dir);
    this.older = older;
    for (const archiver of this.archivers) archiver.older = older.main;
  }

  /** Runs a command that has to succeed, of the version that is there first. */
  async command(args: readonly string[]): Promise<string> {
    const main = this.older?.main;
    const ran = await cli(args, { env: this.env, ...(main === undefined ? {} : { main }) });
    if (ran.code !== 0)
      throw new Error(`ledgerstone ${args.join(' ')} ended with ${ran.code}: ${ran.stderr}${ran.stdout}`);
    return ran.stdout.toString();
  }

  say(line: string): void {
    this.#options.say(`  ${line}`);
  }

  fault(kind: string, count = 1): void {
    this.faults.set(kind, (this.faults.get(kind) ?? 0) + count);
  }

  problem(what: string): void {
    this.problems.push(what);
    this.say(`PROBLEM: ${what}`);
  }

  /** Whether this partition has to halt and was not decided upon. */
  waits(partition: number): boolean {
    return this.halts.get(partition)?.resumed === false;
  }

  isHalted(partition: number): boolean {
    return this.said.some(({ kind, partition: of }) => kind === 'halted' && of === partition);
  }

  resumed(partition: number): void {
    const halt = this.halts.get(partition);
    if (halt !== undefined) this.halts.set(partition, { ...halt, resumed: true });
  }

  /** The last fault is over: from here on the time to resume counts. A later call moves it. */
  faultsEnded(atMs = Date.now()): void {
    this.#endedMs = atMs;
  }
  get faultsEndedMs(): number | null {
    return this.#endedMs;
  }

  async until(what: string, ready: () => boolean | Promise<boolean>, timeoutMs = PATIENCE_MS): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    while (!(await ready())) {
      if (performance.now() > deadline) throw new Error(`waited ${timeoutMs / 1000} s in vain: ${what}`);
      await sleep(50);
    }
  }

  /** When each partition that is to go on first sealed records after this time; undefined: not yet. */
  firstSeals(sinceMs: number): Map<number, number | undefined> {
    const going = this.partitions.filter((partition) => !this.waits(partition));
    const seals = this.said.filter(
      ({ kind, records, atMs }) => kind === 'sealed' && records > 0 && atMs > sinceMs,
    );
    return new Map(
      going.map((partition) => [partition, seals.find((seal) => seal.partition === partition)?.atMs]),
    );
  }

  async allSealSince(sinceMs: number, timeoutMs = PATIENCE_MS): Promise<void> {
    const missing = () =>
      [...this.firstSeals(sinceMs)].flatMap(([partition, atMs]) => (atMs === undefined ? [partition] : []));
    await this.until('every partition seals again', () => missing().length === 0, timeoutMs).catch(() => {
      throw new Error(`partitions ${missing().join(', ')} sealed nothing for ${timeoutMs / 1000} s`);
    });
  }

  /** One past the newest sealed offset that any archiver told of. */
  sealedTo(partition: number): number {
    let to = 0;
    for (const { kind, partition: of, nextOffset } of this.said)
      if (of === partition && (kind === 'sealed' || kind === 'streaming')) to = Math.max(to, nextOffset ?? 0);
    return to;
  }

  /** The archiver that sealed something of the partition last. */
  ownerOf(partition: number): string | undefined {
    return this.said.findLast(
      ({ kind, partition: of }) => of === partition && (kind === 'sealed' || kind === 'streaming'),
    )?.archiver;
  }

  async stop(): Promise<void> {
    await Promise.all(this.archivers.map((archiver) => archiver.stop()));
    await this.load?.stop().catch(() => {});
  }
}
