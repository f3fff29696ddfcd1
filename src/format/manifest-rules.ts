// Does one manifest keep every rule that it can be held to alone? (FORMAT.md: manifest)
import { FormatError } from '../base/error.ts';
import { LIMITS } from '../base/limits.ts';
import { GOVERNANCE_CHAIN, isChainName, isPartition, parseChainOrigin } from './chain.ts';
import { GAP_REASONS } from './line.ts';
import type { Manifest } from './manifest.ts';
import { MANIFEST_FORMAT } from './manifest-version.ts';
import { dataKey } from './paths.ts';
import { isCount, isHash, isWord } from './scalar.ts';
import { parseTime, parseUntil } from './time.ts';
import { splitVkey } from './vkey.ts';

/** SHA-256 of nothing: the root of a tree without leaves. */
const EMPTY_ROOT = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/**
 * The value as a manifest, whatever came in. Says nothing of spelling: that is for who encodes it again.
 * Throws FormatError.
 */
export function checkManifest(value: unknown): Manifest {
  const m = record(value, 'the manifest') as Manifest & { format?: unknown };
  // A manifest that is built, not parsed, has no `format` yet.
  if (m.format !== undefined && m.format !== MANIFEST_FORMAT) throw broken('format', m.format);
  const { chain, partition } = parseChainOrigin(text(m.origin, 'origin'));
  check(isCount(m.sequence) && m.sequence <= LIMITS.sequenceMax, 'sequence', m.sequence);
  check(m.sequence === 0 ? m.previous === null : isHash(m.previous), 'previous', m.previous);
  checkContinues(m);
  checkSource(m, partition);
  const missing = checkRecords(m);
  checkActs(m, chain, missing);
  checkTime(m);
  checkEntries(m, missing);
  checkData(m, chain, partition);
  checkRetention(m);
  checkKeys(m);
  const writer = record(m.writer, 'writer');
  check(isWord(writer['id'], 255), 'writer.id', writer['id']);
  check(isWord(writer['version'], 64), 'writer.version', writer['version']);
  return m;
}

function checkContinues({ origin, sequence, continues }: Manifest): void {
  if (continues === null) return;
  const older = record(continues, 'continues') as NonNullable<Manifest['continues']>;
  check(sequence === 0, 'continues at sequence', sequence);
  parseChainOrigin(text(older.origin, 'continues.origin'));
  check(older.origin !== origin, 'continues.origin', older.origin);
  check(isCount(older.size) && older.size >= 1, 'continues.size', older.size);
  check(isHash(older.root), 'continues.root', older.root);
  check(isCount(older.nextOffset), 'continues.nextOffset', older.nextOffset);
  check(isWord(older.reason, 512), 'continues.reason', older.reason);
  check(isWord(older.by, 255), 'continues.by', older.by);
}

function checkSource(m: Manifest, partition: number): void {
  const source = record(m.source, 'source') as Manifest['source'];
  check(
    isPartition(source.partition) && source.partition === partition,
    'source.partition',
    source.partition,
  );
  if (source.kind === 'kafka') {
    check(isWord(source.cluster, 255), 'source.cluster', source.cluster);
    check(isChainName(text(source.topic, 'source.topic')), 'source.topic', source.topic);
    check(source.topicId === null || isWord(source.topicId, 64), 'source.topicId', source.topicId);
  } else if (source.kind === 'file') {
    check(isChainName(text(source.name, 'source.name')), 'source.name', source.name);
  } else {
    check(source.kind === 'acts', 'source.kind', (source as { kind: unknown }).kind);
  }
}

/** The governance chain, and no other, is one of acts (FORMAT.md 5.20). */
function checkActs(m: Manifest, chain: string, missing: Missing): void {
  check((m.source.kind === 'acts') === (chain === GOVERNANCE_CHAIN), 'source.kind', m.source.kind);
  if (m.source.kind !== 'acts') return;
  if (m.source.partition > 0 && m.sequence === 0) checkGoesOn(m);
  check(missing.reasons === 0, 'records.missing', m.records.missing);
}

/** Decisions behind a break (FORMAT.md 13.7.1). */
function checkGoesOn({ origin, continues, records, source }: Manifest): void {
  check(continues !== null, 'continues', continues);
  const [own, older] = [
    parseChainOrigin(origin),
    parseChainOrigin((continues as NonNullable<typeof continues>).origin),
  ];
  const isEarlier =
    older.archiveOrigin === own.archiveOrigin &&
    older.chain === own.chain &&
    older.partition < source.partition;
  check(isEarlier, 'continues.origin', continues?.origin);
  check(records.firstOffset === continues?.nextOffset, 'records.firstOffset', records.firstOffset);
}

type Missing = { readonly reasons: number; readonly offsets: number };

function checkRecords(m: Manifest): Missing {
  const records = record(m.records, 'records') as Manifest['records'];
  const { before, count, firstOffset, nextOffset } = records;
  for (const name of ['before', 'count', 'firstOffset', 'nextOffset'] as const) {
    check(isCount(records[name]), `records.${name}`, records[name]);
  }
  check(m.sequence > 0 || before === 0, 'records.before at sequence 0', before);
  check(isCount(before + count), 'records.before + count', before + count);
  const missing = record(records.missing, 'records.missing');
  const found = { reasons: 0, offsets: 0 };
  for (const reason of GAP_REASONS) {
    const offsets = missing[reason];
    if (offsets === undefined) continue;
    check(isCount(offsets) && offsets > 0, `records.missing.${reason}`, offsets);
    found.reasons++;
    found.offsets += offsets as number;
  }
  const covered = nextOffset - firstOffset;
  check(covered === count + found.offsets, 'records.nextOffset − firstOffset', covered);
  return found;
}

