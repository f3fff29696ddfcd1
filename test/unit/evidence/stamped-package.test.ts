// Does a package carry the time-stamp of its checkpoint, and is what it shows said to each who checks it, and no more?
import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import { checkPackage } from '../../../src/evidence/check.ts';
import { stampPath } from '../../../src/evidence/package.ts';
import { ENGLISH, findingText, verdictSentence } from '../../../src/evidence/texts.ts';
import { GERMAN } from '../../../src/evidence/texts-de.ts';
import { encodeStampProof, parseStampProof } from '../../../src/format/stamp.ts';
import { checkStamp, verifyPackage } from '../../../src/index.ts';
import { type Files, filesOf, relisted, writeZip } from '../../support/package-world.ts';
import { DAY_MS } from '../../support/stamp-world.ts';
import { type StampedArchive, stampedArchive } from '../../support/stamped-archive.ts';
import { PLACE } from '../../support/verifier-world.ts';
import { ledgerstone } from '../cli/captured-io.ts';

const STAMP = stampPath(PLACE.chain, 0);
let world: StampedArchive;
const at = (name: string) => world.at(name);
const iso = (ms: number) => new Date(ms).toISOString();

const exporting = (out: string, ...more: readonly string[]) =>
  ledgerstone([
    ...['export', ...world.archive, '--case', '1', '--purpose', 'Audit', '--by', 'Ada', '--out', at(out)],
    ...more,
  ]);
const OF_CHAIN = ['--topic', PLACE.chain, '--partition', '0', '--offsets'];

let made: { readonly code: number; readonly err: string };
beforeAll(async () => {
  world = await stampedArchive();
  await ledgerstone(['keygen', '--out', at('export-key.pem')]);
  made = await exporting('case.zip', ...OF_CHAIN, '0-1', ...world.attested, '--stamp');
  await exporting('none.zip', ...OF_CHAIN, '0-1', ...world.attested);
});
afterAll(() => world.remove());
beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: world.times.renewed + DAY_MS }));
afterEach(() => void vi.useRealTimers());

const verify = async (name: string, ...more: readonly string[]) => {
  const asked = ['verify-package', at(name), '--key', at('log.vkey'), ...more];
  const { code, out } = await ledgerstone(asked);
  return { code, out };
};
const withRoot = (name: string, root = 'root.pem') => verify(name, '--tsa-root', at(root));

/** The package with another stamp, in a list of files that fits. */
function otherStamp(name: string, change: (files: Files) => Files): string {
  writeZip(at(name), relisted(change(filesOf(at('case.zip')))));
  return name;
}

describe('export --stamp', () => {
  it('puts the stamp of the checkpoint into the package, and the proofs lead to that checkpoint', () => {
    expect([made.code, made.err]).toEqual([
      0,
      expect.stringContaining('with the time-stamp of 1 checkpoint'),
    ]);
    const files = filesOf(at('case.zip'));
    expect(parseStampProof(files.get(STAMP) as Uint8Array)).toHaveLength(2);
    expect(filesOf(at('none.zip')).has(STAMP)).toBe(false);
  });

  it('of a search does the same for each chain that has a hit', async () => {
    const { code, out } = await exporting(
      ...(['search.zip', '--from', '2026-01-01', '--to', '2026-11-22T10:00:02Z'] as const),
      ...[...world.attested, '--stamp', '--tsa-root', at('root.pem'), '--json'],
    );
    expect([code, JSON.parse(out)]).toMatchObject([0, { stamps: 1 }]);
    expect((await withRoot('search.zip')).out).toContain(`existed by ${iso(world.times.first)}`);
  });

  it('makes no package where nothing that covers the events was stamped, or by others', async () => {
    const late = await exporting('late.zip', ...OF_CHAIN, '12', ...world.attested, '--stamp');
    expect([late.code, late.err]).toEqual([
      4,
      expect.stringContaining('below no checkpoint that was stamped'),
    ]);
    const root = ['--tsa-root', at('other.pem')];
    const other = await exporting('late.zip', ...OF_CHAIN, '0', ...world.attested, '--stamp', ...root);
    expect(other.code).toBe(4);
    expect(() => readFileSync(at('late.zip'))).toThrow('ENOENT');
  });

  it('needs to know where, and --tsa-root is for nothing else', async () => {
    const nowhere = await exporting('late.zip', ...OF_CHAIN, '0', '--stamp');
    expect([nowhere.code, nowhere.err]).toEqual([
      2,
      expect.stringContaining('--stamp looks beside attestations'),
    ]);
    const root = ['--tsa-root', at('root.pem')];
    expect((await exporting('late.zip', ...OF_CHAIN, '0', ...world.attested, ...root)).code).toBe(2);
  });
});

