// Are these bytes one JSON text that may stand in a line as it is?
export function isJsonText(_bytes: Uint8Array): boolean {
  throw new Error('being written');
}
