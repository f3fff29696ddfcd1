// Does what is piped in come as records, although it passes only once?
import { execFileSync, spawn } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { MIB } from '../../../src/base/limits.ts';
import {
  eachInDirectory,
  fileOf,
  inDirectory,
  numbered,
  PARTITION,
  pipe,
  started,
  texts,
  untilEnd,
} from './file-bench.ts';

eachInDirectory();

describe('standard input', () => {
  it('is archived like a file', async () => {
    const { input } = pipe(['on', 'e\r\n', '\n', 'two', '\nlast']);
    const { source, recorder } = await started({ input });
    source.resume(PARTITION);
    await untilEnd(recorder);
    expect(texts(recorder)).toEqual(['one\r', '', 'two', 'last']);
    expect(recorder.of('end')[0]?.nextOffset).toBe(4);
    expect(await source.logRange(PARTITION)).toEqual({ low: 4, high: 4 });
  });

  it('after a restart: reads forward to the anchor, holds it, and goes on after the head', async () => {
    const { input } = pipe(['0\n1\n2', '\n3\n4\n']);
    const { source, recorder } = await started({ input });
    const range = await source.logRange(PARTITION);
    expect(range.low).toBe(0);
    expect(range.high).toBeGreaterThan(1_000_000);
    for (let again = 0; again < 2; again++) {
      const anchor = await source.readAt(PARTITION, 2);
      expect(
        anchor.records.map(({ offset, value }) => [offset, String.fromCharCode(...(value ?? []))]),
      ).toEqual([[2, '2']]);
    }
    expect((await source.logRange(PARTITION)).low).toBe(2);
    source.seek(PARTITION, 3);
    expect((await source.logRange(PARTITION)).low).toBe(3);
    source.resume(PARTITION);
    await untilEnd(recorder);
    expect(texts(recorder)).toEqual(['3', '4']);
    expect((await source.logRange(PARTITION)).low).toBe(5);
  });

  it('the anchor itself is delivered when it is sought', async () => {
    const { source, recorder } = await started({ input: pipe(['0\n1\n2\n']).input });
    await source.readAt(PARTITION, 1);
    source.seek(PARTITION, 1);
    source.resume(PARTITION);
    await untilEnd(recorder);
    expect(recorder.offsets()).toEqual([1, 2]);
  });

  it('shorter than the head: shows no anchor, and a range that ends below', async () => {
    const { source } = await started({ input: pipe(['0\n1\n2']).input });
    expect((await source.readAt(PARTITION, 9)).records).toEqual([]);
    expect((await source.logRange(PARTITION)).high).toBe(3);
  });

  it('asks to be started again when a line that has passed is wanted', async () => {
    for (const want of ['seek', 'readAt'] as const) {
      const { source, recorder } = await started({ input: pipe(['0\n1\n', '2\n3\n']).input });
      source.resume(PARTITION);
      await recorder.until('line 1', () => recorder.offsets().includes(1));
      source.pause(PARTITION);
      const passed = {
        code: 'input-passed',
        disposition: 'fatal',
        remedy: expect.stringContaining('whole input'),
      };
      if (want === 'seek') source.seek(PARTITION, 1);
      else await expect(source.readAt(PARTITION, 1)).rejects.toMatchObject(passed);
      expect(recorder.of('fatal')).toMatchObject([{ error: passed }]);
      recorder.forget();
      source.resume(PARTITION);
      await sleep(10);
      if (want === 'seek') expect(recorder.events).toEqual([]);
    }
  });

  it('what was delivered and not sealed counts as there, so that a check of the head on the way holds', async () => {
    const { source, recorder } = await started({ input: pipe(['0\n1\n2\n3\n']).input });
    source.seek(PARTITION, 1);
    await source.commitHint(PARTITION, { nextOffset: 1, metadata: '' });
    source.resume(PARTITION);
    await untilEnd(recorder);
    expect((await source.logRange(PARTITION)).low).toBe(1);
    await source.commitHint(PARTITION, { nextOffset: 3, metadata: '' });
    expect((await source.logRange(PARTITION)).low).toBe(3);
  });

  it('a seek takes effect at once, however far a line is on its way', async () => {
    for (const content of ['0\n1\n', 'too long\n1\n']) {
      for (let hops = 0; hops < 40; hops++) {
        const { source, recorder } = await started({ input: pipe([content]).input, recordBytesMax: 2 });
        await source.readAt(PARTITION, 0);
        source.resume(PARTITION);
        for (let hop = 0; hop < hops; hop++) await null;
        recorder.forget();
        source.seek(PARTITION, 1);
        await untilEnd(recorder);
        expect(recorder.offsets()).toEqual([1]);
        expect(recorder.fetches().some((fetched) => fetched.undecodable !== undefined)).toBe(false);
      }
    }
  });

  it('an anchor that is asked for while reading goes on takes nothing from it', async () => {
    const input = new Readable({ read: () => {} });
    const { source, recorder } = await started({ input });
    source.resume(PARTITION);
    const anchor = source.readAt(PARTITION, 1);
    input.push('0\n1\n');
    await expect(anchor).rejects.toMatchObject({ code: 'input-passed' });
    input.push('2\n');
    input.push(null);
    await untilEnd(recorder);
    expect(recorder.offsets()).toEqual([0, 1, 2]);
  });

  it('pulls no more than it delivers: one chunk in flight', async () => {
    const line = Buffer.alloc(64 * 1024, 'x');
    line[line.length - 1] = 10;
    const { input, pulled } = pipe(Array.from({ length: 100 }, () => line));
    const { source, recorder } = await started({ input }, (_event, own) => own.pause(PARTITION));
    for (let round = 1; round <= 5; round++) {
      source.resume(PARTITION);
      await recorder.until('a fetch', () => recorder.fetches().length === round);
      await sleep(10);
      expect(recorder.fetches()).toHaveLength(round);
      // Beyond what was delivered: a chunk in the stream's own buffer and one being made, however many rounds.
      expect(pulled() / line.length - recorder.records().length).toBeLessThanOrEqual(2);
    }
  });

  it('a line without end is refused at the limit, not collected', async () => {
    const chunk = Buffer.alloc(64 * 1024, 'x');
    const { input, pulled } = pipe(
      (function* () {
        for (;;) yield chunk;
      })(),
    );
    const { source, recorder } = await started({ input, recordBytesMax: MIB });
    source.resume(PARTITION);
    await recorder.until('the refusal', () => recorder.fetches().length > 0);
    expect(recorder.fetches()).toMatchObject([{ records: [], undecodable: { offset: 0 } }]);
    await sleep(10);
    expect(recorder.fetches()).toHaveLength(1);
    expect(pulled()).toBeLessThan(2 * MIB);
  });

  it('closes while it waits for input', async () => {
    const input = new Readable({ read: () => {} });
    const { source, recorder } = await started({ input });
    source.resume(PARTITION);
    await sleep(10);
    await source.close();
    expect(recorder.of('fatal')).toEqual([]);
    expect(recorder.of('end')).toEqual([]);
  });

  it('a failing input is fatal, once, with its reason', async () => {
    const input = new Readable({ read: () => {} });
    const { source, recorder } = await started({ input });
    source.resume(PARTITION);
    input.push('a\n');
    await recorder.until('the first line', () => recorder.offsets().length === 1);
    input.destroy(new Error('device lost'));
    await recorder.until('the failure', () => recorder.of('fatal').length > 0);
    await sleep(10);
    expect(recorder.of('fatal')).toHaveLength(1);
    expect(recorder.of('fatal')[0]?.error).toMatchObject({
      code: 'source-unreadable',
      message: expect.stringContaining('device lost'),
    });
    expect(recorder.of('end')).toEqual([]);
  });

  it('works on the standard input of a real process', async () => {
    const script = `
      import { fileSource } from ${JSON.stringify(new URL('../../../src/ingest/file.ts', import.meta.url).href)};
      const source = fileSource({ path: '-', topic: 't' });
      let lines = 0;
      await source.start({ onAssign() {}, onFetched: (f) => { lines += f.records.length; },
        onEnd: async (_, next) => { console.log(lines, next); await source.close(); }, onFatal: (e) => console.log(e) });
      source.resume();`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    child.stdin.end(numbered(10_000));
    let out = '';
    for await (const chunk of child.stdout) out += chunk;
    expect(out.trim()).toBe('10000 10000');
  });
});

describe('a named pipe', () => {
  it.skipIf(process.platform === 'win32')('is read as it comes', async () => {
    const path = inDirectory('events.pipe');
    execFileSync('mkfifo', [path]);
    const writer = spawn('sh', ['-c', `printf 'a\\nb\\n' > "$0"`, path]);
    const { source, recorder } = await started({ path });
    source.resume(PARTITION);
    await untilEnd(recorder);
    expect(texts(recorder)).toEqual(['a', 'b']);
    writer.kill();
  });
});

describe('the same bytes from a file and from a stream', () => {
  it('give the same records', async () => {
    const path = fileOf(numbered(3_000, 700));
    const fromFile = await started({ path });
    const fromStream = await started({ input: createReadStream(path, { highWaterMark: 1_777 }) });
    for (const { source, recorder } of [fromFile, fromStream]) {
      source.resume(PARTITION);
      await untilEnd(recorder);
    }
    expect(texts(fromStream.recorder)).toEqual(texts(fromFile.recorder));
    expect(fromFile.recorder.records()).toHaveLength(3_000);
  });
});
