// Is a large export made in bounded memory, however many events it has?
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildArchive, ORIGIN, signer } from '../../bench/build-archive.ts';
import { nodeSha256 } from '../../src/base/node/hash.ts';
import { encodeVkey, verifierKey } from '../../src/format/vkey.ts';
import { peakOf } from '../support/peak-memory.ts';

const MAIN = join(import.meta.dirname, '../../src/apps/cli/main.ts');
const EVENTS = 45_000;
/** Of V8's heap. One part with its list of 20,000 files takes two thirds of it; three of them do not fit. */
const HEAP_MIB = 64;
const RSS_MIB = 350;

let dir: string;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ledgerstone-export-memory-'));
  const event = (offset: number) => Buffer.from(`{"n":${offset}}`);
  await buildArchive(join(dir, 'archive'), {
    ...{ lines: event, level: 1, segmentBytes: 1e9, segmentRecords: 15_000, records: EVENTS },
  });
  writeFileSync(join(dir, 'key'), `${encodeVkey(verifierKey(ORIGIN, signer.publicKey, nodeSha256))}\n`);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

it.each([
  ['offsets', ['--topic', 'cloudtrail', '--partition', '0', '--offsets', `0-${EVENTS - 1}`]],
  ['search', ['--text', 'n']],
])('by %s, in a process with a small heap', async (name, asked) => {
  const about = ['--key', join(dir, 'key'), '--case', 'c', '--purpose', 'p', '--by', 'b'];
  const args = ['export', join(dir, 'archive'), ...about, ...asked, '--out', join(dir, `${name}.zip`)];
  const { code, rssMib, err } = await peakOf([`--max-old-space-size=${HEAP_MIB}`, MAIN, ...args]);
  expect(code, err).toBe(0);
  expect(rssMib).toBeLessThanOrEqual(RSS_MIB);
  expect(readdirSync(dir).filter((file) => file.startsWith(name)).length).toBe(3);
});
