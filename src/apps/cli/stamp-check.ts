// `check --stamp FILE --tsa-root FILE`: by when did what a proof leads to exist, and by whose word?
import { FormatError, messageOf } from '../../base/error.ts';
import { MIB } from '../../base/limits.ts';
import { nodeSha256 } from '../../base/node/hash.ts';
import type { SignedCheckpoint } from '../../format/note.ts';
import { parseStampProof, STAMP_PROOF_BYTES_MAX, type StampLink } from '../../format/stamp.ts';
import { timeText } from '../../format/time.ts';
import { checkStampProof, type StampResult } from '../../verify/stamp-proof.ts';
import { readInput } from './bounded-input.ts';
import { UsageError } from './exit-code.ts';
import type { Io } from './output.ts';

/** The roots' text in PEM. Throws UsageError for a file that has no certificate. */
export async function readTsaRoots({ stdin }: Pick<Io, 'stdin'>, files: readonly string[]) {
  if (files.length === 0) return [];
  const { readRoots } = await import('../../timestamp/certificates.ts');
  const all = files.map(async (file) => {
    try {
      return readRoots(new TextDecoder().decode(await readInput(stdin, file, MIB, 'certificate')));
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      const remedy = "Give the authority's root certificate in PEM; its operator publishes it.";
      throw new UsageError(`${file}: ${error.message}`, remedy);
    }
  });
  return (await Promise.all(all)).flat();
}

/** Throws UsageError for a file that is no proof of a stamp. */
export async function readStampFile({ stdin }: Pick<Io, 'stdin'>, file: string): Promise<StampLink[]> {
  const bytes = await readInput(stdin, file, STAMP_PROOF_BYTES_MAX, 'stamp');
  try {
    return parseStampProof(bytes);
  } catch (error) {
    const remedy =
      'Give the file as `ledgerstone prove --stamp` wrote it. Editors and mail programs change line ends.';
    throw new UsageError(`${file} is no proof of a stamp: ${messageOf(error)}`, remedy);
  }
}

/** Throws FormatError where it is no stamp of that checkpoint. */
export async function checkStamp(
  { text, checkpoint }: SignedCheckpoint,
  links: readonly StampLink[],
  roots: Awaited<ReturnType<typeof readTsaRoots>>,
): Promise<StampResult> {
  const { checkToken } = await import('../../timestamp/token.ts');
  return checkStampProof({
    checkpoint: { text, origin: checkpoint.origin },
    check: (token, data) => checkToken(token, data, roots, nodeSha256),
    ...{ links, sha256: nodeSha256, nowMs: Date.now() },
  });
}

/** `existed by 2026-11-30T00:05:12.000Z, …`: what is shown, or why nothing is. */
export function stampText(result: StampResult, hasRoots: boolean): string {
  switch (result.kind) {
    case 'shown': {
      const { byMs, accuracyMs, authority, root, renewals, untilMs } = result;
      const accuracy = accuracyMs === null ? '' : ` (give or take ${accuracyMs / 1000} s)`;
      const renewed = renewals === 0 ? '' : `, renewed ${renewals === 1 ? 'once' : `${renewals} times`}`;
      return [
        `existed by ${timeText(byMs)}${accuracy} according to ${authority}`,
        `under the root you gave (${root.name}, SHA-256 ${root.sha256})${renewed}`,
        `until ${timeText(untilMs)} this stamp shows it; whether a certificate was revoked was not looked at`,
      ].join(', ');
    }
    case 'unknown-root':
      return hasRoots
        ? `its stamp by ${result.authority} leads to none of the roots you gave${NOTHING}`
        : `its stamp names ${result.authority}, whom nobody vouches for without --tsa-root${NOTHING}`;
    case 'ended':
      return `its stamp by ${result.authority} ended at ${timeText(result.endedMs)}, not renewed${NOTHING}`;
  }
}

const NOTHING = ': it shows nothing about time';

/** For programs. */
export const stampJson = (result: StampResult) =>
  result.kind === 'shown'
    ? {
        ...{ kind: result.kind, existedBy: timeText(result.byMs), accuracyMs: result.accuracyMs },
        ...{ authority: result.authority, root: result.root, renewals: result.renewals },
        shownUntil: timeText(result.untilMs),
      }
    : { ...result, ...('endedMs' in result && { endedMs: undefined, endedAt: timeText(result.endedMs) }) };
