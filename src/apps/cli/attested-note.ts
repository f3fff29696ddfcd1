// Which checkpoint that covers this segment has a named cosigner signed?
import { counted } from '../../base/counted.ts';
import { LedgerstoneError } from '../../base/error.ts';
import { LIMITS } from '../../base/limits.ts';
import { printable } from '../../base/printable.ts';
import { oldestVersion } from '../../format/oldest-version.ts';
import type { ChainReader } from '../../read/chain-reader.ts';
import type { Attested } from '../../verifier/attest/attestation-reader.ts';
import { floodFindings } from '../../verifier/attest/flood.ts';
import { VerifyError } from '../../verify/finding.ts';
import type { Attestations } from './attestations-option.ts';
import { NotYetError } from './exit-code.ts';

/**
 * The attestation of the size at which the segment is the last one if there is one, else the newest one that
 * covers it, and its note with the signatures of the log and of the cosigner. Throws NotYetError.
 */
export async function attestedNote(
  { store, reader: attested }: Attestations,
  { chain, partition }: Pick<ChainReader, 'chain' | 'partition'>,
  sequence: number,
  signal: AbortSignal,
): Promise<{ readonly attested: Attested; readonly note: Uint8Array }> {
  const chainId = { chain, partition };
  const ofIt = await attested.of(chainId, sequence + 1, signal).catch(() => null);
  const newest = ofIt === null ? await attested.newest(chainId, sequence + 1, signal) : null;
  const found = ofIt ?? newest?.attested ?? null;
  if (found === null || found.size <= sequence) {
    const unread = floodFindings(newest?.flood ?? null).find(({ code }) => code === 'unreadable');
    if (unread !== undefined) throw new VerifyError(unread);
    const [other] = newest?.foreign ?? [];
    const none = other === undefined ? '' : ` ${other.key} is not an attestation: ${other.why}.`;
    throw new NotYetError(
      'not-attested',
      `segment ${sequence} is not attested yet`,
      [
        'Attestations by a named cosigner were found for',
        `${counted(found?.size ?? 0, 'segment')}.${printable(none)} Without --attestations it`,
        'can be proved now.',
      ].join(' '),
    );
  }
  const version = await oldestVersion(store, found.key, signal);
  if (version === null) throw new LedgerstoneError('not-found', `there is no ${found.key} any more`);
  const note = await store.read(found.key, version.versionId, { maxBytes: LIMITS.sealBytesMax, signal });
  return { attested: found, note };
}
