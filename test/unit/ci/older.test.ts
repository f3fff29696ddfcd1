// Is the older version that tests run beside this one what its page says, and nothing else?
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { olderPack } from '../../older/older.ts';

const ROOT = join(import.meta.dirname, '../../..');
const pack = olderPack();
const page = readFileSync(join(dirname(pack), 'README.md'), 'utf8');
const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const inside = (name: string) => execFileSync('tar', ['xzOf', pack, `package/${name}`], { encoding: 'utf8' });

it('has the bytes and the commit that its page names, and is small', () => {
  const bytes = readFileSync(pack);
  expect(page).toContain(`\`${basename(pack)}\`: \`${createHash('sha256').update(bytes).digest('hex')}\``);
  const [, commit] = /-g([0-9a-f]{8,})\.tgz$/.exec(pack) ?? [];
  expect(page).toContain(`npm run older -- ${commit}\n`);
  expect(bytes.length).toBeLessThan(1_500_000);
});

it('holds code of this project alone, and says in its version which commit it is', () => {
  const names = execFileSync('tar', ['tzf', pack], { encoding: 'utf8' }).trim().split('\n');
  const known = /^package\/(LICENSE|package\.json|dist\/(FORMAT\.md|[\w-]+\.js|[a-z]+\.schema\.json))$/;
  expect(names.filter((name) => !known.test(name))).toEqual([]);
  expect(inside('dist/ledgerstone.js')).toMatch(/from "commander"/);
  expect(basename(pack)).toBe(`ledgerstone-${JSON.parse(inside('package.json')).version}.tgz`);
});

it('needs nothing that this checkout does not have', () => {
  const needed = Object.keys(JSON.parse(inside('package.json')).dependencies);
  expect(needed.filter((name) => !(name in dependencies))).toEqual([]);
});
