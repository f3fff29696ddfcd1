// Does a report of destroyed data say what the seals bear out, and what they do not?
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { utf8 } from '../../../src/base/bytes.ts';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import type { DestructionReport } from '../../../src/evidence/report/destruction.ts';
import { encodeCosignerVkey } from '../../../src/format/cosignature.ts';
import { encodeVkey, type VerifierKey } from '../../../src/format/vkey.ts';
import {
  type Certificate,
  encodeCertificate,
  sealedDataOf,
  sumsOf,
} from '../../../src/verifier/destroyed/certificate.ts';
import { destroyedKey } from '../../../src/verifier/destroyed/destroyed-key.ts';
import { putNote } from '../../../src/verifier/own-bucket.ts';
import { entries, writeCopy } from '../../support/archive-builder.ts';
import { DestroyedWorld } from '../../support/destroyed-world.ts';
import { NOTES } from '../../support/note-signing.ts';
import { ledgerstone } from './captured-io.ts';

const DAY_MS = 86_400_000;
const dir = mkdtempSync(join(tmpdir(), 'ledgerstone-destruction-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
let number = 0;
let world: DestroyedWorld;

/** Four segments, the first three of which are over since ten days; 0 and 1 are gone and certified. */
beforeEach(async () => {
  world = new DestroyedWorld();
  const nowMs = Date.now();
  world.nowMs = nowMs - 20 * DAY_MS;
  for (const at of [0, 1, 2, 3]) {
    const retentionMs = at < 3 ? 30 * DAY_MS : 900 * DAY_MS;
    const words = { sealedMs: nowMs - 40 * DAY_MS + at * 1000, retentionMs };
    world.made.push(await world.chain.seal({ ...words, lines: entries(world.chain.nextOffset, 3) }));
  }
  await world.step(4, world.tools());
  expect(await world.pass()).toEqual([]);
  world.destroy(0, 1);
  world.nowMs = nowMs - 5 * DAY_MS;
  expect(await world.pass()).toEqual([]);
  expect(world.refused).toEqual([]);
});

async function report(...args: string[]) {
  const at = (name: string) => join(dir, `${number}-${name}`);
  number++;
  writeCopy(world.builder.archive, at('archive'));
  for (const key of world.store.keys()) {
    const file = join(at('own'), key);
    mkdirSync(dirname(file), { recursive: true });
    const [version] = world.store.versionsOf(key).filter(({ marker }) => !marker);
    if (version !== undefined) writeFileSync(file, version.bytes);
  }
  const named = [at('archive'), '--key', encodeVkey(world.builder.trusted[0] as VerifierKey)];
  const second = ['--attestations', at('own'), '--cosigner', encodeCosignerVkey(NOTES.signing.key)];
  const files = ['--out', at('r.html'), '--json', at('r.json'), '--csv', at('r.csv')];
  const { code, out, err } = await ledgerstone([
    'report',
    'destruction',
    ...named,
    ...second,
    ...files,
    ...args,
  ]);
  if (out === '') throw new Error(err);
  const found = JSON.parse(readFileSync(at('r.json'), 'utf8')) as DestructionReport;
  const [html, csv] = [at('r.html'), at('r.csv')].map((file) => readFileSync(file, 'utf8'));
  const { code: checked } = await ledgerstone(['report', 'check', at('r.html')]);
  return { code, out, report: found, html, csv, checked };
}

async function forge(change: Partial<Certificate>): Promise<void> {
  const [certificate] = await world.certificates();
  const key = destroyedKey({ ...certificate!, copy: 0 });
  world.store.attacker.destroy(key);
  await putNote({ ...world.bucket() }, key, encodeCertificate({ ...certificate!, ...change }));
}

describe('report destruction', () => {
  it('of what is certified, and borne out by the seals', async () => {
    const { code, out, report: found, html, csv, checked } = await report();
    expect(out).toBe(
      '1 certificate of 2 data objects: the seals bear it out, none of these objects is there, and no other one is gone after its retention without one.\n',
    );
    // Nobody signed the page, and it shows the data that it carries.
    expect([code, checked, found.verdict.standing]).toEqual([0, 3, 'whole']);
    expect(found.data).toMatchObject({ stillThere: 1, unknown: 0, uncertified: [], foreign: [] });
    expect(found.data.rows).toMatchObject([
      {
        ...{ chain: 'orders', partition: 0, segments: [{ from: 0, to: 1 }], objects: 2, records: 6 },
        ...{ firstOffset: 0, lastOffset: 5, problems: [], policies: ['pci-12m'], decisions: null },
      },
    ]);
    expect(html).toContain('borne out');
    expect(csv!.split('\r\n')[1]).toMatch(/^orders,0,passes\/destroyed\//);
    expect(found.verdict.bounds.join()).toContain('not who deleted it');
    // The copy on this disk has the same origins as the bucket.
    expect(found.verdict.bounds.join()).toMatch(
      /1 certificate of what is gone from s3:\/\/acme-audit\/prod; this report looked in .*: if that is another store/,
    );
  });

  it('chooses certificates by when the data was seen gone, and still knows them', async () => {
    const { code, out, report: found } = await report('--to', '2001-01-01');
    expect([code, found.data.rows, found.data.uncertified]).toEqual([0, [], []]);
    expect(out).toBe(
      'No certificate says that data was seen gone before 2001-01-01 (beside 1 certificate of other times: the seals bear it out).\n',
    );
  });

  it('counts an object once that two certificates name', async () => {
    const [certificate] = await world.certificates();
    const one = sumsOf([sealedDataOf(world.manifest(1))!], nodeSha256);
    const again = { ...certificate!, ...one, first: 1, last: 1, segments: [{ from: 1, to: 1 }] };
    await putNote(world.bucket(), destroyedKey({ ...again, copy: 0 }), encodeCertificate(again));
    const { code, out } = await report();
    expect([code, out]).toEqual([0, expect.stringContaining('2 certificates of 2 data objects: ')]);
  });

  it('names what is gone and has none', async () => {
    world.destroy(2);
    const { code, report: found } = await report();
    expect([code, found.verdict.standing]).toEqual([3, 'open']);
    expect(found.data.uncertified).toMatchObject([
      { chain: 'orders', segments: [{ from: 2, to: 2 }], objects: 1 },
    ]);
  });

  it('finds data that is there again', async () => {
    const key = world.made[0]!.dataKey as string;
    world.builder.archive.put(key, utf8('anything'), null);
    const { code, report: found } = await report();
    expect([code, found.verdict.standing]).toEqual([1, 'found']);
    expect(found.data.rows[0]!.problems).toEqual([`1 data object of it lies there, first ${key}`]);
    // Segment 1 is gone, and the certificate that names it does not hold.
    expect(found.data.uncertified).toMatchObject([{ segments: [{ from: 1, to: 1 }] }]);
  });

  it.each<[string, Partial<Certificate>, RegExp]>([
    ['another root', { root: new Uint8Array(32) }, /^the root of the chain at size 4 is /],
    ['a size that the chain has not', { size: 9 }, /^the chain has no seal 8 that could be read$/],
    ['other sums', { bytes: 1, records: 1 }, /^the seals say otherwise of bytes, records$/],
    ['another list', { list: '0'.repeat(64) }, /^the seals say otherwise of list$/],
    ['another end', { sealedUntilMs: 1000 }, /^the seals say otherwise of until.sealed$/],
    [
      'other offsets and policies',
      { offsets: { first: 0, last: 9 }, policies: ['x'] },
      /^the seals say otherwise of offsets, policies$/,
    ],
  ])('says that %s is not borne out', async (_, change, problem) => {
    await forge(change);
    const { code, out, report: found } = await report();
    expect([code, out]).toEqual([1, '1 certificate is not borne out by the archive.\n']);
    expect(found.data.rows.map(({ problems }) => problems)).toEqual([[expect.stringMatching(problem)]]);
  });

  it('names what lies where a certificate belongs and is none', async () => {
    const key = destroyedKey({ chain: 'orders', partition: 0, first: 2, last: 2, copy: 0 });
    world.store.attacker.putVersion(key, utf8('{}'));
    const { code, report: found, html } = await report();
    expect([code, found.data.foreign.map((one) => one.key)]).toEqual([1, [key]]);
    expect(html).toContain('At keys of certificates, and none');
  });

  it('where nothing is gone says so', async () => {
    const archive = world.builder.archive;
    world = new DestroyedWorld();
    await world.grow(1);
    await world.step();
    expect(archive).not.toBe(world.builder.archive);
    const { code, out } = await report();
    expect([code, out]).toEqual([
      0,
      'No data object whose retention is over is gone, and no certificate says that one was destroyed.\n',
    ]);
  });

  it('needs the verifier to be named', async () => {
    const { code, err } = await ledgerstone([
      'report',
      'destruction',
      dir,
      '--key',
      encodeVkey(world.builder.trusted[0] as VerifierKey),
      '--out',
      join(dir, 'x.html'),
    ]);
    expect([code, err]).toEqual([2, expect.stringContaining('certificates lie with the verifier')]);
  });
});
