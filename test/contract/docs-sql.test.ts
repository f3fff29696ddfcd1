// Do the questions and the programs of docs/sql.md give what they say?
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { utf8Text } from '../../src/base/bytes.ts';
import { duckdbSql } from '../../src/read/sql/duckdb.ts';
import { directoryLocation } from '../../src/read/sql/location.ts';
import { ArchiveBuilder, writeCopy } from '../support/archive-builder.ts';
import { pageText } from '../support/docs/pages.ts';
import { recordsOf } from '../support/find-world.ts';
import { duckdbRows, has, hasDuckdb, outputOf, PYTHON, withTool } from '../support/readers.ts';

const withDuckdb = withTool('DuckDB for Python', hasDuckdb());
const withPython = withTool('zstandard for Python', has(PYTHON, '-c', 'import zstandard'));
const GO = ['go', '/usr/local/go/bin/go'].find((name) => spawnSync(name, ['version']).status === 0);
const isGoWanted = process.env['LEDGERSTONE_NO_GO'] === undefined && GO !== undefined;

const folder = mkdtempSync(join(tmpdir(), 'ledgerstone-docs-sql-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const blocks = (language: string): string[] =>
  [...pageText('docs/sql.md').matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(
    ([, text = '']) => text,
  );

/** As many as a page of investigators needs to tell people apart: the same that the commands of the page are run on. */
const event = (id: number): string => {
  const userName = id % 3 === 1 ? 'alice' : 'bob';
  return JSON.stringify({
    ...{ id, eventTime: new Date(Date.parse('2026-11-22T08:00:00Z') + id * 60_000).toISOString() },
    ...{ eventName: id % 2 === 1 ? 'DeleteUser' : 'GetUser' },
    userIdentity: { arn: `arn:aws:iam::123456789012:user/${userName}`, userName },
  });
};

let stored: { readonly path: string; readonly content: string; readonly firstFrame: number };

beforeAll(async () => {
  const builder = new ArchiveBuilder();
  const chain = builder.chain('orders');
  const values = [
    ...Array.from({ length: 100 }, (_, id) => event(id)),
    event(7),
    'no JSON',
    null,
    '"\u2028"',
  ];
  await chain.seal({
    lines: [
      ...recordsOf(values),
      { offset: values.length, last: values.length + 2, reason: 'expired', by: 'Ada Byron', why: 'outage' },
    ],
    linesPerBlock: 20,
  });
  const directory = join(folder, 'archive');
  writeCopy(builder.archive, directory);
  const data = join(directory, 'data/topic=orders/partition=0/date=2026-11-22');
  const path = join(data, readdirSync(data)[0] as string);
  const [segment] = chain.manifests.map((bytes) => JSON.parse(utf8Text(bytes)));
  const { content } = segment.data.blocks[0] as { content: number };
  stored = { path, content: outputOf('zstd', ['-dcq', path], folder), firstFrame: content };
  expect(stored.content.length).toBeGreaterThan(5 * content);
});

describe('the questions', () => {
  withDuckdb('each gives what it asks for', () => {
    const asked = blocks('sql');
    const rows = duckdbRows([duckdbSql(directoryLocation(join(folder, 'archive')))], asked, folder);
    const at = (minute: number) =>
      new Date(Date.parse('2026-11-22T08:00:00Z') + minute * 60_000).toISOString();
    expect(rows[0]).toEqual([['orders', 0, 105, 105, true]]);
    expect(rows[1]?.length).toBe(34);
    expect(rows[1]?.[0]).toEqual([1, 'DeleteUser', event(1)]);
    expect(rows.slice(2)).toEqual([
      [
        ['bob', 33],
        ['alice', 18],
      ],
      [[104, 3, 10]],
      expect.arrayContaining([['orders', 0, 1]]),
      [[at(1), at(97)]],
      [
        ['2026-11-22T08', 61],
        ['2026-11-22T09', 40],
        [null, 3],
      ],
      [['orders', 104, 102, 1, 0]],
      expect.arrayContaining([['7', 2, '[7, 100]']]),
      [['orders', 0, 104, 106, 'expired', 'Ada Byron', 'outage']],
    ]);
  });
});

describe('a data object of several frames', () => {
  const lengthIn = (script: string) => Number(outputOf(PYTHON, ['-c', script, stored.path], folder));

  withPython(
    'Python: the program reads all of it, and what the page warns of stops after the first frame',
    () => {
      const [program = ''] = blocks('python');
      expect(outputOf(PYTHON, ['-c', program, stored.path], folder)).toBe(stored.content);
      const read = "import sys, zstandard; data = open(sys.argv[1], 'rb').read(); print(len(";
      expect(lengthIn(`${read}zstandard.ZstdDecompressor().decompress(data)))`)).toBe(stored.firstFrame);
      expect(lengthIn(`${read}zstandard.ZstdDecompressor().decompressobj().decompress(data)))`)).toBe(
        stored.firstFrame,
      );
    },
  );

  it('Node: the program reads all of it, and what the page warns of stops after the first frame', () => {
    const [program = ''] = blocks('js');
    writeFileSync(join(folder, 'lines.mjs'), program);
    expect(outputOf(process.execPath, ['lines.mjs', stored.path], folder)).toBe(stored.content);
    const naive = `import { readFileSync } from 'node:fs';
import { zstdDecompressSync } from 'node:zlib';
console.log(zstdDecompressSync(readFileSync(process.argv[2])).length);`;
    writeFileSync(join(folder, 'naive.mjs'), naive);
    expect(Number(outputOf(process.execPath, ['naive.mjs', stored.path], folder))).toBe(stored.firstFrame);
  });

  it.runIf(isGoWanted)('Go: the program reads all of it', () => {
    const program = join(folder, 'main.go');
    writeFileSync(program, blocks('go')[0] ?? '');
    const { status, stdout, stderr } = spawnSync(GO as string, ['run', program, stored.path], {
      ...{
        cwd: join(import.meta.dirname, 'go'),
        encoding: 'utf8',
        env: { ...process.env, GOTOOLCHAIN: 'auto' },
      },
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toBe(stored.content);
  });
});
