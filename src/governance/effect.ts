// What came of bringing objects of the store to what decisions demand?
import type { Clock } from '../base/clock.ts';
import { Semaphore } from '../base/concurrency.ts';
import { messageOf } from '../base/error.ts';
import type { HoldWriter, Store } from '../store/store.ts';
import type { ScopeTools, StoredObject } from './scope.ts';

export type EffectTools = ScopeTools & {
  readonly store: Store & HoldWriter;
  readonly clock: Pick<Clock, 'now'>;
  /** Called after each object. */
  readonly onObject?: () => void;
};

/** `changed`: those of `objects` that were not as demanded, and are now. */
type EffectCounts = {
  /** Versions that are as the decisions demand, by the store's own word. */
  objects: number;
  changed: number;
};

export type Effect = EffectCounts & {
  /** Those of `objects` that are under a hold which a case in force demands. */
  held: number;
  /** Held, and no act speaks of them: left as they are. */
  withoutAct: string[];
  /** Data that had gone when nothing kept it any more, and why: nothing is demanded of it. */
  readonly gone: string[];
  /** What is not as demanded, and why. Empty: all is done. */
  readonly failed: string[];
  /** Segments whose seals can't be trusted: their objects were taken by their names. */
  readonly doubts: string[];
  /** The store has no locks and no holds: nothing was demanded of it. */
  isLockless: boolean;
};

export const noEffect = (): Effect => ({
  ...{ objects: 0, changed: 0, held: 0, withoutAct: [], gone: [], failed: [], doubts: [], isLockless: false },
});

/** Objects that are worked on at once. */
const AT_ONCE = 16;

/** Runs steps side by side. What one throws is a failure of its object; the others go on. */
export class Steps {
  readonly #turns = new Semaphore(AT_ONCE);
  readonly #running = new Set<Promise<void>>();
  readonly #tools: EffectTools;
  readonly #effect: Effect;

  constructor(tools: EffectTools, effect: Effect) {
    this.#tools = tools;
    this.#effect = effect;
  }

  /** Resolves when the step has begun. */
  async start(object: StoredObject, step: () => Promise<void>): Promise<void> {
    const { signal, onObject } = this.#tools;
    const giveBack = await this.#turns.take(1, signal);
    const running: Promise<void> = step()
      .catch((error: unknown) => {
        this.#effect.failed.push(`${object.key}: ${messageOf(error)}`);
      })
      .finally(() => {
        giveBack();
        this.#running.delete(running);
        onObject?.();
      });
    this.#running.add(running);
  }

  /** When all have ended. Throws the signal's reason where they were broken off. */
  async finish(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
    this.#tools.signal.throwIfAborted();
  }
}
