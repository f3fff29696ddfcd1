// Which chains continue in others, and is what the new chain says about the old one true?

import { equalBytes, fromHex, toHex } from '../base/bytes.ts';
import { LIMITS } from '../base/limits.ts';
import { parseChainOrigin } from '../format/chain.ts';
import type { Manifest } from '../format/manifest.ts';
import { oldestVersion } from '../format/oldest-version.ts';
import { sealKey } from '../format/paths.ts';
import type { Anchor } from './anchor.ts';
import type { Problem } from './finding.ts';
import { inspectSeal, type OpenedSeal, type SealInspection, trustProblem } from './open-seal.ts';
import type { Run } from './run.ts';
import { storeProblem } from './seal-reader.ts';
import { archiveOf } from './shown.ts';
import type { ChainInArchive } from './survey.ts';

export type HandoverRun = Pick<
  Run,
  'reader' | 'trusted' | 'sha256' | 'verifySignature' | 'signal' | 'reads'
> & {
  /** Left out: no other archive was shown. */
  readonly others?: Run['others'];
};

export const chainText = (place: ChainInArchive): string => `${place.chain}/${place.partition}`;

/**
 * What the first seals of all chains say about older chains. Used only if such a seal is sound and trusted.
 * `onUnread`: called with a first seal that can't be read, so that it is not known what it says.
 * `onElsewhere`: with what is said of a chain of another archive, which is not among those returned.
 */
export async function collectHandovers(
  places: readonly ChainInArchive[],
  run: HandoverRun,
  onUnread?: (place: ChainInArchive, problem: Problem) => void,
  onElsewhere?: (anchor: Anchor) => void,
): Promise<Map<string, Anchor[]>> {
  const anchors = new Map<string, Anchor[]>();
  await Promise.all(
    places.map((place) =>
      run.reads.run(async () => {
        // Faults of a first seal are reported by its own chain's check.
        const inspection = await inspectAt(place, 0, run).catch((error: unknown) => {
          run.signal?.throwIfAborted();
          onUnread?.(place, storeProblem(error));
          return null;
        });
        const opened = inspection?.opened ?? null;
        const continues = opened?.manifest.continues ?? null;
        if (opened === null || continues === null || inspection?.problems.length !== 0) return;
        if (chainText(parseChainOrigin(opened.manifest.origin)) !== chainText(place)) return;
        if (trustProblem(opened, run) !== null) return;
        const anchor: Anchor = {
          kind: 'handover',
          origin: continues.origin,
          size: continues.size,
          root: fromHex(continues.root),
          nextOffset: continues.nextOffset,
          signed: null,
          from: `${opened.manifest.origin} continues it`,
          newer: opened.manifest.origin,
        };
        if (!isOfSameArchive(continues.origin, opened)) {
          onElsewhere?.(anchor);
          return;
        }
        const older = parseChainOrigin(continues.origin);
        const known = anchors.get(chainText(older));
        if (known === undefined) anchors.set(chainText(older), [anchor]);
        else known.push(anchor);
      }),
    ),
  );
  return anchors;
}

/** The other side: the continuing chain checks that the older one had this size and root. */
export async function continuesProblems(opened: OpenedSeal, run: HandoverRun): Promise<Problem[]> {
  const { continues } = opened.manifest;
  if (continues === null) return [];
  const where = isOfSameArchive(continues.origin, opened)
    ? run
    : archiveOf(continues.origin, run.others ?? []);
  const expected = `${continues.origin} of size ${continues.size}, root ${continues.root}`;
  if (where === null) {
    const found = 'a chain of another archive, which was not shown (ledgerstone verify --older)';
    return [{ code: 'unreadable', expected, found }];
  }
  const older = parseChainOrigin(continues.origin);
  try {
    const last = continues.size - 1;
    const inspection =
      last > LIMITS.sequenceMax
        ? null
        : await run.reads.run(() => inspectAt(older, last, { ...run, reader: where.reader }));
    if (inspection === null) return [{ code: 'truncation', expected, found: 'no seal at that place' }];
    // What is wrong with that seal is the older chain's fault. This chain's word about it can't be checked.
    if (inspection.opened?.manifest.sequence !== last)
      return [{ code: 'unreadable', expected, found: 'no seal that can be read at that place' }];
    const { root, manifest } = inspection.opened;
    if (manifest.origin !== continues.origin)
      return [{ code: 'truncation', expected, found: `a seal of ${manifest.origin}` }];
    if (!equalBytes(root, fromHex(continues.root)))
      return [{ code: 'fork', expected, found: `root ${toHex(root)}` }];
    const { nextOffset } = manifest.records;
    if (nextOffset !== continues.nextOffset) {
      return [
        { code: 'offset-gap', expected: `nextOffset ${continues.nextOffset}`, found: String(nextOffset) },
      ];
    }
    return startProblems(manifest, opened.manifest);
  } catch (error) {
    run.signal?.throwIfAborted();
    return [{ code: 'unreadable', expected, found: storeProblem(error).found }];
  }
}

/**
 * Between two chains of one topic no offset is missing, and none is sealed twice if the topic is surely the
 * same.
 */
function startProblems(older: Manifest, newer: Manifest): Problem[] {
  const [before, after] = [older.source, newer.source];
  const { nextOffset } = older.records;
  const { firstOffset } = newer.records;
  if (JSON.stringify(before) !== JSON.stringify(after) || firstOffset === nextOffset) return [];
  // Without an id, a topic that was created anew looks the same and starts again at 0.
  const isCertain = after.kind === 'kafka' && after.topicId !== null;
  if (!isCertain && firstOffset < nextOffset) return [];
  return [{ code: 'offset-gap', expected: `firstOffset ${nextOffset}`, found: String(firstOffset) }];
}

async function inspectAt(
  place: ChainInArchive,
  sequence: number,
  run: HandoverRun,
): Promise<SealInspection | null> {
  const key = sealKey(place.chain, place.partition, sequence);
  const version = await oldestVersion(run.reader, key, run.signal);
  if (version === null) return null;
  const options = { maxBytes: LIMITS.sealBytesMax, ...(run.signal && { signal: run.signal }) };
  const bytes = await run.reader.read(key, version.versionId, options);
  return inspectSeal(bytes, { ...run, sequence });
}

/** parseManifest has checked both texts. */
const isOfSameArchive = (origin: string, { manifest }: OpenedSeal): boolean =>
  parseChainOrigin(origin).archiveOrigin === parseChainOrigin(manifest.origin).archiveOrigin;
