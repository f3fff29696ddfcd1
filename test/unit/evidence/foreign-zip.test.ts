// Is a zip of another program read where it can be read in one way only, and refused where it can not?
import { strToU8, Zip, ZipPassThrough, zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { openZip } from '../../../src/evidence/foreign-zip.ts';
import { packFile, ZipError, zipOf } from '../../../src/evidence/zip.ts';

const [LOCAL, CENTRAL, END] = [0x04034b50, 0x02014b50, 0x06054b50];
const FILES = { 'manifest.dsse.json': strToU8('{}'), 'b/long': strToU8('hello '.repeat(100)) };
const [BELONG, DIFFER] = [
  /bytes that belong to no file/,
  /the directory and the head of .* say different things/,
];
const again = () => zipSync(FILES, { mtime: '2026-01-01' });

const headerAt = (zip: Uint8Array, signature: number, n = 0): number => {
  const view = new DataView(zip.buffer, zip.byteOffset, zip.byteLength);
  let seen = 0;
  for (let at = 0; at + 4 <= zip.length; at++)
    if (view.getUint32(at, true) === signature && seen++ === n) return at;
  throw new Error('no such header');
};
const changed = (edit: (zip: Uint8Array, view: DataView) => void): Uint8Array => {
  const zip = Uint8Array.from(again());
  edit(zip, new DataView(zip.buffer));
  return zip;
};
const outcome = (zip: Uint8Array): string => {
  try {
    return openZip(zip).packedAgain === null ? 'ours' : 'packed again';
  } catch (error) {
    if (error instanceof ZipError) return error.fault;
    throw error;
  }
};

const named = (text: string) => zipSync({ [text]: strToU8('x'), 'manifest.dsse.json': strToU8('{}') });

describe('a zip of another program', () => {
  it('gives its files, and why it is no export', () => {
    const { files, packedAgain } = openZip(again());
    expect([...files].map(([path, bytes]) => [path, bytes.length])).toEqual([
      ['manifest.dsse.json', 2],
      ['b/long', 600],
    ]);
    expect(packedAgain).toEqual(expect.any(String));
  });

  it('is none if it is ours', () => {
    const ours = Buffer.concat([...zipOf([packFile('a', strToU8('1'))])]);
    expect(openZip(ours)).toMatchObject({ packedAgain: null });
  });

  it.each<[what: string, why: RegExp, zip: Uint8Array]>([
    ['a name that leads out', /"\.\.\/x" is no name of a file/, named('../x')],
    ['an absolute name', /"\/x" is no name of a file/, named('/x')],
    ['a backslash', /is no name of a file/, named('a\\x')],
    ['names that differ in case only', /"a" stands twice/, zipSync({ A: strToU8('1'), a: strToU8('2') })],
    ['a folder that has content', /the folder "x\/" has content/, named('x/')],
    ['bytes between its files', BELONG, inserted((zip) => headerAt(zip, LOCAL, 1))],
    ['bytes behind its files', BELONG, inserted((zip) => headerAt(zip, CENTRAL))],
    ['bytes behind its end', /bytes after its end/, Buffer.concat([again(), Buffer.from('x')])],
    ['another head', DIFFER, changed((zip) => zip.set([0x51], headerAt(zip, LOCAL, 1)))],
    ['another name in its head', DIFFER, changed((zip) => zip.set([0x78], headerAt(zip, LOCAL) + 30))],
    ['another size in its head', DIFFER, set('local', 22, 1, 4)],
    ['encryption', /is encrypted/, set('both', 6, 1)],
    ['another method', /another method/, set('both', 8, 12)],
    ['a link', /is a link or a device/, changed(asLink)],
    ['a bomb', /"b\/long" would unpack to 1073741823 bytes/, set('both', 22, 0x3fffffff, 4, 1)],
    ['content that reaches into its directory', /"b\/long" reaches into/, set('both', 18, 300, 4, 1)],
    [
      'several disks',
      /its end does not fit/,
      changed((zip, view) => view.setUint16(headerAt(zip, END) + 4, 1, true)),
    ],
    ['one entry less', /its end does not fit/, counted(-1)],
    ['one entry more', /its directory is too short/, counted(1)],
    ['a name beyond its directory', /its directory is too short/, set('central', 24, 999, 2, 1)],
    ['a size in two ways', /in two ways/, withExtra(Uint8Array.of(1, 0, 0, 0))],
    ['a name in two ways', /in two ways/, withExtra(Uint8Array.of(0x75, 0x70, 0, 0))],
    ['a longer extra field', /extra field is cut/, withExtra(Uint8Array.of(9, 9, 5, 0))],
    ['half an extra field at its very end', /extra field is cut/, extraToTheEnd()],
    [
      'other sizes behind a file',
      /the sizes behind "a" are not/,
      streamed((zip) => zip.set([1], behindAt(zip) + 4)),
    ],
  ])('is refused with %s', (_, why, zip) => {
    expect(() => openZip(zip)).toThrow(why);
    expect(outcome(zip)).toBe('foreign');
  });

  it('is read with what most programs put into it', () => {
    for (const zip of [withExtra(Uint8Array.of(9, 9, 0, 0)), streamed(() => {})])
      expect(outcome(zip)).toBe('packed again');
  });

  it('crashes on no other byte and no cut', () => {
    const zip = again();
    for (let at = 0; at < zip.length; at++) {
      outcome(zip.subarray(0, at));
      for (const by of [1, 0x80, 0xff]) outcome(changed((of) => of.set([(of[at] as number) ^ by], at)));
    }
  });
});

/** Bytes that belong to no file: heads, directory and end fit them. */
function inserted(place: (zip: Uint8Array) => number): Uint8Array {
  const before = Buffer.from(again());
  const at = place(before);
  const zip = Buffer.concat([before.subarray(0, at), Buffer.from('hidden'), before.subarray(at)]);
  const second = headerAt(zip, CENTRAL, 1) + 42;
  if (zip.readUInt32LE(second) >= at) zip.writeUInt32LE(zip.readUInt32LE(second) + 6, second);
  const end = headerAt(zip, END) + 16;
  zip.writeUInt32LE(zip.readUInt32LE(end) + 6, end);
  return zip;
}

/** A number of the head of a file, of its entry in the directory two bytes further on, or of both. */
function set(where: 'local' | 'central' | 'both', field: number, value: number, bytes: 2 | 4 = 2, file = 0) {
  return changed((zip, view) => {
    for (const [kind, signature, at] of [
      ['local', LOCAL, field],
      ['central', CENTRAL, field + 2 + (where === 'central' ? 2 : 0)],
    ] as const) {
      if (where !== 'both' && where !== kind) continue;
      const place = headerAt(zip, signature, file) + at;
      if (bytes === 2) view.setUint16(place, value, true);
      else view.setUint32(place, value, true);
    }
  });
}

function asLink(zip: Uint8Array, view: DataView): void {
  const at = headerAt(zip, CENTRAL);
  zip[at + 5] = 3;
  view.setUint16(at + 40, 0o120777, true);
}

const counted = (more: number) =>
  changed((zip, view) => {
    for (const field of [8, 10]) {
      const at = headerAt(zip, END) + field;
      view.setUint16(at, view.getUint16(at, true) + more, true);
    }
  });

/** One stored file with an extra field in its entry of the directory. */
function withExtra(extra: Uint8Array): Uint8Array {
  const plain = Buffer.from(zipSync({ a: strToU8('x') }, { level: 0, mtime: '2026-01-01' }));
  const [central, end] = [headerAt(plain, CENTRAL), headerAt(plain, END)];
  plain.writeUInt16LE(extra.length, central + 30);
  plain.writeUInt32LE(plain.readUInt32LE(end + 12) + extra.length, end + 12);
  return Buffer.concat([plain.subarray(0, end), extra, plain.subarray(end)]);
}

/** The extra field of its head is all of the rest, and two bytes of a field are left in the end. */
function extraToTheEnd(): Uint8Array {
  const zip = Buffer.from(zipSync({ a: strToU8('0123456789') }, { level: 0, mtime: '2026-01-01' }));
  const from = 31;
  zip.writeUInt16LE(zip.length - from, 28);
  zip.writeUInt16LE(0x0909, from);
  zip.writeUInt16LE(zip.length - from - 4 - 2, from + 2);
  return zip;
}

/** As a program writes that does not know the sizes before: they stand behind the content. */
function streamed(edit: (zip: Uint8Array) => void): Uint8Array {
  const parts: Uint8Array[] = [];
  const zip = new Zip((error, part) => {
    if (error !== null) throw error;
    parts.push(part);
  });
  const file = new ZipPassThrough('a');
  zip.add(file);
  file.push(strToU8('content'), true);
  zip.end();
  const whole = Uint8Array.from(Buffer.concat(parts));
  edit(whole);
  return whole;
}
const behindAt = (zip: Uint8Array): number => headerAt(zip, 0x08074b50);
