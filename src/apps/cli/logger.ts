// Where do the service's log lines go? JSON for collectors, readable lines for a person at a terminal.
import { pino, stdTimeFunctions } from 'pino';
import type { Logger } from '../../base/log.ts';
import type { LogLevel } from '../../config/connections.ts';
import type { Io } from './output.ts';

/** Writes in this thread: the last line before an exit says why it ends, and must not be lost. */
export async function openLog(io: Io, level: LogLevel, json: boolean): Promise<{ readonly log: Logger }> {
  const options = { level, base: null, timestamp: stdTimeFunctions.isoTime };
  if (json || io.stdout.isTTY !== true) return { log: pino(options, io.stdout) };
  const { default: pretty } = await import('pino-pretty');
  const colorize = (io.env['NO_COLOR'] ?? '') === '';
  const stream = pretty({
    colorize,
    singleLine: true,
    translateTime: 'SYS:HH:MM:ss',
    destination: io.stdout,
    sync: true,
  });
  return { log: pino(options, stream) };
}
