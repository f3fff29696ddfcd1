// Do new policies promise less than those before? (FORMAT.md 13.4.3)
import { afterPeriod, periodOf } from '../../base/period.ts';
import type { ActDetail, ActPolicy } from '../../format/act-detail.ts';

type Policies = ActDetail['policy'];
const FROM_MS = Date.UTC(2001, 0, 1);

const periodEndMs = (period: string): number => afterPeriod(FROM_MS, periodOf(period));

/** Null: none are in force, so nothing can be less. */
export function loosens(after: Policies, before: Policies | null): boolean {
  if (before === null) return false;
  const named = (policies: Policies, name: string | undefined) =>
    policies.policies.find((policy) => policy.name === name);
  return (
    before.policies.some((old) => isWeaker(old, named(after, old.name))) ||
    // A chain that `chains` does not name may have any of them.
    after.policies.some((now) => before.policies.every((old) => isWeaker(old, now))) ||
    before.chains.some(({ chain, policy }) => {
      const now = after.chains.find((one) => one.chain === chain);
      return isWeaker(named(before, policy), named(after, now?.policy));
    })
  );
}

const isWeaker = (before: ActPolicy | undefined, after: ActPolicy | undefined): boolean =>
  before !== undefined &&
  (after === undefined ||
    periodEndMs(after.period) < periodEndMs(before.period) ||
    (before.mode === 'COMPLIANCE' && after.mode === 'GOVERNANCE'));
