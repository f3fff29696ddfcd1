// Which findings is it if more foreign objects lie among a chain's attestations than are named?
import { type Finding, findingOf } from '../../verify/finding.ts';
import type { Flood } from './attestation-reader.ts';

/** One finding however many objects there are, and another one if the newest attestation was not reached. */
export function floodFindings(flood: Flood | null): Finding[] {
  if (flood === null) return [];
  const { prefix, objects, isPassed } = flood;
  const above = `${objects} objects above the newest attestation are none`;
  const found = isPassed ? above : `the first ${objects} objects are none, and more lie below them`;
  const findings = [findingOf('foreign-object', { key: prefix, expected: 'attestations only', found })];
  if (isPassed) return findings;
  // About no one object: a later look that reaches the newest attestation closes it.
  const expected = `the newest attestation below ${prefix}`;
  return [...findings, findingOf('unreadable', { expected, found: `not reached: ${found}` })];
}
