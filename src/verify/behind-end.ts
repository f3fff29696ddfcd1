// What lies behind the size at which another chain goes on? (FORMAT.md 9.5.3, 9.5.4)
import type { AnchorCheck } from './anchor.ts';
import type { ChainTrust } from './chain-trust.ts';
import type { Problem } from './finding.ts';
import { isRead, type OpenedSeal, signersOf } from './open-seal.ts';
import type { InspectedSeal } from './seal-reader.ts';

/**
 * An object there that this chain's trusted keys did not sign is foreign: as if nothing lay there. Else
 * null.
 */
export function foreignBehindEnd(
  { sequence, inspection }: InspectedSeal,
  head: OpenedSeal | null,
  anchors: AnchorCheck,
  trust: ChainTrust,
): Problem | null {
  const origin = head?.manifest.origin;
  if (origin === undefined || !anchors.isHandedOverBefore(origin, sequence)) return null;
  const keys = signersOf(inspection, origin);
  if (keys === null ? !isRead(inspection) : trust.believes(origin, keys)) return null;
  const found = inspection.problems[0]?.found ?? 'no seal of this chain by a trusted key';
  return { code: 'foreign-object', expected: 'nothing: the chain was continued', found };
}

/** A good seal there: an archiver with an old configuration seals records twice. */
export function secondEnd(origin: string, sequence: number, anchors: AnchorCheck): Problem | null {
  if (!anchors.isHandedOverBefore(origin, sequence)) return null;
  const expected = `no segment ${sequence}: another chain goes on there`;
  return { code: 'fork', expected, found: 'one that is signed and fits' };
}
