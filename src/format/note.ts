// How do signatures stand under a checkpoint? (C2SP signed-note)
import { concatBytes, equalBytes, fromBase64, toBase64, utf8, utf8Text } from '../base/bytes.ts';
import { FormatError } from '../base/error.ts';
import { LIMITS } from '../base/limits.ts';
import { type Checkpoint, parseCheckpointText } from './checkpoint.ts';
import { isKeyName } from './vkey.ts';

export { checkpointText } from './checkpoint.ts';

/** `keyId` is 4 bytes. Whose key it is shows from name and id together. */
export type NoteSignature = {
  readonly name: string;
  readonly keyId: Uint8Array;
  readonly signature: Uint8Array;
};

export type SignedCheckpoint = {
  readonly checkpoint: Checkpoint;
  /** The bytes that the signatures are over. */
  readonly text: Uint8Array;
  /** In the order of the note. */
  readonly signatures: readonly NoteSignature[];
};

/** `text` as checkpointText gave it. Throws FormatError. */
export function encodeSignedCheckpoint(text: Uint8Array, signatures: readonly NoteSignature[]): Uint8Array {
  parseCheckpointText(text);
  return concatBytes(text, utf8(`\n${encodeSignatures(signatures)}`));
}

/** Their lines, each with its LF. Throws FormatError. */
export function encodeSignatures(signatures: readonly NoteSignature[]): string {
  if (signatures.length === 0 || signatures.length > LIMITS.signaturesMax) {
    throw new FormatError(`a note with ${signatures.length} signatures: 1 to ${LIMITS.signaturesMax}`);
  }
  return signatures.map(signatureLine).join('');
}

/** The inverse. Encode what it gives again to hold the spelling to it. Throws FormatError. */
export function parseSignatures(text: string): NoteSignature[] {
  const lines = text.split('\n');
  if (lines.pop() !== '') throw new FormatError('a note ends with a newline');
  if (lines.length > LIMITS.signaturesMax) throw new FormatError(`a note with ${lines.length} signatures`);
  return lines.map(parseSignatureLine);
}

/** Strict: encoded again, it must give the same bytes. Verifies no signature. Throws FormatError. */
export function parseSignedCheckpoint(bytes: Uint8Array): SignedCheckpoint {
  if (bytes.length > LIMITS.sealBytesMax) throw new FormatError(`a note of ${bytes.length} bytes`);
  const note = utf8Text(bytes);
  // A checkpoint has no empty line, so the first one ends it.
  const blank = note.indexOf('\n\n');
  if (blank < 0) throw new FormatError('a note has a blank line before its signatures');
  const text = utf8(note.slice(0, blank + 1));
  const checkpoint = parseCheckpointText(text);
  const signatures = parseSignatures(note.slice(blank + 2));
  if (!equalBytes(encodeSignedCheckpoint(text, signatures), bytes))
    throw new FormatError('a note with an odd spelling');
  return { checkpoint, text, signatures };
}

function signatureLine({ name, keyId, signature }: NoteSignature): string {
  if (!isKeyName(name) || keyId.length !== 4 || signature.length === 0)
    throw new FormatError('not a signature line');
  return `— ${name} ${toBase64(concatBytes(keyId, signature))}\n`;
}

function parseSignatureLine(line: string): NoteSignature {
  const [dash, name, body, ...rest] = line.split(' ');
  if (dash !== '—' || name === undefined || body === undefined || rest.length > 0) {
    throw new FormatError('a signature line is a dash, a name and base64');
  }
  const bytes = fromBase64(body);
  return { name, keyId: bytes.slice(0, 4), signature: bytes.slice(4) };
}
