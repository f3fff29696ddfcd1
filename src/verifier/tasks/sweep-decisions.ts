// What is wrong with the decisions themselves, and what do they ask of the objects that a sweep looks at?
import type { Clock } from '../../base/clock.ts';
import { GOVERNANCE_CHAIN } from '../../format/chain.ts';
import type { DecisionReader } from '../../read/decision-reader.ts';
import type { Finding } from '../../verify/finding.ts';
import { FindingList } from '../../verify/finding-list.ts';
import type { Covers } from '../findings/closed-by.ts';
import { chainScope, type Scope } from '../findings/record.ts';
import { HoldQuestions } from './holds.ts';

type DecisionTools = {
  readonly clock: Clock;
  readonly decisions?: Pick<DecisionReader, 'look' | 'heldToOf'> | undefined;
  readonly everyMs?: number;
};

type DecisionFindings = {
  readonly scope: Scope;
  readonly findings: readonly Finding[];
  readonly omitted: number;
  readonly complete: Covers;
  readonly keys: number;
};

/** A sweep that begins each hour asks for every hold that nobody wants within a day. */
const HOUR_MS = 3_600_000;
/** Codes of findings about acts themselves. */
export const ABOUT_ACTS: ReadonlySet<string> = new Set(['act-refused', 'act-open']);

/** What is wrong with the decisions, by partition, and what they demand. No slice: none was looked at. */
export async function decisionsOf(
  { decisions, clock, everyMs = HOUR_MS }: DecisionTools,
  signal: AbortSignal | undefined,
): Promise<{ readonly slices: readonly DecisionFindings[]; readonly holds: HoldQuestions }> {
  const round = Math.floor(clock.now() / everyMs);
  const look = await decisions?.look(signal);
  if (decisions === undefined || look?.kind !== 'read')
    return { slices: [], holds: new HoldQuestions(null, round) };
  const heldTo = decisions.heldToOf(look);
  const problems = heldTo.actProblems();
  const covers: Covers = ({ check, finding }) =>
    look.isVerified && check === 'sweep' && ABOUT_ACTS.has(finding.code);
  const slices = (look.partitions ?? [0]).map((partition) => {
    const findings = new FindingList();
    for (const { problem, partition: own, ...place } of problems)
      if (own === partition) findings.add(problem, place);
    const scope = chainScope({ chain: GOVERNANCE_CHAIN, partition });
    return { scope, findings: findings.list(), omitted: findings.omitted, complete: covers, keys: 0 };
  });
  return { slices, holds: new HoldQuestions(heldTo, round) };
}
