// Does the simulation bite? Each seeded bug of the product has to be noticed, and the product without one has not.
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { mutate } from './bugs/bug.ts';
import { BUGS, CONTROL } from './bugs/bugs.ts';
import { recordedSeeds } from './bugs/seeds.ts';
import { type Outcome, outcomeText, staleText, startHunt } from './bugs/start-hunt.ts';

const RUNS_MAX = 2_000;
const CONTROL_RUNS = 100;
/**
 * For the whole queue, were every seed of the table stale and the machine slow. A hunt that hangs is ended long before,
 * by its silence.
 */
const QUEUE_MS_MAX = 2 * 3_600_000;
const TWO_CORES = 2;

const SEEDS = recordedSeeds();

/** Hunts are started in the order of asking, two at a time; each test waits for its own. */
const turns: (() => void)[] = [];
let running = 0;
async function hunted(name: string, runs: number): Promise<Outcome> {
  if (running >= TWO_CORES) await new Promise<void>((resolve) => turns.push(resolve));
  running += 1;
  try {
    return await startHunt({ name, runs, begin: SEEDS.get(name) ?? null });
  } finally {
    running -= 1;
    turns.shift()?.();
  }
}

const stale: string[] = [];
afterAll(() => {
  for (const text of stale) console.log(`STALE ${text}`);
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

  it('have each a seed in the table, and there is no other: npm run bugs -- --record', () => {
    expect([...SEEDS.keys()]).toEqual(BUGS.map(({ name }) => name));
    for (const seed of SEEDS.values()) expect(Number.isSafeInteger(seed) && seed > 0).toBe(true);
  });

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

describe('a hunt', () => {
  it('that says nothing for long is ended, and is no catch', { timeout: QUEUE_MS_MAX }, async () => {
    const outcome = await startHunt({ name: CONTROL.name, runs: 1_000_000, begin: null }, 1);
    expect(outcome).toMatchObject({
      kind: 'broken',
      why: expect.stringMatching(/SIGKILL after 1 ms of silence/),
    });
  });

  it('that needs another seed than the one of the table says so', () => {
    const hunt = { name: 'some-bug', runs: 10, begin: 4 };
    const caught = { kind: 'caught', problem: 'lost', first: 1, ms: 1 } as const;
    expect(staleText(hunt, { ...caught, seed: 4 })).toBeNull();
    expect(staleText(hunt, { ...caught, seed: 7 })).toMatch(/some-bug: seed 4 .* no more, seed 7 does/);
  });
});

describe.concurrent('the simulation', () => {
  it(`finds nothing in ${CONTROL_RUNS} runs of the product as it is`, { timeout: QUEUE_MS_MAX }, async () => {
    const outcome = await hunted(CONTROL.name, CONTROL_RUNS);
    expect(outcome, outcomeText(outcome)).toMatchObject({ kind: 'missed', first: null });
  });

  for (const { name } of BUGS) {
    it(`notices ${name}`, { timeout: QUEUE_MS_MAX }, async () => {
      const outcome = await hunted(name, RUNS_MAX);
      expect(outcome.kind, outcomeText(outcome)).toBe('caught');
      const text = staleText({ name, runs: RUNS_MAX, begin: SEEDS.get(name) ?? null }, outcome);
      if (text !== null) stale.push(text);
    });
  }
});
