// Is history archived once, with its times, and whole after whatever broke it off?
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseStatement } from '../../../src/import/statement.ts';
import { surveyImport } from '../../../src/import/survey.ts';
import { writeImport } from '../../../src/import/write-import.ts';
import { ArchiveBuilder, entries } from '../../support/archive-builder.ts';
import { historyFile, importWorld, keysOf, planOf } from '../../support/import-world.ts';
import { memorySigner } from '../../support/memory-signer.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'ledgerstone-import-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe('an import', () => {
  it('is a statement and its records, with their own times', async () => {
    const world = importWorld();
    const plan = planOf([historyFile(dir, 'a', 6), historyFile(dir, 'b', 3)]);
    expect(await world.run(plan)).toEqual({
      isOld: false,
      chain: 'import.old',
      offset: 0,
      nextOffset: 10,
      size: 4,
    });
    const [first, ...records] = await world.records();
    expect(parseStatement(first!)).toMatchObject({
      by: 'Ada Byron',
      records: 9,
      undated: 2,
      provenance: { text: 'From the old server' },
    });
    expect(records.map(({ timestamp }) => timestamp).slice(0, 6)).toEqual([
      ...[0, 1, 2, 3, 4].map((at) => BigInt(Date.UTC(2020, 0, 1) + at * 60_000)),
      -1n,
    ]);
    expect(records.every(({ key, headers }) => key === null && headers.length === 0)).toBe(true);
  });

  it('made again writes nothing', async () => {
    const world = importWorld();
    const plan = planOf([historyFile(dir, 'a', 6)]);
    await world.run(plan);
    const keys = world.store.keys();
    expect(await world.run(plan)).toMatchObject({ isOld: true, offset: 0, nextOffset: 7 });
    await world.run(planOf([historyFile(dir, 'b', 2)]));
    const more = world.store.keys();
    expect(await world.run(plan)).toMatchObject({ isOld: true, offset: 0, nextOffset: 7 });
    expect([more.length > keys.length, world.store.keys()]).toEqual([true, more]);
  });

  it('goes on behind another one, in a segment of its own', async () => {
    const world = importWorld();
    await world.run(planOf([historyFile(dir, 'a', 2)]));
    expect(await world.run(planOf([historyFile(dir, 'b', 2)]))).toMatchObject({
      offset: 3,
      nextOffset: 6,
      size: 3,
    });
    const statements = (await world.records()).filter(({ headers }) => headers.length > 0);
    expect(statements).toHaveLength(2);
  });

  it('of a file that is there already is refused, unless it is asked for', async () => {
    const world = importWorld();
    const a = historyFile(dir, 'a', 2);
    await world.run(planOf([a]));
    const both = planOf([a, historyFile(dir, 'b', 2)]);
    await expect(world.run(both)).rejects.toMatchObject({ code: 'imported-before' });
    expect(await world.run(both, {}, true)).toMatchObject({ isOld: false, offset: 3 });
  });

  it('is refused with a key that its chain does not trust', async () => {
    const world = importWorld();
    await world.run(planOf([historyFile(dir, 'a', 2)]));
    const signer = memorySigner({ algorithm: 'ed25519', seed: 'another' });
    const late = world.run(planOf([historyFile(dir, 'b', 2)]), { keys: keysOf(signer) });
    await expect(late).rejects.toMatchObject({
      code: 'import-chain',
      message: expect.stringContaining('does not trust'),
    });
    expect(await world.values()).toHaveLength(3);
  });

  it('a line that feigns a statement is a record like any other', async () => {
    const world = importWorld();
    const path = historyFile(dir, 'feigned', 2);
    appendFileSync(path, '{"format":"ledgerstone/import/1","id":"0","records":0,"files":[]}\n');
    await world.run(planOf([path]));
    const last = (await world.records()).at(-1)!;
    expect(() => parseStatement(last)).toThrow('no statement');
    expect(await world.run(planOf([path]))).toMatchObject({ isOld: true });
  });

  it.each<[name: string, source: string, writer: string | null]>([
    ['of a file by another name', 'other', null],
    ['of a file, but of no import', 'import.old', null],
    [
      'whose writer names no segment before',
      'import.old',
      `import ${'0'.repeat(16)} from offset 0 segment 0`,
    ],
    [
      'whose writer names a segment to come',
      'import.old',
      `import ${'0'.repeat(16)} from offset 0 segment 7`,
    ],
    ['without a statement', 'import.old', `import ${'0'.repeat(16)} from offset 0 segment 1`],
  ])('does not go on behind one %s', async (_, name, writer) => {
    const world = importWorld();
    const builder = new ArchiveBuilder({ signers: [world.signer] });
    const chain = builder.chain('import.old');
    const source = { kind: 'file', name, partition: 0 } as const;
    await chain.seal({ source, lines: [] });
    if (name !== 'other')
      await chain.seal({
        ...{ source, lines: entries(0, 3) },
        manifestText: (text) => text.replace('archiver-test', writer ?? 'archiver-test'),
      });
    const lock = { mode: 'COMPLIANCE', untilMs: world.clock.now() + 1e9 } as const;
    for (const key of builder.archive.keys())
      await world.store.putIfAbsent(key, builder.archive.bytesOf(key)!, lock);
    await expect(world.run(planOf([historyFile(dir, 'a', 2)]))).rejects.toMatchObject({
      code: 'import-chain',
    });
  });

  it('does not go on behind a chain of something else', async () => {
    const world = importWorld();
    const builder = new ArchiveBuilder({ signers: [world.signer] });
    await builder.chain('import.old').seal({ lines: entries(0, 3) });
    for (const key of builder.archive.keys())
      await world.store.putIfAbsent(key, builder.archive.bytesOf(key)!, {
        mode: 'COMPLIANCE',
        untilMs: world.clock.now() + 1e9,
      });
    await expect(world.run(planOf([historyFile(dir, 'a', 2)]))).rejects.toMatchObject({
      code: 'import-chain',
    });
  });
});

