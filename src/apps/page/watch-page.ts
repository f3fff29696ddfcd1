// What does the second party show: how far each chain is verified, what is open, what it is made to check?
import { counted, countText } from '../../base/counted.ts';
import { archiveOriginOf, type VerifierConfig } from '../../config/verifier.ts';
import type { Block, TableBlock, TableCell } from '../../evidence/report/blocks.ts';
import type { ReportVerdict } from '../../evidence/report/printed-report.ts';
import type { RunKind } from '../../verifier/days/counts.ts';
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
  /** Which runs there are to be. */
  readonly kinds: readonly RunKind[];
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

const KIND_WORDS: Readonly<Record<RunKind, string>> = {
  confirmations: 'confirmation of all chains',
  sweeps: 'sweep of both buckets',
  fullPasses: 'full pass over the stored bytes',
  configuration: 'comparison of settings',
  completeness: "comparison with Kafka's offsets",
};
/** A chain is confirmed each `chains.confirm`, and a round may take a minute. */
const lookPatienceMs = ({ chains }: VerifierConfig): number => 3 * (chains.confirmMs + 60_000);

const realChains = ({ chains }: WatchState) => [...chains.values()].filter(({ isDrill }) => !isDrill);

/** What this process has not looked at, in sentences. Empty: all that it is made to look at. */
function notLooked({ config, state, kinds, open, isHealthy, nowMs }: WatchView): string[] {
  const chains = realChains(state);
  const { archiveChains } = state;
  const old = chains.filter(({ lookedAtMs }) => nowMs - lookedAtMs > lookPatienceMs(config)).length;
  const cut = chains.filter(({ isAtEnd }) => !isAtEnd).length;
  return [
    ...(Object.values(open).some((count) => count === null)
      ? ['How many findings earlier processes left open is not known yet.']
      : []),
    ...(isHealthy ? [] : ['No round has gone through for some time: what is below may be old.']),
    ...(archiveChains === null ? ['How many chains the archive has is not known yet.'] : []),
    ...(archiveChains !== null && archiveChains > chains.length
      ? [
          `Of ${counted(archiveChains, 'chain')} of the archive ${chains.length} were looked at by this process.`,
        ]
      : []),
    ...(cut > 0
      ? [`${counted(cut, 'chain')} ${cut === 1 ? 'has' : 'have'} more segments than were checked so far.`]
      : []),
    ...(old > 0
      ? [`${counted(old, 'chain')} ${old === 1 ? 'was' : 'were'} not looked at for some time.`]
      : []),
    ...kinds.flatMap((kind) =>
      state.lastWhole.has(kind) ? [] : [`No whole ${KIND_WORDS[kind]} has ended since this process began.`],
    ),
    ...(state.troubles.size > 0 ? ['Some work fails at the moment: it is named below.'] : []),
  ];
}

function verdictOf(view: WatchView): Said {
  const { state, open } = view;
  const chains = realChains(state);
  const missing = notLooked(view);
  const bad = chains.filter(({ verdict }) => verdict === 'broken').length;
  const unsure = chains.filter(({ verdict }) => verdict === 'unverifiable').length;
  const findings = Object.values(open).reduce<number>((sum, count) => sum + (count ?? 0), 0);
  const bounds = [
    'A chain is verified as far as this process walked along its newest seals; what lies behind was verified before, ' +
      'and its stored bytes are read again in turn (the full pass).',
    ...missing,
  ];
  const said = (standing: ReportVerdict['standing'], label: string, sentence: string): Said => ({
    ...{ label, verdict: { standing, sentence, bounds } },
  });
  const openText = `${counted(findings, 'finding')} ${findings === 1 ? 'is' : 'are'} open`;
  const of = `of ${counted(chains.length, 'chain')} that this process looked at`;
  if (bad > 0) {
    const rest = findings === 0 ? '' : `; ${openText}`;
    return said('found', 'Broken', `${bad} ${of} ${bad === 1 ? 'is' : 'are'} broken${rest}.`);
  }
  if ((open['broken'] ?? 0) > 0)
    return said('found', 'Broken', `${openText}, of which ${open['broken']} say that the archive is broken.`);
  if ((open['attempt'] ?? 0) > 0)
    return said(
      'found',
      'Somebody tried to change it',
      `${openText}, of which ${open['attempt']} are attempts.`,
    );
  if (chains.length === 0 || state.lastRoundMs === null)
    return said(
      ...(['open', 'Nothing looked at yet'] as const),
      'No round over the chains has gone through since this process began.',
    );
  if (!view.isHealthy) return said('open', 'Not at work', 'No round has gone through for some time.');
  if (unsure > 0) return said('open', 'Not verified', `${unsure} ${of} could not be verified.`);
  if (findings > 0)
    return said(
      'open',
      'Findings are open',
      `${openText}; none ${of} is broken. What people decided stays open for ever.`,
    );
  if (missing.length > 0)
    return said(
      'open',
      'Not everything was looked at',
      `None ${of} is broken; what was not looked at stands below.`,
    );
  const last = timeCell(Math.min(...chains.map(({ lookedAtMs }) => lookedAtMs)));
  const all =
    chains.length === 1
      ? 'The one chain of the archive was'
      : `All ${chains.length} chains of the archive were`;
  return said('whole', 'Verified', `${all} verified, at ${last} or later; no finding is open.`);
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
    .map(([name, { verdict, size, nextOffset, sealedThrough, isAtEnd, lookedAtMs }]): TableCell[] => {
      const tone = isAtEnd ? TONE[verdict] : (TONE[verdict] ?? 'open');
      const text = isAtEnd ? verdict : `${verdict}, not to its end yet`;
      return [
        ...[name, tone === undefined ? text : { text, tone }],
        timeCell(sealedThrough === null ? null : Date.parse(sealedThrough)),
        ...[countText(size), nextOffset === null ? 'not known' : countText(nextOffset), timeCell(lookedAtMs)],
      ];
    });
  const more = chains.length - rows.length;
  return {
    ...{ kind: 'table', title: 'Verified through', rows },
    intro:
      'Of each chain: what was found when this process last walked along its newest seals, and when; and how far ' +
      `it is attested: what was sealed until then, so many segments, all offsets before that one.${
        more > 0 ? ` ${counted(more, 'more chain')} are in /status.` : ''
      }`,
    columns: [
      ...[{ title: 'chain' }, { title: 'verdict' }, { title: 'attested through', form: 'time' as const }],
      ...[
        { title: 'segments', align: 'right' as const },
        { title: 'next offset', align: 'right' as const },
      ],
      { title: 'looked at', form: 'time' },
    ],
    empty: 'This process has looked at no chain yet.',
  };
}

function findingsBlock(view: WatchView): TableBlock {
  const { open } = view;
  const none = notLooked(view).length === 0 ? 'none' : 'none of what was looked at';
  const rows = Object.entries(open).map(([severity, count]): TableCell[] => [
    severity,
    count === null
      ? { text: 'not known yet', tone: 'open' }
      : count > 0
        ? { text: countText(count), tone: severity === 'notice' ? 'open' : 'bad' }
        : none,
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

function drillBlock({ state: { lastDrillMs, startedMs } }: WatchView): Block {
  return paragraphs(
    'Last drill',
    lastDrillMs === null
      ? `This process has found nothing in the place of drills since it began, at ${timeCell(startedMs)}.`
      : `This process last found something in the place of drills at ${timeCell(lastDrillMs)}.`,
    'Drills before it, those that only a sweep finds, and whether people were notified: `ledgerstone report checks`. ' +
      '`ledgerstone drill` makes one.',
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
