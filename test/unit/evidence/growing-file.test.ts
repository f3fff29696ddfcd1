// Is a file that grows the same in whatever pieces it came, and does what waits on the disk come back?
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Spool } from '../../../src/apps/cli/spool.ts';
import { GrowingFile } from '../../../src/evidence/growing-file.ts';
import { packFile, readZip, zipOf } from '../../../src/evidence/zip.ts';

const content = Buffer.from(
  Array.from({ length: 9000 }, (_, n) => `{"offset":${n},"value":"${'x'.repeat(n % 40)}"}\n`).join(''),
);
const grown = (sizes: readonly number[]) => {
  const file = new GrowingFile('events.csv');
  for (let at = 0, turn = 0; at < content.length; turn++) {
    const size = sizes[turn % sizes.length] as number;
    // A piece that its owner uses again for something else.
    const piece = Uint8Array.from(content.subarray(at, at + size));
    file.add(piece);
    piece.fill(0);
    at += size;
  }
  return file.end();
};

describe('a file that grows', () => {
  it('is the same in whatever pieces it comes', () => {
    const whole = grown([content.length]);
    expect(whole.sha256).toBe(createHash('sha256').update(content).digest('hex'));
    for (const sizes of [[1, 1000], [65_536], [65_537, 3], [200_000, 7]]) expect(grown(sizes)).toEqual(whole);
  });

  it('is read back as what it was, also an empty one', () => {
    const { file } = grown([777]);
    const empty = new GrowingFile('events/a/0.jsonl').end();
    const zip = Buffer.concat([...zipOf([file, empty.file])]);
    const read = readZip(new Uint8Array(zip));
    expect(Buffer.from(read.get('events.csv') as Uint8Array).equals(content)).toBe(true);
    expect(read.get('events/a/0.jsonl')).toEqual(new Uint8Array(0));
    expect(file.packed.length).toBeLessThan(content.length / 4);
  });
});

describe('what waits on the disk', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'ledgerstone-spool-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it('comes back in any order, written or not, and after it was emptied; and the file goes', () => {
    const spool = new Spool(join(dir, 'case.zip'));
    const pieces = Array.from({ length: 300 }, (_, n) => Buffer.alloc(1 + ((n * 7919) % 12_000), n));
    for (const round of [1, 2]) {
      const kept = pieces.map((piece) => spool.add(piece));
      const large = spool.add(Buffer.alloc(3_000_000, round));
      expect(readdirSync(dir)).toHaveLength(1);
      for (const n of [299, 0, 150, 1]) expect(Buffer.from(kept[n]!.read()).equals(pieces[n]!)).toBe(true);
      expect(Buffer.from(large.read()).equals(Buffer.alloc(3_000_000, round))).toBe(true);
      spool.empty();
    }
    spool.close();
    expect(readdirSync(dir)).toEqual([]);
  });

  it('says which file could not be written, and leaves none', () => {
    const spool = new Spool(join(dir, 'nowhere', 'case.zip'));
    expect(() => spool.add(Buffer.alloc(2_000_000))).toThrow(
      /can't write .*nowhere.case\.zip\..*\.partial: ENOENT/,
    );
    spool.close();
    expect(existsSync(join(dir, 'nowhere'))).toBe(false);
  });

  it('gives a zip the same bytes as memory does', () => {
    const spool = new Spool(join(dir, 'case.zip'));
    const files = ['a', 'b', 'c'].map((path) => packFile(path, content));
    const kept = files.map((file) => ({ ...file, packed: spool.add(file.packed as Uint8Array) }));
    expect(Buffer.concat([...zipOf(kept)]).equals(Buffer.concat([...zipOf(files)]))).toBe(true);
    spool.close();
  });
});
