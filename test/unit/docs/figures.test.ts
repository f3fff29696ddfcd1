// Does the page of figures say what the benches printed?
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { figuresPage, type Recorded } from '../../../bench/figures.ts';

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

describe('docs/figures.md', () => {
  it('is made from bench/results.jsonl: npm run bench -- --record NAME', () => {
    const lines = read('bench/results.jsonl').trimEnd().split('\n');
    expect(lines.length).toBeGreaterThan(0);
    expect(read('docs/figures.md')).toBe(figuresPage(lines.map((line) => JSON.parse(line) as Recorded)));
  });

  it('shows numbers for people, and what was not measured as such', () => {
    const measured = { date: '2026-01-02', node: '24.0.0', machine: '2 cores' };
    const page = figuresPage([
      { bench: 'b', measured, size: 1234567.1239, results: [{ x: 1 }, { y: null }] },
    ]);
    expect(page).toContain('## b\n\n2026-01-02, Node 24.0.0, 2 cores.\n\n| size          |\n');
    expect(page).toContain('| 1,234,567.124 |');
    expect(page).toContain('| x   | y   |\n| --- | --- |\n| 1   | –   |\n| –   | –   |\n');
  });
});
