// Does this machine's clock agree with the store's? With a wrong clock a verifier calls missing objects
// expired and signs wrong times.
import { LedgerstoneError } from '../base/error.ts';
import { holdsStill } from '../store/clock-offset.ts';
import { CLOCK_OFFSET_MAX_MS } from '../store/store.ts';
import { findingOf } from '../verify/finding.ts';
import { CONFIGURATION_SCOPE } from './findings/record.ts';
import type { Verifier } from './verifier.ts';

/**
 * Throws `clock-skew` (retriable) if the clocks differ by more than a minute. That is a finding, and nothing
 * is attested. Throws `clock-unknown` (retriable) if the store does not say its time.
 */
export async function requireClock(
  { archive, clock, findings }: Pick<Verifier, 'archive' | 'clock' | 'findings'>,
  signal?: AbortSignal,
): Promise<void> {
  const measured = archive.clockOffset();
  if (measured === null || !holdsStill(measured, clock)) {
    // The head of every answer has the store's time.
    const options = { limit: 1, ...(signal && { signal }) };
    for await (const _ of archive.listVersions('keys/', options)) break;
  }
  const offset = archive.clockOffset();
  if (offset === null || !holdsStill(offset, clock)) {
    throw new LedgerstoneError('clock-unknown', "the store's time could not be read: nothing is attested", {
      disposition: 'retriable',
    });
  }
  if (Math.abs(offset.offsetMs) <= CLOCK_OFFSET_MAX_MS) return;
  const found = `${Math.round(offset.offsetMs / 1000)} s off`;
  const finding = findingOf('unreadable', {
    ...{ expected: "this verifier's clock within 60 s of the store's", found },
  });
  const options = { check: 'clock', complete: false, ...(signal && { signal }) } as const;
  await findings.report(CONFIGURATION_SCOPE, [finding], options);
  throw new LedgerstoneError('clock-skew', `this machine's clock is ${found}: nothing is attested`, {
    disposition: 'retriable',
    remedy: "Set this machine's clock (NTP).",
  });
}
