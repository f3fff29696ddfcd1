// Do searches keep within their memory, give all hits in order, and work in threads?
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { findLines } from '../../../../src/read/find/find.ts';
import { ChainQueues, TurnQueue } from '../../../../src/read/find/turn-queue.ts';
import { ArchiveBuilder, entries, NOW_MS } from '../../../support/archive-builder.ts';
import { find, queryOf, recordsOf } from '../../../support/find-world.ts';
import { lawlessStore } from '../../../support/lawless-store.ts';

const offsetsOf = (hits: readonly { readonly found: { readonly offset: number } }[]) =>
  hits.map(({ found }) => found.offset);
/** What is counted once nothing changes it any more. */
async function settled(counted: () => number): Promise<number> {
  for (let [before, still] = [counted(), 0]; still < 100; still++) {
    await turn();
    if (counted() !== before) [before, still] = [counted(), 0];
  }
  return counted();
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);

describe('hits', () => {
  it.each([0, 2])('are all given, also those that are too many to keep, by %s threads', async (threads) => {
    const builder = new ArchiveBuilder();
    const chain = builder.chain();
    const large = (count: number, from: number) =>
      recordsOf(
        Array.from({ length: count }, (_, index) =>
          JSON.stringify({ n: from + index, x: 'x'.repeat(60_000) }),
        ),
        {},
        from,
      );
    await chain.seal({ lines: large(100, 0), linesPerBlock: 30 });
    await chain.seal({ lines: large(10, 100) });
    const { hits, statement } = await find(
      builder.archive,
      builder.trusted,
      { where: ['/n>=0'] },
      { threads },
    );
    expect(offsetsOf(hits)).toEqual(upTo(110));
    for (const { found } of hits) expect(found.line.length).toBeGreaterThan(60_000);
    expect(statement).toMatchObject({ hits: 110, isComplete: true, counts: { hits: 110 } });
  });

  it('are not given if the object is another one by the time it is read again', async () => {
    const builder = new ArchiveBuilder();
    const lines = recordsOf(Array.from({ length: 60 }, () => JSON.stringify({ x: 'x'.repeat(60_000) })));
    const { dataKey } = await builder.chain().seal({ lines });
    const { archive } = builder;
    const read = archive.read.bind(archive);
    let reads = 0;
    archive.read = async (key, versionId, options) => {
      const bytes = await read(key, versionId, options);
      if (key === dataKey && ++reads > 1) bytes[9] = (bytes[9] as number) ^ 1;
      return bytes;
    };
    await expect(find(archive, builder.trusted, { where: ['/x^x'] })).rejects.toThrow('while it was read');
    expect(reads).toBe(2);
  });

  it('come in order from many segments, and reading waits for who takes them', async () => {
    const builder = new ArchiveBuilder();
    await builder.chain().fill(80, 3);
    const { archive } = builder;
    const { hits, statement } = await find(archive, builder.trusted, { where: ['/event=login'] });
    expect(offsetsOf(hits)).toEqual(upTo(240));
    expect(statement.isComplete).toBe(true);
  });

  it('are not read ahead without bound', async () => {
    const builder = new ArchiveBuilder();
    await builder.chain().fill(120, 1);
    const { archive, trusted } = builder;
    const search = findLines({
      ...{ store: lawlessStore(archive), trusted, nowMs: NOW_MS, threads: 0 },
      ...{ signal: new AbortController().signal, query: queryOf({ texts: ['login'] }) },
    });
    await search.hits.next();
    const readAhead = await settled(() => archive.calls.reads);
    // Seals are read ahead too. Without a bound all 240 objects would have been read.
    expect(readAhead).toBeLessThan(120);
    await search.hits.return(undefined);
    expect(search.statement()).toMatchObject({ hits: 1, end: 'interrupted', isComplete: false });
  });

  it('are looked for in several chains side by side, and come chain by chain in their order', async () => {
    const builder = new ArchiveBuilder();
    const names = ['audit', 'orders', 'payments'];
    for (const name of names) await builder.chain(name).fill(12, 1);
    const { archive, trusted } = builder;
    const read = archive.read.bind(archive);
    const seen: string[] = [];
    const chainOf = (key: string) => names.find((name) => key.includes(`topic=${name}/`)) as string;
    archive.read = async (key, ...rest) => {
      if (key.startsWith('data/')) seen.push(chainOf(key));
      // The first chain is the slowest.
      for (let wait = chainOf(key) === 'audit' ? 50 : 0; wait > 0; wait--) await turn();
      return read(key, ...rest);
    };
    const search = await find(archive, trusted, { texts: ['login'] });
    const expected = names.flatMap((name) => upTo(12).map((offset) => `${name}/0:${offset}`));
    expect(search.at).toEqual(expected);
    expect(search.statement).toMatchObject({ isComplete: true, end: 'complete', hits: 36 });
    expect(seen.indexOf('payments')).toBeLessThan(seen.lastIndexOf('audit'));
    // What lies in later chains waits after two segments, however slow the first one is.
    const early = seen.slice(0, seen.lastIndexOf('audit'));
    for (const name of ['orders', 'payments']) {
      expect(early.filter((one) => one === name).length).toBeLessThanOrEqual(2);
    }
  });

  it('end at the limit, and nothing runs on', async () => {
    const builder = new ArchiveBuilder();
    await builder.chain().fill(100, 2);
    const { hits, statement } = await find(builder.archive, builder.trusted, { texts: ['login'], limit: 3 });
    const { reads } = builder.archive.calls;
    expect(offsetsOf(hits)).toEqual([0, 1, 2]);
    expect(statement).toMatchObject({ end: 'limit', isComplete: false, verdict: null });
    expect(await settled(() => builder.archive.calls.reads)).toBe(reads);
  });

  it('end where the signal aborts on the way, and what was found stays', async () => {
    const builder = new ArchiveBuilder();
    await builder.chain().fill(100, 2);
    const stopping = new AbortController();
    const search = findLines({
      ...{ store: lawlessStore(builder.archive), trusted: builder.trusted, nowMs: NOW_MS, threads: 0 },
      ...{ signal: stopping.signal, query: queryOf({ texts: ['login'] }) },
    });
    const found: number[] = [];
    for await (const { found: line } of search.hits) {
      found.push(line.offset);
      if (found.length === 3) stopping.abort(new Error('stopped by SIGINT'));
    }
    expect(found).toEqual([0, 1, 2]);
    const { end, isComplete, leftOut, verdict } = search.statement();
    expect({ end, isComplete, verdict }).toEqual({ end: 'interrupted', isComplete: false, verdict: null });
    expect(leftOut).toContain('it was interrupted: the answer is partial');
  });

  it('end where the signal aborts before, and the statement says so', async () => {
    const builder = new ArchiveBuilder();
    await builder.chain().seal({ lines: entries(0, 5) });
    const stopping = new AbortController();
    stopping.abort(new Error('stopped'));
    const options = { signal: stopping.signal };
    const { hits, statement } = await find(builder.archive, builder.trusted, { texts: ['x'] }, options);
    expect(hits).toEqual([]);
    expect(statement).toMatchObject({ end: 'interrupted', isComplete: false });
    expect(statement.conclusion).toMatch(/^not everything was searched: interrupted after no hit$/);
  });
});

