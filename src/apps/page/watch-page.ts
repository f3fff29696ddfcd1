// What does the second party show: how far each chain is verified, what is open, what it is made to check?
import { counted, countText } from '../../base/counted.ts';
import { archiveOriginOf, type VerifierConfig } from '../../config/verifier.ts';
import type { Block, TableBlock, TableCell } from '../../evidence/report/blocks.ts';
import type { ReportVerdict } from '../../evidence/report/printed-report.ts';
import { ageText } from '../cli/table.ts';
import type { WatchState } from '../verifier/watch.ts';
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

export type WatchView = {
  readonly config: VerifierConfig;
  readonly state: WatchState;
  /** By severity; null: not known yet. */
  readonly open: Readonly<Record<string, number | null>>;
  readonly isHealthy: boolean;
  /** From a seal to its attestation, the longest of a round, in seconds. */
  readonly lag: DaySeries;
  /** Since a round went through, in seconds. */
  readonly roundAge: DaySeries;
  readonly nowMs: number;
  readonly version: string;
};

export function watchFace(view: WatchView): PageFace {
  const { config, state, version } = view;
  return {
    title: `Verifier of ${archiveOriginOf(config)}`,
    about: `${config.cosigner.name}, version ${version}, since ${timeCell(state.startedMs)}`,
    ...verdictOf(view),
    blocks: [
      chainsBlock(view),
      paragraphs(
        'Losses',
        'Which offsets were given up is in the archive, and this process keeps no list: `ledgerstone losses`. ' +
          'A segment with lost records that it attests is a finding (records-lost).',
      ),
      findingsBlock(view),
      paragraphs(
        'Holds and locks',
        `Every sweep (each ${ageText(config.sweep.everyMs)}) compares locks, and the holds that people decided; what ` +
          'is missing is a finding. Which locks end soon this process does not keep: `ledgerstone report retention`. ' +
          'Which holds there are: `ledgerstone hold list`.',
      ),
      plotsBlock(view),
      drillBlock(view),
      troublesBlock(view),
      configBlock(config),
    ],
    links: ['/status', '/metrics', '/healthz'],
  };
}

type Said = Pick<PageFace, 'label' | 'verdict'>;

function verdictOf({ state, open, isHealthy }: WatchView): Said {
  const chains = [...state.chains.values()].filter(({ isDrill }) => !isDrill);
  const bad = chains.filter(({ verdict }) => verdict === 'broken').length;
  const unsure = chains.filter(({ verdict }) => verdict === 'unverifiable').length;
  const counts = Object.values(open);
  const isKnown = counts.every((count) => count !== null);
  const findings = counts.reduce<number>((sum, count) => sum + (count ?? 0), 0);
  const bounds = [
    'A chain is verified as far as this process walked along its newest seals; what lies behind was verified before, ' +
      'and its stored bytes are read again in turn (the full pass).',
    ...(isKnown ? [] : ['How many findings earlier processes left open is not known yet.']),
    ...(isHealthy ? [] : ['No round has gone through for some time: what is below may be old.']),
    ...(state.archiveChains !== null && state.archiveChains > chains.length
      ? [
          `Of ${counted(state.archiveChains, 'chain')} of the archive ${chains.length} were looked at by this process.`,
        ]
      : []),
  ];
  const said = (standing: ReportVerdict['standing'], label: string, sentence: string): Said => ({
    ...{ label, verdict: { standing, sentence, bounds } },
  });
  const openText = `${counted(findings, 'finding')} ${findings === 1 ? 'is' : 'are'} open`;
  const of = `of ${counted(chains.length, 'chain')} that this process looked at`;
  if (bad > 0 || (open['broken'] ?? 0) > 0)
    return said(
      ...(['found', 'Broken'] as const),
      `${bad} ${of} ${bad === 1 ? 'is' : 'are'} broken${findings === 0 ? '' : `; ${openText}`}.`,
    );
  if (chains.length === 0 || state.lastRoundMs === null)
    return said(
      'open',
      'Nothing looked at yet',
      'No round over the chains has gone through since this process began.',
    );
  if (!isHealthy) return said('open', 'Not at work', 'No round has gone through for some time.');
  if (unsure > 0) return said('open', 'Not verified', `${unsure} ${of} could not be verified.`);
  if (findings > 0)
    return said(...(['found', 'Findings are open'] as const), `${openText}; ${of} none is broken.`);
  if (!isKnown || state.troubles.size > 0)
    return said('open', 'Not everything was looked at', `None ${of} is broken; below is what is not known.`);
  const last = Math.min(...chains.map(({ lookedAtMs }) => lookedAtMs));
  return said(
    ...(['whole', 'Verified'] as const),
    chains.length === 1
      ? `The one chain that this process looked at was verified, at ${timeCell(last)}; no finding is open.`
      : `All ${chains.length} chains that this process looked at were verified, each at ${timeCell(last)} or ` +
          'later; no finding is open.',
  );
}

const RANK: Readonly<Record<string, number>> = { broken: 0, unverifiable: 1 };
const TONE: Readonly<Record<string, 'bad' | 'open'>> = { broken: 'bad', unverifiable: 'open' };

