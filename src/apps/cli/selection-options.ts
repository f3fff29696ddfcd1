// Which segments do `--topic`, `--partition`, `--from`, `--to`, `--offsets`, `--where` and `--text` mean?
import { type Command, Option } from 'commander';
import { counted } from '../../base/counted.ts';
import { LedgerstoneError } from '../../base/error.ts';
import type { SegmentRange } from '../../format/act-detail.ts';
import { isChainName } from '../../format/chain.ts';
import { mergedRanges } from '../../governance/scope.ts';
import { type Selected, selectSegments } from '../../governance/select-segments.ts';
import type { ShownArchive } from '../../verify/shown.ts';
import type { Deciding } from './deciding.ts';
import { UsageError } from './exit-code.ts';
import { queryOf } from './find-options.ts';
import { statementLines } from './find-text.ts';
import { rangesText } from './governance-text.ts';
import { parseOffsets } from './offsets-option.ts';
import { closeOlder, type OlderOptions, openOlder, shownToSearch, withOlder } from './older-option.ts';
import { count, repeatable } from './open-archive.ts';
import { bytesText } from './table.ts';
import { momentFromText, requireZone } from './time-option.ts';

export type SelectionOptions = OlderOptions & {
  readonly topic: string;
  readonly partition?: number;
  readonly from?: string;
  readonly to?: string;
  readonly tz: string;
  readonly time: 'record' | 'sealed';
  readonly offsets?: string;
  readonly where?: readonly string[];
  readonly text?: readonly string[];
  readonly fields?: string;
  readonly future?: boolean;
};

export const withSelection = (command: Command): Command =>
  command
    .requiredOption('--topic <chain>', 'chain: it is named like its topic unless configured otherwise')
    .option('--partition <number>', 'only this one; default: all', count)
    .option('--from <time>', 'segments with records at this date or time, or later')
    .option('--to <time>', 'and before this one')
    .option('--tz <zone>', 'time zone of --from and --to without an offset', 'UTC')
    .addOption(
      new Option('--time <clock>', 'record: its timestamp; sealed: when its segment was sealed')
        .choices(['record', 'sealed'])
        .default('record'),
    );

/** Those for holds alone. */
export const withSearch = (command: Command): Command =>
  withOlder(command)
    .option('--offsets <ranges>', 'such as 40-64,80: needs --partition')
    .option('--where <condition>', 'segments with events that `find` finds so; repeatable', repeatable)
    .option('--text <word>', 'the same by a word in them; repeatable', repeatable)
    .option('--fields <file>', 'short names of fields by topic, as YAML')
    .option('--future', 'also each segment that comes later');

/** Throws UsageError. */
function timeOf({ from, to, tz, time }: SelectionOptions) {
  requireZone(tz);
  if (from === undefined && to === undefined) return null;
  const fromMs = from === undefined ? Number.NEGATIVE_INFINITY : momentFromText(from, tz);
  const toMs = to === undefined ? Number.POSITIVE_INFINITY : momentFromText(to, tz);
  if (fromMs < toMs) return { kind: time, fromMs, toMs };
  throw new UsageError(
    `--from ${from} is not before --to ${to}`,
    'The end is not included: one whole day is --from 2026-11-22 --to 2026-11-23.',
  );
}

/** Everything that is wrong with the options alone, before anything is opened. Throws UsageError. */
export function checkSelection(options: SelectionOptions): void {
  timeOf(options);
  const { topic, partition, offsets, to, future, where, text } = options;
  if (!isChainName(topic)) throw new UsageError(`${JSON.stringify(topic)} is not a chain's name`);
  if (offsets !== undefined) {
    parseOffsets(offsets);
    if (partition === undefined)
      throw new UsageError(
        '--offsets without --partition',
        'Offsets are counted in each partition: name it.',
      );
  }
  const searches = (where ?? []).length + (text ?? []).length > 0;
  if (searches && offsets !== undefined)
    throw new UsageError('--offsets and a search at once', 'Give one of the two.');
  if (future === true && (to !== undefined || searches || offsets !== undefined))
    throw new UsageError(
      '--future with an end or a search',
      'What is to come can be held by topic, partition and --from alone.',
    );
}

