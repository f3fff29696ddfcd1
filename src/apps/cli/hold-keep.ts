// `ledgerstone hold keep`: how do new segments come under the holds of their chains, without a person?
import { type Command, InvalidArgumentError } from 'commander';
import { systemClock } from '../../base/clock.ts';
import { counted } from '../../base/counted.ts';
import { LedgerstoneError, messageOf } from '../../base/error.ts';
import type { Logger } from '../../base/log.ts';
import { openForDeciding } from '../../clients/open.ts';
import { DURATION_PATTERN, durationMs } from '../../config/units.ts';
import type { VerifierKey } from '../../format/vkey.ts';
import type { Effect } from '../../governance/effect.ts';
import { isGrowing, keepHolds } from '../../governance/keep-holds.ts';
import { BrokenActsError } from '../../read/broken-acts.ts';
import type { StoreReader } from '../../store/store.ts';
import { type Hold, holdsInForce } from '../../verify/acts/in-force.ts';
import { EXIT, exitCodeOfError, UsageError } from './exit-code.ts';
import { GOVERNED, governedArchiveOf, requireActs } from './governance-open.ts';
import { effectJson, effectLines } from './governance-text.ts';
import { endsInLog, openLog } from './logger.ts';
import { type ArchiveOptions, withArchive } from './open-archive.ts';
import { acting, type Session } from './session.ts';

type KeepOptions = ArchiveOptions & {
  readonly every?: number;
  readonly since?: number;
  readonly json?: boolean;
};

const HELP = `
Puts on each legal hold that a case in force demands and that lacks, above all on segments
that were sealed since (\`hold place --future\`), and what somebody took off. It takes none
off and writes no decision, so no person's key is needed: give its role reading, listing,
and s3:PutObjectLegalHold for ON alone.

Once, or with --every as a service until SIGTERM: each round looks at what was stored since
the one before, with an hour to spare; the first one, and one a day, at everything. A round
that fails is logged and made up for by the next one. With --since, for schedulers, it
looks once at what was stored so lately, of the cases that hold later segments too; the
other cases are named, and not looked at. How late a hold may be, the verifier watches: an
hour after the segment came, its next sweep finds a hold that lacks.

Exit codes: 0 all that was looked at is held, or the service was stopped; 1 the chain of
decisions is broken: held is what the acts before the break demand; 2 usage; 3 it could not
be read or set; 4 something failed: run it again.

Examples:
  ledgerstone hold keep --config governance.yaml --every 15m
  ledgerstone hold keep s3://acme-audit/prod --key archive.vkey --key governance.vkey --since 2h
`;

const LEAST_MS = 1000;
/** Clocks of others, and seals that came while a round listed. */
const SPARE_MS = 3_600_000;
const EVERYTHING_MS = 24 * 3_600_000;

export function holdKeep(hold: Command, session: Session): void {
  withArchive(
    hold.command('keep').description('Puts on what lacks, again and again: for a service.'),
    GOVERNED,
  )
    .option('--every <duration>', 'as a service, a round so often, such as 15m', duration)
    .option('--since <duration>', 'only what was stored so lately, of chains held as they grow', duration)
    .option('--json', 'the result, or the log, for programs')
    .addHelpText('after', HELP)
    .action(
      acting(session, (name: string | undefined, options: KeepOptions) => runKeep(session, name, options)),
    );
}

function duration(text: string): number {
  if (!DURATION_PATTERN.test(text) || durationMs(text) < LEAST_MS)
    throw new InvalidArgumentError('It must be a duration such as 15m, of a second or more.');
  return durationMs(text);
}

type Round = {
  /** All that are in force. */
  readonly cases: readonly string[];
  /** Those of them that were not looked at. */
  readonly notLooked: readonly string[];
  /** The decisions behind that were not read, and no release was believed. */
  readonly broken: BrokenActsError | null;
  readonly effect: Effect;
};
/** `sinceMs` null: everything. */
type Look = (sinceMs: number | null) => Promise<Round>;

