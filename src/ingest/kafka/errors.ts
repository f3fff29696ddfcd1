// What may be done about an error of kafkajs?
import { LedgerstoneError, messageOf } from '../../base/error.ts';

export const NOT_PERMITTED_REMEDY =
  'Grant this principal READ and DESCRIBE on the topics and READ on the consumer group.';

/** A LedgerstoneError stays what it is. Access that is refused is fatal; everything else may succeed later. */
export function kafkaError(what: string, error: unknown): LedgerstoneError {
  if (error instanceof LedgerstoneError) return error;
  const reasons = [...chain(error)];
  const message = `can't ${what}: ${messageOf(error)}`;
  if (reasons.some(({ name }) => name === 'KafkaJSSASLAuthenticationError')) {
    return new LedgerstoneError('kafka-login', message, {
      remedy: 'Check source.sasl and source.tls, and that the brokers allow this mechanism.',
      cause: error,
    });
  }
  if (reasons.some(({ type }) => typeof type === 'string' && type.endsWith('AUTHORIZATION_FAILED'))) {
    return new LedgerstoneError('kafka-not-permitted', message, {
      remedy: NOT_PERMITTED_REMEDY,
      cause: error,
    });
  }
  return new LedgerstoneError('kafka-unavailable', message, {
    disposition: 'retriable',
    remedy: 'Check source.brokers and the network; it is tried again.',
    cause: error,
  });
}

type Reason = { readonly name?: unknown; readonly type?: unknown; readonly cause?: unknown };

/** An error and what caused it: kafkajs hides the reason in its count of retries. */
function* chain(error: unknown): Generator<Reason> {
  let reason = error;
  for (let depth = 0; depth < 5 && typeof reason === 'object' && reason !== null; depth++) {
    yield reason;
    reason = (reason as Reason).cause;
  }
}
