// How does a cosigner sign a note of its own, which is no checkpoint? (FORMAT.md 9.8.10)
import { concatBytes, equalBytes, fromBase64, toBase64, utf8, utf8Text } from '../base/bytes.ts';
import { FormatError } from '../base/error.ts';
import type { Sha256 } from '../base/hash.ts';
import { encodeSignatures, type NoteSignature, parseSignatures } from './note.ts';

const FORMAT = 'ledgerstone/note/1';
const LF = 0x0a;

/** Where a note lies: its key, and the origin of the archive that it is about. */
export type NoteAddress = { readonly key: string; readonly archiveOrigin: string };

/**
 * What is signed: four lines, far below the 4096 bytes that KMS takes. A checkpoint's second line is a
 * number and never a key, so no such signature can stand under a checkpoint.
 */
export const cosignedText = (
  { key, archiveOrigin }: NoteAddress,
  content: Uint8Array,
  sha256: Sha256,
): Uint8Array => utf8(`${FORMAT}\n${key}\n${archiveOrigin}\n${toBase64(sha256(content))}\n`);

/** `text` as cosignedText gave it for that content. Throws FormatError. */
export const encodeCosignedNote = (
  text: Uint8Array,
  signature: NoteSignature,
  content: Uint8Array,
): Uint8Array => concatBytes(text, utf8(`\n${encodeSignatures([signature])}\n`), content);

type CosignedNote = {
  /** The bytes that the signature is over. */
  readonly text: Uint8Array;
  readonly signature: NoteSignature;
  readonly content: Uint8Array;
};

/** Its signature still unchecked. Throws FormatError if it is not the note of that address. */
export function parseCosignedNote(bytes: Uint8Array, address: NoteAddress, sha256: Sha256): CosignedNote {
  const textEnd = emptyLine(bytes, 0);
  const linesEnd = emptyLine(bytes, textEnd + 1);
  const text = bytes.slice(0, textEnd);
  const content = bytes.slice(linesEnd + 1);
  if (!equalBytes(text, cosignedText(address, content, sha256))) {
    throw new FormatError(whyNot(utf8Text(text).split('\n'), address, sha256(content)));
  }
  const lines = utf8Text(bytes.slice(textEnd + 1, linesEnd));
  const [signature, ...others] = parseSignatures(lines);
  if (signature === undefined || others.length > 0 || encodeSignatures([signature]) !== lines) {
    throw new FormatError('a note whose signature is not one line');
  }
  return { text, signature, content };
}

/** The place of the LF of the first empty line from there on. */
function emptyLine(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(LF, from); at >= 0; at = bytes.indexOf(LF, at + 1)) {
    if (bytes[at + 1] === LF) return at + 1;
  }
  throw new FormatError('not a signed note');
}

function whyNot(lines: readonly string[], { key, archiveOrigin }: NoteAddress, hash: Uint8Array): string {
  const [format, ofKey = '', ofArchive = '', ofContent = ''] = lines;
  if (format !== FORMAT || lines.length !== 5) return 'not a signed note';
  if (ofKey !== key) return `a note that was signed for ${ofKey}`;
  if (ofArchive !== archiveOrigin) return `a note of the archive ${ofArchive}`;
  const isOf = equalBytes(fromBase64(ofContent), hash);
  return isOf ? 'a note with an odd spelling' : 'a note whose content is not what was signed';
}
