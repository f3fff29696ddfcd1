// How does a plan of retention policies read?
import { printable } from '../../base/printable.ts';
import { timeText, untilText } from '../../format/time.ts';
import type { Consent, TopicPlan } from '../../governance/plan.ts';
import { STORAGE_PRICES } from '../../governance/prices.ts';
import { bytesText } from './table.ts';

export const CONSENT_TEXT: Readonly<Record<Consent, string>> = {
  shorter: 'shorter than before',
  weaker: 'GOVERNANCE where it was COMPLIANCE: some roles can delete',
  'above-10y': 'longer than ten years: nobody can take such a lock back',
  'above-duty': 'longer than the duty that `requires` names: personal data need another ground',
};

export const PRICE_NOTE = [
  `Cost: US$ at S3's list prices of ${STORAGE_PRICES.asOf} in ${STORAGE_PRICES.region}, storage alone: no requests, no`,
  'retrieval, no seals (some KiB each), not your own discounts.',
].join(' ');

export const planJson = ({ untilMs, storedUntilMs, ...plan }: TopicPlan) => ({
  ...plan,
  sealedNowLockedUntil: untilText(untilMs),
  storedLockedUntil: storedUntilMs === null ? null : timeText(storedUntilMs),
});

/**
 * `isLocking`: false of a directory, which locks nothing whatever seals say. `isAsked`: it is proposed
 * already, with what is dangerous asked for by name.
 */
export function topicPlanText(plan: TopicPlan, isLocking: boolean, isAsked = false): string {
  const { topic, policy, before, after, consents, firstSegments, recentBytes, storedBytes } = plan;
  const was =
    before === null
      ? 'nothing was sealed or decided before'
      : `was ${before.text} (${before.from === 'act' ? 'as decided' : 'by the newest seal'})`;
  const from = firstSegments.map(({ chain, partition, sequence }) => `${chain}/${partition} ${sequence}`);
  const costs = plan.costs.map(({ name, usd }) => `${name} ${usd.toFixed(2)}`);
  const lines = [
    `${topic}: ${after} (policy ${policy}); ${was}`,
    ...consents.map((consent) =>
      isAsked
        ? `  ${CONSENT_TEXT[consent]}`
        : `  ${CONSENT_TEXT[consent]}: has to be asked for as ${consent}:${topic}`,
    ),
    isLocking
      ? `  sealed now: locked until ${untilText(plan.untilMs)}`
      : `  sealed now: the seal says until ${untilText(plan.untilMs)}, and nothing is locked: a directory has no locks`,
    ...(isLocking && plan.isCompliance
      ? ['  whatever is decided later, nobody can take the lock of a segment back that was sealed under it']
      : []),
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
