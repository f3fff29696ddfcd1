// Is a package that was exported green, and is each changed one named as what it is?
import { createPublicKey } from 'node:crypto';
import {
  type Dirent,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { zipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  changeText,
  type Files,
  filesOf,
  type PackageWorld,
  packageWorld,
  relisted,
  writeZip,
} from '../../support/package-world.ts';
import { TAMPERINGS } from '../../support/tampered-packages.ts';
import { ledgerstone } from '../cli/captured-io.ts';

let world: PackageWorld;
let zip: string;
let signer: readonly string[];
beforeAll(async () => {
  world = await packageWorld();
  zip = await world.exported('case.zip', '--sign-key', world.at('export-key.pem'));
  signer = ['--signer', await publicPem(world)];
});
afterAll(() => world.remove());

async function publicPem({ at }: PackageWorld): Promise<string> {
  const pem = createPublicKey(readFileSync(at('export-key.pem'))).export({ type: 'spki', format: 'pem' });
  writeFileSync(at('export.pem'), pem);
  return at('export.pem');
}

const verify = async (name: string, ...more: readonly string[]) => {
  const { code, out, err } = await ledgerstone(['verify-package', name, '--json', ...more]);
  return { code, err, result: JSON.parse(out) };
};

describe('a package as it was exported', () => {
  it('is green under the keys that were given', async () => {
    const { code, result } = await verify(zip, ...world.key, ...signer);
    expect(result.packages[0].findings).toEqual([]);
    expect(result.packages[0].sentence).toContain('22 events and 1 gap line');
    expect([code, result.colour]).toEqual([0, 'green']);
  });

  it('is amber where no key was given, and says which numbers to compare', async () => {
    const { code, out } = await ledgerstone(['verify-package', zip]);
    expect(code).toBe(3);
    expect(out).toContain(
      ': Whose the keys are only the package says: compare them. If they are right, all 22 events and 1 gap line',
    );
    expect(out).toMatch(
      /key of audit\.example\.com\/prod: \d{5}( \d{5}){7} \(only the package says whose it is/,
    );
  });

  it.each([
    ['key', () => world.key],
    ['signer', () => signer],
  ])('is amber where only the %s was given', async (_, keys) => {
    expect((await verify(zip, ...keys())).code).toBe(3);
  });

  it('never says without a trusted key that the events are what was archived, also where nobody signed', async () => {
    const unsigned = await world.exported('nobody.zip');
    const open = (await verify(unsigned)).result.packages[0].sentence;
    expect(open).toMatch(
      /^Nobody signed the list of files: .* And by whom the events were signed only the package/,
    );
    expect(open).toContain(
      'If the key is right, all 22 events and 1 gap line of this package are exactly as',
    );
    const given = (await verify(unsigned, ...world.key)).result.packages[0].sentence;
    expect(given).toMatch(/^Nobody signed the list of files: .* nobody’s word\. All 22 events/);
    const crlf = changeText(filesOf(unsigned), 'events/orders/0.jsonl', (text) =>
      text.replaceAll('\n', '\r\n'),
    );
    const folder = writeZip(world.at('changed.zip'), crlf);
    const repaired = (await verify(folder, ...world.key)).result.packages[0].sentence;
    expect(repaired).toMatch(
      /^Files are not here as they were exported: see below\. But for that, all 22 events/,
    );
    const both = (await verify(folder)).result.packages[0].sentence;
    expect(both).toMatch(
      /^Files are not here as they were exported: see below\. And by whom the events were signed only/,
    );
  });

  it('names a key that its own file of keys does not have, where the reader gave none', async () => {
    const other = await packageWorld(undefined, 'another');
    try {
      const keys = readFileSync(other.at('archive.vkey'));
      const swapped = writeZip(
        world.at('swapped-key.zip'),
        new Map(filesOf(zip)).set('keys/archive.vkey', keys),
      );
      const { result } = await verify(swapped);
      const kinds = result.packages[0].findings.map(({ kind }: { kind: string }) => kind);
      expect(kinds).toContain('own-key');
      expect(kinds).not.toContain('other-key');
    } finally {
      other.remove();
    }
  });

  it('that another program packed again is checked all the same: sound it is amber, forged it is red', async () => {
    const packed = (name: string, files: Files, folder = '') => {
      const bytes = zipSync(Object.fromEntries([...files].map(([path, of]) => [`${folder}${path}`, of])));
      writeFileSync(world.at(name), bytes);
      return verify(world.at(name), ...world.key, ...signer);
    };
    const kindsOf = ({ packages }: { packages: { findings: { kind: string }[] }[] }) =>
      packages[0]?.findings.map(({ kind }) => kind);
    for (const folder of ['', 'case/']) {
      const sound = await packed('packed-again.zip', filesOf(zip), folder);
      expect([sound.code, kindsOf(sound.result)]).toEqual([3, ['zip-repacked']]);
      expect(sound.result.packages[0].sentence).toContain('all 22 events and 1 gap line');
    }
    const forged = changeText(filesOf(zip), 'events/orders/0.jsonl', (text) =>
      text.replace('"n":29,', '"n":99,'),
    );
    const { code, result } = await packed('forged.zip', forged);
    expect([code, result.colour]).toEqual([1, 'red']);
    expect(kindsOf(result)).toContain('line-changed');
  });

  it('is amber under another key of the archive', async () => {
    const other = await packageWorld(undefined, 'another');
    try {
      const { code, result } = await verify(zip, ...other.key, ...signer);
      expect([code, result.colour]).toEqual([3, 'amber']);
      expect(result.packages[0].findings[0].kind).toBe('other-key');
    } finally {
      other.remove();
    }
  });

  it('holds what was asked, by whom, why, and how', async () => {
    const files = filesOf(zip);
    const protocol = JSON.parse(Buffer.from(files.get('protocol.json') as Uint8Array).toString());
    expect(protocol).toMatchObject({
      ...{ case: '2026-17', purpose: 'Audit 2026', by: 'Ada Byron', events: 22, exitCode: 0 },
      archive: { origin: 'audit.example.com/prod' },
      program: { build: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) },
      chains: [
        {
          ...{ firstOffset: 10, lastOffset: 34, gapLines: 1 },
          checkpoint: { size: 4, root: expect.stringMatching(/^[0-9a-f]{64}$/) },
          gaps: [{ from: 30, to: 32, reason: 'transaction' }],
        },
      ],
    });
    expect([...files.keys()].filter((path) => !path.startsWith('proofs/'))).toEqual([
      'FORMAT.md',
      'checkpoints/orders/0.checkpoint',
      'events.csv',
      'events/orders/0.jsonl',
      'keys/archive.vkey',
      'manifest.dsse.json',
      'open-me.html',
      'protocol.json',
      'statement.json',
      'verify.sh',
    ]);
    expect([...files.keys()].filter((path) => path.startsWith('proofs/'))).toHaveLength(23);
  });

  it('is the same in its folder, whatever a system left there', async () => {
    const folder = unpacked(filesOf(zip), 'unpacked');
    writeFileSync(join(folder, '.DS_Store'), 'x');
    expect((await verify(folder, ...world.key, ...signer)).code).toBe(0);
  });

  it('differs from one to the next in its stated times alone', async () => {
    const again = filesOf(await world.exported('again.zip'));
    const first = filesOf(await world.exported('first.zip'));
    const differ = [...first].filter(
      ([path, bytes]) => !Buffer.from(bytes).equals(again.get(path) as Uint8Array),
    );
    expect(differ.map(([path]) => path)).toEqual(['manifest.dsse.json', 'protocol.json']);
  });
});

function unpacked(files: ReadonlyMap<string, Uint8Array>, name: string): string {
  for (const [path, bytes] of files) {
    const at = join(world.at(name), path);
    mkdirSync(dirname(at), { recursive: true });
    writeFileSync(at, bytes);
  }
  return world.at(name);
}

describe('a changed package', () => {
  it.each(TAMPERINGS)('$name', async ({ name, colour, kinds, says, change }) => {
    const changed = writeZip(world.at(`${name.replaceAll(' ', '-')}.zip`), change(filesOf(zip)));
    const { code, result } = await verify(changed, ...world.key, ...signer);
    const { findings } = result.packages[0];
    expect([result.colour, code]).toEqual([colour, colour === 'red' ? 1 : 3]);
    const found = new Set(findings.map(({ kind }: { kind: string }) => kind));
    expect([...found].sort()).toEqual([...kinds].sort());
    expect(findings.map(({ text }: { text: string }) => text).join('\n')).toMatch(says);
  });

  it.each([
    ['without its events', 'events/orders/0.jsonl'],
    ['without its checkpoint', 'checkpoints/orders/0.checkpoint'],
    ['without a proof', 'proofs/orders/0/0000000000000012.tlog-proof'],
    ['without its statement', 'statement.json'],
    ['without its table', 'events.csv'],
    ['without its keys', 'keys/archive.vkey'],
  ])('%s: the file is missing, and nothing else is said', async (_, path) => {
    const files = filesOf(zip);
    files.delete(path);
    const { code, result } = await verify(writeZip(world.at('less.zip'), files), ...world.key, ...signer);
    const texts = result.packages[0].findings.map(({ text }: { text: string }) => text);
    expect([code, texts]).toEqual([1, [`${path} is missing.`]]);
    const ownKeys = await verify(world.at('less.zip'));
    expect(ownKeys.result.packages[0].findings).toHaveLength(1);
  });

  it('of events that changed their places, and of one that was put twice, says that', async () => {
    const events = 'events/orders/0.jsonl';
    const [first = '', second = '', ...rest] = Buffer.from(filesOf(zip).get(events) as Uint8Array)
      .toString()
      .split('\n');
    for (const lines of [
      [second, first, ...rest],
      [first, first, second, ...rest],
    ]) {
      const changed = new Map(filesOf(zip)).set(events, Buffer.from(lines.join('\n')));
      const { result } = await verify(writeZip(world.at('order.zip'), changed), ...world.key, ...signer);
      const texts = result.packages[0].findings.map(({ text }: { text: string }) => text);
      expect(texts).toEqual([`Line 2 of ${events} stands in the wrong order.`]);
    }
  });

  it('says of a changed protocol or statement that nobody vouches for it, before it is shown', async () => {
    for (const [path, name] of [
      ['protocol.json', 'protocol'],
      ['statement.json', 'statement'],
    ] as const) {
      const changed = changeText(filesOf(zip), path, (text) => text.replace(/\{/, '{ "x": 1,'));
      const made = writeZip(world.at(`${name}.zip`), changed);
      const { out } = await ledgerstone(['verify-package', made, ...world.key, ...signer]);
      expect(out).toContain(`${path} is not as it was exported: `);
      expect((await verify(made, ...world.key)).result.packages[0].changed[name]).toBe(true);
    }
    const { result } = await verify(zip, ...world.key, ...signer);
    expect(result.packages[0].changed).toEqual({ statement: false, protocol: false });
  });

  it('cut', async () => {
    writeFileSync(world.at('cut.zip'), readFileSync(zip).subarray(0, 3000));
    const { code, result } = await verify(world.at('cut.zip'), ...world.key, ...signer);
    expect([code, result.colour, result.packages[0].findings[0].text]).toEqual([
      3,
      'amber',
      expect.stringContaining('The file was cut short, as by a download that broke off'),
    ]);
  });

  it('something else', async () => {
    writeFileSync(world.at('page.zip'), '<!doctype html>');
    expect((await verify(world.at('page.zip'))).code).toBe(2);
    mkdirSync(world.at('empty'));
    expect((await verify(world.at('empty'))).code).toBe(2);
  });
});

describe('what a search found, in two chains', () => {
  let found: string;
  const statement = (files: Files) =>
    JSON.parse(Buffer.from(files.get('statement.json') as Uint8Array).toString());
  const restated = (
    change: (statement: { search: { isComplete: boolean; chains: { root: string }[] } }) => void,
  ) => {
    const files = filesOf(found);
    const text = statement(files);
    change(text);
    return new Map(files).set('statement.json', Buffer.from(`${JSON.stringify(text, null, 2)}\n`));
  };
  const kindsOf = async (files: Files) => {
    const { result } = await verify(writeZip(world.at('search-changed.zip'), files), ...world.key, ...signer);
    return result.packages[0].findings.map(({ kind, about }: { kind: string; about: object }) => [
      kind,
      about,
    ]);
  };
  const differs = (what: string) => ['statement-differs', { what }];

  beforeAll(async () => {
    found = await world.exported('search.zip', '--where', '/n<3', '--sign-key', world.at('export-key.pem'));
  });

  it('is green, and says whose word the search is', async () => {
    const { code, result } = await verify(found, ...world.key, ...signer);
    expect(result.packages[0].findings).toEqual([]);
    expect([code, result.packages[0].sentence]).toEqual([
      0,
      'All 6 events of this package are exactly as they were archived and signed. That they are all that was searched for is the word of who signed the list of files.',
    ]);
    const { hits, before, search } = statement(filesOf(found));
    expect([hits, before, search.isComplete]).toEqual([6, 0, true]);
    expect(search.asked.where).toEqual(['/n<3']);
    const { out } = await ledgerstone(['verify-package', found]);
    expect(out).toContain('asked for: /n<3');
    expect(search.facts).toEqual([]);
    for (const bound of search.bounds) expect(out).toContain(`  not ruled out: ${bound}\n`);
  });

  it('has each hit once, as it was archived', () => {
    const files = filesOf(found);
    for (const path of ['events/orders/0.jsonl', 'events/payments/1.jsonl']) {
      const lines = Buffer.from(files.get(path) as Uint8Array)
        .toString()
        .trimEnd()
        .split('\n');
      expect(lines.map((line) => JSON.parse(line).value.n)).toEqual([0, 1, 2]);
    }
  });

  it('names a hit that was taken out, and a search that is another', async () => {
    const files = filesOf(found);
    const without = changeText(files, 'events/payments/1.jsonl', (text) => text.replace(/^.*\n/, ''));
    without.delete('proofs/payments/1/0000000000000000.tlog-proof');
    expect(await kindsOf(relisted(without))).toContainEqual(differs('hits'));
    const partial = restated(({ search }) => {
      search.isComplete = false;
    });
    expect(await kindsOf(relisted(partial))).toContainEqual(['search-incomplete', {}]);
    const other = restated(({ search }) => {
      for (const chain of search.chains) chain.root = '0'.repeat(64);
    });
    expect(await kindsOf(relisted(other))).toContainEqual(differs('root of orders/0'));
  });

  it.each([
    [['--where', '/n=77'], 2, 'no event was found'],
    [[], 2, 'nothing was asked for'],
    [
      ['--where', '/n<3', '--offsets', '1', '--topic', 'orders', '--partition', '0'],
      2,
      'and a search in one',
    ],
    [['--where', '/n<3', '--partition', '0'], 2, '--partition is for --offsets'],
    [['--offsets', '1'], 2, '--offsets are of one chain'],
  ])('%j', async (more, code, said) => {
    const about = ['--case', 'c', '--purpose', 'p', '--by', 'b', '--out', world.at('none.zip')];
    const ran = await ledgerstone(['export', world.at('archive'), ...world.key, ...about, ...more]);
    expect([ran.code, ran.err]).toEqual([code, expect.stringContaining(said)]);
    expect(existsSync(world.at('none.zip'))).toBe(false);
  });

  it('is no package where not everything could be looked at', async () => {
    const broken = await packageWorld();
    const [data] = readdirSync(broken.at('archive/data/topic=payments/partition=1'), {
      recursive: true,
      withFileTypes: true,
    }).filter((one) => one.isFile());
    rmSync(join((data as Dirent).parentPath, (data as Dirent).name));
    const exported = broken.exported('case.zip', '--where', '/n<3');
    await expect(exported).rejects.toThrow(
      /ended with 1: .*no package is made: not everything was searched/s,
    );
    expect(existsSync(broken.at('case.zip'))).toBe(false);
    broken.remove();
  });
});

describe('export', () => {
  const args = (...more: string[]) => [
    ...['export', world.at('archive'), ...world.key, '--topic', 'orders', '--partition', '0', '--case', 'c'],
    ...['--purpose', 'p', '--by', 'b', '--out', world.at('new.zip'), ...more],
  ];

  it.each([
    [['--offsets', '10-5'], 2, 'ends before it begins'],
    [['--offsets', 'x'], 2, 'is not an offset or a range'],
    [['--offsets', '50-60'], 4, 'offset 60 is not sealed yet'],
    [['--offsets', '1', '--sign-key', 'a', '--sign-kms', 'b'], 2, 'both --sign-key and --sign-kms'],
    [['--offsets', '1', '--by', 'a\u0007'], 2, '--by must be'],
    [['--offsets', '1', '--sign-key', '/nowhere.pem'], 2, "can't use the signing key"],
  ])('%j', async (more, code, said) => {
    const ran = await ledgerstone(args(...more));
    expect([ran.code, ran.err]).toEqual([code, expect.stringContaining(said)]);
    expect(existsSync(world.at('new.zip'))).toBe(false);
  });

  it('needs a trusted key, and writes over nothing', async () => {
    const [command, archive, , , ...rest] = args('--offsets', '1');
    const ran = await ledgerstone([command as string, archive as string, ...rest]);
    expect([ran.code, ran.err]).toEqual([2, expect.stringContaining('no trusted key')]);
    writeFileSync(world.at('new.zip'), 'mine');
    const again = await ledgerstone(args('--offsets', '1'));
    expect([again.code, again.err]).toEqual([2, expect.stringContaining('exists, and stays as it is')]);
    expect(readFileSync(world.at('new.zip'), 'utf8')).toBe('mine');
  });

  it('of several ranges, one in the middle of a gap line', async () => {
    const ranges = await world.exported('ranges.zip', '--offsets', '31,5-7, 32-33,59');
    const { result } = await verify(ranges, ...world.key);
    expect(result.packages[0].findings.map(({ kind }: { kind: string }) => kind)).toEqual(['unsigned']);
    expect(result.packages[0].statement.asked).toEqual([
      { from: 5, to: 7 },
      { from: 31, to: 33 },
      { from: 59, to: 59 },
    ]);
  });
});
