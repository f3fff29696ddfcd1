// Is kafkajs still alive? It is known to hang silently (#659, #1593, #1721), so it is watched from outside.
import { LedgerstoneError } from '../../../base/error.ts';
import type { Assignment } from './assignment.ts';

export type WatchdogTools = {
  readonly stallMs: number;
  readonly now: () => number;
  readonly assignment: () => Assignment | null;
  /**
   * Whether the cluster names a leader for this partition: without one a restart of this process can't help.
   */
  readonly hasLeader: (topic: string, partition: number) => boolean;
  readonly onStall: (error: LedgerstoneError) => void;
};

const CHECKS_PER_STALL = 10;
const CHECK_MS_MAX = 1_000;

/**
 * By a timer of its own. A stall is `stallMs` without any sign of life from kafkajs, without a heartbeat
 * while we are a member, or without an answer for a partition that wants records and has a leader. It is
 * reported at most a tenth of `stallMs` late.
 */
export class Watchdog {
  readonly #tools: WatchdogTools;
  #timer: NodeJS.Timeout | null = null;
  #signMs = 0;
  #heartbeatMs: number | null = null;
  #checkedMs = 0;

  constructor(tools: WatchdogTools) {
    this.#tools = tools;
  }

  start(): void {
    const { stallMs, now } = this.#tools;
    this.#signMs = now();
    this.#checkedMs = now();
    this.#timer = setInterval(() => this.#check(), Math.min(CHECK_MS_MAX, stallMs / CHECKS_PER_STALL));
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  sign(): void {
    this.#signMs = this.#tools.now();
  }

  joined(): void {
    this.#heartbeatMs = this.#tools.now();
  }

  heartbeat(): void {
    this.sign();
    if (this.#heartbeatMs !== null) this.#heartbeatMs = this.#tools.now();
  }

  left(): void {
    this.#heartbeatMs = null;
  }

  #check(): void {
    const { stallMs, now } = this.#tools;
    const nowMs = now();
    // The whole process slept (a suspended machine, a blocked event loop): kafkajs had no chance either.
    const sleptMs = nowMs - this.#checkedMs;
    this.#checkedMs = nowMs;
    if (sleptMs >= stallMs / 2) this.#forgive(nowMs);
    const what = this.#stalled(nowMs);
    if (what === null) return;
    this.stop();
    this.#tools.onStall(
      new LedgerstoneError('kafka-stalled', `${what} for ${stallMs / 1000} s`, {
        remedy:
          'The process ends so that its supervisor starts it again; if it comes back, check the brokers.',
      }),
    );
  }

  #stalled(nowMs: number): string | null {
    const { stallMs, assignment, hasLeader } = this.#tools;
    if (nowMs - this.#signMs >= stallMs) return 'kafkajs showed no sign of life';
    if (this.#heartbeatMs !== null && nowMs - this.#heartbeatMs >= stallMs)
      return 'no heartbeat reached the group';
    for (const feed of assignment()?.feeds.values() ?? []) {
      const { topic, partition, failure } = feed;
      if (!feed.open || !hasLeader(topic, partition)) feed.answeredAtMs = nowMs;
      else if (nowMs - feed.answeredAtMs < stallMs) continue;
      else if (failure === null) return `no broker answered for ${topic}/${partition}`;
      else return `every fetch of ${topic}/${partition} failed (the last: ${failure})`;
    }
    return null;
  }

  #forgive(nowMs: number): void {
    this.#signMs = nowMs;
    if (this.#heartbeatMs !== null) this.#heartbeatMs = nowMs;
    for (const feed of this.#tools.assignment()?.feeds.values() ?? []) feed.answeredAtMs = nowMs;
  }
}
