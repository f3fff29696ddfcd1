// `ledgerstone replay`: how do archived records get back into Kafka?
import { type Command, InvalidArgumentError, Option } from 'commander';
import { SIZE_PATTERN, sizeBytes } from '../../config/units.ts';
import { count, offsetOption, withArchive } from './open-archive.ts';
import type { ReplayOptions } from './replay-options.ts';
import { runReplay } from './replay-run.ts';
import { acting, type Session } from './session.ts';

const HELP = `
Writes each record into the partition that it came from, with its key, headers (in their
order, duplicates too), value and timestamp, byte for byte. The topic must be there, with
enough partitions, and empty. Offsets are new ones: Kafka gives them.

Each segment is verified before its records go out, so a trusted key is needed: its seal
by the key, its data whole by the seal. Locks, attestations and what lies before the
range are not looked at: \`ledgerstone verify\` does that.

Records and the note of how far they go are one transaction of Kafka. Consumers with
isolation.level=read_committed get each record once, whatever dies on the way. Run the
same command again to go on after an interruption, and to bring what was sealed since.
A second run of the same command at the same time takes over; the first one ends.

Gaps stay gaps: their offsets are counted by reason, and those that stand on somebody's
word are named. --receipt keeps that, with a digest of the lines of each partition.

Exit codes: 0 replayed, or looked at; 1 the archive is broken there; 2 usage, or a topic
that won't do; 3 not whole: run the same command again.

Examples:
  ledgerstone replay ./archive --key archive.vkey --topic orders --to-topic orders-again \\
      --brokers localhost:9092 --dry-run
  ledgerstone replay --config ledgerstone.yaml --topic orders --to-topic orders-2025 \\
      --since-time 2025-01-01 --until-time 2026-01-01 --receipt replay.json
  ledgerstone replay s3://acme-audit/prod --key archive.vkey --topic orders \\
      --to-topic orders --into-archived-topic --kafka other-cluster.yaml \\
      --records-per-second 5000
`;

const rate = (text: string): number => {
  const value = count(text);
  if (value > 0) return value;
  throw new InvalidArgumentError('It must be 1 or more.');
};

const size = (text: string): number => {
  if (SIZE_PATTERN.test(text) && sizeBytes(text) > 0) return sizeBytes(text);
  throw new InvalidArgumentError('It must be a size such as 512KiB or 10MiB.');
};

export function replayCommand(program: Command, session: Session): void {
  const command = program.command('replay').description('Archived records, back into a Kafka topic.');
  withArchive(command, 'ledgerstone.yaml: names archive, trusted keys and, if nothing else does, Kafka')
    .requiredOption('--topic <topic>', 'topic, or chain where that has another name')
    .option('--partition <number>', 'only this one; default: all that the archive has', count)
    .option('--from <offset>', 'first offset; default: the first sealed', offsetOption)
    .option('--to <offset>', 'last offset, included; default: the last sealed', offsetOption)
    .option('--since-time <time>', 'records stamped at this date or time, or later')
    .option('--until-time <time>', 'records stamped before this date or time')
    .option('--tz <zone>', 'time zone of dates and times without an offset', 'UTC')
    .requiredOption('--to-topic <topic>', 'topic that is written to')
    .option('--brokers <list>', 'host:port, or several with commas: a cluster without TLS and login')
    .option('--kafka <file>', 'YAML with brokers, tls and sasl, as under source in ledgerstone.yaml')
    .option('--into-archived-topic', 'the topic may be one that this archive has: it is archived anew')
    .option('--append', 'the topic may hold records already, whatever they are')
    .addOption(
      new Option('--compression <codec>', 'of the record batches')
        .choices(['none', 'gzip', 'zstd'])
        .default('zstd'),
    )
    .option('--records-per-second <number>', 'at most', rate)
    .option('--bytes-per-second <size>', 'of keys, headers and values, such as 10MiB: at most', size)
    .option('--receipt <file>', 'write what was replayed there too, as JSON')
    .option('--dry-run', 'look at both sides, and write nothing')
    .option('--json', 'the receipt for programs')
    .addHelpText('after', HELP)
    .action(
      acting(session, (name: string | undefined, options: ReplayOptions) =>
        runReplay(session, name, options),
      ),
    );
}
