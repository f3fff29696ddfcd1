// Does silence end in an error, within the time that is stated, and does anything else?
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Assignment, PartitionFeed } from '../../../../../src/ingest/kafka/group/assignment.ts';
import { Watchdog } from '../../../../../src/ingest/kafka/group/watchdog.ts';

const STALL_MS = 10_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function watched() {
  const feed = new PartitionFeed({ topic: 't', partition: 0 }, null, performance.now());
  const assignment = new Assignment('m', 1, [feed]);
  const stalls: { message: string; afterMs: number }[] = [];
  const state = { leader: true, startedMs: performance.now() };
  const watchdog = new Watchdog({
    stallMs: STALL_MS,
    now: () => performance.now(),
    assignment: () => assignment,
    hasLeader: () => state.leader,
    onStall: (error) => stalls.push({ message: error.message, afterMs: performance.now() - state.startedMs }),
  });
  watchdog.start();
  /** Runs the clock, and does this every half second. */
  const run = async (ms: number, every: () => void = () => {}) => {
    for (let left = ms; left > 0; left -= 500) {
      every();
      await vi.advanceTimersByTimeAsync(500);
    }
  };
  return { feed, assignment, stalls, state, watchdog, run };
}

describe('Watchdog', () => {
  it('kafkajs #659: no sign of life is a stall within a tenth more than stated', async () => {
    const { stalls, run } = watched();
    await run(9_500);
    expect(stalls).toEqual([]);
    await run(2_000);
    expect(stalls).toEqual([
      { message: 'kafkajs showed no sign of life for 10 s', afterMs: expect.any(Number) },
    ]);
    expect(stalls[0]?.afterMs).toBeLessThanOrEqual(STALL_MS * 1.1);
  });

  it('is told once', async () => {
    const { stalls, run } = watched();
    await run(60_000);
    expect(stalls).toHaveLength(1);
  });

  it('signs without heartbeats are a stall of a member, and of nobody else', async () => {
    const member = watched();
    member.watchdog.joined();
    await member.run(12_000, () => member.watchdog.sign());
    expect(member.stalls[0]?.message).toContain('no heartbeat');
    const none = watched();
    await none.run(30_000, () => none.watchdog.sign());
    expect(none.stalls).toEqual([]);
    const left = watched();
    left.watchdog.joined();
    left.watchdog.left();
    await left.run(30_000, () => left.watchdog.sign());
    expect(left.stalls).toEqual([]);
  });

  it('an open partition without an answer is a stall', async () => {
    const { feed, stalls, run, watchdog } = watched();
    feed.seek(0);
    feed.resume(performance.now());
    await run(12_000, () => watchdog.heartbeat());
    expect(stalls[0]?.message).toContain('no broker answered for t/0');
  });

  it('a stall of answers that were errors says which, and not that nobody answered', async () => {
    const { feed, stalls, run, watchdog } = watched();
    feed.seek(0);
    feed.resume(performance.now());
    feed.failure = 'not permitted';
    await run(12_000, () => watchdog.heartbeat());
    expect(stalls[0]?.message).toBe('every fetch of t/0 failed (the last: not permitted) for 10 s');
  });

  it('answers keep it quiet', async () => {
    const { feed, stalls, run, watchdog } = watched();
    feed.seek(0);
    feed.resume(performance.now());
    await run(60_000, () => {
      watchdog.heartbeat();
      feed.answeredAtMs = performance.now();
    });
    expect(stalls).toEqual([]);
  });

  it('a paused partition does not count, and gets its whole time after the resume', async () => {
    const { feed, stalls, run, watchdog } = watched();
    feed.seek(0);
    await run(60_000, () => watchdog.heartbeat());
    feed.resume(performance.now());
    await run(9_000, () => watchdog.heartbeat());
    expect(stalls).toEqual([]);
    await run(3_000, () => watchdog.heartbeat());
    expect(stalls).toHaveLength(1);
  });

  it('a partition without a leader does not count: no restart would help it', async () => {
    const { feed, stalls, run, watchdog, state } = watched();
    feed.seek(0);
    feed.resume(performance.now());
    state.leader = false;
    await run(60_000, () => watchdog.heartbeat());
    expect(stalls).toEqual([]);
    state.leader = true;
    await run(12_000, () => watchdog.heartbeat());
    expect(stalls).toHaveLength(1);
  });

  it('a process that slept forgives', async () => {
    const { feed, stalls, run, watchdog } = watched();
    feed.seek(0);
    feed.resume(performance.now());
    watchdog.joined();
    await run(5_000, () => watchdog.heartbeat());
    vi.setSystemTime(Date.now() + 3_600_000);
    const real = performance.now.bind(performance);
    vi.spyOn(performance, 'now').mockImplementation(() => real() + 3_600_000);
    await run(5_000);
    expect(stalls).toEqual([]);
    vi.restoreAllMocks();
  });

  it('is quiet after stop', async () => {
    const { stalls, run, watchdog } = watched();
    watchdog.stop();
    await run(60_000);
    expect(stalls).toEqual([]);
  });
});
