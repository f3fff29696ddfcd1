// What does the second party show: how far each chain is verified, what is open, what it is made to check?
import { counted, countText } from '../../base/counted.ts';
import { archiveOriginOf, type VerifierConfig } from '../../config/verifier.ts';
import type { Block, TableBlock, TableCell } from '../../evidence/report/blocks.ts';
import { ageText } from '../cli/table.ts';
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
import { findingsBlock, lossesBlock } from './watch-findings.ts';
import { holdsBlock, locksBlock } from './watch-locks.ts';
import { notLooked, watchVerdict } from './watch-verdict.ts';
import type { WatchView } from './watch-view.ts';

export function watchFace(view: WatchView): PageFace {
  const { config, state, version } = view;
  return {
    title: `Verifier of ${archiveOriginOf(config)}`,
    about: `${config.cosigner.name}, version ${version}, since ${timeCell(state.startedMs)}`,
    ...watchVerdict(view),
    blocks: [
      chainsBlock(view),
      lossesBlock(view),
      findingsBlock(view, notLooked(view).length === 0),
      holdsBlock(view),
      locksBlock(view),
      plotsBlock(view),
      drillBlock(view),
      troublesBlock(view),
      configBlock(config),
    ],
    links: ['/status', '/metrics', '/healthz'],
  };
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
      'A chain is the archive of one stream of events. Verdict: what this process found when it last walked along ' +
      'the newest seals, at the time on the right. Attested: signed by this verifier as checked, for everything ' +
      `that was sealed until then: so many segments, all events with a number (offset) before the next one.${
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

function plotsBlock({ lag, sealAge, roundAge, state: { startedMs } }: WatchView): Block {
  const empty = 'Nothing was measured yet.';
  return plots('The last day', [
    {
      ...{ id: 'lag', unit: 'seconds', startedMs, empty, series: lag },
      title: 'From a seal to its attestation, the longest of each round',
    },
    {
      ...{ id: 'seal-age', unit: 'seconds', startedMs, empty, series: sealAge },
      title: 'Age of the newest attested seal, of the chain where it is oldest',
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
    ['Awaits no seal of', chains.ended.length === 0 ? null : chains.ended.join(', ')],
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
