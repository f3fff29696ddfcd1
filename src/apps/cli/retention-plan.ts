// `ledgerstone retention plan`: what would a changed file of policies do, before anybody starts with it?
import type { Command } from 'commander';
import { systemClock } from '../../base/clock.ts';
import { LedgerstoneError, messageOf } from '../../base/error.ts';
import { type Config, loadConfig } from '../../config/archiver.ts';
import { topicNamed } from '../../config/topic-names.ts';
import { planTopic, type TopicPlan } from '../../governance/plan.ts';
import { type ChainsAsStored, chainsAsStored } from '../../governance/plan-facts.ts';
import { STORAGE_PRICES } from '../../governance/prices.ts';
import { readActs } from '../../read/acts.ts';
import { EXIT } from './exit-code.ts';
import { configuredKeys, openArchiveStore } from './open-archive.ts';
import { PRICE_NOTE, planJson, topicPlanText } from './plan-text.ts';
import { acting, type Session } from './session.ts';

type PlanOptions = { readonly config: string; readonly json?: boolean };

const HELP = `
Compares the policies of the file with those in force in the governance chain, or, without
one, with what the newest seals promise. It writes nothing. Amounts are of data objects as
the store lists them; cost is at list prices of one Region, without requests.

Exit codes: 0 planned, 2 configuration, 3 a chain or the decisions could not be read.

Examples:
  ledgerstone retention plan --config new-ledgerstone.yaml
`;

export function retentionPlan(retention: Command, session: Session): void {
  retention
    .command('plan')
    .description('Old and new policy of each topic, with dates, amounts and cost.')
    .requiredOption('--config <file>', 'ledgerstone.yaml with the new policies')
    .option('--json', 'the same for programs')
    .addHelpText('after', HELP)
    .action(acting(session, (options: PlanOptions) => runPlan(session, options)));
}

type Planned = {
  readonly plans: readonly TopicPlan[];
  readonly problems: readonly string[];
  /** All that are stored or that people decided about: by a pattern the file archives some of them. */
  readonly chains: readonly string[];
};

async function runPlan(session: Session, options: PlanOptions): Promise<number> {
  const { io, output } = session;
  session.judges = false;
  const config = await loadConfig(options.config, io.env);
  const nowMs = systemClock.now();
  const { plans, problems } = await planOf(config, nowMs, io.signal);
  if (options.json === true)
    await output.json({ prices: STORAGE_PRICES, plans: plans.map(planJson), problems });
  else {
    const isLocking = config.archive.store.kind === 's3';
    for (const plan of plans) await output.write(topicPlanText(plan, isLocking));
    await output.write(`${PRICE_NOTE}\n`);
    for (const problem of problems) output.note(problem);
  }
  return problems.length > 0 ? EXIT.failed : EXIT.ok;
}

/** What could not be read is among the problems, and the plan is of the rest. */
export async function planOf(config: Config, nowMs: number, signal: AbortSignal): Promise<Planned> {
  const store = await openArchiveStore(config.archive.store);
  const problems: string[] = [];
  try {
    const trusted = await configuredKeys(config);
    const inForce = await policiesInForce(store, trusted, signal).catch((error: unknown) => {
      signal.throwIfAborted();
      if (!(error instanceof LedgerstoneError)) throw error;
      problems.push(`not looked at: what people decided: ${messageOf(error)}`);
      return null;
    });
    const facts = await chainsAsStored(store, trusted, nowMs, signal);
    problems.push(...facts.problems);
    const chains = [
      ...new Set([...facts.chains.keys(), ...(inForce?.chains ?? []).map(({ chain }) => chain)]),
    ].sort();
    const { topics } = config.source;
    const byPattern = chains.flatMap((chain) => {
      const topic = topics.some(({ name }) => name === chain) ? null : topicNamed(config.source, chain);
      return topic ?? [];
    });
    const plans = [...topics, ...byPattern].map((topic) =>
      planned(config, topic, facts.chains, inForce, nowMs),
    );
    return { plans, problems, chains };
  } finally {
    await store.close();
  }
}

const policiesInForce = async (...args: Parameters<typeof readActs>) =>
  (await readActs(...args))?.history.newest('policy')?.detail ?? null;

function planned(
  config: Config,
  topic: Config['source']['topics'][number],
  facts: ChainsAsStored['chains'],
  inForce: Parameters<typeof planTopic>[3],
  nowMs: number,
): TopicPlan {
  const names = new Set([topic.chain, ...Object.values(topic.partitions).map(({ chain }) => chain)]);
  const chains = [...names].flatMap((name) => facts.get(name) ?? []);
  const policy = { ...config.retention[topic.retention]!, name: topic.retention };
  return planTopic(topic.name, policy, chains, inForce, nowMs);
}
