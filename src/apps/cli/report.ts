// `ledgerstone report`: which of these reports is asked for, and with which options?
import type { Command } from 'commander';
import { withAttestations } from './attestations-option.ts';
import { withMaybeChain } from './chain-option.ts';
import { withOlder } from './older-option.ts';
import { repeatable, withArchive } from './open-archive.ts';
import { withOwnBucket } from './own-bucket-option.ts';
import { lockPeriod } from './period-option.ts';
import { type CheckReportOptions, runCheckReport } from './report/check.ts';
import { type ChecksReportOptions, runChecksReport } from './report/checks.ts';
import { type ControlsReportOptions, runControlsReport } from './report/controls.ts';
import { type DestructionReportOptions, runDestructionReport } from './report/destruction.ts';
import { type LossesReportOptions, runLossesReport } from './report/losses.ts';
import { runRetentionReport } from './report/retention.ts';
import { acting, type Session } from './session.ts';
import { withSigner } from './signer-option.ts';

const HELP = `
Each report is one HTML file that prints: its verdict first, with how far it reaches, then
what was found, what was looked at and what was not, and a protocol. It runs no script and
asks no network for anything. Its files are new and whole, or they are not there. Without
--sign-key or --sign-kms it says that nobody signed it.

--from and --to are dates or times; a date is its first moment, and the end is not
included: --from 2026-11-01 --to 2026-12-01 is November. --json and --csv write the same
data for programs and spreadsheets.

Examples:
  ledgerstone report losses ./archive --key archive.vkey --from 2026-11-01 \\
      --to 2026-12-01 --by "Ada Byron" --sign-key report-key.pem --out losses.html
  ledgerstone report check losses.html --signer report.pem
`;

const LOSSES = `
What \`ledgerstone losses\` lists. --from and --to choose by the time when a gap was sealed.

Exit codes: 0 all was looked at, with or without losses; 1 and 3 a chain is broken, a
chain or a folder could not be read. The report is written in either case, and says so.

Examples:
  ledgerstone report losses ./archive --key archive.vkey --out losses.html
  ledgerstone report losses --config ledgerstone.yaml --from 2026-11-01 --to 2026-12-01 \\
      --by "Ada Byron" --out losses.html --json losses.json --csv losses.csv
`;

const RETENTION = `
The lock of every seal, and of every data object that a seal names, against what the seals
promise, and with --config against the configuration. --from and --to choose by the time
of sealing. It asks the store twice a segment, and lists once. A directory has no locks:
the report then says that nothing is known of them.

Exit codes: 0 all are locked as promised; 1 one is not, or a seal promises less than the
configuration; 3 not everything could be looked at, or there was nothing to look at.

Examples:
  ledgerstone report retention s3://acme-audit/prod --key archive.vkey --out retention.html
  ledgerstone report retention --config ledgerstone.yaml --from 2026-01-01 \\
      --to 2027-01-01 --by "Ada Byron" --out retention.html --csv retention.csv
`;

const DESTRUCTION = `
Each certificate of destruction by the second party, against the seals, which stay: what is
gone, from which segments, until when it was kept, when it was seen there and when gone.
Beside it, what is gone after its retention without one. It asks the store once for each
data object whose retention is over. --from and --to choose certificates by when the data
was seen gone.

Exit codes: 0 each object that is gone has a certificate that the seals bear out, or none
is gone; 1 a certificate is not borne out, or what it names is there; 3 some are gone
without one, or not everything could be looked at.

Examples:
  ledgerstone report destruction s3://acme-audit/prod --key archive.vkey \\
      --attestations s3://acme-attestations --cosigner verifier.vkey --by "Ada Byron" \\
      --sign-key report-key.pem --out destroyed.html --csv destroyed.csv
`;

const CONTROLS = `
For each control of a framework that an archive has to do with: what is asked, what the
product does, what shows it in this archive, with numbers and the command, and what
remains the customer's. Every stored byte is read, as \`verify\` does, and those of each
--older too. What was not looked at is "not shown". It never says that a control is met.

Frameworks: soc2, pci-dss-4, iso-27001, nist-800-53, hipaa, sec-17a-4, gdpr, dora, nis2.

Exit codes: 0 no check failed and the archive is verified, whatever could not be shown;
1 a check failed; 3 the archive could not be verified. The report is written each time.

Examples:
  ledgerstone report controls ./archive --key archive.vkey --framework pci-dss-4 \\
      --out controls.html
  ledgerstone report controls s3://acme-audit/prod --key archive.vkey --least-lock 1y \\
      --attestations s3://acme-attestations --cosigner verifier.vkey \\
      --framework soc2 --by "Ada Byron" --out controls.html --csv controls.csv
`;

