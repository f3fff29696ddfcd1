// What does a log line look like? One JSON object per line: level, time, message and fields.
import type { Logger } from '../../base/log.ts';
import { printableJson } from '../../base/printable.ts';
import type { LogLevel } from '../../config/connections.ts';

const ORDER: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

/** Small, so that the bundle needs no logging library. */
export function jsonLog(level: LogLevel, stream: { write(text: string): unknown }): Logger {
  const line = (of: 'debug' | 'info' | 'warn' | 'error') => (fields: object, message: string) => {
    if (ORDER.indexOf(of) < ORDER.indexOf(level)) return;
    const record = { level: of, time: new Date().toISOString(), message, ...fields };
    stream.write(`${printableJson(JSON.stringify(record))}\n`);
  };
  return { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') };
}
