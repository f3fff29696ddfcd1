// Do all programs find the same files in a zip of ours, and is every other zip refused without a crash?
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { crc32 } from '../../../src/evidence/crc32.ts';
import {
  isPackagePath,
  type PackedFile,
  packFile,
  readZip,
  ZipError,
  zipOf,
} from '../../../src/evidence/zip.ts';

const FILES: [string, Uint8Array][] = [
  ['a.txt', Buffer.from('hello hello hello hello hello hello\n')],
  ['b/empty', new Uint8Array(0)],
  ['b/random.bin', Uint8Array.from({ length: 300 }, (_, index) => (index * index * 7919) % 251)],
];
const zipped = (files: readonly PackedFile[]): Uint8Array => Buffer.concat([...zipOf(files)]);
const good = () => zipped(FILES.map(([path, bytes]) => packFile(path, bytes)));

const faultOf = (zip: Uint8Array): string => {
  try {
    readZip(zip);
    return 'none';
  } catch (error) {
    if (error instanceof ZipError) return error.fault;
    throw error;
  }
};
/** The place of the n-th header with that signature. */
const headerAt = (zip: Uint8Array, signature: number, n = 0): number => {
  const view = new DataView(zip.buffer, zip.byteOffset, zip.byteLength);
  let seen = 0;
  for (let at = 0; at + 4 <= zip.length; at++)
    if (view.getUint32(at, true) === signature && seen++ === n) return at;
  throw new Error('no such header');
};
const [LOCAL, CENTRAL, END] = [0x04034b50, 0x02014b50, 0x06054b50];

