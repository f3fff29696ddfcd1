// What does an archiver show of itself? It verifies nothing, and says so.
import type { PartitionStatus, ServiceStatus } from '../../archiver/status.ts';
import { counted, countText } from '../../base/counted.ts';
import { afterPeriod } from '../../base/period.ts';
import type { Config } from '../../config/archiver.ts';
import { topicsText } from '../../config/topic-names.ts';
import type { Block, TableBlock, TableCell } from '../../evidence/report/blocks.ts';
import type { ReportVerdict } from '../../evidence/report/printed-report.ts';
import { ageText } from '../cli/table.ts';
import type { DaySeries } from './day-history.ts';
import type { PageFace } from './frame.ts';
import {
  accessText,
  paragraphs,
  plots,
  ROWS_MAX,
  settings,
  signingText,
  storeText,
  timeCell,
} from './parts.ts';

export type ArchiveView = {
  readonly config: Config;
  readonly status: ServiceStatus;
  /** Of the partition that has the most. */
  readonly lag: DaySeries;
  readonly sealAge: DaySeries;
  readonly startedMs: number;
  readonly nowMs: number;
};

const NOT_VERIFIED =
  'It archives, and verifies nothing. Whether what is archived is sound, the second party says ' +
  '(the page of ledgerstone watch), or ledgerstone verify.';

export function archiveFace(view: ArchiveView): PageFace {
  const { config, status } = view;
  return {
    title: `Archiver of ${config.archive.origin}`,
    about: `Instance ${status.instance}, version ${status.version}, since ${timeCell(Date.parse(status.startedAt))}`,
    ...verdictOf(status),
    blocks: [
      partitionsBlock(view),
      lossesBlock(status),
      paragraphs(
        'Open findings',
        'Not known to this process: it verifies nothing. The page of the verifier (`ledgerstone watch`) has them, ' +
          'and `ledgerstone finding list --config verifier.yaml`.',
      ),
      locksBlock(view),
      plotsBlock(view),
      paragraphs(
        'Last drill',
        'Not known to this process: a drill tests the verifier. When people were notified of one is in ' +
          '`ledgerstone report checks`, and `ledgerstone drill` makes one.',
      ),
      configBlock(config),
    ],
    links: ['/status', '/metrics', '/healthz', '/readyz'],
  };
}

type Said = Pick<PageFace, 'label' | 'verdict'>;

function verdictOf(status: ServiceStatus): Said {
  const { partitions, ready, reasons, topics, pausedForMemory } = status;
  const halted = partitions.filter(({ halt }) => halt !== null).length;
  const failing = partitions.filter(({ halt, trouble }) => halt === null && trouble !== null).length;
  const going = partitions.filter(({ state }) => state === 'streaming').length;
  const bounds = [
    NOT_VERIFIED,
    ...(ready ? [] : reasons.map((reason) => `Not ready: ${reason}`)),
    ...topics.flatMap(othersOf),
    ...keyChange(status),
    ...(pausedForMemory ? ['It takes no more records until some of those that it holds are sealed.'] : []),
  ];
  const said = (standing: ReportVerdict['standing'], label: string, sentence: string): Said => ({
    ...{ label, verdict: { standing, sentence, bounds } },
  });
  const all = `of the ${counted(partitions.length, 'partition')} that this instance owns`;
  if (halted > 0)
    return said(
      ...(['found', 'Halted'] as const),
      `${halted} ${all} ${halted === 1 ? 'is' : 'are'} halted: nothing more is archived there until somebody decides.`,
    );
  if (!ready) return said('open', 'Not ready', 'It does not do its work at the moment; below is why.');
  if (partitions.length === 0)
    return said('open', 'Owns no partition', 'This instance owns no partition now, so it archives nothing.');
  if (failing > 0)
    return said('open', 'In trouble', `A step of ${failing} ${all} fails at the moment, and is tried again.`);
  if (going < partitions.length)
    return said('open', 'Finding its position', `${going} ${all} are being archived; the others begin.`);
  return said(
    'whole',
    'Archiving',
    `All ${counted(going, 'partition')} that this instance owns are being archived.`,
  );
}

