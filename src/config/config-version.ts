// For which version of the software was a configuration file made?
import { z } from 'zod';

/** Goes up when a file that is right would be refused by, or mean something else to, the software before. */
export const OUR_VERSION = 1;

/** Of a file that states none, for good: what such a file means never changes under it. */
export const FIRST_VERSION = 1;

export const version = z
  .literal(OUR_VERSION, `must be ${OUR_VERSION}`)
  .default(FIRST_VERSION)
  .describe('Version of this file. A file of a later version is for a newer version of Ledgerstone');

/** The version of the file, if it is a later one than ours. Null for everything else, right or wrong. */
export function laterConfigVersion(root: unknown, ours: number = OUR_VERSION): number | null {
  const stated = (root as { readonly version?: unknown } | null | undefined)?.version;
  return Number.isSafeInteger(stated) && (stated as number) > ours ? (stated as number) : null;
}

export const laterConfigMessage = (stated: number, ours: number = OUR_VERSION): string =>
  `${stated}: made for a newer version of Ledgerstone. This one reads version ${ours}; nothing else was checked`;