const CHECKS = `
The days of the second party: how often it confirmed, swept, read again and compared, by
its signed daily records; and every finding that was open, with who was notified, who
acknowledged and resolved it, by the keys of --person and, with --config, of the archive's
officers. A day without a record is not shown. --from and --to are needed, and mean whole
UTC days.

A finding about lost records is never closed. It counts as open until two people accept
the loss, or one resolves the finding; it stays listed. Without --config no acceptance is
known.

Each day's time-stamp is shown, if there is one: by --tsa-root, or by the roots that the
configuration names. Without a root it shows no time. A day without one is no fault.

Exit codes: 0 every day that is over is shown, and no finding is open but such as were
accepted or resolved so; 1 a finding is open; 3 a day is not shown, or only in part, or
a day's time-stamp leads to none of the roots.

Examples:
  ledgerstone report checks --config verifier.yaml --from 2026-11-01 --to 2026-12-01 \\
      --person ada.pem --by "Ada Byron" --out checks.html
  ledgerstone report checks --attestations s3://acme-attestations --cosigner verifier.vkey \\
      --key archive.vkey --from 2026-11-01 --to 2026-12-01 --out checks.html
`;

const CHECK = `
Whether the page shows the data that it carries, and who signed them.

Exit codes: 0 signed by a key of --signer; 1 page, data and signature do not belong
together; 3 nobody signed it, nobody named did, or another version of this program drew
the page.

Examples:
  ledgerstone report check losses.html --signer report.pem
  ledgerstone report check losses.html --signer report.pem --json
`;

export function reportCommand(program: Command, session: Session): void {
  const report = program
    .command('report')
    .description('Reports that print, with their protocol.')
    .helpCommand(false)
    .addHelpText('after', HELP);
  withReport(withMaybeChain(withArchive(report.command('losses').description('Lost records, on a page.'))))
    .addHelpText('after', LOSSES)
    .action(
      acting(session, (name: string | undefined, options: LossesReportOptions) =>
        runLossesReport(session, name, options),
      ),
    );
  const retention = report.command('retention').description('Locks, promises and what ends when, on a page.');
  withReport(withMaybeChain(withArchive(retention)))
    .addHelpText('after', RETENTION)
    .action(
      acting(session, (name: string | undefined, options: LossesReportOptions) =>
        runRetentionReport(session, name, options),
      ),
    );
  const destruction = report.command('destruction').description('Data that is gone by right, on a page.');
  withReport(withMaybeChain(withAttestations(withArchive(destruction))))
    .addHelpText('after', DESTRUCTION)
    .action(
      acting(session, (name: string | undefined, options: DestructionReportOptions) =>
        runDestructionReport(session, name, options),
      ),
    );
  addControls(report, session);
  const checks = report.command('checks').description('Days and findings of the second party, on a page.');
  withReport(withOwnBucket(checks))
    .option('--person <key>', 'whose answers count: PEM or verifier key; repeatable', repeatable)
    .option('--tsa-root <file>', 'whose time-stamps count: root in PEM; repeatable', repeatable)
    .addHelpText('after', CHECKS)
    .action(acting(session, (options: ChecksReportOptions) => runChecksReport(session, options)));
  report
    .command('check')
    .description('Is this page the report that somebody signed?')
    .argument('<file>', 'the HTML file')
    .option('--signer <key>', 'who may sign it: PEM or verifier key; repeatable', repeatable)
    .option('--json', 'the result for programs')
    .addHelpText('after', CHECK)
    .action(
      acting(session, (file: string, options: CheckReportOptions) => runCheckReport(session, file, options)),
    );
}

function addControls(report: Command, session: Session): void {
  const controls = report.command('controls').description('Which controls it supports, on a page.');
  withReport(withOlder(withAttestations(withArchive(controls))))
    .requiredOption('--framework <name>', 'whose controls: such as soc2 or pci-dss-4')
    .option(
      '--least-lock <period>',
      'no seal may promise a shorter lock: such as 90d, 18mo or 7y',
      lockPeriod,
    )
    .option('--as-copy', 'a copy of an archive, in a bucket or elsewhere: its locks are not looked at')
    .option('--person <key>', 'whose answers to findings count: PEM or verifier key; repeatable', repeatable)
    .option('--oscal <file>', "the same as OSCAL's assessment-results; it must not exist")
    .addHelpText('after', CONTROLS)
    .action(
      acting(session, (name: string | undefined, options: ControlsReportOptions) =>
        runControlsReport(session, name, options),
      ),
    );
}

const withReport = (command: Command): Command =>
  withFiles(
    command
      .option('--from <time>', 'from this date or time on')
      .option('--to <time>', 'before this date or time')
      .option('--tz <zone>', 'time zone of dates and times without an offset', 'UTC'),
  );

const withFiles = (command: Command): Command =>
  withSigner(
    command
      .option('--by <name>', 'who asks for it; default: the account of this system')
      .requiredOption('--out <file>', 'the HTML file to write; it must not exist')
      .option('--json <file>', 'the same data as JSON; it must not exist')
      .option('--csv <file>', 'the same data as a table; it must not exist'),
    'the report',
  );
