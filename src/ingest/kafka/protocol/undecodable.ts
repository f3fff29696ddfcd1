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

/** More content than was to be opened as one. */
export class ContentTooLarge extends Undecodable {
  constructor(codec: string, maxBytes: number, cause?: unknown) {
    super(`the batch's ${codec} content is more than ${maxBytes} bytes`, cause);
  }
}

/** One record; those before and after it may be good. */
export class RecordTooLarge extends Undecodable {
  readonly offset: number;
  readonly tooLarge: { readonly bytes: number } | { readonly headers: number };

  constructor(offset: number, tooLarge: RecordTooLarge['tooLarge']) {
    const size = 'bytes' in tooLarge ? `${tooLarge.bytes} bytes` : `${tooLarge.headers} headers`;
    super(`a record of ${size} is too large`);
    this.offset = offset;
    this.tooLarge = tooLarge;
  }
}
