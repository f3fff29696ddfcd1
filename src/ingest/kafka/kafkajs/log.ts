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
const FIELDS = ['broker', 'groupId', 'memberId', 'topic', 'partition', 'nodeId', 'retryCount', 'retryTime'];

/** What coordinators answer to members at each rebalance (kafkajs's protocol/error.js). */
const REBALANCES: ReadonlySet<unknown> = new Set([
  'The group is rebalancing, so a rejoin is needed',
  'Specified group generation id is not valid',
  'The coordinator is not aware of this member',
  'The group member needs to have a valid member id before actually entering a consumer group',
]);

/**
 * Errors of kafkajs are things that it tries again, so they warn; what can't be cured comes as `onFatal`. A
 * rebalance is no trouble, and our own lines tell of it: kafkajs's are for debugging. Its debug lines carry
 * whole requests and answers and are never passed on, whatever KAFKAJS_LOG_LEVEL says.
 */
export const routeLogs =
  (log: Logger, redact: (text: string) => string): logCreator =>
  () =>
  ({ namespace, level, log: line }) => {
    if (level > KAFKAJS_INFO) return;
    const fields: Record<string, unknown> = { kafkajs: namespace };
    for (const name of FIELDS) {
      const value = line[name];
      if (typeof value === 'string' || typeof value === 'number') fields[name] = value;
    }
    if (typeof line['error'] === 'string') fields['error'] = redact(line['error']);
    const message = redact(line.message);
    if (REBALANCES.has(line['error'])) log.debug(fields, message);
    else if (level === ERROR) log.warn(fields, message);
    else if (level === WARN) log.info(fields, message);
    else log.debug(fields, message);
  };

/** Taking out a short or plain password would show it: what is missing is the password. */
const TEXT_LEFT_OUT =
  '[left out: it may hold the password, which is too short or plain to be taken out of text]';
const CLASSES = [/[a-z]/, /[A-Z]/, /[0-9]/, /[^A-Za-z0-9]/];
const isDistinct = (password: string): boolean =>
  password.length >= 8 && CLASSES.filter((one) => one.test(password)).length >= 2;

/** Takes a password out of any text, in the forms in which it may have got there. */
export function redactor(sasl: SaslOptions | undefined): (text: string) => string {
  if (sasl === undefined || !('password' in sasl) || sasl.password === '') return (text) => text;
  const { username, password } = sasl;
  if (!isDistinct(password)) return () => TEXT_LEFT_OUT;
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  // SASL/PLAIN sends both in one, and that holds other forms.
  const forms = [
    base64(`\0${username}\0${password}`),
    JSON.stringify(password).slice(1, -1),
    encodeURIComponent(password),
    base64(password),
    password,
  ];
  return (text) => forms.reduce((clean, form) => clean.replaceAll(form, '[secret]'), text);
}
