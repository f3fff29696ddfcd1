// `ledgerstone demo`: what does the whole product do? Shown on this machine in seconds.
import type { Command } from 'commander';
import { acting, type Session } from './session.ts';

type DemoOptions = { readonly stack?: boolean; readonly dir?: string; readonly json?: boolean };

const HELP = `
Archives 4,712 real audit events with the production code, verifies them, attacks copies
of the archive, and proves one event. Its files stay in a directory that it prints, so
that you can try the commands that it suggests. --dir chooses the directory.

Examples:
  ledgerstone demo
  ledgerstone demo --dir ./demo
  npm run stack && npm run demo -- --stack        Kafka, S3 Object Lock and KMS, locally
`;

export function demoCommand(program: Command, session: Session): void {
  program
    .command('demo')
    .description('All of it on this machine in seconds.')
    .option('--stack', 'on the local stack that `npm run stack` started')
    .option('--dir <directory>', 'where to keep its files: new or empty; default: a temporary one')
    .option('--json', 'what happened, for programs')
    .addHelpText('after', HELP)
    .action(
      acting(session, async (options: DemoOptions) => {
        const { runDemo } = await import('./demo/show.ts');
        return runDemo(session, options);
      }),
    );
}
