// What does the file source do about files that grow or shrink, lines that are too long, and its own end?
import { appendFileSync, truncateSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { LedgerstoneError } from '../../../src/base/error.ts';
import { MIB } from '../../../src/base/limits.ts';
import { fileSource } from '../../../src/ingest/file.ts';
import { SourceRecorder } from '../../support/source-recorder.ts';
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

describe('a file', () => {
  it('counts its lines, and again when it grew or was cut', async () => {
    const path = fileOf(numbered(3_000));
    const { source } = await started({ path });
    expect(await source.logRange(PARTITION)).toEqual({ low: 0, high: 3_000 });
    appendFileSync(path, 'more\nand more');
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
    const path = fileOf(`a\n${'b'.repeat(3 * MIB)}\nc\n${'d'.repeat(100)}\n`);
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
    const { source, recorder } = await started({ path: fileOf(`${'x'.repeat(99)}\n`), recordBytesMax: 99 });
    source.resume(PARTITION);
    await untilEnd(recorder);
    expect(texts(recorder)).toEqual(['x'.repeat(99)]);
  });

  it('a last line beyond the limit counts as a line', async () => {
    for (const path of [fileOf('a\nbbbb\n'), '-']) {
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
    const source = fileSource({ path: inDirectory(name), topic: 'audit' });
    const failure = await source.start(new SourceRecorder()).then(
      () => null,
      (error: unknown) => error as LedgerstoneError,
    );
    expect(failure).toBeInstanceOf(LedgerstoneError);
    expect(failure).toMatchObject({ code: 'source-unreadable', disposition: 'fatal' });
    expect(failure?.message).toContain(inDirectory(name));
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
    const { source } = await started({ path: fileOf('a\n') });
    expect(source.kind).toBe('file');
    expect(await source.partitions('audit')).toEqual([0]);
    expect(await source.offsetAtTime(PARTITION, 0)).toBeNull();
    expect(await source.commitHint(PARTITION, { nextOffset: 1, metadata: '' })).toBe(false);
    expect(await source.committed(PARTITION)).toBeNull();
  });
});
