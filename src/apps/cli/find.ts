// `ledgerstone find`: which events of this archive are these, and was everything looked at?

import { type Command, Option } from 'commander';
import { utf8 } from '../../base/bytes.ts';
import { suggestion } from '../../base/nearest.ts';
import { nodeSha256 } from '../../base/node/hash.ts';
import { VERSION } from '../../base/version.ts';
import { refuseAbsentField } from '../../read/find/absent-field.ts';
import { type FoundLines, findLines } from '../../read/find/find.ts';
import type { Statement } from '../../read/find/statement.ts';
import { IndexReader } from '../../verifier/index/index-reader.ts';
import {
  type AttestationSurvey,
  type Attestations,
  attestationSummary,
  attestationText,
  confirmedChain,
  foreignObjectsText,
  openWithAttestations,
  requireAttested,
  surveyAttestations,
  withAttestations,
} from './attestations-option.ts';
import { againstAttested } from './attested-search.ts';
import { readCheckpoints } from './checkpoint-file.ts';
import { EXIT, UsageError } from './exit-code.ts';
import { FindFiles } from './find-files.ts';
import { type FindCommandOptions, queryOf, withQuery } from './find-options.ts';
import { hitWriter } from './find-output.ts';
import { FindProgress } from './find-progress.ts';
import { statementLines } from './find-text.ts';
import { shownToSearch } from './older-option.ts';
import { type Archive, count, withArchive } from './open-archive.ts';
import { acting, type Session } from './session.ts';

const HELP = `
FIELD is a short name (\`fields\` of the configuration, or --fields FILE), a JSON pointer
such as /userIdentity/arn, \`key\`, or header:NAME. = is equal (numbers in any spelling),
~ contains, ^ begins with, and > >= < <= compare numbers and times. All conditions must
hold. Values inside of arrays count, names that occur twice, and JSON inside of a string.
--text looks into everything: key, headers, names, values, and bytes that are no JSON.
Letters are compared as they are: Alice is not alice.

Every stored byte of a segment is compared with its seal before a hit of it is printed,
and all seals of its chain with each other. At the end stands what was looked at, what was
not, and why. Segments are passed by where their signed seals state other times than those
asked for. With --attestations and --cosigner they are passed by too where that verifier's
signed index says that no record is a hit (=, > and < of an indexed field, --time event).
The answer says on whose word. --trust-nobody reads all of them, by the same clock.
Without --time that is the record's, which can be another than when the event happened.

Exit codes: 0 everything was looked at, or passed by on a word that is named (or --limit
was reached), with or without hits; 1 a chain is broken; 2 usage, a topic that is not
there, or a field that no event has; 3 something could not be looked at or compared,
records have no time of the kind that --from and --to ask for, a chain has no attestation
(--attestations), or it was interrupted, also by a reader that had enough (\`| head\`).

Examples:
  ledgerstone find ./archive --key archive.vkey --where '/userIdentity/arn~alice' \\
      --fields fields.yaml --time event --from 2026-11-01 --to 2026-12-01
  ledgerstone find ./archive --key archive.vkey --text 203.0.113.7 --format csv > hits.csv
  ledgerstone find --config ledgerstone.yaml --where actor=alice --where 'action^Delete' \\
      --out case-17 --prove
  ledgerstone find --config ledgerstone.yaml --subject u-1042 --json
`;

export function findCommand(program: Command, session: Session): void {
  const command = program
    .command('find')
    .description('Events by field, text and time, and what was looked at.');
  withQuery(withAttestations(withArchive(command)))
    .option('--partition <number>', 'of the topics only this one; repeatable', partitions)
    .option('--limit <number>', 'end after so many hits', count)
    .addOption(
      new Option('--format <format>', 'table; jsonl: lines as archived; csv: for spreadsheets')
        .choices(['table', 'jsonl', 'csv'])
        .default('table'),
    )
    .option('--out <folder>', 'a new folder for the hits and the statement')
    .option('--prove', 'an offline proof of each hit in --out')
    .option('--json', 'the same as --format jsonl', false)
    .addHelpText('after', HELP)
    .action(
      acting(session, (name: string | undefined, options: FindCommandOptions) =>
        runFind(session, name, options.json ? { ...options, format: 'jsonl' } : options),
      ),
    );
}

const partitions = (text: string, before: readonly number[] = []): number[] => [...before, count(text)];

