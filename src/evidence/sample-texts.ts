// What is said to people of the draw of a sample, in each language?
import { filled } from './filled.ts';
import type { SampleStatement } from './protocol.ts';

const ENGLISH_SAMPLE = {
  all: 'all records',
  asked: '{count} of {population} records, drawn by a seed: {asked}',
  seed: 'Seed of the draw',
  root: 'Root in the draw',
  none: 'none',
  rootText: '{root}, of {origin} at size {size}',
  rule: 'Rule of the draw',
  ruleText: [
    'The rank of a record is the SHA-256 of five lines: {rule}, the seed, the root, the origin of its chain,',
    'and its offset. The {count} lowest ranks are drawn.',
  ].join(' '),
  population: 'Population',
  populationText: '{records} records, from which {drawn} were drawn',
  day: '{chain}, {day}: {records}, by the time of {clock}',
  noDay: '{chain}: {records} without a time that can be read',
  more: 'and {count} more lines: see the whole protocol',
  record: 'the record',
  event: 'the event',
  sealed: 'its seal',
  archive: 'Only the archive can show',
  archiveText: [
    'Which records the population has, and that none of them has a lower rank than those that were drawn.',
    'Whoever has the archive, its key and the seed draws the same sample again (ledgerstone sample).',
  ].join(' '),
  later: [
    'That the root is later than the records of other chains than its own: that is by the clock of the',
    'archiver.',
  ].join(' '),
} as const;

export type SampleTexts = Readonly<Record<keyof typeof ENGLISH_SAMPLE, string>>;

const GERMAN_SAMPLE: SampleTexts = {
  all: 'alle Einträge',
  asked: '{count} von {population} Einträgen, gezogen durch einen Startwert: {asked}',
  seed: 'Startwert der Ziehung',
  root: 'Wurzel in der Ziehung',
  none: 'keiner',
  rootText: '{root}, von {origin} bei Größe {size}',
  rule: 'Regel der Ziehung',
  ruleText: [
    'Der Rang eines Eintrags ist der SHA-256 von fünf Zeilen: {rule}, der Startwert, die Wurzel, der Ursprung',
    'seiner Kette und sein Offset. Die {count} niedrigsten Ränge sind gezogen.',
  ].join(' '),
  population: 'Grundgesamtheit',
  populationText: '{records} Einträge, aus denen {drawn} gezogen wurden',
  day: '{chain}, {day}: {records}, nach der Zeit {clock}',
  noDay: '{chain}: {records} ohne eine lesbare Zeit',
  more: 'und {count} weitere Zeilen: siehe das ganze Protokoll',
  record: 'des Eintrags',
  event: 'des Ereignisses',
  sealed: 'seines Siegels',
  archive: 'Nur das Archiv kann zeigen',
  archiveText: [
    'Welche Einträge die Grundgesamtheit hat, und dass keiner davon einen niedrigeren Rang hat als die',
    'gezogenen. Wer das Archiv, seinen Schlüssel und den Startwert hat, zieht dieselbe Stichprobe noch einmal',
    '(ledgerstone sample).',
  ].join(' '),
  later: [
    'Dass die Wurzel später ist als die Einträge anderer Ketten als ihrer eigenen: Das gilt nach der Uhr des',
    'Archivierers.',
  ].join(' '),
};

export const SAMPLE_TEXTS = { en: ENGLISH_SAMPLE, de: GERMAN_SAMPLE } as const;

/** What was drawn from what. `asked`: the conditions of the population; none are all records. */
export const drawText = (
  texts: SampleTexts,
  { sample: { count, population } }: SampleStatement,
  asked: readonly string[],
): string =>
  filled(texts.asked, {
    ...{ count: String(count), population: String(population) },
    asked: asked.length === 0 ? texts.all : asked.join('; '),
  });

/** Lines of the population that are shown. */
const DAYS_SHOWN = 31;

/** Terms, and what is said of each: seed, rule, population by chain and day, and what no package shows. */
export function drawRows(
  texts: SampleTexts,
  { sample }: SampleStatement,
): readonly { readonly term: string; readonly values: readonly string[] }[] {
  const { rule, seed, count, population, days, records } = sample;
  const { from } = seed;
  const root = { root: seed.root, origin: from?.origin ?? '', size: String(from?.size ?? 0) };
  const shown = days.slice(0, DAYS_SHOWN).map(({ chain, partition, day, records: of, clock }) => {
    const isClock = clock === 'record' || clock === 'event' || clock === 'sealed';
    const words = { chain: `${chain}/${partition}`, day, records: String(of) };
    return filled(isClock ? texts.day : texts.noDay, { ...words, clock: isClock ? texts[clock] : '' });
  });
  const more = days.length - shown.length;
  const total = filled(texts.populationText, { records: String(population), drawn: String(records.length) });
  return [
    { term: texts.seed, values: [filled('{text}', { text: seed.text === '' ? texts.none : seed.text })] },
    { term: texts.root, values: [from === null ? texts.none : filled(texts.rootText, root)] },
    { term: texts.rule, values: [filled(texts.ruleText, { rule, count: String(count) })] },
    {
      term: texts.population,
      values: [total, ...shown, ...(more === 0 ? [] : [filled(texts.more, { count: String(more) })])],
    },
    { term: texts.archive, values: [texts.archiveText, ...(from === null ? [] : [texts.later])] },
  ];
}
