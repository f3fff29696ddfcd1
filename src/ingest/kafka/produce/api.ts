// Which requests does a transaction take, and what do brokers answer? (Kafka protocol: InitProducerId 3,
// AddPartitionsToTxn 1, Produce 8, AddOffsetsToTxn 1, TxnOffsetCommit 2, EndTxn 1, OffsetFetch 7)
import { ByteReader, ByteWriter } from '../protocol/wire.ts';

/** A request to a broker, and how its answer is read. `decode` throws FormatError. */
export type ApiCall<T> = {
  readonly api: { readonly apiKey: number; readonly apiVersion: number; readonly apiName: string };
  readonly body: Uint8Array;
  readonly decode: (raw: Uint8Array) => T & { readonly throttleMs: number };
};

export type ProducerIdentity = { readonly producerId: bigint; readonly producerEpoch: number };

export type OffsetOfGroup = {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly metadata: string;
};

/** What each broker must know; Kafka 2.5 and later do. */
export const NEEDED_APIS: readonly { readonly apiKey: number; readonly version: number }[] = [
  { apiKey: 22, version: 3 },
  { apiKey: 0, version: 8 },
  { apiKey: 9, version: 7 },
];

/** How long a transaction may be open before the coordinator aborts it. */
const TRANSACTION_MS = 60_000;
/** How long the leader waits for its followers. */
const ACKS_MS = 30_000;
const ACKS_ALL = -1;

/**
 * Ends what another producer of this id has open, and fences it off. `before`: our own identity, so that this
 * fails if somebody else has taken over since (KIP-360). Null: whoever it was, we take over.
 */
export function initProducerId(
  transactionalId: string,
  before: ProducerIdentity | null,
): ApiCall<{ readonly errorCode: number; readonly identity: ProducerIdentity }> {
  const out = flexible().compactString(transactionalId).int32(TRANSACTION_MS);
  out.int64(before?.producerId ?? -1n).int16(before?.producerEpoch ?? -1);
  return {
    api: { apiKey: 22, apiVersion: 3, apiName: 'InitProducerId' },
    body: out.uvarint(0).bytes(),
    decode: (raw) => {
      const reader = flexibleReader(raw);
      const [throttleMs, errorCode] = [reader.int32(), reader.int16()];
      return {
        throttleMs,
        errorCode,
        identity: { producerId: reader.int64(), producerEpoch: reader.int16() },
      };
    },
  };
}

export function addPartition(
  transactionalId: string,
  identity: ProducerIdentity,
  topic: string,
  partition: number,
): ApiCall<{ readonly errorCode: number }> {
  const out = transactional(transactionalId, identity);
  out.array([topic], (name) => out.string(name).array([partition], (id) => out.int32(id)));
  return {
    api: { apiKey: 24, apiVersion: 1, apiName: 'AddPartitionsToTxn' },
    body: out.bytes(),
    decode: partitionErrors,
  };
}

export function addOffsets(
  transactionalId: string,
  identity: ProducerIdentity,
  groupId: string,
): ApiCall<{ readonly errorCode: number }> {
  return {
    api: { apiKey: 25, apiVersion: 1, apiName: 'AddOffsetsToTxn' },
    body: transactional(transactionalId, identity).string(groupId).bytes(),
    decode: oneError,
  };
}

export function commitOffsets(
  transactionalId: string,
  identity: ProducerIdentity,
  groupId: string,
  offsets: readonly OffsetOfGroup[],
): ApiCall<{ readonly errorCode: number }> {
  const out = new ByteWriter().string(transactionalId).string(groupId);
  out.int64(identity.producerId).int16(identity.producerEpoch);
  const topics = [...new Set(offsets.map(({ topic }) => topic))];
  out.array(topics, (topic) => {
    const own = offsets.filter((one) => one.topic === topic);
    out.string(topic).array(own, ({ partition, offset, metadata }) => {
      out.int32(partition).int64(offset).int32(-1).string(metadata);
    });
  });
  return {
    api: { apiKey: 28, apiVersion: 2, apiName: 'TxnOffsetCommit' },
    body: out.bytes(),
    decode: partitionErrors,
  };
}

export function endTransaction(
  transactionalId: string,
  identity: ProducerIdentity,
  commit: boolean,
): ApiCall<{ readonly errorCode: number }> {
  return {
    api: { apiKey: 26, apiVersion: 1, apiName: 'EndTxn' },
    body: transactional(transactionalId, identity)
      .int8(commit ? 1 : 0)
      .bytes(),
    decode: oneError,
  };
}

