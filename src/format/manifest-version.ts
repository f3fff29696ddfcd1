// Of which version of the format is a manifest? (FORMAT.md 1.12, 1.13)

/** The version that this software reads and writes. */
const OUR_VERSION = 1;
const PREFIX = 'ledgerstone/segment/';
export const MANIFEST_FORMAT = `${PREFIX}${OUR_VERSION}`;

const START = new RegExp(`^\\{"format":"${PREFIX}([1-9][0-9]{0,8})"`);
/** As long as the longest start. */
const START_BYTES = `{"format":"${PREFIX}"`.length + 9;

/** The version that a manifest states, if it is later than ours. Null for all other bytes. Proves nothing. */
export function laterVersion(manifest: Uint8Array): number | null {
  const start = String.fromCharCode(...manifest.subarray(0, START_BYTES));
  const version = Number(START.exec(start)?.[1] ?? 0);
  return version > OUR_VERSION ? version : null;
}
