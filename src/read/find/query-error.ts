// Why can a question not be answered as it was put?
import { LedgerstoneError } from '../../base/error.ts';

/** What was asked for can't be understood or can't be answered. */
export class QueryError extends LedgerstoneError {
  constructor(message: string, remedy: string) {
    super('usage', message, { disposition: 'input', remedy });
    this.name = 'QueryError';
  }
}
