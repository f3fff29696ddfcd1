// `ledgerstone drill`: how soon does the verifier find a tampering, and notify people?
//
// Decided: the canary is not a real chain. To create a real one, an operator would need the log's key. It
// would be stale after its first hour, and every report would list it for ever. A forged first seal of a
// chain that does not exist needs no key and takes the same way as a forged seal of a real chain: event or
// `watch`, step, finding, ledger, alarm. The chain's name is reserved, no other chain's verdict changes, and
// it ends with the drill.
import { createInterface } from 'node:readline/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { systemClock } from '../../base/clock.ts';
import { nodeSha256 } from '../../base/node/hash.ts';
import { openForWriting } from '../../clients/open.ts';
import type { StoreConfig } from '../../config/connections.ts';
import { DURATION_PATTERN, durationMs } from '../../config/units.ts';
import { archiveOriginOf, loadVerifierConfig, type VerifierConfig } from '../../config/verifier.ts';
import type { NoteKeys } from '../../verifier/signed-notes.ts';
import { readCosigners } from './attestations-option.ts';
import { expectedFindings, KINDS, type Kind } from './drill/canary.ts';
import { earlierCanaries } from './drill/earlier.ts';
import { drillJson, drillText, type Plan, planText } from './drill/report.ts';
import { runDrill } from './drill/run.ts';
import { EXIT, UsageError } from './exit-code.ts';
import { openArchiveStore, repeatable } from './open-archive.ts';
import { configuredCosigners } from './own-bucket-option.ts';
import { acting, type Session } from './session.ts';
import { ageText } from './table.ts';

type DrillCommandOptions = {
  readonly config: string;
  readonly cosigner?: readonly string[];
  readonly kind: Kind;
  readonly lock?: number;
  readonly within?: number;
  readonly closedWithin?: number;
  readonly yes?: boolean;
  readonly json?: boolean;
};

const DAY_MS = 86_400_000;
/** Long enough for a verifier to find the lock, and short enough to wait for its end. */
const LOCK_MS = 60_000;
const LOCK_MS_MAX = 366 * DAY_MS;

const HELP = `
Tampers with a canary of its own, never with a chain. Waits until the verifier's ledger
has the finding and people were notified, says how long that took, and removes the canary.

  forged-seal     found by events within seconds, by \`watch\` within 15: it looks for new
                  chains every 10 s, and for new seals of known chains more often;
                  \`verify\` of the whole archive says unverifiable for that minute
  second-version  the same, and another version of the same object
  foreign-object  verdicts stay as they are; \`watch\` finds it only by its sweep
  delete-marker   the same, and nothing is stored

It writes nothing that it can't delete again. If deletes are refused, as they should be,
the refused delete is the drill, and CloudTrail must report it. So the best role for it is
in the archive's account, has no right on the archive's bucket, and may read findings/ in
the verifier's bucket. Only what the verifier signed counts as found: give its public key
with --cosigner where this role may not ask its key service. With --lock the object is
written anyway, locked for that long. What earlier drills left is named, and removed if
this role may and it is older than two hours.

Exit codes: 0 found and every channel notified, 1 not, 2 usage, 3 could not be done.

Examples:
  ledgerstone drill --config verifier.yaml
  ledgerstone drill --config verifier.yaml --cosigner verifier.vkey --yes --json
  ledgerstone drill --config verifier.yaml --kind delete-marker --within 75m
`;

function duration(text: string): number {
  if (!DURATION_PATTERN.test(text))
    throw new InvalidArgumentError('It must be a duration such as 30s, 2m or 1h.');
  return durationMs(text);
}

export function drillCommand(program: Command, session: Session): void {
  program
    .command('drill')
    .description('A harmless tampering: how soon is it found?')
    .requiredOption('--config <file>', 'verifier.yaml of the verifier that is tested')
    .option(
      '--cosigner <key>',
      "the verifier's key, or a file of them; default: by its configuration",
      repeatable,
    )
    .addOption(new Option('--kind <kind>', 'what is done').choices(KINDS).default('forged-seal'))
    .option('--lock <duration>', 'lock of the object; if it can not be deleted then, it stays', duration)
    .option('--within <duration>', 'default: 2m, or 15m where the act was refused', duration)
    .option('--closed-within <duration>', 'also wait for the finding to be closed', duration)
    .option('--yes', 'go on without asking; needed without a terminal or for locks over a day')
    .option('--json', 'the result for programs')
    .addHelpText('after', HELP)
    .action(acting(session, (options: DrillCommandOptions) => runDrillCommand(session, options)));
}

