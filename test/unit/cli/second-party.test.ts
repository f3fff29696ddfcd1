// Do `init` and `doctor` know the second party's file, and touch nothing of the first party's?
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import { encodeCosignerVkey } from '../../../src/format/cosignature.ts';
import { encodeVkey, type VerifierKey, verifierKey } from '../../../src/format/vkey.ts';
import { ArchiveBuilder, entries, ORIGIN, writeCopy } from '../../support/archive-builder.ts';
import { memorySigner } from '../../support/memory-signer.ts';
import { witnessServer } from '../../support/witness-server.ts';
import { ledgerstone } from './captured-io.ts';

let dir: string;
const at = (name: string) => join(dir, name);
const files = () => readdirSync(dir, { recursive: true }).map(String).sort();

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ledgerstone-second-'));
  const builder = new ArchiveBuilder();
  await builder.chain().seal({ lines: entries(0, 3) });
  writeCopy(builder.archive, at('archive'));
  const store = (path: string) => ({ kind: 'directory', path });
  const config = {
    archive: { store: store('archive'), trusted: [encodeVkey(builder.trusted[0] as VerifierKey)] },
    attestations: { store: store('own'), retention: { mode: 'COMPLIANCE', period: '1h' } },
    cosigner: { name: 'v.example.com', signing: { kind: 'local', keyFile: 'v.pem' } },
  };
  // As YAML of several lines, and as JSON on one.
  writeFileSync(at('json.yaml'), JSON.stringify(config));
  const lines = Object.entries(config).map(([name, value]) => `${name}: ${JSON.stringify(value)}\n`);
  writeFileSync(at('verifier.yaml'), lines.join(''));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

it.each(['json.yaml', 'verifier.yaml'])(
  '%s: a key is made once and shown as a cosigner key',
  async (file) => {
    const before = files();
    const first = await ledgerstone(['init', '--config', at(file), '--vkey', at('v.vkey'), '--json']);
    expect([first.code, first.err]).toEqual([0, '']);
    const { vkey, newKey } = JSON.parse(first.out);
    expect([vkey.startsWith('v.example.com+'), newKey]).toEqual([true, true]);
    expect(readFileSync(at('v.vkey'), 'utf8')).toBe(`${vkey}\n`);
    expect(files()).toEqual([...before, 'v.pem', 'v.vkey'].sort());
    const again = await ledgerstone(['init', '--config', at(file)]);
    expect(again.out).toContain(vkey);
    expect(again.out).not.toContain('(new)');
  },
);

it('doctor looks at the archive, its own store and its key, and says what it did not try', async () => {
  const ask = () => ledgerstone(['doctor', '--config', at('verifier.yaml'), '--json']);
  expect((await ask()).code).toBe(3);
  await ledgerstone(['init', '--config', at('verifier.yaml')]);
  const before = files();
  const { code, out } = await ask();
  expect(code).toBe(0);
  const { ready, checks } = JSON.parse(out);
  expect(ready).toBe(true);
  const shown = checks.map(({ area, name, verdict }: Record<string, string>) => `${area} ${name} ${verdict}`);
  expect(shown).toEqual(
    expect.arrayContaining([
      ...['config file ok', 'config alarms warning', 'archive readable ok', 'own writable ok'],
      ...['signing key ok', 'signing signs ok', 'signing vkey ok'],
    ]),
  );
  expect(files()).toEqual(before);
  rmSync(at('archive'), { recursive: true });
  expect((await ask()).code).toBe(3);
});

