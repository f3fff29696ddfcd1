// What does the archiver need of a logger? pino's shape: fields first, then a sentence.

export interface ArchiverLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
