// What does a verification not rule out of the ends of chains?
import { counted } from '../base/counted.ts';
import type { ChainReport } from './report.ts';

/** Compared with a checkpoint or an attestation, and shorter than that. */
const isContradicted = ({ findings }: ChainReport): boolean =>
  findings.some(({ code }) => code === 'rollback' || code === 'truncation');

/**
 * An archive alone can't show that its newest segments, or whole chains, were removed. A sentence. `options`:
 * those of the command that compare.
 */
export function endBound(chains: readonly ChainReport[], options: readonly string[]): string {
  const known = chains.filter(({ knownSize }) => knownSize !== null);
  const against = chains.filter((chain) => chain.knownSize === null && isContradicted(chain));
  if (against.length > 0) {
    return [
      `what was given from outside contradicts ${counted(against.length, 'chain')}: see the findings; segments`,
      'after the last ones here, and chains that were not named, are not ruled out',
    ].join(' ');
  }
  if (known.length === 0) {
    return [
      'segments after the last ones here, and other chains, are not ruled out: nothing from outside was',
      `compared (${options.join(', ')})`,
    ].join(' ');
  }
  const rest = chains.length - known.length;
  const others = rest === 0 ? '' : `; ${counted(rest, 'chain')} had none to compare`;
  const [only] = known;
  const upTo =
    chains.length === 1 && only !== undefined
      ? `segment ${(only.knownSize ?? 1) - 1} of ${only.size - 1}`
      : `the checkpoints or attestations given for ${counted(known.length, 'chain')}`;
  return [
    `nothing was cut off up to ${upTo}${others}; segments after that, and chains that were not named,`,
    'are not ruled out',
  ].join(' ');
}
