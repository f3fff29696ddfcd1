// Do the policies of a configuration differ from those that people put in force?
import { periodOf } from '../base/period.ts';
import type { ActDetail, ActPolicy } from '../format/act-detail.ts';

/** As a configuration has it: `text` is the period as it is written. */
export type NamedPolicies = Readonly<
  Record<string, { readonly mode: ActPolicy['mode']; readonly text: string }>
>;

export type PolicyDifference = {
  readonly name: string;
  /** In words, such as `1y, COMPLIANCE`. */
  readonly configured: string;
  /** Null: none of that name is in force. */
  readonly inForce: string | null;
};

/** What an act of the kind `policy` says of them, in the order of their names. */
export const policiesToAct = (policies: NamedPolicies): ActDetail['policy'] => ({
  policies: Object.entries(policies)
    .map(([name, { mode, text }]) => ({ name, mode, period: text }))
    .sort((a, b) => (a.name < b.name ? -1 : 1)),
});

/** `12mo` and `1y` are the same. More policies in force than are configured are no difference. */
export function policyDifferences(policies: NamedPolicies, inForce: ActDetail['policy']): PolicyDifference[] {
  return policiesToAct(policies).policies.flatMap((configured) => {
    const there = inForce.policies.find(({ name }) => name === configured.name);
    if (there !== undefined && isSame(configured, there)) return [];
    const { name } = configured;
    return [
      { name, configured: policyText(configured), inForce: there === undefined ? null : policyText(there) },
    ];
  });
}

export const policyText = ({ period, mode }: Pick<ActPolicy, 'period' | 'mode'>): string =>
  `${period}, ${mode}`;

function isSame(a: ActPolicy, b: ActPolicy): boolean {
  const [one, other] = [periodOf(a.period), periodOf(b.period)];
  return a.mode === b.mode && one.months === other.months && one.ms === other.ms;
}
