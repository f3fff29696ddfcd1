// Does output reach its reader, and what happens when the reader has gone?
import { PassThrough, Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { exitCodeOfError, exitCodeOfVerdict, UsageError } from '../../../src/apps/cli/exit-code.ts';
import { Output } from '../../../src/apps/cli/output.ts';
import { ageText, bytesText, tableText } from '../../../src/apps/cli/table.ts';
import { FormatError, LedgerstoneError } from '../../../src/base/error.ts';
import { VerifyError } from '../../../src/verify/finding.ts';
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
