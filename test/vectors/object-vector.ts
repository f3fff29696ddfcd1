// What does a frozen line, manifest, seal, vkey, event proof, attestation, cosigner's note, stamp or certificate look like, and what is said of it? (test/vectors/objects.json)
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromBase64, fromHex, toBase64, utf8 } from '../../src/base/bytes.ts';
import { LedgerstoneError } from '../../src/base/error.ts';
import { nodeSha256 } from '../../src/base/node/hash.ts';
import { parseManifest } from '../../src/format/manifest-bytes.ts';
import { decodeLine, type GapLine, type KafkaRecord } from '../../src/format/record.ts';
import { parseCosignerVkey } from '../../src/format/cosignature.ts';
import { parseSignedCheckpoint } from '../../src/format/note.ts';
import { parseCheckpointText } from '../../src/format/checkpoint.ts';
import { parseStampProof } from '../../src/format/stamp.ts';
import { timeText } from '../../src/format/time.ts';
import { readRoots } from '../../src/timestamp/certificates.ts';
import { checkToken } from '../../src/timestamp/token.ts';
import { checkStampProof } from '../../src/verify/stamp-proof.ts';
import { parseVkey } from '../../src/format/vkey.ts';
import type { FindingCode } from '../../src/verify/finding.ts';
import { checkEventProof } from '../../src/verify/event-proof.ts';
import { cosignedBy } from '../../src/verifier/attest/cosigned-by.ts';
import { parseIndex } from '../../src/read/find/index/segment-index.ts';
import { SegmentIndexer } from '../../src/read/find/index/segment-indexer.ts';
import { indexKey } from '../../src/read/find/index/value-hash.ts';
import { openCertificate } from '../../src/verifier/destroyed/certificate-reader.ts';
import { parseDestroyedKey } from '../../src/verifier/destroyed/destroyed-key.ts';
import { differenceOf } from '../../src/verifier/index/index-notes.ts';
import { openNote } from '../../src/verifier/signed-notes.ts';
import { openSeal } from '../../src/verify/open-seal.ts';
import { thawBytes } from './archive-vector.ts';

export const OBJECTS_FILE = join(import.meta.dirname, 'objects.json');

type Bytes = { readonly text: string } | { readonly base64: string };

/** A record with its bytes as base64 and its int64 as text. */
export type FrozenRecord = {
  readonly offset: number;
  readonly timestamp: string;
  readonly timestampType: 'create' | 'append';
  readonly key: string | null;
  readonly headers: readonly (readonly [string, string | null])[];
  readonly value: string | null;
};

export type ObjectVector = {
  /** `<kind>/<name>`. */
  readonly name: string;
  readonly about: string;
  /** A line without its LF, a manifest, a whole seal, a vkey, an event proof, an attestation, or a note of a cosigner. */
  readonly bytes: Bytes;
  readonly expect: 'accepted' | FindingCode;
  /** Of an accepted line: what it carries. */
  readonly carries?: { readonly record: FrozenRecord } | { readonly gap: GapLine };
  /** Of seals and event proofs. Of attestations and notes the cosigners. */
  readonly trusted?: readonly string[];
  /** Of seals: the place that the object's key names. */
  readonly place?: { readonly origin: string; readonly sequence: number };
  /** Of event proofs. */
  readonly line?: Bytes;
  /** Of notes: where it lies, and the origin of the archive that it is about. */
  readonly address?: { readonly key: string; readonly archive: string };
  /** Of proofs of stamps: what they are held to. */
  readonly stamped?: {
    /** Its signed text. */
    readonly checkpoint: string;
    /** In PEM. */
    readonly roots: string;
    readonly now: string;
    /** Of an accepted one: by when it existed. */
    readonly shownBy?: string;
  };
  /** Of indexes: the segment that they are of, with a LF after each line. `root` in hex. */
  readonly segment?: { readonly dataSha256: string; readonly root: string; readonly lines: string };
};

export const readObjectVectors = (): ObjectVector[] => JSON.parse(readFileSync(OBJECTS_FILE, 'utf8'));

const orNull = <T, R>(value: T | null, map: (value: T) => R): R | null => (value === null ? null : map(value));

export const freezeRecord = (record: KafkaRecord): FrozenRecord => ({
  offset: record.offset,
  timestamp: String(record.timestamp),
  timestampType: record.timestampType,
  key: orNull(record.key, toBase64),
  headers: record.headers.map(({ name, value }) => [toBase64(name), orNull(value, toBase64)]),
  value: orNull(record.value, toBase64),
});

export const thawRecord = (record: FrozenRecord): KafkaRecord => ({
  offset: record.offset,
  timestamp: BigInt(record.timestamp),
  timestampType: record.timestampType,
  key: orNull(record.key, fromBase64),
  headers: record.headers.map(([name, value]) => ({ name: fromBase64(name), value: orNull(value, fromBase64) })),
  value: orNull(record.value, fromBase64),
});

