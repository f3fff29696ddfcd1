// How do kafkajs's own log lines reach ours, without secrets and without its idea of what is an error?
import type { logCreator } from 'kafkajs';
import type { Logger } from '../../../base/log.ts';
import type { SaslOptions } from '../options.ts';

/** kafkajs's levels (loggers/index.js). */
const ERROR = 1;
const WARN = 2;
export const KAFKAJS_INFO = 4;

/**
 * What may be passed on. Everything else, such as decoded answers of an authentication, stays where it is.
 */
const FIELDS = [
  'broker',
  'groupId',
  'memberId',
  'topic',
  'partition',
  'nodeId',
  'retryCount',
  'retryTime',
  'error',
];

/**
 * Errors of kafkajs are things that it tries again, so they warn; what can't be cured comes as `onFatal`. Its
 * debug lines carry whole requests and answers and are never passed on, whatever KAFKAJS_LOG_LEVEL says.
 */
export const routeLogs =
  (log: Logger, redact: (text: string) => string): logCreator =>
  () =>
  ({ namespace, level, log: line }) => {
    if (level > KAFKAJS_INFO) return;
    const fields: Record<string, unknown> = { kafkajs: namespace };
    for (const name of FIELDS) {
      const value = line[name];
      if (typeof value === 'string') fields[name] = redact(value);
      else if (typeof value === 'number') fields[name] = value;
    }
    const message = redact(line.message);
    if (level === ERROR) log.warn(fields, message);
    else if (level === WARN) log.info(fields, message);
    else log.debug(fields, message);
  };

/** Takes a password out of any text, in the forms in which it may have got there. */
export function redactor(sasl: SaslOptions | undefined): (text: string) => string {
  if (sasl === undefined || !('password' in sasl) || sasl.password === '') return (text) => text;
  const { password } = sasl;
  const forms = [password, JSON.stringify(password).slice(1, -1), Buffer.from(password).toString('base64')];
  return (text) => forms.reduce((clean, form) => clean.replaceAll(form, '[secret]'), text);
}
