// Does the demo show what it says, on a fresh directory and on the real stack, and do its suggested commands work?
import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { cli, type Ran } from '../support/cli.ts';
import { describeWithStack } from '../support/stack/global.ts';

const ROOT = join(import.meta.dirname, '../..');
const CODES = ['data-altered', 'sequence-gap', 'sequence-gap', 'bad-signature'];

/** Runs each `npx ledgerstone …` line of the text by a shell, in a checkout. */
function runSuggested(text: string, env: Readonly<Record<string, string>> = {}): void {
  const commands = text.split('\n').filter((line) => line.startsWith('  npx ledgerstone '));
  expect(commands).toHaveLength(3);
  for (const command of commands) {
    const ran = spawnSync(command, {
      cwd: ROOT,
      shell: true,
      encoding: 'utf8',
      env: { ...process.env, ...env },
    });
    expect(ran.status, `${command}\n${ran.stdout}${ran.stderr}`).toBe(0);
  }
}

const textOf = (ran: Ran): string => ran.stdout.toString();
const directoryOf = (text: string): string => /^Files: (.+)$/m.exec(text)?.[1] as string;

describe('the demo', () => {
  it('holds exactly the events of test/data, with their attribution', async () => {
    const packed = join(ROOT, 'src/apps/cli/demo/data');
    const events = zstdDecompressSync(await readFile(join(packed, 'events.jsonl.zst')));
    const names = (await readdir(join(ROOT, 'test/data'))).filter((name) => name.endsWith('.jsonl'));
    const files = await Promise.all(names.map((name) => readFile(join(ROOT, 'test/data', name))));
    const count = (bytes: Buffer) => bytes.reduce((sum, byte) => sum + (byte === 10 ? 1 : 0), 0);
    expect(events.length).toBe(files.reduce((sum, file) => sum + file.length, 0));
    expect(count(events)).toBe(4712);
    for (const file of files) expect(events.includes(file)).toBe(true);
    const sources = await readFile(join(packed, 'SOURCES.md'), 'utf8');
    for (const name of names) expect(sources).toContain(`\`${name}\``);
    expect(sources).toContain('Permission is hereby granted, free of charge');
  });

  it('archives, verifies, names every attack, proves one event and leaves commands that work', async () => {
    // A directory that a shell would take for two words.
    const parent = await mkdtemp(join(tmpdir(), 'a demo '));
    const ran = await cli(['demo', '--dir', join(parent, 'files')]);
    const text = textOf(ran);
    const directory = directoryOf(text);
    try {
      expect(ran).toMatchObject({ code: 0, stderr: '' });
      const lines = text.split('\n');
      expect(lines.slice(0, 3).join('\n')).toContain(
        'Embedded here: a file as source, a directory as store, a key file',
      );
      expect(text).toContain('Production: Apache Kafka, S3 Object Lock (compliance mode) and AWS KMS');
      expect(text).toMatch(/^verified {2}\d+ signatures, 4,712 lines/m);
      for (const code of CODES) expect(text).toContain(`  broken: ${code} in segment`);
      expect(text).toContain('broken: entry-root-mismatch');
      expect(lines.filter((line) => line !== '').at(-1)).toContain(
        'npm run stack && npm run demo -- --stack',
      );
      runSuggested(text);
      expect((await readdir(directory)).sort()).not.toContain('attacked-copy');
    } finally {
      await rm(parent, { recursive: true, force: true });
    }
  });

  it('tells programs the same', async () => {
    const ran = await cli(['demo', '--json']);
    const result = JSON.parse(textOf(ran));
    await rm(result.directory, { recursive: true, force: true });
    expect(result).toMatchObject({
      verdict: 'verified',
      archived: { records: 4712 },
      proof: { altered: { verdict: 'broken' } },
    });
    expect(result.attacks.map(({ finding }: { finding: { code: string } }) => finding.code)).toEqual(CODES);
  });
});

describeWithStack('the demo on the real stack', { kafka: true, s3: true }, (stack) => {
  it('goes from Kafka to S3 and KMS and verifies from S3', async () => {
    const { dir, s3 } = stack();
    const env = {
      LEDGERSTONE_STACK_DIR: dir,
      AWS_ACCESS_KEY_ID: s3.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: s3.credentials.secretAccessKey,
    };
    const ran = await cli(['demo', '--stack'], { env });
    const text = textOf(ran);
    const directory = directoryOf(text);
    try {
      expect(ran, text).toMatchObject({ code: 0, stderr: '' });
      expect(text).toContain('Nothing is embedded');
      expect(text.trimEnd().split('\n').at(-1)).toContain('On AWS');
      // Every data object and every seal of the four chains is locked.
      expect(text).toMatch(/^verified {2}\d+ signatures, 4,712 lines, [1-9]\d* locks/m);
      for (const code of CODES) expect(text).toContain(`  broken: ${code} in segment`);
      runSuggested(text, env);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });
});
