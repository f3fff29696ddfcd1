// Which findings is it if more foreign objects lie among a chain's attestations than are named?
import { type Finding, findingOf } from '../../verify/finding.ts';
import type { Flood } from './attestation-reader.ts';

/** One finding however many objects there are, and another one if the newest attestation was not reached. */
export function floodFindings(flood: Flood | null): Finding[] {
  if (flood === null) return [];
  const { prefix, objects, below } = flood;
  const found = FOUND[below](`${objects} objects`);
  const findings = [findingOf('foreign-object', { key: prefix, expected: 'attestations only', found })];
  if (below !== 'not-read') return findings;
  // About no one object: a later look that reaches the newest attestation closes it.
  const expected = `the newest attestation below ${prefix}`;
  return [...findings, findingOf('unreadable', { expected, found: `not reached: ${found}` })];
}

const FOUND: Readonly<Record<Flood['below'], (objects: string) => string>> = {
  attestation: (objects) => `${objects} above the newest attestation are no attestations`,
  nothing: (objects) => `${objects}, none of which is an attestation, and nothing else`,
  'not-read': (objects) => `the last ${objects} are no attestations, and more lie below them`,
};
