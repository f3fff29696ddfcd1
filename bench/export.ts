// How much memory does `export` take, and does it grow with the number of events?
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { nodeSha256 } from '../src/base/node/hash.ts';
import { encodeVkey, verifierKey } from '../src/format/vkey.ts';
import { peakOf } from '../test/support/peak-memory.ts';
import { buildArchive, ORIGIN, signer } from './build-archive.ts';

const { values } = parseArgs({
  options: {
    lines: { type: 'string', default: join(import.meta.dirname, '../test/data/aws-cloudtrail.jsonl') },
    events: { type: 'string', default: '20000,100000,200000' },
    json: { type: 'boolean', default: false },
  },
});

/** What the archiver keeps to as well. */
const LIMIT_MIB = 350;
const MIB = 1024 * 1024;

const MAIN = join(import.meta.dirname, '../src/apps/cli/main.ts');

const directory = mkdtempSync(join(tmpdir(), 'ledgerstone-bench-'));
const rows: { events: number; selected: string; rssMib: number; limitMib: number }[] = [];
try {
  for (const events of values.events.split(',').map(Number)) {
    const archive = join(directory, `archive-${events}`);
    const built = { lines: values.lines, segmentBytes: 16 * MIB, level: 3, records: events };
    await buildArchive(archive, built);
    const key = join(directory, 'archive.vkey');
    writeFileSync(key, `${encodeVkey(verifierKey(ORIGIN, signer.publicKey, nodeSha256))}\n`);
    const about = ['--key', key, '--case', 'bench', '--purpose', 'bench', '--by', 'bench'];
    const cases = {
      offsets: ['--topic', 'cloudtrail', '--partition', '0', '--offsets', `0-${events - 1}`],
      search: ['--text', '"'],
    };
    for (const [selected, asked] of Object.entries(cases)) {
      const out = join(directory, `${events}-${selected}.zip`);
      const { code, rssMib, err } = await peakOf([MAIN, 'export', archive, ...about, ...asked, '--out', out]);
      if (code !== 0) throw new Error(err);
      rows.push({ events, selected, rssMib, limitMib: LIMIT_MIB });
      if (rssMib > LIMIT_MIB) process.exitCode = 1;
    }
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}
if (values.json) console.log(JSON.stringify({ bench: 'export', limitMib: LIMIT_MIB, rows }));
else console.table(rows);
