// What does `config migrate` say, write and leave alone?
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ledgerstone } from './captured-io.ts';

const FILE = `archive:
  origin: audit.example.com/prod
  store: { kind: directory, path: archive }
  signing: { kind: local, keyFile: key.pem }
source: { kind: file, path: "-", topic: { name: orders, retention: year } }
retention: { year: { mode: COMPLIANCE, period: 1y } }
`;
const EARLIER = `${FILE}allowLongRetention: false # none\n`;

let dir: string;
let file: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ledgerstone-migrate-'));
  file = join(dir, 'ledgerstone.yaml');
  writeFileSync(file, EARLIER, { mode: 0o640 });
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const migrate = (...options: string[]) => ledgerstone(['config', 'migrate', file, ...options]);
const now = () => readFileSync(file, 'utf8');

describe('config migrate', () => {
  it('shows what would change, and changes nothing', async () => {
    const { code, out } = await migrate();
    expect(out).toContain('1 change to version 1\n  line 7  allowLongRetention: removed');
    expect(out).toContain('@@ -7,1 +6,0 @@\n-allowLongRetention: false # none\n');
    expect(out).toMatch(/takes the file once it is written\nNothing was written: --write does it\n$/);
    expect(code).toBe(0);
    expect(now()).toBe(EARLIER);
    expect(readdirSync(dir)).toEqual(['ledgerstone.yaml']);
  });

  it('--check says by its exit code whether something would change', async () => {
    expect((await migrate('--check')).code).toBe(1);
    writeFileSync(file, FILE);
    const { code, out } = await migrate('--check');
    expect(out).toMatch(
      /has nothing of an earlier version: it is of version 1\nThis version takes the file\n$/,
    );
    expect(code).toBe(0);
  });

  it('--write replaces the file with its rights, and keeps the one of before', async () => {
    chmodSync(file, 0o640);
    const link = join(dir, 'link.yaml');
    symlinkSync('ledgerstone.yaml', link);
    const { code, out } = await ledgerstone(['config', 'migrate', link, '--write']);
    expect(out).toMatch(/Written\. As it was: .*ledgerstone\.yaml\.before\n$/);
    expect(code).toBe(0);
    expect(now()).toBe(FILE);
    expect(statSync(file).mode & 0o777).toBe(0o640);
    expect(readFileSync(`${file}.before`, 'utf8')).toBe(EARLIER);
    expect(readdirSync(dir).sort()).toEqual(['ledgerstone.yaml', 'ledgerstone.yaml.before', 'link.yaml']);
    const again = await migrate('--write');
    expect(again.out).not.toContain('Written');
    expect(again.code).toBe(0);
  });

  it('--write overwrites nothing that is kept already', async () => {
    writeFileSync(`${file}.before`, 'kept');
    const { code, err } = await migrate('--write');
    expect(err).toContain("can't keep the file as it is");
    expect(code).toBe(2);
    expect(now()).toBe(EARLIER);
    expect(readFileSync(`${file}.before`, 'utf8')).toBe('kept');
  });

  it('ends with 3 where something is left to do, or the file is refused still', async () => {
    writeFileSync(file, EARLIER.replace('false', 'true'));
    const left = await migrate('--write');
    expect(left.out).toContain('Left to you, allowLongRetention: Write the longest lock');
    expect(left.code).toBe(3);
    expect(now()).toContain('greatestLock: 100y # none\n');
    writeFileSync(file, FILE.replace('orders', `"\${TOPIC}"`));
    const refused = await migrate('--check');
    expect(refused.out).toMatch(/refuses the file still: 1 problem\n {2}5:.*TOPIC, which is not set\n$/);
    expect(refused.code).toBe(3);
  });

  it.each([
    ['a later version', 'version: 2\n', 'made for a newer version'],
    ['no file of ours', 'a: 1\n', 'none of the four'],
    ['no YAML', '{', 'ledgerstone.yaml: 1 problem'],
  ])('refuses %s', async (_, text, said) => {
    writeFileSync(file, text.startsWith('version') ? text + FILE : text);
    const { code, err } = await migrate('--write');
    expect(err).toContain(said);
    expect(code).toBe(2);
    expect(readdirSync(dir)).toEqual(['ledgerstone.yaml']);
  });

  it('takes --check or --write, and a file that is there', async () => {
    expect((await migrate('--check', '--write')).code).toBe(2);
    expect((await ledgerstone(['config', 'migrate', join(dir, 'none')])).code).toBe(2);
  });

  it('--json', async () => {
    const { out } = await migrate('--json', '--write');
    expect(JSON.parse(out)).toMatchObject({
      ...{ from: 1, to: 1, written: true, problems: [], kept: `${file}.before` },
      changes: [{ line: 7, member: 'allowLongRetention', left: null }],
    });
  });
});
