// What may be done about an error of kafkajs?
import { LedgerstoneError, messageOf } from '../../base/error.ts';

export const NOT_PERMITTED_REMEDY =
  'Grant this principal READ and DESCRIBE on the topics and READ on the consumer group.';

/** Brokers show a topic without a grant as one that is not there. */
export const NO_TOPIC_REMEDY = [
  'Create the topic, correct its name, or grant DESCRIBE on it.',
  'One that a pattern took and that is gone for good: name it in `except`, and restart.',
].join(' ');

/** Another consumer in our group is assigned partitions, and those are then archived by nobody. */
export const groupShared = (groupId: string | null, cause?: unknown): LedgerstoneError =>
  new LedgerstoneError(
    'group-shared',
    `another program consumes as a member of ${groupId === null ? 'our consumer group' : `consumer group ${groupId}`}`,
    {
      remedy:
        'Give the archivers a source.groupId of their own, or stop that program; reserve the id by an ACL.',
      cause,
    },
  );

/** Passes a LedgerstoneError on. Refused access is fatal; everything else may succeed later. */
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
  if (reasons.some(({ type }) => type === 'INCONSISTENT_GROUP_PROTOCOL')) return groupShared(null, error);
  if (reasons.some(({ code }) => typeof code === 'string' && TLS_ERROR.test(code))) {
    return new LedgerstoneError('kafka-tls', message, {
      remedy:
        'Check source.tls: the authority (caFile), the name (serverName), and that the port speaks TLS.',
      cause: error,
    });
  }
  // kafkajs gives a type to what a broker answered: then the network is not what is wrong.
  const isAnswer = reasons.some(({ type }) => typeof type === 'string');
  return new LedgerstoneError('kafka-unavailable', message, {
    disposition: 'retriable',
    remedy: isAnswer
      ? "A broker answered so: see its log, and the brokers' settings."
      : 'Check source.brokers and the network, and that source.tls and source.sasl are what that port wants.',
    cause: error,
  });
}

/** Node's codes for certificates that it does not accept, and for an answer that is not TLS. */
const TLS_ERROR = /CERT|^ERR_(TLS|SSL)_|^EPROTO$|^UNABLE_TO_(GET|VERIFY|DECRYPT|DECODE)_/;

type Reason = {
  readonly name?: unknown;
  readonly type?: unknown;
  readonly code?: unknown;
  readonly cause?: unknown;
};

/** An error and what caused it: kafkajs hides the reason in its count of retries. */
function* chain(error: unknown): Generator<Reason> {
  let reason = error;
  for (let depth = 0; depth < 5 && typeof reason === 'object' && reason !== null; depth++) {
    yield reason;
    reason = (reason as Reason).cause;
  }
}
