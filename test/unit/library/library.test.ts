// Can other programs read and judge with the library, and never write?
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { governanceOrigin } from '../../../src/format/chain.ts';
import { encodeVkey } from '../../../src/format/vkey.ts';
import * as library from '../../../src/index.ts';
import { storeBehind } from '../../../src/library/archive.ts';
import { archiveKey, ORIGIN, signer, writeCopy } from '../../support/archive-builder.ts';
import { GOVERNANCE_KEY, governedArchive } from '../../support/governed-archive.ts';
import { type PackageWorld, packageWorld } from '../../support/package-world.ts';

let world: PackageWorld;
let keys: string[];
beforeAll(async () => {
  world = await packageWorld();
  keys = [readFileSync(world.at('archive.vkey'), 'utf8')];
});
afterAll(() => world.remove());

const open = () => library.openArchive(world.at('archive'));
const one = { chain: 'orders', partition: 0, offset: 7 };

describe('find', () => {
  it('refuses topics of which one is not there', async () => {
    const archive = await open();
    for (const [topics, why] of [
      [['orders', 'payroll'], 'has no topic payroll'],
      [['payroll'], 'has no topic payroll'],
      [[], 'no topic was asked for'],
    ] as const) {
      const asked = async () => {
        const { hits } = await library.find(archive, { keys, text: ['login'], topics, threads: 0 });
        for await (const _ of hits);
      };
      await expect(asked()).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining(why) });
    }
    await archive.close();
  });
});

describe('decisions', () => {
  it('are named as not looked at where no key covers them, of an older archive too', async () => {
    const governed = await governedArchive();
    writeCopy(governed.builder.archive, world.at('governed'));
    const archive = await library.openArchive(world.at('governed'));
    const [log, own] = [archiveKey(signer()), archiveKey(GOVERNANCE_KEY(), governanceOrigin(ORIGIN))].map(
      encodeVkey,
    );
    const asked = (of: string[], older: library.Archive[] = []) =>
      library.verifyArchive(archive, {
        ...{ keys: of, threads: 1, older: older.map((one) => ({ archive: one, keys: [log!] })) },
      });
    const none = { acts: null, why: 'no key was given that covers the governance chain' };
    expect((await asked([log!])).decisions).toEqual(none);
    const whole = await asked([log!, own!], [archive]);
    expect(whole.decisions).toEqual({ acts: 1, why: null });
    expect(whole.beside?.archives[0]?.report.decisions).toEqual(none);
    await archive.close();
  });

  it('are null where there are none', async () => {
    const archive = await open();
    expect((await library.verifyArchive(archive, { keys, threads: 1 })).decisions).toBeNull();
    await archive.close();
  });
});

describe('the surface', () => {
  it('writes nothing: neither the archive nor the store behind it has a method that could', async () => {
    const archive = await open();
    const methodsOf = (object: object): string[] => {
      const names: string[] = [];
      for (let at: object = object; at !== Object.prototype; at = Object.getPrototypeOf(at))
        names.push(...Object.getOwnPropertyNames(at));
      return [...new Set(names)].sort();
    };
    expect(methodsOf(archive)).toEqual(['close', 'constructor', 'description']);
    expect(methodsOf(storeBehind(archive)).filter((name) => /put|extend|write|delete/i.test(name))).toEqual(
      [],
    );
    const before = readdirSync(world.at('archive'), { recursive: true, encoding: 'utf8' }).sort();
    await library.verifyArchive(archive, { keys, threads: 1 });
    const found = await library.find(archive, { keys, text: ['login'], threads: 0 });
    for await (const _ of found.hits);
    await library.proveEvent(archive, { keys, ...one });
    await archive.close();
    expect(readdirSync(world.at('archive'), { recursive: true, encoding: 'utf8' }).sort()).toEqual(before);
  });
});

