// Does a file, or what is piped in, come as records: all of it, once, at the reader's pace?
import { execFileSync, spawn } from 'node:child_process';
import { appendFileSync, createReadStream, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LedgerstoneError } from '../../../src/base/error.ts';
import { MIB } from '../../../src/base/limits.ts';
import { type FileSourceOptions, fileSource } from '../../../src/ingest/file.ts';
import type { Source } from '../../../src/ingest/source.ts';
import { SourceRecorder } from '../../support/source-recorder.ts';

const PARTITION = { topic: 'audit', partition: 0 };
let directory: string;
let open: Source[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ledgerstone-file-'));
});
afterEach(async () => {
  for (const source of open) await source.close();
  open = [];
  rmSync(directory, { recursive: true });
});

function fileOf(content: string | Uint8Array): string {
  const path = join(directory, 'events.log');
  writeFileSync(path, content);
  return path;
}

async function started(
  options: Partial<FileSourceOptions>,
): Promise<{ source: Source; recorder: SourceRecorder }> {
  const source = fileSource({ path: '-', topic: 'audit', ...options });
  open.push(source);
  const recorder = new SourceRecorder();
  await source.start(recorder);
  return { source, recorder };
}

/** Standard input made of chunks; counts what was pulled out of it. */
function pipe(chunks: Iterable<Uint8Array | string>): { input: Readable; pulled: () => number } {
  let pulled = 0;
  const input = Readable.from(
    (function* () {
      for (const chunk of chunks) {
        pulled += chunk.length;
        yield Buffer.from(chunk);
      }
    })(),
    { objectMode: false, highWaterMark: 1 },
  );
  return { input, pulled: () => pulled };
}

const texts = (recorder: SourceRecorder): string[] =>
  recorder.records().map(({ value }) => Buffer.from(value as Uint8Array).toString('latin1'));

const untilEnd = (recorder: SourceRecorder, ends = 1): Promise<void> =>
  recorder.until('the end', () => recorder.of('end').length >= ends);

const numbered = (count: number, width = 1_200): string =>
  Array.from({ length: count }, (_, line) => `${line} `.padEnd(width, 'x')).join('\n');

