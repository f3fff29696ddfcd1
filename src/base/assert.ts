// How is an internal invariant enforced?
import { LedgerstoneError } from './error.ts';

/** Throws a fatal `assertion` error when a rule of our own is broken: before a write, after a read. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new LedgerstoneError('assertion', `internal rule broken: ${message}`);
}