const CHAINS_SHOWN = 20;

/** A change of the log's key: it is no trouble that chains wait for their next segments. */
function keyChange({ keys }: ServiceStatus): string[] {
  const { waiting = [], problem = null } = keys ?? {};
  const more = waiting.length - CHAINS_SHOWN;
  const names = `${waiting.slice(0, CHAINS_SHOWN).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  return [
    ...(waiting.length > 0
      ? [`Another key was decided for the log. These chains of this instance wait for it: ${names}.`]
      : []),
    ...(problem === null ? [] : [`What was decided about keys is not followed: ${problem}`]),
  ];
}

/** Who owns the others no single instance knows. */
function othersOf({ topic, partitions, owned }: ServiceStatus['topics'][number]): string[] {
  if (partitions === null) return [`How many partitions ${topic} has is not known yet.`];
  if (owned >= partitions) return [];
  return [
    `${topic}: ${owned} of ${counted(partitions, 'partition')} are this instance's. Whether another one has the ` +
      'others is not known here: the metric ledgerstone_owned_partitions of all instances shows it.',
  ];
}

const rankOf = ({ halt, trouble, state }: PartitionStatus): number =>
  halt !== null ? 0 : trouble !== null ? 1 : state === 'streaming' ? 3 : 2;

function partitionsBlock({ status: { partitions }, nowMs }: ArchiveView): TableBlock {
  const sorted = partitions.toSorted(
    (a, b) =>
      rankOf(a) - rankOf(b) || (a.topic < b.topic ? -1 : a.topic > b.topic ? 1 : a.partition - b.partition),
  );
  const rows = sorted.slice(0, ROWS_MAX).map((one): TableCell[] => {
    const { topic, partition, chain, state, head, lag, oldestUnsealedSeconds: waits, halt } = one;
    const name = chain === topic ? `${topic}/${partition}` : `${topic}/${partition} in the chain ${chain}`;
    return [
      ...[name, halt === null ? state : ({ text: 'halted', tone: 'bad' } as const)],
      head === null ? 'nothing yet' : timeCell(Date.parse(head.sealedAt)),
      ...[head === null ? '-' : countText(head.nextOffset), lag === null ? 'not known' : countText(lag)],
      waits === null ? '-' : ageText(Math.min(waits * 1000, nowMs)),
      wrongWith(one),
    ];
  });
  const more = partitions.length - rows.length;
  return {
    ...{ kind: 'table', title: 'Sealed through', rows },
    intro:
      'Of each partition of this instance: when its newest segment was sealed, and the offset after it. Sealed is ' +
      `not verified.${more > 0 ? ` ${counted(more, 'more partition')} of it are in /status.` : ''}`,
    columns: [
      ...[{ title: 'partition' }, { title: 'state' }, { title: 'newest seal', form: 'time' as const }],
      ...[
        { title: 'next offset', align: 'right' as const },
        { title: 'records not sealed', align: 'right' as const },
      ],
      ...[{ title: 'oldest of them', align: 'right' as const }, { title: 'what is wrong' }],
    ],
    empty: 'This instance owns no partition now.',
  };
}

function wrongWith({ halt, trouble }: PartitionStatus): TableCell {
  if (halt !== null) return { text: `${halt.code}: ${halt.message}\n${halt.remedy}`, tone: 'bad' };
  if (trouble === null) return '-';
  const { code, message, remedy, since } = trouble;
  const text = `${code}, since ${timeCell(Date.parse(since))}: ${message}${remedy === null ? '' : `\n${remedy}`}`;
  return { text, tone: 'open' };
}

function lossesBlock({ partitions }: ServiceStatus): Block {
  const waiting = partitions.flatMap(({ topic, partition, halt }) =>
    halt?.gap == null
      ? []
      : [`${topic}/${partition}: offsets ${halt.gap.from} to ${halt.gap.to - 1} (${halt.code})`],
  );
  return paragraphs(
    'Losses',
    waiting.length === 0
      ? 'No partition of this instance waits for a decision on missing records.'
      : `These are missing, and wait for somebody's decision: ${waiting.slice(0, 20).join('; ')}${
          waiting.length > 20 ? '; and more' : ''
        }.`,
    'What was given up before is not known to this process. It is in the archive: `ledgerstone losses`.',
  );
}

