// Can the unit tests share a process? Nothing that a file replaces may stay for the next one.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const TEST = join(import.meta.dirname, '../..');
const UNIT = join(TEST, 'unit');
const CALL = /\bvi\s*\.\s*(mock|doMock|hoisted|resetModules)\s*\(/;
const HOOK = /^(?:before|after)(?:All|Each)\(/m;

it('no file replaces a module: it would stay replaced, or come too late, for the others of its worker', () => {
  const files = readdirSync(UNIT, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  const replacing = files.filter((name) => CALL.test(readFileSync(join(UNIT, name), 'utf8')));
  expect(files.length).toBeGreaterThan(250);
  expect(replacing).toEqual([]);
});

it('no module that files share registers hooks as it loads: it loads once in a worker, for its first file', () => {
  const shared = ['unit', 'support', 'vectors', 'contract'].flatMap((folder) =>
    readdirSync(join(TEST, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /(?<!\.test)\.ts$/.test(name))
      .map((name) => `${folder}/${name.replaceAll('\\', '/')}`),
  );
  const hooked = shared.filter((name) => HOOK.test(readFileSync(join(TEST, name), 'utf8')));
  // The check itself is loaded for each file; the stub is for tests of the contract, each in a process of its own.
  expect(hooked.sort()).toEqual(['contract/store-stub.ts', 'support/leaves-nothing.ts']);
});
