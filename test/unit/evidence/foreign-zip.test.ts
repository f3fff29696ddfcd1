// Is a zip of another program read where it can be read in one way only, and refused where it can not?
import { strToU8, zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { openZip } from '../../../src/evidence/foreign-zip.ts';
import { packFile, ZipError, zipOf } from '../../../src/evidence/zip.ts';

const [LOCAL, CENTRAL, END] = [0x04034b50, 0x02014b50, 0x06054b50];
const FILES = { 'manifest.dsse.json': strToU8('{}'), 'b/long': strToU8('hello '.repeat(100)) };
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

  const name = (text: string) => zipSync({ [text]: strToU8('x'), 'manifest.dsse.json': strToU8('{}') });
  it.each<[string, Uint8Array]>([
    ['a name that leads out', name('../x')],
    ['an absolute name', name('/x')],
    ['a backslash', name('a\\x')],
    ['names that differ in case only', zipSync({ A: strToU8('1'), a: strToU8('2') })],
    ['bytes before a file', Buffer.concat([again().subarray(0, 0), between()])],
    ['bytes behind its end', Buffer.concat([again(), Buffer.from('x')])],
    ['another name in its head', changed((zip) => zip.set([0x78], headerAt(zip, LOCAL) + 30))],
    ['another size in its head', changed((zip, view) => view.setUint32(headerAt(zip, LOCAL) + 22, 1, true))],
    ['encryption', changed((zip, view) => view.setUint16(headerAt(zip, CENTRAL) + 8, 1, true))],
    ['one entry less', changed((zip, view) => view.setUint16(headerAt(zip, END) + 10, 1, true))],
    ['a bomb', changed((zip, view) => view.setUint32(headerAt(zip, CENTRAL, 1) + 24, 0x3fffffff, true))],
    [
      'a link',
      changed((zip, view) => {
        const at = headerAt(zip, CENTRAL);
        zip[at + 5] = 3;
        view.setUint16(at + 40, 0o120777, true);
      }),
    ],
  ])('is refused with %s', (_name, zip) => {
    expect(outcome(zip)).toBe('foreign');
  });

  it('crashes on no other byte and no cut', () => {
    const zip = again();
    for (let at = 0; at < zip.length; at++) {
      outcome(zip.subarray(0, at));
      for (const by of [1, 0x80, 0xff]) outcome(changed((of) => of.set([(of[at] as number) ^ by], at)));
    }
  });
});

/** Bytes between the files and the directory, to which the end still fits. */
function between(): Uint8Array {
  const zip = Buffer.from(again());
  const at = headerAt(zip, CENTRAL);
  const longer = Buffer.concat([zip.subarray(0, at), Buffer.from('hidden'), zip.subarray(at)]);
  const end = headerAt(longer, END);
  longer.writeUInt32LE(longer.readUInt32LE(end + 16) + 6, end + 16);
  return longer;
}
