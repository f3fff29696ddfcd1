// Which files does `find --out DIR` leave: hits, proofs and the statement?
import { type FileHandle, mkdir, open, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ChainReader } from '../../read/chain-reader.ts';
import type { Hit } from '../../read/find/find.ts';
import { hitProofs } from '../../read/find/hit-proofs.ts';
import { UsageError } from './exit-code.ts';
import { fileError } from './file-error.ts';
import type { FindFormat } from './find-options.ts';
import type { Archive } from './open-archive.ts';

const NAMES: Readonly<Record<FindFormat, string>> = {
  table: 'hits.txt',
  jsonl: 'hits.jsonl',
  csv: 'hits.csv',
};

/** Hits of one segment whose proofs are made together. */
const PROVEN_TOGETHER_MAX = 10_000;

/** A folder that is new, or empty. Every file in it is created by this run, and none is replaced. */
export class FindFiles {
  readonly folder: string;
  readonly hitsFile: string;
  readonly #hits: FileHandle;
  readonly #archive: Archive;
  readonly #proves: boolean;
  readonly #signal: AbortSignal;
  #segment: { readonly hit: Hit; readonly lines: Map<number, Uint8Array> } | null = null;
  proofs = 0;

  private constructor(
    folder: string,
    hitsFile: string,
    hits: FileHandle,
    archive: Archive,
    proves: boolean,
    signal: AbortSignal,
  ) {
    this.folder = folder;
    this.hitsFile = hitsFile;
    this.#hits = hits;
    this.#archive = archive;
    this.#proves = proves;
    this.#signal = signal;
  }

  /** Throws UsageError where it can't be written, before anything is read. */
  static async open(
    folder: string,
    format: FindFormat,
    archive: Archive,
    proves: boolean,
    signal: AbortSignal,
  ): Promise<FindFiles> {
    try {
      await mkdir(folder, { recursive: true });
      if ((await readdir(folder)).length > 0) {
        throw new UsageError(`${folder} is not empty`, 'Name a new folder with --out: nothing is replaced.');
      }
      if (proves) await mkdir(join(folder, 'proofs'));
      const name = NAMES[format];
      const hits = await open(join(folder, name), 'wx');
      return new FindFiles(folder, name, hits, archive, proves, signal);
    } catch (error) {
      throw error instanceof UsageError ? error : fileError(`can't write into ${folder}`, error);
    }
  }

  async text(bytes: Uint8Array): Promise<void> {
    await this.#hits.writeFile(bytes).catch((error: unknown) => {
      throw fileError(`can't write ${this.hitsFile} in ${this.folder}`, error);
    });
  }

  /** Proofs are made when the hits of a segment are known. */
  async prove(hit: Hit): Promise<void> {
    if (!this.#proves) return;
    const before = this.#segment;
    const isSame = before !== null && before.hit.seal.key === hit.seal.key;
    if (before !== null && (!isSame || before.lines.size >= PROVEN_TOGETHER_MAX)) await this.#writeProofs();
    this.#segment ??= { hit, lines: new Map() };
    this.#segment.lines.set(hit.found.offset, hit.found.line);
  }

  /** What is needed for `check`: the proof, and the line as it is archived. */
  async #writeProofs(): Promise<void> {
    const segment = this.#segment;
    if (segment === null) return;
    this.#segment = null;
    const { chain, partition, seal } = segment.hit;
    const reader = this.#readerOf(chain, partition);
    for await (const { offset, proof } of hitProofs(reader, seal, [...segment.lines.keys()])) {
      const base = join(this.folder, 'proofs', `${chain}-${partition}-${offset}`);
      await this.#write(`${base}.tlog-proof`, proof);
      await this.#write(`${base}.json`, Buffer.concat([segment.lines.get(offset) as Uint8Array, LF]));
      this.proofs++;
    }
  }

  #readerOf(chain: string, partition: number): ChainReader {
    const { store, trusted } = this.#archive;
    return new ChainReader({ store, chain, partition, trusted, signal: this.#signal });
  }

  /** The rest of the proofs, and the statement. It says in its file what is in the folder. */
  async finish(statement: string, text: string): Promise<void> {
    await this.#writeProofs();
    await this.#write(join(this.folder, 'statement.json'), statement);
    await this.#write(join(this.folder, 'statement.txt'), text);
    await this.#hits.sync();
  }

  close(): Promise<void> {
    return this.#hits.close();
  }

  async #write(path: string, data: string | Uint8Array): Promise<void> {
    await writeFile(path, data, { flag: 'wx' }).catch((error: unknown) => {
      throw fileError(`can't write ${path}`, error);
    });
  }
}

const LF = new Uint8Array([0x0a]);
