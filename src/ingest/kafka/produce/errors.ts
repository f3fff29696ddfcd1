// What may be done about what a broker answered to a transaction? (Kafka protocol guide, "Error Codes")
import { LedgerstoneError } from '../../../base/error.ts';

/** The transaction before is still being ended: the same request again, soon. */
export const CONCURRENT_TRANSACTIONS = 51;
/** The same for offsets of a group (KIP-447). */
export const UNSTABLE_OFFSET_COMMIT = 88;

const FENCED: ReadonlySet<number> = new Set([47, 49, 90]);
const NOT_PERMITTED: Readonly<Record<number, string>> = {
  29: 'the topic',
  30: 'the consumer group',
  31: 'the cluster',
  53: 'the transactional id',
};

type Refusal = { readonly text: string; readonly remedy: string };
/** What the broker will answer the next time too. */
const REFUSALS: Readonly<Record<number, Refusal>> = {
  10: {
    text: 'a record is larger than it takes (MESSAGE_TOO_LARGE)',
    remedy: 'Raise max.message.bytes of the topic.',
  },
  18: {
    text: 'a batch is larger than its segments (RECORD_LIST_TOO_LARGE)',
    remedy: 'Raise segment.bytes of the topic.',
  },
  32: {
    text: 'it does not take the timestamp of a record (INVALID_TIMESTAMP)',
    remedy: 'Raise message.timestamp.before.max.ms and message.timestamp.after.max.ms of the topic.',
  },
  44: { text: 'a policy of the brokers forbids it (POLICY_VIOLATION)', remedy: 'Ask who runs the brokers.' },
  76: {
    text: 'the topic does not take this compression (UNSUPPORTED_COMPRESSION_TYPE)',
    remedy: 'Give another --compression.',
  },
  87: {
    text: 'it does not take a record (INVALID_RECORD)',
    remedy: 'A compacted topic takes no record without a key: set cleanup.policy=delete on the topic.',
  },
};

/**
 * `replay-fenced`: another producer of this id has taken over. `kafka-not-permitted` and `replay-refused`: it
 * will be the same the next time. Everything else is retriable, by way of a new claim.
 */
export function answerError(what: string, code: number, words: string | null = null): LedgerstoneError {
  const said = words === null ? '' : `: ${words}`;
  if (FENCED.has(code))
    return new LedgerstoneError(
      'replay-fenced',
      `can't ${what}: this run was fenced off (error code ${code})`,
      {
        remedy: [
          'Another run of the same replay has taken over, or a transaction took longer than a minute.',
          'If no other one runs, run it again: it goes on behind what was committed.',
        ].join(' '),
      },
    );
  const denied = NOT_PERMITTED[code];
  if (denied !== undefined)
    return new LedgerstoneError('kafka-not-permitted', `can't ${what}: no access to ${denied}`, {
      remedy: WRITE_REMEDY,
    });
  const refusal = REFUSALS[code];
  if (refusal !== undefined)
    return new LedgerstoneError('replay-refused', `can't ${what}: ${refusal.text}${said}`, {
      remedy: refusal.remedy,
    });
  return new LedgerstoneError('kafka-unavailable', `can't ${what}: the broker answered ${code}${said}`, {
    disposition: 'retriable',
    remedy: 'Run the same command again: it goes on behind what was committed. See the log of the brokers.',
  });
}

export const WRITE_REMEDY = [
  'Grant this principal WRITE and DESCRIBE on the topic and on the transactional id, and READ on the consumer group:',
  'both ids begin with ledgerstone-replay-.',
].join(' ');
