// Which choices does a seed make? The same ones again, though not at the same instants: real servers keep no clock of ours.
import { mulberry32 } from '../../support/random.ts';

export type Random = {
  /** 0 ≤ x < 1. */
  (): number;
  /** An integer, both ends included. */
  between(least: number, most: number): number;
  pick<T>(from: readonly T[]): T;
  chance(probability: number): boolean;
};

export function seeded(seed: number): Random {
  const next = mulberry32(seed);
  const between = (least: number, most: number) => least + Math.floor(next() * (most - least + 1));
  return Object.assign(next, {
    between,
    pick: <T>(from: readonly T[]): T => from[between(0, from.length - 1)] as T,
    chance: (probability: number) => next() < probability,
  });
}

/** A seed of its own for each scenario, so that one run alone makes the choices that it makes among all. */
export function seedOf(seed: number, name: string): number {
  let hash = seed >>> 0;
  for (const byte of Buffer.from(name)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}
