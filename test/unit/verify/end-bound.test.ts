// What is said of the ends of chains, with and without something from outside to compare them with?
import { expect, it } from 'vitest';
import { endBound } from '../../../src/verify/end-bound.ts';
import type { ChainReport } from '../../../src/verify/report.ts';

const chain = (knownSize: number | null, size = 5, codes: readonly string[] = []): ChainReport =>
  ({ knownSize, size, findings: codes.map((code) => ({ code })) }) as unknown as ChainReport;
const said = (...chains: readonly ChainReport[]) => endBound(chains, ['--since', '--keep']);
const REST = 'segments after that, and chains that were not named, are not ruled out';

it('nothing, where nothing was compared', () => {
  expect(said(chain(null))).toBe(
    'segments after the last ones here, and other chains, are not ruled out: nothing from outside was compared (--since, --keep)',
  );
});

it('up to which segment, where there is one chain', () => {
  expect(said(chain(3))).toBe(`nothing was cut off up to segment 2 of 4; ${REST}`);
});

it('how many chains had something to compare, and how many had none', () => {
  const given = (chains: string) => `the checkpoints or attestations given for ${chains}`;
  expect(said(chain(3), chain(2))).toBe(`nothing was cut off up to ${given('2 chains')}; ${REST}`);
  expect(said(chain(3), chain(null))).toBe(
    `nothing was cut off up to ${given('1 chain')}; 1 chain had none to compare; ${REST}`,
  );
  expect(said(chain(3), chain(null), chain(null))).toContain('; 2 chains had none to compare; ');
});

it.each(['rollback', 'truncation'])('that it contradicts what was given: %s', (code) => {
  const words = 'see the findings; segments after the last ones here, and chains that were not named,';
  expect(said(chain(null, 5, [code]), chain(4))).toBe(
    `what was given from outside contradicts 1 chain: ${words} are not ruled out`,
  );
  expect(said(chain(4, 5, [code]))).toMatch(/^nothing was cut off/);
});
