// What is reported of one chain in the end?
import { toHex } from '../base/bytes.ts';
import type { Sha256 } from '../base/hash.ts';
import { emptyRoot } from '../merkle/tree.ts';
import type { ChainTally } from './chain-tally.ts';
import type { FindingList } from './finding-list.ts';
import { chainText } from './handover.ts';
import { checkpointOf, type OpenedSeal } from './open-seal.ts';
import type { ChainReport } from './report.ts';
import type { ChainInArchive } from './survey.ts';

/** `head`: the newest seal that was looked at. Null: none could be read. */
export function chainReport(
  place: ChainInArchive,
  head: OpenedSeal | null,
  knownSize: number | null,
  tally: ChainTally,
  findings: FindingList,
  sha256: Sha256,
): ChainReport {
  const { verdict } = findings;
  const records = head?.manifest.records;
  return {
    origin: head?.manifest.origin ?? chainText(place),
    chain: place.chain,
    partition: place.partition,
    source: head?.manifest.source ?? null,
    verdict,
    size: head === null ? 0 : head.manifest.sequence + 1,
    root: toHex(head?.root ?? emptyRoot(sha256)),
    nextOffset: records?.nextOffset ?? null,
    entries: records === undefined ? 0 : records.before + records.count,
    ...tally.report(),
    knownSize,
    findings: findings.list(),
    findingsOmitted: findings.omitted,
    lastSealed: head?.manifest.time.sealed ?? null,
    checkpoint: head !== null && verdict === 'verified' ? checkpointOf(head) : null,
  };
}