export async function selectionOf(
  { tools, config }: Deciding,
  options: SelectionOptions,
  env: NodeJS.ProcessEnv,
): Promise<Selected> {
  const { topic: chain, partition = null, offsets, where = [], text = [], future = false } = options;
  const scope = { store: tools.store, trusted: config.archive.trusted, signal: tools.signal };
  if (where.length + text.length > 0) {
    const older = await openOlder(options, { config }, env);
    try {
      return await searched(scope, shownToSearch(older), options, env);
    } finally {
      await closeOlder(older);
    }
  }
  return selectSegments(scope, {
    ...{ chain, partition, time: timeOf(options), future },
    offsets: offsets === undefined ? null : parseOffsets(offsets),
  });
}

/** The segments of all hits. A search that left something out selects nothing: some would not be known. */
async function searched(
  { store, trusted, signal }: Parameters<typeof selectSegments>[0],
  shown: readonly ShownArchive[],
  options: SelectionOptions,
  env: NodeJS.ProcessEnv,
): Promise<Selected> {
  const { topic: chain, partition } = options;
  const asked = {
    ...options,
    topic: [chain],
    time: options.from || options.to ? options.time : 'record',
  } as const;
  const { query } = await queryOf(asked, { config: null }, env);
  const { findLines } = await import('../../read/find/find.ts');
  const { hits, statement } = findLines({
    ...{ store, trusted, nowMs: Date.now(), signal, shown },
    query: partition === undefined ? query : { ...query, partitions: [partition] },
  });
  const sequences = new Map<number, Set<number>>();
  const bytes = new Map<string, number>();
  for await (const hit of hits) {
    const { seal } = hit;
    const of = sequences.get(hit.partition) ?? new Set();
    sequences.set(hit.partition, of.add(seal.sequence));
    bytes.set(`${hit.partition}/${seal.sequence}`, seal.manifest.data?.bytes ?? 0);
  }
  const said = statement();
  if (said.verdict === 'broken' || !said.isCompleteOnWord)
    throw new LedgerstoneError(
      'search-incomplete',
      `the search did not look at everything\n${statementLines(said, []).join('\n')}`,
      {
        remedy: 'Hold by topic and time instead: then nothing has to be searched.',
      },
    );
  if (bytes.size === 0)
    throw new UsageError('no event was found: nothing would be held', 'Look with `ledgerstone find` first.');
  const ranges: SegmentRange[] = [...sequences].flatMap(([at, of]) =>
    mergedRanges([...of].map((sequence) => ({ from: sequence, to: sequence }))).map((run) => ({
      ...{ chain, partition: at, ...run },
    })),
  );
  return {
    ...{ ranges, segments: bytes.size, bytes: [...bytes.values()].reduce((sum, one) => sum + one, 0) },
    ...{ untimed: 0, doubtful: 0, partitions: [...sequences.keys()], unsealed: [] },
  };
}

export function selectionLines(selected: Selected): string[] {
  const { ranges, segments, bytes, untimed, doubtful, unsealed } = selected;
  return [
    `${counted(segments, 'segment')}, ${bytesText(bytes)} of data: ${rangesText(ranges)}`,
    ...unsealed.map(({ partition, from, to }) => {
      const which = from === to ? `offset ${from}` : `offsets ${from} to ${to}`;
      return `  no segment of partition ${partition} has ${which}: not taken, also if they come later`;
    }),
    ...(untimed > 0
      ? [`  ${counted(untimed, 'segment')} among them: no record has a time, so it may be of that time`]
      : []),
    ...(doubtful > 0
      ? [`  ${counted(doubtful, 'segment')} among them: the seal is not as it should be (ledgerstone verify)`]
      : []),
    ...(ranges.some(({ to }) => to === null)
      ? ['  segments that are sealed later are held by `ledgerstone hold keep`: it has to run as a service']
      : []),
  ];
}

export const selectionJson = ({ ranges, segments, bytes, untimed, doubtful, unsealed }: Selected) => ({
  ...{ ranges, segments, bytes, untimed, doubtful, unsealed },
});
