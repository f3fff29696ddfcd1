// Do DuckDB, jq and Python read every line, whatever its record holds, and give back what it carries?
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, expect } from 'vitest';
import { concatBytes, utf8 } from '../../src/base/bytes.ts';
import { encodeEntry, encodeGap } from '../../src/format/record.ts';
import { has, hasDuckdb, outputOf, PYTHON, withTool } from '../support/readers.ts';
import { TRAP_RECORDS } from '../support/trap-values.ts';

const withPython = withTool('Python', has(PYTHON, '-c', 'import json'));
const withDuckdb = withTool('DuckDB for Python', hasDuckdb());
const withJq = withTool('jq', has('jq', '--version'));

const folder = mkdtempSync(join(tmpdir(), 'ledgerstone-readers-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const GAP = { offset: TRAP_RECORDS.length, last: 2 ** 53 - 2, reason: 'expired', by: 'J. "D" 😀', why: '\\ud800 é' } as const;
const OFFSETS = [...TRAP_RECORDS.map(({ offset }) => offset), GAP.offset];

beforeAll(() => {
  const lines = [...TRAP_RECORDS.map((record) => encodeEntry(record)), encodeGap(GAP)];
  const whole = concatBytes(...lines.flatMap((line) => [line, utf8('\n')]));
  writeFileSync(join(folder, 'lines.jsonl'), whole);
  writeFileSync(join(folder, 'lines.jsonl.zst'), zstdCompressSync(whole));
});

const run = (command: string, args: readonly string[]): string => outputOf(command, args, folder);

/** The bytes that texts and base64 stand for; of a `value` nothing is compared: readers show numbers differently. */
const carried = TRAP_RECORDS.map(({ value }, index) => {
  const line = new TextDecoder().decode(encodeEntry(TRAP_RECORDS[index] as (typeof TRAP_RECORDS)[number]));
  return value === null || line.includes(',"value":') ? null : Buffer.from(value).toString('hex');
});

withPython('Python takes every line, and its texts and base64 are the bytes that were archived', () => {
  const script = `
import base64, json
out = []
for line in open('lines.jsonl', encoding='utf-8', newline='\\n'):
    entry = json.loads(line)
    text, b64 = entry.get('text'), entry.get('base64')
    value = text.encode('utf-8') if text is not None else base64.b64decode(b64) if b64 is not None else None
    out.append([entry['offset'], value.hex() if value is not None else None])
    # Everything can be written as UTF-8 again: nothing is half a character.
    json.dumps(entry, ensure_ascii=False).encode('utf-8')
print(json.dumps(out))`;
  const read = JSON.parse(run(PYTHON, ['-c', script])) as [number, string | null][];
  expect(read.map(([offset]) => offset)).toEqual(OFFSETS);
  expect(read.slice(0, -1).map(([, hex]) => hex)).toEqual(carried);
});

withJq('jq takes every line', () => {
  expect(run('jq', ['.offset', 'lines.jsonl']).trim().split('\n').map(Number)).toEqual(OFFSETS);
});

withDuckdb('DuckDB takes every line of a data object, and its texts are the bytes that were archived', () => {
  const script = `
import duckdb, json
rows = duckdb.sql("""SELECT "offset", hex(encode(text)), hex(from_base64(base64)), value IS NULL
  FROM read_json('lines.jsonl.zst', format = 'newline_delimited', maximum_object_size = 67108864, columns = {
    'offset': 'BIGINT', 'timestamp': 'BIGINT', 'timestampType': 'VARCHAR', 'key': 'VARCHAR', 'keyBase64': 'VARCHAR',
    'headers': 'JSON', 'value': 'JSON', 'text': 'VARCHAR', 'base64': 'VARCHAR', 'gap': 'JSON'}) ORDER BY "offset" """).fetchall()
print(json.dumps(rows))`;
  const rows = JSON.parse(run(PYTHON, ['-c', script])) as [number, string | null, string | null, boolean][];
  expect(rows.map(([offset]) => offset)).toEqual(OFFSETS);
  expect(rows.slice(0, -1).map(([, text, base64]) => (text ?? base64)?.toLowerCase() ?? null)).toEqual(carried);
});
