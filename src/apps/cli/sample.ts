// `ledgerstone sample`: which records does an auditor test, drawn so that nobody could choose them?
import type { Command } from 'commander';
import { suggestion } from '../../base/nearest.ts';
import { printable } from '../../base/printable.ts';
import { VERSION } from '../../base/version.ts';
import type { SampleSheet } from '../../evidence/sample-sheet.ts';
import { refuseAbsentField } from '../../read/find/absent-field.ts';
import { drawSample, type Sample } from '../../read/find/sample.ts';
import { readCheckpoints } from './checkpoint-file.ts';
import { EXIT, UsageError } from './exit-code.ts';
import { type QueryOptions, queryOf, withQuery } from './find-options.ts';
import { FindProgress } from './find-progress.ts';
import { restsOnTexts, statementLines } from './find-text.ts';
import { closeOlder, type OlderArchive, openOlder, shownToSearch } from './older-option.ts';
import { type Archive, type ArchiveOptions, count, openArchive, withArchive } from './open-archive.ts';
import { newFolder, writeSample } from './sample-files.ts';
import {
  type GivenSeed,
  givenSeed,
  requireCount,
  requireLaterSeed,
  requirePopulation,
  type SeedOptions,
  sampleSearch,
  seedBounds,
} from './sample-seed.ts';
import { acting, type Session } from './session.ts';

type SampleOptions = ArchiveOptions &
  QueryOptions &
  SeedOptions & { readonly n: number; readonly out: string; readonly json?: boolean };

const HELP = `
Draws N records from all that fit, each as likely as any other, and writes a test sheet
(sample.csv, sample.html), the population by chain and day (population.csv), and each
record with its proof. Everything is read and compared with its seal, also segments whose
seals state other times of their records. If not everything could be, nothing is drawn.

The seed decides. --seed: a text that the auditor chose, best after the records were
sealed. --seed-from: the root of a checkpoint (\`verify --checkpoints\`) that is later than
all of the records, so those who sealed them could not know it. Or both. The same seed and
population give the same sample; docs/sampling.md shows how to check a draw by hand.

Exit codes: 0 drawn; 1 a chain is broken; 2 usage, also if the seed is not later than the
records; 3 not everything could be looked at.

Examples:
  ledgerstone sample ./archive --key archive.vkey --n 25 --seed "audit 2026-17" \\
      --from 2026-01-01 --to 2026-04-01 --out sample-17
  ledgerstone sample ./archive --key archive.vkey --n 25 --seed-from orders.checkpoint \\
      --where '/eventName^Delete' --time sealed --to 2026-11-01 --out sample-18 --json
`;

export function sampleCommand(program: Command, session: Session): void {
  const command = program.command('sample').description('Records for a test, drawn by a seed.');
  withQuery(withArchive(command))
    .requiredOption('--n <number>', 'how many records', count)
    .option('--seed <text>', "the auditor's own, without line ends")
    .option('--seed-from <file>', 'one signed checkpoint, later than the records: its root')
    .requiredOption('--out <folder>', 'a new folder')
    .option('--json', 'what was drawn, and from what, for programs')
    .addHelpText('after', HELP)
    .action(
      acting(session, (name: string | undefined, options: SampleOptions) =>
        runSample(session, name, options),
      ),
    );
}

