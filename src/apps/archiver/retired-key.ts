// Which keys of the log were retired, and by whom?
import { LedgerstoneError } from '../../base/error.ts';
import { nodeSha256 } from '../../base/node/hash.ts';
import { timeText } from '../../format/time.ts';
import { parseVkey, spkiFingerprint } from '../../format/vkey.ts';
import type { Signer } from '../../sign/signer.ts';
import type { ActHistory } from '../../verify/acts/history.ts';
import { type ActOf, actsOf, type SealedAt } from '../../verify/acts/recorded-act.ts';

/** Keys of the log: by fingerprint, who retired it and when, for people. */
export function retiredKeys({ acts }: ActHistory): Map<string, string> {
  const retired = actsOf(acts, 'key.retire').filter(
    ({ act, inForce }) => inForce !== null && act.detail.use === 'log',
  );
  return new Map(
    retired.flatMap((one) => {
      try {
        return [[spkiFingerprint(parseVkey(one.act.detail.key, nodeSha256).key, nodeSha256), byWhom(one)]];
      } catch {
        return [];
      }
    }),
  );
}

/** Times are those of the seals: an act's own time is its writer's word. */
const byWhom = ({ act, place, approvedBy }: ActOf<'key.retire'>): string => {
  const sealed = (at: SealedAt): string => timeText(at.sealedMs);
  const approved =
    approvedBy === null ? '' : `, approved by ${approvedBy.act.by.name} at ${sealed(approvedBy.place)}`;
  return `by ${act.by.name} at ${sealed(place)}${approved} (act ${act.id.slice(0, 8)})`;
};

/** `how`: of retiredKeys(). */
export const keyRetired = ({ description }: Pick<Signer, 'description'>, how: string): LedgerstoneError =>
  new LedgerstoneError('signing-key-retired', `${description} was retired ${how}: nothing is signed by it`, {
    disposition: 'input',
    remedy: [
      'Put the key that signs now into `archive.signing` (ledgerstone keys list). If there is none yet:',
      'ledgerstone keys rotate --new KEY.',
    ].join(' '),
  });
