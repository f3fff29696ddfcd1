// Who hears of each data object that a good walk looked for?
import type { OpenedSeal } from './open-seal.ts';

export interface DataPresence {
  /**
   * In the order of the chain, once for each seal with a data object. `over`: it is gone, and its retention
   * is over; `missing`: it is not. `not-known`: the store did not say. `isSound`: nothing is wrong with the
   * seal by itself, it lies in its chain, and a trusted key signed it.
   */
  saw(opened: OpenedSeal, state: 'there' | 'over' | 'missing' | 'not-known', isSound: boolean): void;
}