describe('verify-package', () => {
  it('shows by when the checkpoint existed under a root that was given', async () => {
    const { code, out } = await withRoot('case.zip');
    // Nobody signed the list of files: that alone makes it amber.
    expect([code, out]).toEqual([3, expect.stringContaining('amber: ')]);
    expect(out).toContain(`time-stamp: checkpoint of ${PLACE.chain}/0: existed by ${iso(world.times.first)}`);
    expect(out).toContain('renewed once');
    expect(out).not.toContain('is not shown');
  });

  it('says that it shows nothing about time without a root, and that a package has none', async () => {
    expect((await verify('case.zip')).out).toContain('whom nobody vouches for without --tsa-root');
    const none = await verify('none.zip');
    expect(none.out).toContain('no time-stamp in this package');
    expect(none.out).not.toContain('by when it existed is not shown');
  });

  it.each([
    ['has none', 'none.zip', 'root.pem', 'has no time-stamp: by when it existed is not shown'],
    ['is by others', 'case.zip', 'other.pem', 'does not hold under the root that you gave'],
  ])('is amber where a root was given and the checkpoint’s stamp %s', async (_, name, root, why) => {
    const { code, out } = await withRoot(name, root);
    expect([code, out]).toEqual([3, expect.stringContaining(why)]);
    // The events are what they are.
    expect(out).toMatch(
      /amber: .*: By when it existed is not shown, though .* are exactly as they were archived/,
    );
  });

  it('is amber once the last stamp has ended', async () => {
    vi.setSystemTime(world.times.last + DAY_MS);
    const { out } = await withRoot('case.zip');
    expect(out).toContain('By when it existed is not shown');
    expect(out).toContain('by Second Authority ended at');
  });

  it('says red, with or without a root, of a stamp that is none of its checkpoint', async () => {
    const links = parseStampProof(filesOf(at('case.zip')).get(STAMP) as Uint8Array);
    const [, second] = links;
    const swapped = otherStamp('swapped.zip', (files) => files.set(STAMP, encodeStampProof([second!])));
    for (const asked of [verify(swapped), withRoot(swapped)]) {
      const { code, out } = await asked;
      expect([code, out]).toEqual([1, expect.stringContaining('a stamp of another checkpoint')]);
    }
    const junk = otherStamp('junk.zip', (files) => files.set(STAMP, Buffer.from('\u001b[2J')));
    expect(await verify(junk)).toMatchObject({
      code: 1,
      out: expect.stringContaining('not a proof of stamps'),
    });
  });

  it('says of changed bytes of a stamp that the file was changed', async () => {
    const files = filesOf(at('case.zip'));
    writeZip(at('changed.zip'), files.set(STAMP, Buffer.concat([files.get(STAMP)!, Buffer.from('x')])));
    const { code, out } = await withRoot('changed.zip');
    expect([code, out]).toEqual([1, expect.stringContaining(`${STAMP} is not the file that was exported`)]);
    expect(out).toContain('its time-stamp was not read');
  });

  it('takes a root from a file of certificates alone', async () => {
    const { code, out } = await withRoot('case.zip', 'log.vkey');
    expect([code, out]).toEqual([2, '']);
  });

  it('has it for programs', async () => {
    const { out } = await verify('case.zip', '--tsa-root', at('root.pem'), '--json');
    expect(JSON.parse(out).packages[0].stamps).toMatchObject([
      { chain: PLACE.chain, partition: 0, kind: 'shown', existedBy: iso(world.times.first), renewals: 1 },
    ]);
  });
});

