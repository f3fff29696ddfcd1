// Which chains exist, were attested or have findings, and which of them continue in another chain?
import { attestationsRoot, parseAttestationKey } from '../format/attestation.ts';
import { parseKey, sealsRoot } from '../format/paths.ts';
import type { StoreReader } from '../store/store.ts';
import type { Anchor } from '../verify/anchor.ts';
import { FindingList } from '../verify/finding-list.ts';
import { collectHandovers } from '../verify/handover.ts';
import type { ChainInArchive } from '../verify/survey.ts';
import { startRun } from '../verify/verify.ts';
import { findingsRoot } from './own-keys.ts';
import type { Verifier } from './verifier.ts';

/** The chains of the archive and the attested chains, so a chain that vanished is included. */
export async function knownChains(
  { archive, own }: Pick<Verifier, 'archive' | 'own'>,
  signal?: AbortSignal,
): Promise<ChainInArchive[]> {
  const places = new Map<string, ChainInArchive>();
  const add = (place: ChainInArchive | null) => {
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

/** By chain: where others continue it, according to their first seals with a trusted key. */
export async function handoversOf(
  verifier: Pick<Verifier, 'archive' | 'own' | 'step' | 'clock'>,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, readonly Anchor[]>> {
  const places = await knownChains(verifier, signal);
  const { archive, step, clock } = verifier;
  const options = { ...step, depth: 'seals', nowMs: clock.now(), ...(signal && { signal }) } as const;
  // Faults of a first seal are reported by the step of its own chain.
  return collectHandovers(places, startRun(archive, options, []), new FindingList());
}

/** The same, and chains with findings: one that was never attested and is gone again closes its findings. */
export async function chainsToConfirm(
  verifier: Pick<Verifier, 'archive' | 'own'>,
  signal?: AbortSignal,
): Promise<ChainInArchive[]> {
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
