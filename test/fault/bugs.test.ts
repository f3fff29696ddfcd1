// Does the simulation bite? Each seeded bug of the product has to be noticed, and the product without one has not.
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { mutate } from './bugs/bug.ts';
import { BUGS, CONTROL } from './bugs/bugs.ts';
import { type Outcome, outcomeText, startHunt } from './bugs/start-hunt.ts';

const RUNS_MAX = 2_000;
const CONTROL_RUNS = 100;
/** A hunt that takes longer hangs, and a simulation that hangs has noticed nothing. */
const HUNT_LIMIT_MS = 500_000;
const TWO_CORES = 2;

/** Hunts are started in the order of asking, two at a time; each test waits for its own. */
const turns: (() => void)[] = [];
let running = 0;
async function hunted(name: string, runs: number): Promise<Outcome> {
  if (running >= TWO_CORES) await new Promise<void>((resolve) => turns.push(resolve));
  running += 1;
  try {
    return await startHunt(name, runs, HUNT_LIMIT_MS);
  } finally {
    running -= 1;
    turns.shift()?.();
  }
}

const outcomes = new Map<string, Outcome>();
afterAll(() => {
  for (const [name, outcome] of outcomes)
    console.log(`${name.padEnd(30)} ${outcomeText(outcome).slice(0, 160)}`);
});

describe('the seeded bugs', () => {
  it('are at least 15, each with a name of its own and something to lose', () => {
    expect(BUGS.length).toBeGreaterThanOrEqual(15);
    expect(new Set(BUGS.map(({ name }) => name)).size).toBe(BUGS.length);
    for (const { loses } of BUGS) expect(loses).not.toBe('');
  });

  for (const bug of [...BUGS, CONTROL]) {
    it(`${bug.name} still applies to the product`, () => {
      for (const file of new Set(bug.edits.map((edit) => edit.file))) {
        const source = readFileSync(new URL(`../../src/${file}`, import.meta.url), 'utf8');
        expect(mutate(bug, file, source)).not.toBe(source);
      }
    });
  }

  it('are refused where the product changed, rather than hunted in vain', () => {
    const gone = {
      name: 'gone',
      loses: '-',
      shows: /./,
      edits: [{ file: 'a.ts', find: 'x = 1', replace: '' }],
    };
    expect(() => mutate(gone, 'a.ts', 'x = 2')).toThrow('no longer applies');
    expect(() => mutate(gone, 'a.ts', 'x = 1; x = 1')).toThrow('2 times');
  });
});

describe.concurrent('the simulation', () => {
  it(`finds nothing in ${CONTROL_RUNS} runs of the product as it is`, { timeout: 1_500_000 }, async () => {
    const outcome = await hunted(CONTROL.name, CONTROL_RUNS);
    expect(outcome, outcomeText(outcome)).toMatchObject({ kind: 'missed', first: null });
  });

  for (const { name } of BUGS) {
    it(`notices ${name}`, { timeout: 1_500_000 }, async () => {
      const outcome = await hunted(name, RUNS_MAX);
      outcomes.set(name, outcome);
      expect(outcome.kind, outcomeText(outcome)).toBe('caught');
    });
  }
});
