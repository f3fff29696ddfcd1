// Does a run leave out long test files only where it says so, and never in CI?
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LONG, leftOut, leftOutText } from '../../support/long.ts';

const ROOT = join(import.meta.dirname, '../../..');
const files = Object.keys(LONG);

describe('the test files that `npm cit` leaves out', () => {
  it('exist, and so does what holds a part of them meanwhile', () => {
    const missing = Object.entries(LONG)
      .flat()
      .filter((file) => !existsSync(join(ROOT, file)));
    expect(missing).toEqual([]);
    expect(Object.values(LONG).filter((file) => files.includes(file))).toEqual([]);
  });

  it.each([[['run']], [['run', '--reporter=json']], [[]]])('are left out by `vitest %j`', (args) => {
    expect(leftOut(args, {})).toEqual(files);
    expect(leftOut(args, { LEDGERSTONE_LONG: '', LEDGERSTONE_REQUIRE_STACK: '0' })).toEqual(files);
  });

  it.each([
    [['run', 'test/e2e/drill.test.ts']],
    [['run', '--project', 'e2e']],
    [['run', '--project=e2e']],
    [['chaos']],
  ])('run where a part is named: `vitest %j`', (args) => expect(leftOut(args, {})).toEqual([]));

  it.each(['LEDGERSTONE_LONG', 'LEDGERSTONE_REQUIRE_STACK'])('run where %s asks for them', (name) =>
    expect(leftOut(['run'], { [name]: '1' })).toEqual([]),
  );

  it('run in CI: it sets the word for all tests', () => {
    const ci = readFileSync(join(ROOT, '.ci/run'), 'utf8');
    expect(ci).toMatch(/^export LEDGERSTONE_REQUIRE_STACK=1/m);
    expect(ci).toMatch(/\bnpm cit\b/);
  });

  it('are named at the end of the run, with the command that runs them', () => {
    expect(leftOutText([])).toBeNull();
    const text = leftOutText(files) ?? '';
    for (const file of files) expect(text).toContain(file);
    expect(text).toContain('LEDGERSTONE_LONG=1 npm test');
  });
});
