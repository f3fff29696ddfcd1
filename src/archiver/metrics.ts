// Which metrics does the service show to a scraper? What to do when one of them alarms: RUNBOOK.md.
import { Counter, Gauge, Histogram, Registry } from 'prom-client';

export class ArchiverMetrics {
  readonly registry = new Registry();
  readonly records = this.#counter('ledgerstone_records_sealed_total', 'Records in sealed segments', [
    'topic',
    'partition',
  ]);
  readonly lines = this.#counter(
    'ledgerstone_lines_sealed_total',
    'Lines in sealed segments, gap lines included',
    ['topic', 'partition'],
  );
  readonly storedBytes = this.#counter('ledgerstone_stored_bytes_total', 'Bytes of sealed data objects', [
    'topic',
    'partition',
  ]);
  readonly segments = this.#counter('ledgerstone_segments_sealed_total', 'Sealed segments', [
    'topic',
    'partition',
  ]);
  readonly fenced = this.#counter(
    'ledgerstone_fenced_total',
    'Segments given up because another writer had sealed their sequence',
    ['topic', 'partition'],
  );
  readonly troubles = this.#counter(
    'ledgerstone_failed_steps_total',
    'Steps against the store, the signer or Kafka that failed and are tried again, by error code',
    ['code'],
  );
  readonly sealSeconds = this.#histogram(
    'ledgerstone_seal_seconds',
    'From the close of a batch to its seal being confirmed',
    [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
  );
  readonly ageSeconds = this.#histogram(
    'ledgerstone_record_to_seal_seconds',
    "From the time of a segment's oldest record, as Kafka has it, to its seal being confirmed; a time ahead is 0",
    [1, 2.5, 5, 10, 30, 60, 120, 300, 900, 3600, 21_600, 86_400],
  );
  readonly segmentBytes = this.#histogram(
    'ledgerstone_segment_bytes',
    'Stored bytes of a sealed data object; segments without lines have none',
    [1024, 8192, 65_536, 524_288, 4_194_304, 33_554_432, 67_108_864],
  );
  readonly segmentRecords = this.#histogram(
    'ledgerstone_segment_records',
    'Records of a sealed segment that has a data object',
    [1, 10, 100, 1000, 10_000, 100_000, 400_000],
  );
  readonly ready = this.#gauge(
    'ledgerstone_ready',
    '1: this instance does its work; /readyz says why not',
    [],
  );
  readonly topicMissing = this.#gauge(
    'ledgerstone_topic_missing',
    '1: this topic is not there, or not shown to us, or no topic matches this pattern: nothing of it is archived',
    ['topic'],
  );
  readonly topicsTaken = this.#gauge(
    'ledgerstone_topics_taken',
    'Topics that no entry of the configuration names and a pattern took, since this process started',
    [],
  );
  readonly topicPartitions = this.#gauge(
    'ledgerstone_topic_partitions',
    'Partitions of this topic, as the brokers say',
    ['topic'],
  );
  readonly ownedPartitions = this.#gauge(
    'ledgerstone_owned_partitions',
    'Partitions of this topic that this instance owns; over all instances they should be all of them',
    ['topic'],
  );
  readonly halted = this.#gauge('ledgerstone_halted', '1: this partition waits for an operator', [
    'topic',
    'partition',
    'code',
  ]);
  readonly streaming = this.#gauge('ledgerstone_streaming', '1: this partition is being archived', [
    'topic',
    'partition',
  ]);
  readonly lastSeal = this.#gauge(
    'ledgerstone_last_seal_timestamp_seconds',
    'When the head of this partition was sealed, by its writer',
    ['topic', 'partition'],
  );
  readonly nextOffset = this.#gauge('ledgerstone_next_offset', 'The offset after the sealed head', [
    'topic',
    'partition',
  ]);
  readonly lag = this.#gauge(
    'ledgerstone_lag_records',
    'High watermark less the next offset of the sealed head',
    ['topic', 'partition'],
  );
  readonly unsealedSeconds = this.#gauge(
    'ledgerstone_oldest_unsealed_seconds',
    'Age of the oldest accepted record without a seal',
    ['topic', 'partition'],
  );
  readonly maxAgeSeconds = this.#gauge(
    'ledgerstone_segment_max_age_seconds',
    'segment.maxAge of the configuration, for alarms',
    [],
  );
  readonly heartbeatSeconds = this.#gauge(
    'ledgerstone_segment_heartbeat_seconds',
    'segment.heartbeat of the configuration, for alarms; 0: none',
    [],
  );
  readonly bufferedBytes = this.#gauge(
    'ledgerstone_buffered_bytes',
    'Bytes accepted and not sealed, over all partitions',
    [],
  );
  readonly paused = this.#gauge(
    'ledgerstone_paused_for_memory',
    '1: fetching waits until buffers are sealed',
    [],
  );
  readonly lanes = this.#gauge(
    'ledgerstone_lanes',
    'Threads that decode and encode; kernel="no": this host has no WebAssembly with SIMD, and they are slower',
    ['kernel'],
  );
  readonly clockOffsetSeconds = this.#gauge(
    'ledgerstone_clock_offset_seconds',
    "Local time less the store's",
    [],
  );

  #counter<T extends string>(name: string, help: string, labelNames: T[]): Counter<T> {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }
  /** By topic, never by partition: each has a series for each bucket. */
  #histogram(name: string, help: string, buckets: number[]): Histogram<'topic'> {
    return new Histogram({ name, help, labelNames: ['topic'], buckets, registers: [this.registry] });
  }
  #gauge<T extends string>(name: string, help: string, labelNames: T[]): Gauge<T> {
    return new Gauge({ name, help, labelNames, registers: [this.registry] });
  }
}
