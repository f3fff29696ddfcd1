// `ledgerstone governance continue`: decisions go on behind a break that nobody can take away.
import type { Command } from 'commander';
import { printable } from '../../base/printable.ts';
import { findBreak, readToContinue } from '../../governance/continue-acts.ts';
import { governanceKeys, recordAct } from '../../governance/record-act.ts';
import { readContinuation } from '../../read/acts.ts';
import { type DecidingOptions, deciding, withDecider } from './deciding.ts';
import { finish } from './governance-write.ts';
import { acting, type Session } from './session.ts';

const HELP = `
Where an object that is no segment of the chain of decisions is locked at the place of its
next one, no act can be written behind it. This begins another partition of that chain. It
names the last good checkpoint of the earlier one. Nothing counts there until another person
has approved it (governance approve), both by the charter before the break. All acts before
the break stand. Where acts behind it were signed and can't be read, no release is believed
any more: one of them may have placed a hold.

Look first: ledgerstone verify, and "A broken chain of decisions" in the verifier's runbook.

Exit codes: 0 in force, 2 usage or not allowed, 3 it could not be written, 4 it waits for
approval.

Examples:
  ledgerstone governance continue --config governance.yaml --by "Ada Byron" \\
      --reason "A foreign object at segment 7" --sign-key ada-key.pem
`;

export function governanceContinue(governance: Command, session: Session): void {
  withDecider(governance.command('continue').description('Decisions go on behind a break; two persons.'))
    .addHelpText('after', HELP)
    .action(acting(session, (options: DecidingOptions) => runContinue(session, options)));
}

async function runContinue(session: Session, options: DecidingOptions): Promise<number> {
  return deciding(session, options, 'two', async ({ tools, decider, asked }) => {
    const { detail, problem } = await findBreak(tools);
    const read = () => readToContinue(tools, options.reason, options.by);
    const recording = await recordAct(tools, decider, { kind: 'continue', ...asked, detail }, read);
    const { origin, size } = detail;
    const now = await readContinuation(tools.store, governanceKeys(tools), tools.signal);
    const begun = now?.head.manifest.origin ?? null;
    return finish(session, options, recording, { problem, begun }, [
      printable(`behind ${origin}, which stands up to segment ${size - 1}: ${problem}`),
    ]);
  });
}
