// Does a file come as records: every line, once, from any place, at the reader's pace?
import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { eachInDirectory, fileOf, numbered, PARTITION, started, texts, untilEnd } from './file-bench.ts';

eachInDirectory();

describe('a file', () => {
  it('gives every line: CR kept, empty lines, separators that are not LF, a last line without LF', async () => {
    const path = fileOf('one\r\n\n\ttwo\u2028\u0085\n\ufeff\x00\nlast');
    const { source, recorder } = await started({ path, lastLine: 'any' });
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
    const { source, recorder } = await started({ path: fileOf(content), lastLine: 'any' });
    expect(await source.logRange(PARTITION)).toEqual({ low: 0, high: count });
    source.resume(PARTITION);
    await untilEnd(recorder);
    expect(recorder.offsets()).toEqual([...Array(count).keys()]);
    expect(recorder.of('end')[0]?.nextOffset).toBe(count);
  });

  it('a last line without LF may be half a line: it stops there, and goes on once the line is whole', async () => {
    const path = fileOf('one\ntwo\n{"half":');
    const { source, recorder } = await started({ path });
    expect(await source.logRange(PARTITION)).toEqual({ low: 0, high: 3 });
    source.resume(PARTITION);
    await recorder.until('the half line', () => recorder.fetches().at(-1)?.undecodable !== undefined);
    expect(texts(recorder)).toEqual(['one', 'two']);
    expect(recorder.fetches().at(-1)?.undecodable).toEqual({
      offset: 2,
      reason: expect.stringContaining('no LF'),
      remedy: expect.stringContaining('lastLine: any'),
    });
    expect(recorder.of('end')).toEqual([]);
    expect((await source.readAt(PARTITION, 2)).undecodable).toMatchObject({ offset: 2 });
    appendFileSync(path, '1}\n');
    source.seek(PARTITION, 2);
    await untilEnd(recorder);
    expect(texts(recorder)).toEqual(['one', 'two', '{"half":1}']);
  });

  it('an operator may step over a last line without LF', async () => {
    const { source, recorder } = await started({ path: fileOf('one\nhalf') });
    source.seek(PARTITION, 2);
    source.resume(PARTITION);
    await untilEnd(recorder);
    expect(recorder.records()).toEqual([]);
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
    const { source, recorder } = await started({ path: fileOf('\n'.repeat(50_000)) }, (event, own) => {
      if (event.kind === 'fetched') setImmediate(() => own.pause(PARTITION));
    });
    source.resume(PARTITION);
    await recorder.until('a fetch', () => recorder.fetches().length > 0);
    await sleep(20);
    expect(recorder.fetches().length).toBeLessThanOrEqual(2);
  });

  it('stops at a pause, in the middle of a slice of short lines too, and goes on without loss', async () => {
    const lines = 50_000;
    const path = fileOf('\n'.repeat(lines));
    let paused = 0;
    const { source, recorder } = await started({ path }, (event, own) => {
      if (event.kind !== 'fetched') return;
      expect(event.fetched.records.length).toBeLessThanOrEqual(4_096);
      own.pause(PARTITION);
      paused += 1;
    });
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
});
