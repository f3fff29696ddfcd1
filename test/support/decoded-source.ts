// How do the records of the in-memory broker come through a decoder? As bytes of Kafka, one fetch at a time, like a fetcher's.
import type { KafkaRecord } from '../../src/format/record.ts';
import type { Decoder } from '../../src/ingest/kafka/decoder.ts';
import type { Delivered, Source, SourceListener, TopicPartition } from '../../src/ingest/source.ts';
import { LIMITS } from '../unit/ingest/kafka/protocol/decode.ts';
import { batchBytes } from '../unit/ingest/kafka/protocol/encode.ts';

export type DecodedSourceOptions = {
  readonly decoder: Decoder;
  /** Parts of this partition are on their way. */
  readonly onDecoding?: (partition: TopicPartition) => void;
};

const idOf = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`;

/** The same source; what it fetched while it was paused, sought or taken away isn't delivered, as in the fetcher. */
export function decodedSource(
  source: Source,
  { decoder, onDecoding = () => {} }: DecodedSourceOptions,
): Source {
  /** Of each partition: pauses, seeks and assignments until now. */
  const turns = new Map<string, number>();
  const turn = (partition: TopicPartition) =>
    turns.set(idOf(partition), (turns.get(idOf(partition)) ?? 0) + 1);
  let generation = 0;
  let before = Promise.resolve();

  async function deliver(listener: SourceListener, fetched: Delivered): Promise<void> {
    const records = fetched.records as readonly KafkaRecord[];
    const now = () => `${generation} ${turns.get(idOf(fetched))}`;
    const asked = now();
    const { topic, partition } = fetched;
    if (records.length === 0) return listener.onFetched(fetched);
    const set = { topic, partition, from: 0, bytes: bytesOf(records), aborted: [] };
    const parts = decoder.decode(set, LIMITS);
    onDecoding(fetched);
    for await (const part of parts) {
      if (now() !== asked) return;
      listener.onFetched({ ...fetched, records: part.records });
    }
  }

  return new Proxy(source, {
    get(target, name) {
      const member = Reflect.get(target, name) as unknown;
      if (typeof member !== 'function') return member;
      if (name === 'start')
        return (listener: SourceListener) =>
          target.start({
            ...bound(listener),
            onAssign: (owned) => {
              generation += 1;
              listener.onAssign(owned);
            },
            onRevoke: () => {
              generation += 1;
              listener.onRevoke();
            },
            onFetched: (fetched) => {
              before = before
                .then(() => deliver(listener, fetched))
                .catch((error) => listener.onFatal(error));
            },
          });
      return (...args: unknown[]) => {
        if (name === 'pause' || name === 'seek') turn(args[0] as TopicPartition);
        return (member as (...args: unknown[]) => unknown).apply(target, args);
      };
    },
  });
}

/** A listener's methods, whatever it is. */
const bound = (listener: SourceListener): SourceListener => ({
  ...listener,
  onEnd: (...args) => listener.onEnd(...args),
  onFatal: (error) => listener.onFatal(error),
  onSuspect: (reason) => listener.onSuspect(reason),
});

/** One batch; offsets may have holes. */
function bytesOf(records: readonly KafkaRecord[]): Uint8Array {
  const first = records[0] as KafkaRecord;
  return batchBytes({
    baseOffset: first.offset,
    firstTimestamp: first.timestamp,
    maxTimestamp: first.timestamp,
    appendTime: first.timestampType === 'append',
    records: records.map(({ offset, timestamp, key, headers, value }) => ({
      offsetDelta: offset - first.offset,
      timestampDelta: timestamp - first.timestamp,
      key,
      value,
      headers: headers.map((header) => [header.name, header.value] as const),
    })),
  });
}
