// What does every part need of a logger? pino's shape: fields first, then a sentence.

export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** For callers that report in another way. */
export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };
