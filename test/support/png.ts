// How large is a picture?

const SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex');

/** In dots, by its first chunk (PNG, 11.2.1). Throws for what is no PNG. */
export function pngSize(bytes: Uint8Array): { readonly width: number; readonly height: number } {
  const buffer = Buffer.from(bytes);
  if (!buffer.subarray(0, 8).equals(SIGNATURE) || buffer.toString('latin1', 12, 16) !== 'IHDR')
    throw new Error('no PNG');
  return { width: buffer.readUInt32BE(16), height: buffer.readUInt32BE(20) };
}
