// One archiver of the group, as a process of its own: what does it say, and what do its own metrics show?
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { markedEnv } from '../../localstack/native/process.ts';
import type { Seal } from './gaps.ts';

const MAIN = join(import.meta.dirname, '../../src/apps/cli/main.ts');
const TAIL_LINES = 10;

/** What it logged of its newest assignment. */
type Joined = { readonly generation: number; readonly partitions: number; readonly atMs: number };

/** From the start of the process. */
export type Counts = {
  readonly cpuSeconds: number;
  readonly rssMib: number;
  readonly segments: number;
  readonly fenced: number;
  /** By code: steps against S3, KMS or Kafka that failed and were tried again. */
  readonly failedSteps: Readonly<Record<string, number>>;
  /** By operation: each try, whatever came of it. */
  readonly s3: Readonly<Record<string, number>>;
  readonly kms: Readonly<Record<string, number>>;
};

export type MemberOptions = {
  readonly name: string;
  readonly config: string;
  /** Where that configuration has it serve its metrics. */
  readonly port: number;
  readonly env: NodeJS.ProcessEnv;
  readonly stackDir: string;
  /** Of segments with records. */
  readonly onSealed: (seal: Seal & { readonly nextOffset: number }) => void;
};

export class Member {
  readonly name: string;
  readonly #port: number;
  readonly #child: ChildProcess;
  readonly #tail: string[] = [];
  readonly #onSealed: MemberOptions['onSealed'];
  readonly #closed: Promise<unknown>;
  #joined: Joined | null = null;
  #asked = false;

  constructor({ name, config, port, env, stackDir, onSealed }: MemberOptions) {
    this.name = name;
    this.#port = port;
    this.#onSealed = onSealed;
    this.#child = spawn(process.execPath, [MAIN, 'archive', '--config', config], {
      env: { ...process.env, ...env, ...markedEnv(stackDir, name), NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#closed = once(this.#child, 'close');
    for (const stream of [this.#child.stdout, this.#child.stderr])
      createInterface({ input: stream as NodeJS.ReadableStream }).on('line', (line) => this.#hear(line));
  }

  get joined(): Joined | null {
    return this.#joined;
  }

  /** Throws if it ended by itself, with the last that it said. */
  check(): void {
    const { exitCode, signalCode } = this.#child;
    if (this.#asked || (exitCode === null && signalCode === null)) return;
    throw new Error(`${this.name} ended with ${signalCode ?? exitCode}:\n${this.#tail.join('\n')}`);
  }

  #hear(line: string): void {
    this.#tail.push(line);
    if (this.#tail.length > TAIL_LINES) this.#tail.shift();
    if (!line.startsWith('{')) return;
    const said = JSON.parse(line) as Readonly<Record<string, unknown>>;
    const atMs = Date.parse(String(said['time']));
    if (said['msg'] === 'joined the consumer group')
      this.#joined = {
        generation: said['generation'] as number,
        partitions: said['partitions'] as number,
        atMs,
      };
    const { partition, records, nextOffset } = said as Readonly<Record<string, number>>;
    if (said['msg'] === 'sealed' && partition !== undefined && (records ?? 0) > 0)
      this.#onSealed({ partition, atMs, nextOffset: nextOffset as number });
  }

  async counts(): Promise<Counts> {
    const answer = await fetch(`http://127.0.0.1:${this.#port}/metrics`);
    const samples = samplesOf(await answer.text());
    const total = (name: string) =>
      samples.reduce((sum, one) => (one.name === name ? sum + one.value : sum), 0);
    const byLabel = (name: string) => {
      const counts: Record<string, number> = {};
      for (const one of samples.filter((sample) => sample.name === name))
        counts[one.label] = (counts[one.label] ?? 0) + one.value;
      return counts;
    };
    return {
      cpuSeconds: total('process_cpu_seconds_total'),
      rssMib: total('process_resident_memory_bytes') / 1024 ** 2,
      segments: total('ledgerstone_segments_sealed_total'),
      fenced: total('ledgerstone_fenced_total'),
      failedSteps: byLabel('ledgerstone_failed_steps_total'),
      s3: byLabel('ledgerstone_s3_requests_total'),
      kms: byLabel('ledgerstone_kms_requests_total'),
    };
  }

  /** The greatest resident size since its start. Linux only; null elsewhere. */
  peakMib(): number | null {
    if (process.platform !== 'linux') return null;
    const status = readFileSync(`/proc/${this.#child.pid}/status`, 'utf8');
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
  }

  /** SIGTERM: it seals what it holds and leaves. Resolves with its exit code. */
  async drain(): Promise<number | null> {
    this.#asked = true;
    this.#child.kill('SIGTERM');
    await this.#closed;
    return this.#child.exitCode;
  }

  async kill(): Promise<void> {
    this.#asked = true;
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGKILL');
    await this.#closed;
  }
}

/** `label`: its operation or code, where it has one. */
type Sample = { readonly name: string; readonly label: string; readonly value: number };

function samplesOf(text: string): Sample[] {
  return [...text.matchAll(/^(\w+)(\{.*\})? (\S+)$/gm)].map(([, name = '', labels = '', value]) => ({
    name,
    label: /(?:operation|code)="([\w-]+)"/.exec(labels)?.[1] ?? '',
    value: Number(value),
  }));
}
