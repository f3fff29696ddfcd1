// Is FORMAT.md's example what the code makes, and do its commands print what it says they print?
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nodeSha256 } from '../../src/base/node/hash.ts';
import { parseEventProof } from '../../src/format/event-proof.ts';
import { decodeLine } from '../../src/format/record.ts';
import { directoryStore } from '../../src/store/directory.ts';
import { portableChecker } from '../../src/verify/block-checker.ts';
import { checkEventProof } from '../../src/verify/event-proof.ts';
import { nodeContentTools } from '../../src/verify/node/tools.ts';
import { verifyArchive } from '../../src/verify/verify.ts';
import { EXAMPLE_FOLDER, exampleFiles, exampleKey, FORMAT_FILE, formatWith } from './make-example.ts';

const folder = mkdtempSync(join(tmpdir(), 'ledgerstone-format-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const format = readFileSync(FORMAT_FILE, 'utf8');
const { files, text } = exampleFiles();

/** Fenced blocks of a section, in order. */
function blocks(from: string, to: string): { readonly kind: string; readonly body: string }[] {
  const section = format.slice(format.indexOf(from), format.indexOf(to));
  return [...section.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, kind = '', body = '']) => ({ kind, body }));
}

/** Runs all commands in one shell and gives what each block printed. A command that fails ends it. */
function runAll(commands: readonly string[], cwd = folder): string[] {
  const marker = '--- next block ---';
  const script = ['set -eu', ...commands.map((block) => `${block}\necho '${marker}'`)].join('\n');
  const { status, stdout, stderr } = spawnSync('sh', ['-c', script], { cwd, encoding: 'utf8', env: { PATH: process.env['PATH'], LC_ALL: 'C' } });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout.split(`${marker}\n`).slice(0, -1);
}

const needed = ['sh', 'sha256sum', 'zstd', 'base64', 'openssl', 'sed', 'od'];
const missing = needed.filter((tool) => spawnSync('sh', ['-c', `command -v ${tool}`]).status !== 0);
if (missing.length > 0) console.warn(`skipped: the commands of FORMAT.md need ${missing.join(', ')}`);
/** Without the tools: skipped aloud, and a failure where CI must have them. */
const withTools = it.skipIf(missing.length > 0 && process.env['LEDGERSTONE_REQUIRE_STACK'] !== '1');

describe('the worked example', () => {
  it('is what the code makes today', () => {
    expect(formatWith(text, format)).toBe(format);
    for (const { key, bytes } of files) {
      expect(Buffer.compare(readFileSync(join(EXAMPLE_FOLDER, key)), bytes), key).toBe(0);
    }
  });

  withTools('is written by its own commands, byte for byte', () => {
    runAll(blocks('## 11.', '## 12.').filter(({ kind }) => kind === 'sh').map(({ body }) => body));
    for (const { key, bytes } of files) {
      expect(existsSync(join(folder, key)), key).toBe(true);
      expect(Buffer.compare(readFileSync(join(folder, key)), bytes), key).toBe(0);
    }
  });

  it('shows lines that are lines', () => {
    const shown = blocks('## 11.', '## 12.').filter(({ kind }) => kind === 'text');
    expect(shown.length).toBe(1);
    const lines = shown[0]?.body.trimEnd().split('\n') ?? [];
    expect(lines.map((line) => decodeLine(new TextEncoder().encode(line)).kind)).toEqual(['entry', 'gap', 'entry']);
  });

  it('is verified', async () => {
    const report = await verifyArchive(directoryStore({ path: EXAMPLE_FOLDER }), {
      trusted: [exampleKey],
      depth: 'content',
      nowMs: Date.parse('2026-11-23T00:00:00Z'),
      sha256: nodeSha256,
      checker: portableChecker(nodeContentTools),
    });
    expect(report.verdict).toBe('verified');
    expect(report.chains).toMatchObject([{ verdict: 'verified', size: 2, nextOffset: 11, entries: 2 }]);
    // The event's proof lies beside the archive's objects, and is none of them.
    expect(report.findings.map(({ code, key }) => [code, key])).toContainEqual(['foreign-object', 'event.tlog-proof']);
  });

  it('proves its event', async () => {
    const proof = readFileSync(join(EXAMPLE_FOLDER, 'event.tlog-proof'));
    const [line = ''] = (blocks('## 11.', '## 12.').find(({ kind }) => kind === 'text')?.body ?? '').split('\n');
    const bytes = new TextEncoder().encode(line);
    expect(parseEventProof(proof).line).toBe(0);
    const input = { proof, trusted: [exampleKey], sha256: nodeSha256 };
    expect(await checkEventProof({ ...input, line: bytes })).toMatchObject({ verdict: 'verified', offset: 7 });
    const other = new TextEncoder().encode(line.replace('ada', 'bob'));
    expect(await checkEventProof({ ...input, line: other })).toMatchObject({ verdict: 'broken' });
  });
});

describe('the commands of "Check it by hand"', () => {
  const byHand = blocks('## 12.', '## 13.');
  const commands = byHand.filter(({ kind }) => kind === 'sh').map(({ body }) => body);
  const expected = byHand.filter(({ kind }) => kind === 'text').map(({ body }) => body);

  beforeAll(() => {
    for (const { key, bytes } of files) {
      mkdirSync(dirname(join(folder, key)), { recursive: true });
      writeFileSync(join(folder, key), bytes);
    }
  });

  withTools('print what stands below them', () => {
    expect(commands.length).toBe(7);
    expect(byHand.map(({ kind }) => kind)).toEqual(commands.flatMap(() => ['sh', 'text']));
    expect(runAll(commands)).toEqual(expected);
  });

  withTools('print something else when a byte of the data was changed', () => {
    const data = files.find(({ key }) => key.startsWith('data/'));
    if (data === undefined) throw new Error('the example has data');
    const changed = data.bytes.slice();
    changed[changed.length - 20] = (changed[changed.length - 20] as number) ^ 1;
    writeFileSync(join(folder, data.key), changed);
    const printed = runAll(commands);
    expect(printed[1]).not.toBe(expected[1]);
    expect(printed[2]).not.toBe(expected[2]);
    writeFileSync(join(folder, data.key), data.bytes);
  });
});
