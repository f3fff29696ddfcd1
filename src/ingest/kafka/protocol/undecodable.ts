// Which error says that bytes of the log can't become records?
import { FormatError } from '../../../base/error.ts';

/**
 * The broker has these bytes and no repeat will change them: the partition halts, with this as its reason.
 */
export class Undecodable extends FormatError {
  constructor(reason: string, cause?: unknown) {
    super(reason, 'undecodable', cause);
    this.name = 'Undecodable';
  }
}
