// `ledgerstone retention enforce`: is each lock as long as what was decided, whatever broke off or came late?
import type { Command } from 'commander';
import { counted } from '../../base/counted.ts';
import { enforceRetention } from '../../governance/carry-out.ts';
import { type DecidingOptions, deciding, withDecider } from './deciding.ts';
import { EXIT } from './exit-code.ts';
import { effectJson, effectLines } from './governance-text.ts';
import { acting, type Session } from './session.ts';

const HELP = `
Lengthens each lock to what the longer locks in force demand, whoever decided them, and
ends those that were open. Segments that were sealed since the policies came into force
and promise less than those say, because an archiver had not been restarted yet, are
locked as long as the policy says too. Their seals keep the shorter word, which verify
reports if they were sealed more than an hour later. Nothing becomes shorter. It reads
every seal since the policies came into force.

Exit codes: 0 each lock is as long; 2 usage or not allowed; 3 it could not be read or
written; 4 something failed: run it again.

Examples:
  ledgerstone retention enforce --config governance.yaml --by "Ada Byron" \\
      --reason "After the restart" --sign-key ada-key.pem
`;

export function retentionEnforce(retention: Command, session: Session): void {
  withDecider(retention.command('enforce').description('Brings each lock to what was decided.'))
    .addHelpText('after', HELP)
    .action(acting(session, (options: DecidingOptions) => runEnforce(session, options)));
}

async function runEnforce(session: Session, options: DecidingOptions): Promise<number> {
  const { output } = session;
  return deciding(session, options, 'one', async ({ tools, decider }) => {
    const { effect, closed, late } = await enforceRetention(tools, decider);
    if (options.json === true)
      await output.json({ late, closed: closed.map(({ act }) => act.id), effect: effectJson(effect) });
    else {
      for (const line of effectLines(effect, 'locked as decided:')) await output.line(line);
      if (late > 0)
        await output.line(
          `${counted(late, 'segment')} among them: sealed under the policies before those in force`,
        );
      for (const { act } of closed) await output.line(`done now: ${act.id.slice(0, 8)} ${act.kind}`);
    }
    return effect.failed.length > 0 ? EXIT.notYet : EXIT.ok;
  });
}
