// Which of the notes in the verifier's own bucket did the verifier write itself? Those that its key signed.
import type { Clock } from '../base/clock.ts';
import { FormatError } from '../base/error.ts';
import type { Sha256 } from '../base/hash.ts';
import { type CosignerKey, cosignatureLine, cosignedMessage } from '../format/cosignature.ts';
import { cosignedText, encodeCosignedNote, parseCosignedNote } from '../format/cosigned-note.ts';
import type { Signer } from '../sign/signer.ts';
import { cosignedBy } from './attest/cosigned-by.ts';

/** What it takes to tell the verifier's notes from those of others. */
export type NoteKeys = {
  /** One cosigner may verify several archives: a note of another one says nothing of this one. */
  readonly archiveOrigin: string;
  /** The verifier's key, and earlier ones that are still trusted. */
  readonly cosigners: readonly CosignerKey[];
  readonly sha256: Sha256;
};

export type NoteSigning = NoteKeys & {
  /** The present one, which is among `cosigners`. */
  readonly key: CosignerKey;
  readonly signer: Signer;
};

/** The bytes of a note. Rejects if the signer does. */
export async function signNote(
  { archiveOrigin, sha256, key: cosigner, signer }: NoteSigning,
  clock: Pick<Clock, 'now'>,
  key: string,
  content: Uint8Array,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const text = cosignedText({ key, archiveOrigin }, content, sha256);
  const timeSeconds = Math.floor(clock.now() / 1000);
  const signature = await signer.sign(cosignedMessage(cosigner, text, timeSeconds), signal);
  return encodeCosignedNote(text, cosignatureLine(cosigner, timeSeconds, signature), content);
}

/** Its content. Throws FormatError if it is not a note of this verifier, of this archive, at that key. */
export const openNote = async (keys: NoteKeys, key: string, bytes: Uint8Array): Promise<Uint8Array> =>
  (await openNoteBy(keys, key, bytes)).content;

/** The same, and which of the cosigners has signed it. */
export async function openNoteBy(
  { archiveOrigin, cosigners, sha256 }: NoteKeys,
  key: string,
  bytes: Uint8Array,
): Promise<{ readonly content: Uint8Array; readonly by: CosignerKey }> {
  const { text, signature, content } = parseCosignedNote(bytes, { key, archiveOrigin }, sha256);
  const signed = await cosignedBy({ text, signatures: [signature] }, cosigners);
  if (signed === null) throw new FormatError('a note that no key of this verifier has signed');
  return { content, by: signed.cosigner };
}