function chainsBlock({ state }: WatchView): TableBlock {
  const chains = [...state.chains].filter(([, { isDrill }]) => !isDrill);
  const sorted = chains.toSorted(
    ([, { verdict: a, place: one }], [, { verdict: b, place: other }]) =>
      (RANK[a] ?? 2) - (RANK[b] ?? 2) ||
      (one.chain < other.chain ? -1 : one.chain > other.chain ? 1 : one.partition - other.partition),
  );
  const rows = sorted
    .slice(0, ROWS_MAX)
    .map(([name, { verdict, size, nextOffset, lookedAtMs }]): TableCell[] => {
      const tone = TONE[verdict];
      return [
        ...[name, tone === undefined ? verdict : { text: verdict, tone }],
        ...[timeCell(lookedAtMs), countText(size), nextOffset === null ? 'not known' : countText(nextOffset)],
      ];
    });
  const more = chains.length - rows.length;
  return {
    ...{ kind: 'table', title: 'Verified through', rows },
    intro:
      'Of each chain: what was found when this process last walked along its newest seals, when that was, and how ' +
      `far it went: so many segments, all offsets before that one.${
        more > 0 ? ` ${counted(more, 'more chain')} are in /status.` : ''
      }`,
    columns: [
      ...[{ title: 'chain' }, { title: 'verdict' }, { title: 'looked at', form: 'time' as const }],
      ...[
        { title: 'segments', align: 'right' as const },
        { title: 'next offset', align: 'right' as const },
      ],
    ],
    empty: 'This process has looked at no chain yet.',
  };
}

function findingsBlock({ open }: WatchView): TableBlock {
  const rows = Object.entries(open).map(([severity, count]): TableCell[] => [
    severity,
    count === null
      ? { text: 'not known yet', tone: 'open' }
      : count > 0
        ? { text: countText(count), tone: severity === 'notice' ? 'open' : 'bad' }
        : 'none',
  ]);
  return {
    ...{ kind: 'table', title: 'Open findings', rows, empty: 'Not known yet.' },
    intro:
      'How many are open, of this process and of those before it; attempts that CloudTrail saw count for 7 days. ' +
      'What each one is: ledgerstone finding list --config verifier.yaml.',
    columns: [{ title: 'what it means' }, { title: 'open', align: 'right' }],
  };
}

function plotsBlock({ lag, roundAge, state: { startedMs } }: WatchView): Block {
  const empty = 'Nothing was measured yet.';
  return plots('The last day', [
    {
      ...{ id: 'lag', unit: 'seconds', startedMs, empty, series: lag },
      title: 'From a seal to its attestation, the longest of each round',
    },
    {
      ...{ id: 'round-age', unit: 'seconds', startedMs, empty, series: roundAge },
      title: 'Since a round over the chains went through',
    },
  ]);
}

function drillBlock({ state }: WatchView): Block {
  const drills = [...state.chains.values()].filter(({ isDrill }) => isDrill);
  const last = drills.length === 0 ? null : Math.max(...drills.map(({ lookedAtMs }) => lookedAtMs));
  return paragraphs(
    'Last drill',
    last === null
      ? 'This process has seen no drill since it began.'
      : `This process looked at a drill’s canary at ${timeCell(last)}.`,
    'Whether people were notified of drills is in `ledgerstone report checks`; `ledgerstone drill` makes one.',
  );
}

function troublesBlock({ state }: WatchView): TableBlock {
  const rows = [...state.troubles].map(([task, { message, remedy, sinceMs }]): TableCell[] => [
    ...[task, timeCell(sinceMs)],
    { text: remedy === null ? message : `${message}\n${remedy}`, tone: 'open' },
  ]);
  return {
    ...{ kind: 'table', title: 'What fails at the moment', rows },
    intro: 'Tasks that failed and have not succeeded since. What they would have seen is not known.',
    columns: [{ title: 'task' }, { title: 'since', form: 'time' }, { title: 'why' }],
    empty: 'No task that ran has failed without having succeeded since.',
  };
}

function configBlock(config: VerifierConfig): Block {
  const { archive, attestations, cosigner, chains, sweep, fullPass, kafka, alarms, watch, index } = config;
  const every = (ms: number) => `every ${ageText(ms)}`;
  return settings('Configured to do', [
    ['Reads the archive', storeText(archive.store)],
    ['Trusts', `${counted(archive.trusted.length, 'key')} of ${archiveOriginOf(config)}`],
    ['Writes what it found', storeText(attestations.store)],
    ['Attests as', `${cosigner.name}, by ${signingText(cosigner.signing)}`],
    ['Confirms every chain', every(chains.confirmMs)],
    [
      'Calls a chain stale',
      chains.freshnessMs === null
        ? 'never: an archiver that is down is not noticed here'
        : `after ${ageText(chains.freshnessMs)} without a seal`,
    ],
    ['Lists both buckets', every(sweep.everyMs)],
    ['Reads each byte again', `within ${ageText(fullPass.everyMs)}`],
    ['Compares offsets with Kafka', kafka === null ? 'no' : every(kafka.everyMs)],
    ['Writes an index', index === null ? 'no' : 'yes'],
    [
      'Notifies',
      [
        ...(alarms.sns === null ? [] : [alarms.sns]),
        // Its address is a secret: who has it can write there.
        ...(alarms.webhook === null ? [] : ['a webhook']),
      ].join(', ') || 'nobody',
    ],
    ['May be asked over', accessText(watch)],
  ]);
}
