// Which signed checkpoints does a file hold? A wrong file is its user's mistake, and no fault of an archive.
import { messageOf } from '../../base/error.ts';
import { MIB } from '../../base/limits.ts';
import { parseChainOrigin } from '../../format/chain.ts';
import { parseSignedCheckpoint } from '../../format/note.ts';
import { readInput } from './bounded-input.ts';
import { UsageError } from './exit-code.ts';
import type { Io } from './output.ts';

/** Of a file of checkpoints: those of a hundred thousand chains. */
export const CHECKPOINTS_BYTES_MAX = 64 * MIB;

const REMEDY = 'Give a file that `ledgerstone verify --checkpoints` wrote.';

/**
 * The checkpoints of a file that `verify --checkpoints` wrote: signed notes, one after the other, with LF or
 * CRLF. Throws UsageError with the file and the checkpoint's number.
 */
export async function readCheckpoints({ stdin }: Pick<Io, 'stdin'>, file: string): Promise<Uint8Array[]> {
  return parseCheckpoints(await readInput(stdin, file, CHECKPOINTS_BYTES_MAX, 'checkpoint'), file);
}

/** The same of bytes that were read already. `file`: for messages. */
export function parseCheckpoints(bytes: Uint8Array, file: string): Uint8Array[] {
  if (bytes.length === 0) {
    throw new UsageError(
      `${file} is empty`,
      'The first time there is no earlier checkpoint: leave --since out. Later an empty file means that it was lost.',
    );
  }
  // A checkpoint can't hold a CR, so no other bytes can become the same note.
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes).replaceAll('\r\n', '\n');
  const notes = splitNotes(text);
  if (!notes.some((note) => note.includes('\n— '))) {
    const isCut = /^[^\n]+\/\d+\n\d+/.test(text);
    if (isCut) throw new UsageError(`${file}: checkpoint 1 is cut: it has no signature`, REMEDY);
    throw new UsageError(`${file} holds no signed checkpoint`, REMEDY);
  }
  return notes.map((note, index) => {
    const noteBytes = new TextEncoder().encode(note);
    try {
      parseChainOrigin(parseSignedCheckpoint(noteBytes).checkpoint.origin);
    } catch (error) {
      throw new UsageError(
        `${file}: checkpoint ${index + 1} is not a signed checkpoint: ${messageOf(error)}`,
        REMEDY,
      );
    }
    return noteBytes;
  });
}

/**
 * A checkpoint of size 0 says nothing (FORMAT.md 9.6.2). Throws UsageError if `files` hold no others: nothing
 * would be compared then.
 */
export function requireComparable(notes: readonly Uint8Array[], files: readonly string[]): void {
  if (notes.length === 0 || notes.some((note) => parseSignedCheckpoint(note).checkpoint.size > 0)) return;
  throw new UsageError(
    `${files.join(', ')}: only checkpoints of size 0, which rule nothing out`,
    'Give a file that `ledgerstone verify --checkpoints` wrote after the first segment was sealed.',
  );
}

/** A note ends with its signature lines, which begin with an em dash. */
function splitNotes(text: string): string[] {
  const notes: string[] = [];
  let note = '';
  for (const line of text.match(/[^\n]*\n|[^\n]+$/g) ?? []) {
    const signed = note.includes('\n— ');
    if (signed && !line.startsWith('— ')) {
      notes.push(note);
      note = '';
      if (line === '\n') continue;
    }
    note += line;
  }
  return note === '' ? notes : [...notes, note];
}
