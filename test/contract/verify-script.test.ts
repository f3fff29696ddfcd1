// Does the script in a package find the same as the program, with openssl, sha256sum and base64 alone?
import { spawnSync } from 'node:child_process';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PATHS } from '../../src/evidence/package.ts';
import {
  changeText,
  type Files,
  filesOf,
  type PackageWorld,
  packageWorld,
  relisted,
} from '../support/package-world.ts';
import { TAMPERINGS, type Tampering } from '../support/tampered-packages.ts';
import { changeBoth, DRAWN_TAMPERINGS, unsignedList } from '../support/tampered-samples.ts';
import { ledgerstone } from '../unit/cli/captured-io.ts';

/** Further ways in which programs write a file anew, or change a little more than that. */
const REWRITTEN: readonly Pick<Tampering, 'name' | 'change'>[] = [
  {
    name: 'a byte order mark',
    change: (files) => changeText(files, PATHS.protocol, (text) => `\ufeff${text}`),
  },
  {
    name: 'a statement in one line',
    change: (files) => changeText(files, PATHS.statement, (text) => JSON.stringify(JSON.parse(text))),
  },
  {
    name: 'a file that lost its last line end',
    change: (files) => changeText(files, 'events/orders/0.jsonl', (text) => text.trimEnd()),
  },
  {
    name: 'a table with other line ends',
    change: (files) => changeText(files, PATHS.table, (text) => text.replaceAll('\r\n', '\n')),
  },
  {
    name: 'a list of files in many lines',
    change: (files) => changeText(files, PATHS.manifest, (text) => JSON.stringify(JSON.parse(text), null, 4)),
  },
  {
    name: 'a renamed file',
    change: (files) => {
      const renamed = new Map(files);
      renamed.delete(PATHS.protocol);
      return renamed.set('protocol (1).json', files.get(PATHS.protocol) as Uint8Array);
    },
  },
  {
    name: 'other line ends and another event',
    change: (files) =>
      changeText(files, 'events/orders/0.jsonl', (text) =>
        text.replaceAll('\n', '\r\n').replace('"n":29,', '"n":99,'),
      ),
  },
  {
    name: 'a statement in one line, and of other offsets',
    change: (files) =>
      changeText(files, PATHS.statement, (text) =>
        JSON.stringify(JSON.parse(text)).replaceAll('"to":31', '"to":32'),
      ),
  },
  {
    name: 'a file that is not there',
    change: (files) => new Map([...files].filter(([path]) => path !== PATHS.protocol)),
  },
];

let world: PackageWorld;
let files: Files;
let keys: readonly string[];
beforeAll(async () => {
  world = await packageWorld();
  files = filesOf(
    await world.exported('case.zip', '--sign-key', world.at('export-key.pem'), '--offsets', '29-31'),
  );
  writeFileSync(world.at('export.pem'), publicPem(world.at('export-key.pem')));
  keys = [world.at('archive.vkey'), world.at('export.pem')];
});
afterAll(() => world.remove());

const publicPem = (file: string): string | Buffer =>
  createPublicKey(readFileSync(file)).export({ type: 'spki', format: 'pem' });

let count = 0;
function unpacked(of: Files): string {
  const folder = world.at(`script-${count++}`);
  for (const [path, bytes] of of) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes);
  }
  return folder;
}

function run(of: Files, ...args: readonly string[]) {
  const folder = unpacked(of);
  const ran = spawnSync('bash', [join(folder, 'verify.sh'), ...args], { encoding: 'utf8' });
  return { code: ran.status, out: ran.stdout, err: ran.stderr };
}

