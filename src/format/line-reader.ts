// Which record does this line carry?
import type { Line } from './line.ts';
/** Strict and canonical; throws FormatError. */
export function decodeLine(_line: Uint8Array): Line {
  throw new Error('being written');
}
