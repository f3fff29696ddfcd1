// `ledgerstone hold`: which segments may nobody delete, for which case?
import type { Command } from 'commander';
import { systemClock } from '../../base/clock.ts';
import { printable } from '../../base/printable.ts';
import type { Act } from '../../format/act.ts';
import { timeText } from '../../format/time.ts';
import { holdsInForce } from '../../verify/acts/in-force.ts';
import { type DecidingOptions, withDecider } from './deciding.ts';
import { holdJson } from './governance.ts';
import { exitOfActs, GOVERNED, openActs } from './governance-open.ts';
import { actJson, rangesText, stateOf, stateText } from './governance-text.ts';
import { holdKeep } from './hold-keep.ts';
import { type HoldOptions, runEnforce, runHold, runReaffirm, runRelease } from './hold-write.ts';
import { type ArchiveOptions, withArchive } from './open-archive.ts';
import { withSearch, withSelection } from './selection-options.ts';
import { acting, type Session } from './session.ts';

const HELP = `
A legal hold keeps objects from deletion whatever their locks say, until it is released.
Each hold has a case; a segment in several cases is held until the last one ends.

Examples:
  ledgerstone hold place --case C-17 --topic orders --from 2026-11-01 --to 2026-12-01 \\
      --config governance.yaml --by "Ada Byron" --reason "Litigation" \\
      --sign-key ada-key.pem
  ledgerstone hold list --config governance.yaml --json
`;

const PLACE = `
Whole segments are held: a segment is taken if its records' timestamps (or, with --time
sealed, its sealing) overlap --from to --to, by its signed manifest; one whose records have
no time is taken too. Held are seal and data of each, and the archive's keys and FORMAT.
With --future also each segment that comes later: \`hold keep\` sets those holds.

Exit codes: 0 recorded, and held; 2 usage or not allowed; 3 it could not be written; 4
recorded, and not all of it is held yet: run the same command again.

Examples:
  ledgerstone hold place --case C-17 --topic orders --from 2026-11-01 --to 2026-12-01 \\
      --config governance.yaml --by "Ada Byron" --reason "Litigation" \\
      --sign-key ada-key.pem
  ledgerstone hold place --case C-17 --topic orders --where '/userIdentity/arn~alice' \\
      --config governance.yaml --by "Ada Byron" --reason "Litigation" \\
      --sign-key ada-key.pem --dry-run
`;

const RELEASE = `
A proposal: nothing is taken off before another person has approved it. That person's
\`governance approve\` takes the holds off, or \`hold enforce\` does, where no other case
demands them. Run again after the approval, this does the same.

Exit codes: 0 released, and off; 2 usage or not allowed; 3 it could not be written; 4 it
waits for approval, or not everything is done in the store yet.

Examples:
  ledgerstone hold release --case C-17 --config governance.yaml --by "Ada Byron" \\
      --reason "Settled" --sign-key ada-key.pem
`;

const ENFORCE = `
Brings each object of every case that is or was held to what the acts in force demand:
a hold that lacks is set; one that no case demands any more is taken off if a release in
force covers it. Acts that were open are done then. Holds elsewhere are not looked at:
the verifier's sweep does that.

Exit codes: 0 all is as demanded; 1 the chain of decisions is broken: held is what the
acts before the break demand, and nothing is taken off; 2 usage or not allowed; 3 it could not be read or
written; 4 something failed: run it again.

Examples:
  ledgerstone hold enforce --config governance.yaml --by "Ada Byron" --reason "Restored" \\
      --sign-key ada-key.pem
`;

const OTHERS = `
Exit codes: 0 done, 1 the listed chain is not what was signed, 2 usage or not allowed, 3 it could not be read or written.

Examples:
  ledgerstone hold list --config governance.yaml --case C-17
  ledgerstone hold list ./archive --key governance.vkey --json
  ledgerstone hold reaffirm --case C-17 --config governance.yaml --by "Ada Byron" \\
      --reason "Still pending" --sign-key ada-key.pem
`;

type ListOptions = ArchiveOptions & { readonly case?: string; readonly json?: boolean };
type CaseOptions = DecidingOptions & { readonly case: string; readonly dryRun?: boolean };

export function holdCommand(program: Command, session: Session): void {
  const hold = program
    .command('hold')
    .description('Legal holds: placed, released by two persons, restored.')
    .helpCommand(false)
    .addHelpText('after', HELP);
  withSearch(withSelection(withDecider(hold.command('place').description('Holds segments for a case.'))))
    .requiredOption('--case <case>', 'the name of the case')
    .option('--dry-run', 'say what would be held, and write nothing')
    .addHelpText('after', PLACE)
    .action(acting(session, (options: HoldOptions) => runHold(session, options)));
  withArchive(hold.command('list').description('Cases in force, and those that were released.'), GOVERNED)
    .option('--case <case>', 'only this one')
    .option('--json', 'the same for programs')
    .addHelpText('after', OTHERS)
    .action(
      acting(session, (name: string | undefined, options: ListOptions) => runList(session, name, options)),
    );
  withDecider(hold.command('reaffirm').description('Says that a hold is still needed.'))
    .requiredOption('--case <case>', 'the case')
    .addHelpText('after', OTHERS)
    .action(acting(session, (options: CaseOptions) => runReaffirm(session, options)));
  withDecider(hold.command('release').description('Proposes that a case no longer holds anything.'))
    .requiredOption('--case <case>', 'the case')
    .option('--dry-run', 'say what would be released, and write nothing')
    .addHelpText('after', RELEASE)
    .action(acting(session, (options: CaseOptions) => runRelease(session, options)));
  withDecider(hold.command('enforce').description('Brings the store to what the acts in force demand.'))
    .addHelpText('after', ENFORCE)
    .action(acting(session, (options: DecidingOptions) => runEnforce(session, options)));
  holdKeep(hold, session);
}

async function runList(session: Session, name: string | undefined, options: ListOptions): Promise<number> {
  const { output } = session;
  const reading = await openActs(session, name, options, true);
  const { history } = reading;
  const nowMs = systemClock.now();
  const isAsked = (one: string) => options.case === undefined || one === options.case;
  const holds = holdsInForce(history, reading.broken === null).filter((hold) => isAsked(hold.case));
  const releases = history.acts.filter(({ act }) => act.kind === 'hold.release' && isAsked(act.detail.case));
  const exit = exitOfActs(reading);
  if (options.json === true) {
    await output.json({
      verified: reading.isVerified,
      broken: reading.broken?.message ?? null,
      holds: holds.map(holdJson),
      releases: releases.map((one) => actJson(one, history, nowMs)),
    });
    return exit;
  }
  for (const hold of holds) {
    const acts = hold.acts.map((id) => history.find(id)!);
    await output.write(
      [
        `${hold.case}: in force since ${timeText(hold.placedMs)}, last affirmed ${timeText(hold.affirmedMs)}`,
        `  ${rangesText(hold.segments)}`,
        ...acts.map((one) => {
          const { id, by, reason } = one.act;
          return `  ${id.slice(0, 8)} by ${by.name}: ${reason}; ${stateText(stateOf(one, history, nowMs))}`;
        }),
        '',
      ]
        .map(printable)
        .join('\n'),
    );
  }
  for (const one of releases) {
    const { id, detail } = one.act as Act & { readonly kind: 'hold.release' };
    const state = stateText(stateOf(one, history, nowMs));
    await output.line(`release of ${detail.case}, ${id.slice(0, 8)}: ${state}`);
  }
  if (holds.length === 0)
    await output.line(
      options.case === undefined ? 'no hold is in force' : `no hold of the case ${options.case} is in force`,
    );
  return exit;
}
