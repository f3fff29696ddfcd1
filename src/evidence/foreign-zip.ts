// Which files lie in a zip that another program packed, where every program must find the same ones in it?
import { equalBytes } from '../base/bytes.ts';
import { isLeftover } from './leftovers.ts';
import { PATHS } from './package.ts';
import { INFLATION_MAX, readZip, unpackedContent, ZIP_CONTENT_MAX, ZIP_FILES_MAX, ZipError } from './zip.ts';

export type OpenedZip = {
  readonly files: Map<string, Uint8Array>;
  /** Why it is not as an export writes it. Null: it is. */
  readonly packedAgain: string | null;
};

/** Also of a zip that was unpacked and packed again, if it can be read in one way only. Throws ZipError. */
export function openZip(zip: Uint8Array): OpenedZip {
  try {
    return { files: readZip(zip), packedAgain: null };
  } catch (error) {
    if (!(error instanceof ZipError) || error.fault !== 'foreign') throw error;
    return { files: withoutFolder(readForeignZip(zip)), packedAgain: error.message };
  }
}

const [LOCAL, CENTRAL, END] = [0x04034b50, 0x02014b50, 0x06054b50];
const [LOCAL_BYTES, CENTRAL_BYTES, END_BYTES] = [30, 46, 22];
/** What may stand in the flags: how hard it was compressed, sizes behind the content, names in UTF-8. */
const [BEHIND, FLAGS] = [0x0008, 0x080e];
/** Extra fields that say another size or another name: zip64, and Info-ZIP's name in Unicode. */
const TELLING: readonly number[] = [0x0001, 0x7075];

const unsafe = (why: string): ZipError => new ZipError('foreign', why);

type Entry = {
  readonly path: string;
  readonly method: 0 | 8;
  readonly flags: number;
  readonly crc: number;
  readonly bytes: number;
  readonly packed: number;
  readonly at: number;
  readonly name: Uint8Array;
};

function readForeignZip(zip: Uint8Array): Map<string, Uint8Array> {
  const view = new DataView(zip.buffer, zip.byteOffset, zip.byteLength);
  const { entries, start } = directoryOf(zip, view);
  const files = new Map<string, Uint8Array>();
  const known = new Set<string>();
  let [end, content] = [0, 0];
  for (const entry of entries.toSorted((a, b) => a.at - b.at)) {
    const { path, bytes, packed } = entry;
    // Systems that do not tell A from a would keep one of both.
    if (known.has(path.toLowerCase())) throw unsafe(`${JSON.stringify(path)} stands twice in it`);
    known.add(path.toLowerCase());
    content += bytes;
    if (content > ZIP_CONTENT_MAX || bytes > packed * INFLATION_MAX)
      throw unsafe(`${JSON.stringify(path)} would unpack to ${bytes} bytes`);
    if (entry.at !== end) throw unsafe('it has bytes that belong to no file');
    const from = contentStart(zip, view, entry);
    end = from + packed + bytesBehind(view, entry, from + packed, start);
    if (end > start) throw unsafe(`${JSON.stringify(path)} reaches into the directory`);
    if (path.endsWith('/') && bytes > 0) throw unsafe(`the folder ${JSON.stringify(path)} has content`);
    if (!path.endsWith('/') && !isLeftover(path))
      files.set(path, unpackedContent(zip.subarray(from, from + packed), entry));
  }
  if (end !== start) throw unsafe('it has bytes that belong to no file');
  return files;
}

function directoryOf(zip: Uint8Array, view: DataView): { entries: Entry[]; start: number } {
  let end = zip.length - END_BYTES;
  const first = Math.max(0, end - 0xffff);
  while (end >= first && view.getUint32(end, true) !== END) end--;
  if (end < first || end + END_BYTES + view.getUint16(end + 20, true) !== zip.length)
    throw unsafe('it has bytes after its end');
  const count = view.getUint16(end + 10, true);
  const start = view.getUint32(end + 16, true);
  const isOne = view.getUint32(end + 4, true) === 0 && view.getUint16(end + 8, true) === count;
  if (!isOne || count > ZIP_FILES_MAX || start + view.getUint32(end + 12, true) !== end)
    throw unsafe('its end does not fit its directory');
  const entries: Entry[] = [];
  let at = start;
  for (let index = 0; index < count; index++) {
    if (at + CENTRAL_BYTES > end || view.getUint32(at, true) !== CENTRAL)
      throw unsafe('its directory is too short');
    const [length, extra, comment] = [28, 30, 32].map((field) => view.getUint16(at + field, true)) as [
      number,
      number,
      number,
    ];
    const next = at + CENTRAL_BYTES + length + extra + comment;
    if (next > end) throw unsafe('its directory is too short');
    entries.push(centralEntry(zip, view, at));
    requirePlainExtra(view, at + CENTRAL_BYTES + length, extra);
    at = next;
  }
  if (at !== end) throw unsafe('its end does not fit its directory');
  return { entries, start };
}

