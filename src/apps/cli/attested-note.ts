// Which checkpoint that covers this segment has a named cosigner signed?
import { counted } from '../../base/counted.ts';
import { FormatError, LedgerstoneError } from '../../base/error.ts';
import { LIMITS } from '../../base/limits.ts';
import { printable } from '../../base/printable.ts';
import { attestationKey, attestationPrefix, parseAttestationKey } from '../../format/attestation.ts';
import { parseSignedCheckpoint } from '../../format/note.ts';
import { oldestVersion } from '../../format/oldest-version.ts';
import { isQuorumMet, type Quorum, quorumText } from '../../format/tlog-policy.ts';
import type { ChainReader } from '../../read/chain-reader.ts';
import type { Attested } from '../../verifier/attest/attestation-reader.ts';
import { floodFindings } from '../../verifier/attest/flood.ts';
import { VerifyError } from '../../verify/finding.ts';
import type { Attestations } from './attestations-option.ts';
import { NotYetError } from './exit-code.ts';
import { cosignersOf } from './policy.ts';

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

/** Attestations that one search reads. A verifier that asks its witnesses once a day has one each day. */
const READS_MAX = 10_000;

/** The first attestation from the segment on that enough witnesses have cosigned too. Throws NotYetError. */
export async function witnessedNote(
  { store, reader: attested }: Attestations,
  { chain, partition }: Pick<ChainReader, 'chain' | 'partition'>,
  sequence: number,
  quorum: Quorum,
  signal: AbortSignal,
): Promise<{ readonly attested: Attested; readonly note: Uint8Array }> {
  const prefix = attestationPrefix(chain, partition);
  const startAfter = attestationKey(chain, partition, sequence);
  let looked = 0;
  let before = '';
  for await (const { key } of store.listVersions(prefix, { startAfter, signal })) {
    const size = parseAttestationKey(key)?.size;
    if (size === undefined || key === before) continue;
    before = key;
    if (++looked > READS_MAX) break;
    // What is none of the named cosigner's, or has a bad line, is passed over, as without witnesses.
    const found = await attested.of({ chain, partition }, size, signal).catch(foreignAsNull);
    if (found === null) continue;
    const version = await oldestVersion(store, key, signal);
    if (version === null) continue;
    const note = await store.read(key, version.versionId, { maxBytes: LIMITS.sealBytesMax, signal });
    const by = await cosignersOf(parseSignedCheckpoint(note), quorum).catch(foreignAsNull);
    if (
      by !== null &&
      isQuorumMet(
        quorum,
        by.map(({ key: one }) => one),
      )
    )
      return { attested: found, note };
  }
  const many = counted(Math.min(looked, READS_MAX), 'attestation');
  const seen = `${many} from there on ${looked === 1 ? 'was' : 'were'} looked at.`;
  throw new NotYetError(
    'not-attested',
    `segment ${sequence} is below no attested checkpoint that ${quorumText(quorum)} has cosigned`,
    looked > READS_MAX ? `${seen} There are more.` : seen,
  );
}

export function foreignAsNull(error: unknown): null {
  if (error instanceof FormatError) return null;
  throw error;
}
