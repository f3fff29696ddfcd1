// `ledgerstone adopt`: how do chains of an archive go on under a new owner's key and origin?
import { type Command, InvalidArgumentError } from 'commander';
import type { AdoptionWords } from '../../archiver/chain/adopt.ts';
import { LIMITS } from '../../base/limits.ts';
import type { AdoptOptions } from './adopt-options.ts';
import { runAdopt } from './adopt-run.ts';
import { requireWords } from './deciding.ts';
import { withOlder } from './older-option.ts';
import { count, repeatable } from './open-archive.ts';
import { acting, type Session } from './session.ts';

const HELP = `
OLDER is the archive that was taken over, or your copy of it. It is verified first, every
byte of it; if it is not verified nothing is written, unless --as-it-is says so. Then the
chains of your own archive are begun, each by a segment without lines that says: this goes
on from that chain of OLDER, at this size, root and offset. Your key signs it. Your
archiver goes on from there. OLDER is not written to, and keeps its own keys:

  ledgerstone verify YOURS --key YOURKEY --older OLDER --older-key OLDKEY

Stop the archiver of OLDER for good before you begin: what it seals later is a fork. Run
this before your archiver starts: it begins chains of its own where there are none. A
chain of OLDER is gone on from by the chain of the same name and partition.

Where the topic is the one that OLDER was sealed from, the new chain begins at the next
offset. In another cluster, or made anew, its offsets are others: --start-from says where.

Exit codes: 0 begun, or looked at; 1 OLDER is broken, or went on after it was adopted;
2 usage, or a chain was begun without it; 3 not all is written: run the same again.

Examples:
  ledgerstone adopt s3://acme-copy/prod --key sold.vkey --config ledgerstone.yaml \\
      --by "Ada Byron" --reason "Acme was bought" --dry-run
  ledgerstone adopt s3://acme-copy/prod --key sold.vkey --config ledgerstone.yaml \\
      --by "Ada Byron" --reason "Acme was bought" --topic orders
`;

function startFrom(text: string): AdoptionWords['startFrom'] {
  if (text === 'earliest') return text;
  if (!/^\d/.test(text)) throw new InvalidArgumentError('It must be earliest, or an offset.');
  const offset = count(text);
  if (offset <= LIMITS.offsetMax) return { offset };
  throw new InvalidArgumentError(`No offset is greater than ${LIMITS.offsetMax}.`);
}

export function adoptCommand(program: Command, session: Session): void {
  withOlder(program.command('adopt').description("Chains of another owner's archive go on in this one."))
    .argument('<older>', 's3://bucket/prefix, or a directory')
    .option('--key <key>', 'trusted verifier key of OLDER, or a file of them; repeatable', repeatable)
    .requiredOption('--config <file>', 'ledgerstone.yaml of your archive')
    .requiredOption('--by <name>', 'who decides it')
    .requiredOption('--reason <text>', 'why')
    .option('--topic <name>', 'only this topic of the configuration; repeatable', repeatable)
    .option('--older-chain <name>', 'its chain in OLDER has this name; with one --topic')
    .option('--start-from <where>', 'where the topic is another one: earliest, or an offset', startFrom)
    .option('--region <region>', 'of OLDER; default that of your archive')
    .option('--endpoint <url>', 'S3-compatible server of OLDER; default that of your archive')
    .option('--as-it-is', 'go on from it even if it is not verified')
    .option('--dry-run', 'say what would be begun, and write nothing')
    .option('--json', 'the result for programs')
    .addHelpText('after', HELP)
    .action(
      acting(session, (older: string, options: AdoptOptions) => {
        session.judges = false;
        requireWords(options);
        return runAdopt(session, older, options);
      }),
    );
}