it('doctor asks whether each witness answers, and shows it nothing', async () => {
  await ledgerstone(['init', '--config', at('verifier.yaml')]);
  await using witness = await witnessServer('w.example.com', () => 1_800_000_000);
  const calls: string[] = [];
  witness.script = (_, text) => {
    calls.push(text);
    return { status: 404, body: '' };
  };
  const vkey = encodeCosignerVkey(witness.keys[0]!);
  const before = readFileSync(at('verifier.yaml'), 'utf8');
  const ask = async (url: string, required: boolean) => {
    const policy = `witness A ${vkey} ${url}\nquorum A\n`;
    const witnesses = { policy, required, timeout: '5s' };
    writeFileSync(at('verifier.yaml'), `${before}witnesses: ${JSON.stringify(witnesses)}\n`);
    const { code, out } = await ledgerstone(['doctor', '--config', at('verifier.yaml'), '--json']);
    const found = JSON.parse(out).checks.filter(({ area }: { area: string }) => area === 'witness');
    return { code, found };
  };
  expect(await ask(witness.url, true)).toMatchObject({ code: 0, found: [{ verdict: 'ok' }] });
  expect([calls, witness.asked]).toEqual([[''], []]);
  await witness[Symbol.asyncDispose]();
  expect(await ask(witness.url, true)).toMatchObject({ code: 3, found: [{ verdict: 'bad' }] });
  expect(await ask(witness.url, false)).toMatchObject({ code: 0, found: [{ verdict: 'warning' }] });
});

it.each(['the archive', 'a folder in it', 'a folder that is not there yet'])(
  'doctor and watch refuse attestations that a link leads into %s',
  async (where) => {
    await ledgerstone(['init', '--config', at('verifier.yaml')]);
    if (where === 'the archive') symlinkSync(at('archive'), at('own'));
    else {
      symlinkSync(at('archive'), at('link'));
      const folder = where === 'a folder in it' ? 'link/seals' : 'link/none/own';
      const text = readFileSync(at('verifier.yaml'), 'utf8');
      writeFileSync(at('verifier.yaml'), text.replace('"path":"own"', `"path":"${folder}"`));
    }
    const before = files();
    const { code, out } = await ledgerstone(['doctor', '--config', at('verifier.yaml'), '--json']);
    const check = JSON.parse(out).checks.find(({ name }: { name: string }) => name === 'separate');
    expect([code, check?.verdict, check?.found]).toEqual([
      3,
      'bad',
      'attestations.store leads into the archive, or the other way round',
    ]);
    const watching = await ledgerstone(['watch', '--config', at('verifier.yaml')]);
    expect([watching.code, watching.err + watching.out]).toEqual([
      2,
      expect.stringContaining('leads into the archive'),
    ]);
    expect(files()).toEqual(before);
  },
);

it('doctor refuses a private key that lies in a store, of both parties, and a file of records in the archive', async () => {
  await ledgerstone(['init', '--config', at('verifier.yaml')]);
  const verdicts = async (file: string) => {
    const { out } = await ledgerstone(['doctor', '--config', at(file), '--json']);
    const all = JSON.parse(out).checks as { readonly name: string; readonly verdict: string }[];
    return ['key-place', 'input', 'separate'].flatMap((name) => {
      const found = all.find((check) => check.name === name);
      return found === undefined ? [] : [`${name} ${found.verdict}`];
    });
  };
  expect(await verdicts('verifier.yaml')).toEqual(['separate ok']);
  renameSync(at('v.pem'), at('archive/v.pem'));
  symlinkSync(at('archive/v.pem'), at('v.pem'));
  expect(await verdicts('verifier.yaml')).toEqual(['key-place bad', 'separate ok']);
  writeFileSync(
    at('ledgerstone.yaml'),
    `archive:
  origin: ${ORIGIN}
  store: { kind: directory, path: archive }
  signing: { kind: local, keyFile: v.pem }
source: { kind: file, path: archive/in.jsonl, topic: { name: orders, retention: r } }
retention: { r: { mode: COMPLIANCE, period: 1y } }
`,
  );
  expect(await verdicts('ledgerstone.yaml')).toEqual(['key-place bad', 'input bad']);
});

