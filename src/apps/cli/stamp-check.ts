// `check --stamp FILE --tsa-root FILE`: by when did what a proof leads to exist, and by whose word?
import { FormatError, messageOf } from '../../base/error.ts';
import { MIB } from '../../base/limits.ts';
import { nodeSha256 } from '../../base/node/hash.ts';
import type { StampReader } from '../../evidence/check-stamps.ts';
import { STAMP_TEXTS, stampSentence } from '../../evidence/stamp-texts.ts';
import type { SignedCheckpoint } from '../../format/note.ts';
import { parseStampProof, STAMP_PROOF_BYTES_MAX, type StampLink } from '../../format/stamp.ts';
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

/** What reads the stamps of packages. It is loaded with the first token. */
export const stampReader = (roots: Awaited<ReturnType<typeof readTsaRoots>>): StampReader => ({
  check: async (token, data) =>
    (await import('../../timestamp/token.ts')).checkToken(token, data, roots, nodeSha256),
  hasRoots: roots.length > 0,
  nowMs: Date.now(),
});

const TEXTS = {
  ...STAMP_TEXTS.en,
  noRoot:
    'its stamp names {authority}, whom nobody vouches for without --tsa-root: it shows nothing about time',
};

/** `existed by 2026-11-30T00:05:12.000Z, …`: what is shown, or why nothing is. */
export const stampText = (result: Parameters<typeof stampSentence>[1], hasRoots: boolean): string =>
  stampSentence(TEXTS, result, hasRoots);
