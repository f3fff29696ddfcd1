// Does the simulation still go where it hurts? States that matter, and how often 10,000 runs must at least reach each.

/** About a fifth of what is usual: less means that the simulation went blind, not that chance was against it. */
export const LEAST_IN_10_000: Readonly<Record<string, number>> = {
  sealed: 20_000,
  committed: 20_000,
  'transaction gap': 500,
  'transaction aborted': 500,
  'transaction committed': 500,
  // Processes.
  killed: 5_000,
  drained: 500,
  'paused beyond the session': 400,
  isolated: 1_000,
  'death between data and seal': 50,
  'sealed by the dead': 3,
  // Who owns what.
  rebalance: 5_000,
  'rebalance between data and seal': 200,
  fenced: 50,
  'zombie sealed': 200,
  'zombie refused': 50,
  'zombie fenced': 20,
  'late batch of an old generation': 100,
  'a moment came': 500,
  // Calls.
  'putIfAbsent fails': 500,
  'putIfAbsent lost-answer': 200,
  'putIfAbsent twice': 100,
  'putIfAbsent late': 50,
  'putIfAbsent dies': 20,
  'late putIfAbsent': 40,
  'late putIfAbsent after death': 10,
  'put repeated': 1_000,
  'sign fails': 500,
  'sign lost-answer': 50,
  'sign late': 30,
  'sign twice': 50,
  'sign dies': 10,
  'lock lost-answer': 100,
  'read fails': 50,
  'readAt fails': 10,
  'listVersions lost-answer': 500,
  'committed fails': 200,
  'commitHint late': 10,
  'commitHint lost-answer': 50,
  // Services and time.
  throttling: 400,
  'store down': 400,
  'kms down': 400,
  'brokers down': 400,
  elect: 400,
  drift: 400,
  'clock jump': 400,
  'paused for memory': 300,
  'partition added': 300,
  // The log, and who says why it can't go on.
  'expire sealed': 150,
  'expire unsealed': 60,
  'truncated below the head': 15,
  'sealed what an election took': 80,
  recreate: 50,
  'recreated without an id': 15,
  'replaced log refused': 50,
  'halted expired': 20,
  'halted hole': 200,
  'halted undecodable': 50,
  'halted record-too-large': 200,
  'halted truncated': 2,
  'halted topic-replaced': 30,
  'halted seal-hidden': 100,
  'halted seal-invalid': 40,
  resumed: 500,
  // The attacker.
  'delete marker': 400,
  'second version': 300,
  'same bytes again': 200,
  'foreign object': 300,
  squat: 40,
  'marker over the next seal': 150,
  'second version over a marker': 8,
  'marker over unsealed data': 25,
};

/** A state that should come up ten times and comes up less than twice is no bad luck: from there on it can be asked for. */
const WANTED_LEAST = 2;
const wantedIn = (runs: number, least: number): number => Math.floor((least * runs) / 10_000);

/** States that come up too seldom to be asked for in so many runs. In 10,000 there are none. */
export const tooRareIn = (runs: number): string[] =>
  Object.entries(LEAST_IN_10_000).flatMap(([state, least]) =>
    wantedIn(runs, least) < WANTED_LEAST ? [state] : [],
  );

/** States that `runs` runs reached less often than they should have, of those that so many runs can be asked for. */
export function blindSpots(states: Readonly<Record<string, number>>, runs: number): string[] {
  return Object.entries(LEAST_IN_10_000).flatMap(([state, least]) => {
    const wanted = wantedIn(runs, least);
    const reached = states[state] ?? 0;
    return wanted >= WANTED_LEAST && reached < wanted ? [`${state}: ${reached} of at least ${wanted}`] : [];
  });
}

/** What a run of this many worlds says about coverage, and what it leaves to a longer one. */
export function coverageText(runs: number): string {
  const all = Object.keys(LEAST_IN_10_000).length;
  const rare = tooRareIn(runs);
  if (rare.length === 0) return `all ${all} states that matter are asked for`;
  return `${all - rare.length} of ${all} states that matter are asked for; too rare for ${runs} worlds: ${rare.join(', ')}`;
}
