// How are bytes of ASN.1 read that somebody else has made? With bounds, and never to an end that crashes.
import { type BaseBlock, fromBER } from 'asn1js';
import { FormatError, messageOf } from '../base/error.ts';

/** A token has about 400 nodes, with a long path of certificates. */
const LIMITS = { maxDepth: 48, maxNodes: 8_000 };

/** One value and nothing behind it. Throws FormatError. */
export function readBer(bytes: Uint8Array, what: string): BaseBlock {
  let read: ReturnType<typeof fromBER>;
  try {
    read = fromBER(bytes, { ...LIMITS, maxContentLength: bytes.length });
  } catch (error) {
    throw new FormatError(`${what} that can't be read: ${messageOf(error)}`);
  }
  if (read.offset !== bytes.length) {
    const why = read.offset < 0 ? read.result.error || 'no ASN.1' : 'bytes behind its end';
    throw new FormatError(`${what} that can't be read: ${why}`);
  }
  return read.result;
}

/** Of a constructed value; none of another. */
export function childrenOf(block: BaseBlock | undefined): readonly BaseBlock[] {
  const value = (block?.valueBlock as { readonly value?: unknown } | undefined)?.value;
  return Array.isArray(value) ? (value as BaseBlock[]) : [];
}

/** As they stood in what was read. */
export const bytesOf = (block: BaseBlock): Uint8Array => Uint8Array.from(block.valueBeforeDecodeView);

/** The library throws errors of many kinds for bytes that are none. Throws FormatError. */
export function reading<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof FormatError) throw error;
    throw new FormatError(`${what} that can't be read: ${messageOf(error)}`);
  }
}
