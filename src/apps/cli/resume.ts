// `ledgerstone resume`: which decision does the operator record on a halted partition?

import { type Command, Option } from 'commander';
import type { Decision, RecordedDecision } from '../../archiver/chain/resume.ts';
import { systemClock } from '../../base/clock.ts';
import { counted } from '../../base/counted.ts';
import { messageOf } from '../../base/error.ts';
import type { Logger } from '../../base/log.ts';
import { printable } from '../../base/printable.ts';
import { type Config, loadConfig } from '../../config/archiver.ts';
import { topicNamed, topicsText } from '../../config/topic-names.ts';
import { isWord } from '../../format/scalar.ts';
import type { Source, SourceListener } from '../../ingest/source.ts';
import { EXIT, UsageError } from './exit-code.ts';
import { count } from './open-archive.ts';
import type { Output } from './output.ts';
import { acting, type Session } from './session.ts';

type ResumeOptions = {
  readonly config: string;
  readonly topic: string;
  readonly partition: number;
  readonly acceptGap?: boolean;
  readonly to?: number;
  readonly kind: 'accepted' | 'expired' | 'compacted';
  readonly reason: string;
  readonly by: string;
  readonly json?: boolean;
};

const HELP = `
Use it for a partition that \`status\` shows as halted because records are missing and
nothing explains why. The decision becomes a signed gap line of the chain, with the text
of --reason and --by. It can't be taken back or changed. A running service goes on within
seconds.

With --kind compacted one decision covers every hole before --to: what Kafka still has
between the holes is archived, and each hole becomes a gap line with these words. Was it
interrupted? Give the same command again: it goes on where it ended.

Examples:
  ledgerstone status --config ledgerstone.yaml        which gap, and why
  ledgerstone resume --config ledgerstone.yaml --topic orders --partition 3 \\
      --accept-gap --kind expired --reason "retention was 1 day" --by "A. Auditor"
  ledgerstone resume --config ledgerstone.yaml --topic prices --partition 0 \\
      --accept-gap --kind compacted --to 5000 --reason "compacted topic" --by "A. Auditor"
`;

export function resumeCommand(program: Command, session: Session): void {
  program
    .command('resume')
    .description("Record an operator's decision on a halted partition.")
    .requiredOption('--config <file>', 'ledgerstone.yaml')
    .requiredOption('--topic <topic>', 'topic of the halted partition')
    .requiredOption('--partition <number>', 'partition', count)
    .requiredOption('--accept-gap', 'these records may be missing from the archive for ever')
    .option(
      '--to <offset>',
      'where the decision ends: the first offset that it does not cover; default: where the log of Kafka begins',
      count,
    )
    .addOption(
      new Option('--kind <kind>', 'what became of the records')
        .choices(['accepted', 'expired', 'compacted'])
        .default('accepted'),
    )
    .requiredOption('--reason <text>', 'why they may be missing: 1 to 512 bytes')
    .requiredOption('--by <name>', 'whose decision it is: 1 to 255 bytes')
    .option('--json', 'the recorded gap for programs')
    .addHelpText('after', HELP)
    .action(acting(session, (options: ResumeOptions) => runResume(session, options)));
}

const BY_BYTES_MAX = 255;
const REASON_BYTES_MAX = 512;

async function runResume(session: Session, options: ResumeOptions): Promise<number> {
  checkWords('--by', options.by, BY_BYTES_MAX);
  checkWords('--reason', options.reason, REASON_BYTES_MAX);
  const config = await loadConfig(options.config, session.io.env);
  if (topicNamed(config.source, options.topic) === null)
    throw new UsageError(
      `${options.config} has no topic ${options.topic}`,
      `It has ${topicsText(config.source)}.`,
    );
  const { topic, partition, to, kind, by } = options;
  const decision = {
    topic,
    partition,
    reason: kind,
    by,
    why: options.reason,
    ...(to === undefined ? {} : { to }),
  };
  const { output, io } = session;
  const recorded = await recordDecision(config, decision, { signal: io.signal, log: outputLog(output) });
  if (options.json === true) await output.json(recorded);
  else await output.line(recordedText(recorded, kind));
  return EXIT.ok;
}

