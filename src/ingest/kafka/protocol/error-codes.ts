// What do a broker's error codes mean? (Kafka protocol guide, "Error Codes": those that a fetch or a look-up
// can get)

export const FETCH_ERRORS = { unknown: -1, offsetOutOfRange: 1, corruptMessage: 2 } as const;

export const METADATA_ERRORS = { unknownTopic: 3, topicNotPermitted: 29 } as const;

const TEXTS: Readonly<Record<number, string>> = {
  [-1]: 'the broker failed (UNKNOWN_SERVER_ERROR)',
  1: 'the offset is out of range (OFFSET_OUT_OF_RANGE)',
  2: 'the broker calls its own log corrupt (CORRUPT_MESSAGE)',
  3: 'the broker has no such partition (UNKNOWN_TOPIC_OR_PARTITION)',
  5: 'no leader yet (LEADER_NOT_AVAILABLE)',
  6: 'another broker leads now (NOT_LEADER_OR_FOLLOWER)',
  7: 'the request timed out (REQUEST_TIMED_OUT)',
  9: 'the replica is not available (REPLICA_NOT_AVAILABLE)',
  17: 'not a topic name (INVALID_TOPIC_EXCEPTION)',
  29: 'not permitted: grant READ and DESCRIBE on the topic (TOPIC_AUTHORIZATION_FAILED)',
  56: "the broker's disk failed (KAFKA_STORAGE_ERROR)",
  74: 'another broker leads now (FENCED_LEADER_EPOCH)',
  75: 'the broker is behind (UNKNOWN_LEADER_EPOCH)',
  78: 'the leader does not know yet how far its log goes (OFFSET_NOT_AVAILABLE)',
  89: 'too many requests (THROTTLING_QUOTA_EXCEEDED)',
  100: 'no topic of this id: it was deleted, or created again (UNKNOWN_TOPIC_ID)',
  103: 'the topic has another id (INCONSISTENT_TOPIC_ID)',
};

export const errorText = (code: number): string => TEXTS[code] ?? `error code ${code}`;
