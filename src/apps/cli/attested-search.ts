// Was every chain that was searched compared with what a second party attested?
import type { Statement } from '../../read/find/statement.ts';
import { SEVERITY } from '../../verify/finding.ts';
import type { AttestationSurvey } from './attestations-option.ts';

/** The statement of a search that was to be compared: what could not be is left out, and said first. */
export function againstAttested(statement: Statement, { newest, floods }: AttestationSurvey): Statement {
  const isAttested = ({ chain, partition }: { readonly chain: string; readonly partition: number }) =>
    newest.some(({ chainId }) => chainId.chain === chain && chainId.partition === partition);
  const missing = [
    ...statement.chains
      .filter((chain) => !isAttested(chain))
      .map(
        ({ chain, partition }) =>
          `${chain}/${partition} has no attestation by a named cosigner: nothing was compared`,
      ),
    ...floods
      .filter(({ code }) => SEVERITY[code] === 'unverifiable')
      .map(({ expected, found }) => `not compared: ${expected}: ${found}`),
  ];
  if (missing.length === 0) return statement;
  const { conclusion, leftOut } = statement;
  return {
    ...statement,
    ...{ isComplete: false, isCompleteOnWord: false, isLookedAt: false },
    conclusion: `not everything was compared: ${conclusion}`,
    leftOut: [...leftOut, ...missing],
  };
}