describe('broken off', () => {
  it('goes on where it ended, and another import waits for it', async () => {
    const world = importWorld();
    const plan = planOf([historyFile(dir, 'a', 11)]);
    const life = new AbortController();
    await expect(
      world.run(plan, { signal: life.signal, onSealed: () => life.abort(new Error('killed')) }),
    ).rejects.toThrow();
    expect((await world.records()).length).toBe(4);
    await expect(world.run(planOf([historyFile(dir, 'b', 2)]))).rejects.toMatchObject({
      code: 'import-unfinished',
    });
    expect(await world.run(plan)).toMatchObject({ isOld: false, offset: 0, nextOffset: 12 });
    expect(await world.values()).toHaveLength(12);
    expect(new Set(await world.values()).size).toBe(12);
  });

  it('by a file that changed meanwhile, it is not whole', async () => {
    const world = importWorld();
    const path = historyFile(dir, 'changing', 11);
    const plan = planOf([path]);
    const survey = await surveyImport(plan, new AbortController().signal);
    appendFileSync(path, '{"more":1}\n');
    const late = writeImport(world.tools(), plan, survey, Buffer.from('{}'), { again: false });
    await expect(late).rejects.toMatchObject({ code: 'import-file' });
    expect((await world.records()).length).toBe(8);
    historyFile(dir, 'changing', 11);
  });

  it('two at once archive it once', async () => {
    const world = importWorld();
    const plan = planOf([historyFile(dir, 'a', 30)]);
    const [one, two] = await Promise.all([world.run(plan), world.run(plan, { version: '2.0.0' })]);
    expect([one.nextOffset, two.nextOffset]).toEqual([31, 31]);
    expect(new Set(await world.values()).size).toBe(31);
    expect(await world.values()).toHaveLength(31);
  });
});

