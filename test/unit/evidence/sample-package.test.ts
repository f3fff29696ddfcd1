// Does a package of a sample hold what `sample` draws, say how, and show when it is another draw?
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PATHS } from '../../../src/evidence/package.ts';
import { drawRows, drawText } from '../../../src/evidence/sample-texts.ts';
import { ENGLISH } from '../../../src/evidence/texts.ts';
import { GERMAN } from '../../../src/evidence/texts-de.ts';
import {
  type Files,
  filesOf,
  type PackageWorld,
  packageWorld,
  writeZip,
} from '../../support/package-world.ts';
import { changeBoth, DRAWN_TAMPERINGS, unsignedList } from '../../support/tampered-samples.ts';
import { ledgerstone } from '../cli/captured-io.ts';

const SEED = ['--seed', 'audit "2026"\\17 §'];

let world: PackageWorld;
let zip: string;
let files: Files;
beforeAll(async () => {
  world = await packageWorld();
  zip = await world.exported(
    'sample.zip',
    '--sample',
    '6',
    ...SEED,
    '--sign-key',
    world.at('export-key.pem'),
  );
  files = filesOf(zip);
});
afterAll(() => world.remove());

const jsonOf = (of: Files, path: string) => JSON.parse(Buffer.from(of.get(path) as Uint8Array).toString());
const verify = async (name: string) => {
  const { code, out } = await ledgerstone(['verify-package', name, '--json', ...world.key]);
  return { code, ...JSON.parse(out).packages[0] };
};
const kindsOf = ({ findings }: { findings: { kind: string }[] }) => findings.map(({ kind }) => kind);

describe('a package of a sample', () => {
  it('has the records that `sample` draws with the same seed, and its population', async () => {
    const folder = world.at('drawn');
    const args = ['sample', world.at('archive'), ...world.key, '--n', '6', ...SEED, '--out', folder];
    expect((await ledgerstone(args)).code).toBe(0);
    const sheet = JSON.parse(readFileSync(join(folder, 'sample.json'), 'utf8'));
    const { sample, kind } = jsonOf(files, PATHS.statement);
    const idOf = (one: { chain: string; partition: number; offset: number }) =>
      `${one.chain}/${one.partition}:${one.offset}`;
    expect(kind).toBe('sample');
    expect(
      sample.records.map((one: Parameters<typeof idOf>[0] & { rank: string }) => [idOf(one), one.rank]),
    ).toEqual(sheet.records.map((one: { id: string; rank: string }) => [one.id, one.rank]));
    const said = jsonOf(files, PATHS.protocol).sample;
    expect(said).toEqual({
      ...{ rule: 'ledgerstone/sample/1', count: 6, population: 77, days: sheet.days },
      seed: { text: SEED[1], root: '', from: null },
    });
    expect([...files.keys()].filter((path) => path.startsWith('proofs/')).length).toBe(6);
  });

  it('is the word of nobody but who signed it, for what only the archive can show', async () => {
    const checked = await verify(zip);
    expect([checked.code, kindsOf(checked)]).toEqual([3, []]);
    expect(checked.sentence).toContain('each is one that the seed draws by the rule');
    expect(checked.sentence).toContain('no other record of it has a lower rank, only the archive can show');
    const { out } = await ledgerstone(['verify-package', zip, ...world.key]);
    for (const text of [
      'asked for: 6 of 77 records, drawn by a seed: all records',
      'seed of the draw: audit "2026"',
      'rule of the draw: The rank of a record is the SHA-256 of five lines: ledgerstone/sample/1',
      'population: 77 records, from which 6 were drawn',
      'population: payments/1, 2026-11-22: 20, by the time of the record',
      'only the archive can show: Which records the population has',
    ])
      expect(out).toContain(text);
  });

  it('says the same in German', () => {
    const statement = jsonOf(files, PATHS.statement);
    expect(drawText(GERMAN.sample, statement, [])).toBe(
      '6 von 77 Einträgen, gezogen durch einen Startwert: alle Einträge',
    );
    const [english, german] = [drawRows(ENGLISH.sample, statement), drawRows(GERMAN.sample, statement)];
    expect(german.map(({ values }) => values.length)).toEqual(english.map(({ values }) => values.length));
    expect(german.find(({ term }) => term === 'Grundgesamtheit')?.values).toContain(
      'payments/1, 2026-11-22: 20, nach der Zeit des Eintrags',
    );
  });

  it.each(DRAWN_TAMPERINGS)('names $name', async ({ name, kinds, change }) => {
    const out = writeZip(
      world.at(`${name.replaceAll(' ', '-')}.zip`),
      unsignedList(await change(files, world)),
    );
    const checked = await verify(out);
    expect([checked.code, kindsOf(checked)]).toEqual([1, expect.arrayContaining([...kinds])]);
  });
});

