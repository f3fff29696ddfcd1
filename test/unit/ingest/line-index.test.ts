// Does the sparse index find the nearest line start, and stay small?
import { describe, expect, it } from 'vitest';
import { LineIndex } from '../../../src/ingest/line-index.ts';

describe('line index', () => {
  it('finds the greatest start that is not beyond the line', () => {
    const index = new LineIndex(100);
    for (const [line, position] of [
      [10, 100],
      [11, 250],
      [300, 900],
    ] as const)
      index.note(line, position);
    const found = [0, 9, 10, 11, 299, 300, 5_000].map((line) => index.before(line).position);
    expect(found).toEqual([0, 0, 100, 250, 250, 900, 900]);
    expect(index.last).toEqual({ line: 300, position: 900 });
  });

  it('keeps starts that are a stride apart, and none that comes again', () => {
    const index = new LineIndex(100);
    for (const position of [50, 99, 100, 150, 200, 100, 0]) index.note(position, position);
    expect(index.size).toBe(3);
    expect(index.last.position).toBe(200);
  });

  it('stays within its bound over any length, and still finds nearby starts', () => {
    const index = new LineIndex(10, 64);
    for (let line = 1; line <= 100_000; line++) index.note(line, line * 10);
    expect(index.size).toBeLessThan(64);
    for (const line of [1, 777, 50_000, 99_999]) {
      const start = index.before(line);
      expect(start.position).toBe(start.line * 10);
      expect(start.line).toBeLessThanOrEqual(line);
      expect(line - start.line).toBeLessThan((2 * 100_000) / 32);
    }
  });

  it('forgets what lay beyond the end of a file that was cut', () => {
    const index = new LineIndex(100);
    for (let line = 1; line < 10; line++) index.note(line, line * 100);
    index.truncate(400);
    expect(index.last).toEqual({ line: 3, position: 300 });
    index.truncate(0);
    expect(index.last).toEqual({ line: 0, position: 0 });
  });
});
