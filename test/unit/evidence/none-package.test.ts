// Is "nothing was found about this person" an answer that can be handed over, and nobody's invention?
import { spawnSync } from 'node:child_process';
import { createPublicKey } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PATHS } from '../../../src/evidence/package.ts';
import {
  changeText,
  type Files,
  filesOf,
  type PackageWorld,
  packageWorld,
  relisted,
  writeZip,
} from '../../support/package-world.ts';
import { unsignedList } from '../../support/tampered-samples.ts';
import { ledgerstone } from '../cli/captured-io.ts';

let world: PackageWorld;
let zip: string;
let keys: readonly string[];

beforeAll(async () => {
  world = await packageWorld();
  const pem = createPublicKey(readFileSync(world.at('export-key.pem'))).export({
    type: 'spki',
    format: 'pem',
  });
  writeFileSync(world.at('export.pem'), pem);
  writeFileSync(world.at('fields.yaml'), "'*': { subject: /who }\n");
  writeFileSync(world.at('key.yaml'), "'*': { subject: key }\n");
  keys = [...world.key, '--signer', world.at('export.pem')];
  zip = world.at('none.zip');
  const { code, out } = await exported('none.zip', '--sign-key', world.at('export-key.pem'));
  expect([code, out]).toEqual([
    0,
    expect.stringMatching(/0 events in .*\nnone, and nothing was left out: 77 records/),
  ]);
});
afterAll(() => world.remove());

const exported = (out: string, ...more: string[]) =>
  ledgerstone([
    ...['export', world.at('archive'), ...world.key, '--case', 'art-15-7', '--purpose', 'Access request'],
    ...['--by', 'Ada Byron', '--out', world.at(out), '--fields', world.at('key.yaml')],
    ...(more.includes('--where') ? [] : ['--subject', 'nobody']),
    ...more,
  ]);
const verify = async (name: string, ...more: readonly string[]) => {
  const { code, out } = await ledgerstone(['verify-package', name, '--json', ...more]);
  return { code, ...(JSON.parse(out).packages[0] as { sentence: string; findings: { kind: string }[] }) };
};
const kindsOf = ({ findings }: { findings: { kind: string }[] }) => findings.map(({ kind }) => kind);
const statement = (files: Files) =>
  JSON.parse(Buffer.from(files.get(PATHS.statement) as Uint8Array).toString());

/** What the script in it says. */
function script(files: Files, name: string, ...args: readonly string[]) {
  for (const [path, bytes] of files) {
    const file = join(world.at(name), path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, bytes);
  }
  const { status, stdout, stderr } = spawnSync('bash', [join(world.at(name), 'verify.sh'), ...args]);
  return { status, out: `${stdout}${stderr}` };
}