it('a mistake in it is told by the keys of that file', async () => {
  writeFileSync(at('verifier.yaml'), `${readFileSync(at('verifier.yaml'), 'utf8')}sweeep: {}\n`);
  for (const command of ['init', 'doctor']) {
    const { code, err } = await ledgerstone([command, '--config', at('verifier.yaml')]);
    expect([code, err]).toEqual([2, expect.stringContaining('did you mean "sweep"?')]);
  }
});

it.each([
  ['of the log', 'ok', 0],
  ['of another log', 'bad', 3],
])('doctor tries the keys that are trusted on the seals: %s', async (which, verdict, exit) => {
  await ledgerstone(['init', '--config', at('verifier.yaml')]);
  if (which !== 'of the log') {
    const stranger = memorySigner({ seed: 'stranger' });
    const vkey = encodeVkey(verifierKey(ORIGIN, stranger.publicKey, nodeSha256));
    const text = readFileSync(at('verifier.yaml'), 'utf8');
    writeFileSync(at('verifier.yaml'), text.replace(/"trusted":\[[^\]]*\]/, `"trusted":["${vkey}"]`));
  }
  const { code, out } = await ledgerstone(['doctor', '--config', at('verifier.yaml'), '--json']);
  const trusted = JSON.parse(out).checks.find(({ name }: { name: string }) => name === 'trusted');
  expect([trusted?.verdict, code]).toEqual([verdict, exit]);
});

it('doctor says of an archive without a chain that no key was tried', async () => {
  await ledgerstone(['init', '--config', at('verifier.yaml')]);
  rmSync(at('archive/seals'), { recursive: true });
  const { out } = await ledgerstone(['doctor', '--config', at('verifier.yaml'), '--json']);
  const trusted = JSON.parse(out).checks.find(({ name }: { name: string }) => name === 'trusted');
  expect(trusted).toMatchObject({ verdict: 'warning', found: 'no chain yet, so no key was tried' });
});

it.each(['archive', 'verify', 'status', 'resume'])('%s says whose file it is', async (command) => {
  const more =
    command === 'resume' ? '--topic a --partition 0 --accept-gap --reason r --by b'.split(' ') : [];
  const { code, err } = await ledgerstone([command, '--config', at('verifier.yaml'), ...more]);
  expect([code, err]).toEqual([2, expect.stringMatching(/: 1 problem\n.*this is the verifier's file/)]);
});

it('a second key, ML-DSA-44, is made, shown and tried like the first', async () => {
  const text = readFileSync(at('verifier.yaml'), 'utf8');
  const second = '"postQuantum":{"kind":"local","keyFile":"second.pem"},"signing"';
  writeFileSync(at('verifier.yaml'), text.replace('"signing"', second));
  const made = await ledgerstone(['init', '--config', at('verifier.yaml'), '--vkey', at('v.vkey'), '--json']);
  expect([made.code, made.err]).toEqual([0, '']);
  const { vkey, postQuantum } = JSON.parse(made.out);
  expect([postQuantum.newKey, postQuantum.vkey.length > 1750]).toEqual([true, true]);
  expect(readFileSync(at('v.vkey'), 'utf8')).toBe(`${vkey}\n${postQuantum.vkey}\n`);
  const again = await ledgerstone(['init', '--config', at('verifier.yaml')]);
  expect(again.out).toContain('second.pem, ML-DSA-44');
  const { code, out } = await ledgerstone(['doctor', '--config', at('verifier.yaml'), '--json']);
  expect(code).toBe(0);
  const checks = JSON.parse(out).checks as readonly Record<string, string>[];
  expect(checks.find(({ name }) => name === 'second-signs')?.['verdict']).toBe('ok');
  expect(checks.find(({ name }) => name === 'second-vkey')?.['found']).toBe(postQuantum.vkey);
  // An Ed25519 key in its place would be no second kind, and a verifier does not start with it.
  renameSync(at('v.pem'), at('second.pem'));
  const bad = await ledgerstone(['doctor', '--config', at('verifier.yaml')]);
  expect([bad.code, bad.out]).toEqual([3, expect.stringContaining('its kind is ed25519, not ml-dsa-44')]);
});
