// Which imports does a chain of history hold, and is the last one whole?
import { FormatError, LedgerstoneError } from '../base/error.ts';
import { decodeLine } from '../format/record.ts';
import type { VerifierKey } from '../format/vkey.ts';
import { ChainReader, type LocatedSeal } from '../read/chain-reader.ts';
import { NoChainError } from '../read/errors.ts';
import { linesOfSegment } from '../read/line-range.ts';
import { type Head, headAfter, newChainHead } from '../segment/segment.ts';
import type { StoreReader } from '../store/store.ts';
import { type ImportStatement, parseStatement } from './statement.ts';

export type KnownImport = {
  readonly statement: ImportStatement;
  /** Of its statement. Its records follow. */
  readonly offset: number;
  readonly segment: number;
  /** The offset after its last record that is sealed. */
  readonly nextOffset: number;
};

export type ImportChain = {
  readonly head: Head;
  /** The newest first. */
  readonly imports: readonly KnownImport[];
};

/** Of segment 0, which has no lines: data whose seal was not written would stand there without a chain. */
export const BEGINNING = 'import begins';

/** Of segments without lines behind it: the chain's keys change (FORMAT.md 6.14). */
export const KEYS_CHANGE = 'import keys';

/** In the manifest of each of its segments: where the import began. */
export const writerId = (id: string, offset: number, segment: number): string =>
  `import ${id.slice(0, 16)} from offset ${offset} segment ${segment}`;

const WRITER = /^import [0-9a-f]{16} from offset (\d{1,16}) segment (\d{1,12})$/;

export type ImportReading = {
  readonly store: StoreReader;
  readonly chain: string;
  /** `O/chain/0`. */
  readonly origin: string;
  readonly trusted: readonly VerifierKey[];
  readonly signal: AbortSignal;
};

/** Throws `import-chain` for a chain of something else, and what is wrong with its seals. */
export async function readImportChain({ chain, origin, ...reading }: ImportReading): Promise<ImportChain> {
  const reader = new ChainReader({ ...reading, chain, partition: 0 });
  let newest: number;
  try {
    newest = await reader.headSequence();
  } catch (error) {
    if (error instanceof NoChainError) return { head: newChainHead(origin, chain, 0, 0), imports: [] };
    throw error;
  }
  const last = await reader.seal(newest);
  const imports: KnownImport[] = [];
  for (let seal = last; ; ) {
    const { source, data } = seal.manifest;
    if (source.kind !== 'file' || source.name !== chain || (seal.sequence === 0 && data !== null))
      throw notOurs(chain, `segment ${seal.sequence} is of none`);
    if (seal.sequence === 0) break;
    if (data === null) {
      seal = await reader.seal(seal.sequence - 1);
      continue;
    }
    const known = await importBefore(reader, seal);
    imports.push(known);
    seal = await reader.seal(known.segment - 1);
  }
  return {
    head: headAfter(chain, 0, last.manifest, last.manifestHash, last.frontier),
    imports,
  };
}

/** `seal`: of its last segment. */
async function importBefore(reader: ChainReader, seal: LocatedSeal): Promise<KnownImport> {
  const { writer, records } = seal.manifest;
  const [, offset, segment] = WRITER.exec(writer.id) ?? [];
  const isOurs = Number(segment) >= 1 && Number(segment) <= seal.sequence;
  if (offset === undefined || !isOurs) throw notOurs(reader.chain, `segment ${seal.sequence} is of none`);
  const at = Number(offset);
  const first = await reader.seal(Number(segment));
  for await (const { line } of linesOfSegment(reader, first, { from: at, to: at + 1 }, true)) {
    const decoded = decodeLine(line);
    try {
      if (decoded.kind !== 'entry') throw new FormatError('a gap');
      const statement = parseStatement(decoded.record);
      return { statement, offset: at, segment: first.sequence, nextOffset: records.nextOffset };
    } catch {
      break;
    }
  }
  throw notOurs(reader.chain, `there is no statement at offset ${at}`);
}

const notOurs = (chain: string, why: string): LedgerstoneError =>
  new LedgerstoneError('import-chain', `the chain ${chain} holds something else than imports: ${why}`, {
    disposition: 'input',
    remedy: 'Choose another --topic.',
  });
