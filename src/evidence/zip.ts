// How do the files of a package stand in one zip, so that every program finds the same files in it?
// (PKWARE APPNOTE 6.3.10, without zip64, extra fields, comments and data descriptors)
import { deflateSync, inflateSync } from 'fflate';
import { equalBytes, joinBytes, utf8 } from '../base/bytes.ts';
import { LedgerstoneError, messageOf } from '../base/error.ts';
import { crc32 } from './crc32.ts';

/**
 * `not-a-zip`: it does not begin as one. `cut`: its end is missing. `foreign`: another program wrote it, or
 * somebody changed it: programs could find different files in it. `damaged`: a file in it does not unpack.
 */
export type ZipFault = 'not-a-zip' | 'cut' | 'foreign' | 'damaged';

export class ZipError extends LedgerstoneError {
  readonly fault: ZipFault;

  constructor(fault: ZipFault, message: string) {
    super(fault, message, { disposition: 'input' });
    this.name = 'ZipError';
    this.fault = fault;
  }
}

/** Bytes that lie elsewhere until they are needed. */
export type SpooledBytes = { readonly length: number; read(): Uint8Array };

/** One file, compressed. */
export type PackedFile = {
  readonly path: string;
  readonly method: 0 | 8;
  readonly crc: number;
  readonly packed: Uint8Array | SpooledBytes;
  /** Of the content. */
  readonly bytes: number;
};

/** Files of one zip. The count stands in 16 bits. */
export const ZIP_FILES_MAX = 65_534;
/** Content of all files of one zip: what a reader unpacks at most. */
export const ZIP_CONTENT_MAX = 1024 * 1024 * 1024;
const PATH_MAX = 600;
/** Below this size fflate spends its time on its own tables. */
const SMALL = 32 * 1024;

const [LOCAL, CENTRAL, END] = [0x04034b50, 0x02014b50, 0x06054b50];
const [LOCAL_BYTES, CENTRAL_BYTES, END_BYTES] = [30, 46, 22];
/** 2.0: DEFLATE and folders. */
const VERSION = 20;
const UNIX = 3 << 8;
/** A plain file with the rights rw-r--r--. */
const ATTRIBUTES = 0o100644 * 65_536;
/** 1980-01-01, the first day that a zip can say: a package states its times in the protocol alone. */
const DOS_DATE = 0x21;
/** DEFLATE makes no more of a byte. */
export const INFLATION_MAX = 1032;

/** Plain names in folders: nothing leads out of a folder, and no letter is spelt differently by systems. */
export const isPackagePath = (path: string): boolean =>
  path.length <= PATH_MAX &&
  path.split('/').every((part) => /^[A-Za-z0-9._-]+$/.test(part) && part !== '.' && part !== '..');

/** Throws RangeError for another one. */
export function requirePackagePath(path: string): void {
  if (!isPackagePath(path)) throw new RangeError(`${path} is no path of a package`);
}

/** As DEFLATE (RFC 1951), without a head: the same content must give the same bytes. */
export type Deflate = (content: Uint8Array) => Uint8Array;

const deflate: Deflate = (content) => {
  // With a small table a small file takes half the time, and is as small.
  const table = content.length < SMALL ? { mem: 4 as const } : {};
  return deflateSync(content, { level: 6, ...table });
};

export function packFile(
  path: string,
  content: Uint8Array,
  by: Deflate = deflate,
): PackedFile & { readonly packed: Uint8Array } {
  requirePackagePath(path);
  const deflated = by(content);
  const isSmaller = deflated.length < content.length;
  return {
    path,
    method: isSmaller ? 8 : 0,
    crc: crc32(content),
    // A copy: what fflate gives may be a view of a much larger buffer.
    packed: isSmaller ? deflated.slice() : content,
    bytes: content.length,
  };
}

/** Sorted by path. The same files give the same bytes. */
export function* zipOf(files: readonly PackedFile[]): Generator<Uint8Array> {
  const sorted = files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  if (sorted.length > ZIP_FILES_MAX) throw new RangeError(`${sorted.length} files in one zip`);
  const central: Uint8Array[] = [];
  let at = 0;
  for (const file of sorted) {
    const local = localHeader(file);
    central.push(centralHeader(file, at));
    yield local;
    yield file.packed instanceof Uint8Array ? file.packed : file.packed.read();
    at += local.length + file.packed.length;
  }
  const directory = joinBytes(central);
  yield directory;
  yield endRecord(sorted.length, directory.length, at);
}

/**
 * The content of each file by its path. Every byte must be as `zipOf` writes it, but for how hard the content
 * was compressed, so there is nothing in it that another program could read otherwise. Throws ZipError.
 */
export function readZip(zip: Uint8Array): Map<string, Uint8Array> {
  const view = new DataView(zip.buffer, zip.byteOffset, zip.byteLength);
  const { count, size, start } = endOf(zip, view);
  const files = new Map<string, Uint8Array>();
  let [at, entry, content, before] = [0, start, 0, ''];
  for (let index = 0; index < count; index++) {
    const file = centralEntry(zip, view, entry);
    const { path, bytes, packed } = file;
    if (path <= before) throw foreign(`${path} stands twice or in another order`);
    before = path;
    content += bytes;
    const isBomb = content > ZIP_CONTENT_MAX || bytes > packed * INFLATION_MAX;
    if (isBomb) throw foreign(`${path} would unpack to ${bytes} bytes`);
    const head = localHeader(file);
    const from = at + head.length;
    const same =
      equalBytes(zip.subarray(at, from), head) &&
      equalBytes(zip.subarray(entry, entry + CENTRAL_BYTES + path.length), centralHeader(file, at));
    if (!same) throw foreign(`the entries of ${path} are not written as an export writes them`);
    at = from + packed;
    if (at > start) throw foreign(`${path} reaches into the directory`);
    files.set(path, unpackedContent(zip.subarray(from, at), file));
    entry += CENTRAL_BYTES + path.length;
  }
  if (at !== start || entry !== start + size) throw foreign('it has bytes that belong to no file');
  return files;
}