async function runDrillCommand(session: Session, options: DrillCommandOptions): Promise<number> {
  const { io, output } = session;
  const config = await loadVerifierConfig(options.config, io.env);
  const lockMs = lockOf(config, options);
  const { store } = config.archive;
  const keys = await keysOf(config, options);
  // A drill is of an archive that is there already: opening it for reading says so, and creates none.
  await (await openArchiveStore(store)).close();
  const archive = await openForWriting(store, config.sweep.greatestLock);
  const own = await openArchiveStore(config.attestations.store);
  const canary = await openCanary(store);
  try {
    const { kind } = options;
    const mayStay = options.lock !== undefined;
    const channels = channelsOf(config);
    const expected = expectedFindings(kind, lockMs, config.sweep.leastLock, Date.now());
    const earlier = await earlierCanaries(archive, io.signal);
    const plan: Plan = {
      ...{ kind, config, archive: archive.description, lockMs, mayStay, channels, expected, earlier },
    };
    output.note(planText(plan));
    if (!(await isWanted(session, options, lockMs))) {
      output.note('nothing was done');
      return EXIT.usage;
    }
    const closedWithinMs = options.closedWithin ?? 0;
    const result = await runDrill(
      {
        ...{ archive, canary, own, keys, clock: systemClock, origin: archiveOriginOf(config) },
        prefix: store.kind === 's3' ? store.prefix : '',
        ...{ signal: io.signal, note: (text: string) => output.note(text) },
      },
      { kind, lockMs, mayStay, withinMs: options.within ?? null, closedWithinMs, channels, earlier },
    );
    const isSeen = result.seen !== null && result.notified.every(({ ms }) => ms !== null);
    const isGood = isSeen && (closedWithinMs === 0 || result.isClosed);
    if (options.json === true) await output.json(drillJson(result, plan, isGood));
    else await output.write(drillText(result, plan, isGood, output));
    return isGood ? EXIT.ok : EXIT.broken;
  } finally {
    canary.close();
    await Promise.all([archive.close(), own.close()]);
  }
}

/** By which the verifier's findings are known from what somebody else lays beside them. */
async function keysOf(config: VerifierConfig, { cosigner = [] }: DrillCommandOptions): Promise<NoteKeys> {
  const given = await readCosigners(cosigner);
  const cosigners = given.length > 0 ? given : await configuredCosigners(config);
  return { archiveOrigin: archiveOriginOf(config), cosigners, sha256: nodeSha256 };
}

/** Nobody can show that a log was read, but the verifier notes that it wrote to it. */
const channelsOf = ({ alarms }: VerifierConfig): string[] => [
  'log',
  ...(alarms.sns === null ? [] : ['sns']),
  ...(alarms.webhook === null ? [] : ['webhook']),
];

async function openCanary(store: StoreConfig) {
  if (store.kind === 's3') return (await import('../../store/canary-s3.ts')).s3Canary(store);
  return (await import('../../store/canary.ts')).directoryCanary(store.path);
}

/** The lock's length in milliseconds. Throws UsageError before anything is opened. */
function lockOf({ archive, configuration }: VerifierConfig, { kind, lock }: DrillCommandOptions): number {
  if (archive.store.kind === 'directory' && (kind === 'second-version' || kind === 'delete-marker')) {
    const remedy = 'Use --kind forged-seal or foreign-object.';
    throw new UsageError(`a directory has no versions, so no ${kind}`, remedy);
  }
  if (lock === undefined) return LOCK_MS;
  if (kind === 'delete-marker') throw new UsageError('a delete marker has no lock', 'Leave --lock out.');
  if (lock < LOCK_MS || lock > LOCK_MS_MAX) throw new UsageError('--lock must be 60s to 366d');
  const leastMs = (configuration.minimumDays ?? 0) * DAY_MS;
  if (lock < leastMs) {
    const remedy = `The shortest that it accepts: --lock ${(configuration.minimumDays ?? 0) + 1}d.`;
    throw new UsageError(`the bucket's policy refuses a lock of ${ageText(lock)}`, remedy);
  }
  return lock;
}

/** Asks the person at the terminal. Throws UsageError if there is none. */
async function isWanted(
  { io }: Session,
  { yes, kind }: DrillCommandOptions,
  lockMs: number,
): Promise<boolean> {
  if (yes === true) return true;
  if (lockMs > DAY_MS)
    throw new UsageError(`what ${kind} puts is locked for ${ageText(lockMs)}`, 'Add --yes.');
  if ((io.stdin as { readonly isTTY?: boolean }).isTTY !== true)
    throw new UsageError('there is no terminal to ask at', 'Add --yes.');
  const lines = createInterface({ input: io.stdin, output: io.stderr });
  try {
    return /^y(es)?$/i.test((await lines.question('Go on? [y/N] ', { signal: io.signal })).trim());
  } finally {
    lines.close();
  }
}
