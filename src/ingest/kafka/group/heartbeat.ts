// How does the group get our heartbeats while brokers freeze and coordinators move?
import type { KafkajsBroker } from '../kafkajs/kafkajs.ts';

export type HeartbeatTools = {
  /** Asks the cluster again. */
  readonly findCoordinator: () => Promise<KafkajsBroker>;
  readonly intervalMs: number;
  readonly now: () => number;
  /** A heartbeat reached the coordinator. */
  readonly onSent: () => void;
  readonly onTrouble: (error: unknown) => void;
};

/** Errors by which the group instructs a member; kafkajs handles them. All others are connection failures. */
const GROUP_ANSWERS: ReadonlySet<unknown> = new Set([
  'REBALANCE_IN_PROGRESS',
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
  'FENCED_INSTANCE_ID',
  'GROUP_AUTHORIZATION_FAILED',
]);

/**
 * Replaces kafkajs's heartbeats. Its loops wait for each one, so a frozen coordinator would stop the reading
 * from all brokers, and kafkajs never looks for another one. Here a heartbeat is sent without waiting; the
 * group's answer reaches kafkajs at the next one; and when the coordinator can't be reached, its successor is
 * looked up in the same generation. Heartbeats still come only from the loops and their work: a member that
 * has stopped reading isn't kept alive.
 */
export class HeartbeatLoop {
  readonly #tools: HeartbeatTools;
  #generation: number | null = null;
  #coordinator: KafkajsBroker | null = null;
  #sending = false;
  #answer: unknown = null;
  #sentMs = 0;
  #firstMs: number | null = null;
  #again: (() => void) | null = null;
  /** In whatever generation. */
  #joinAnew: (() => void) | null = null;

  constructor(tools: HeartbeatTools) {
    this.#tools = tools;
  }

  /** A generation begins: answers of an earlier one no longer matter. */
  reset(): void {
    this.#generation = null;
    this.#coordinator = null;
    this.#answer = null;
    this.#sending = false;
    this.#again = null;
    this.#firstMs = null;
  }

  /**
   * At the next heartbeat kafkajs is told that the group rebalances, so that this member joins anew, without
   * leaving. `begin` is called right before, when its loops are about to stop.
   */
  joinAnew(begin: () => void): void {
    this.#joinAnew = begin;
  }

  /** `send` sends this heartbeat to a broker. Throws what the group answered to the last one. */
  send(coordinator: KafkajsBroker, generation: number, send: (to: KafkajsBroker) => Promise<unknown>): void {
    if (this.#generation !== generation) {
      this.reset();
      this.#generation = generation;
    }
    const answer = this.#answer;
    this.#answer = null;
    if (answer !== null) throw answer;
    if (this.#joinAnew !== null) {
      this.#joinAnew();
      this.#joinAnew = null;
      throw Object.assign(new Error('other topics are asked for'), { type: 'REBALANCE_IN_PROGRESS' });
    }
    this.#again = () => {
      if (this.#sending) return;
      this.#sending = true;
      this.#sentMs = this.#tools.now();
      void this.#send(this.#coordinator ?? coordinator, generation, send);
    };
    this.#again();
  }

  /**
   * Called from long work inside a loop: sends a heartbeat when one is due. False: kafkajs must get an answer
   * of the group, so the loop has to continue.
   */
  keepalive(): boolean {
    if (this.#answer !== null || this.#joinAnew !== null) return false;
    const nowMs = this.#tools.now();
    if (this.#again === null) {
      // kafkajs hasn't sent a heartbeat in this generation yet: it does after the loop's first turn.
      this.#firstMs ??= nowMs;
      return nowMs - this.#firstMs < this.#tools.intervalMs;
    }
    if (nowMs - this.#sentMs >= this.#tools.intervalMs) this.#again();
    return true;
  }

  async #send(
    to: KafkajsBroker,
    generation: number,
    send: (to: KafkajsBroker) => Promise<unknown>,
  ): Promise<void> {
    const current = () => this.#generation === generation;
    try {
      await send(to);
      if (current()) this.#tools.onSent();
    } catch (error) {
      if (!current()) return;
      if (GROUP_ANSWERS.has(Object(error).type)) {
        this.#answer = error;
      } else {
        this.#tools.onTrouble(error);
        const found = await this.#tools.findCoordinator().catch(() => null);
        if (current()) this.#coordinator = found;
      }
    } finally {
      if (current()) this.#sending = false;
    }
  }
}
