// What is the CRC-32C of these bytes? (RFC 3720 §12.1; in Kafka's record batches; kafkajs doesn't check it)
import { createRequire } from 'node:module';

let addon: typeof import('@node-rs/crc32') | undefined;

/** CRC-32C of `bytes[start … end)`, unsigned. Native: loaded with the first batch, never bundled. */
export function crc32c(bytes: Uint8Array, start = 0, end = bytes.length): number {
  addon ??= createRequire(import.meta.url)('@node-rs/crc32') as typeof import('@node-rs/crc32');
  return addon.crc32c(bytes.subarray(start, end));
}
