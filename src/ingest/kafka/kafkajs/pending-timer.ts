// When does kafkajs look again at requests that wait? Only where some wait, and never in the past.
import type { KafkajsRequestQueue } from './kafkajs.ts';

const CHECK_PENDING_MS = 10;

/**
 * kafkajs re-arms a timer in the past for ever, 1,800 to 5,000 times a second, also when nothing is pending
 * (#1751), and Node warns of it (TimeoutNegativeWarning).
 */
export function checkWhenSomethingWaits(this: KafkajsRequestQueue): void {
  if (this.throttleCheckTimeoutId !== null || this.pending.length === 0) return;
  const waitMs = Math.max(this.throttledUntil - Date.now(), CHECK_PENDING_MS);
  this.throttleCheckTimeoutId = setTimeout(() => {
    this.throttleCheckTimeoutId = null;
    this.checkPendingRequests();
  }, waitMs);
}
