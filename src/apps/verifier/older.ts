// Which older archives does the verifier's configuration show?
import { openForReading } from '../../clients/open.ts';
import type { VerifierConfig } from '../../config/verifier.ts';
import type { ReadableStore } from '../../store/store.ts';
import type { ShownArchive } from '../../verify/shown.ts';
import type { ServiceMetrics } from '../service-metrics.ts';

/** Adds each store once it is open, so that the caller can close them whatever happens. */
export async function openOlderStores(
  { archive }: VerifierConfig,
  opened: ReadableStore[],
  requests?: ServiceMetrics,
): Promise<void> {
  for (const { store } of archive.older) opened.push(await openForReading(store, requests?.s3('older')));
}

/** Each with its own keys. `stores`: in the order of the configuration. */
export const shownOf = (
  { archive: { older } }: VerifierConfig,
  stores: readonly ReadableStore[],
): readonly ShownArchive[] =>
  stores.map((reader, index) => ({
    ...{ name: reader.description, reader, trusted: older[index]?.trusted ?? [] },
  }));

export const closeOlderStores = async (stores: readonly ReadableStore[] = []): Promise<void> => {
  await Promise.all(stores.map((store) => store.close()));
};
