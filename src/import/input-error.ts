// What is wrong with a file of history, and where?
import { LedgerstoneError } from '../base/error.ts';

/** `where`: a line or a record, for people. Nothing was archived of it. */
export const inputError = (path: string, what: string, remedy = 'Correct or leave out the file.') =>
  new LedgerstoneError('import-file', `${path}: ${what}`, { disposition: 'input', remedy });
