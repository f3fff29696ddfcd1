// Which pieces of work come by the clock, and which chains are there to do them on?

import { TaskGroup } from '../../base/concurrency.ts';
import { attestationsRoot, parseAttestationKey } from '../../format/attestation.ts';
import { parseKey, sealsRoot } from '../../format/paths.ts';
import type { StoreReader } from '../../store/store.ts';
import type { Anchor } from '../../verify/anchor.ts';
import { FindingList } from '../../verify/finding-list.ts';
import { collectHandovers, placeText } from '../../verify/handover.ts';
import type { ChainPlace } from '../../verify/survey.ts';
import { startRun } from '../../verify/verify.ts';
import type { StepResult } from '../attest/attest-step.ts';
import { chainScope } from '../findings/record.ts';
import { findingsRoot } from '../own-keys.ts';
import type { RunLimits, Verifier } from '../verifier.ts';
import { chainFreshness } from './freshness.ts';

export type TaskFigures = {
  /** When the byte was read that waits longest for its next reading. */
  oldestRereadMs: number | null;
  staleChains: number | null;
};

export type TaskInput = {
  readonly verifier: Verifier;
  /** Null: all that there are. */
  readonly chains: readonly ChainPlace[] | null;
  readonly limits: RunLimits;
  /** A step of one chain within 1/`shares` of the time that is left; its findings are reported. */
  readonly confirm: (place: ChainPlace, hintSize: number, shares: number) => Promise<StepResult>;
  /** What the run's figures tell beside its steps. */
  readonly figures: TaskFigures;
  /** Notes what went wrong with one part, and goes on with the next. */
  readonly failed: (what: string, error: unknown) => void;
};

/** Rejects when it could not be done at all. */
export type Task = (input: TaskInput) => Promise<void>;

/** Every chain, event or not: what a lost event leaves undone, and what only the end of a chain shows. */
export const confirmTask: Task = async ({ verifier, chains, limits, confirm, failed }) => {
  const { chainsAtOnce } = verifier;
  const places = chains ?? (await chainsToConfirm(verifier, limits.signal));
  const group = new TaskGroup(chainsAtOnce);
  try {
    for (const [index, place] of places.entries()) {
      limits.signal?.throwIfAborted();
      const shares = Math.max(1, (places.length - index) / chainsAtOnce);
      await group.start(async () => {
        // One that ends in the middle is no failure: the schedule comes again.
        await confirm(place, 0, shares).catch((error: unknown) => {
          failed(`${place.chain}/${place.partition}`, error);
        });
      });
    }
  } finally {
    await group.finish();
  }
};

/** The same, and whether each chain was sealed as lately as was promised. */
export const freshnessTask: Task = async (input) => {
  const { verifier, limits } = input;
  const { findings: sink, freshnessMs, clock } = verifier;
  // Of what was never confirmed and is gone nothing was promised.
  const chains = input.chains ?? (await knownChains(verifier, limits.signal));
  // Where there is no chain none is stale: that was looked at, and silence would be an alarm.
  if (chains.length === 0) input.figures.staleChains ??= 0;
  let handovers: ReturnType<typeof handoversOf> | null = null;
  return confirmTask({
    ...input,
    chains,
    confirm: async (...step) => {
      const result = await input.confirm(...step);
      const { findings: stale, complete } = chainFreshness(result, freshnessMs, clock.now());
      if (stale.length > 0) handovers ??= handoversOf(verifier, limits.signal);
      const goesOn = (await handovers)?.get(placeText(result.place)) ?? [];
      const { origin, size = 0 } = result.report ?? {};
      const isRetired = goesOn.some((one) => one.origin === origin && one.size <= size);
      const findings = isRetired ? [] : stale;
      const options = {
        check: 'freshness',
        complete,
        ...(limits.signal && { signal: limits.signal }),
      } as const;
      await sink.report(chainScope(result.place), findings, options);
      input.figures.staleChains = (input.figures.staleChains ?? 0) + findings.length;
      return result;
    },
  });
};

/** Those of the archive, and those that were attested: one that vanished is among them. */
export async function knownChains(
  { archive, own }: Pick<Verifier, 'archive' | 'own'>,
  signal?: AbortSignal,
): Promise<ChainPlace[]> {
  const places = new Map<string, ChainPlace>();
  const add = (place: ChainPlace | null) => {
    if (place !== null) places.set(`${place.chain}/${place.partition}`, place);
  };
  for await (const folder of folders(archive, sealsRoot, signal)) {
    const parsed = parseKey(`${folder}000000000000.tlog-proof`);
    add(parsed?.kind === 'seal' ? parsed : null);
  }
  for await (const folder of folders(own, attestationsRoot, signal)) {
    add(parseAttestationKey(`${folder}000000000000.note`));
  }
  return [...places.values()].map(({ chain, partition }) => ({ chain, partition }));
}

/** By chain: where others continue it, as their first seals say by a trusted key. */
export async function handoversOf(
  verifier: Pick<Verifier, 'archive' | 'own' | 'step' | 'clock'>,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, readonly Anchor[]>> {
  const places = await knownChains(verifier, signal);
  const { archive, step, clock } = verifier;
  const options = { ...step, depth: 'seals', nowMs: clock.now(), ...(signal && { signal }) } as const;
  // What is wrong with a first seal its own chain's step says.
  return collectHandovers(places, startRun(archive, options, []), new FindingList());
}

/** The same, and those of which something was found: what was never attested and is gone again closes its findings. */
async function chainsToConfirm(verifier: Verifier, signal?: AbortSignal): Promise<ChainPlace[]> {
  const { own } = verifier;
  const places = await knownChains(verifier, signal);
  const known = new Set(places.map(({ chain, partition }) => `${chain}/${partition}`));
  for await (const topic of own.listPrefixes(`${findingsRoot}topic=`, signal)) {
    for await (const folder of own.listPrefixes(topic, signal)) {
      const parsed = parseKey(`${sealsRoot}${folder.slice(findingsRoot.length)}000000000000.tlog-proof`);
      if (parsed?.kind !== 'seal' || known.has(`${parsed.chain}/${parsed.partition}`)) continue;
      places.push({ chain: parsed.chain, partition: parsed.partition });
    }
  }
  return places;
}

/** `…topic=T/partition=P/` below a root. */
async function* folders(store: StoreReader, root: string, signal?: AbortSignal): AsyncGenerator<string> {
  for await (const topic of store.listPrefixes(root, signal)) yield* store.listPrefixes(topic, signal);
}
