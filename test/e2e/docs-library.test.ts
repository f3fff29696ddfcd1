// Do the examples of docs/library.md have the right types, run, and print what stands below them?
import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pageText, ROOT } from '../support/docs/pages.ts';
import { type PackageWorld, packageWorld } from '../support/package-world.ts';

const examples = [
  ...pageText('docs/library.md').matchAll(/^```ts\n([\s\S]*?)^```\n+```text\n([\s\S]*?)^```$/gm),
].map(([, program = '', printed = ''], index) => ({ name: `example-${index + 1}.ts`, program, printed }));

let world: PackageWorld;
beforeAll(async () => {
  world = await packageWorld();
  await world.exported('case.zip');
  const entry = JSON.stringify(join(ROOT, 'src/index.ts'));
  for (const { name, program } of examples) {
    writeFileSync(world.at(name), program.replace("from 'ledgerstone'", `from ${entry}`));
  }
  writeFileSync(world.at('package.json'), '{"type":"module"}');
});
afterAll(() => world.remove());

describe('the examples', () => {
  it('are all here, and every example says what it prints', () => {
    expect(examples.length).toBe(4);
    expect(pageText('docs/library.md').match(/^```ts$/gm)?.length).toBe(4);
  });

  it('have the right types', () => {
    const typeRoots = [join(ROOT, 'node_modules/@types')];
    const config = {
      extends: join(ROOT, 'tsconfig.json'),
      include: ['*.ts'],
      compilerOptions: { typeRoots },
    };
    writeFileSync(world.at('tsconfig.json'), JSON.stringify(config));
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
    const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', '.'], {
      cwd: world.dir,
      encoding: 'utf8',
    });
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
  });

  // In their order: one reads what an earlier one wrote.
  it.each(examples)('$name prints what the page says', ({ name, printed }) => {
    const out = execFileSync(process.execPath, [world.at(name)], { cwd: world.dir, encoding: 'utf8' });
    expect(out).toBe(printed);
  });
});
