// Which chains are confirmed on a schedule, and was each sealed as recently as promised?
import { chainText } from '../../verify/handover.ts';
import { chainScope } from '../findings/record.ts';
import { chainsToConfirm, handoversOf, knownChains } from '../known-chains.ts';
import { inShares } from '../shares.ts';
import type { Task } from '../verifier.ts';
import { chainFreshness } from './freshness.ts';

/**
 * Every chain, with or without an event. It does what a lost event left undone, and sees each chain's end.
 */
export const confirmTask: Task = async ({ verifier, chains, limits, confirm, failed }) => {
  const places = chains ?? (await chainsToConfirm(verifier, limits.signal));
  const work = async (place: (typeof places)[number], shares: number) => {
    // A chain that is not finished is no failure: the next scheduled run continues it.
    await confirm(place, 0, shares).catch((error: unknown) => {
      failed(`${place.chain}/${place.partition}`, error);
    });
  };
  await inShares(places, verifier.chainsAtOnce, work, limits.signal);
};

/** The same, and whether each chain was sealed as recently as promised. */
export const freshnessTask: Task = async (input) => {
  const { verifier, limits } = input;
  const { findings: sink, freshnessMs, clock } = verifier;
  // Nothing was promised for a chain that was never confirmed and is gone.
  const chains = input.chains ?? (await knownChains(verifier, limits.signal));
  // Without chains none is stale. Zero is reported, because a missing metric would raise an alarm.
  if (chains.length === 0) input.metrics.staleChains ??= 0;
  let handovers: ReturnType<typeof handoversOf> | null = null;
  return confirmTask({
    ...input,
    chains,
    confirm: async (...step) => {
      const result = await input.confirm(...step);
      const { findings: stale, complete } = chainFreshness(result, freshnessMs, clock.now());
      if (stale.length > 0) handovers ??= handoversOf(verifier, limits.signal);
      const goesOn = (await handovers)?.get(chainText(result.place)) ?? [];
      const { origin, size = 0 } = result.report ?? {};
      const isRetired = goesOn.some((one) => one.origin === origin && one.size <= size);
      const findings = isRetired ? [] : stale;
      const options = {
        check: 'freshness',
        complete,
        why: () => whyFresh(freshnessMs, isRetired, result.report?.lastSealed ?? null),
        ...(limits.signal && { signal: limits.signal }),
      } as const;
      await sink.report(chainScope(result.place), findings, options);
      input.metrics.staleChains = (input.metrics.staleChains ?? 0) + findings.length;
      return result;
    },
  });
};

const whyFresh = (promisedMs: number | null, isRetired: boolean, lastSealed: string | null): string =>
  promisedMs === null
    ? 'no freshness is promised any more (chains.freshness)'
    : isRetired
      ? 'another chain continues this one'
      : `last sealed ${lastSealed}`;
