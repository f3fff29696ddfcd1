// Do the policies of a configuration differ from those that people put in force?
import { periodOf } from '../base/period.ts';
import type { ActDetail, ActPolicy } from '../format/act-detail.ts';

/** As a configuration has it: `text` is the period as it is written. */
type NamedPolicies = Readonly<Record<string, { readonly mode: ActPolicy['mode']; readonly text: string }>>;

export type PolicyDifference = {
  readonly name: string;
  /** In words, such as `1y, COMPLIANCE`. */
  readonly configured: string;
  /** Null: none of that name is in force. */
  readonly inForce: string | null;
};

/** Of a configuration: its policies, and by the name of which one each chain is archived. */
export type ConfiguredPolicies = {
  readonly policies: NamedPolicies;
  readonly chains: Readonly<Record<string, string>>;
};

/** What an act of the kind `policy` says of them, in the order of their names. */
export const policiesToAct = ({ policies, chains }: ConfiguredPolicies): ActDetail['policy'] => ({
  policies: Object.entries(policies)
    .map(([name, { mode, text }]) => ({ name, mode, period: text }))
    .sort((a, b) => (a.name < b.name ? -1 : 1)),
  chains: Object.entries(chains)
    .map(([chain, policy]) => ({ chain, policy }))
    .sort((a, b) => (a.chain < b.chain ? -1 : 1)),
});

/** `12mo` and `1y` are the same. More policies or chains in force than are configured are no difference. */
export function policyDifferences(
  configured: ConfiguredPolicies,
  inForce: ActDetail['policy'],
): PolicyDifference[] {
  const wanted = policiesToAct(configured);
  const policies = wanted.policies.flatMap((policy): PolicyDifference[] => {
    const there = inForce.policies.find(({ name }) => name === policy.name);
    if (there !== undefined && isSame(policy, there)) return [];
    const { name } = policy;
    return [
      { name, configured: policyText(policy), inForce: there === undefined ? null : policyText(there) },
    ];
  });
  const chains = wanted.chains.flatMap(({ chain, policy }): PolicyDifference[] => {
    const there = inForce.chains.find((one) => one.chain === chain);
    if (there?.policy === policy) return [];
    return [{ name: `chain ${chain}`, configured: policy, inForce: there?.policy ?? null }];
  });
  return [...policies, ...chains];
}

const policyText = ({ period, mode }: Pick<ActPolicy, 'period' | 'mode'>): string => `${period}, ${mode}`;

function isSame(a: ActPolicy, b: ActPolicy): boolean {
  const [one, other] = [periodOf(a.period), periodOf(b.period)];
  return a.mode === b.mode && one.months === other.months && one.ms === other.ms;
}