async function runSample(
  session: Session,
  name: string | undefined,
  options: SampleOptions,
): Promise<number> {
  const { io } = session;
  requireCount('--n', options.n);
  const given = await givenSeed(io, options);
  const kept = await Promise.all((options.since ?? []).map((file) => readCheckpoints(io, file)));
  const archive = await openArchive(name, options, io.env);
  let older: readonly OlderArchive[] = [];
  try {
    older = await openOlder(options, archive, io.env);
    if (archive.trusted.length === 0)
      throw new UsageError('a sample of records that nobody vouches for', 'Give the trusted key with --key.');
    const { query } = await queryOf(options, archive, io.env, 'all');
    await newFolder(options.out);
    const progress = new FindProgress(io);
    const find = {
      ...{ store: archive.store, trusted: archive.trusted, nowMs: Date.now(), signal: io.signal },
      query,
      since: kept.flat(),
      shown: shownToSearch(older),
      onProgress: (bytes: number, hits: number) => progress.update(bytes, hits),
    };
    void progress.countBytes(archive.store, io.signal).catch(() => {});
    const sample = await drawSample(sampleSearch(find, given), given.seed, options.n).finally(() =>
      progress.stepAside(),
    );
    await refuseAbsentField(archive.store, sample.statement, query, suggestion, io.signal);
    if (!sample.statement.isComplete) return await notDrawn(session, options, sample);
    requirePopulation(sample);
    await requireLaterSeed(given, sample, archive, io.signal);
    const sheet = sheetOf(sample, given, options, archive);
    await writeSample(options.out, sheet, sample, archive, io.signal);
    await say(session, options, sheet, sample.dayNotes);
    return EXIT.ok;
  } finally {
    await Promise.all([archive.store.close(), closeOlder(older)]);
  }
}

/** Nothing is written: a sample of what could be read is a sample of something else. */
async function notDrawn(
  { output }: Session,
  { json }: SampleOptions,
  { statement }: Sample,
): Promise<number> {
  if (json === true) await output.json({ drawn: null, statement });
  else await output.write(`${statementLines(statement, []).join('\n')}\n`);
  output.note('nothing was drawn: not everything was looked at');
  return statement.verdict === 'broken' ? EXIT.broken : EXIT.failed;
}

const timeOf = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());

function sheetOf(sample: Sample, given: GivenSeed, { n }: SampleOptions, { store }: Archive): SampleSheet {
  const { statement, population, days, drawn } = sample;
  const { where, text, time, topics } = statement.asked;
  const asked = [
    ...where,
    ...text.map((word) => JSON.stringify(word)),
    ...(time === null
      ? []
      : [`${time.kind} time from ${time.from ?? 'the beginning'} to before ${time.to ?? 'the end'}`]),
    topics === 'all' ? 'all topics' : `topics ${topics.join(', ')}`,
  ];
  const { checkpoint, seed } = given;
  const from = checkpoint === null ? '' : `of ${checkpoint.origin} at size ${checkpoint.size}`;
  return {
    ...{ archive: store.description, asked: asked.join('; '), count: n, population, days },
    seed: { ...seed, from },
    records: drawn.map((record, index) => ({
      number: index + 1,
      id: `${record.chain}/${record.partition}:${record.offset}`,
      time: timeOf(record.time?.ms ?? null),
      clock: record.time?.clock ?? null,
      ...{ archived: record.sealed, segment: record.segment, leaf: record.leaf, rank: record.rank },
    })),
    conclusion: statement.conclusion,
    facts: [...statement.facts, ...sample.dayNotes],
    notLookedAt: statement.notLookedAt,
    restsOn: restsOnTexts(statement),
    bounds: [...statement.bounds, ...seedBounds(given)],
    ...{ drawnAt: new Date().toISOString(), program: `ledgerstone ${VERSION}` },
  };
}

async function say(
  { output }: Session,
  { out, json }: SampleOptions,
  sheet: SampleSheet,
  dayNotes: readonly string[],
): Promise<void> {
  if (json === true) return output.json({ folder: out, ...sheet });
  const all = sheet.records.length < sheet.count ? ': there are no more' : '';
  await output.line(`${sheet.records.length} of ${sheet.population} records drawn${all}`);
  for (const { number, id, time, leaf } of sheet.records)
    await output.line(`  ${String(number).padStart(3)}  ${id}  ${time ?? '-'}  ${leaf}`);
  for (const note of dayNotes) await output.line(printable(`  population by day: ${note}`));
  for (const bound of sheet.bounds) await output.line(`  not ruled out: ${bound}`);
  output.note(`${out}: sample.csv, sample.html, population.csv, sample.json, and records with their proofs`);
}