describe('after another key was decided on', () => {
  it('a chain is begun by both, and ends with the new one alone', async () => {
    const world = importWorld();
    const keys = keysOf(world.signer, world.next);
    await world.run(planOf([historyFile(dir, 'a', 3)]), { keys });
    expect(await world.segments()).toEqual([
      [0, 'old next'],
      [4, 'next'],
    ]);
  });

  it('an import that was broken off goes on by both keys, and then by the new one', async () => {
    const world = importWorld();
    const plan = planOf([historyFile(dir, 'a', 11)]);
    const life = new AbortController();
    const killed = world.run(plan, {
      signal: life.signal,
      onSealed: () => life.abort(new Error('killed')),
    });
    await expect(killed).rejects.toThrow();
    const keys = keysOf(world.signer, world.next);
    expect(await world.run(plan, { keys })).toMatchObject({ isOld: false, offset: 0, nextOffset: 12 });
    expect(await world.segments()).toEqual([
      [0, 'old'],
      [4, 'old'],
      [4, 'old next'],
      [4, 'next'],
    ]);
    expect(new Set(await world.values()).size).toBe(12);
  });

  it('a further one leaves the chain with the new key alone, whatever its length', async () => {
    const world = importWorld();
    await world.run(planOf([historyFile(dir, 'a', 3)]));
    const keys = keysOf(world.signer, world.next);
    const plan = planOf([historyFile(dir, 'b', 3)]);
    expect(await world.run(plan, { keys })).toMatchObject({
      isOld: false,
      offset: 4,
      nextOffset: 8,
      size: 4,
    });
    const changed = [
      [0, 'old'],
      [4, 'old'],
      [4, 'old next'],
      [0, 'next'],
    ];
    expect(await world.segments()).toEqual(changed);
    expect(await world.run(plan, { keys })).toMatchObject({ isOld: true, offset: 4, size: 4 });
    const third = planOf([historyFile(dir, 'c', 3)]);
    // A machine whose configuration names the new key by now.
    expect(await world.run(third, { keys: keysOf(world.next) })).toMatchObject({ offset: 8, size: 5 });
    expect(await world.segments()).toEqual([...changed, [4, 'next']]);
    expect(await world.run(plan, { keys })).toMatchObject({ isOld: true, offset: 4 });
  });

  it('the same command again brings over a chain that is whole, and archives nothing twice', async () => {
    const world = importWorld();
    const plan = planOf([historyFile(dir, 'a', 3)]);
    await world.run(plan);
    const keys = keysOf(world.signer, world.next);
    for (const _ of [1, 2])
      expect(await world.run(plan, { keys })).toMatchObject({ isOld: true, nextOffset: 4, size: 4 });
    expect(await world.segments()).toEqual([
      [0, 'old'],
      [4, 'old'],
      [0, 'old next'],
      [0, 'next'],
    ]);
    expect(await world.values()).toHaveLength(4);
  });

  it('two at once, one of which does not know of it, archive each record once', async () => {
    const world = importWorld();
    const plan = planOf([historyFile(dir, 'a', 30)]);
    const keys = keysOf(world.signer, world.next);
    await Promise.allSettled([world.run(plan, { keys }), world.run(plan, { version: '2.0.0' })]);
    await world.run(plan, { keys });
    expect((await world.segments()).at(-1)![1]).toBe('next');
    expect(await world.values()).toHaveLength(31);
    expect(new Set(await world.values()).size).toBe(31);
  });

  it('a machine that holds the earlier key alone is refused, and writes nothing', async () => {
    const world = importWorld();
    await world.run(planOf([historyFile(dir, 'a', 2)]), { keys: keysOf(world.signer, world.next) });
    const before = world.store.keys();
    const late = world.run(planOf([historyFile(dir, 'b', 2)]));
    await expect(late).rejects.toMatchObject({
      code: 'import-chain',
      remedy: expect.stringContaining('archive.signing'),
    });
    expect(world.store.keys()).toEqual(before);
  });
});