it('a stamp of a chain that the package does not have is red', async () => {
  const files = filesOf(at('case.zip'));
  const extra = relisted(files.set('stamps/other/0.stamp-proof', files.get(STAMP)!), (manifest) => ({
    ...manifest,
    files: manifest.files.map((file) =>
      file.path === 'stamps/other/0.stamp-proof' ? { ...file, role: 'stamp' as const } : file,
    ),
  }));
  writeZip(at('extra.zip'), extra);
  expect(await verify('extra.zip')).toMatchObject({
    code: 1,
    out: expect.stringContaining('the package has no checkpoint for it'),
  });
});

it('who reads no stamps does not say that there is none', async () => {
  const given = { log: null, cosigners: null, signers: null };
  const check = await checkPackage(filesOf(at('case.zip')), { given, sha256: nodeSha256 });
  expect(check.stamps).toEqual([{ chain: PLACE.chain, partition: 0, result: { kind: 'unread' } }]);
});

it('the library checks the stamp of an event’s proof, from bytes alone', async () => {
  const stampFile = ['--stamp', at('event.stamp'), '--tsa-root', at('root.pem')];
  const place = ['--topic', PLACE.chain, '--partition', '0', '--offset', '0'];
  const { out } = await ledgerstone(['prove', ...world.archive, ...place, ...world.attested, ...stampFile]);
  const proof = Buffer.from(out);
  const stamp = new Uint8Array(readFileSync(at('event.stamp')));
  const tsaRoots = [readFileSync(at('root.pem'), 'utf8')];
  expect(await checkStamp({ proof, stamp, tsaRoots })).toEqual({
    ...{ kind: 'shown', existedBy: iso(world.times.first) },
    text: expect.stringContaining('according to First Authority'),
  });
  const unnamed = await checkStamp({ proof, stamp, tsaRoots: [] });
  expect(unnamed).toMatchObject({ kind: 'unknown-root', existedBy: null });
  for (const odd of [
    { stamp: new Uint8Array(3) },
    { proof: new Uint8Array(3) },
    { stamp: stamp.slice(0, -9) },
  ])
    expect(await checkStamp({ proof, stamp, tsaRoots, ...odd })).toMatchObject({
      kind: 'bad',
      existedBy: null,
    });
  await expect(checkStamp({ proof, stamp, tsaRoots: ['x'] })).rejects.toMatchObject({ code: 'usage' });
});

it('the library shows the same, and German words say it too', async () => {
  const zip = new Uint8Array(readFileSync(at('case.zip')));
  const tsaRoots = [readFileSync(at('root.pem'), 'utf8')];
  const { packages } = await verifyPackage(zip, { tsaRoots });
  expect(packages[0]?.stamps).toEqual([
    {
      ...{ chain: PLACE.chain, partition: 0, kind: 'shown', existedBy: iso(world.times.first) },
      text: expect.stringContaining('give or take 1 s'),
    },
  ]);
  expect((await verifyPackage(zip)).packages[0]?.stamps[0]).toMatchObject({
    ...{ kind: 'unknown-root', existedBy: null },
    text: expect.stringContaining('without its root certificate'),
  });
  const none = new Uint8Array(readFileSync(at('none.zip')));
  const [bare] = (await verifyPackage(none, { tsaRoots })).packages;
  expect(bare).toMatchObject({ stamps: [{ kind: 'none' }], colour: 'amber' });
  expect(bare?.findings.map(({ kind }) => kind)).toContain('stamp-missing');
  await expect(verifyPackage(zip, { tsaRoots: ['no PEM'] })).rejects.toMatchObject({ code: 'usage' });
  const given = { log: null, cosigners: null, signers: null };
  const stamps = { check: () => Promise.reject(new Error('not asked')), hasRoots: true, nowMs: 0 };
  const check = await checkPackage(filesOf(at('none.zip')), { given, sha256: nodeSha256, stamps });
  for (const texts of [ENGLISH, GERMAN]) {
    expect(verdictSentence(texts, check).startsWith(texts.noTime)).toBe(true);
    for (const finding of check.findings) expect(findingText(texts, finding)).not.toContain('{');
  }
});
