// How many worlds does one run of the simulation look at? A number that was asked for, or as many as a time allows.

/** The first is for tests on every machine, the second for a long run whose number is known. */
export type Budget = { readonly seconds: number } | { readonly seeds: number };

const SECONDS = 'LEDGERSTONE_SIMULATION_SECONDS';
const SEEDS = 'LEDGERSTONE_SIMULATION_SEEDS';
const SECONDS_BY_DEFAULT = 60;

/** However slow the machine is: fewer worlds say nothing. */
export const SEEDS_LEAST = 200;

/** Where both are set, the number of seeds counts. */
export function budgetOf(env: Readonly<Record<string, string | undefined>>): Budget {
  const seeds = env[SEEDS];
  if (seeds !== undefined) return { seeds: wholeNumber(SEEDS, seeds) };
  return { seconds: wholeNumber(SECONDS, env[SECONDS] ?? String(SECONDS_BY_DEFAULT)) };
}

/** Throws where the text is no whole number above zero. */
export function wholeNumber(name: string, text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1)
    throw new Error(`${name} has to be a whole number above 0, and is ${JSON.stringify(text)}`);
  return number;
}

/** Always the same seeds in the same order: a shorter run is the beginning of a longer one. */
export function* seedsWithin(
  budget: Budget,
  from: number,
  nowMs: () => number = () => performance.now(),
): Generator<number> {
  const endMs = 'seconds' in budget ? nowMs() + budget.seconds * 1_000 : 0;
  const enough = (done: number): boolean =>
    'seeds' in budget ? done >= budget.seeds : done >= SEEDS_LEAST && nowMs() >= endMs;
  for (let done = 0; !enough(done); done++) yield from + done;
}

export const budgetText = (budget: Budget): string =>
  'seeds' in budget ? `${budget.seeds} seeds` : `${budget.seconds} s, and at least ${SEEDS_LEAST} seeds`;