function centralEntry(zip: Uint8Array, view: DataView, at: number): Entry {
  const from = at + CENTRAL_BYTES;
  const name = zip.subarray(from, from + view.getUint16(at + 28, true));
  const path = new TextDecoder().decode(name);
  const isPlain = /^[^\\\p{C}\ufffd]+$/u.test(path) && !path.startsWith('/');
  if (!isPlain || path.split('/').some((part) => part === '.' || part === '..'))
    throw unsafe(`${JSON.stringify(path.slice(0, 80))} is no name of a file in a folder`);
  const [flags, method] = [view.getUint16(at + 8, true), view.getUint16(at + 10, true)];
  if ((flags & ~FLAGS) !== 0) throw unsafe(`${path} is encrypted, or packed in another way`);
  if (method !== 0 && method !== 8) throw unsafe(`${path} is compressed by another method`);
  const mode = view.getUint8(at + 5) === 3 ? view.getUint16(at + 40, true) & 0o170000 : 0;
  if (mode !== 0 && mode !== 0o100000 && mode !== 0o040000) throw unsafe(`${path} is a link or a device`);
  const [crc, packed, bytes] = [16, 20, 24].map((field) => view.getUint32(at + field, true)) as [
    number,
    number,
    number,
  ];
  return { path, method, flags, crc, packed, bytes, name, at: view.getUint32(at + 42, true) };
}

function requirePlainExtra(view: DataView, from: number, length: number): void {
  let at = from;
  while (at < from + length) {
    if (at + 4 > from + length) throw unsafe('an extra field is cut');
    if (TELLING.includes(view.getUint16(at, true))) throw unsafe('it says a name or a size in two ways');
    at += 4 + view.getUint16(at + 2, true);
  }
  if (at !== from + length) throw unsafe('an extra field is cut');
}

/** What the head before the content says must be what the directory says. */
function contentStart(zip: Uint8Array, view: DataView, { at, name, flags, path, ...of }: Entry): number {
  const differs = unsafe(`the directory and the head of ${JSON.stringify(path)} say different things`);
  if (at + LOCAL_BYTES + name.length > zip.length || view.getUint32(at, true) !== LOCAL) throw differs;
  const [length, extra] = [view.getUint16(at + 26, true), view.getUint16(at + 28, true)];
  const from = at + LOCAL_BYTES + length;
  const sizes = [14, 18, 22].map((field) => view.getUint32(at + field, true));
  const isBehind = (flags & BEHIND) !== 0 && sizes.every((size) => size === 0);
  const isSame =
    view.getUint16(at + 6, true) === flags &&
    view.getUint16(at + 8, true) === of.method &&
    equalBytes(zip.subarray(at + LOCAL_BYTES, from), name) &&
    (isBehind || [of.crc, of.packed, of.bytes].every((size, index) => size === sizes[index]));
  if (!isSame || from + extra > zip.length) throw differs;
  requirePlainExtra(view, from, extra);
  return from + extra;
}

/** With or without a signature of its own, as both are written. */
function bytesBehind(view: DataView, { flags, crc, packed, bytes, path }: Entry, at: number, end: number) {
  if ((flags & BEHIND) === 0) return 0;
  for (const head of [4, 0]) {
    if (at + head + 12 > end) continue;
    const said = [0, 4, 8].map((field) => view.getUint32(at + head + field, true));
    if (
      (head === 0 || view.getUint32(at, true) === 0x08074b50) &&
      said.join() === `${crc},${packed},${bytes}`
    )
      return head + 12;
  }
  throw unsafe(`the sizes behind ${JSON.stringify(path)} are not those of the directory`);
}

/** Somebody packed the folder, not what is in it. */
function withoutFolder(files: Map<string, Uint8Array>): Map<string, Uint8Array> {
  const [folder = ''] = [...files.keys()][0]?.split('/') ?? [];
  const isInFolder = [...files.keys()].every((path) => path.startsWith(`${folder}/`));
  if (files.has(PATHS.manifest) || !isInFolder) return files;
  return new Map([...files].map(([path, bytes]) => [path.slice(folder.length + 1), bytes]));
}
