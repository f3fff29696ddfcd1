// Which objects must be under a legal hold? The archive does not say it, so the verifier's configuration
// does.
import type { PromisedHold } from '../../config/verifier.ts';
import { parseKey } from '../../format/paths.ts';

export const isHoldPromised =
  (promised: readonly PromisedHold[]) =>
  (key: string): boolean => {
    if (promised.length === 0) return false;
    const parsed = parseKey(key);
    if (parsed === null || !('sequence' in parsed)) return false;
    const { sequence } = parsed;
    return promised.some(
      ({ chain, partition, from, to }) =>
        chain === parsed.chain &&
        (partition === null || partition === parsed.partition) &&
        sequence >= from &&
        (to === null || sequence <= to),
    );
  };
