// `ledgerstone watch`: how does the independent verifier run as a plain process? Until SIGTERM.
import type { Command } from 'commander';
import { MIB } from '../../base/limits.ts';
import type { Logger } from '../../base/log.ts';
import { requireFitStore } from '../../clients/open.ts';
import { readVerifierConfig, type VerifierConfig } from '../../config/verifier.ts';
import { encodeCosignerVkey } from '../../format/cosignature.ts';
import { indexChecker } from '../../read/find/index/index-checker.ts';
import { runKindOf } from '../../verifier/days/task-run.ts';
import { LockTally } from '../../verifier/tasks/lock-tally.ts';
import type { Verifier } from '../../verifier/verifier.ts';
import { workerChecker } from '../../verify/node/worker-checker.ts';
import type { HttpServer } from '../http.ts';
import { accessPart, Reloader, type Reloads } from '../reload.ts';
import { addProcessMetrics, addServiceMetrics } from '../service-metrics.ts';
import { AlarmChannels } from '../verifier/alarm-channels.ts';
import { boardReader, FindingsBoard } from '../verifier/findings-board.ts';
import { closeOlderStores } from '../verifier/older.ts';
import { schedulesOf } from '../verifier/schedules.ts';
import { newWatchState, watch } from '../verifier/watch.ts';
import { WatchMetrics } from '../verifier/watch-metrics.ts';
import { startWatchServer } from '../verifier/watch-server.ts';
import { watchSite } from '../verifier/watch-site.ts';
import { makeVerifier, openClients } from '../verifier/wiring.ts';
import { EXIT } from './exit-code.ts';
import { endsInLog, openLog } from './logger.ts';
import type { Io } from './output.ts';
import { serverNotes } from './server-notes.ts';
import { acting, type Session } from './session.ts';

type WatchCommandOptions = { readonly config: string; readonly json?: boolean };

/** A process has more memory than a Lambda function. */
const BYTES_IN_FLIGHT = 128 * MIB;

const HELP = `
The second party has its own role, key and bucket, and does not trust the archiver. It
goes on from its own last attestation of each chain, hashes every stored byte again, and
attests what is sound. What is not sound is a finding: it is kept as evidence in its own
bucket and logged. SIGTERM or SIGINT end it at the next safe point, and the next start
goes on there; another signal more than a second later ends it at once. On SIGHUP it
reads its file again and takes over log, watch.auth, watch.names and where its alarms go;
with a terminal, SIGHUP ends it too.

Exit codes: 0 stopped, 2 configuration, 3 could not start (the message says why).

Examples:
  ledgerstone watch --config verifier.yaml
  ledgerstone watch --config verifier.yaml --json | jq 'select(.level == "error")'
`;

export function watchCommand(program: Command, session: Session): void {
  program
    .command('watch')
    .description('The independent verifier as a service: check, attest, alarm.')
    .requiredOption('--config <file>', 'verifier.yaml')
    .option('--json', 'JSON logs on a terminal too')
    .addHelpText('after', HELP)
    .action(acting(session, (options: WatchCommandOptions) => runWatch(session, options)));
}

async function runWatch(session: Session, options: WatchCommandOptions): Promise<number> {
  const { io } = session;
  session.judges = false;
  const read = () => readVerifierConfig(options.config, io.env);
  const started = await read();
  const { config } = started;
  const json = options.json === true;
  const { log, levelPart } = await openLog(io, config.log.level, json);
  const reloads = io.onReload && { started, read, onRequest: io.onReload, parts: [levelPart] };
  return endsInLog(io, log, json, () => runVerifier(io, config, log, reloads));
}

/** For the last word on what ran, once the work is done. */
const LAST_TALLY_MS = 10_000;

async function runVerifier(
  io: Io,
  config: VerifierConfig,
  log: Logger,
  reloads: Reloads<VerifierConfig> | undefined,
): Promise<number> {
  for (const { found, remedy } of serverNotes(config.watch, 'watch', io.env))
    log.warn({ remedy }, `the status server ${found}`);
  await requireFitStore(config.attestations.store, io.signal);
  const metrics = new WatchMetrics({
    ...{ fullPassMs: config.fullPass.everyMs, sweepMs: config.sweep.everyMs },
  });
  const requests = addServiceMetrics(metrics.registry, 'verifier');
  const clients = await openClients(config, requests);
  // What indexes checks as well, so only one of them has threads.
  const indexer = config.index === null ? null : indexChecker();
  const checker = indexer ?? workerChecker();
  const locks = new LockTally();
  const channels = new AlarmChannels(config.alarms);
  try {
    const verifier = makeVerifier(config, clients, {
      checker,
      ...(indexer !== null && { indexer }),
      ...{ log, locks, channels },
      bytesInFlight: BYTES_IN_FLIGHT,
      onMetrics: (run, atMs, open) => metrics.observe(run, open, atMs),
    });
    const follow = (server: HttpServer | null) => {
      if (reloads === undefined) return;
      const access = accessPart<VerifierConfig>('watch', ({ watch }) => watch, server);
      const parts = [...reloads.parts, access, channels];
      new Reloader({ ...reloads, parts, log, signal: io.signal, count: requests.reloaded }).listen();
    };
    await serve({ config, verifier, metrics, locks, signal: io.signal, follow });
    await verifier.days?.stop(AbortSignal.timeout(LAST_TALLY_MS));
  } finally {
    await checker.close();
    await Promise.all([clients.archive.close(), clients.own.close(), clients.trailFiles?.close()]);
    await closeOlderStores(clients.older);
  }
  return EXIT.ok;
}

type Serving = {
  readonly config: VerifierConfig;
  readonly verifier: Verifier;
  readonly metrics: WatchMetrics;
  readonly locks: LockTally;
  readonly signal: AbortSignal;
  readonly follow: (server: HttpServer | null) => void;
};

async function serve({ config, verifier, metrics, locks, signal, follow }: Serving): Promise<void> {
  const { log, clock } = verifier;
  const { everyMs, looksPerSecond, port } = config.watch;
  const { attester } = verifier.step;
  const startedMs = clock.now();
  const state = newWatchState(startedMs);
  // A round may take a minute. If three in a row do not succeed, the process is unhealthy.
  const patienceMs = 3 * (everyMs + 60_000);
  const isHealthy = () => clock.now() - (state.lastRoundMs ?? startedMs) < patienceMs;
  const schedules = schedulesOf(config, verifier);
  const kinds = [...new Set(schedules.flatMap(({ task }) => runKindOf(task) ?? []))];
  const board = new FindingsBoard(boardReader(config, verifier), clock);
  const decisions = verifier.step.decisions ?? null;
  if (port !== 0) addProcessMetrics(metrics.registry);
  const site =
    port === 0
      ? null
      : watchSite({ config, state, metrics, kinds, board, locks, decisions, isHealthy, clock });
  const server =
    site === null ? null : await startWatchServer(config.watch, state, isHealthy, metrics, site.routes);
  log.info(
    {
      ...{ archive: verifier.archive.description, attestations: verifier.own.description },
      ...{ cosigner: encodeCosignerVkey(attester.key), server: server?.url ?? null },
      ...(attester.postQuantumKey !== null && { postQuantum: encodeCosignerVkey(attester.postQuantumKey) }),
      tasks: schedules.map(({ task }) => task),
    },
    'ledgerstone watch starts',
  );
  follow(server);
  try {
    await watch(verifier, { everyMs, looksPerSecond, schedules, signal }, state);
  } finally {
    site?.close();
    await Promise.all([board.close(), server?.close()]);
  }
  log.info({ chains: state.chains.size }, 'ledgerstone watch stopped');
}
