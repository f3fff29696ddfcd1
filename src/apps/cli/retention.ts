// `ledgerstone retention`: what do policies change, and who put them in force?
import type { Command } from 'commander';
import { retentionEnforce } from './retention-enforce.ts';
import { retentionExpire } from './retention-expire.ts';
import { retentionExtend } from './retention-extend.ts';
import { retentionPlan } from './retention-plan.ts';
import { retentionPolicy } from './retention-policy.ts';
import type { Session } from './session.ts';

const HELP = `
Retention policies stand in ledgerstone.yaml. \`plan\` shows what a changed file would do
before anybody starts an archiver with it. \`extend\` makes the locks of what is stored
longer, \`enforce\` ends what broke off. \`expire\` lists what nothing keeps any more.

Examples:
  ledgerstone retention plan --config new-ledgerstone.yaml
  ledgerstone retention plan --config new-ledgerstone.yaml --json
  ledgerstone retention expire s3://acme-audit/prod --key archive.vkey
`;

export function retentionCommand(program: Command, session: Session): void {
  const retention = program
    .command('retention')
    .description('How long events are locked: what a change would do, longer locks, what is over.')
    .helpCommand(false)
    .addHelpText('after', HELP);
  retentionPlan(retention, session);
  retentionPolicy(retention, session);
  retentionExtend(retention, session);
  retentionEnforce(retention, session);
  retentionExpire(retention, session);
}
