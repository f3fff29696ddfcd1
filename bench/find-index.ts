// How much does `find` read on the word of a second party's index, and what does it cost to write one?
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toHex, utf8 } from '../src/base/bytes.ts';
import { systemClock } from '../src/base/clock.ts';
import { silentLogger } from '../src/base/log.ts';
import { nodeSha256 } from '../src/base/node/hash.ts';
import { cosignerKey } from '../src/format/cosignature.ts';
import { verifierKey } from '../src/format/vkey.ts';
import { parseCondition } from '../src/read/find/condition.ts';
import { findLines } from '../src/read/find/find.ts';
import { indexChecker } from '../src/read/find/index/index-checker.ts';
import { directoryStore } from '../src/store/directory.ts';
import { IndexReader } from '../src/verifier/index/index-reader.ts';
import { SegmentIndexing } from '../src/verifier/index/segment-indexing.ts';
import { confirmChain } from '../src/verify/confirm.ts';
import { memorySigner } from '../test/support/memory-signer.ts';
import { buildArchive, NOW_MS, ORIGIN, signer } from './build-archive.ts';

const SEGMENTS = 1000;
const HITS = 5;
const RARE = 'arn:aws:iam::1:user/rare';
const FIELDS = ['/userIdentity/arn', '/eventTime', '/requestID'];
const PLACE = { chain: 'cloudtrail', partition: 0 };

const trusted = [verifierKey(ORIGIN, signer.publicKey, nodeSha256)];
const cosigner = memorySigner({ seed: 'bench-verifier' });
const key = cosignerKey('verifier.example.com/bench', cosigner.publicKey, nodeSha256);
const NOTES = { archiveOrigin: ORIGIN, cosigners: [key], sha256: nodeSha256 };

/** Of 1,000 actors, each in every segment; and one that did five things. */
function eventOf(offset: number, events: number): Uint8Array {
  const every = Math.floor(events / HITS);
  const arn = offset % every === Math.floor(every / 2) ? RARE : `arn:aws:iam::1:user/u${offset % 1000}`;
  const at = new Date(NOW_MS + offset).toISOString();
  const id = toHex(nodeSha256(utf8(String(offset))).subarray(0, 16));
  return utf8(
    `{"eventTime":"${at}","eventName":"GetObject","userIdentity":{"type":"IAMUser","arn":"${arn}"},` +
      `"sourceIPAddress":"10.0.${offset % 200}.7","requestID":"${id}","readOnly":true}`,
  );
}

type Cost = { readonly wallSeconds: number; readonly cpuSeconds: number };

/** One thread does all of it, so that the CPU time is that of one core. */
async function costOf(work: () => Promise<void>): Promise<Cost> {
  const [started, before] = [performance.now(), process.cpuUsage()];
  await work();
  const { user, system } = process.cpuUsage(before);
  const wallSeconds = Number(((performance.now() - started) / 1000).toFixed(2));
  return { wallSeconds, cpuSeconds: Number(((user + system) / 1e6).toFixed(2)) };
}

async function readAll(archive: string, own: string, fields: readonly string[]): Promise<Cost> {
  const checker = indexChecker(0);
  const bucket = {
    ...{
      store: directoryStore({ path: own }),
      clock: systemClock,
      signing: { ...NOTES, key, signer: cosigner },
    },
    retention: { mode: 'COMPLIANCE', period: { months: 0, ms: 86_400_000 } } as const,
  };
  const indexing = new SegmentIndexing({ bucket, checker, fieldsOf: () => fields, log: silentLogger });
  return costOf(async () => {
    const visitor = indexing.begin(PLACE, false);
    const confirmation = await confirmChain(directoryStore({ path: archive }), PLACE, {
      ...{ trusted, depth: 'content', nowMs: NOW_MS, sha256: nodeSha256, checker, confirmed: null, visitor },
    });
    await visitor.finish();
    if (confirmation?.report.verdict !== 'verified') throw new Error('the archive is not verified');
    if (fields.length > 0 && visitor.counts.written !== SEGMENTS) throw new Error('an index is missing');
  });
}

async function search(archive: string, own: string | null) {
  const store = directoryStore({ path: archive });
  const read = new Set<string>();
  const counting = {
    ...store,
    read: (...args: Parameters<typeof store.read>) => {
      if (args[0].startsWith('data/')) read.add(args[0]);
      return store.read(...args);
    },
  };
  const cost = await costOf(async () => {
    const { hits, statement } = findLines({
      ...{ store: counting, trusted, nowMs: NOW_MS, threads: 0, signal: new AbortController().signal },
      indexes: own === null ? null : new IndexReader(directoryStore({ path: own }), NOTES),
      query: {
        ...{
          conditions: [parseCondition(`/userIdentity/arn=${RARE}`)],
          texts: [],
          time: null,
          topics: 'all',
        },
        ...{ limit: null, readsAll: own === null, fieldsOf: () => null },
      },
    });
    let found = 0;
    for await (const _ of hits) found++;
    if (found !== HITS || !statement().isCompleteOnWord) throw new Error(`${found} hits`);
  });
  return { ...cost, objectsRead: read.size };
}

/** `events` in 1,000 segments; one actor occurs in 5 of them. */
export async function indexCase(events: number) {
  const directory = mkdtempSync(join(tmpdir(), 'ledgerstone-bench-index-'));
  const [archive, own] = [join(directory, 'archive'), join(directory, 'own')];
  mkdirSync(own);
  try {
    const built = await buildArchive(archive, {
      ...{ lines: (offset: number) => eventOf(offset, events), level: 3, records: events },
      ...{ segmentBytes: Infinity, segmentRecords: events / SEGMENTS },
    });
    const plain = await readAll(archive, own, []);
    const indexing = await readAll(archive, own, FIELDS);
    const [onWord, whole] = [await search(archive, own), await search(archive, null)];
    const cases = [
      { case: 'the verifier reads, without an index', ...plain },
      { case: `the verifier reads and indexes ${FIELDS.length} fields`, ...indexing },
      { case: `find: an actor with ${HITS} events, by the index`, ...onWord },
      { case: 'find: the same, --trust-nobody', ...whole },
    ];
    return { events: built.lines, segments: SEGMENTS, storedBytes: built.storedBytes, cases };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