function checkTime(m: Manifest): void {
  const time = record(m.time, 'time') as Manifest['time'];
  const anchoredMs = parseTime(text(time.anchored, 'time.anchored'));
  const sealedMs = parseTime(text(time.sealed, 'time.sealed'));
  check(anchoredMs <= sealedMs, 'time.anchored after time.sealed', time.anchored);
  if (time.first === null && time.last === null) return;
  check(m.records.count > 0, 'time.first without a record', time.first);
  const first = parseTime(text(time.first, 'time.first'));
  check(first <= parseTime(text(time.last, 'time.last')), 'time.last before time.first', time.last);
}

function checkEntries(m: Manifest, missing: Missing): void {
  const { size, root } = record(m.entries, 'entries') as Manifest['entries'];
  check(isCount(size), 'entries.size', size);
  check(isHash(root), 'entries.root', root);
  check(size > 0 || root === EMPTY_ROOT, 'entries.root of no lines', root);
  const gaps = size - m.records.count;
  // Each reason has at least one gap line, and each gap line covers at least one offset.
  check(gaps >= missing.reasons && gaps <= missing.offsets, 'entries.size − records.count', gaps);
}

function checkData(m: Manifest, chain: string, partition: number): void {
  check((m.data === null) === (m.entries.size === 0), 'data', m.data);
  if (m.data === null) return;
  const data = record(m.data, 'data') as NonNullable<Manifest['data']>;
  const { bytes, sha256, encoding, blocks } = data;
  check(isCount(bytes) && bytes <= LIMITS.dataBytesMax, 'data.bytes', bytes);
  check(isHash(sha256), 'data.sha256', sha256);
  check(encoding === 'zstd' || encoding === 'gzip', 'data.encoding', encoding);
  const sealedMs = parseTime(m.time.sealed);
  const key = dataKey({ chain, partition, sealedMs, sequence: m.sequence, sha256, encoding });
  check(data.key === key, 'data.key', data.key);
  check(
    Array.isArray(blocks) && blocks.length > 0 && blocks.length <= LIMITS.blocksMax,
    'data.blocks',
    blocks,
  );
  let bytesSum = 0;
  let linesSum = 0;
  for (const [index, value] of blocks.entries()) {
    const block = record(value, `data.blocks[${index}]`) as (typeof blocks)[number];
    check(isCount(block.bytes) && block.bytes > 0, `data.blocks[${index}].bytes`, block.bytes);
    check(isCount(block.lines) && block.lines > 0, `data.blocks[${index}].lines`, block.lines);
    check(
      isCount(block.content) && block.content <= LIMITS.blockContentMax,
      `data.blocks[${index}].content`,
      block.content,
    );
    check(block.content >= block.lines * LINE_BYTES_MIN, `data.blocks[${index}].content`, block.content);
    bytesSum += block.bytes;
    linesSum += block.lines;
  }
  check(bytesSum === bytes, 'the sum of data.blocks.bytes', bytesSum);
  check(linesSum === m.entries.size, 'the sum of data.blocks.lines', linesSum);
}

/** `{"offset":0,"timestamp":0}` and its LF. */
const LINE_BYTES_MIN = 27;

function checkRetention(m: Manifest): void {
  const { mode, until, policy } = record(m.retention, 'retention') as Manifest['retention'];
  check(mode === 'COMPLIANCE' || mode === 'GOVERNANCE', 'retention.mode', mode);
  const untilMs = parseUntil(text(until, 'retention.until'));
  // A lock that ended before its seal would excuse missing data. As texts, `00Z` sorts after `00.001Z`.
  check(untilMs > parseTime(m.time.sealed), 'retention.until not after time.sealed', until);
  check(isWord(policy, 64), 'retention.policy', policy);
}

function checkKeys(m: Manifest): void {
  const { keys } = m;
  check(Array.isArray(keys) && keys.length > 0 && keys.length <= LIMITS.keysMax, 'keys', keys);
  check(new Set(keys).size === keys.length, 'keys that repeat', keys);
  for (const [index, key] of keys.entries()) {
    // Ids need a hash function: who verifies signatures checks them (parseVkey).
    const { name } = splitVkey(text(key, `keys[${index}]`));
    check(name === m.origin, `the name of keys[${index}]`, name);
  }
}

function record(value: unknown, name: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw broken(name, value);
  return value as Record<string, unknown>;
}

function text(value: unknown, name: string): string {
  if (typeof value !== 'string') throw broken(name, value);
  return value;
}

function check(holds: boolean, name: string, value: unknown): void {
  if (!holds) throw broken(name, value);
}

function broken(name: string, value: unknown): FormatError {
  // Never a whole object: it may nest deeper than JSON.stringify can go.
  const shown = typeof value === 'object' && value !== null ? 'an object' : String(value).slice(0, 100);
  return new FormatError(`manifest: ${name} can't be ${shown}`);
}
