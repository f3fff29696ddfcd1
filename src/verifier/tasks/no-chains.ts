// Has the archive a chain at all, and if not: was there ever one?
import { sealsRoot } from '../../format/paths.ts';
import { type Finding, findingOf } from '../../verify/finding.ts';
import type { Covers } from '../findings/closed-by.ts';
import { ARCHIVE_SCOPE } from '../findings/record.ts';
import type { ChainsToConfirm } from '../known-chains.ts';
import type { TaskInput } from '../verifier.ts';

type ChainsInput = Pick<TaskInput, 'verifier' | 'limits' | 'metrics'>;

/**
 * An archive without a chain may be new, or it is not the archive that is meant. Where chains were seen
 * before it is a finding, and otherwise it is in the log of each run.
 */
export async function reportChains(input: ChainsInput, known: ChainsToConfirm): Promise<void> {
  const { verifier, limits, metrics } = input;
  const { archive, findings: sink, log } = verifier;
  metrics.chains = known.inArchive;
  const before = known.inArchive > 0 ? null : await seenBefore(input, known);
  const findings = before === null ? [] : [noChains(before, archive.description)];
  const options: Parameters<typeof sink.report>[2] = {
    // Without a chain nothing is known of what was said before.
    ...{
      check: 'confirm',
      complete: known.inArchive > 0 && ofThis,
      why: () => `the archive has chains: ${known.inArchive}`,
    },
    ...(limits.signal && { signal: limits.signal }),
  };
  await sink.report(ARCHIVE_SCOPE, findings, options);
  if (known.inArchive > 0 || before !== null) return;
  const where = `${archive.description} has no chain`;
  log.warn({}, `${where}: nothing is verified. If it should have one, check archive.store`);
}

type Before = { readonly code: 'truncation' | 'unreadable'; readonly text: string };

/** A chain that was attested, or else one with findings. Null: this verifier never saw a chain. */
async function seenBefore(
  { verifier, limits }: ChainsInput,
  { places, found }: ChainsToConfirm,
): Promise<Before | null> {
  for (const place of places) {
    // Its bucket may hold attestations of another archive.
    const { attested } = await verifier.step.attester.reader.newest(place, 0, limits.signal);
    if (attested === null) continue;
    return { code: 'truncation', text: `${attested.origin}, attested up to size ${attested.size}` };
  }
  const [first] = found;
  if (first === undefined) return null;
  return { code: 'unreadable', text: `${first.chain}/${first.partition}, which has findings` };
}

const noChains = ({ code, text }: Before, description: string): Finding =>
  findingOf(code, {
    ...{ key: sealsRoot, expected: `chains, such as ${text}` },
    found: `no chain in ${description}: they are gone, or it is not the archive that was verified before`,
  });

const ofThis: Covers = ({ check, finding }) => check === 'confirm' && finding.key === sealsRoot;
