// How many reads and bytes does it take to get one event of a long chain?
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { nodeSha256 } from '../src/base/node/hash.ts';
import { verifierKey } from '../src/format/vkey.ts';
import { ChainReader } from '../src/read/chain-reader.ts';
import { linesOfRange } from '../src/read/offset-lines.ts';
import { directoryStore } from '../src/store/directory.ts';
import { buildArchive, ORIGIN, signer } from './build-archive.ts';

const { values } = parseArgs({
  options: {
    lines: { type: 'string', default: join(import.meta.dirname, '../test/data/aws-cloudtrail.jsonl') },
    records: { type: 'string', default: '1000000' },
    segment: { type: 'string', default: '8' },
    events: { type: 'string', default: '200' },
    json: { type: 'boolean', default: false },
  },
});
const MIB = 1024 * 1024;
const RECORDS = Number(values.records);

const directory = mkdtempSync(join(tmpdir(), 'ledgerstone-bench-'));
try {
  await buildArchive(directory, {
    lines: values.lines,
    records: RECORDS,
    segmentBytes: Number(values.segment) * MIB,
    level: 3,
  });
  const results = [];
  for (const withKey of [false, true]) {
    const reads: number[] = [];
    const bytes: number[] = [];
    const count = Number(values.events);
    for (let i = 0; i < count; i++) {
      // Spread over the chain, with both ends.
      const offset = Math.round((i * (RECORDS - 1)) / (count - 1));
      const reader = new ChainReader({
        store: directoryStore({ path: directory }),
        chain: 'cloudtrail',
        partition: 0,
        trusted: withKey ? [verifierKey(ORIGIN, signer.publicKey, nodeSha256)] : [],
        signal: new AbortController().signal,
      });
      let found = 0;
      for await (const line of linesOfRange(reader, { from: offset, to: offset + 1 }, { whole: false })) {
        if (line.offset === offset) found++;
      }
      if (found !== 1) throw new Error(`offset ${offset} was found ${found} times`);
      reads.push(reader.reads.count);
      bytes.push(reader.reads.bytes);
    }
    const mean = reads.reduce((sum, one) => sum + one, 0) / reads.length;
    results.push({
      key: withKey,
      events: count,
      readsMean: Number(mean.toFixed(2)),
      readsMax: Math.max(...reads),
      mibMax: Number((Math.max(...bytes) / MIB).toFixed(3)),
      readsTarget: 3,
      mibTarget: 2,
    });
  }
  if (values.json) console.log(JSON.stringify({ bench: 'get', records: RECORDS, results }));
  else console.table(results);
} finally {
  rmSync(directory, { recursive: true, force: true });
}
