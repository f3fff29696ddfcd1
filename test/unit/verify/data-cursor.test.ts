// Which data objects are called unreferenced, in which order do seals take theirs, and what is held meanwhile?
import { describe, expect, it } from 'vitest';
import { dataKey, dataPrefix } from '../../../src/format/paths.ts';
import { DataCursor } from '../../../src/verify/data-cursor.ts';
import { FindingList } from '../../../src/verify/finding-list.ts';
import { START_MS } from '../../support/archive-builder.ts';
import { LawlessArchive } from '../../support/lawless-archive.ts';

const DAY_MS = 86_400_000;
const key = (sequence: number, day = 0, fill = 'a'): string =>
  dataKey({
    ...{ chain: 'orders', partition: 0, sealedMs: START_MS + day * DAY_MS, sequence },
    ...{ sha256: fill.repeat(64), encoding: 'zstd' },
  });

function cursorOver(...keys: readonly string[]) {
  const archive = new LawlessArchive();
  for (const each of keys) archive.put(each, new Uint8Array(3));
  const findings = new FindingList();
  const cursor = new DataCursor(archive, dataPrefix('orders', 0), findings, undefined);
  const accused = () => findings.list().map(({ code, sequence }) => `${code} ${sequence}`);
  return { archive, cursor, findings, accused };
}

describe('a data cursor', () => {
  it('gives each seal its object, and calls what lies between them unreferenced', async () => {
    const { cursor, accused } = cursorOver(key(1), key(1, 0, 'b'), key(2), key(3, 1));
    expect(await cursor.take(key(1), true)).toMatchObject({ key: key(1), size: 3 });
    expect(await cursor.take(key(2), true)).toMatchObject({ key: key(2) });
    expect(accused()).toEqual(['unreferenced-object 1']);
    await cursor.finish();
    expect(accused()).toEqual(['unreferenced-object 1', 'unreferenced-object 3']);
    expect(cursor.lastSequence).toBe(3);
  });

  it('holds what lies before an earlier seal’s object for the later seal that names it', async () => {
    const { cursor, accused } = cursorOver(key(2, -1), key(3, -1), key(1));
    expect(await cursor.take(key(1), true)).toMatchObject({ key: key(1) });
    expect(await cursor.take(key(2, -1), true)).toMatchObject({ key: key(2, -1) });
    expect(accused()).toEqual([]);
    await cursor.finish();
    expect(accused()).toEqual(['unreferenced-object 3']);
  });

  it('holds no more than a thousand of them', async () => {
    const early = Array.from({ length: 1002 }, (_, i) => key(i + 2, -1));
    const { cursor, findings } = cursorOver(...early, key(1));
    await cursor.take(key(1), true);
    const counted = () => findings.list().length + findings.omitted;
    expect(counted()).toBe(2);
    await cursor.finish();
    expect(counted()).toBe(1002);
    await cursor.finish();
    expect(counted()).toBe(1002);
  });

  it('does not move for a seal that is not trusted', async () => {
    const { cursor, accused } = cursorOver(key(1), key(2), key(3));
    expect(await cursor.take(key(3), false)).toMatchObject({ key: key(3) });
    expect(await cursor.take(key(9), false)).toBeNull();
    expect(accused()).toEqual([]);
    expect(await cursor.take(key(1), true)).toMatchObject({ key: key(1) });
    await cursor.finish();
    expect(accused()).toEqual(['unreferenced-object 2']);
  });

  it('finds what was written after the list was made, and misses only what is not there', async () => {
    const { archive, cursor } = cursorOver(key(1), key(9));
    expect(await cursor.take(key(2), true)).toBeNull();
    archive.put(key(3), new Uint8Array(4));
    expect(await cursor.take(key(3), true)).toMatchObject({ size: 4 });
  });

  it('accuses nothing of a sequence that only a newer reader can know', async () => {
    const { cursor, accused } = cursorOver(key(1), key(2), key(3));
    cursor.endAt(2);
    await cursor.finish();
    expect(accused()).toEqual(['unreferenced-object 1']);
  });

  it('begins behind what was checked before', async () => {
    const { cursor, accused } = cursorOver(key(1), key(2), key(3));
    cursor.startAfter(key(1));
    expect(await cursor.take(key(2), true)).toMatchObject({ key: key(2) });
    await cursor.finish();
    expect(accused()).toEqual(['unreferenced-object 3']);
  });

  it('passes by delete markers, and takes the version below one', async () => {
    const { archive, cursor, accused } = cursorOver(key(2));
    archive.marker(key(1));
    archive.marker(key(2));
    archive.marker(key(7));
    expect(await cursor.take(key(1), true)).toBeNull();
    expect(await cursor.take(key(2), true)).toMatchObject({ key: key(2), marker: false });
    await cursor.finish();
    expect(accused()).toEqual(['delete-marker null', 'delete-marker null', 'delete-marker null']);
    expect(cursor.lastSequence).toBe(2);
  });

  it('calls a key that is none of a data object foreign, and counts no sequence of it', async () => {
    const { archive, cursor, accused } = cursorOver(key(1));
    archive.put(`${dataPrefix('orders', 0)}date=2026-11-22/000000000009-x.jsonl.zst`, new Uint8Array(1));
    await cursor.finish();
    expect(accused()).toEqual(['foreign-object null', 'unreferenced-object 1']);
    expect(cursor.lastSequence).toBe(1);
  });
});
