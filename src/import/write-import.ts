// How does history get into its chain, once, whatever breaks it off?
import { LedgerstoneError } from '../base/error.ts';
import { zstdCompressor } from '../base/node/compress.ts';
import { nodeSha256, nodeSha256Into } from '../base/node/hash.ts';
import type { KafkaRecord } from '../format/record.ts';
import type { VerifierKey } from '../format/vkey.ts';
import type { Sealer } from '../sealing/sealer.ts';
import { BodyBuilder } from '../segment/body.ts';
import type { Head } from '../segment/segment.ts';
import { BEGINNING, type ImportChain, type KnownImport, readImportChain, writerId } from './import-chain.ts';
import { bringOver, type ChainTools, carried, chainSealer } from './import-keys.ts';
import { InputFile } from './input-file.ts';
import { statementRecord } from './statement.ts';
import { datedRecords, type ImportPlan, type ImportSurvey } from './survey.ts';

export type ImportTools = ChainTools & {
  readonly trusted: readonly VerifierKey[];
  readonly segment: { readonly maxBytes: number; readonly maxRecords: number };
  /** Called after each segment with how many of the records are sealed. */
  readonly onSealed?: (records: number) => void;
};

export type Imported = {
  /** Nothing was written: all of it had been archived before. */
  readonly isOld: boolean;
  readonly chain: string;
  /** Of its statement; its records follow. */
  readonly offset: number;
  readonly nextOffset: number;
  /** Segments of the chain now. */
  readonly size: number;
};

/**
 * Archives what was surveyed, and leaves the chain signed by the key that people decided on last. Safe to
 * repeat: what is sealed already is left out. Throws `import-unfinished` where another import has to be ended
 * first, `imported-before` for a file that another one holds, `import-file` where a file has changed since,
 * and what `keys` throws.
 */
export async function writeImport(
  tools: ImportTools,
  plan: ImportPlan,
  survey: ImportSurvey,
  statement: Uint8Array,
  options: { readonly again: boolean },
): Promise<Imported> {
  const { store, origin, trusted, signal } = tools;
  const sealer = chainSealer(tools);
  let written: KnownImport['offset'] | null = null;
  for (;;) {
    const chain = await readImportChain({ store, chain: plan.chain, origin, trusted, signal });
    if (chain.head.size === 0) {
      await carried(tools, sealer, chain.head, BEGINNING);
      continue;
    }
    const before = standing(chain, plan, survey, options.again);
    if (before !== null && isWhole(before)) {
      const head = await bringOver(tools, sealer, chain.head);
      if (head === null) continue;
      const isOld = written !== before.offset;
      return { ...resultOf(plan, before.offset, before.nextOffset, head.size), isOld };
    }
    const start = before ?? { offset: chain.head.nextOffset, segment: chain.head.size };
    const head = await writeFrom(tools, sealer, plan, survey, statement, chain.head, start);
    // Where somebody else sealed there: the same import by another process, perhaps.
    if (head !== null) written = start.offset;
  }
}

const resultOf = (plan: ImportPlan, offset: number, nextOffset: number, size: number) => ({
  ...{ chain: plan.chain, offset, nextOffset, size },
});

const isWhole = ({ statement, offset, nextOffset }: KnownImport): boolean =>
  nextOffset === offset + 1 + statement.records;

/** This import, as far as it is there. Null: it has not begun. */
function standing(
  { imports }: ImportChain,
  plan: ImportPlan,
  { id, files }: ImportSurvey,
  again: boolean,
): KnownImport | null {
  const [newest] = imports;
  const own = imports.find(({ statement }) => statement.id === id);
  if (own !== undefined && (own === newest || isWhole(own))) return own;
  if (newest !== undefined && !isWhole(newest))
    throw new LedgerstoneError(
      'import-unfinished',
      `${plan.chain} holds an import that is not whole: ${newest.statement.id.slice(0, 16)}, by ${newest.statement.by}`,
      {
        disposition: 'input',
        remedy: 'Run that one again with the same files first, or choose another --topic.',
      },
    );
  if (again) return null;
  for (const { statement } of imports)
    for (const { name, sha256 } of files)
      if (statement.files.some((one) => one.sha256 === sha256))
        throw new LedgerstoneError(
          'imported-before',
          `${name} was imported into ${plan.chain} at ${statement.time} by ${statement.by}`,
          { disposition: 'input', remedy: 'Leave it out, or say --again if it is to be there twice.' },
        );
  return null;
}

/** The head when all is sealed. Null: another writer was there first. */
async function writeFrom(
  tools: ImportTools,
  sealer: Sealer,
  plan: ImportPlan,
  survey: ImportSurvey,
  statement: Uint8Array,
  from: Head,
  start: { readonly offset: number; readonly segment: number },
): Promise<Head | null> {
  const { segment, signal, onSealed } = tools;
  let head = from;
  let body = newBody(head.nextOffset);
  let [bytes, count] = [0, 0];
  const seal = async (): Promise<boolean> => {
    const id = writerId(survey.id, start.offset, start.segment);
    const after = await carried(tools, sealer, head, id, body.finish());
    if (after === null) return false;
    head = after;
    body = newBody(head.nextOffset);
    [bytes, count] = [0, 0];
    onSealed?.(head.nextOffset - start.offset - 1);
    return true;
  };
  for await (const record of recordsOf(
    plan,
    survey,
    statement,
    start.offset,
    head.nextOffset,
    tools.clock.now(),
    signal,
  )) {
    const size = record.value?.length ?? 0;
    const isFull = count > 0 && (bytes + size > segment.maxBytes || count >= segment.maxRecords);
    if (isFull && !(await seal())) return null;
    body.record(record);
    bytes += size;
    count++;
  }
  if (count > 0 && !(await seal())) return null;
  return head;
}

/** From that offset on, as they are in the chain. Throws `import-file` where a file has changed. */
async function* recordsOf(
  plan: ImportPlan,
  survey: ImportSurvey,
  statement: Uint8Array,
  first: number,
  from: number,
  nowMs: number,
  signal: AbortSignal,
): AsyncGenerator<KafkaRecord> {
  if (first >= from) yield statementRecord(first, statement, nowMs);
  let offset = first + 1;
  let held: KafkaRecord | null = null;
  for (const [index, path] of plan.paths.entries()) {
    const file = new InputFile(path);
    for await (const { value, timeMs } of datedRecords(plan, file, signal)) {
      const timestamp = timeMs === null ? -1n : BigInt(timeMs);
      if (held !== null) yield held;
      held =
        offset < from ? null : { offset, timestamp, timestampType: 'create', key: null, headers: [], value };
      offset++;
    }
    // The last record waits for this: without it nothing of a changed file is whole.
    if (file.digest().sha256 !== survey.files[index]?.sha256)
      throw new LedgerstoneError('import-file', `${path} has changed since it was looked at`, {
        disposition: 'input',
        remedy: 'Bring back what it held and run the same command again: what is sealed stays.',
      });
  }
  if (held !== null) yield held;
}

const newBody = (offset: number): BodyBuilder =>
  new BodyBuilder(offset, {
    ...{ sha256: nodeSha256, sha256Into: nodeSha256Into, encoding: 'zstd', compress: zstdCompressor(3) },
  });
