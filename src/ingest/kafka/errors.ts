// What may be done about an error of kafkajs?
import { LedgerstoneError, messageOf } from '../../base/error.ts';

/** A LedgerstoneError stays what it is. Access that is refused is fatal; everything else may succeed later. */
export function kafkaError(what: string, error: unknown): LedgerstoneError {
  if (error instanceof LedgerstoneError) return error;
  const { name, type } = Object(error) as { name?: unknown; type?: unknown };
  const message = `can't ${what}: ${messageOf(error)}`;
  if (name === 'KafkaJSSASLAuthenticationError') {
    return new LedgerstoneError('kafka-login', message, {
      remedy: 'Check source.sasl and source.tls, and that the brokers allow this mechanism.',
      cause: error,
    });
  }
  if (typeof type === 'string' && type.endsWith('AUTHORIZATION_FAILED')) {
    return new LedgerstoneError('kafka-not-permitted', message, {
      remedy: 'Grant this principal READ and DESCRIBE on the topics and READ on the consumer group.',
      cause: error,
    });
  }
  return new LedgerstoneError('kafka-unavailable', message, {
    disposition: 'retriable',
    remedy: 'Check source.brokers and the network; it is tried again.',
    cause: error,
  });
}