/** What the project says of it today: `accepted`, or the code of the error. */
export const verdictOn = async (vector: ObjectVector): Promise<string> => (await judge(vector)).verdict;

/** The same with the words for people. */
export async function judge(vector: ObjectVector): Promise<{ readonly verdict: string; readonly words: string }> {
  const accepted = { verdict: 'accepted', words: 'accepted' };
  const bytes = thawBytes(vector.bytes);
  const isCosigned = /^(cosigned|note|destroyed)\//.test(vector.name);
  const trusted = isCosigned ? [] : (vector.trusted ?? []).map((text) => parseVkey(text, nodeSha256));
  const tools = { trusted, sha256: nodeSha256 };
  try {
    switch (vector.name.split('/')[0]) {
      case 'line':
        decodeLine(bytes);
        return accepted;
      case 'manifest':
        parseManifest(bytes);
        return accepted;
      case 'vkey':
        parseVkey(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes), nodeSha256);
        return accepted;
      case 'seal':
        await openSeal(bytes, { ...tools, ...vector.place });
        return accepted;
      case 'cosigned': {
        const cosigners = (vector.trusted ?? []).map((text) => parseCosignerVkey(text, nodeSha256));
        if ((await cosignedBy(parseSignedCheckpoint(bytes), cosigners)) !== null) return accepted;
        return { verdict: 'malformed', words: 'no cosignature of a cosigner that is trusted' };
      }
      case 'note': {
        const cosigners = (vector.trusted ?? []).map((text) => parseCosignerVkey(text, nodeSha256));
        const { key = '', archive = '' } = vector.address ?? {};
        await openNote({ archiveOrigin: archive, cosigners, sha256: nodeSha256 }, key, bytes);
        return accepted;
      }
      case 'destroyed': {
        const cosigners = (vector.trusted ?? []).map((text) => parseCosignerVkey(text, nodeSha256));
        const { key = '', archive = '' } = vector.address ?? {};
        const signing = { archiveOrigin: archive, cosigners, sha256: nodeSha256 };
        await openCertificate(signing, key, parseDestroyedKey(key)!, bytes);
        return accepted;
      }
      case 'index':
        return judgeIndex(bytes, vector.segment);
      case 'stamp':
        return await judgeStamp(bytes, vector.stamped);
      case 'event-proof': {
        const check = await checkEventProof({ ...tools, proof: bytes, line: thawBytes(vector.line ?? { text: '' }) });
        if (check.verdict === 'verified') return accepted;
        const { code, expected, found } = check.finding;
        return { verdict: code, words: `${code} | ${expected} | ${found}` };
      }
    }
  } catch (error) {
    if (error instanceof LedgerstoneError) return { verdict: error.code, words: `${error.code}: ${error.message}` };
    throw error;
  }
  throw new Error(`the vector ${vector.name} is of no kind`);
}

/** Accepted: it shows that time. `unknown-key`: it shows none. */
async function judgeStamp(bytes: Uint8Array, given: ObjectVector['stamped']): Promise<{ readonly verdict: string; readonly words: string }> {
  if (given === undefined) throw new Error('a stamp of nothing');
  const text = utf8(given.checkpoint);
  const roots = readRoots(given.roots);
  const result = await checkStampProof({
    checkpoint: { text, origin: parseCheckpointText(text).origin },
    links: parseStampProof(bytes),
    check: (token, data) => checkToken(token, data, roots, nodeSha256),
    ...{ sha256: nodeSha256, nowMs: Date.parse(given.now) },
  });
  if (result.kind !== 'shown') return { verdict: 'unknown-key', words: `${result.kind} | ${result.authority}` };
  const by = timeText(result.byMs);
  if (by !== given.shownBy) return { verdict: 'another time', words: by };
  return { verdict: 'accepted', words: `accepted: by ${by}` };
}

/** Accepted: it is the index of those lines, byte for byte. */
function judgeIndex(content: Uint8Array, segment: ObjectVector['segment']): { readonly verdict: string; readonly words: string } {
  const index = parseIndex(content);
  if (index === null || segment === undefined) throw new Error('an index of no segment');
  const key = indexKey(segment.dataSha256, fromHex(segment.root));
  const indexer = new SegmentIndexer(index.fields.map(({ field }) => field), key);
  for (const text of segment.lines.split('\n').slice(0, -1)) {
    const line = utf8(text);
    decodeLine(line);
    indexer.add({ content: line, start: 0, end: line.length, gapLine: null, timestampMs: -1 });
  }
  const why = differenceOf({ key: '', versionId: '', content, index }, indexer.finish());
  return why === null ? { verdict: 'accepted', words: 'accepted' } : { verdict: 'index-mismatch', words: why };
}