async function runFind(
  session: Session,
  name: string | undefined,
  options: FindCommandOptions,
): Promise<number> {
  const { io } = session;
  session.json = options.format === 'jsonl';
  if (options.prove === true && options.out === undefined) {
    throw new UsageError('--prove needs a folder for the proofs', 'Add --out FOLDER.');
  }
  const since = (
    await Promise.all((options.since ?? []).map((file) => readCheckpoints(session.io, file)))
  ).flat();
  const { archive, attestations, older, close } = await openWithAttestations(name, options, io.env);
  try {
    const { query: ofOptions, names } = await queryOf(options, archive, io.env);
    const query = options.partition ? { ...ofOptions, partitions: options.partition } : ofOptions;
    const survey = attestations === null ? null : await surveyAttestations(attestations, io.signal);
    if (survey !== null && attestations !== null) requireAttested(survey, attestations);
    const { out, format, prove = false } = options;
    const files = out === undefined ? null : await FindFiles.open(out, format, archive, prove, io.signal);
    try {
      const progress = new FindProgress(io);
      const found = findLines({
        ...{
          store: archive.store,
          trusted: archive.trusted,
          query,
          nowMs: Date.now(),
          signal: io.signal,
          since,
        },
        confirmed: (survey?.newest ?? []).map(confirmedChain),
        shown: shownToSearch(older),
        indexes: attestations === null ? null : indexesOf(attestations, archive),
        onProgress: (bytes, hits) => progress.update(bytes, hits),
      });
      void progress.countBytes(archive.store, io.signal).catch(() => {});
      const writer = hitWriter(format, query, names);
      const notes = await writeHits(session, found, writer, files, progress);
      const searched = found.statement();
      const statement = survey === null ? searched : againstAttested(searched, survey);
      await refuseAbsentField(archive.store, statement, query, suggestion, io.signal);
      const more = [...notes, ...(survey === null ? [] : await attestedLines(archive, survey, io.signal))];
      return await writeStatement(session, options, statement, more, files);
    } finally {
      await files?.close();
    }
  } finally {
    await close();
  }
}

/** What the cosigners have written down of the segments of this archive. Null: without its key, of none. */
function indexesOf({ store, cosigners }: Attestations, { trusted }: Archive): IndexReader | null {
  const [log] = trusted;
  if (log === undefined) return null;
  return new IndexReader(store, { archiveOrigin: log.name, cosigners, sha256: nodeSha256 });
}

/** Prints or writes each hit as it comes. Returns what a reader has to know of them. */
async function writeHits(
  { output }: Session,
  { hits }: FoundLines,
  writer: ReturnType<typeof hitWriter>,
  files: FindFiles | null,
  progress: FindProgress,
): Promise<string[]> {
  const write = async (bytes: Uint8Array): Promise<void> => {
    if (files !== null) return files.text(bytes);
    progress.stepAside();
    await output.exact(bytes);
  };
  try {
    let isBegun = false;
    for await (const hit of hits) {
      if (!isBegun && writer.head !== '') await write(utf8(writer.head));
      isBegun = true;
      await write(writer.write(hit));
      await files?.prove(hit);
      // Nobody reads any more: the rest is not searched, and the statement says so.
      if (files === null && output.closed) break;
    }
    if (!isBegun && writer.isHeadAlways) await write(utf8(writer.head));
    return writer.notes();
  } finally {
    progress.stepAside();
  }
}

/** What a second party has confirmed, and what else lies there. */
async function attestedLines(
  archive: Archive,
  survey: AttestationSurvey,
  signal: AbortSignal,
): Promise<string[]> {
  const confirmed = await Promise.all(
    survey.newest.map(
      async (one) =>
        `${one.attested.origin}: ${attestationText(await attestationSummary(archive, one, signal))}`,
    ),
  );
  const foreign = foreignObjectsText(survey)
    .split('\n')
    .filter((line) => line !== '');
  return [...(confirmed.length > 0 ? confirmed : ['no attestation by a named cosigner']), ...foreign];
}

/** Returns the exit code. */
async function writeStatement(
  { output }: Session,
  { format }: FindCommandOptions,
  statement: Statement,
  more: readonly string[],
  files: FindFiles | null,
): Promise<number> {
  const said = { ...statement, more, version: VERSION, at: new Date().toISOString() };
  const lines = statementLines(statement, more);
  if (files !== null) {
    await files.finish(`${JSON.stringify(said, null, 2)}\n`, `${lines.join('\n')}\n`);
    const proofs = files.proofs === 0 ? '' : `, ${files.proofs} proofs`;
    output.note(`${files.folder}: ${files.hitsFile}, statement.json, statement.txt${proofs}`);
  }
  if (format === 'jsonl') await output.json({ statement: said }, 0);
  else if (format === 'csv' && files === null) output.note(lines.join('\n'));
  else await output.write(`${lines.join('\n')}\n`);
  return exitCodeOf(statement);
}

function exitCodeOf({ verdict, isCompleteOnWord, end, leftOut }: Statement): number {
  if (verdict === 'broken') return EXIT.broken;
  if (isCompleteOnWord) return EXIT.ok;
  // Ended as asked, and nothing else is wrong.
  return end === 'limit' && leftOut.length === 1 ? EXIT.ok : EXIT.failed;
}
