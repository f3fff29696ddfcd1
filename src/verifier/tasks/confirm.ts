// Which chains are confirmed on a schedule, and was each sealed as recently as promised?
import { isImportChain } from '../../format/chain.ts';
import { chainText } from '../../verify/handover.ts';
import type { ChainInArchive } from '../../verify/survey.ts';
import { chainScope } from '../findings/record.ts';
import { chainsToConfirm, handoversOf } from '../known-chains.ts';
import { inShares } from '../shares.ts';
import { isChainThere, type Task, type TaskInput } from '../verifier.ts';
import { chainFreshness } from './freshness.ts';
import { reportChains } from './no-chains.ts';

/**
 * Every chain, with or without an event. It does what a lost event left undone, and sees each chain's end.
 * That there is none is said too.
 */
export const confirmTask: Task = async (input) => {
  const { verifier, limits, confirm, failed } = input;
  const places = input.chains ?? (await allChains(input));
  const work = async (place: ChainInArchive, shares: number) => {
    // A chain that is not finished is no failure: the next scheduled run continues it.
    await confirm(place, 0, shares).catch((error: unknown) => {
      failed(`${place.chain}/${place.partition}`, error);
    });
  };
  // Each run begins elsewhere: if its time is too short, it is not always the same ones that get none.
  const start = Math.floor(verifier.clock.now() / 1000) % Math.max(1, places.length);
  const turned = [...places.slice(start), ...places.slice(0, start)];
  await inShares(turned, verifier.chainsAtOnce, work, limits.signal);
};

async function allChains(input: TaskInput): Promise<readonly ChainInArchive[]> {
  const known = await chainsToConfirm(input.verifier, input.limits.signal);
  await reportChains(input, known);
  return known.places;
}

/** The same, and whether each chain was sealed as recently as promised. */
export const freshnessTask: Task = async (input) => {
  const { verifier, limits } = input;
  const { findings: sink, freshnessMs, clock } = verifier;
  const chains = input.chains ?? (await allChains(input));
  // Zero is reported, because a missing metric would raise an alarm. Where no freshness is promised, zero
  // would say that somebody looked.
  const count = (stale: number) => {
    if (freshnessMs !== null) input.metrics.staleChains = (input.metrics.staleChains ?? 0) + stale;
  };
  // Without chains none is stale.
  if (chains.length === 0) count(0);
  let handovers: ReturnType<typeof handoversOf> | null = null;
  return confirmTask({
    ...input,
    chains,
    confirm: async (...step) => {
      const result = await input.confirm(...step);
      // Nothing was promised for a chain that was never confirmed and is gone.
      const isImport = isImportChain(result.place.chain, result.report?.source?.kind);
      // Neither for one of imported history: it grows when somebody imports more.
      const isEnded = isAmong(verifier.endedChains ?? [], result.place);
      const promisedMs = isChainThere(result) && !isImport && !isEnded ? freshnessMs : null;
      const { findings: stale, complete } = chainFreshness(result, promisedMs, clock.now());
      if (stale.length > 0) handovers ??= handoversOf(verifier, limits.signal);
      const goesOn = (await handovers)?.get(chainText(result.place)) ?? [];
      const { origin, size = 0 } = result.report ?? {};
      const isRetired = goesOn.some((one) => one.origin === origin && one.size <= size);
      const findings = isRetired ? [] : stale;
      const options = {
        check: 'freshness',
        complete,
        why: () => (isEnded ? ENDED : whyFresh(promisedMs, isRetired, result.report?.lastSealed ?? null)),
        ...(limits.signal && { signal: limits.signal }),
      } as const;
      await sink.report(chainScope(result.place), findings, options);
      count(findings.length);
      return result;
    },
  });
};

/** Whether a list of chains names this one, by itself or with all partitions of its topic. */
const isAmong = (ended: readonly string[], place: ChainInArchive): boolean =>
  ended.includes(place.chain) || ended.includes(chainText(place));

const ENDED = 'no seal is awaited any more (chains.ended)';

const whyFresh = (promisedMs: number | null, isRetired: boolean, lastSealed: string | null): string =>
  promisedMs === null
    ? 'no freshness is promised any more (chains.freshness), or the chain was never attested and is gone'
    : isRetired
      ? 'another chain continues this one'
      : `last sealed ${lastSealed}`;
