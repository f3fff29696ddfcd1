// How does the group hear that we live, while brokers freeze and coordinators move?
import type { KafkajsBroker } from '../kafkajs/kafkajs.ts';

export type HeartbeatTools = {
  /** Asks the cluster anew. */
  readonly findCoordinator: () => Promise<KafkajsBroker>;
  readonly intervalMs: number;
  readonly now: () => number;
  /** A heartbeat reached the coordinator. */
  readonly onBeat: () => void;
  readonly onTrouble: (error: unknown) => void;
};

/**
 * Errors by which the group tells a member what to do; kafkajs knows how. Everything else is a matter of
 * connections.
 */
const GROUP_ANSWERS: ReadonlySet<unknown> = new Set([
  'REBALANCE_IN_PROGRESS',
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
  'FENCED_INSTANCE_ID',
  'GROUP_AUTHORIZATION_FAILED',
]);

/**
 * Stands where kafkajs sends heartbeats. Its loops wait for each one, so a frozen coordinator would stop the
 * reading from all brokers, and it never looks for another one. Here a beat is sent and not waited for; what
 * the group answers is told to kafkajs at the next beat; and when the coordinator can't be reached, its
 * successor is looked up, in the same generation. Beats still come from the loops only, or from what they do:
 * a member that reads nothing any more is not kept alive.
 */
export class HeartbeatLoop {
  readonly #tools: HeartbeatTools;
  #generation: number | null = null;
  #coordinator: KafkajsBroker | null = null;
  #beating = false;
  #answer: unknown = null;
  #sentMs = 0;
  #firstMs: number | null = null;
  #again: (() => void) | null = null;

  constructor(tools: HeartbeatTools) {
    this.#tools = tools;
  }

  /** A generation begins: what was said in an earlier one doesn't matter. */
  reset(): void {
    this.#generation = null;
    this.#coordinator = null;
    this.#answer = null;
    this.#beating = false;
    this.#again = null;
    this.#firstMs = null;
  }

  /** `send` sends this beat to a broker. Throws what the group answered to the last one. */
  beat(coordinator: KafkajsBroker, generation: number, send: (to: KafkajsBroker) => Promise<unknown>): void {
    if (this.#generation !== generation) {
      this.reset();
      this.#generation = generation;
    }
    const answer = this.#answer;
    this.#answer = null;
    if (answer !== null) throw answer;
    this.#again = () => {
      if (this.#beating) return;
      this.#beating = true;
      this.#sentMs = this.#tools.now();
      void this.#send(this.#coordinator ?? coordinator, generation, send);
    };
    this.#again();
  }

  /**
   * From work that keeps a loop for long: beats when it is time. False: the group waits for kafkajs to hear
   * something, so the loop has to go on.
   */
  keep(): boolean {
    if (this.#answer !== null) return false;
    const nowMs = this.#tools.now();
    if (this.#again === null) {
      // kafkajs has not shown yet how to beat in this generation: it does after the loop's first turn.
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
      if (current()) this.#tools.onBeat();
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
      if (current()) this.#beating = false;
    }
  }
}
