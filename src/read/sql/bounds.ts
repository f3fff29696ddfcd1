// What does SQL over an archive not prove? It stands at the top of all that `ledgerstone sql` prints.
import type { SqlLocation } from './location.ts';

/** A comment. `engine`: its name; `more`: what else its reader has to know. */
export function unproven(engine: string, location: SqlLocation, more: readonly string[]): string {
  const lines = [
    `Views of ${engine} over the archive ${location.root}`,
    '',
    'NOTHING HERE IS VERIFIED. No signature, hash or lock is looked at: an answer is only as good as the bytes that',
    'happen to lie there. Run `ledgerstone verify` on the same archive before you believe one, and prove what matters:',
    '`ledgerstone find --prove`.',
    '',
    'Every line is read of every data object that a seal names and that lies there. Not seen are',
    '- segments whose data is gone, expired or was never copied here: ledgerstone_missing names those whose seal is',
    '  there, and ledgerstone_check counts them, and the seals that are missing between others,',
    '- segments and whole chains behind the last seal here: nothing here tells that there were more,',
    '- records that were never archived: ledgerstone_gaps has their offsets and the reason.',
    ...(location.kind === 's3' ? ['', ...NEWEST_VERSION] : []),
    '',
    '"value" is the JSON text as it was archived, character for character. JSON functions on it are those of the',
    'engine: of two members with one name they see one, and they may round numbers. `ledgerstone find` sees both,',
    'and compares numbers exactly.',
    '',
    ...more,
  ];
  return lines.map((line) => (line === '' ? '--' : `-- ${line}`)).join('\n');
}

const NEWEST_VERSION: readonly string[] = [
  'Of an object with several versions the newest is read here. The archive is the oldest (FORMAT.md 2.5): who may',
  'write to the bucket can show these views something else, and a delete marker hides an object from them.',
];