export type Produced = {
  readonly errorCode: number;
  /** Of the first record. */
  readonly baseOffset: bigint;
  /** The time that the broker gave to the records instead of their own; −1: they have their own. */
  readonly appendTimeMs: bigint;
  /** The broker's words. */
  readonly message: string | null;
};

/** One batch to the leader of its partition. */
export function produceBatch(
  transactionalId: string,
  topic: string,
  partition: number,
  batch: Uint8Array,
): ApiCall<Produced> {
  const out = new ByteWriter().string(transactionalId).int16(ACKS_ALL).int32(ACKS_MS);
  out.array([topic], (name) =>
    out.string(name).array([partition], (id) => out.int32(id).int32(batch.length).raw(batch)),
  );
  return {
    api: { apiKey: 0, apiVersion: 8, apiName: 'Produce' },
    body: out.bytes(),
    decode: (raw) => {
      const reader = new ByteReader(raw);
      const answers = reader.array(() => {
        reader.string();
        return reader.array(() => readProduced(reader));
      });
      const throttleMs = reader.int32();
      const found = answers[0]?.[0];
      const none = { errorCode: -1, baseOffset: -1n, appendTimeMs: -1n, message: 'it named no partition' };
      return { throttleMs, ...(found ?? none) };
    },
  };
}

function readProduced(reader: ByteReader): Produced {
  reader.int32();
  const [errorCode, baseOffset, appendTimeMs] = [reader.int16(), reader.int64(), reader.int64()];
  reader.int64();
  const ofRecords = reader.array(() => {
    reader.int32();
    return reader.string();
  });
  return { errorCode, baseOffset, appendTimeMs, message: reader.string() ?? ofRecords[0] ?? null };
}

export type FetchedOffset = {
  readonly partition: number;
  /** −1: none was committed. */
  readonly offset: bigint;
  readonly metadata: string;
  readonly errorCode: number;
};

/** Fails as long as a transaction that may change the answer has not ended (KIP-447). */
export function fetchOffsets(
  groupId: string,
  topic: string,
  partitions: readonly number[],
): ApiCall<{ readonly errorCode: number; readonly offsets: readonly FetchedOffset[] }> {
  const out = flexible().compactString(groupId);
  out.compactArray([topic], (name) =>
    out
      .compactString(name)
      .compactArray(partitions, (id) => out.int32(id))
      .uvarint(0),
  );
  return {
    api: { apiKey: 9, apiVersion: 7, apiName: 'OffsetFetch' },
    body: out.int8(1).uvarint(0).bytes(),
    decode: (raw) => {
      const reader = flexibleReader(raw);
      const throttleMs = reader.int32();
      const topics = reader.compactArray(() => {
        reader.compactString();
        const offsets = reader.compactArray(() => readOffset(reader));
        reader.skipTags();
        return offsets;
      });
      return { throttleMs, errorCode: reader.int16(), offsets: topics.flat() };
    },
  };
}

function readOffset(reader: ByteReader): FetchedOffset {
  const [partition, offset] = [reader.int32(), reader.int64()];
  reader.int32();
  const [metadata, errorCode] = [reader.compactString() ?? '', reader.int16()];
  reader.skipTags();
  return { partition, offset, metadata, errorCode };
}

/** Tagged fields of the request's header, which kafkajs doesn't write. */
const flexible = (): ByteWriter => new ByteWriter().uvarint(0);

function flexibleReader(raw: Uint8Array): ByteReader {
  const reader = new ByteReader(raw);
  reader.skipTags();
  return reader;
}

const transactional = (transactionalId: string, identity: ProducerIdentity): ByteWriter =>
  new ByteWriter().string(transactionalId).int64(identity.producerId).int16(identity.producerEpoch);

function oneError(raw: Uint8Array) {
  const reader = new ByteReader(raw);
  return { throttleMs: reader.int32(), errorCode: reader.int16() };
}

/** The first error of any partition. */
function partitionErrors(raw: Uint8Array) {
  const reader = new ByteReader(raw);
  const throttleMs = reader.int32();
  const codes = reader.array(() => {
    reader.string();
    return reader.array(() => {
      reader.int32();
      return reader.int16();
    });
  });
  return { throttleMs, errorCode: codes.flat().find((code) => code !== 0) ?? 0 };
}
