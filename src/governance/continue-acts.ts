// How do decisions go on behind a break that nobody can take away? (FORMAT.md 13.7)
import { LedgerstoneError } from '../base/error.ts';
import { LIMITS } from '../base/limits.ts';
import type { ActDetail } from '../format/act-detail.ts';
import { GOVERNANCE_CHAIN, governanceOrigin } from '../format/chain.ts';
import { dataPrefix, sealPrefix } from '../format/paths.ts';
import { readContinuation } from '../read/acts.ts';
import { type ActReading, BrokenActsError } from '../read/broken-acts.ts';
import { newChainHead } from '../segment/segment.ts';
import { endOfRead, type ToSeal } from './begun-partition.ts';
import { type GovernanceTools, governanceKeys, readGovernance } from './record-act.ts';

/** Where the break is, and what stands before it. Throws `act-refused` where nothing is to be continued. */
export async function findBreak(tools: GovernanceTools): Promise<{
  readonly detail: ActDetail['continue'];
  readonly before: ActReading;
  readonly problem: string;
}> {
  const error = await readGovernance(tools).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (error === null)
    throw new LedgerstoneError(
      'act-refused',
      'the chain of decisions is not broken: nothing is to be continued',
      {
        disposition: 'input',
      },
    );
  if (!(error instanceof BrokenActsError)) throw error;
  if (error.before === null)
    throw new LedgerstoneError('act-refused', `${error.message}: there is no charter to go on from`, {
      disposition: 'input',
      remedy: 'Look for another copy of the archive: its first segment says who may decide.',
    });
  return { detail: endOfRead(error.before), before: error.before, problem: error.problem.message };
}

/** What was proposed, or the place where it can be: the lowest partition that is free. */
export async function readToContinue(tools: GovernanceTools, reason: string, by: string): Promise<ToSeal> {
  const pending = await readContinuation(tools.store, governanceKeys(tools), tools.signal);
  if (pending !== null) return pending;
  const { before, detail } = await findBreak(tools);
  const { head, history } = before;
  let partition = head.manifest.source.partition + 1;
  while (partition < LIMITS.governancePartitionsMax && !(await isFree(tools, partition))) partition++;
  if (partition >= LIMITS.governancePartitionsMax) throw noneFree();
  const origin = governanceOrigin(tools.archiveOrigin, partition);
  const { nextOffset } = head.manifest.records;
  history.goOn(origin, detail);
  return {
    ...before,
    begins: {
      head: newChainHead(origin, GOVERNANCE_CHAIN, partition, nextOffset),
      continues: { ...detail, nextOffset, reason: cut(reason), by },
    },
  };
}

const noneFree = () =>
  new LedgerstoneError(
    'act-refused',
    [
      `decisions go on in no further partition: the last that may be begun is`,
      `${GOVERNANCE_CHAIN}/${LIMITS.governancePartitionsMax - 1}, and in each one up to there something lies`,
    ].join(' '),
    {
      disposition: 'input',
      remedy: [
        'Find out who else can write below seals/ and data/ of that chain, and stop them.',
        'What has no lock there can be deleted; a locked object keeps its place until its lock ends.',
      ].join(' '),
    },
  );

/** The proposal that waits behind a break, or the chain as it stands. */
export async function readWithPending(tools: GovernanceTools): Promise<ActReading | null> {
  try {
    return await readGovernance(tools);
  } catch (error) {
    if (!(error instanceof BrokenActsError)) throw error;
    const pending = await readContinuation(tools.store, governanceKeys(tools), tools.signal);
    if (pending === null) throw error;
    return pending;
  }
}

/** Nobody has put anything there. */
async function isFree({ store, signal }: GovernanceTools, partition: number): Promise<boolean> {
  for (const prefix of [sealPrefix(GOVERNANCE_CHAIN, partition), dataPrefix(GOVERNANCE_CHAIN, partition)])
    for await (const _ of store.listVersions(prefix, { limit: 1, signal })) return false;
  return true;
}

/** Of a manifest's words at most 512 bytes. */
function cut(reason: string): string {
  let text = reason;
  while (new TextEncoder().encode(text).length > 512) text = [...text].slice(0, -1).join('');
  return text;
}
