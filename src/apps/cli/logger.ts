// Where do the service's log lines go? JSON for collectors, readable lines for a person at a terminal.
import { type Logger as PinoLogger, pino, stdTimeFunctions } from 'pino';
import { LedgerstoneError, messageOf } from '../../base/error.ts';
import type { Logger } from '../../base/log.ts';
import { printableJson, printableLines } from '../../base/printable.ts';
import type { LogLevel } from '../../config/connections.ts';
import type { ReloadPart } from '../reload.ts';
import type { Io } from './output.ts';

type OpenedLog = {
  readonly log: Logger;
  /** Of a configuration that is read again. */
  readonly levelPart: ReloadPart<{ readonly log: { readonly level: LogLevel } }>;
};

/**
 * Writes in this thread: the last line before an exit says why it ends, and must not be lost. Nothing that a
 * terminal would obey is written.
 */
export async function openLog(io: Io, level: LogLevel, json: boolean): Promise<OpenedLog> {
  const options = {
    ...{ level, base: null, timestamp: stdTimeFunctions.isoTime },
    // Collectors look for the word.
    formatters: { level: (label: string) => ({ level: label }) },
  };
  if (json || io.stdout.isTTY !== true)
    return openedLog(pino(options, { write: (line) => void io.stdout.write(printableJson(line)) }));
  const { default: pretty } = await import('pino-pretty');
  const colorize = (io.env['NO_COLOR'] ?? '') === '';
  const stream = pretty({
    colorize,
    singleLine: true,
    translateTime: 'SYS:HH:MM:ss',
    destination: io.stdout,
    sync: true,
  });
  return openedLog(pino(options, { write: (line) => void stream.write(printableValues(line)) }));
}

const openedLog = (log: PinoLogger): OpenedLog => ({
  log,
  levelPart: {
    takes: () => ['log'],
    prepare:
      async ({ log: { level } }) =>
      () => {
        log.level = level;
        return [];
      },
  },
});

/**
 * A service's last log line says why it ended, for those who collect the log and not standard error. A person
 * at a terminal reads it once.
 */
export async function endsInLog<T>(io: Io, log: Logger, json: boolean, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (json || io.stdout.isTTY !== true) {
      const { code, remedy } =
        error instanceof LedgerstoneError ? error : { code: 'internal', remedy: undefined };
      log.error({ code, remedy }, `ended: ${messageOf(error)}`);
    }
    throw error;
  }
}

/** The same line for people: what JSON hides from a terminal, `pino-pretty` would bring back. */
const printableValues = (line: string): string =>
  `${JSON.stringify(
    JSON.parse(line, (_, value: unknown) => {
      if (typeof value === 'string') return printableLines(value).replaceAll('\n', '\n    ');
      if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
      return Object.fromEntries(Object.entries(value).map(([name, one]) => [printableLines(name), one]));
    }),
  )}\n`;