describe('a zip of ours', () => {
  it('gives back its files, and the same files give the same bytes in any order', () => {
    expect([...readZip(good())].map(([path, bytes]) => [path, Buffer.from(bytes)])).toEqual(
      FILES.map(([path, bytes]) => [path, Buffer.from(bytes)]),
    );
    const turned = zipped(FILES.toReversed().map(([path, bytes]) => packFile(path, bytes)));
    expect(Buffer.compare(turned, good())).toBe(0);
  });

  it.runIf(spawnSync('python3', ['--version']).status === 0)('is read alike by another program', () => {
    const dir = mkdtempSync(join(tmpdir(), 'ledgerstone-zip-'));
    try {
      writeFileSync(join(dir, 'x.zip'), good());
      const script = `import zipfile, json, sys
z = zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None
print(json.dumps([[i.filename, z.read(i).hex(), i.date_time[0]] for i in z.infolist()]))`;
      const out = execFileSync('python3', ['-c', script, join(dir, 'x.zip')], { encoding: 'utf8' });
      expect(JSON.parse(out)).toEqual(
        FILES.map(([path, bytes]) => [path, Buffer.from(bytes).toString('hex'), 1980]),
      );
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  it('has the checksum that zips have', () => {
    expect(crc32(Buffer.from('123456789'))).toBe(0xcbf43926);
  });

  it.each(['../a', '/a', 'a//b', 'a/./b', 'a\\b', 'a/', '', 'ä', 'a b', 'C:/a', 'x'.repeat(601)])(
    'holds no file named %j',
    (path) => {
      expect(isPackagePath(path)).toBe(false);
      expect(() => packFile(path, new Uint8Array(0))).toThrow(RangeError);
    },
  );
});

describe('a hostile or hurt zip is refused', () => {
  const change = (edit: (zip: Uint8Array, view: DataView) => void): Uint8Array => {
    const zip = new Uint8Array(good());
    edit(zip, new DataView(zip.buffer));
    return zip;
  };
  const named = (name: string) => {
    // Written by hand: `packFile` refuses such a name.
    const zip = change((bytes) => {
      for (const signature of [LOCAL, CENTRAL]) {
        const at = headerAt(bytes, signature) + (signature === LOCAL ? 30 : 46);
        bytes.set(Buffer.from(name), at);
      }
    });
    return zip;
  };
  const bomb = () => {
    const packed = deflateRawSync(Buffer.alloc(50_000_000));
    return zipped([{ path: 'a', method: 8, crc: 0, packed, bytes: 40 }]);
  };
  const between = () => {
    const zip = good();
    const at = headerAt(zip, CENTRAL);
    const longer = Buffer.concat([zip.subarray(0, at), Buffer.from('hidden'), zip.subarray(at)]);
    const end = headerAt(longer, END);
    longer.writeUInt32LE(longer.readUInt32LE(end + 16) + 6, end + 16);
    return longer;
  };
  const cases: [string, Uint8Array, string][] = [
    ['bytes between its files and its directory', between(), 'foreign'],
    ['nothing', new Uint8Array(0), 'not-a-zip'],
    ['text', Buffer.from('<!doctype html><h1>Not found</h1>'), 'not-a-zip'],
    ['bytes before it', Buffer.concat([Buffer.from('x'), good()]), 'not-a-zip'],
    ['bytes after it', Buffer.concat([good(), Buffer.from('x')]), 'foreign'],
    ['a cut download', good().subarray(0, 200), 'cut'],
    ['a missing last byte', good().subarray(0, -1), 'cut'],
    ['only its first header', good().subarray(0, 30), 'cut'],
    ['a name that leads out of the folder', named('../xx'), 'foreign'],
    ['an absolute name', named('/a.tx'), 'foreign'],
    ['a name with a backslash', named('a\\.tx'), 'foreign'],
    [
      'another name in the local header',
      change((zip) => zip.set(Buffer.from('b'), headerAt(zip, LOCAL) + 30)),
      'foreign',
    ],
    [
      'another size in the local header',
      change((zip, view) => view.setUint32(headerAt(zip, LOCAL) + 22, 1, true)),
      'foreign',
    ],
    [
      'an entry less in the directory',
      change((zip, view) => view.setUint16(headerAt(zip, END) + 10, 2, true)),
      'foreign',
    ],
    [
      'sizes of zip64',
      change((zip, view) => view.setUint32(headerAt(zip, CENTRAL) + 24, 0xffffffff, true)),
      'foreign',
    ],
    [
      'a count of zip64',
      change((zip, view) => view.setUint16(headerAt(zip, END) + 8, 0xffff, true)),
      'foreign',
    ],
    ['a second disk', change((zip, view) => view.setUint16(headerAt(zip, END) + 4, 1, true)), 'foreign'],
    ['encryption', change((zip, view) => view.setUint16(headerAt(zip, CENTRAL) + 8, 1, true)), 'foreign'],
    [
      'another method',
      change((zip, view) => view.setUint16(headerAt(zip, CENTRAL) + 10, 12, true)),
      'foreign',
    ],
    [
      'an extra field',
      change((zip, view) => view.setUint16(headerAt(zip, CENTRAL) + 30, 4, true)),
      'foreign',
    ],
    [
      'a link',
      change((zip, view) => view.setUint32(headerAt(zip, CENTRAL) + 38, 0o120777 * 65_536, true)),
      'foreign',
    ],
    [
      'two files at one place',
      change((zip, view) => view.setUint32(headerAt(zip, CENTRAL, 1) + 42, 0, true)),
      'foreign',
    ],
    ['a changed content', change((zip) => zip.set([0xff], headerAt(zip, LOCAL, 2) + 50)), 'damaged'],
    [
      'a bomb that says how large it is',
      zipped([
        {
          ...packFile('a', new Uint8Array(0)),
          method: 8,
          packed: deflateRawSync(Buffer.alloc(1000)),
          bytes: 4_000_000_000,
        },
      ]),
      'foreign',
    ],
    ['a bomb that says that it is small', bomb(), 'damaged'],
    [
      'two files of one name',
      zipped([packFile('a', Buffer.from('1')), packFile('a', Buffer.from('2'))]),
      'foreign',
    ],
  ];
  it.each(cases)('%s', (_name, zip, fault) => {
    expect(faultOf(zip)).toBe(fault);
  });

  it('wherever it is cut, and whichever byte is another', () => {
    const zip = good();
    for (let length = 0; length < zip.length; length++)
      expect(faultOf(zip.subarray(0, length))).not.toBe('none');
    let same = 0;
    for (let at = 0; at < zip.length; at++) {
      const other = Uint8Array.from(zip);
      other[at] = (other[at] as number) ^ 0x41;
      // Some bits of DEFLATE mean nothing: then the content is the same, and it has the same checksum.
      if (faultOf(other) === 'none') same++;
    }
    expect(same).toBeLessThan(3);
  });
});