async function runKeep(session: Session, name: string | undefined, options: KeepOptions): Promise<number> {
  const { io } = session;
  const { every, since } = options;
  session.judges = false;
  if (every !== undefined && since !== undefined)
    throw new UsageError('--every and --since at once', 'A service knows itself since when.');
  const { place, trusted } = await governedArchiveOf(session, name, options);
  const store = await openForDeciding(place);
  const read = async () => {
    const { broken, history, isVerified } = await actsToKeep(store, trusted, io.signal);
    if (isVerified) return { history, broken };
    throw new LedgerstoneError(
      'no-trusted-key',
      'no key was given: nobody is obeyed whose word is not verified',
      {
        disposition: 'input',
        remedy: 'Give the verifier keys of the log and of the decisions with --key.',
      },
    );
  };
  const look: Look = async (sinceMs) => {
    const { history, broken } = await read();
    const clock = systemClock;
    const tools = { store, clock, trusted, signal: io.signal, isVerified: broken === null };
    const effect = await keepHolds(tools, history, sinceMs, async () => (await read()).history);
    const holds = holdsInForce(history, broken === null);
    const notLooked = sinceMs === null ? [] : holds.filter(({ segments }) => !segments.some(isGrowing));
    return { ...{ cases: casesOf(holds), notLooked: casesOf(notLooked) }, broken, effect };
  };
  try {
    if (every === undefined)
      return await once(session, options, await look(since === undefined ? null : systemClock.now() - since));
    const json = options.json === true;
    const { log } = await openLog(io, 'info', json);
    return await endsInLog(io, log, json, () => keepOn(look, every, log, io.signal));
  } finally {
    await store.close();
  }
}

const casesOf = (holds: readonly Hold[]): string[] => holds.map((hold) => hold.case);

async function once(
  { output }: Session,
  options: KeepOptions,
  { cases, notLooked, broken, effect }: Round,
): Promise<number> {
  if (options.json === true)
    await await output.json({
      cases,
      notLooked,
      broken: broken?.message ?? null,
      effect: effectJson(effect),
    });
  else {
    await output.line(`cases in force: ${cases.join(', ') || 'none'}`);
    if (notLooked.length > 0) await output.line(notLookedText(cases, notLooked));
    for (const line of effectLines(effect, 'held')) await output.line(line);
  }
  if (broken !== null) {
    output.note(keptAllTheSame(broken));
    return exitCodeOfError(broken);
  }
  return effect.failed.length > 0 ? EXIT.notYet : EXIT.ok;
}

/** Of a command that holds what can still be believed. */
export const keptAllTheSame = ({ message, remedy }: BrokenActsError): string =>
  `${message}; held is what the acts before it demand, and no release is believed. ${remedy}`;

/** Acts of a broken chain are those before the break. */
const actsToKeep = (store: StoreReader, trusted: readonly VerifierKey[], signal: AbortSignal) =>
  requireActs(store, trusted, signal).then(
    (reading) => ({ ...reading, broken: null }),
    (error: unknown) => {
      if (!(error instanceof BrokenActsError) || error.before === null) throw error;
      return { ...error.before, broken: error };
    },
  );

const notLookedText = (cases: readonly string[], notLooked: readonly string[]): string => {
  const looked = cases.filter((name) => !notLooked.includes(name));
  return [
    looked.length === 0 ? 'looked at none of them: ' : `looked at ${looked.join(', ')} only: `,
    `cases without later segments (${notLooked.join(', ')}) are not kept with --since: `,
    '`hold keep` without it looks at them, and `hold enforce`',
  ].join('');
};

async function keepOn(look: Look, everyMs: number, log: Logger, signal: AbortSignal): Promise<number> {
  let doneMs: number | null = null;
  let everythingMs: number | null = null;
  log.info({ everyMs }, 'ledgerstone hold keep starts');
  while (!signal.aborted) {
    const nowMs = systemClock.now();
    const isAll = doneMs === null || everythingMs === null || nowMs - everythingMs >= EVERYTHING_MS;
    if (await wentThrough(look, isAll ? null : doneMs! - SPARE_MS, log, signal)) {
      doneMs = nowMs;
      if (isAll) everythingMs = nowMs;
    }
    const leftMs = Math.max(0, everyMs - (systemClock.now() - nowMs));
    if (!signal.aborted) await systemClock.sleep(leftMs, signal).catch(() => {});
  }
  log.info({}, 'ledgerstone hold keep stopped');
  return EXIT.ok;
}

/** False: something failed, and the next round looks at the same again. */
async function wentThrough(
  look: Look,
  sinceMs: number | null,
  log: Logger,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const { cases, broken, effect } = await look(sinceMs);
    if (broken !== null) log.error({ code: broken.code }, keptAllTheSame(broken));
    const { objects, changed, failed, withoutAct } = effect;
    const about = { cases: cases.length, all: sinceMs === null, objects, changed };
    if (withoutAct.length > 0)
      log.warn({ keys: withoutAct.slice(0, 10) }, 'released while it was put on: run hold enforce');
    if (failed.length === 0) log.info(about, `held ${counted(objects, 'object')}, ${changed} of them now`);
    else
      log.error(
        { ...about, failed: failed.slice(0, 10) },
        `${failed.length} failed: the next round tries again`,
      );
    return failed.length === 0;
  } catch (error) {
    if (signal.aborted) return false;
    // What is wrong with the command line or the keys does not mend itself.
    if (error instanceof LedgerstoneError && error.disposition === 'input') throw error;
    log.error({}, `the round failed, the next one tries again: ${messageOf(error)}`);
    return false;
  }
}
