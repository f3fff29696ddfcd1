// `ledgerstone retention plan`: what would a changed file of policies do, before anybody starts with it?
import type { Command } from 'commander';
import { systemClock } from '../../base/clock.ts';
import { LedgerstoneError, messageOf } from '../../base/error.ts';
import { printable } from '../../base/printable.ts';
import { type Config, loadConfig } from '../../config/archiver.ts';
import { GOVERNANCE_CHAIN } from '../../format/chain.ts';
import { timeText, untilText } from '../../format/time.ts';
import { type ChainFacts, type Consent, planTopic, type TopicPlan } from '../../governance/plan.ts';
import { STORAGE_PRICES } from '../../governance/prices.ts';
import { readActs } from '../../read/acts.ts';
import { chainFacts } from '../../read/chain-facts.ts';
import { ChainReader } from '../../read/chain-reader.ts';
import { listChains } from '../../read/list-chains.ts';
import { EXIT } from './exit-code.ts';
import { configuredKeys, openArchiveStore } from './open-archive.ts';
import { acting, type Session } from './session.ts';
import { bytesText } from './table.ts';

type PlanOptions = { readonly config: string; readonly json?: boolean };

const HELP = `
Compares the policies of the file with those in force in the governance chain, or, without
one, with what the newest seals promise. It writes nothing. Amounts are of data objects as
the store lists them; cost is at list prices of one Region, without requests.

Exit codes: 0 planned, 2 configuration, 3 a chain or the decisions could not be read.

Examples:
  ledgerstone retention plan --config new-ledgerstone.yaml
`;

export const CONSENT_TEXT: Readonly<Record<Consent, string>> = {
  shorter: 'shorter than before',
  weaker: 'GOVERNANCE where it was COMPLIANCE: some roles can delete',
  'above-10y': 'longer than ten years: nobody can take such a lock back',
  'above-duty': 'longer than the duty that `requires` names: personal data need another ground',
};

export function retentionPlan(retention: Command, session: Session): void {
  retention
    .command('plan')
    .description('Old and new policy of each topic, with dates, amounts and cost.')
    .requiredOption('--config <file>', 'ledgerstone.yaml with the new policies')
    .option('--json', 'the same for programs')
    .addHelpText('after', HELP)
    .action(acting(session, (options: PlanOptions) => runPlan(session, options)));
}

type Planned = { readonly plans: readonly TopicPlan[]; readonly problems: readonly string[] };

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
  const attempt = async <T>(what: string, otherwise: T, run: () => Promise<T>): Promise<T> => {
    try {
      return await run();
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof LedgerstoneError)) throw error;
      problems.push(`not looked at: ${what}: ${messageOf(error)}`);
      return otherwise;
    }
  };
  try {
    const trusted = await configuredKeys(config);
    const reading = await attempt('what people decided', null, () => readActs(store, trusted, signal));
    const inForce = reading?.history.newest('policy')?.detail ?? null;
    const facts = new Map<string, ChainFacts[]>();
    for await (const place of listChains(store, signal)) {
      if (place.chain === GOVERNANCE_CHAIN) continue;
      const reader = new ChainReader({ store, ...place, trusted, signal });
      const one = await attempt(`${place.chain}/${place.partition}`, null, () => chainFacts(reader, nowMs));
      if (one !== null) facts.set(place.chain, [...(facts.get(place.chain) ?? []), one]);
    }
    return {
      plans: config.source.topics.map((topic) => planned(config, topic, facts, inForce, nowMs)),
      problems,
    };
  } finally {
    await store.close();
  }
}

function planned(
  config: Config,
  topic: Config['source']['topics'][number],
  facts: ReadonlyMap<string, readonly ChainFacts[]>,
  inForce: Parameters<typeof planTopic>[3],
  nowMs: number,
): TopicPlan {
  const names = new Set([topic.chain, ...Object.values(topic.partitions).map(({ chain }) => chain)]);
  const chains = [...names].flatMap((name) => facts.get(name) ?? []);
  const policy = { ...config.retention[topic.retention]!, name: topic.retention };
  return planTopic(topic.name, policy, chains, inForce, nowMs);
}

const PRICE_NOTE = [
  `Cost: US$ at S3's list prices of ${STORAGE_PRICES.asOf} in ${STORAGE_PRICES.region}, storage alone: no requests, no`,
  'retrieval, no seals (some KiB each), not your own discounts.',
].join(' ');

const planJson = ({ untilMs, storedUntilMs, ...plan }: TopicPlan) => ({
  ...plan,
  sealedNowLockedUntil: untilText(untilMs),
  storedLockedUntil: storedUntilMs === null ? null : timeText(storedUntilMs),
});

/** `isLocking`: false of a directory, which locks nothing whatever seals say. */
function topicPlanText(plan: TopicPlan, isLocking: boolean): string {
  const { topic, policy, before, after, consents, firstSegments, recentBytes, storedBytes } = plan;
  const was =
    before === null
      ? 'nothing was sealed or decided before'
      : `was ${before.text} (${before.from === 'act' ? 'as decided' : 'by the newest seal'})`;
  const from = firstSegments.map(({ chain, partition, sequence }) => `${chain}/${partition} ${sequence}`);
  const costs = plan.costs.map(({ name, usd }) => `${name} ${usd.toFixed(2)}`);
  const lines = [
    `${topic}: ${after} (policy ${policy}); ${was}`,
    ...consents.map((consent) => `  ${CONSENT_TEXT[consent]}: has to be asked for as ${consent}:${topic}`),
    isLocking
      ? `  sealed now: locked until ${untilText(plan.untilMs)}`
      : `  sealed now: the seal says until ${untilText(plan.untilMs)}, and nothing is locked: a directory has no locks`,
    `  it applies to segments that are sealed after the archivers have restarted, from ${shortened(from)} on`,
    plan.storedUntilMs === null ? '  nothing is stored' : storedText(plan.storedUntilMs, isLocking),
    `  stored ${bytesText(storedBytes)}, of it ${bytesText(recentBytes)} sealed in the last 30 days`,
    `  30 days of such data over their whole lock: ${costs.join(', ')}`,
  ];
  return `${lines.map(printable).join('\n')}\n`;
}

const storedText = (untilMs: number, isLocking: boolean): string =>
  isLocking
    ? `  what is stored keeps its locks; the newest seals promise ${untilText(untilMs)}, which nobody can shorten`
    : `  what is stored has no locks; the newest seals promise ${untilText(untilMs)}`;

const SHOWN_MAX = 8;
function shortened(from: readonly string[]): string {
  if (from.length === 0) return 'segment 0';
  const more = from.length - SHOWN_MAX;
  return `${from.slice(0, SHOWN_MAX).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
