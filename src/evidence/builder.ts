// How do events with their proofs become the files of a package? In bounded memory: what is done is
// compressed.
import { toHex, utf8 } from '../base/bytes.ts';
import type { Sha256 } from '../base/hash.ts';
import { type CosignerKey, encodeCosignerVkey } from '../format/cosignature.ts';
import { parseSignedCheckpoint } from '../format/note.ts';
import { encodeVkey, type VerifierKey } from '../format/vkey.ts';
import { tableHead, tableRow } from './csv.ts';
import { shownEvent } from './event.ts';
import { GrowingFile } from './growing-file.ts';
import { type OwnTimeFields, OwnTimes } from './own-time.ts';
import {
  checkpointPath,
  eventsPath,
  type ListedFile,
  PATHS,
  type PackageManifest,
  type PackageSigner,
  proofPath,
  type Role,
  signedManifest,
  stampPath,
} from './package.ts';
import { encodeDocument, type PackageStatement, type Protocol } from './protocol.ts';
import { ChainSummarizer, type ChainSummary } from './summary.ts';
import { type Deflate, type PackedFile, packFile, type SpooledBytes } from './zip.ts';

/** One line with its proof, which leads to the checkpoint of its chain. */
export type EventWithProof = {
  /** Without its LF. */
  readonly line: Uint8Array;
  readonly proof: Uint8Array;
  /** RFC 3339: when its segment was sealed. */
  readonly archivedAt: string;
};

export type PartLimits = {
  readonly events: number;
  readonly lineBytes: number;
  readonly proofBytes: number;
};

/** What one package holds at most; then the next one begins. */
const PART_MAX: PartLimits = { events: 20_000, lineBytes: 64 * 1024 * 1024, proofBytes: 192 * 1024 * 1024 };

/** Files that are the same in every package of a version. */
export type FixedFiles = {
  readonly specification: Uint8Array;
  readonly script: Uint8Array;
  readonly page: Uint8Array;
};

/** Compressed once, and not for each part of an export. Nobody changes their bytes. */
const packedFixed = new WeakMap<Uint8Array, PackedFile>();

const LF = Uint8Array.of(0x0a);

export type BuilderOptions = {
  readonly sha256: Sha256;
  /** For proofs: many small files, which are hashes for the most part. */
  readonly deflateProof?: Deflate;
  /** Where compressed proofs wait for the end of the package. Without it: in memory. */
  readonly keep?: (bytes: Uint8Array) => SpooledBytes;
  readonly max?: PartLimits;
  /** Where events have a time of their own: for the statement and the table. */
  readonly ownTime?: OwnTimeFields;
};

