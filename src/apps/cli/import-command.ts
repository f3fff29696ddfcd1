// `ledgerstone import`: how does history that was kept elsewhere get into an archive?
import { type Command, InvalidArgumentError, Option } from 'commander';
import { requireWords } from './deciding.ts';
import type { ImportOptions } from './import-options.ts';
import { runImport } from './import-run.ts';
import { repeatable } from './open-archive.ts';
import { acting, type Session } from './session.ts';

const HELP = `
Each record goes into the chain import.TOPIC as it stands in its file, with the time that
it names itself, so that it is found by that time. A record that can't be dated goes there
too, without a time. Before them stands a statement of what was imported: each file with
its SHA-256, who did it and why, and the text of --provenance. From the sealing on the
records are as safe as any; that they were so before is that person's word.

Begin with --dry-run: it reads everything, writes nothing, and prints what --confirm
takes. Without that nothing is imported. Run the same command again to go on after an
interruption: what is sealed already is left out.

  jsonl       one JSON text a line; --time-field is a JSON pointer
  cloudtrail  files as AWS delivers them; --digest and --trail-keys check AWS's signatures
  qldb        an export in JSON lines; by default by /blockTimestamp
  syslog      RFC 5424, RFC 3164 (with --year), or a time at the beginning of a line
  csv         RFC 4180 with a header: each row as a JSON object; --time-field is a column

Files may be packed by gzip. Times without an offset are meant in --tz.

Exit codes: 0 imported, or looked at; 2 usage, or a file that is not of this format; 3 it
could not be written: run the same command again.

Examples:
  ledgerstone import old/*.json.gz --format cloudtrail --topic cloudtrail \\
      --provenance provenance.txt --config ledgerstone.yaml --by "Ada Byron" \\
      --reason "History before 2026" --dry-run
  ledgerstone import messages --format syslog --year 2024 --tz Europe/Berlin \\
      --topic hosts --provenance provenance.txt --config ledgerstone.yaml \\
      --by "Ada Byron" --reason "History before 2026" --confirm 6d2f9b1f
`;

const year = (text: string): number => {
  if (/^(?:19[7-9]\d|2\d{3})$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a year from 1970 on.');
};

export function importCommand(program: Command, session: Session): void {
  program
    .command('import')
    .description('History from elsewhere, with its own times and where it came from.')
    .argument('<file...>', 'files, in the order in which they are archived')
    .addOption(
      new Option('--format <format>', 'what they are')
        .choices(['cloudtrail', 'qldb', 'syslog', 'jsonl', 'csv'])
        .makeOptionMandatory(),
    )
    .requiredOption('--topic <name>', 'they go into the chain import.NAME')
    .requiredOption('--config <file>', 'ledgerstone.yaml: archive, key and policies')
    .requiredOption('--provenance <file>', 'a text: where the files come from, and who kept them')
    .requiredOption('--by <name>', 'who imports')
    .requiredOption('--reason <text>', 'why')
    .option('--reference <text>', 'a ticket or the like')
    .option('--time-field <field>', 'where a record has its time')
    .option('--tz <zone>', 'time zone of times without an offset', 'UTC')
    .option('--year <year>', 'of RFC 3164, whose times have none', year)
    .option('--retention <name>', 'policy of ledgerstone.yaml; needed if there is more than one')
    .option('--digest <file>', "CloudTrail's digest files; repeatable", repeatable)
    .option('--trail-keys <file>', 'what `aws cloudtrail list-public-keys` printed')
    .option('--again', 'import a file that was imported before once more')
    .option('--dry-run', 'say what would be archived, and write nothing')
    .option('--confirm <id>', 'what the dry run printed: the same files, read the same way')
    .option('--json', 'the result for programs')
    .addHelpText('after', HELP)
    .action(
      acting(session, (files: string[], options: ImportOptions) => {
        session.judges = false;
        requireWords(options);
        return runImport(session, files, options);
      }),
    );
}
