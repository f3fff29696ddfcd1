// Is a finding about nothing but the place that is reserved for drills?
import { CANARY_CHAIN } from '../../format/chain.ts';
import { isCanaryKey } from '../../store/canary.ts';
import type { Entry } from '../findings/ledger.ts';

/** What a drill calls, on a key in its own place. Neither a caller's name nor a key has a space before it. */
const CALL_OF_DRILL = /^\S+ called (?:PutObject|DeleteObject) on (\S+),? /;
const IN_PLACE = new RegExp(`^(?:[^=]*/)?(?:seals/topic=)?${CANARY_CHAIN.replace('.', '\\.')}/[^/]`);

/** True also of what somebody else does there: it says where, and not who. */
export function isOfDrill({
  file: { chain, finding },
}: {
  readonly file: Pick<Entry['file'], 'chain' | 'finding'>;
}): boolean {
  if (chain !== null) return chain === CANARY_CHAIN;
  if (finding.code !== 'access-attempt') return finding.key !== null && isCanaryKey(finding.key);
  const [, key = ''] = CALL_OF_DRILL.exec(finding.found ?? '') ?? [];
  return IN_PLACE.test(key);
}
