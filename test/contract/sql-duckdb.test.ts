// Does DuckDB read every line of an archive by the SQL that `ledgerstone sql` prints, and change none of its bytes?
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../../src/apps/cli/cli.ts';
import { utf8 } from '../../src/base/bytes.ts';
import { zstdCompressor } from '../../src/base/node/compress.ts';
import type { KafkaRecord } from '../../src/format/record.ts';
import { encodeVkey, type VerifierKey } from '../../src/format/vkey.ts';
import { ArchiveBuilder, entries, transactionGap, writeCopy } from '../support/archive-builder.ts';
import { recordsOf } from '../support/find-world.ts';
import { duckdbRows, hasDuckdb, withTool } from '../support/readers.ts';
import { TRAP_RECORDS } from '../support/trap-values.ts';
import { capturedIo } from '../unit/cli/captured-io.ts';

const withDuckdb = withTool('DuckDB for Python', hasDuckdb());
const folder = mkdtempSync(join(tmpdir(), 'ledgerstone-sql-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function ledgerstone(...args: string[]): Promise<string> {
  const { io, out, err } = capturedIo();
  const code = await runCli(args, io);
  expect({ code, err: err() }).toEqual({ code: 0, err: '' });
  return out();
}

const sqlOf = (archive: string) => ledgerstone('sql', 'duckdb', archive);
const rowsOf = async (archive: string, ...queries: string[]) =>
  duckdbRows([await sqlOf(archive)], queries, folder);

const CHECK = `SELECT "topic", "partition", "segments", "seals_missing", "lines_sealed", "lines_read", "lines_unknown",
  "all_read" FROM ledgerstone_check ORDER BY ALL`;

/** Lines that may be taken for others, or for the end of a part. */
const LOOKALIKES = [
  '","value":{"forged":1}}',
  '{"offset":0,"gap":{"last":9}}',
  '\\',
  '"',
  ',"text":"x"}',
  '|,;\t\u0001',
];
const disguised: readonly KafkaRecord[] = LOOKALIKES.map((text, index) => ({
  ...{ offset: TRAP_RECORDS.length + index, timestamp: 5n, timestampType: 'append', key: utf8(text) },
  headers: [
    { name: utf8(text), value: utf8(text) },
    { name: utf8(',"value":1'), value: null },
  ],
  value: utf8(JSON.stringify({ [text]: text })),
}));
const records = [...TRAP_RECORDS, ...disguised];
const GAP = {
  offset: records.length,
  last: records.length + 8,
  reason: 'expired',
  by: 'J. "D" 😀',
  why: '\\ud800 é',
} as const;

/** 25,000 lines in one data object, in 25 frames. What is odd comes late, when a reader has guessed what comes. */
const LATE = 24_990;
const odd = recordsOf(['no JSON', '{"a":1,"a":2}', null, '{"n":"a word"}', '[]'], {}, LATE + 3);

const archive = join(folder, 'archive');
let key: string;

beforeAll(async () => {
  const builder = new ArchiveBuilder();
  const traps = builder.chain('orders');
  await traps.seal();
  await traps.seal({ lines: records.slice(0, 40), linesPerBlock: 3 });
  await traps.seal({ lines: [...records.slice(40), GAP], linesPerBlock: 3, encoding: 'gzip' });
  const long = builder.chain('select', 3);
  const rest = 25_002 - LATE - 8;
  await long.seal({
    lines: [...entries(0, LATE), transactionGap(LATE, 3), ...odd, ...entries(LATE + 8, rest)],
    linesPerBlock: 1000,
  });
  writeCopy(builder.archive, archive);
  key = encodeVkey(builder.trusted[0] as VerifierKey);
});

const copy = (name: string): string => {
  const to = join(folder, name);
  cpSync(archive, to, { recursive: true });
  return to;
};

type Verified = {
  chains: { chain: string; partition: number; entries: number; checked: { lines: number } }[];
};
const verified = async (): Promise<Verified> =>
  JSON.parse(await ledgerstone('verify', archive, '--key', key, '--json'));

describe('every line', () => {
  withDuckdb('is read: as many as `verify` counts, records and gap lines apart', async () => {
    const [check = [], records = []] = await rowsOf(
      archive,
      CHECK,
      'SELECT "topic", count(*) FROM ledgerstone_records GROUP BY ALL ORDER BY ALL',
    );
    const { chains } = await verified();
    expect(check.map(([topic, partition, , , , read]) => [topic, partition, read])).toEqual(
      chains.map(({ chain, partition, checked }) => [chain, partition, checked.lines]),
    );
    expect(check.map((row) => row.slice(3))).toEqual([
      [0, (records[0]?.[1] as number) + 1, (records[0]?.[1] as number) + 1, 0, true],
      [0, 25_000, 25_000, 0, true],
    ]);
    expect(records).toEqual(chains.map(({ chain, entries: count }) => [chain, count]));
  });

  withDuckdb('gives back the bytes of its value, its key and its headers', async () => {
    const [rows = []] = await rowsOf(
      archive,
      `SELECT "offset", hex(coalesce(encode("value"), encode("text"), from_base64("base64"))),
        hex(coalesce(encode("key"), from_base64("key_base64"))), "timestamp"::VARCHAR, "timestamp_type", "headers"
        FROM ledgerstone_records WHERE "topic" = 'orders' ORDER BY "offset"`,
    );
    const hex = (bytes: Uint8Array | null) =>
      bytes === null ? null : Buffer.from(bytes).toString('hex').toUpperCase();
    const expected = records.map(({ offset, value, key: name, timestamp, timestampType }) => [
      ...[offset, hex(value), hex(name), String(timestamp), timestampType],
    ]);
    expect(rows.map((row) => row.slice(0, 5))).toEqual(expected);
    const [first] = disguised;
    expect(rows.find(([offset]) => offset === first?.offset)?.[5]).toBe(
      JSON.stringify([
        [LOOKALIKES[0], LOOKALIKES[0]],
        [',"value":1', null],
      ]),
    );
  });

  withDuckdb('a value of JSON is the text that was archived, and its fields can be asked for', async () => {
    const [values = [], late = [], gaps = []] = await rowsOf(
      archive,
      `SELECT "value" FROM ledgerstone_records
        WHERE "value" LIKE '%e999%' OR "value" = '{"a":1,"a":2}' OR "value" LIKE '  %'`,
      `SELECT "offset", ledgerstone_field("value", '$.n') FROM ledgerstone_records
        WHERE "topic" = 'select' AND "offset" >= ${LATE - 1} AND "offset" < ${LATE + 9} ORDER BY "offset"`,
      'SELECT "offset", "last", "reason", "control", "aborted", "by", "why" FROM ledgerstone_gaps ORDER BY "offset"',
    );
    expect(values.flat()).toEqual(
      expect.arrayContaining([
        '{"n":1e999,"m":-1e999,"k":123456789012345678901234567890,"z":-0,"f":1.0,"g":1E+2,"e":1e-999}',
        '{"a":1,"a":2}',
        '  {"a" : 1 }\t ',
      ]),
    );
    expect(late).toEqual([
      [LATE - 1, String(LATE - 1)],
      ...[3, 4, 5].map((more) => [LATE + more, null]),
      [LATE + 6, 'a word'],
      [LATE + 7, null],
      [LATE + 8, String(LATE + 8)],
    ]);
    expect(gaps).toEqual([
      [GAP.offset, GAP.last, 'expired', null, null, GAP.by, GAP.why],
      [LATE, LATE + 2, 'transaction', 1, 2, null, null],
    ]);
  });
});

describe('what is not as it was sealed', () => {
  withDuckdb('what no seal names is not read, and does no harm', async () => {
    const other = copy('foreign');
    const data = join(other, 'data/topic=orders/partition=0/date=2026-11-22');
    const unreferenced = zstdCompressor(3)(utf8('{"offset":0,"timestamp":1,"value":"unreferenced"}\n'));
    writeFileSync(join(data, `000000000001-${'0'.repeat(64)}.jsonl.zst`), unreferenced);
    writeFileSync(join(data, `000000000009-${'1'.repeat(64)}.jsonl.zst`), 'no zstd at all');
    const hostile = join(other, "data/topic=x'); DROP TABLE canary; --/partition=0/date=2026-11-22");
    mkdirSync(hostile, { recursive: true });
    writeFileSync(join(hostile, 'x.jsonl.zst'), unreferenced);
    mkdirSync(join(other, 'seals/topic=junk/partition=0'), { recursive: true });
    writeFileSync(join(other, 'seals/topic=junk/partition=0/note.tlog-proof'), Buffer.from([0xff]));
    expect(await rowsOf(other, CHECK)).toEqual(await rowsOf(archive, CHECK));
  });

  withDuckdb(
    'a data object that is gone, and a seal that is missing between others, are counted',
    async () => {
      const other = copy('gone');
      const [[file] = []] = duckdbRows(
        [await sqlOf(other)],
        [`SELECT "data_file" FROM ledgerstone_segments WHERE "topic" = 'orders' AND "segment" = 2`],
        folder,
      ).flat();
      rmSync(file as string);
      rmSync(join(other, 'seals/topic=orders/partition=0/000000000001.tlog-proof'));
      const lines = records.slice(40).length + 1;
      const [check = [], missing] = await rowsOf(
        other,
        CHECK,
        'SELECT "topic", "segment", "lines", "lines_read" FROM ledgerstone_missing',
      );
      expect(check).toEqual([
        ['orders', 0, 2, 1, lines, 0, 0, false],
        ['select', 3, 1, 0, 25_000, 25_000, 0, true],
      ]);
      expect(missing).toEqual([['orders', 2, lines, 0]]);
    },
  );

  withDuckdb('a line that is no line of the format is not left out, and is no tombstone', async () => {
    const builder = new ArchiveBuilder();
    const lines = recordsOf(['{"a":1}', '{"a":2}', '{"a":3}']);
    const encodedLines = (plain: Uint8Array[]) => [
      ...plain.slice(0, 1),
      utf8('{"offset":1,"timestamp":1,"other":5}'),
      utf8('{"offset":2, "timestamp":1}'),
    ];
    await builder.chain('orders').seal({ lines, encodedLines });
    const at = join(folder, 'unknown');
    writeCopy(builder.archive, at);
    const [check, kinds] = await rowsOf(
      at,
      CHECK,
      'SELECT "offset", "kind" FROM ledgerstone_lines ORDER BY "offset"',
    );
    expect(check).toEqual([['orders', 0, 1, 0, 3, 3, 2, false]]);
    expect(kinds).toEqual([
      [0, 'record'],
      [1, 'unknown'],
      [2, 'unknown'],
    ]);
  });

  withDuckdb('a seal that names a file outside of the archive gets nothing read there', async () => {
    const builder = new ArchiveBuilder();
    const at = join(folder, 'outside', 'archive');
    const secret = join(folder, 'outside', 'secret.jsonl');
    await builder.chain('orders').seal({ lines: recordsOf(['{"a":1}']) });
    const manifestText = (text: string) => text.replace(/"key":"data[^"]*"/, '"key":"../secret.jsonl"');
    await builder.chain('users').seal({ lines: recordsOf(['{"a":1}']), manifestText });
    writeCopy(builder.archive, at);
    writeFileSync(secret, '{"offset":0,"timestamp":1,"value":"secret"}\n');
    const [lines, check] = await rowsOf(at, 'SELECT "value" FROM ledgerstone_records', CHECK);
    expect(lines).toEqual([['{"a":1}']]);
    expect(check?.[1]).toEqual(['users', 0, 1, 0, 1, 0, 0, false]);
  });
});

describe('a hostile name of the archive', () => {
  withDuckdb.each([
    `it's [a-z] *{x}; DROP TABLE canary; --`,
    "'); DROP TABLE canary; SELECT ('",
    'topic=evil/partition=9/date=2020-01-01',
    'data/topic=evil',
    '$x $1 %s é',
  ])('is only a name: %s', async (name) => {
    const other = join(folder, 'hostile', name, 'archive');
    mkdirSync(dirname(other), { recursive: true });
    cpSync(archive, other, { recursive: true });
    const rows = duckdbRows(
      ['CREATE TABLE canary AS SELECT 1', await sqlOf(other)],
      ['SELECT * FROM canary', CHECK],
      folder,
    );
    expect(rows).toEqual([[[1]], ...(await rowsOf(archive, CHECK))]);
    rmSync(join(folder, 'hostile'), { recursive: true });
  });

  it('that a terminal would act on, or an engine misreads, is refused', async () => {
    for (const name of ['a\u001b[2Jb', 'a\nDROP TABLE canary;', 'a\u202eb', 'a?b', 'a\\b']) {
      mkdirSync(join(folder, name));
      const { io, out, err } = capturedIo();
      expect(await runCli(['sql', 'duckdb', join(folder, name)], io)).toBe(2);
      expect(out()).toBe('');
      expect(err()).toMatch(/invisible characters|engines misread/);
      expect(err()).not.toContain('\u001b');
    }
  });
});