describe('turns', () => {
  it('come in the order in which they began, whatever ends first', async () => {
    const queue = new TurnQueue<number>(10);
    const signal = new AbortController().signal;
    const first = await queue.begin(signal);
    const second = await queue.begin(signal);
    const third = await queue.begin(signal);
    third(3);
    second(null);
    second(2);
    first(1);
    queue.end();
    const taken: number[] = [];
    for await (const one of queue.turns()) taken.push(one);
    expect(taken).toEqual([1, 3]);
  });

  it('that are too many wait until one is taken', async () => {
    const queue = new TurnQueue<number>(1);
    const signal = new AbortController().signal;
    (await queue.begin(signal))(1);
    let hasBegun = false;
    const waiting = queue.begin(signal).then((set) => {
      hasBegun = true;
      set(2);
      queue.end();
    });
    await settled(() => Number(hasBegun));
    expect(hasBegun).toBe(false);
    const taken: number[] = [];
    for await (const one of queue.turns()) taken.push(one);
    await waiting;
    expect(taken).toEqual([1, 2]);
  });

  it('of chains come in the order of the chains, and end only when all is over', async () => {
    const chains = new ChainQueues<number>(['a', 'b'], 3, 1);
    const signal = new AbortController().signal;
    (await chains.of('b')?.begin(signal))?.(3);
    (await chains.of('a')?.begin(signal))?.(1);
    let begun = 0;
    // A chain whose turns nobody takes yet may be one ahead, and three once somebody does.
    for (const name of ['a', 'b'])
      void chains
        .of(name)
        ?.begin(signal)
        .then((set) => [begun++, set(begun + 10)]);
    expect(await settled(() => begun)).toBe(0);
    const taken: number[] = [];
    let isOver = false;
    const taking = (async () => {
      for await (const one of chains.turns()) taken.push(one);
      isOver = true;
    })();
    await settled(() => taken.length);
    chains.of('a')?.end();
    await settled(() => taken.length);
    chains.of('b')?.end();
    await settled(() => taken.length);
    expect([taken, isOver]).toEqual([[1, 11, 3, 12], false]);
    chains.end();
    await taking;
    expect(isOver).toBe(true);
  });

  it('of chains throw what ended them all, also after each chain has ended', async () => {
    const chains = new ChainQueues<number>(['a'], 3, 1);
    chains.of('a')?.end();
    chains.end(new Error('the store is gone'));
    await expect(chains.turns().next()).rejects.toThrow('the store is gone');
  });

  it('throw what ended them, after what came before', async () => {
    const queue = new TurnQueue<number>(5);
    const signal = new AbortController().signal;
    (await queue.begin(signal))(1);
    await queue.begin(signal);
    queue.end(new Error('the store is gone'));
    const turns = queue.turns();
    expect((await turns.next()).value).toBe(1);
    await expect(turns.next()).rejects.toThrow('the store is gone');
  });
});
