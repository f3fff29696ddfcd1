// A verifier that indexes the segments of an archive in memory, and searches that read what it wrote.
import { utf8 } from '../../src/base/bytes.ts';
import { silentLogger } from '../../src/base/log.ts';
import { nodeSha256 } from '../../src/base/node/hash.ts';
import type { CosignerKey } from '../../src/format/cosignature.ts';
import type { FindOptions } from '../../src/read/find/find.ts';
import { indexChecker } from '../../src/read/find/index/index-checker.ts';
import type { Store } from '../../src/store/store.ts';
import { IndexReader } from '../../src/verifier/index/index-reader.ts';
import { SegmentIndexing } from '../../src/verifier/index/segment-indexing.ts';
import type { ForeignNote } from '../../src/verifier/own-bucket.ts';
import { type ScrubPart, scrubPart } from '../../src/verifier/tasks/scrub.ts';
import { ScrubLog } from '../../src/verifier/tasks/scrub-progress.ts';
import type { StepTools } from '../../src/verifier/verifier.ts';
import { ORIGIN, YEAR_MS } from './archive-builder.ts';
import { type Asked, type Found, find, recordsOf } from './find-world.ts';
import { noteSigning } from './note-signing.ts';
import { PLACE, STILL, VerifierWorld } from './verifier-world.ts';

const RETENTION = { mode: 'COMPLIANCE', period: { months: 0, ms: YEAR_MS } } as const;
export const ACTOR = '/actor';

export class IndexWorld extends VerifierWorld {
  /** What the verifier indexes. */
  fields: readonly string[] = [ACTOR, '/n', '/time'];
  readonly foreign: ForeignNote[] = [];
  /** Keys of data objects that were read. */
  readonly read: string[] = [];

  constructor() {
    super();
    const { archive } = this.builder;
    const original = archive.read.bind(archive);
    archive.read = (key, ...more) => {
      if (key.startsWith('data/')) this.read.push(key);
      return original(key, ...more);
    };
  }

  bucket(store: Store = this.store) {
    const onForeign = async (notes: readonly ForeignNote[]) => void this.foreign.push(...notes);
    return { store, retention: RETENTION, clock: STILL, signing: noteSigning(this.signer), onForeign };
  }

  indexing(store: Store = this.store, fields: () => readonly string[] = () => this.fields): SegmentIndexing {
    const checker = indexChecker(0);
    return new SegmentIndexing({ bucket: this.bucket(store), checker, fieldsOf: fields, log: silentLogger });
  }

  override tools(store?: Store): StepTools {
    const indexing = this.indexing(store);
    return { ...super.tools(store), checker: indexing.options.checker, indexing };
  }

  /** A segment for each list of values, which are JSON. */
  async segments(...values: readonly (readonly string[])[]): Promise<void> {
    for (const one of values) {
      this.made.push(await this.chain.seal({ lines: recordsOf(one, {}, this.chain.nextOffset) }));
    }
  }

  /** A whole pass from the first segment on. */
  async pass(tools: StepTools = this.tools()): Promise<Extract<ScrubPart, { kind: 'read' }>> {
    const log = new ScrubLog(this.bucket());
    const part = await scrubPart({ ...tools, log, everyMs: 0 }, PLACE, { bytesMax: 1e9 });
    if (part.kind === 'nothing-due') throw new Error('no pass is due');
    if (part.progress !== null) await log.add(PLACE, part.progress);
    return part;
  }

  indexKeys(): string[] {
    return this.store.keys().filter((key) => key.startsWith('index/'));
  }

  cosigners(): readonly CosignerKey[] {
    return noteSigning(this.signer).cosigners;
  }

  /** A search that believes the verifier. `searched`: sequences whose data was read. */
  async find(
    asked: Asked,
    { cosigners = this.cosigners(), store = this.store, ...options }: SearchOptions = {},
  ): Promise<Found & { readonly searched: readonly number[] }> {
    this.read.length = 0;
    const keys = { archiveOrigin: ORIGIN, cosigners, sha256: nodeSha256 };
    const found = await find(this.builder.archive, this.builder.trusted, asked, {
      indexes: new IndexReader(store, keys),
      ...options,
    });
    const searched = this.made.flatMap(({ dataKey }, at) =>
      dataKey !== null && this.read.includes(dataKey) ? [at] : [],
    );
    return { ...found, searched };
  }
}

type SearchOptions = Partial<FindOptions> & {
  readonly cosigners?: readonly CosignerKey[];
  readonly store?: Store;
};

export const event = (actor: string, n = 1, time = '2026-11-01T00:00:00Z'): string =>
  JSON.stringify({ actor, n, time });

/** Bytes as an attacker lays them. */
export const junk = utf8('{"format":"ledgerstone/index/1"}\n');
