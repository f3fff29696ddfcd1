// Is what is printed for Athena and Trino whole, quoted, and honest about what it does not show?
import { describe, expect, it } from 'vitest';
import { duckdbSql } from '../../../../src/read/sql/duckdb.ts';
import { athenaSql, trinoSql } from '../../../../src/read/sql/hive.ts';
import { bucketLocation, directoryLocation, type SqlLocation } from '../../../../src/read/sql/location.ts';
import { ledgerstone } from '../../cli/captured-io.ts';

const location = (prefix = 'prod/'): SqlLocation =>
  bucketLocation({ bucket: 'acme-audit', prefix, region: 'eu-central-1' });
const ENGINES = { duckdb: duckdbSql, athena: athenaSql, trino: trinoSql } as const;
const NAMES = ['segments', 'lines', 'records', 'gaps', 'missing', 'check'];

/** Without comments and what stands in quotes, where a word is no word of SQL. */
const bare = (sql: string): string =>
  sql.replace(/^--.*$/gm, '').replace(/'(?:[^']|'')*'|"[^"]*"|`[^`]*`/g, "''");

describe.each(Object.entries(ENGINES))('%s', (engine, print) => {
  it('has every view, and begins with what nothing of it proves', () => {
    const sql = print(location());
    for (const name of NAMES)
      expect(sql).toMatch(new RegExp(`^CREATE OR REPLACE (TEMP )?VIEW ledgerstone_${name} AS$`, 'm'));
    const [head = ''] = sql.split(/^[^-]/m);
    expect(head).toContain('NOTHING HERE IS VERIFIED');
    for (const said of [
      'expired',
      'behind the last seal',
      'never archived',
      'newest',
      'ledgerstone verify',
    ]) {
      expect(head).toContain(said);
    }
    if (engine !== 'duckdb') expect(head).toMatch(/Not tested on/);
  });

  it('quotes each name that is a word of SQL', () => {
    const words = /\b(?:partition|offset|timestamp|date|time|key|value|text|last|by|line|lines|topic)\b/i;
    const text = bare(print(location()))
      .replace(/PARTITION(?:ED)? BY|GROUP BY|ORDER BY|partitioned_by|TIMESTAMP ''|TERMINATED BY/gi, '')
      .replace(/::\w+|\bAS (?:bigint|date|timestamp)\b/gi, '');
    expect(words.exec(text)?.[0]).toBeUndefined();
  });

  it('is the same for the same location, and no text of it breaks out of a quote', () => {
    const sql = print(location("it's (mine) --/"));
    expect(sql).toBe(print(location("it's (mine) --/")));
    // Each literal ends where it began to: what is left between them has no quote and nothing of the name.
    const plain = bare(engine === 'athena' ? sql.replaceAll("\\'", '') : sql);
    expect(plain).not.toMatch(/mine|`|"/);
    expect(sql).toContain(engine === 'athena' ? "it\\'s (mine) --/data/'" : "it''s (mine) --/");
  });
});

describe('a location that would be read as something else', () => {
  it.each(['a*/', 'a?/', 'a[b]/', 'a\\/', 'a"/', 'a;b/', 'a\n/', 'é/', 'a//', '%41/', '#/', 'a`/', '$x/'])(
    'prefix %j is refused',
    (prefix) =>
      expect(() => location(prefix)).toThrow('takes for a pattern or an escape'.replace('takes', 'take')),
  );

  it.each(["a'b", 'A', 'a b', 'x', 'a/b', ''])('bucket %j is refused', (bucket) => {
    expect(() => bucketLocation({ bucket, prefix: '', region: 'r' })).toThrow('does not allow');
  });

  it.each(['/a\nb', '/a\u2028b', '/a\u0000', '/a?b', '/a\\b', '/\ud800'])(
    'directory %j is refused',
    (path) => {
      expect(() => directoryLocation(path)).toThrow();
    },
  );

  it('a Region and an endpoint are only texts', () => {
    const endpoint = "http://127.0.0.1:9000/');DROP";
    const hostile = bucketLocation({ bucket: 'acme', prefix: '', region: "x'); DROP TABLE y; --", endpoint });
    const sql = duckdbSql(hostile);
    expect(sql).toContain("REGION 'x''); DROP TABLE y; --'");
    expect(sql).toContain("ENDPOINT '127.0.0.1:9000', USE_SSL false");
    expect(bare(sql)).not.toContain('DROP');
  });
});

describe('the command', () => {
  it('prints it, also as JSON', async () => {
    const asked = ['s3://acme-audit/prod', '--region', 'eu-central-1'];
    expect(await ledgerstone(['sql', 'trino', ...asked])).toEqual({
      code: 0,
      out: trinoSql(location()),
      err: '',
    });
    const { out } = await ledgerstone(['sql', 'athena', ...asked, '--json']);
    expect(JSON.parse(out)).toEqual({
      engine: 'athena',
      archive: 's3://acme-audit/prod/',
      sql: athenaSql(location()),
    });
  });

  it.each([
    [['sql', 'athena', '.'], 'athena reads no directory'],
    [['sql', 'trino', '.'], 'trino reads no directory'],
    [['sql', 'duckdb', './no-such-directory'], 'there is no directory'],
    [['sql', 'duckdb'], 'no archive named'],
    [['sql', 'oracle', '.'], 'Allowed choices are'],
    [['sql', 'duckdb', 'ftp://x'], 'is not an archive'],
    [['sql', 'duckdb', 's3://a*b', '--region', 'r'], 'S3 does not allow'],
  ])('%j is wrong usage', async (args, said) => {
    const { code, out, err } = await ledgerstone(args);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(said);
  });
});