export class PackageBuilder {
  readonly #sha256: Sha256;
  readonly #deflateProof: Deflate | undefined;
  readonly #max: PartLimits;
  readonly #files: PackedFile[] = [];
  readonly #keep: ((bytes: Uint8Array) => SpooledBytes) | null;
  readonly #listed: ListedFile[] = [];
  readonly #table = new GrowingFile(PATHS.table);
  readonly #ownTime: OwnTimeFields;
  readonly #ownTimes: OwnTimes;
  readonly #summaries: ChainSummary[] = [];
  #chain: {
    readonly chain: string;
    readonly partition: number;
    readonly summarizer: ChainSummarizer;
    readonly lines: GrowingFile;
  } | null = null;
  #size = { events: 0, lineBytes: 0, proofBytes: 0 };

  constructor({ sha256, deflateProof, keep, max = PART_MAX, ownTime = [] }: BuilderOptions) {
    this.#keep = keep ?? null;
    this.#sha256 = sha256;
    this.#deflateProof = deflateProof;
    this.#max = max;
    this.#ownTime = ownTime;
    this.#ownTimes = new OwnTimes(ownTime);
    this.#table.add(tableHead(this.#ownTimes));
  }

  /** Whether another line may be added. The first one always may. */
  hasRoomFor({ line, proof }: EventWithProof): boolean {
    const { events, lineBytes, proofBytes } = this.#size;
    const fits =
      events < this.#max.events &&
      lineBytes + line.length <= this.#max.lineBytes &&
      proofBytes + proof.length <= this.#max.proofBytes;
    return events === 0 || fits;
  }

  /**
   * `checkpoint`: the signed note to which the proofs lead. `stamp`: the proof that it was time-stamped, null
   * where there is none. Chains come in the order of their names.
   */
  beginChain(chain: string, partition: number, checkpoint: Uint8Array, stamp: Uint8Array | null): void {
    this.#endChain();
    const { origin, size, root } = parseSignedCheckpoint(checkpoint).checkpoint;
    const about = { chain, partition, origin, checkpoint: { size, root: toHex(root) } };
    const lines = new GrowingFile(eventsPath(chain, partition));
    this.#chain = { chain, partition, summarizer: new ChainSummarizer(about), lines };
    this.#add('checkpoint', checkpointPath(chain, partition), checkpoint);
    if (stamp !== null) this.#add('stamp', stampPath(chain, partition), stamp);
  }

  add({ line, proof, archivedAt }: EventWithProof): void {
    const at = this.#chain;
    if (at === null) throw new RangeError('an event before its chain');
    const { chain, partition, summarizer, lines } = at;
    const event = shownEvent(line);
    summarizer.add(event);
    lines.add(line);
    lines.add(LF);
    this.#table.add(tableRow({ chain, partition, event, archivedAt }, this.#ownTimes));
    this.#add('proof', proofPath(chain, partition, event.offset), proof);
    const { events, lineBytes, proofBytes } = this.#size;
    this.#size = {
      events: events + 1,
      lineBytes: lineBytes + line.length,
      proofBytes: proofBytes + proof.length,
    };
  }

  #endChain(): void {
    if (this.#chain === null) return;
    const { summarizer, lines } = this.#chain;
    this.#addGrown('events', lines);
    this.#summaries.push(summarizer.summary());
    this.#chain = null;
  }

  /** What the package holds of each chain: for its protocol. No event is added after it. */
  summaries(): readonly ChainSummary[] {
    this.#endChain();
    return this.#summaries;
  }

  addKeys(log: readonly VerifierKey[], cosigners: readonly CosignerKey[]): void {
    const text = (lines: readonly string[]) => utf8(lines.map((line) => `${line}\n`).join(''));
    this.#add('keys', PATHS.logKeys, text(log.map(encodeVkey)));
    if (cosigners.length > 0) this.#add('keys', PATHS.cosignerKeys, text(cosigners.map(encodeCosignerVkey)));
  }

  /** The signed checkpoint whose root decided what was drawn. */
  addSeed(note: Uint8Array): void {
    this.#add('seed', PATHS.seed, note);
  }

  /** All files of the package, compressed, and the SHA-256 of its manifest. */
  async finish(
    about: Pick<PackageManifest, 'case' | 'part'>,
    documents: { readonly statement: PackageStatement; readonly protocol: Protocol },
    fixed: FixedFiles,
    signer: PackageSigner | null,
  ): Promise<{ readonly files: readonly PackedFile[]; readonly manifestHash: string }> {
    this.#endChain();
    this.#addGrown('table', this.#table);
    const timed = this.#ownTime.length === 0 ? {} : { ownTime: this.#ownTime };
    this.#add('statement', PATHS.statement, encodeDocument({ ...documents.statement, ...timed }));
    this.#add('protocol', PATHS.protocol, encodeDocument(documents.protocol));
    this.#addFixed('specification', fixed.specification);
    this.#addFixed('script', fixed.script);
    this.#addFixed('page', fixed.page);
    const files = this.#listed.toSorted((a, b) => (a.path < b.path ? -1 : 1));
    const manifest = { ...about, signer: signer?.publicKey ?? null, files };
    const { envelope, hash } = await signedManifest(manifest, signer, this.#sha256);
    return { files: [...this.#files, packFile(PATHS.manifest, envelope)], manifestHash: hash };
  }

  #addFixed(role: 'specification' | 'script' | 'page', bytes: Uint8Array): void {
    const known = packedFixed.get(bytes) ?? packFile(PATHS[role], bytes);
    packedFixed.set(bytes, known);
    this.#files.push(known);
    this.#listed.push({ path: known.path, role, bytes: known.bytes, sha256: toHex(this.#sha256(bytes)) });
  }

  #addGrown(role: Role, grown: GrowingFile): void {
    const { file, sha256 } = grown.end();
    this.#files.push(file);
    this.#listed.push({ path: file.path, role, bytes: file.bytes, sha256 });
  }

  #add(role: Role, path: string, bytes: Uint8Array): void {
    const isProof = role === 'proof';
    const file = packFile(path, bytes, isProof ? this.#deflateProof : undefined);
    this.#files.push(isProof && this.#keep !== null ? { ...file, packed: this.#keep(file.packed) } : file);
    this.#listed.push({ path, role, bytes: bytes.length, sha256: toHex(this.#sha256(bytes)) });
  }
}