function locksBlock({ config, nowMs }: ArchiveView): TableBlock {
  const { retention, source } = config;
  const rows = Object.entries(retention).map(([name, { mode, period, text }]) => {
    const isOf = (topic: { readonly retention: string }) => topic.retention === name;
    const topics = topicsText({
      topics: source.topics.filter(isOf),
      patterns: source.patterns.filter(isOf),
    });
    const of = name === 'seals' ? ['seals, keys, FORMAT.md', ...(topics === '' ? [] : [topics])] : [topics];
    return [name, of.join(', '), mode, text, new Date(afterPeriod(nowMs, period)).toISOString().slice(0, 10)];
  });
  return {
    ...{ kind: 'table', title: 'Holds and locks', rows, empty: '' },
    intro:
      'For how long new segments are locked. Which older locks end soon, and which legal holds there are, is not ' +
      'known to this process: ledgerstone report retention and ledgerstone hold list read it from the archive.',
    columns: [
      ...[{ title: 'policy' }, { title: 'for' }, { title: 'mode' }, { title: 'period' }],
      { title: 'what is sealed today is locked until' },
    ],
  };
}

const plotsBlock = ({ lag, sealAge, startedMs }: ArchiveView): Block => {
  const empty = 'Nothing was measured yet: no partition with a seal was here.';
  return plots('The last day', [
    {
      ...{ id: 'lag', unit: 'records', startedMs, empty },
      series: lag,
      title: 'Lag: records of a partition not sealed',
    },
    {
      ...{ id: 'seal-age', unit: 'seconds', startedMs, empty },
      series: sealAge,
      title: 'Age of the newest seal of a partition',
    },
  ]);
};

const topicsOf = ({ topics, patterns }: Config['source']): string =>
  [
    ...topics.map(({ name, retention }) => `${name} (${retention})`),
    ...patterns.map(({ pattern, except, retention }) => {
      const but = except.length === 0 ? '' : `, but ${except.map((one) => `/${one}/`).join(', ')}`;
      return `all that match /${pattern}/${but} (${retention})`;
    }),
  ].join(', ');

function configBlock({
  archive,
  source,
  segment,
  limits,
  encoding,
  receipts,
  server,
  production,
}: Config): Block {
  const isKafka = source.kind === 'kafka';
  const age = (ms: number) => ageText(ms);
  return settings('Configured to do', [
    ['Archive', archive.origin],
    ['Stored in', storeText(archive.store)],
    ['Signed by', signingText(archive.signing)],
    [
      'Reads from',
      isKafka ? `Kafka: ${source.brokers.join(', ')}, as group ${source.groupId}` : `the file ${source.path}`,
    ],
    ['Logs in to Kafka', isKafka ? (source.sasl === undefined ? 'no' : `by ${source.sasl.mechanism}`) : null],
    ['Topics', topicsOf(source)],
    [
      'Seals a segment',
      `after ${age(segment.maxAgeMs)}, ${countText(segment.maxRecords)} records or ${segment.maxBytes / 1024 ** 2} MiB`,
    ],
    ['Seals an idle partition', segment.heartbeatMs === 0 ? 'never' : `every ${age(segment.heartbeatMs)}`],
    ['Compresses', `${encoding.codec}, level ${encoding.level}`],
    ['Memory for records', `${Math.round(limits.memoryBytes / 1024 ** 2)} MiB`],
    [
      'Receipts',
      receipts.serve === 'no' ? 'not served' : `${receipts.serve}, ${receipts.perSecond} a second`,
    ],
    ['May be asked over', accessText(server)],
    ['Production', production ? 'yes: no directory, no key file, no GOVERNANCE' : 'no: a trial'],
  ]);
}
