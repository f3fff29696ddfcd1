// Does the script in a package find the same as the program, with openssl, sha256sum and base64 alone?
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  changeText,
  type Files,
  filesOf,
  type PackageWorld,
  packageWorld,
  relisted,
} from '../../support/package-world.ts';
import { TAMPERINGS } from '../../support/tampered-packages.ts';

/** What the script does not look at, or sees as an addition that changes nothing: its own head says so. */
const NOT_SEEN = new Set(['a signature taken away', 'a file beside the others']);

let world: PackageWorld;
let files: Files;
beforeAll(async () => {
  world = await packageWorld();
  files = filesOf(
    await world.exported('case.zip', '--sign-key', world.at('export-key.pem'), '--offsets', '29-31'),
  );
});
afterAll(() => world.remove());

let count = 0;
function run(of: Files, ...args: readonly string[]) {
  const folder = world.at(`script-${count++}`);
  for (const [path, bytes] of of) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes);
  }
  const ran = spawnSync('bash', [join(folder, 'verify.sh'), ...args], { encoding: 'utf8' });
  return { code: ran.status, out: ran.stdout, err: ran.stderr };
}

describe.runIf(spawnSync('openssl', ['version']).status === 0)('verify.sh', () => {
  it('says that all holds, under the key of the reader', () => {
    const { code, out, err } = run(files, world.at('archive.vkey'));
    expect(err).toBe('');
    expect(out).toContain('The list of files is signed by the key ');
    expect(out).toContain('orders/0: the offsets 29 to 31 are all here.');
    expect(out).toContain('2 events and gap lines are in the archive as they stand here.');
    expect(code).toBe(0);
  });

  it('says which key to compare where none is given', () => {
    const { code, out } = run(files);
    expect(out).toMatch(/Compare its SHA-256 with the people of audit\.example\.com\/prod: [0-9a-f]{64}\n$/);
    expect(code).toBe(3);
  });

  it("says of a search that its completeness is somebody's word, and takes no package without events", async () => {
    const search = filesOf(await world.exported('search.zip', '--where', '/n<1'));
    const { code, out } = run(search, world.at('archive.vkey'));
    expect([code, out]).toEqual([0, expect.stringContaining('2 events and gap lines are in the archive')]);
    expect(out).toContain('is the word of who made the package');
    const none = new Map([...search].filter(([path]) => !/^(events|proofs)\//.test(path)));
    expect(run(relisted(none), world.at('archive.vkey'))).toMatchObject({ code: 1 });
  });

  it('does not take another key', async () => {
    const other = await packageWorld(undefined, 'another');
    const { code, err } = run(files, other.at('archive.vkey'));
    other.remove();
    expect([code, err]).toEqual([
      1,
      expect.stringContaining('is not signed by the key of audit.example.com/prod'),
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
    const { code, err } = run(listless, world.at('archive.vkey'));
    expect([code, err]).toEqual([
      1,
      expect.stringContaining('the event at offset 29 of orders/0 is not what was archived'),
    ]);
  });

  it('checks the way from a line to the root of its segment, where the list of files fits', () => {
    const script = withoutFiles(Buffer.from(files.get('verify.sh') as Uint8Array).toString());
    const listless = new Map(files).set('verify.sh', Buffer.from(script));
    expect(run(listless, world.at('archive.vkey')).code).toBe(0);
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
      const { code, err } = run(changed, world.at('archive.vkey'));
      expect([name, code, err]).toEqual([
        ...[name, 1, expect.stringContaining('the event at offset 29 of orders/0 is not what was archived')],
      ]);
    }
  });

  it.each(TAMPERINGS.filter(({ name }) => !NOT_SEEN.has(name)))('$name', async ({ name, change }) => {
    const whole = await filesOfTampering();
    const { code, err } = run(change(whole), world.at('archive.vkey'));
    // With other line ends the script itself is none any more.
    if (name === 'CRLF line ends') expect(code).toBe(2);
    else expect([code, err]).toEqual([1, expect.stringContaining('BROKEN: ')]);
  });
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
