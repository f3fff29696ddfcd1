// How do the events of an export become one package, or several where they are too many for one?
import { parse } from 'node:path';
import { constants, deflateRawSync } from 'node:zlib';
import { nodeSha256 } from '../../base/node/hash.ts';
import {
  type EventWithProof,
  type FixedFiles,
  PackageBuilder,
  type PartLimits,
} from '../../evidence/builder.ts';
import type { OwnTimeFields } from '../../evidence/own-time.ts';
import type { PackageSigner } from '../../evidence/package.ts';
import type { PackageStatement, Protocol } from '../../evidence/protocol.ts';
import type { ChainSummary } from '../../evidence/summary.ts';
import { zipOf } from '../../evidence/zip.ts';
import type { CosignerKey } from '../../format/cosignature.ts';
import type { VerifierKey } from '../../format/vkey.ts';
import { NewFiles } from './new-files.ts';
import { Spool } from './spool.ts';

export type PartChain = {
  readonly chain: string;
  readonly partition: number;
  readonly checkpoint: Uint8Array;
  /** The proof of its time-stamp. Null: the package has none. */
  readonly stamp: Uint8Array | null;
};

export type PartsOptions = {
  readonly out: string;
  /** What one part holds at most; by default `PART_MAX`. */
  readonly partMax?: PartLimits;
  readonly caseName: string;
  readonly log: readonly VerifierKey[];
  readonly cosigners: readonly CosignerKey[];
  readonly fixed: FixedFiles;
  readonly signer: PackageSigner | null;
  /** The checkpoint whose root decided what was drawn. Null: there is none. */
  readonly seedNote: Uint8Array | null;
  readonly ownTime: OwnTimeFields;
  /** What the part says of itself, from what is in it. */
  readonly documents: (summaries: readonly ChainSummary[], last: boolean) => PartDocuments;
};

/**
 * A third of the time of fflate. Huffman codes alone: a search for what occurs twice may differ by machine,
 * and the same proof must give the same bytes. Hashes hardly repeat.
 */
const deflateProof = (proof: Uint8Array): Uint8Array =>
  deflateRawSync(proof, {
    strategy: constants.Z_HUFFMAN_ONLY,
    level: 6,
    windowBits: 9,
    memLevel: 5,
    chunkSize: 4096,
  });

export type PartDocuments = { readonly statement: PackageStatement; readonly protocol: Protocol };

/** One zip. `digest`: hex SHA-256 of its list of files. */
export type MadePackage = { readonly name: string; readonly digest: string; readonly events: number };

export class PackageParts {
  readonly #options: PartsOptions;
  readonly #files = new NewFiles();
  readonly #spool: Spool;
  #builder: PackageBuilder;
  #previous: string | null = null;
  readonly #made: Omit<MadePackage, 'name'>[] = [];
  #chain: PartChain | null = null;

  constructor(options: PartsOptions) {
    this.#options = options;
    this.#spool = new Spool(options.out);
    this.#builder = this.#begin();
  }

  /** Of all events that follow. Chains come in the order of `chainOrder`. */
  beginChain(chain: PartChain): void {
    this.#chain = chain;
    this.#builder.beginChain(chain.chain, chain.partition, chain.checkpoint, chain.stamp);
  }

  async add(event: EventWithProof): Promise<void> {
    if (!this.#builder.hasRoomFor(event)) {
      await this.#end(false);
      this.#builder = this.#begin();
      if (this.#chain !== null) this.beginChain(this.#chain);
    }
    this.#builder.add(event);
  }

  /** Ends the last part and puts all of them in their places. */
  async finish(): Promise<MadePackage[]> {
    await this.#end(true);
    const names = partNames(this.#options.out, this.#files.count);
    await this.#files.place(names);
    return this.#made.map((made, index) => ({ name: names[index] as string, ...made }));
  }

  /** Takes away what was written, where it did not come to an end. */
  remove(): Promise<void> {
    this.#spool.close();
    return this.#files.remove();
  }

  #begin(): PackageBuilder {
    const { log, cosigners, partMax, seedNote, ownTime } = this.#options;
    const max = partMax === undefined ? {} : { max: partMax };
    const keep = (bytes: Uint8Array) => this.#spool.add(bytes);
    const builder = new PackageBuilder({ sha256: nodeSha256, deflateProof, keep, ownTime, ...max });
    builder.addKeys(log, cosigners);
    if (seedNote !== null) builder.addSeed(seedNote);
    return builder;
  }

  async #end(last: boolean): Promise<void> {
    const { out, caseName, fixed, signer, documents } = this.#options;
    const number = this.#files.count + 1;
    const about = documents(this.#builder.summaries(), last);
    const part = { number, last, previous: this.#previous };
    const made = await this.#builder.finish({ case: caseName, part }, about, fixed, signer);
    this.#previous = made.manifestHash;
    this.#made.push({ digest: made.manifestHash, events: about.protocol.events });
    await this.#files.write(out, zipOf(made.files));
    this.#spool.empty();
  }
}

/** `case.zip`, or `case.1.zip`, `case.2.zip`, … */
export function partNames(out: string, count: number): string[] {
  if (count === 1) return [out];
  const { ext } = parse(out);
  const stem = out.slice(0, out.length - ext.length);
  return Array.from({ length: count }, (_, index) => `${stem}.${index + 1}${ext}`);
}
