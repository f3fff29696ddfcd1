// Until when is something to be locked, and is that date meant? Nobody can take a lock back.
import { systemClock } from '../../base/clock.ts';
import { afterPeriod, type Period } from '../../base/period.ts';
import { periodOf } from '../../config/units.ts';
import { timeText } from '../../format/time.ts';
import { UsageError } from './exit-code.ts';
import { momentFromText } from './time-option.ts';

export const DEFAULT_LIMIT = '10y';

/** Throws UsageError. */
export function limitOf(limit: string): Period {
  if (/^[1-9][0-9]{0,3}(?:y|mo|w|d|h|s)$/.test(limit)) return periodOf(limit);
  throw new UsageError(`--limit ${limit} is no period`, 'Give one such as 15y.');
}

/** Milliseconds, of whole seconds. `name`: of the option. Throws UsageError. */
export function latestLock(
  name: string,
  text: string,
  { tz, limit }: { readonly tz: string; readonly limit: string },
): number {
  const untilMs = Math.ceil(momentFromText(text, tz) / 1000) * 1000;
  const nowMs = systemClock.now();
  if (untilMs <= nowMs) throw new UsageError(`${name} ${text} is over already`, 'Give a later date.');
  const latestMs = afterPeriod(nowMs, limitOf(limit));
  if (untilMs > latestMs)
    throw new UsageError(
      `${name} ${text} lies beyond ${limit} from now (${timeText(latestMs)})`,
      'Nobody can take such a lock back. If it is meant, name the greatest period: --limit 15y.',
    );
  return untilMs;
}