describe('a sample by the root of a checkpoint', () => {
  const POPULATION = ['--topic', 'orders', '--where', '/n<20'];
  let checkpoint: string;
  beforeAll(async () => {
    checkpoint = world.at('orders.checkpoint');
    const { out } = await ledgerstone(['verify', world.at('archive'), ...world.key, '--checkpoints']);
    writeFileSync(checkpoint, `${out.split(/\n(?=audit)/).find((note) => note.includes('/orders/0\n'))}`);
  });
  const drawn = (out: string, ...more: string[]) =>
    world.exported(out, '--sample', '3', '--seed-from', checkpoint, ...POPULATION, ...more);

  it('holds that checkpoint, and shows that it is of the archive and later', async () => {
    const made = filesOf(await drawn('root.zip', '--sign-key', world.at('export-key.pem')));
    expect(Buffer.from(made.get(PATHS.seed) as Uint8Array).toString()).toContain('/orders/0\n4\n');
    const checked = await verify(world.at('root.zip'));
    expect([checked.code, kindsOf(checked)]).toEqual([3, []]);
    const changes = {
      'no checkpoint': new Map(made).set(PATHS.seed, Buffer.from('x')),
      'a checkpoint under which the records were sealed': earlier(made),
    };
    for (const [name, changed] of Object.entries(changes)) {
      const out = writeZip(world.at(`${name.replaceAll(' ', '-')}.zip`), unsignedList(changed));
      const { code, findings } = await verify(out);
      const said = findings.filter(({ kind }: { kind: string }) => kind === 'sample-differs');
      expect([name, code, said.length]).toEqual([name, 1, 1]);
    }
  });

  /** The root of the segment that holds the records, in the documents too. */
  const earlier = (made: Files): Files => {
    const seal = readFileSync(
      world.at('archive/seals/topic=orders/partition=0/000000000001.tlog-proof'),
      'utf8',
    );
    const note = seal.slice(seal.indexOf('\n\n') + 2);
    const root = Buffer.from(note.split('\n')[2] ?? '', 'base64').toString('hex');
    return changeBoth(new Map(made).set(PATHS.seed, Buffer.from(note)), (draw) => ({
      ...draw,
      seed: { ...draw.seed, root, from: { origin: draw.seed.from?.origin, size: 2 } },
    }));
  };

  it('is not made from records that are as late as the root', async () => {
    const args = ['export', world.at('archive'), ...world.key, '--sample', '3', '--seed-from', checkpoint];
    const about = ['--case', 'c', '--purpose', 'p', '--by', 'b', '--out', world.at('late.zip')];
    const { code, err } = await ledgerstone([...args, ...about]);
    expect([code, err]).toEqual([2, expect.stringContaining('the seed is not later than the records')]);
  });
});

describe('wrong options', () => {
  const about = ['--case', 'c', '--purpose', 'p', '--by', 'b'];
  it.each([
    [['--sample', '3'], 'nothing to draw from'],
    [['--seed', 'x', '--text', 'y'], 'a seed, and nothing is drawn'],
    [['--sample', '0', '--seed', 'x'], "--sample 0 can't be drawn"],
    [
      ['--sample', '3', '--seed', 'x', '--topic', 'orders', '--partition', '0', '--offsets', '1'],
      '--sample of --offsets',
    ],
    [['--sample', '3', '--seed', 'x', '--where', '/n>1000'], 'no record to draw from'],
  ])('%j', async (args, says) => {
    const { code, err } = await ledgerstone([
      ...['export', world.at('archive'), ...world.key, ...about, '--out', world.at('wrong.zip'), ...args],
    ]);
    expect([code, err]).toEqual([2, expect.stringContaining(says)]);
  });
});
