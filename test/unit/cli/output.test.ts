// Does output reach its reader, and what happens when the reader has gone?
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { runCli } from '../../../src/apps/cli/cli.ts';
import { exitCodeOfError, exitCodeOfVerdict, UsageError } from '../../../src/apps/cli/exit-code.ts';
import { Output } from '../../../src/apps/cli/output.ts';
import { ageText, bytesText, tableText } from '../../../src/apps/cli/table.ts';
import { FormatError, LedgerstoneError } from '../../../src/base/error.ts';
import { sealKey } from '../../../src/format/paths.ts';
import { encodeVkey, type VerifierKey } from '../../../src/format/vkey.ts';
import { VerifyError } from '../../../src/verify/finding.ts';
import { ArchiveBuilder, writeCopy } from '../../support/archive-builder.ts';
import { capturedIo } from './captured-io.ts';

describe('exit codes', () => {
  test('1 is for what was found, never for what could not be looked at', () => {
    expect(exitCodeOfVerdict('verified')).toBe(0);
    expect(exitCodeOfVerdict('broken')).toBe(1);
    expect(exitCodeOfVerdict('unverifiable')).toBe(3);
    expect(exitCodeOfError(new UsageError('x'))).toBe(2);
    expect(exitCodeOfError(new LedgerstoneError('config', 'x'))).toBe(2);
    expect(exitCodeOfError(new VerifyError({ code: 'bad-signature', expected: null, found: null }))).toBe(1);
    expect(exitCodeOfError(new VerifyError({ code: 'unknown-key', expected: null, found: null }))).toBe(3);
    expect(exitCodeOfError(new FormatError('x'))).toBe(1);
    expect(exitCodeOfError(new LedgerstoneError('not-permitted', 'x'))).toBe(3);
    expect(exitCodeOfError(new TypeError('x'))).toBe(3);
  });
});

/** Commands on an archive, into a file that takes nothing. */
async function written(code: string, change: (builder: ArchiveBuilder) => void = () => {}) {
  const folder = mkdtempSync(join(tmpdir(), 'ledgerstone-output-'));
  const builder = new ArchiveBuilder();
  await builder.chain('orders').fill(2, 3);
  change(builder);
  writeCopy(builder.archive, folder);
  const key = ['--key', encodeVkey(builder.trusted[0] as VerifierKey)];
  const place = ['--topic', 'orders', '--partition', '0'];
  const more: Readonly<Record<string, readonly string[]>> = {
    ...{ get: place, show: place, prove: [...place, '--offset', '1'], find: ['--text', 'login'] },
  };
  const run = async (command: string) => {
    const { io, err } = capturedIo();
    const stdout = new Writable({
      write: (_chunk, _encoding, done) => done(Object.assign(new Error(`write ${code}`), { code })),
    });
    const args = [command, folder, ...key, ...(more[command] ?? [])];
    return { code: await runCli(args, { ...io, stdout }), err: err() };
  };
  return { folder, run };
}

describe('output', () => {
  test('a reader that went away makes it closed and throws nothing', async () => {
    const stdout = new Writable({
      write: (_chunk, _encoding, done) => done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })),
    });
    const output = new Output({ ...capturedIo().io, stdout });
    await output.line('first');
    await new Promise((resolve) => setImmediate(resolve));
    expect(output.closed).toBe(true);
    await output.line('second');
    await output.flush();
  });

  test.each(['ENOSPC', 'EFBIG', 'EIO'])('what a full disk did not take is no success: %s', async (code) => {
    const { folder, run } = await written(code);
    try {
      for (const command of ['get', 'prove', 'verify', 'status', 'show', 'losses', 'find']) {
        const { code: exit, err } = await run(command);
        expect([command, exit, err]).toEqual([
          ...[
            command,
            3,
            expect.stringContaining(`error: the output could not be written whole: write ${code}`),
          ],
        ]);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('a finding stays one where the output could not be written, and so does wrong usage', async () => {
    const { folder, run } = await written('ENOSPC', (builder) => {
      builder.archive.remove(sealKey('orders', 0, 0));
    });
    try {
      expect((await run('verify')).code).toBe(1);
      expect((await run('no-such-command')).code).toBe(2);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('a slow reader is waited for', async () => {
    const stdout = new PassThrough({ highWaterMark: 10 });
    const output = new Output({ ...capturedIo().io, stdout });
    let written = false;
    const writing = output.write('x'.repeat(100)).then(() => {
      written = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(written).toBe(false);
    stdout.resume();
    await writing;
    expect(written).toBe(true);
  });

  test('colours are for terminals that want them', () => {
    const colour = (isTTY: boolean, env: NodeJS.ProcessEnv) => {
      const stdout = Object.assign(new PassThrough(), { isTTY });
      return new Output({ ...capturedIo(env).io, stdout }).colour('red', 'x');
    };
    expect(colour(true, {})).toBe('\u001B[31mx\u001B[39m');
    expect(colour(true, { NO_COLOR: '' })).toBe('\u001B[31mx\u001B[39m');
    expect(colour(true, { NO_COLOR: '1' })).toBe('x');
    expect(colour(true, { TERM: 'dumb' })).toBe('x');
    expect(colour(false, {})).toBe('x');
  });

  test('an error is its message and its remedy', () => {
    const { io, err } = capturedIo();
    new Output(io).error(new LedgerstoneError('x', 'it broke', { remedy: 'Mend it.' }));
    expect(err()).toBe('error: it broke\n  Mend it.\n');
  });
});

describe('tables and numbers', () => {
  test('columns line up', () => {
    const text = tableText(
      [{ title: 'name' }, { title: 'n', align: 'right' }],
      [
        ['a', '1'],
        ['long name', '1,000'],
      ],
    );
    expect(text).toBe('name           n\na              1\nlong name  1,000\n');
  });
  test('sizes and ages', () => {
    expect([0, 1023, 1536, 16 * 1024 ** 2].map(bytesText)).toEqual(['0 B', '1023 B', '1.5 KiB', '16.0 MiB']);
    expect([-5_000, 90_000, 3_600_000, 36_000_000, 864_000_000].map(ageText)).toEqual([
      '-5 s',
      '90 s',
      '60 min',
      '10.0 h',
      '10.0 d',
    ]);
  });
});
