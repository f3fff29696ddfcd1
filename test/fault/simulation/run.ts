// What happens in one world, when a seed decides everything, and what must hold of it?
import { messageOf } from '../../../src/base/error.ts';
import { Dice } from './dice.ts';
import { happen } from './events.ts';
import { prepareKeys } from './kms.ts';
import { finalProblems } from './oracle.ts';
import { settle } from './settle.ts';
import { armThereAndBack } from './there-and-back.ts';
import { SimWorld } from './world.ts';

export type RunResult = {
  readonly seed: number;
  /** Empty when all held. */
  readonly problems: readonly string[];
  /** How often each interesting state was reached. */
  readonly states: Readonly<Record<string, number>>;
  readonly trace: readonly string[];
  /** Numbers of events and faults: any subset of them makes another run (`only`). */
  readonly happened: readonly number[];
  /** What was signed and stored, in order: what shows that two runs were the same. */
  readonly log: readonly string[];
};

export type SimulateOptions = {
  /** Only the events and faults with these numbers happen: what the shrinker asks for. */
  readonly only?: ReadonlySet<number>;
  /** All that the archivers log, too. */
  readonly verbose?: boolean;
};

let prepared: Promise<void> | null = null;

/** A pure function of its seed. One at a time. */
export async function simulate(seed: number, options: SimulateOptions = {}): Promise<RunResult> {
  prepared ??= prepareKeys();
  await prepared;
  const world = new SimWorld(seed, options.only ?? null, options.verbose ?? false);
  try {
    await live(world);
    await settle(world);
    world.problems.push(...(await finalProblems(world)));
  } catch (error) {
    world.problem(error instanceof Error && world.verbose ? `${error.stack}` : messageOf(error));
  }
  for (const process of world.alive()) process.kill('with its world', 0);
  const log = [
    ...world.kms.log.map(
      ({ process, text, signature }) => `${process} ${text} ${Buffer.from(signature).toString('base64')}`,
    ),
    ...world.puts.log,
  ];
  return {
    seed,
    problems: world.problems,
    states: world.states,
    trace: world.trace,
    happened: world.happened,
    log,
  };
}

/** The events of a seed are spread over its span; between them the world goes on. */
async function live(world: SimWorld): Promise<void> {
  const { setting, seed, clock } = world;
  const times = Array.from({ length: setting.events }, (_, event) => ({
    event,
    atMs: event === 0 ? 0 : timeOf(new Dice(seed, 'time', event), setting.spanMs),
  })).sort((a, b) => a.atMs - b.atMs || a.event - b.event);
  for (let number = 0; number < setting.members; number++) world.start();
  armThereAndBack(world);
  for (const { event, atMs } of times) {
    await clock.advance(Math.max(0, atMs - clock.monotonic()));
    if (world.mayHappen(event)) happen(world, event);
  }
  await clock.advance(new Dice(seed, 'rest').below(2_000));
}

/** Beginnings are short, and much can go wrong in them. */
const timeOf = (dice: Dice, spanMs: number): number => dice.below(dice.chance(0.2) ? 1_500 : spanMs);
