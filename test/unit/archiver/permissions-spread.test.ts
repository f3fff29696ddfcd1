// Does a refusal at the start wait for a policy that spreads, and no longer than that?
import { describe, expect, it } from 'vitest';
import { whilePermissionsSpread } from '../../../src/apps/archiver/permissions-spread.ts';
import { LedgerstoneError } from '../../../src/base/error.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { RecordingLog } from '../../support/verifier-store.ts';

const refusal = (code: string) => new LedgerstoneError(code, 'refused', { disposition: 'fatal' });

/** Refused for so long. */
async function start(code: string, untilMs: number, signal = new AbortController().signal) {
  const clock = new FakeClock({ auto: true });
  const log = new RecordingLog();
  let tries = 0;
  const work = async () => {
    tries++;
    if (clock.monotonic() < untilMs) throw refusal(code);
    return 'open';
  };
  const end = await whilePermissionsSpread(work, { clock, log, signal }).catch((error: Error) => error);
  return { end, tries, ms: clock.monotonic(), lines: log.lines.length };
}

describe('a refusal at the start', () => {
  it.each(['not-permitted', 'kms-access-denied', 'unreachable'])(
    '%s passes within a minute',
    async (code) => {
      expect(await start(code, 60_000)).toMatchObject({ end: 'open', tries: 13, ms: 60_000, lines: 12 });
    },
  );

  it('that stays is meant after a minute and a half', async () => {
    const { end, ms } = await start('not-permitted', 1e9);
    expect(end).toMatchObject({ code: 'not-permitted' });
    expect(ms).toBe(90_000);
  });

  it.each(['no-object-lock', 'key-not-found'])('%s is told at once', async (code) => {
    expect(await start(code, 60_000)).toMatchObject({ end: { code }, tries: 1, ms: 0 });
  });

  it('waits no longer than the process does', async () => {
    expect(await start('not-permitted', 60_000, AbortSignal.abort())).toMatchObject({ tries: 1 });
  });
});
