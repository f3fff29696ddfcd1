// `ledgerstone stamp`: has the day of this verifier been time-stamped, and if not, is it now?
import type { Command } from 'commander';
import { counted } from '../../base/counted.ts';
import { LedgerstoneError } from '../../base/error.ts';
import { printable } from '../../base/printable.ts';
import { requireFitStore } from '../../clients/open.ts';
import { loadVerifierConfig } from '../../config/verifier.ts';
import { timeText } from '../../format/time.ts';
import { runWork } from '../../verifier/run.ts';
import type { StampOutcome } from '../../verifier/stamps/stamper.ts';
import { portableChecker } from '../../verify/block-checker.ts';
import { nodeContentTools } from '../../verify/node/tools.ts';
import { makeVerifier, openClients } from '../verifier/wiring.ts';
import { EXIT, UsageError } from './exit-code.ts';
import { openLog } from './logger.ts';
import { acting, type Session } from './session.ts';

type StampOptions = { readonly config: string; readonly json?: boolean };

const HELP = `
With \`timestamps\` in verifier.yaml the verifier has what it has attested stamped by a
time-stamping authority (RFC 3161), once each UTC day. \`watch\` and the Lambda do that by
themselves. This does it once, now, for a scheduler, or to try a new authority. Where the
day has its stamp, nobody is asked. It needs the verifier's role and key.

Exit codes: 0 the day has its stamp, 2 usage, 3 the authority gave none, something else
lies where the day's list belongs, or something could not be read or written, 4 nothing is
attested yet.

Examples:
  ledgerstone stamp --config verifier.yaml
`;

export function stampCommand(program: Command, session: Session): void {
  program
    .command('stamp')
    .description("The verifier's time-stamp of today, by the configured authority.")
    .requiredOption('--config <file>', 'verifier.yaml, with `timestamps`')
    .option('--json', 'the result for programs')
    .addHelpText('after', HELP)
    .action(acting(session, (options: StampOptions) => runStamp(session, options)));
}

const RUN_MS = 15 * 60_000;

async function runStamp(session: Session, options: StampOptions): Promise<number> {
  const { io, output } = session;
  session.json = options.json === true;
  const config = await loadVerifierConfig(options.config, io.env);
  if (config.timestamps === null)
    throw new UsageError(
      `${options.config} names no time-stamping authority`,
      'Name one: timestamps: { url: http://timestamp.example.com, roots: authority.pem }',
    );
  await requireFitStore(config.attestations.store, io.signal);
  const clients = await openClients(config);
  try {
    // Standard output has the result alone.
    const { log } = await openLog({ ...io, stdout: io.stderr }, config.log.level, session.json);
    let outcome: StampOutcome | null = null;
    const checker = portableChecker(nodeContentTools);
    const onStamp = (one: StampOutcome) => {
      outcome = one;
    };
    const verifier = makeVerifier(config, clients, { checker, log, onStamp, tallyKeepMs: 0 });
    const tasks = [{ task: 'stamp', chains: null, message: null }] as const;
    const work = { isQueue: false, chains: [], objects: [], tasks, calls: [], ignored: [] };
    const endMs = verifier.clock.monotonic() + RUN_MS;
    const remainingMs = () => endMs - verifier.clock.monotonic();
    const { failures } = await runWork(verifier, work, { remainingMs, signal: io.signal });
    const [failure] = failures;
    if (failure !== undefined) throw failure.error;
    return await said(session, outcome as StampOutcome | null, output);
  } finally {
    await Promise.all([clients.archive.close(), clients.own.close(), clients.trailFiles?.close()]);
  }
}

async function said(
  session: Session,
  outcome: StampOutcome | null,
  output: Session['output'],
): Promise<number> {
  if (outcome === null) throw new LedgerstoneError('internal', 'the task has ended without an outcome');
  const { kind, date, why, by, genTimeMs, checkpoints, renewed, lastMs } = outcome;
  const timeOf = (ms: number | null) => (ms === null ? null : timeText(ms));
  if (session.json) {
    const times = { at: timeOf(genTimeMs), newest: timeOf(lastMs) };
    await output.json({ kind, date, why, by, ...times, checkpoints, renewed });
  } else await output.line(printable(lineOf(outcome)));
  if (kind === 'nothing') return EXIT.notYet;
  return kind === 'no-list' || kind === 'no-token' ? EXIT.failed : EXIT.ok;
}

function lineOf({ kind, date, why, by, genTimeMs, checkpoints, renewed }: StampOutcome): string {
  if (genTimeMs === null) return `${date}: not stamped: ${why}`;
  const what = `${counted(checkpoints, 'chain')}${renewed === 0 ? '' : `, ${counted(renewed, 'older stamp')} renewed`}`;
  return `${date}: ${kind === 'stamped' ? 'stamped' : 'was stamped'} at ${timeText(genTimeMs)} by ${by}: ${what}`;
}
