// Which chains exist, were attested or have findings, and which of them continue in another chain?
import { attestationsRoot, parseAttestationKey } from '../format/attestation.ts';
import { CANARY_CHAIN } from '../format/chain.ts';
import { parseKey, sealsRoot } from '../format/paths.ts';
import type { StoreReader } from '../store/store.ts';
import type { Anchor } from '../verify/anchor.ts';
import { chainText, collectHandovers } from '../verify/handover.ts';
import type { ChainInArchive } from '../verify/survey.ts';
import { startRun } from '../verify/verify.ts';
import { findingsRoot } from './own-keys.ts';
import type { Verifier } from './verifier.ts';

/** The place of drills counts as no chain. */
export type ChainsToConfirm = {
  readonly places: readonly ChainInArchive[];
  /** How many of them the archive has. */
  readonly inArchive: number;
  /** Those with findings that were never attested, and that the archive does not have any more. */
  readonly found: readonly ChainInArchive[];
};

/** The chains of the archive and the attested chains, so a chain that vanished is included. */
export async function knownChains(
  verifier: Pick<Verifier, 'archive' | 'own'>,
  signal?: AbortSignal,
): Promise<ChainInArchive[]> {
  return (await listKnown(verifier, signal)).places;
}

async function listKnown({ archive, own }: Pick<Verifier, 'archive' | 'own'>, signal?: AbortSignal) {
  const places = new Map<string, ChainInArchive>();
  let inArchive = 0;
  for await (const folder of folders(archive, sealsRoot, signal)) {
    const parsed = parseKey(`${folder}000000000000.tlog-proof`);
    if (parsed?.kind !== 'seal') continue;
    const { chain, partition } = parsed;
    places.set(`${chain}/${partition}`, { chain, partition });
    if (chain !== CANARY_CHAIN) inArchive++;
  }
  for (const place of await attestedChains(own, signal)) places.set(chainText(place), place);
  return { places: [...places.values()], inArchive };
}

/** Those that have a folder of attestations: perhaps with none in it. */
export async function attestedChains(
  own: Pick<StoreReader, 'listPrefixes'>,
  signal?: AbortSignal,
): Promise<ChainInArchive[]> {
  const places: ChainInArchive[] = [];
  for await (const folder of folders(own, attestationsRoot, signal)) {
    const parsed = parseAttestationKey(`${folder}000000000000.note`);
    if (parsed !== null) places.push({ chain: parsed.chain, partition: parsed.partition });
  }
  return places;
}

/** By chain, and of another archive's chains by origin: where others continue it, by trusted first seals. */
export async function handoversOf(
  verifier: Pick<Verifier, 'archive' | 'own' | 'step' | 'clock'>,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, readonly Anchor[]>> {
  const places = await knownChains(verifier, signal);
  const { archive, step, clock } = verifier;
  const options = { ...step, depth: 'seals', nowMs: clock.now(), ...(signal && { signal }) } as const;
  // Faults of a first seal are reported by the step of its own chain.
  const elsewhere: Anchor[] = [];
  const run = startRun(archive, options, []);
  const own = await collectHandovers(places, run, undefined, (anchor) => elsewhere.push(anchor));
  // By the older chain's whole origin, which is no chain's name and partition here.
  return new Map([...own, ...Map.groupBy(elsewhere, ({ origin }) => origin)]);
}

/**
 * Those, chains that this process has seen an attestation of, and chains with findings: one that was never
 * attested and is gone again closes its findings.
 */
export async function chainsToConfirm(
  verifier: Pick<Verifier, 'archive' | 'own' | 'step'>,
  signal?: AbortSignal,
): Promise<ChainsToConfirm> {
  const { own, step } = verifier;
  const { places, inArchive } = await listKnown(verifier, signal);
  const known = new Set(places.map(chainText));
  // Somebody may have deleted a chain and all its attestations.
  for (const place of step.attester.reader.seenChains()) {
    if (known.has(chainText(place))) continue;
    known.add(chainText(place));
    places.push(place);
  }
  const found: ChainInArchive[] = [];
  for await (const topic of own.listPrefixes(`${findingsRoot}topic=`, signal)) {
    for await (const folder of own.listPrefixes(topic, signal)) {
      const parsed = parseKey(`${sealsRoot}${folder.slice(findingsRoot.length)}000000000000.tlog-proof`);
      if (parsed?.kind !== 'seal' || known.has(`${parsed.chain}/${parsed.partition}`)) continue;
      const place = { chain: parsed.chain, partition: parsed.partition };
      places.push(place);
      if (parsed.chain !== CANARY_CHAIN) found.push(place);
    }
  }
  return { places, inArchive, found };
}

/** `…topic=T/partition=P/` below a root. */
async function* folders(
  store: Pick<StoreReader, 'listPrefixes'>,
  root: string,
  signal?: AbortSignal,
): AsyncGenerator<string> {
  for await (const topic of store.listPrefixes(root, signal)) yield* store.listPrefixes(topic, signal);
}
