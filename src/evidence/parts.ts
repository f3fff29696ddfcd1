// Are these packages all parts of one case in their order, and what is the verdict on all of them?
import { colourOf, type PackageCheck, type VerdictColour } from './check.ts';

export type PartsVerdict = {
  /** The worst of all. Amber also where parts are missing. */
  readonly colour: VerdictColour;
  /** What is wrong with the order of the parts; null where each package is one part of one. */
  readonly parts: 'complete' | 'incomplete' | null;
};

export function verdictOfParts(checks: readonly PackageCheck[]): PartsVerdict {
  const colours = checks.map((check) => colourOf(check));
  const isWhole = checks.every(({ manifest }) => manifest?.part.number === 1 && manifest.part.last);
  const parts = isWhole || checks.some(({ manifest }) => manifest === null) ? null : partsOf(checks);
  const worst = colours.includes('red') ? 'red' : colours.includes('amber') ? 'amber' : 'green';
  return { colour: worst === 'green' && parts === 'incomplete' ? 'amber' : worst, parts };
}

function partsOf(checks: readonly PackageCheck[]): 'complete' | 'incomplete' {
  const inOrder = checks.every(({ manifest }, index) => {
    if (manifest === null) return false;
    const { number, last, previous } = manifest.part;
    const before = checks[index - 1]?.manifestHash ?? null;
    return number === index + 1 && last === (index === checks.length - 1) && previous === before;
  });
  return inOrder ? 'complete' : 'incomplete';
}
