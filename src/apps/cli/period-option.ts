// Which period does an option such as `--least-lock 7y` mean?
import { InvalidArgumentError } from 'commander';
import { period } from '../../config/archiver-schema.ts';

/** The same text, if a lock may be that long. */
export function lockPeriod(text: string): string {
  const { error } = period.safeParse(text);
  if (error !== undefined) throw new InvalidArgumentError(`It ${error.issues[0]?.message}.`);
  return text;
}
