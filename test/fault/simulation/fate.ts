// How does one call of a service end? Decided by the seed, the process and the number of its call alone.
import { LedgerstoneError } from '../../../src/base/error.ts';
import type { Dice } from './dice.ts';
import type { Trouble } from './setting.ts';
import type { SimWorld } from './world.ts';

type Port = 'store' | 'kms' | 'kafka';

export type Call = {
  readonly port: Port;
  readonly method: string;
  /** Of an object; the partition of the source's calls; the place of a signature. */
  readonly key: string;
};

export type Fate =
  | { readonly kind: 'well'; readonly beforeMs: number; readonly afterMs: number }
  /** Nothing happens. */
  | { readonly kind: 'fails'; readonly afterMs: number; readonly error: LedgerstoneError }
  /** It happens; the answer is an error. */
  | { readonly kind: 'lost-answer'; readonly afterMs: number; readonly error: LedgerstoneError }
  /** The caller gives up after `afterMs`; it happens `landsMs` after the call, whether anybody still waits for it or lives. */
  | {
      readonly kind: 'late';
      readonly afterMs: number;
      readonly landsMs: number;
      readonly error: LedgerstoneError;
    }
  | { readonly kind: 'twice'; readonly afterMs: number }
  /** The process dies: before it happens, after, or with the call on its way. */
  | { readonly kind: 'dies'; readonly when: 'before' | 'after' | 'on-its-way'; readonly landsMs: number };

const KINDS: readonly (readonly [Trouble, number])[] = [
  ['call-fails', 4],
  ['call-lost-answer', 4],
  ['call-late', 3],
  ['call-twice', 2],
  ['call-denied', 1],
  ['call-dies', 1],
];

const errorOf = (code: string, { method, key }: Call, retriable = true): LedgerstoneError =>
  new LedgerstoneError(code, `simulated: ${method} ${key}`, {
    disposition: retriable ? 'retriable' : 'fatal',
  });

/** `number` names the call: what the shrinker leaves out goes well. */
export function fateOf(world: SimWorld, call: Call, dice: Dice, number: number): Fate {
  const { setting, services } = world;
  const latency = () => (setting.latencyMs === 0 ? 0 : dice.below(setting.latencyMs + 1));
  const [beforeMs, afterMs] = [latency(), latency()];
  const well: Fate = { kind: 'well', beforeMs, afterMs };
  if (world.calm) return { kind: 'well', beforeMs: 0, afterMs: 0 };
  const down =
    (call.port === 'store' && services.storeDown) || (call.port === 'kms' && services.kmsDown)
      ? 'unavailable'
      : call.port !== 'kafka' && services.throttled && dice.chance(0.8)
        ? 'throttled'
        : null;
  if (down !== null)
    return { kind: 'fails', afterMs: afterMs + dice.below(2_000), error: errorOf(down, call) };
  // What commits, and what is committed to, is where order matters most.
  const isKey = call.method === 'putIfAbsent' || call.method === 'sign';
  if (!dice.chance(Math.min(0.5, setting.callFaults * (isKey ? 3 : 1)))) return well;
  const kinds = KINDS.filter(([trouble]) => setting.troubles.has(trouble)).map(([trouble, weight]) => ({
    trouble,
    weight,
  }));
  if (kinds.length === 0 || !world.mayHappen(number)) return well;
  return faultOf(dice.weighted(kinds).trouble, call, dice, afterMs);
}

function faultOf(trouble: Trouble, call: Call, dice: Dice, afterMs: number): Fate {
  switch (trouble) {
    case 'call-lost-answer':
      return { kind: 'lost-answer', afterMs, error: errorOf('unavailable', call) };
    case 'call-late': {
      const timeoutMs = dice.pick([500, 5_000, 15_000]);
      const landsMs = dice.chance(0.3) ? dice.below(timeoutMs) : timeoutMs + dice.below(30_000);
      return { kind: 'late', afterMs: timeoutMs, landsMs, error: errorOf('timeout', call) };
    }
    case 'call-twice':
      return { kind: 'twice', afterMs };
    case 'call-denied':
      return { kind: 'fails', afterMs, error: errorOf('denied', call, false) };
    case 'call-dies':
      return {
        kind: 'dies',
        when: dice.pick(['before', 'after', 'on-its-way'] as const),
        landsMs: dice.below(20_000),
      };
    default:
      return { kind: 'fails', afterMs, error: errorOf('unavailable', call) };
  }
}
