// What does the receipt of a copy say, for people and for programs?
import { counted, countText } from '../../base/counted.ts';
import { printable } from '../../base/printable.ts';
import { VERSION } from '../../base/version.ts';
import type { CopyTally, NamedKeys } from '../../copy/copy-objects.ts';
import { type CopiedChain, type CopyStatement, headsOf } from '../../copy/receipt.ts';
import type { ActDetail } from '../../format/act-detail.ts';
import { timeText, untilText } from '../../format/time.ts';
import type { CopyOptions } from './copy-options.ts';
import { bytesText } from './table.ts';

/** The chain of decisions as it was copied. */
export type ChainHead = {
  readonly origin: string;
  readonly size: number;
  readonly objects: number;
  readonly bytes: number;
  readonly list: string;
};

type Parts = {
  readonly options: Pick<CopyOptions, 'by' | 'reason' | 'reference' | 'of'>;
  readonly statement: Omit<CopyStatement, 'verdict'> & { readonly verdict: CopyStatement['verdict'] | null };
  /** Null: no archive was copied. */
  readonly detail: ActDetail['copy'] | null;
  readonly tally: CopyTally;
  readonly chains: readonly CopiedChain[];
  /** Id of the act. */
  readonly act: string | null;
  readonly governance: ChainHead | null;
};

export type Receipt = ReturnType<typeof receiptOf>;

export function receiptOf({ options, statement, detail, tally, chains, act, governance }: Parts) {
  const { by, reason, reference = null, of } = options;
  const { objects, bytes, stored, list, locks, holds, left } = tally;
  const { dateMs, ...stores } = statement;
  const text = (ms: number | null) => (ms === null ? null : untilText(ms));
  const { earliestMs, latestMs, ...counts } = locks;
  return {
    ...{ format: 'ledgerstone/copy-receipt/1', version: VERSION, at: timeText(Date.now()) },
    ...{ of, ...stores, by, reason, reference, until: text(dateMs) },
    ...{ objects, bytes, stored, there: objects - stored, list },
    ...{ chains: chains.length, heads: detail?.heads ?? null, head: headsOf(chains) },
    governance,
    act,
    locks: { earliest: text(earliestMs), latest: text(latestMs), ...counts },
    holds,
    left,
  };
}

/** `file`: where the receipt is kept. */
export function receiptText(receipt: Receipt, file: string | null): string {
  const { from, to, verdict, objects, bytes, stored, there, list, chains, heads, governance, act } = receipt;
  const isArchive = receipt.of === 'archive';
  const lines = [
    `copied ${from} to ${to}`,
    isArchive
      ? `  the source was ${verdict} before: every byte of ${counted(chains, 'chain')} was read`
      : '  the source was not verified: name the copy with --attestations to `ledgerstone verify`',
    `  ${counted(objects, 'object')}, ${bytesText(bytes)}: ${stored} stored, ${there} were there, read and compared`,
    ...lockLines(receipt),
    ...holdLines(receipt),
    ...leftLines(receipt),
    ...(governance === null
      ? []
      : [`  and the chain of decisions, ${counted(governance.objects, 'object')}, last`]),
    `  SHA-256 of all names and digests  ${list}`,
    ...(heads === null ? [] : [`  SHA-256 of all heads              ${heads}`]),
    ...(act === null
      ? []
      : [`recorded as the act ${act.slice(0, 8)}: the chain of decisions of both sides has it`]),
    ...(file === null ? [] : [`receipt in ${file}${act === null ? ', which nobody signed' : ''}`]),
  ];
  return `${lines.map(printable).join('\n')}\n`;
}

const isDirectory = (name: string): boolean => !name.startsWith('s3://');

function lockLines({ to, until, locks }: Receipt): string[] {
  if (isDirectory(to))
    return ['  nothing is locked: a directory has no locks, and anybody may change these files'];
  const { earliest, latest, lengthened, longer, unlocked, eventHolds } = locks;
  const how = `each ${until === null ? '' : 'until the date, or '}as long as in the source`;
  return [
    earliest === null
      ? '  locked for a minute: nothing in the source is locked any more'
      : `  locked until ${earliest === latest ? latest : `${earliest} to ${latest}`}, ${how}, and read back`,
    ...(lengthened > 0 ? [`  ${counted(lengthened, 'lock')} made longer there`] : []),
    ...namedLine(longer, 'locked beyond the date, since the source is'),
    ...namedLine(
      unlocked,
      until === null
        ? 'not locked in the source any more: locked for a minute'
        : 'not locked in the source any more',
    ),
    ...namedLine(eventHolds, 'under an event hold of S3 in the source, which is not carried over'),
  ];
}

function holdLines({ to, holds: { carried, onlyThere } }: Receipt): string[] {
  const said = isDirectory(to)
    ? 'under a legal hold in the source, which a directory can’t keep'
    : 'under a legal hold, as in the source';
  return [
    ...namedLine(carried, said),
    ...namedLine(onlyThere, 'under a legal hold there and not in the source: left so'),
  ];
}

const leftLines = ({ left: { foreign, later, onlyThere } }: Receipt): string[] => [
  ...namedLine(foreign, 'left out: no part of the archive'),
  ...namedLine(later, 'left out: newer than this copy, run it again for them'),
  ...namedLine(onlyThere, 'in the copy and not in the source any more: left there'),
];

function namedLine({ count, first }: NamedKeys, said: string): string[] {
  if (count === 0) return [];
  const more = count > first.length ? ', …' : '';
  return [`  ${counted(count, 'object')} ${said} (${first.join(', ')}${more})`];
}

type Would = {
  readonly objects: number;
  readonly bytes: number;
  readonly there: number;
  readonly foreign: number;
};

export function wouldText(from: string, to: string, would: Would): string {
  const { objects, bytes, there, foreign } = would;
  const lines = [
    `nothing is written; from ${from} to ${to} would be copied:`,
    `  ${counted(objects, 'object')}, ${bytesText(bytes)}`,
    `  ${countText(there)} there already: they would be read and compared`,
    ...(foreign > 0 ? [`  ${countText(foreign)} left out: no part of the archive`] : []),
    '  the source was not verified, and no lock was read',
  ];
  return `${lines.map(printable).join('\n')}\n`;
}
