// `ledgerstone retention policy`: the policies of a file are put in force, by a decision that is recorded.
import type { Command } from 'commander';
import { systemClock } from '../../base/clock.ts';
import { LedgerstoneError } from '../../base/error.ts';
import { type Config, loadConfig, policyOfChains } from '../../config/archiver.ts';
import { historyNow } from '../../governance/carry-out.ts';
import type { TopicPlan } from '../../governance/plan.ts';
import { type ConfiguredPolicies, policiesToAct } from '../../governance/policy-difference.ts';
import { recordAct } from '../../governance/record-act.ts';
import { loosens } from '../../verify/acts/loosens.ts';
import { type DecidingOptions, deciding, withDecider } from './deciding.ts';
import { UsageError } from './exit-code.ts';
import { finish } from './governance-write.ts';
import { repeatable } from './open-archive.ts';
import { CONSENT_TEXT } from './plan-text.ts';
import { planOf } from './retention-plan.ts';
import { acting, type Session } from './session.ts';

type PolicyOptions = DecidingOptions & {
  readonly from: readonly string[];
  readonly consent?: readonly string[];
};

const HELP = `
Puts the policies of that file in force, with the one by which each chain is archived, in
place of all that were in force: name every file of this archive with a --from. An
archiver then starts with no others, and what is sealed otherwise an hour later is a
finding. What is dangerous is asked for by name, as \`retention plan\` shows it. Policies
that promise less than those in force need a second person; so does a further one that is
weaker than each of them, since a chain that is not named may have it.

Archivers that run keep their policies until they are restarted: restart them within the
hour after it is in force.

Exit codes: 0 in force, 2 usage, not allowed or not asked for by name, 3 it could not be
written, or the archive not be looked at; 4 it waits for approval.

Examples:
  ledgerstone retention policy --from new-ledgerstone.yaml --config governance.yaml \\
      --by "Ada Byron" --reason "PCI asks for a year" --sign-key ada-key.pem
  ledgerstone retention policy --from new-ledgerstone.yaml --config governance.yaml \\
      --by "Ada Byron" --reason "Ticket 4711" --sign-key ada-key.pem --consent shorter:orders
`;

export function retentionPolicy(retention: Command, session: Session): void {
  withDecider(retention.command('policy').description('Puts the policies of a file in force.'))
    .requiredOption(
      '--from <file>',
      'ledgerstone.yaml with the policies; each one of this archive',
      repeatable,
    )
    .option('--consent <what>', 'what is dangerous and meant, as `plan` names it; repeatable', repeatable)
    .addHelpText('after', HELP)
    .action(acting(session, (options: PolicyOptions) => runPolicy(session, options)));
}

async function runPolicy(session: Session, options: PolicyOptions): Promise<number> {
  const { io } = session;
  const configs = await Promise.all(options.from.map((file) => loadConfig(file, io.env)));
  const plans: TopicPlan[] = [];
  const problems: string[] = [];
  const known: string[] = [];
  for (const config of configs) {
    const planned = await planOf(config, systemClock.now(), io.signal);
    plans.push(...planned.plans);
    problems.push(...planned.problems);
    known.push(...planned.chains);
  }
  if (problems.length > 0)
    throw new LedgerstoneError(
      'not-looked-at',
      `what this would change is not known: ${problems.join('; ')}`,
      {
        remedy: 'Name all keys of the archive in `archive.trusted` of that file, and try again.',
      },
    );
  requireConsents(plans, options.consent ?? []);
  const detail = policiesToAct(mergedPolicies(configs, known));
  return deciding(
    session,
    options,
    async (tools) =>
      loosens(detail, (await historyNow(tools)).newest('policy')?.detail ?? null) ? 'two' : 'one',
    async ({ config: { archive }, tools, decider, asked }) => {
      for (const one of configs)
        if (archive.origin !== one.archive.origin)
          throw new UsageError(`--from is about ${one.archive.origin}, --config about ${archive.origin}`);
      const written = await recordAct(tools, decider, { kind: 'policy', ...asked, detail });
      return finish(session, options, written);
    },
  );
}

/**
 * Of several archivers, with the chains that a pattern has taken by now. Throws UsageError where two files
 * say different things by one name.
 */
function mergedPolicies(configs: readonly Config[], known: readonly string[]): ConfiguredPolicies {
  const policies: Record<string, Config['retention'][string]> = {};
  const chains: Record<string, string> = {};
  for (const config of configs) {
    for (const [name, policy] of Object.entries(config.retention)) {
      const before = policies[name];
      if (before !== undefined && (before.text !== policy.text || before.mode !== policy.mode))
        throw new UsageError(
          `${name} is ${before.text} in one file and ${policy.text} in another`,
          'Give each its own name.',
        );
      policies[name] = policy;
    }
    for (const [chain, policy] of Object.entries(policyOfChains(config, known))) {
      if (chains[chain] !== undefined) throw new UsageError(`two files archive the chain ${chain}`);
      chains[chain] = policy;
    }
  }
  return { policies, chains };
}

/** Throws UsageError where something dangerous was not asked for, or something asked for is not there. */
function requireConsents(plans: readonly TopicPlan[], given: readonly string[]): void {
  const needed = new Map<string, string>(
    plans.flatMap(({ topic, consents }) =>
      consents.map(
        (consent) => [`${consent}:${topic}`, `${topic} would be ${CONSENT_TEXT[consent]}`] as const,
      ),
    ),
  );
  const missing = [...needed].filter(([name]) => !given.includes(name));
  if (missing.length > 0)
    throw new UsageError(
      `not asked for: ${missing.map(([, text]) => text).join('; ')}`,
      `If it is meant: ${missing.map(([name]) => `--consent ${name}`).join(' ')}`,
    );
  const unknown = given.filter((name) => !needed.has(name));
  if (unknown.length > 0)
    throw new UsageError(
      `--consent ${unknown.join(', ')}: nothing of the kind would change`,
      'See `retention plan`.',
    );
}
