// What does a part of a full pass see of data that is gone, and what is certified of it?
import type { ChainReport } from '../../verify/report.ts';
import type { ChainInArchive } from '../../verify/survey.ts';
import type { Certifier } from '../destroyed/certifier.ts';
import { type Gone, PresenceTally } from '../destroyed/presence.ts';
import type { ScrubLog, ScrubProgress } from './scrub-progress.ts';

/** Of one walk along the chain. Without a certifier nothing is known of certificates. */
export async function beginPresence(
  certifier: Pick<Certifier, 'certified'> | undefined,
  place: ChainInArchive,
  signal: AbortSignal | undefined,
): Promise<PresenceTally> {
  const found = (await certifier?.certified(place, signal)) ?? [];
  return new PresenceTally(found.map(({ certificate }) => certificate));
}

export async function certifyGone(
  { certifier, log }: { readonly certifier?: Certifier | undefined; readonly log: ScrubLog },
  place: ChainInArchive,
  report: ChainReport | undefined,
  { objects }: Gone,
  { pass, size, root, atMs }: ScrubProgress,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (certifier === undefined || report === undefined) return;
  const thereMs = (sequence: number) => log.lastThere(place, pass, sequence, signal);
  await certifier.certify(place, { report, size, root, objects, goneMs: atMs, thereMs }, signal);
}
