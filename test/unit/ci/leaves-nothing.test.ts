// Can the unit tests share a process? Nothing that a file replaces may stay for the next one.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const UNIT = join(import.meta.dirname, '..');
const CALL = /\bvi\s*\.\s*(mock|doMock|hoisted|resetModules)\s*\(/;

it('no file replaces a module: it would stay replaced, or come too late, for the others of its worker', () => {
  const files = readdirSync(UNIT, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  const replacing = files.filter((name) => CALL.test(readFileSync(join(UNIT, name), 'utf8')));
  expect(files.length).toBeGreaterThan(250);
  expect(replacing).toEqual([]);
});
