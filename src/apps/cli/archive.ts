// `ledgerstone archive`: how does the service run, and when does it end?
import type { Command } from 'commander';
import { readConfig } from '../../config/archiver.ts';
import { EXIT, UsageError } from './exit-code.ts';
import { endsInLog, openLog } from './logger.ts';
import { serverNotes } from './server-notes.ts';
import { acting, type Session } from './session.ts';

type ArchiveCommandOptions = {
  readonly config: string;
  readonly acceptPolicy?: boolean;
  readonly json?: boolean;
};

const HELP = `
Consumes the configured topics as a member of its consumer group. Several instances share
the partitions. On SIGTERM or SIGINT it seals what it holds and ends within limits.drain;
another signal more than a second later ends it at once, with exit code 3, and what was
not sealed is read from Kafka again at the next start. On SIGHUP it reads its file again
and takes over log, server.auth and server.names; with a terminal, SIGHUP ends it too.
Logs go to standard output: JSON, or readable lines on a terminal. With a file source it
ends when everything is sealed.

If the archive has a governance chain in which a retention policy is in force, it does not
start with another one.

Exit codes: 0 stopped or finished, 2 configuration, 3 could not go on (the log says why).

Examples:
  ledgerstone archive --config ledgerstone.yaml
  cat events.jsonl | ledgerstone archive --config from-stdin.yaml
  curl -s http://127.0.0.1:9464/readyz    also /status /metrics /healthz; / is a page
`;

export function archiveCommand(program: Command, session: Session): void {
  program
    .command('archive')
    .description('The service: consume, seal, store, until SIGTERM.')
    .requiredOption('--config <file>', 'ledgerstone.yaml')
    .option('--accept-policy', 'start with other policies than are in force; not with production: true')
    .option('--json', 'JSON logs on a terminal too, and the result as the last line')
    .addHelpText('after', HELP)
    .action(acting(session, (options: ArchiveCommandOptions) => runArchive(session, options)));
}

async function runArchive(session: Session, options: ArchiveCommandOptions): Promise<number> {
  const { io, output } = session;
  session.judges = false;
  const read = () => readConfig(options.config, io.env);
  const started = await read();
  const { config } = started;
  const json = options.json === true;
  const acceptsAnyPolicy = options.acceptPolicy === true;
  if (acceptsAnyPolicy && config.production)
    throw new UsageError(
      '--accept-policy is for trials, and this is production',
      'Put the policies in force: ledgerstone retention policy.',
    );
  const { log, levelPart } = await openLog(io, config.log.level, json);
  for (const { found, remedy } of serverNotes(config.server, 'server', io.env))
    log.warn({ remedy }, `the status server ${found}`);
  const { runArchiver } = await import('../archiver/main.ts');
  const result = await endsInLog(io, log, json, () =>
    runArchiver(config, {
      ...{ signal: io.signal, log, acceptsAnyPolicy },
      ...(io.onReload && { reloads: { started, read, onRequest: io.onReload, parts: [levelPart] } }),
    }),
  );
  if (json) await output.json(result, 0);
  return EXIT.ok;
}
