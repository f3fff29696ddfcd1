// Which changes of holds and locks, as CloudTrail tells them, did somebody decide?
import { parseKey } from '../../format/paths.ts';
import type { DecisionReader } from '../../read/decision-reader.ts';
import type { Change, Watched } from './cloudtrail.ts';

/** `watched` with the decisions of this moment: an act is sealed before anybody carries it out. */
export async function watchedNow(
  watched: Watched | null,
  decisions: Pick<DecisionReader, 'heldTo'>,
  prefix: string,
  signal?: AbortSignal,
): Promise<Watched | null> {
  if (watched === null || (watched.officers ?? []).length === 0) return watched;
  const heldTo = await decisions.heldTo(signal, true);
  if (heldTo === null) return watched;
  const isDecided = ({ key, change }: Change): boolean => {
    const parsed = key.startsWith(prefix) ? parseKey(key.slice(prefix.length)) : null;
    if (parsed === null) return false;
    if ('sequence' in parsed) return heldTo.isDecided(parsed, change);
    // Keys and FORMAT belong to every segment.
    return heldTo.isAnyDecided(change);
  };
  return { ...watched, isDecided };
}