/** What was sealed by this command, and nothing that another writer sealed meanwhile. */
export function recordedText(recorded: RecordedDecision, kind: Decision['reason']): string {
  const { from, to, sequence, origin, segments, gaps, givenUp, archived } = recorded;
  if (sequence === null) return `nothing to record: another writer has sealed ${origin} up to ${to - 1}`;
  const where = segments === 1 ? `in segment ${sequence}` : `in ${segments} segments up to ${sequence}`;
  if (kind !== 'compacted') return `recorded: offsets ${from} to ${to - 1} are ${kind} ${where} of ${origin}`;
  const missing = `${counted(givenUp, 'offset')} in ${counted(gaps, 'gap')} ${givenUp === 1 ? 'is' : 'are'} compacted`;
  return [
    `recorded: of offsets ${from} to ${to - 1}, ${missing} and ${counted(archived, 'record')}`,
    `archived, ${where} of ${origin}`,
  ].join(' ');
}

/** Seals the gap with the clients that the configuration names. Only this command loads them. */
export async function recordDecision(
  config: Config,
  decision: Decision,
  options: { readonly signal: AbortSignal; readonly log: Logger },
): Promise<RecordedDecision> {
  const { signal, log } = options;
  const { checkTopic, sealDecision } = await import('../../archiver/chain/resume.ts');
  const { newInstanceId, openSigner, openForWriting } = await import('../../clients/open.ts');
  const { nodeSha256 } = await import('../../base/node/hash.ts');
  const { LogKeys } = await import('../archiver/log-keys.ts');
  const { publishArchiveFiles } = await import('../../sealing/publish.ts');
  checkTopic(config, decision);
  const store = await openForWriting(config.archive.store, config.greatestLock);
  const source = await openedSource(config, log);
  try {
    const { keyring } = await LogKeys.open(
      {
        ...{ archive: config.archive, store, clock: systemClock, log, onTrouble: () => {} },
        open: (signing) => openSigner(signing, log),
        publish: async (key) => {
          await publishArchiveFiles(store, [key], config.retention.seals, systemClock, signal);
        },
      },
      signal,
    );
    const tools = {
      ...{ store, source, keyring },
      sha256: nodeSha256,
      clock: systemClock,
      random: Math.random,
      writerId: newInstanceId(),
    };
    const onError = (error: unknown) => log.warn({}, `trying again: ${messageOf(error)}`);
    return await sealDecision(tools, config, decision, onError, signal);
  } finally {
    await source.close();
    await store.close();
  }
}

/** For looking: `start` opens a file. Kafka is not started: a command must not join the consumer group. */
export async function openedSource(config: Config, log: Logger): Promise<Source> {
  const { openSource } = await import('../../clients/open.ts');
  const source = await openSource(config, log);
  try {
    if (source.kind === 'file') await source.start(IGNORES_ALL);
    return source;
  } catch (error) {
    await source.close();
    throw error;
  }
}

const IGNORES_ALL: SourceListener = {
  onAssign() {},
  onRevoke() {},
  onFetched() {},
  onFatal() {},
  onSuspect() {},
  onEnd() {},
};

/** The person at the terminal sees the log's warnings and errors only. */
export const outputLog = (output: Output): Logger => ({
  debug() {},
  info() {},
  warn: (_fields, message) => output.note(`warning: ${printable(message)}`),
  error: (_fields, message) => output.note(`error: ${printable(message)}`),
});

/** The text becomes part of a line for ever. It is checked before anything is opened. */
function checkWords(option: string, text: string, bytesMax: number): void {
  if (!isWord(text, bytesMax)) {
    throw new UsageError(`${option} must be 1 to ${bytesMax} bytes of text without control characters`);
  }
}
