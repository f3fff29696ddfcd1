// Which UUID does a name have, always the same? (RFC 9562, section 5.5)
import { sha1 } from '@noble/hashes/legacy.js';
import { concatBytes, fromHex, toHex, utf8 } from './bytes.ts';

/**
 * UUID of version 5. SHA-1 is what the RFC asks for: the UUID is a name and proves nothing. `namespace`: a
 * UUID in its text form.
 */
export function uuidOfName(namespace: string, name: string): string {
  const digest = sha1(concatBytes(fromHex(namespace.replaceAll('-', '')), utf8(name)));
  const bytes = digest.slice(0, 16);
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x50;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  return toHex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
