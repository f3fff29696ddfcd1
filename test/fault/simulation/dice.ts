// What does a seed decide? Numbers that look like chance and are the same on every machine.
import { mulberry32 } from '../../support/random.ts';

/** Words to 32 bits (FNV-1a over their text, then a finalizer): what lies near each other must not look alike. */
function mixed(words: readonly (number | string)[]): number {
  let hash = 0x811c9dc5;
  for (const word of words) {
    const text = `${word};`;
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** One die for each question, named by words: so that leaving one event out changes no other one's choices. */
export class Dice {
  /** From 0 up to, and without, 1. */
  readonly next: () => number;

  constructor(...words: readonly (number | string)[]) {
    this.next = mulberry32(mixed(words));
  }

  chance(part: number): boolean {
    return this.next() < part;
  }

  below(n: number): number {
    return Math.floor(this.next() * n);
  }

  /** From `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }

  weighted<T extends { readonly weight: number }>(list: readonly T[]): T {
    let at = this.next() * list.reduce((sum, { weight }) => sum + weight, 0);
    for (const each of list) {
      at -= each.weight;
      if (at < 0) return each;
    }
    return list[list.length - 1] as T;
  }
}