describe.runIf(spawnSync('openssl', ['version']).status === 0)('verify.sh', () => {
  it('says that all holds, under the keys of the reader', () => {
    const { code, out, err } = run(files, ...keys);
    expect(err).toBe('');
    expect(out).toContain('The list of files is signed by the key ');
    expect(out).toContain('orders/0: the offsets 29 to 31 are all here.');
    expect(out).toMatch(/Checked 1 event and 1 gap line: each leads, .*\n.*they are in its archive as they/);
    expect(out).not.toMatch(/OPEN|Not checked/);
    expect(code).toBe(0);
  });

  it('says which keys to compare where none is given', () => {
    const { code, out } = run(files);
    expect(out).toMatch(/Compare its SHA-256 with the people of audit\.example\.com\/prod: [0-9a-f]{64}\n$/);
    expect(out).toContain('OPEN: Only the package says whose key signed the list of files');
    expect(out).not.toContain('they are in its archive');
    expect(code).toBe(3);
  });

  it('is open where the program is amber: who signed the list is not known, is another, or is nobody', async () => {
    const [archive = ''] = keys;
    expect(run(files, archive)).toMatchObject({
      code: 3,
      out: expect.stringContaining('OPEN: Only the package'),
    });
    writeFileSync(
      world.at('other.pem'),
      generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }),
    );
    const other = run(files, archive, world.at('other.pem'));
    expect(other.code).toBe(3);
    expect(other.out).toMatch(
      /OPEN: The list of files is signed by a key that is not the one in .*other\.pem/,
    );
    const nobody = run(filesOf(await world.exported('nobody.zip', '--offsets', '29-31')), ...keys);
    expect([nobody.code, nobody.out]).toEqual([
      3,
      expect.stringContaining('OPEN: The list of files is not signed'),
    ]);
    expect(run(files, archive, archive).code).toBe(2);
  });

  it('names a file that nobody listed, but for what systems leave in folders', () => {
    const left = run(new Map(files).set('.DS_Store', Buffer.from('x')), ...keys);
    expect(left.code).toBe(0);
    const { code, out } = run(new Map(files).set('notes\u001b[2J.txt', Buffer.from('x')), ...keys);
    expect([code, out]).toEqual([
      3,
      expect.stringContaining('is not in the list of files, and was not checked'),
    ]);
    expect(out).not.toContain('\u001b');
  });

  it('says that it does not check the signatures of second parties', () => {
    const line = '— second.example/party AAAAAAAA\n';
    const script = Buffer.from(withoutFiles(Buffer.from(files.get('verify.sh') as Uint8Array).toString()));
    let cosigned: Files = new Map(files).set('verify.sh', script);
    for (const path of files.keys()) {
      if (!/\.(checkpoint|tlog-proof)$/.test(path)) continue;
      cosigned = changeText(cosigned, path, (text) => text + line);
    }
    const { code, out } = run(cosigned, ...keys);
    expect([code, out]).toEqual([0, expect.stringContaining('Not checked: 1 signature of second parties')]);
  });

  it("says of a search that its completeness is somebody's word, and takes no package without events", async () => {
    const key = ['--sign-key', world.at('export-key.pem')];
    const search = filesOf(await world.exported('search.zip', '--where', '/n<1', ...key));
    const { code, out } = run(search, ...keys);
    expect([code, out]).toEqual([0, expect.stringContaining('Checked 2 events: each leads')]);
    expect(out).toContain('is the word of who made the package');
    const none = new Map([...search].filter(([path]) => !/^(events|proofs)\//.test(path)));
    expect(run(relisted(none), ...keys)).toMatchObject({ code: 1 });
  });

  it('does not take another key', async () => {
    const other = await packageWorld(undefined, 'another');
    const { code, out } = run(files, other.at('archive.vkey'), world.at('export.pem'));
    other.remove();
    expect([code, out]).toEqual([
      3,
      expect.stringContaining('0.checkpoint is not signed by the key of audit.example.com/prod'),
    ]);
    expect(out).not.toContain('they are in its archive');
  });

  it('takes a checkpoint that its own key did not sign for what it is', () => {
    const script = Buffer.from(withoutFiles(Buffer.from(files.get('verify.sh') as Uint8Array).toString()));
    const changed = changeText(
      new Map(files).set('verify.sh', script),
      'checkpoints/orders/0.checkpoint',
      (text) => text.replace(/\n4\n/, '\n5\n'),
    );
    const { code, err } = run(changed, ...keys);
    expect([code, err]).toEqual([
      1,
      expect.stringContaining('is by the key of audit.example.com/prod, and not over'),
    ]);
  });

  it('checks each proof itself, where the list of files fits', () => {
    const proof = 'proofs/orders/0/0000000000000029.tlog-proof';
    const text = readFileSync(join(world.at('script-0'), proof), 'utf8');
    const lines = text.split('\n');
    // The first hash of the way to the root: another one of the same length.
    const changed = [
      ...lines.slice(0, 3),
      lines[3]?.replace(/^./, (one) => (one === 'A' ? 'B' : 'A')),
      ...lines.slice(4),
    ];
    const listless = new Map(files)
      .set(proof, Buffer.from(changed.join('\n')))
      .set(
        'verify.sh',
        Buffer.from(withoutFiles(Buffer.from(files.get('verify.sh') as Uint8Array).toString())),
      );
    const { code, err } = run(listless, ...keys);
    expect([code, err]).toEqual([
      1,
      expect.stringContaining('the event at offset 29 of orders/0 is not what was archived'),
    ]);
  });

  it('checks the way from a line to the root of its segment, where the list of files fits', () => {
    const script = withoutFiles(Buffer.from(files.get('verify.sh') as Uint8Array).toString());
    const listless = new Map(files).set('verify.sh', Buffer.from(script));
    expect(run(listless, ...keys).code).toBe(0);
    const proof = 'proofs/orders/0/0000000000000029.tlog-proof';
    const changes: Record<string, Files> = {
      'another line': changeText(listless, 'events/orders/0.jsonl', (text) =>
        text.replace(/("offset":29,"timestamp":)1/, '$12'),
      ),
      'another place in the segment': changeText(
        listless,
        proof,
        changeExtra(/"line":(\d+)/, (at) => `"line":${+at + 1}`),
      ),
      'another way': changeText(
        listless,
        proof,
        changeExtra(/"path":\["(.)/, (one) => `"path":["${one === '0' ? '1' : '0'}`),
      ),
    };
    for (const [name, changed] of Object.entries(changes)) {
      const { code, err } = run(changed, ...keys);
      expect([name, code, err]).toEqual([
        ...[name, 1, expect.stringContaining('the event at offset 29 of orders/0 is not what was archived')],
      ]);
    }
  });

  it.each([
    ...TAMPERINGS.map((one) => ({ ...one, of: filesOfTampering })),
    ...REWRITTEN.map((one) => ({ ...one, of: async () => files })),
  ])('and the program say the same of $name', async ({ change, of }) => {
    const folder = unpacked(change(await of()));
    const args = ['--key', keys[0] ?? '', '--signer', keys[1] ?? ''];
    const program = await ledgerstone(['verify-package', folder, ...args]);
    const ran = spawnSync('bash', [join(folder, 'verify.sh'), ...keys], { encoding: 'utf8' });
    expect([ran.status, ran.stderr]).toEqual([
      program.code,
      program.code === 1 ? expect.stringContaining('BROKEN: ') : '',
    ]);
    if (program.code === 3) expect(ran.stdout).toContain('OPEN: ');
  });

  it('checks that the seed draws the records of a sample, and says what only the archive can show', async () => {
    const drawn = ['--sample', '4', '--seed', 'audit "2026"\\17 §', '--sign-key', world.at('export-key.pem')];
    const { code, out } = run(filesOf(await world.exported('drawn.zip', ...drawn)), ...keys);
    expect([code, out]).toEqual([0, expect.stringContaining('Checked 4 events: each leads')]);
    expect(out).toContain('has 77 records, and the 4 lowest ranks are drawn');
    expect(out).toContain('only the archive can show');
    const { out: notes } = await ledgerstone(['verify', world.at('archive'), ...world.key, '--checkpoints']);
    writeFileSync(
      world.at('seed'),
      `${notes.split(/\n(?=audit)/).find((note) => note.includes('/orders/0\n'))}`,
    );
    const byRoot = [
      '--sample',
      '2',
      '--seed-from',
      world.at('seed'),
      '--where',
      '/n<20',
      '--topic',
      'orders',
    ];
    const rooted = filesOf(await world.exported('rooted.zip', ...byRoot, ...drawn.slice(-2)));
    expect(run(rooted, ...keys).code).toBe(0);
    const other = changeBoth(rooted, (draw) => ({
      ...draw,
      seed: { ...draw.seed, root: '0'.repeat(64) },
    }));
    expect(run(unsignedList(other), ...keys)).toMatchObject({
      code: 1,
      err: expect.stringContaining('the root of the seed is of another checkpoint'),
    });
  });

  it.each(DRAWN_TAMPERINGS)('and the program say the same of $name', async ({ change, script }) => {
    const drawn = ['--sample', '6', '--seed', 'audit', '--sign-key', world.at('export-key.pem')];
    const whole = filesOf(await world.exported(`drawn-${count++}.zip`, ...drawn));
    const folder = unpacked(unsignedList(await change(whole, world)));
    const program = await ledgerstone(['verify-package', folder, ...world.key]);
    const ran = spawnSync('bash', [join(folder, 'verify.sh'), ...keys], { encoding: 'utf8' });
    expect([program.code, ran.status, ran.stderr]).toEqual([1, 1, expect.stringContaining(script)]);
  });

  it('says the same of a folder whose files were changed and put back, and writes nowhere else', async () => {
    const path = 'protocol.json';
    const compact = (text: string) => JSON.stringify(JSON.parse(text));
    const { code, out } = run(changeText(files, path, compact), ...keys);
    expect([code, out]).toEqual([
      3,
      expect.stringMatching(/OPEN: protocol\.json .* says the same\. It was formatted anew by a program/),
    ]);
    const outside = changeManifest(files, (text) =>
      text.replace('"path":"verify.sh"', '"path":"../escaped.sh"'),
    );
    expect(run(outside, ...keys).code).toBe(1);
    expect(existsSync(world.at('escaped.sh'))).toBe(false);
  });
});

/** Signed by nobody any more. */
const changeManifest = (files: Files, change: (text: string) => string): Files =>
  changeText(files, PATHS.manifest, (text) => {
    const envelope = JSON.parse(text) as { payload: string };
    const payload = Buffer.from(change(Buffer.from(envelope.payload, 'base64').toString()));
    return `${JSON.stringify({ ...envelope, payload: payload.toString('base64') })}\n`;
  });

let tampered: Promise<Files> | null = null;
const filesOfTampering = (): Promise<Files> => {
  tampered ??= world.exported('whole.zip', '--sign-key', world.at('export-key.pem')).then(filesOf);
  return tampered;
};

/** Changes the `extra` of a proof, which nobody signed but for the manifest in it. */
const changeExtra =
  (what: RegExp, into: (found: string) => string) =>
  (text: string): string =>
    text.replace(/^extra (.*)$/m, (_, extra: string) => {
      const said = Buffer.from(extra, 'base64').toString();
      return `extra ${Buffer.from(said.replace(what, (_all, found: string) => into(found))).toString('base64')}`;
    });

/** As if somebody had made a list that fits. */
const withoutFiles = (script: string): string => {
  const without = script.replace(/^ {2}\[\[ \$\(sha256 <"\$path"\).*$/m, '');
  if (without === script) throw new Error('the script has no such line');
  return without;
};
