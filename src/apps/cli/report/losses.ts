// `ledgerstone report losses`: which records are known to be lost, on a page that prints?
import { toHex } from '../../../base/bytes.ts';
import { type LossesData, type LossesReport, lossesVerdict } from '../../../evidence/report/losses.ts';
import type { ReportedChain, ReportVerdict } from '../../../evidence/report/printed-report.ts';
import { type MaybeChainOptions, namedChain } from '../chain-option.ts';
import { UsageError } from '../exit-code.ts';
import { searchLosses } from '../losses-search.ts';
import type { ChainLosses } from '../losses-text.ts';
import { type Archive, type ArchiveOptions, openArchive } from '../open-archive.ts';
import type { Session } from '../session.ts';
import { endedText, endNotKnownText } from '../status-text.ts';
import {
  beginReport,
  type PrintOptions,
  type ReportRange,
  reportRange,
  requireNewFiles,
  writeReport,
} from './write.ts';

export type LossesReportOptions = ArchiveOptions & MaybeChainOptions & PrintOptions;

const LOOKED = [
  'Every seal of each chain below: its signature by a trusted key, its link to the one before, its counts.',
  'The data of each segment that states such gaps: hashes, and every line.',
  'If records are lost: every decision of the governance chain, for those that accept a loss.',
];
const NOT_LOOKED = [
  'The data of segments that state no such gap: ledgerstone verify reads it.',
  'Whether the newest segments were cut off: ledgerstone verify with attestations or a kept checkpoint shows it.',
  'Kafka: what it holds, or has deleted, beyond the last seal.',
];

export async function runLossesReport(
  session: Session,
  name: string | undefined,
  options: LossesReportOptions,
): Promise<number> {
  return await withReportedArchive(
    session,
    name,
    options,
    async ({ archive, range, named, onlyOne, began }) => {
      const found = await searchLosses({ archive, named, signal: session.io.signal }, range);
      const { rows, unlisted, notes, exitCode, acceptanceUnknown } = found;
      const chains = found.chains.map(reportedChain);
      const continued = found.chains.flatMap(({ chain, partition, continues }) =>
        continues === null ? [] : [{ chain, partition, ...continues }],
      );
      const gaps = rows.map(({ chain, partition, sequence, sealed, by, why, lost, accepted, ...gap }) => ({
        ...{ chain, partition, ...gap, lost, sealed, by, why, sequence, accepted },
      }));
      const ends = found.chains.flatMap(({ chain, partition, ended, endNotKnown, problem }) => {
        if (ended !== null) return [`${chain}/${partition} ${endedText(ended)}`];
        return endNotKnown === null || problem !== null
          ? []
          : [`${chain}/${partition}: ${endNotKnownText(endNotKnown)}`];
      });
      const data: LossesData = { gaps, unlisted, continued, notes: [...notes, ...ends], acceptanceUnknown };
      const verdict = lossesVerdict(range.window, chains, data);
      return await writeReport<LossesReport>(session, options, {
        ...{ kind: 'losses', window: range.window, verdict: withBounds(verdict, onlyOne) },
        ...{ looked: LOOKED, notLooked: NOT_LOOKED, chains, data, began, exitCode },
        archive: archiveFacts(name, archive, chains),
      });
    },
  );
}

type ReportedArchive = {
  readonly archive: Archive;
  readonly range: ReportRange;
  readonly named: ReturnType<typeof namedChain>;
  /** What was left out, where one chain was asked for. */
  readonly onlyOne: readonly string[];
  readonly began: string;
};

/** For reports about the chains of an archive: what was asked, checked before anything is read. */
export async function withReportedArchive(
  session: Session,
  name: string | undefined,
  options: LossesReportOptions,
  report: (of: ReportedArchive) => Promise<number>,
): Promise<number> {
  const began = beginReport();
  const range = reportRange(options);
  const named = namedChain(options);
  await requireNewFiles(options);
  const archive = await openTrustedArchive(name, options, session.io.env);
  const onlyOne =
    named === null ? [] : [`Chains other than ${named.topic}/${named.partition}: it alone was asked for.`];
  try {
    return await report({ archive, range, named, onlyOne, began });
  } finally {
    await archive.store.close();
  }
}

/** What was left out by who asked stands first. */
export const withBounds = (verdict: ReportVerdict, first: readonly string[]): ReportVerdict => ({
  ...verdict,
  bounds: [...first, ...verdict.bounds],
});

/** What was not checked is no evidence. Throws UsageError where there is no key to check with. */
export async function openTrustedArchive(
  name: string | undefined,
  options: ArchiveOptions,
  env: NodeJS.ProcessEnv,
): Promise<Archive> {
  const archive = await openArchive(name, options, env);
  if (archive.trusted.length > 0) return archive;
  await archive.store.close();
  throw new UsageError(
    'no trusted key: what was not checked is no evidence',
    'Add --key KEY, or name the archive with --config.',
  );
}

/** The origin is what the checked seals say of themselves, and without one the name of the trusted key. */
export const archiveFacts = (
  name: string | undefined,
  archive: Archive,
  chains: readonly ReportedChain[],
): { readonly name: string; readonly origin: string } => {
  const [known] = chains.flatMap(({ origin, chain, partition }) =>
    origin === null ? [] : [origin.slice(0, -`/${chain}/${partition}`.length)],
  );
  return { name: name ?? archive.store.description, origin: known ?? archive.trusted[0]!.name };
};

export function reportedChain({ chain, partition, counts, head, problem }: ChainLosses): ReportedChain {
  const { seals, firstOffset, nextOffset, archived, missing, lastSealed } = counts;
  const isEmpty = nextOffset === null || nextOffset === firstOffset;
  return {
    ...{ chain, partition, origin: head?.manifest.origin ?? null },
    checkpoint: head === null ? null : { size: seals, root: toHex(head.root) },
    firstOffset: isEmpty ? null : firstOffset,
    lastOffset: isEmpty ? null : (nextOffset as number) - 1,
    ...{ archived, gaps: Object.values(missing).reduce((all, count) => all + count, 0), lastSealed, problem },
  };
}
