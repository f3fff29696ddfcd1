// How do archivers run as processes that are killed, stopped, drained and started again, and what do they say?
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { markedEnv } from '../../../localstack/native/process.ts';

const MAIN = join(import.meta.dirname, '../../../src/apps/cli/main.ts');

/** A line of an archiver's log that concerns a partition. */
export type Said = {
  readonly archiver: string;
  /** Of the process: it changes with a restart. */
  readonly pid: number;
  /** Whether that process is of the older version. */
  readonly older: boolean;
  readonly atMs: number;
  readonly kind: 'sealed' | 'streaming' | 'halted' | 'fenced';
  readonly partition: number;
  readonly nextOffset: number | null;
  readonly records: number;
  /** Of a halt. */
  readonly code: string | null;
};

export type ArchiverOptions = {
  readonly name: string;
  readonly config: string;
  readonly env: Readonly<Record<string, string>>;
  readonly stackDir: string;
  readonly logDir: string;
  readonly onSaid: (said: Said) => void;
};

/** A dead one is started again, as a supervisor would, after this long. */
const RESTART_MS = 100;
const HEARS_MS_MAX = 30_000;

export class Archiver {
  readonly name: string;
  readonly #options: ArchiverOptions;
  /** The older version's command line, if the next process is to be of that one. */
  older: string | null = null;
  #child: ChildProcess | null = null;
  #supervised = false;
  #frozen = false;
  /** Ends that nobody asked for, each with its exit code or signal. */
  readonly unasked: string[] = [];
  #asked = false;
  #starts = 0;
  /** The process has said something, and so hears signals. */
  #hears = false;

  constructor(options: ArchiverOptions) {
    this.#options = options;
    this.name = options.name;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }
  get frozen(): boolean {
    return this.#frozen;
  }
  get starts(): number {
    return this.#starts;
  }

  start(): void {
    this.#supervised = true;
    this.#launch();
  }

  #launch(): void {
    const { name, config, env, stackDir, logDir } = this.#options;
    this.#starts += 1;
    this.#asked = false;
    this.#frozen = false;
    this.#hears = false;
    const { older } = this;
    const child = spawn(process.execPath, [older ?? MAIN, 'archive', '--config', config], {
      env: { ...process.env, ...env, ...markedEnv(stackDir, name), NO_COLOR: '1', LEDGERSTONE_DEBUG: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    const log = createWriteStream(join(logDir, `${name}.log`), { flags: 'a' });
    child.stderr?.on('data', (part: Buffer) => log.write(part));
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      log.write(`${line}\n`);
      if (this.#child === child) this.#hears = true;
      const said = parse(line);
      if (said !== null) {
        this.#options.onSaid({ archiver: name, pid: child.pid ?? 0, older: older !== null, ...said });
      }
    });
    child.once('close', (code, signal) => {
      log.end(`# ended: ${signal ?? code}\n`);
      this.#child = null;
      this.#hears = false;
      if (!this.#asked) this.unasked.push(String(signal ?? code));
      if (this.#supervised)
        setTimeout(() => this.#supervised && this.#child === null && this.#launch(), RESTART_MS);
    });
  }

  /** Returns when the process is gone; its successor starts by itself. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /**
   * SIGTERM; resolves with the exit code. `again`: its successor starts by itself. One that was killed just now is drained
   * when it is there again: before its first line a process has no handler, and the signal itself ends it.
   */
  async drain(again: boolean): Promise<number | null> {
    const deadline = performance.now() + HEARS_MS_MAX;
    while (this.#supervised && !this.#hears && performance.now() < deadline) await sleep(20);
    this.#supervised = again;
    return this.#end('SIGTERM');
  }

  /** SIGKILL, for good. */
  async stop(): Promise<void> {
    this.#supervised = false;
    await this.#end('SIGKILL');
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#child;
    if (child === null) return null;
    this.#asked = true;
    const closed = once(child, 'close');
    child.kill(signal);
    const [code] = (await closed) as [number | null];
    return code;
  }

  freeze(): void {
    this.#frozen = this.#child?.kill('SIGSTOP') ?? false;
  }

  thaw(): void {
    this.#frozen = false;
    this.#child?.kill('SIGCONT');
  }
}

const KINDS: Readonly<Record<string, Said['kind']>> = { sealed: 'sealed', streaming: 'streaming' };

function parse(line: string): Omit<Said, 'archiver' | 'pid' | 'older'> | null {
  if (!line.startsWith('{')) return null;
  let event: Record<string, unknown>;
  try {
    event = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return null; // cut off by a kill
  }
  const { msg = '', partition, nextOffset, records, code, time } = event;
  if (typeof partition !== 'number' || typeof msg !== 'string') return null;
  const halted = msg.startsWith('HALTED: ');
  const kind = KINDS[msg] ?? (halted ? 'halted' : msg.startsWith('fenced') ? 'fenced' : null);
  if (kind === null) return null;
  return {
    kind,
    partition,
    atMs: Date.parse(String(time)),
    nextOffset: typeof nextOffset === 'number' ? nextOffset : null,
    records: typeof records === 'number' ? records : 0,
    code: halted ? String(code) : null,
  };
}

export type ArchiveConfig = {
  readonly topic: string;
  readonly bucket: string;
  readonly region: string;
  readonly s3Endpoint: string;
  readonly kmsEndpoint: string;
  readonly keyId: string;
  readonly brokers: readonly string[];
  readonly clientId: string;
};

/** Segments of a second, so that in each second something is under way that can be broken. */
export function writeConfig(file: string, wanted: ArchiveConfig): void {
  const { topic, bucket, region, s3Endpoint, kmsEndpoint, keyId, brokers, clientId } = wanted;
  writeFileSync(
    file,
    `archive:
  origin: chaos.example.com/${topic}
  store: { kind: s3, bucket: ${bucket}, region: ${region}, endpoint: "${s3Endpoint}" }
  signing: { kind: kms, keyId: "${keyId}", region: ${region}, endpoint: "${kmsEndpoint}" }
source:
  kind: kafka
  brokers: ${JSON.stringify(brokers)}
  clientId: ${clientId}
  groupId: ${topic}
  topics: [{ name: ${topic}, retention: short }]
retention:
  short: { mode: COMPLIANCE, period: 1h }
segment: { maxRecords: 20000, maxAge: 1s, heartbeat: 10s }
server: { port: 0 }
`,
  );
}
