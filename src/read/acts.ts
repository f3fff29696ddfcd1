// What did people decide about this archive? Its governance chain, held to its seals (FORMAT.md §13).
import { toHex } from '../base/bytes.ts';
import { nodeSha256 } from '../base/node/hash.ts';
import { GOVERNANCE_CHAIN, governanceOrigin, parseChainOrigin } from '../format/chain.ts';
import { parseTime } from '../format/manifest.ts';
import { decodeLine } from '../format/record.ts';
import type { VerifierKey } from '../format/vkey.ts';
import type { StoreReader } from '../store/store.ts';
import { ActHistory } from '../verify/acts/history.ts';
import { VerifyError } from '../verify/finding.ts';
import { ChainReader, type LocatedSeal } from './chain-reader.ts';
import { NoChainError } from './errors.ts';
import { linesOf, wholeRun } from './segment-lines.ts';

export type ActReading = {
  readonly history: ActHistory;
  /** The newest seal. */
  readonly head: LocatedSeal;
  /** False: no key was given that covers the chain, so each word of it may be anybody's. */
  readonly isVerified: boolean;
};

/**
 * All acts, from the first segment on. Each seal is checked against the keys and against its neighbour, each
 * data object against its seal. Null: the archive has no governance chain. Throws VerifyError,
 * UntrustedSealError, or what the store throws.
 */
export async function readActs(
  store: StoreReader,
  trusted: readonly VerifierKey[],
  signal: AbortSignal,
): Promise<ActReading | null> {
  const reader = new ChainReader({ store, chain: GOVERNANCE_CHAIN, partition: 0, trusted, signal });
  let newest: number;
  try {
    newest = await reader.headSequence();
  } catch (error) {
    if (error instanceof NoChainError) return null;
    throw error;
  }
  await reader.dataSizes();
  let history: ActHistory | null = null;
  let head: LocatedSeal | null = null;
  for (let sequence = 0; sequence <= newest; sequence++) {
    head = await reader.seal(sequence);
    history ??= historyOf(head);
    await addSegment(reader, head, history);
  }
  return { history: history!, head: head!, isVerified: reader.verified };
}

function historyOf({ manifest: { origin } }: LocatedSeal): ActHistory {
  const { archiveOrigin } = parseChainOrigin(origin);
  const expected = governanceOrigin(archiveOrigin);
  if (origin !== expected) throw new VerifyError({ code: 'malformed', expected, found: origin });
  return new ActHistory({ origin, sha256: nodeSha256 });
}

async function addSegment(reader: ChainReader, seal: LocatedSeal, history: ActHistory): Promise<void> {
  const { data, records, time } = seal.manifest;
  if (data === null) return;
  const stored = await reader.data(seal);
  const sha256 = toHex(nodeSha256(stored));
  if (stored.length !== data.bytes || sha256 !== data.sha256)
    throw new VerifyError({ code: 'data-altered', expected: data.sha256, found: `${sha256} at ${data.key}` });
  let offset = records.firstOffset;
  const sealedMs = parseTime(time.sealed);
  for (const line of linesOf(stored, data, wholeRun(data))) {
    await history.add(decodeLine(line), { offset, sequence: seal.sequence, sealedMs });
    offset++;
  }
  if (offset !== records.nextOffset)
    throw new VerifyError({
      code: 'offset-gap',
      expected: `lines up to ${records.nextOffset}`,
      found: `${offset}`,
    });
}
