// Which programs of others are there to read an archive with, and what do they say?
import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';

/** A Python that may have the module `duckdb`: `.ci/run` makes one. */
export const PYTHON = process.env['LEDGERSTONE_READERS_PYTHON'] ?? 'python3';

export const has = (command: string, ...args: string[]): boolean => spawnSync(command, args).status === 0;

/** Without the tool: skipped aloud, and a failure where CI must have it. */
export function withTool(name: string, isThere: boolean): ReturnType<typeof it.skipIf> {
  if (!isThere) console.warn(`skipped: there is no ${name} to read lines with`);
  return it.skipIf(!isThere && process.env['LEDGERSTONE_REQUIRE_STACK'] !== '1');
}

/** What a program prints that ends well and says nothing on standard error. */
export function outputOf(command: string, args: readonly string[], cwd: string, input = ''): string {
  const { status, stdout, stderr } = spawnSync(command, args, {
    ...{ cwd, input, encoding: 'utf8', maxBuffer: 2 ** 30 },
    env: { PATH: process.env['PATH'], HOME: cwd, LC_ALL: 'C.UTF-8' },
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout;
}

export const hasDuckdb = (): boolean => has(PYTHON, '-c', 'import duckdb');

type Cell = string | number | boolean | null;

/** Runs scripts and then queries in one session. Bytes come as hex if the query says so; times as ISO text. */
export function duckdbRows(
  scripts: readonly string[],
  queries: readonly string[],
  cwd: string,
): (readonly Cell[])[][] {
  const program = `
import duckdb, json, sys
asked = json.load(sys.stdin)
session = duckdb.connect()
session.execute("SET TimeZone = 'UTC'")
for script in asked['scripts']: session.execute(script)
print(json.dumps([[[cell if cell is None or isinstance(cell, (str, int, float, bool)) else str(cell) for cell in row]
  for row in session.execute(query).fetchall()] for query in asked['queries']]))`;
  return JSON.parse(outputOf(PYTHON, ['-c', program], cwd, JSON.stringify({ scripts, queries })));
}
