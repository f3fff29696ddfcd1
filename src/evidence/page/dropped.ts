// Which files did the reader drop on the page, or choose?

import { type OpenedZip, openZip } from '../foreign-zip.ts';
import { isLeftover } from '../leftovers.ts';
import { ZIP_CONTENT_MAX, ZIP_FILES_MAX } from '../zip.ts';

/** `name`: of the zip or of the folder, for people. `files`: by path, with `/` between folders. */
export type Dropped = { readonly name: string; readonly files: () => Promise<OpenedZip> };

type DirectoryHandle = {
  readonly kind: 'directory';
  readonly name: string;
  values(): AsyncIterable<DirectoryHandle | FileHandle>;
};
type FileHandle = { readonly kind: 'file'; readonly name: string; getFile(): Promise<File> };
type ItemWithHandle = DataTransferItem & {
  getAsFileSystemHandle?: () => Promise<DirectoryHandle | FileHandle | null>;
};

const bytesOf = async (file: File): Promise<Uint8Array> => new Uint8Array(await file.arrayBuffer());

const zipFile = (file: File): Dropped => ({
  name: file.name,
  files: async () => openZip(await bytesOf(file)),
});

/** Of a file input. With `webkitdirectory` each file has a path below the chosen folder. */
export function chosen(list: FileList): Dropped | null {
  const files = [...list];
  const [first] = files;
  if (first === undefined) return null;
  if (first.webkitRelativePath === '') return files.length === 1 ? zipFile(first) : looseFiles(files);
  const [folder = ''] = first.webkitRelativePath.split('/');
  const withPaths = files.map((file) => ({ path: file.webkitRelativePath.slice(folder.length + 1), file }));
  return { name: folder, files: () => collected(withPaths) };
}

/**
 * Must be called while the event of the drop is handled. Chromium gives folders to a page from the disk by
 * handles alone, the other browsers by entries alone.
 */
export async function droppedOn({ items, files }: DataTransfer): Promise<Dropped | null> {
  const loose = [...files];
  const asked = [...items]
    .filter((item) => item.kind === 'file')
    .map((item: ItemWithHandle) => ({
      handle: item.getAsFileSystemHandle?.() ?? Promise.resolve(null),
      entry: item.webkitGetAsEntry(),
    }));
  const [only] = asked;
  if (only === undefined) return null;
  if (asked.length === 1) {
    const handle = await only.handle.catch(() => null);
    if (handle?.kind === 'directory') return { name: handle.name, files: () => ofHandle(handle) };
    const { entry } = only;
    if (handle === null && entry?.isDirectory === true)
      return { name: entry.name, files: () => ofEntry(entry as FileSystemDirectoryEntry) };
  }
  const [file] = loose;
  if (file === undefined) return null;
  return loose.length === 1 ? zipFile(file) : looseFiles(loose);
}

/** All files of an unpacked folder, dropped without the folder. */
const looseFiles = (files: readonly File[]): Dropped => ({
  name: `${files.length} files`,
  files: () => collected(files.map((file) => ({ path: file.name, file }))),
});

async function ofHandle(folder: DirectoryHandle): Promise<OpenedZip> {
  const found: { path: string; file: File }[] = [];
  const walk = async (at: DirectoryHandle, below: string): Promise<void> => {
    for await (const one of at.values()) {
      if (one.kind === 'directory') await walk(one, `${below}${one.name}/`);
      else found.push({ path: `${below}${one.name}`, file: await one.getFile() });
      requireFew(found.length);
    }
  };
  await walk(folder, '');
  return collected(found);
}

async function ofEntry(folder: FileSystemDirectoryEntry): Promise<OpenedZip> {
  const found: { path: string; file: File }[] = [];
  const walk = async (at: FileSystemDirectoryEntry, below: string): Promise<void> => {
    const reader = at.createReader();
    // Each call gives some of them, and an empty list in the end.
    for (;;) {
      const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
        reader.readEntries(resolve, reject),
      );
      if (some.length === 0) return;
      for (const one of some) {
        if (one.isDirectory) await walk(one as FileSystemDirectoryEntry, `${below}${one.name}/`);
        else {
          const file = await new Promise<File>((resolve, reject) =>
            (one as FileSystemFileEntry).file(resolve, reject),
          );
          found.push({ path: `${below}${one.name}`, file });
        }
        requireFew(found.length);
      }
    }
  };
  await walk(folder, '');
  return collected(found);
}

function requireFew(count: number): void {
  if (count > ZIP_FILES_MAX) throw new RangeError('too many files for a package: is it the right folder?');
}

async function collected(
  found: readonly { readonly path: string; readonly file: File }[],
): Promise<OpenedZip> {
  const files = new Map<string, Uint8Array>();
  let bytes = 0;
  for (const { path, file } of found) {
    if (isLeftover(path)) continue;
    bytes += file.size;
    if (bytes > ZIP_CONTENT_MAX)
      throw new RangeError('too many bytes for a package: is it the right folder?');
    files.set(path, await bytesOf(file));
  }
  return { files, packedAgain: null };
}
