// How does the stamp of a proof get beside it, and what is said of it?
import { timeText } from '../../format/time.ts';
import { NewFiles } from './new-files.ts';
import type { Stamped } from './stamped-note.ts';

/** Over nothing that is there. Throws UsageError. */
export async function writeStamp(file: string, { stamp }: Pick<Stamped, 'stamp'>): Promise<void> {
  const files = new NewFiles();
  try {
    await files.write(file, [stamp]);
    await files.place([file]);
  } finally {
    await files.remove();
  }
}

export const writtenText = ({ authority, genTimeMs }: Pick<Stamped, 'authority' | 'genTimeMs'>): string =>
  [
    `its stamp is by ${authority}, of ${timeText(genTimeMs)}:`,
    '`ledgerstone check --stamp` with --tsa-root shows whether it holds',
  ].join(' ');

const NAMED_MAX = 3;

/** What lay at keys of stamps and is none. It changes nothing of the stamp that was found. */
export function passedOverTexts(stamped: Pick<Stamped, 'passedOver'> | null): string[] {
  const all = stamped?.passedOver ?? [];
  const named = all.slice(0, NAMED_MAX).map((one) => `passed over, no stamp: ${one}`);
  return all.length > NAMED_MAX ? [...named, `and ${all.length - NAMED_MAX} more`] : named;
}