describe('a file', () => {
  it('gives every line: CR kept, empty lines, separators that are not LF, a last line without LF', async () => {
    const path = fileOf('one\r\n\n\ttwo\u2028\u0085\n\ufeff\x00\nlast');
    const { source, recorder } = await started({ path });
    expect(recorder.events).toEqual([{ kind: 'assign', owned: [PARTITION] }]);
    source.resume(PARTITION);
    await untilEnd(recorder);
    expect(recorder.records().map(({ value }) => Buffer.from(value as Uint8Array).toString())).toEqual([
      'one\r',
      '',
      '\ttwo\u2028\u0085',
      '\ufeff\x00',
      'last',
    ]);
    expect(recorder.records()[1]).toEqual({
      offset: 1,
      timestamp: -1n,
      timestampType: 'create',
      key: null,
      headers: [],
      value: new Uint8Array(0),
    });
    expect(recorder.of('end')).toEqual([{ kind: 'end', partition: PARTITION, nextOffset: 5 }]);
  });

  it.each([
    ['', 0],
    ['\n', 1],
    ['a', 1],
    ['a\n', 1],
    ['a\n\n', 2],
    ['\na', 2],
  ])('%j holds %i lines', async (content, count) => {
    const { source, recorder } = await started({ path: fileOf(content) });
    expect(await source.logRange(PARTITION)).toEqual({ low: 0, high: count });
    source.resume(PARTITION);
    await untilEnd(recorder);
    expect(recorder.offsets()).toEqual([...Array(count).keys()]);
    expect(recorder.of('end')[0]?.nextOffset).toBe(count);
  });

  it('delivers nothing before resume, and a seek decides where it begins', async () => {
    const { source, recorder } = await started({ path: fileOf('0\n1\n2\n3\n') });
    source.seek(PARTITION, 2);
    await sleep(30);
    expect(recorder.fetches()).toEqual([]);
    source.resume(PARTITION);
    await untilEnd(recorder);
    expect(texts(recorder)).toEqual(['2', '3']);
  });

  it('finds any line of a file of many slices, forwards and back, and ends each time it arrives there', async () => {
    const path = fileOf(numbered(5_000));
    const { source, recorder } = await started({ path });
    for (const [round, from] of [0, 4_999, 2_500, 874, 873, 5_000].entries()) {
      recorder.forget();
      source.seek(PARTITION, from);
      if (round === 0) source.resume(PARTITION);
      await untilEnd(recorder);
      expect(recorder.offsets()).toEqual(Array.from({ length: 5_000 - from }, (_, index) => from + index));
      expect(texts(recorder).every((text, index) => text.startsWith(`${from + index} x`))).toBe(true);
      expect(recorder.of('end')).toHaveLength(1);
    }
  });

  it('a seek while a read is under way leaves nothing of the old place', async () => {
    const { source, recorder } = await started({ path: fileOf(numbered(3_000)) });
    source.resume(PARTITION);
    source.seek(PARTITION, 2_990);
    await untilEnd(recorder);
    expect(recorder.offsets()).toEqual([2990, 2991, 2992, 2993, 2994, 2995, 2996, 2997, 2998, 2999]);
  });

  it('a seek back while a read is under way begins there', async () => {
    const { source, recorder } = await started({ path: fileOf(numbered(3_000)) });
    source.seek(PARTITION, 2_000);
    source.resume(PARTITION);
    source.seek(PARTITION, 0);
    await untilEnd(recorder);
    expect(recorder.offsets()).toEqual([...Array(3_000).keys()]);
  });

  it('a pause while a read is under way holds what it brings, and loses none of it', async () => {
    const { source, recorder } = await started({ path: fileOf('0\n1\n2\n') });
    source.resume(PARTITION);
    source.pause(PARTITION);
    await sleep(30);
    expect(recorder.fetches()).toEqual([]);
    source.resume(PARTITION);
    await untilEnd(recorder);
    expect(recorder.offsets()).toEqual([0, 1, 2]);
  });

  it('gives the event loop its turn between two deliveries', async () => {
    const source = fileSource({ path: fileOf('\n'.repeat(50_000)), topic: 'audit' });
    open.push(source);
    const recorder = new SourceRecorder((event) => {
      if (event.kind === 'fetched') setImmediate(() => source.pause(PARTITION));
    });
    await source.start(recorder);
    source.resume(PARTITION);
    await recorder.until('a fetch', () => recorder.fetches().length > 0);
    await sleep(20);
    expect(recorder.fetches().length).toBeLessThanOrEqual(2);
  });

  it('stops at a pause, in the middle of a slice of short lines too, and goes on without loss', async () => {
    const lines = 50_000;
    const path = fileOf('\n'.repeat(lines));
    const { source } = { source: fileSource({ path, topic: 'audit' }) };
    open.push(source);
    let paused = 0;
    const recorder = new SourceRecorder((event) => {
      if (event.kind !== 'fetched') return;
      expect(event.fetched.records.length).toBeLessThanOrEqual(4_096);
      source.pause(PARTITION);
      paused += 1;
    });
    await source.start(recorder);
    while (recorder.of('end').length === 0) {
      const before = recorder.fetches().length;
      source.resume(PARTITION);
      await recorder.until(
        'one more fetch or the end',
        () => recorder.fetches().length > before || recorder.of('end').length > 0,
      );
      await sleep(2);
      expect(recorder.fetches().length).toBeLessThanOrEqual(before + 1);
    }
    expect(paused).toBeGreaterThan(10);
    expect(recorder.offsets()).toEqual([...Array(lines).keys()]);
  });

  it('reads one line apart from its own place', async () => {
    const { source, recorder } = await started({ path: fileOf(numbered(2_000)) });
    const fetched = await source.readAt(PARTITION, 1_500);
    expect(fetched.records[0]?.offset).toBe(1_500);
    expect(Buffer.from(fetched.records[0]?.value as Uint8Array).toString()).toMatch(/^1500 x+$/);
    expect((await source.readAt(PARTITION, 2_000)).records).toEqual([]);
    source.resume(PARTITION);
    await untilEnd(recorder);
    expect(recorder.offsets()[0]).toBe(0);
    await expect(source.readAt(PARTITION, 1_999, AbortSignal.abort(new Error('enough')))).rejects.toThrow(
      'enough',
    );
  });

  it('counts its lines, and again when it grew or was cut', async () => {
    const path = fileOf(numbered(3_000));
    const { source } = await started({ path });
    expect(await source.logRange(PARTITION)).toEqual({ low: 0, high: 3_000 });
    appendFileSync(path, '\nmore\nand more');
    expect(await source.logRange(PARTITION)).toEqual({ low: 0, high: 3_002 });
    truncateSync(path, 1_201 * 1_000);
    expect(await source.logRange(PARTITION)).toEqual({ low: 0, high: 1_000 });
    truncateSync(path, 0);
    expect(await source.logRange(PARTITION)).toEqual({ low: 0, high: 0 });
  });

  it('ends where the file ends when that is reached', async () => {
    const path = fileOf(numbered(2_000));
    const { source, recorder } = await started({ path });
    await source.logRange(PARTITION);
    truncateSync(path, 1_201 * 10);
    source.resume(PARTITION);
    await untilEnd(recorder);
    expect(recorder.of('end')[0]?.nextOffset).toBe(10);
    appendFileSync(path, 'late\n');
    await sleep(20);
    expect(recorder.of('end')).toHaveLength(1);
    source.seek(PARTITION, 10);
    await untilEnd(recorder, 2);
    expect(texts(recorder).at(-1)).toBe('late');
  });

  it('a line beyond the limit comes as undecodable, after what is before it, and a seek leads past it', async () => {
    const path = fileOf(`a\n${'b'.repeat(3 * MIB)}\nc\n${'d'.repeat(100)}`);
    const { source, recorder } = await started({ path, recordBytesMax: 99 });
    source.resume(PARTITION);
    await recorder.until('the long line', () =>
      recorder.fetches().some((fetched) => fetched.undecodable !== undefined),
    );
    await sleep(20);
    expect(texts(recorder)).toEqual(['a']);
    expect(recorder.fetches().at(-1)).toMatchObject({
      undecodable: { offset: 1, reason: expect.stringContaining('99 bytes') },
    });
    expect(await source.readAt(PARTITION, 1)).toMatchObject({ records: [], undecodable: { offset: 1 } });
    recorder.forget();
    source.seek(PARTITION, 2);
    await recorder.until('the last line', () =>
      recorder.fetches().some((fetched) => fetched.undecodable !== undefined),
    );
    expect(texts(recorder)).toEqual(['c']);
    expect(recorder.fetches().at(-1)?.undecodable?.offset).toBe(3);
    expect(recorder.of('end')).toEqual([]);
    source.seek(PARTITION, 4);
    await untilEnd(recorder);
    expect(recorder.of('end')[0]?.nextOffset).toBe(4);
  });

  it('a line of exactly the limit is a record', async () => {
    const { source, recorder } = await started({ path: fileOf('x'.repeat(99)), recordBytesMax: 99 });
    source.resume(PARTITION);
    await untilEnd(recorder);
    expect(texts(recorder)).toEqual(['x'.repeat(99)]);
  });

  it('a last line beyond the limit counts as a line', async () => {
    for (const path of [fileOf('a\nbbbb'), '-']) {
      const { source, recorder } = await started({
        path,
        input: pipe(['a\nbb', 'bb']).input,
        recordBytesMax: 2,
      });
      source.resume(PARTITION);
      await recorder.until('the long line', () =>
        recorder.fetches().some((fetched) => fetched.undecodable !== undefined),
      );
      await sleep(10);
      expect(recorder.fetches().filter((fetched) => fetched.undecodable !== undefined)).toHaveLength(1);
      if (path !== '-') expect((await source.logRange(PARTITION)).high).toBe(2);
      source.seek(PARTITION, 2);
      await untilEnd(recorder);
      expect(recorder.of('end')[0]?.nextOffset).toBe(2);
      expect((await source.logRange(PARTITION)).high).toBe(2);
    }
  });

  it('what it delivered stays as it was while it reads on', async () => {
    const { source, recorder } = await started({ path: fileOf(numbered(4_000)) });
    source.resume(PARTITION);
    await recorder.until('some records', () => recorder.records().length > 0);
    const early = recorder.records().slice(0, 100);
    await untilEnd(recorder);
    expect(
      early.every((record, line) =>
        Buffer.from(record.value as Uint8Array)
          .toString()
          .startsWith(`${line} x`),
      ),
    ).toBe(true);
  });

  it.each([
    ['a missing file', 'nowhere.log'],
    ['a directory', '.'],
  ])('%s is refused at start, with its name and a remedy', async (_what, name) => {
    const source = fileSource({ path: join(directory, name), topic: 'audit' });
    const failure = await source.start(new SourceRecorder()).then(
      () => null,
      (error: unknown) => error as LedgerstoneError,
    );
    expect(failure).toBeInstanceOf(LedgerstoneError);
    expect(failure).toMatchObject({ code: 'source-unreadable', disposition: 'fatal' });
    expect(failure?.message).toContain(join(directory, name));
    expect(failure?.remedy).toContain('source');
  });

  it('says nothing any more once it was closed', async () => {
    const { source, recorder } = await started({ path: fileOf(numbered(5_000)) });
    source.resume(PARTITION);
    await recorder.until('a fetch', () => recorder.fetches().length > 0);
    const closed = source.close();
    const { length } = recorder.events;
    await closed;
    await sleep(20);
    expect(recorder.events).toHaveLength(length);
  });

  it('says nothing of a read that was under way when it was closed', async () => {
    const path = fileOf(numbered(100));
    for (let hops = 0; hops < 40; hops++) {
      const { source, recorder } = await started({ path });
      source.resume(PARTITION);
      for (let hop = 0; hop < hops; hop++) await (hop % 4 === 3 ? new Promise(setImmediate) : null);
      const { length } = recorder.events;
      await source.close();
      await sleep(1);
      expect(recorder.events).toHaveLength(length);
    }
  });

  it('has one partition, no timestamps and no hints', async () => {
    const { source } = await started({ path: fileOf('a') });
    expect(source.kind).toBe('file');
    expect(await source.partitions('audit')).toEqual([0]);
    expect(await source.offsetAtTime(PARTITION, 0)).toBeNull();
    expect(await source.commitHint(PARTITION, { nextOffset: 1, metadata: '' })).toBe(false);
    expect(await source.committed(PARTITION)).toBeNull();
  });
});

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
    const source = fileSource({ path: '-', topic: 'audit', input });
    open.push(source);
    const recorder = new SourceRecorder(() => source.pause(PARTITION));
    await source.start(recorder);
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
    const path = join(directory, 'events.pipe');
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
