// Do new policies promise less than those before? (FORMAT.md 13.4.2)
import { afterPeriod, periodOf } from '../../base/period.ts';
import type { ActDetail } from '../../format/act-detail.ts';

type Policies = ActDetail['policy'];
const FROM_MS = Date.UTC(2001, 0, 1);

const periodEndMs = (period: string): number => afterPeriod(FROM_MS, periodOf(period));

/** Null: none are in force, so nothing can be less. */
export function loosens({ policies }: Policies, before: Policies | null): boolean {
  return (before?.policies ?? []).some((old) => {
    const now = policies.find(({ name }) => name === old.name);
    if (now === undefined) return true;
    return (
      periodEndMs(now.period) < periodEndMs(old.period) ||
      (old.mode === 'COMPLIANCE' && now.mode === 'GOVERNANCE')
    );
  });
}