describe('an archive', () => {
  it('without a key, or with another one, is never verified', async () => {
    const archive = await open();
    expect((await library.verifyArchive(archive, { keys: [], threads: 1 })).verdict).toBe('unverifiable');
    const other = await packageWorld((record) => record, 'another key');
    const others = [readFileSync(other.at('archive.vkey'), 'utf8')];
    expect((await library.verifyArchive(archive, { keys: others, threads: 1 })).verdict).not.toBe('verified');
    await expect(library.proveEvent(archive, { keys: others, ...one })).rejects.toThrow();
    other.remove();
    await archive.close();
  });

  it('of which the end is gone is found by an earlier checkpoint', async () => {
    const archive = await open();
    const { chains } = await library.verifyArchive(archive, { keys, threads: 1, depth: 'seals' });
    const since = chains.flatMap(({ checkpoint }) => checkpoint ?? []);
    expect(since.length).toBe(2);
    const cut = await packageWorld();
    rmSync(join(cut.at('archive'), 'seals/topic=orders/partition=0/000000000003.tlog-proof'));
    const shorter = await library.openArchive(cut.at('archive'));
    const report = await library.verifyArchive(shorter, { keys, since, threads: 1 });
    expect(report.verdict).toBe('broken');
    cut.remove();
  });

  it('says with a code why something can not be had', async () => {
    const archive = await open();
    const codeOf = (work: Promise<unknown>) =>
      work.then(
        () => null,
        (error: { code: string }) => error.code,
      );
    const prove = (more: Partial<typeof one>) =>
      codeOf(library.proveEvent(archive, { keys, ...one, ...more }));
    expect(await prove({ offset: 60 })).toBe('not-sealed-yet');
    expect(await prove({ chain: 'nowhere' })).toBe('no-chain');
    expect(await codeOf(library.openArchive(world.at('no-such-directory')))).toBe('no-archive');
    expect(await codeOf(library.openArchive('ftp://somewhere'))).toBe('usage');
    expect(await codeOf(library.verifyArchive(archive, { keys: ['archive.vkey'] }))).toBe('usage');
    const find = (options: object) => codeOf(library.find(archive, { keys, ...options }));
    expect(await find({})).toBe('usage');
    expect(await find({ text: [''] })).toBe('usage');
    expect(await find({ where: ['nonsense'] })).toBe('usage');
    expect(await find({ text: ['x'], limit: 0 })).toBe('usage');
    expect(await find({ from: new Date(2), to: new Date(1) })).toBe('usage');
    expect(await find({ from: new Date(Number.NaN) })).toBe('usage');
    expect(await find({ where: ['a=1'], fields: { orders: { a: 'nonsense' } } })).toBe('usage');
  });

  it('a mistyped field is no "none"', async () => {
    const archive = await open();
    const { hits } = await library.find(archive, { keys, where: ['/evnet=login'], threads: 0 });
    await expect(hits.next()).rejects.toThrow('/evnet is a field of none');
  });

  it('a search that ended early says so', async () => {
    const archive = await open();
    const found = await library.find(archive, { keys, text: ['login'], threads: 0 });
    for await (const _ of found.hits) break;
    expect(found.statement()).toMatchObject({ isComplete: false, end: 'interrupted' });
    const short = await library.find(archive, {
      keys,
      where: ['n=1'],
      fields: { '*': { n: '/n' } },
      threads: 0,
    });
    const at: unknown[] = [];
    for await (const { chain, offset } of short.hits) at.push([chain, offset]);
    expect(at).toEqual([
      ['orders', 1],
      ['payments', 1],
    ]);
    expect(short.statement().isComplete).toBe(true);
  });
});

describe('a package', () => {
  it('in parts is green only with all of them, in their order', async () => {
    const out = world.at('signed.zip');
    await world.exported('signed.zip', '--sign-key', world.at('export-key.pem'));
    const zip = new Uint8Array(readFileSync(out));
    const unsigned = await library.verifyPackage(zip, { keys });
    expect(unsigned).toMatchObject({ parts: null, packages: [{ case: '2026-17' }] });
    const cut = await library.verifyPackage(zip.subarray(0, 1000), { keys });
    expect(cut.colour).not.toBe('green');
    zip[zip.length >> 1]! ^= 1;
    expect((await library.verifyPackage(zip, { keys })).colour).not.toBe('green');
    await expect(library.verifyPackage([], { keys })).rejects.toThrow('no package given');
    await expect(library.verifyPackage(zip, { signers: ['-----BEGIN PUBLIC KEY-----'] })).rejects.toThrow(
      'no public key',
    );
  });

  it('names what is no zip', async () => {
    writeFileSync(world.at('text.zip'), 'text');
    const { colour, packages } = await library.verifyPackage(readFileSync(world.at('text.zip')), { keys });
    expect([colour, packages[0]?.findings[0]?.kind]).toEqual(['amber', 'zip-not-a-zip']);
  });
});
