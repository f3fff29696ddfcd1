// Was each chain sealed as recently as promised?
import { parseTime } from '../../format/time.ts';
import { type Finding, findingOf } from '../../verify/finding.ts';
import type { Covers } from '../findings/closed-by.ts';
import type { StepResult } from '../verifier.ts';

/**
 * How far seals may be ahead of this verifier's clock, since both clocks may be off by a minute (FORMAT.md:
 * Clock).
 */
const AHEAD_MS_MAX = 120_000;

/** What a step has learned about a chain's end. */
export type ChainEnd = Pick<StepResult, 'place' | 'isAtEnd' | 'findings'> & {
  readonly report: { readonly lastSealed: string | null } | null;
};

export type Freshness = {
  readonly findings: readonly Finding[];
  /** False: the chain's end was not reached, so nothing is known. */
  readonly complete: boolean | Covers;
  /** Age of the newest seal. Null if there is none or it was not reached. */
  readonly ageMs: number | null;
};

const NOTHING: Freshness = { findings: [], complete: false, ageMs: null };

/**
 * `promisedMs`: a chain without a seal for longer is stale. Null: nothing was promised. The age is that of
 * the last seal that was checked from the last attestation on, so a foreign object at the next key keeps no
 * chain fresh. An attested chain that is gone is a finding of the step itself, `truncation`, and stale here.
 */
export function chainFreshness(end: ChainEnd, promisedMs: number | null, nowMs: number): Freshness {
  const lastSealed = end.report?.lastSealed ?? null;
  if (promisedMs === null) return { ...NOTHING, complete: isFreshness };
  if (!end.isAtEnd) return NOTHING;
  if (end.findings.some(({ code }) => code === 'unreadable')) return NOTHING;
  const expected = `a seal within ${Math.round(promisedMs / 1000)} s`;
  if (lastSealed === null) {
    return { findings: [stale(expected, 'no seal at all')], complete: isFreshness, ageMs: null };
  }
  const ageMs = nowMs - parseTime(lastSealed);
  const found =
    ageMs > promisedMs
      ? `last sealed ${lastSealed}`
      : ageMs < -AHEAD_MS_MAX
        ? [
            `last sealed ${lastSealed}, ${Math.round(-ageMs / 1000)} s ahead of this verifier's clock: one of`,
            'the two is wrong',
          ].join(' ')
        : null;
  return { findings: found === null ? [] : [stale(expected, found)], complete: isFreshness, ageMs };
}

const isFreshness: Covers = ({ check }) => check === 'freshness';

/** One finding per chain, however long it lasts: neither an object nor the age is part of its identity. */
const stale = (expected: string, found: string): Finding => findingOf('stale-chain', { expected, found });