type Entry = Omit<PackedFile, 'packed'> & { readonly packed: number };

function endOf(zip: Uint8Array, view: DataView): { count: number; size: number; start: number } {
  if (zip.length < 4 || view.getUint32(0, true) !== LOCAL) {
    throw new ZipError('not-a-zip', 'it does not begin as a zip of a package begins');
  }
  const end = zip.length - END_BYTES;
  if (end < 0 || view.getUint32(end, true) !== END) {
    const hasEnd = lastIndexOfEnd(zip, view) >= 0;
    if (hasEnd) throw foreign('it has bytes after its end');
    throw new ZipError('cut', `its end is missing: it has ${zip.length} bytes, and should have more`);
  }
  const count = view.getUint16(end + 10, true);
  const size = view.getUint32(end + 12, true);
  const start = view.getUint32(end + 16, true);
  if (start + size !== end || !equalBytes(zip.subarray(end), endRecord(count, size, start)))
    throw foreign('its end does not fit its directory');
  return { count, size, start };
}

/** A comment has at most 65,535 bytes, and what was appended may be longer: the whole rest is looked at. */
function lastIndexOfEnd(zip: Uint8Array, view: DataView): number {
  for (let at = zip.length - END_BYTES; at >= 0; at--) {
    if (zip[at] === 0x50 && view.getUint32(at, true) === END) return at;
  }
  return -1;
}

function centralEntry(zip: Uint8Array, view: DataView, at: number): Entry {
  if (at + CENTRAL_BYTES > zip.length - END_BYTES) throw foreign('its directory is too short');
  const method = view.getUint16(at + 10, true);
  const length = view.getUint16(at + 28, true);
  const name = zip.subarray(at + CENTRAL_BYTES, Math.min(at + CENTRAL_BYTES + length, zip.length));
  const path = String.fromCharCode(...name.subarray(0, PATH_MAX + 1));
  if (!isPackagePath(path) || name.length !== length)
    throw foreign(`${JSON.stringify(path.slice(0, 80))} is no name of a package's file`);
  if (method !== 0 && method !== 8) throw foreign(`${path} is compressed by another method`);
  const packed = view.getUint32(at + 20, true);
  const bytes = view.getUint32(at + 24, true);
  return { path, method, crc: view.getUint32(at + 16, true), packed, bytes };
}

/** Unpacks at most `bytes`, and throws ZipError where the checksum is another. */
export function unpackedContent(
  packed: Uint8Array,
  { path, method, bytes, crc }: Pick<PackedFile, 'path' | 'method' | 'bytes' | 'crc'>,
): Uint8Array {
  let content = packed;
  try {
    // What is longer than `out` is dropped by fflate: the memory is bounded, and the CRC shows it.
    if (method === 8) content = inflateSync(packed, { out: new Uint8Array(bytes) });
  } catch (error) {
    throw new ZipError('damaged', `${path} does not unpack: ${messageOf(error)}`);
  }
  if (content.length !== bytes || crc32(content) !== crc)
    throw new ZipError('damaged', `${path} does not unpack to what its checksum says`);
  return content;
}

const foreign = (why: string): ZipError => new ZipError('foreign', why);

type Sizes = Pick<PackedFile, 'path' | 'method' | 'crc' | 'bytes'> & {
  readonly packed: Uint8Array | SpooledBytes | number;
};

const lengthOf = (packed: Uint8Array | SpooledBytes | number): number =>
  typeof packed === 'number' ? packed : packed.length;

/** What both headers say of a file: from `version needed` to the length of the extra field. */
function writeFacts(view: DataView, at: number, { path, method, crc, packed, bytes }: Sizes): void {
  view.setUint16(at, VERSION, true);
  view.setUint16(at + 4, method, true);
  view.setUint16(at + 8, DOS_DATE, true);
  view.setUint32(at + 10, crc, true);
  view.setUint32(at + 14, lengthOf(packed), true);
  view.setUint32(at + 18, bytes, true);
  view.setUint16(at + 22, path.length, true);
}

function localHeader(file: Sizes): Uint8Array {
  const bytes = new Uint8Array(LOCAL_BYTES + file.path.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, LOCAL, true);
  writeFacts(view, 4, file);
  bytes.set(utf8(file.path), LOCAL_BYTES);
  return bytes;
}

function centralHeader(file: Sizes, at: number): Uint8Array {
  const bytes = new Uint8Array(CENTRAL_BYTES + file.path.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, CENTRAL, true);
  view.setUint16(4, UNIX | VERSION, true);
  writeFacts(view, 6, file);
  view.setUint32(38, ATTRIBUTES, true);
  view.setUint32(42, at, true);
  bytes.set(utf8(file.path), CENTRAL_BYTES);
  return bytes;
}

function endRecord(count: number, size: number, start: number): Uint8Array {
  const bytes = new Uint8Array(END_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, END, true);
  view.setUint16(8, count, true);
  view.setUint16(10, count, true);
  view.setUint32(12, size, true);
  view.setUint32(16, start, true);
  return bytes;
}
