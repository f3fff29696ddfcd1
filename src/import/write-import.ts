// How does history get into its chain, once, whatever breaks it off?

import type { Clock } from '../base/clock.ts';
import { LedgerstoneError } from '../base/error.ts';
import { zstdCompressor } from '../base/node/compress.ts';
import { nodeSha256, nodeSha256Into } from '../base/node/hash.ts';
import type { Period } from '../base/period.ts';
import type { KafkaRecord } from '../format/record.ts';
import { encodeVkey, spkiFingerprint, type VerifierKey, verifierKey } from '../format/vkey.ts';
import { Sealer } from '../sealing/sealer.ts';
import { BodyBuilder, emptyBody, type SegmentBody } from '../segment/body.ts';
import { type Head, makeSegment } from '../segment/segment.ts';
import type { Signer } from '../sign/signer.ts';
import type { Lock, Store } from '../store/store.ts';
import { BEGINNING, type ImportChain, type KnownImport, readImportChain, writerId } from './import-chain.ts';
import { InputFile } from './input-file.ts';
import { statementRecord } from './statement.ts';
import { datedRecords, type ImportPlan, type ImportSurvey } from './survey.ts';

type Retention = { readonly mode: Lock['mode']; readonly period: Period; readonly policy: string };

export type ImportTools = {
  readonly store: Store;
  /** Of the chain: `O/chain/0`. */
  readonly origin: string;
  readonly signer: Signer;
  readonly trusted: readonly VerifierKey[];
  readonly retention: Retention;
  readonly sealRetention: Omit<Retention, 'policy'>;
  readonly segment: { readonly maxBytes: number; readonly maxRecords: number };
  readonly version: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly signal: AbortSignal;
  readonly onTrouble: (error: unknown | null) => void;
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
 * Archives what was surveyed. Safe to repeat: what is sealed already is left out. Throws `import-unfinished`
 * where another import has to be ended first, `imported-before` for a file that another one holds, and
 * `import-file` where a file has changed since.
 */
export async function writeImport(
  tools: ImportTools,
  plan: ImportPlan,
  survey: ImportSurvey,
  statement: Uint8Array,
  options: { readonly again: boolean },
): Promise<Imported> {
  const { store, origin, trusted, signal } = tools;
  const sealer = sealerOf(tools);
  for (;;) {
    const chain = await readImportChain({ store, chain: plan.chain, origin, trusted, signal });
    if (chain.head.size === 0) {
      await sealer.carry(segmentOf(tools, chain.head, emptyBody(nodeSha256, 0), BEGINNING), tools.onTrouble);
      continue;
    }
    requireTrusted(tools, chain);
    const before = standing(chain, plan, survey, options.again);
    if (before !== null && isWhole(before))
      return { ...resultOf(plan, before.offset, before.nextOffset, chain.head.size), isOld: true };
    const start = before ?? { offset: chain.head.nextOffset, segment: chain.head.size };
    const head = await writeFrom(tools, sealer, plan, survey, statement, chain.head, start);
    // Somebody else sealed there: the same import by another process, perhaps.
    if (head === null) continue;
    return { ...resultOf(plan, start.offset, head.nextOffset, head.size), isOld: false };
  }
}

/** A segment that only a key signs which the chain does not trust would be nobody's, for good. */
function requireTrusted({ signer }: ImportTools, { keys }: ImportChain): void {
  const own = spkiFingerprint(signer.publicKey, nodeSha256);
  if (keys.some(({ key }) => spkiFingerprint(key, nodeSha256) === own)) return;
  throw new LedgerstoneError(
    'import-chain',
    `the chain does not trust the key that would sign: ${signer.description}`,
    {
      disposition: 'input',
      remedy:
        'Choose another --topic; or, unless that key was retired, import with the key that signed its last segment.',
    },
  );
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
    const made = segmentOf(tools, head, body.finish(), writerId(survey.id, start.offset, start.segment));
    if ((await sealer.carry(made, tools.onTrouble)).kind !== 'stored') return false;
    head = made.after;
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

function segmentOf(tools: ImportTools, head: Head, body: SegmentBody, id: string) {
  const { signer, origin, retention, version, clock } = tools;
  const nowMs = clock.now();
  return makeSegment(nodeSha256, head, body, {
    ...{
      source: { kind: 'file', name: head.chain, partition: 0 },
      continues: null,
      anchoredMs: nowMs,
      nowMs,
    },
    ...{
      retention,
      keys: [encodeVkey(verifierKey(origin, signer.publicKey, nodeSha256))],
      writer: { id, version },
    },
  });
}

const sealerOf = ({ store, signer, clock, random, sealRetention, signal }: ImportTools): Sealer =>
  new Sealer({
    ...{ store, signersOf: () => [signer], sha256: nodeSha256, clock, random, signal, sealRetention },
    memory: { open: () => ({ hold: () => {}, release: () => {} }) },
  });
