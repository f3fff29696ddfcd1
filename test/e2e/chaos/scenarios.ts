// Which scenarios are there, in the order in which they run?
import type { Scenario } from './scenario.ts';
import { sigkill } from './scenarios/sigkill.ts';

export const SCENARIOS: readonly Scenario[] = [sigkill];
