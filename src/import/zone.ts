// Which moment does a clock on the wall of a time zone mean?
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

export type WallClock = {
  /** `wallMs`: what the clock shows, as if it were UTC. Null: the clock never shows it. */
  readonly momentOf: (wallMs: number) => number | null;
};

/** Of a time that is shown twice it is the first one. Throws RangeError for an unknown zone. */
export function wallClock(zone: string): WallClock {
  const format = new Intl.DateTimeFormat('en-US', {
    ...{ timeZone: zone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric' },
    ...{ hour: 'numeric', minute: 'numeric', second: 'numeric', era: 'short' },
  });
  const known = new Map<number, number>();
  const offsetAt = (ms: number): number => {
    // No zone changes its offset but at a quarter of an hour.
    const quarter = Math.floor(ms / (HOUR_MS / 4));
    const before = known.get(quarter);
    if (before !== undefined) return before;
    const at = quarter * (HOUR_MS / 4);
    const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
    const date = new Date(0);
    const year = Number(parts['year']);
    date.setUTCFullYear(
      parts['era'] === 'BC' ? 1 - year : year,
      Number(parts['month']) - 1,
      Number(parts['day']),
    );
    date.setUTCHours(Number(parts['hour']), Number(parts['minute']), Number(parts['second']));
    const offset = date.getTime() - at;
    if (known.size > 10_000) known.clear();
    known.set(quarter, offset);
    return offset;
  };
  return {
    momentOf: (wallMs) => {
      for (const near of [wallMs - DAY_MS, wallMs + DAY_MS]) {
        const ms = wallMs - offsetAt(near);
        if (ms + offsetAt(ms) === wallMs) return ms;
      }
      return null;
    },
  };
}
