// Are the policies of the configuration those that people decided on? Asked before anything is locked.
import { LedgerstoneError, messageOf } from '../../base/error.ts';
import type { Logger } from '../../base/log.ts';
import { type Config, policyOfChains } from '../../config/archiver.ts';
import { timeText } from '../../format/time.ts';
import type { VerifierKey } from '../../format/vkey.ts';
import { type PolicyDifference, policyDifferences } from '../../governance/policy-difference.ts';
import { readActs } from '../../read/acts.ts';
import { type ActReading, BROKEN_ACTS_REMEDY, BrokenActsError } from '../../read/broken-acts.ts';
import type { StoreReader } from '../../store/store.ts';
import type { RecordedAct } from '../../verify/acts/recorded-act.ts';

export type PolicyCheck = {
  readonly config: Pick<Config, 'retention' | 'source'>;
  readonly store: StoreReader;
  readonly trusted: readonly VerifierKey[];
  /** Whatever is found, it is logged, and the archiver starts. */
  readonly acceptsAny: boolean;
  readonly log: Logger;
  readonly signal: AbortSignal;
};

/**
 * Returns which chains the policy in force names. Null: there is nothing to compare with, as the archive has
 * no governance chain, or no policy is in force there. Throws
 * `policy-not-in-force`, `decisions-unknown`, or what is retriable of the store.
 */
export async function requirePoliciesInForce(check: PolicyCheck): Promise<ReadonlySet<string> | null> {
  const reading = await readDecisions(check);
  if (reading === null) return null;
  const inForce = reading.history.newest('policy');
  if (inForce === null) {
    check.log.warn(
      {},
      'the governance chain has no retention policy: those of the configuration are not compared',
    );
    return null;
  }
  const decided = new Set(inForce.detail.chains.map(({ chain }) => chain));
  const differences = policyDifferences(
    {
      policies: check.config.retention,
      // What a pattern takes later may have any of these policies until people decide about it too.
      chains: policyOfChains(check.config, decided),
    },
    inForce.detail,
  );
  if (differences.length === 0) return decided;
  refuse(
    check,
    new LedgerstoneError(
      'policy-not-in-force',
      `the configuration archives with other policies than are in force: ${differences.map(differenceText).join('; ')}`,
      {
        remedy: [
          'An officer puts them in force with `ledgerstone retention policy`; or put the earlier ones back.',
          `In force are those that ${inForce.by.name} decided at ${sealedAt(reading.history, inForce.id)}.`,
        ].join(' '),
      },
    ),
  );
  return decided;
}

/** The act's own time is its writer's word. */
const sealedAt = (history: ActReading['history'], id: string): string =>
  timeText((history.find(id) as RecordedAct).place.sealedMs);

async function readDecisions(check: PolicyCheck): Promise<ActReading | null> {
  try {
    return await readActs(check.store, check.trusted, check.signal);
  } catch (error) {
    // The store's own troubles are cured elsewhere.
    if (!(error instanceof LedgerstoneError) || error.disposition !== 'input') throw error;
    refuse(
      check,
      new LedgerstoneError(
        'decisions-unknown',
        `the governance chain of this archive can't be read, so no policy can be compared: ${messageOf(error)}`,
        {
          remedy:
            error instanceof BrokenActsError
              ? `${BROKEN_ACTS_REMEDY} Until then --accept-policy starts it with the configured policies.`
              : 'Put its verifier key, as `ledgerstone governance charter` printed it, into `archive.trusted`.',
          cause: error,
        },
      ),
    );
    return null;
  }
}

function refuse({ acceptsAny, log }: PolicyCheck, error: LedgerstoneError): void {
  if (!acceptsAny) throw error;
  log.warn({ remedy: error.remedy }, `started all the same (--accept-policy): ${error.message}`);
}

const differenceText = ({ name, configured, inForce }: PolicyDifference): string =>
  `${name} is ${configured}, in force ${inForce === null ? 'is none' : `${inForce}`}`;
