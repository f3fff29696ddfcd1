// `ledgerstone copy`: how does an archive get into another bucket, account or server, with its locks?
import { type Command, Option } from 'commander';
import { runCopy } from './copy-archive.ts';
import { type CopyOptions, checkCopy } from './copy-options.ts';
import { EXIT } from './exit-code.ts';
import { withOlder } from './older-option.ts';
import { repeatable } from './open-archive.ts';
import { acting, type Session } from './session.ts';
import { withSigner } from './signer-option.ts';
import { DEFAULT_LIMIT } from './until-option.ts';

const HELP = `
FROM is verified first, every byte of it; if it is not verified, nothing is copied unless
--as-it-is says so. Then each object of it goes to TO, create-only, and is locked there as
long as in FROM (\`same\`), or until a date if that is later; legal holds go with it. What
lies in TO already is read and compared. TO must have Object Lock. A directory will do,
and then nothing is locked. Run it again to go on after an interruption, and to bring the
copy up to date: what is the same stays. Delete markers, later versions and foreign
objects are no part of an archive and are not copied.

If FROM has a chain of decisions, --config and a key of your own record the copy there,
and that chain is copied last: both sides have the act. --no-act leaves it out. Never
decide anything in the copy alone: its chain of decisions would be another history.

FROM is read with the credentials of the environment, TO is written with those of
--to-profile if it is given. At the end \`ledgerstone verify TO\` gives the same word.

Exit codes: 0 copied, and recorded; 1 FROM is broken, nothing is copied; 2 usage; 3 not
copied whole: run the same command again, or see what it says of TO.

Examples:
  ledgerstone copy s3://acme-audit/prod s3://acme-copy/prod --key archive.vkey \\
      --key decisions.vkey --lock-until same --to-profile second-account \\
      --by "Ada Byron" --reason "Second Region" --config governance.yaml \\
      --sign-key ada-key.pem
  ledgerstone copy ./archive /mnt/disk/archive --key archive.vkey --lock-until same \\
      --by "Ada Byron" --reason "For the auditors" --receipt copy.json
`;

export function copyCommand(program: Command, session: Session): void {
  const command = program
    .command('copy')
    .description('An archive with its locks and holds, into another store.')
    .argument('<from>', 's3://bucket/prefix, or a directory')
    .argument('<to>', 'the same: empty, or an earlier copy')
    .requiredOption('--lock-until <time>', '`same`, or a date until which everything is locked at least')
    .requiredOption('--by <name>', 'who copies')
    .requiredOption('--reason <text>', 'why')
    .option('--reference <text>', 'a ticket or the like')
    .option('--key <key>', 'trusted verifier key, or a file of them; repeatable', repeatable)
    .option('--config <file>', 'governance.yaml of FROM: the copy is recorded as an act')
    .option('--no-act', 'do not record it, though FROM has a chain of decisions')
    .option('--receipt <file>', 'write the receipt there too: what was copied, and each head')
    .option('--region <region>', 'of FROM; default AWS_REGION')
    .option('--endpoint <url>', 'S3-compatible server of FROM; default AWS_ENDPOINT_URL_S3 or _URL')
    .option('--to-region <region>', 'of TO; default that of FROM')
    .option('--to-endpoint <url>', 'S3-compatible server of TO; default that of FROM')
    .option('--to-profile <name>', 'profile of the AWS configuration that may write TO')
    .addOption(
      new Option('--of <what>', "what FROM is: an archive, or a verifier's own store")
        .choices(['archive', 'attestations'])
        .default('archive'),
    )
    .option('--as-it-is', 'copy it even if it is not verified: the receipt says so')
    .option('--tz <zone>', 'time zone of a date without an offset', 'UTC')
    .option('--limit <period>', 'no lock that ends further from now is set, such as 15y', DEFAULT_LIMIT)
    .option('--dry-run', 'list both sides, and write nothing');
  withOlder(withSigner(command, 'the act: your own'))
    .option('--json', 'the receipt for programs')
    .addHelpText('after', HELP)
    .action(
      acting(session, async (from: string, to: string, options: CopyOptions) => {
        session.judges = false;
        const job = await checkCopy(session, from, to, options);
        return (await runCopy(session, job)) ?? EXIT.ok;
      }),
    );
}
