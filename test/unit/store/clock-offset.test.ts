// What does one answer of the store tell about this machine's clock, and how long does that count?
import { describe, expect, it } from 'vitest';
import { ANSWER_MS_MAX, holdsStill, measureOffset, momentOf } from '../../../src/store/clock-offset.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const DATE_MS = Date.UTC(2026, 10, 22, 10);
const at = (wallMs: number, monotonicMs = wallMs - DATE_MS + 1e6) => ({ wallMs, monotonicMs });

describe('an answer', () => {
  it.each([
    ['within its second', 0, 500, 0],
    ['at the end of its second', 999, 999, 0],
    ['ahead', 90_000, 90_100, 89_001],
    ['behind', -90_000, -89_900, -89_900],
    ['slow, and stamped at some time between', -4_000, 4_000, 0],
    ['slow, and ahead of all that time', 70_000, 79_000, 69_001],
    ['as slow as one may be', 0, ANSWER_MS_MAX, 0],
  ])('%s', (_, sentMs, receivedMs, offsetMs) => {
    const received = at(DATE_MS + receivedMs);
    expect(measureOffset(at(DATE_MS + sentMs), received, DATE_MS)).toEqual({
      offsetMs,
      measuredAt: received,
    });
  });

  it('that took long tells nothing, for it hides as much', () => {
    // A minute and more ahead, and stamped just before it came: it would look right.
    const sent = at(DATE_MS);
    expect(measureOffset(sent, at(DATE_MS + 70_000), DATE_MS)).toBeNull();
    expect(measureOffset(sent, at(DATE_MS + ANSWER_MS_MAX + 1), DATE_MS)).toBeNull();
  });

  it.each([86_400_000, -86_400_000, 1_001])('tells nothing where the clock was set by %i ms', (setMs) => {
    expect(measureOffset(at(DATE_MS, 0), at(DATE_MS + 100 + setMs, 100), DATE_MS)).toBeNull();
  });
});

describe('what was measured', () => {
  it('counts for five minutes', async () => {
    const clock = new FakeClock();
    const offset = { offsetMs: 0, measuredAt: momentOf(clock) };
    await clock.advance(300_000);
    expect(holdsStill(offset, clock)).toBe(true);
    await clock.advance(1);
    expect(holdsStill(offset, clock)).toBe(false);
  });

  it('counts until the clock is set, and again once that is undone', () => {
    const clock = new FakeClock();
    const offset = { offsetMs: 0, measuredAt: momentOf(clock) };
    clock.jump(-1_001);
    expect(holdsStill(offset, clock)).toBe(false);
    clock.jump(1_001);
    expect(holdsStill(offset, clock)).toBe(true);
    clock.jump(1_000);
    expect(holdsStill(offset, clock)).toBe(true);
  });
});
