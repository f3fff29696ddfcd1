// Which bounds hold everywhere? FORMAT.md states those that are part of the format.

export const MIB = 1024 * 1024;

export const LIMITS = {
  /** Greatest Kafka offset that the format carries: 2^53 − 1. */
  offsetMax: Number.MAX_SAFE_INTEGER,
  /** Greatest configurable key + headers + value of one record. */
  recordBytesMax: 32 * MIB,
  recordBytesDefault: 10 * MIB,
  /** Records that an archiver holds before it pauses fetching. */
  memoryBytesDefault: 32 * MIB,
  /**
   * Bytes of one line, without its LF: base64 of the largest record, and room for the members around it. With
   * 1 MiB of other lines before it, it still fits into one block.
   */
  lineBytesMax: 63 * MIB - 1,
  /** Content of one block, decompressed. */
  blockContentMax: 64 * MIB,
  /** Content that a block aims at. */
  blockContentTarget: MIB,
  /** Stored bytes of one data object: so that a reader can bound its memory before it reads. */
  dataBytesMax: 256 * MIB,
  manifestBytesMax: 24 * 1024,
  /** Keys that sign one checkpoint. */
  keysMax: 8,
  /** Signatures under one note, those of unknown keys included (C2SP signed-note: at least 16). */
  signaturesMax: 16,
  sealBytesMax: 64 * 1024,
  /** One line of a seal: Go's bufio.Scanner refuses longer ones. */
  sealLineBytesMax: 64 * 1024,
  /** Blocks of one segment: bounded so that the manifest stays within its limit. */
  blocksMax: 256,
  /** Partitions of the governance chain: each one above 0 goes on behind a break. */
  governancePartitionsMax: 100,
  sequenceMax: 999_999_999_999,
  /** zstd window (RFC 8878 §3.1.1.1.2): what every decoder must support. */
  zstdWindowMax: 8 * MIB,
} as const;