describe('an answer that nothing was found about a person', () => {
  it('is a package with the statement, and the signed checkpoint of each chain that was searched', () => {
    const files = filesOf(zip);
    expect([...files.keys()].filter((path) => path.startsWith('checkpoints/')).sort()).toEqual([
      'checkpoints/orders/0.checkpoint',
      'checkpoints/payments/1.checkpoint',
    ]);
    expect([...files.keys()].some((path) => path.startsWith('proofs/'))).toBe(false);
    const { hits, lines, search } = statement(files);
    expect([hits, lines, search.isComplete]).toEqual([0, 0, true]);
    expect(statement(files).statement).toBe(
      'none, and nothing was left out: 77 records in 4 segments of 2 chains were searched',
    );
  });

  it('is green under the keys that were given, and says whose word it is', async () => {
    const { code, sentence, findings } = await verify(zip, ...keys);
    expect([code, findings]).toEqual([0, []]);
    expect(sentence).toMatch(/^The search found no event: .* is the word of who signed the list of files/);
  });

  it('is amber without keys, or where nobody signed, and then says that first', async () => {
    const open = await verify(zip);
    expect([open.code, open.sentence]).toEqual([
      3,
      expect.stringMatching(/^Whose the keys are only the package/),
    ]);
    expect(open.sentence).toContain('The search found no event');
    expect((await exported('unsigned.zip')).code).toBe(0);
    const unsigned = await verify(world.at('unsigned.zip'), ...world.key);
    expect([unsigned.code, kindsOf(unsigned)]).toEqual([3, ['unsigned']]);
    expect(unsigned.sentence).toMatch(
      /^Nobody signed the list of files: .* that nothing was found, is nobody/,
    );
  });

  it.each<readonly [string, string, (files: Files) => Files]>([
    [
      'with hits that it does not have',
      'statement-differs',
      (files) => changeText(files, PATHS.statement, (text) => text.replace('"hits": 0', '"hits": 2')),
    ],
    [
      'about a chain of which it has no checkpoint',
      'statement-differs',
      (files) => {
        const fewer = new Map(files);
        for (const path of ['checkpoints/payments/1.checkpoint', 'events/payments/1.jsonl'])
          fewer.delete(path);
        return changeText(fewer, PATHS.protocol, (text) => {
          const protocol = JSON.parse(text);
          const chains = protocol.chains.filter(({ chain }: { chain: string }) => chain === 'orders');
          return `${JSON.stringify({ ...protocol, chains }, null, 2)}\n`;
        });
      },
    ],
    [
      'with another root than the signed one',
      'statement-differs',
      (files) => changeText(files, PATHS.statement, (text) => text.replace(/"root": "../, '"root": "ff')),
    ],
  ])('%s is red', async (name, kind, change) => {
    const file = writeZip(world.at(`${name}.zip`), unsignedList(change(filesOf(zip))));
    const made = await verify(file, ...world.key);
    expect([made.code, kindsOf(made)]).toEqual([1, expect.arrayContaining([kind])]);
  });

  it('is not what is left of a package whose events were taken out', async () => {
    const found = await exported('found.zip', '--where', '/n<3');
    expect(found.code).toBe(0);
    const files = new Map(filesOf(world.at('found.zip')));
    for (const path of [...files.keys()]) if (path.startsWith('proofs/')) files.delete(path);
    for (const path of ['events/orders/0.jsonl', 'events/payments/1.jsonl'])
      files.set(path, new Uint8Array());
    const made = await verify(writeZip(world.at('emptied.zip'), relisted(files)), ...world.key);
    expect(made.code).toBe(1);
    expect(script(relisted(files), 'emptied', world.at('archive.vkey')).out).toContain(
      'the package has no event',
    );
  });

  it('is what the script in it finds too', () => {
    const { status, out } = script(filesOf(zip), 'script', world.at('archive.vkey'), world.at('export.pem'));
    expect([status, out]).toEqual([
      0,
      expect.stringContaining(
        'The search found no event. Checked: the checkpoints of the chains that were searched.',
      ),
    ]);
    expect(out).toContain('is the word of who made the package');
  });
});

describe('no such package is made', () => {
  it('by another search, which may have asked for the wrong thing', async () => {
    const { code, err } = await exported('other.zip', '--where', '/n=12345');
    expect([code, err]).toEqual([2, expect.stringContaining('no event was found')]);
    expect(existsSync(world.at('other.zip'))).toBe(false);
  });

  it('where a chain has no field for the person, or the field is in no event', async () => {
    writeFileSync(world.at('one.yaml'), 'orders: { subject: key }\n');
    const one = await exported('one.zip', '--fields', world.at('one.yaml'));
    expect([one.code, one.err]).toEqual([3, expect.stringContaining('payments/1 was not searched')]);
    const absent = await exported('absent.zip', '--fields', world.at('fields.yaml'));
    expect([absent.code, absent.err]).toEqual([
      2,
      expect.stringContaining('subject is a field of none of the 77 records'),
    ]);
    for (const name of ['one.zip', 'absent.zip']) expect(existsSync(world.at(name))).toBe(false);
  });
});
