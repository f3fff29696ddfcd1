// What does the pipeline rely on beyond the common contract, where records come from a consumer group of Kafka?
import { expect, it } from 'vitest';
import { utf8 } from '../../src/base/bytes.ts';
import type { KafkaRecord } from '../../src/format/record.ts';
import { admit } from '../../src/ingest/gate.ts';
import type { TopicPartition } from '../../src/ingest/source.ts';
import type { SourceRecorder } from '../support/source-recorder.ts';
import {
  numbered,
  SILENCE_MS,
  type SourceBench,
  taken,
  text,
  untilNext,
  WAIT_MS,
  type WrittenRecord,
} from './source-world.ts';

export function kafkaContract(bench: SourceBench): void {
  it('carries keys, headers, timestamps, tombstones and empty values', async () => {
    const written: WrittenRecord[] = [
      {
        value: 'v',
        key: 'k',
        headers: [
          ['a', '1'],
          ['constructor', ''],
          ['__proto__', 'é'],
        ],
        timestampMs: 1_700_000_000_123,
      },
      { value: null, key: 'gone', timestampMs: 0 },
      { value: '', key: '' },
      { value: '{"a":1}', key: null },
    ];
    const { partition, member } = await bench.open(written);
    const { source, recorder } = await member();
    source.seek(partition, 0);
    source.resume(partition);
    await untilNext(recorder, 4);
    const bytes = (words: string | null | undefined) => (typeof words === 'string' ? utf8(words) : null);
    for (const [offset, { value, key, headers, timestampMs }] of written.entries()) {
      const record = recorder.records()[offset] as KafkaRecord;
      expect(record).toMatchObject({ offset, timestampType: 'create' });
      expect(plain(record.value)).toEqual(plain(bytes(value)));
      expect(plain(record.key)).toEqual(plain(bytes(key)));
      expect(record.headers.map((header) => [plain(header.name), plain(header.value)])).toEqual(
        (headers ?? []).map(([headerName, headerValue]) => [
          plain(utf8(headerName)),
          plain(utf8(headerValue)),
        ]),
      );
      if (timestampMs !== undefined) expect(record.timestamp).toBe(BigInt(timestampMs));
    }
  });

  it('goes on with what is written later', async () => {
    const { world, partition, member } = await bench.open(numbered(2));
    const { source, recorder } = await member();
    source.seek(partition, 0);
    source.resume(partition);
    await untilNext(recorder, 2);
    for (let round = 0; round < 3; round++) await world.append(0, [{ value: `later ${round}` }]);
    await untilNext(recorder, 5);
    expect(taken(recorder).refused).toBeNull();
    // An answer may hold a record at or after the watermark that it states: the broker looks at that first.
    const newest = () => recorder.fetches().at(-1)?.highWatermark;
    await recorder.until('the high watermark', () => newest() === 5, WAIT_MS);
    expect((await source.logRange(partition)).high).toBe(5);
  });

  it('explains every offset of ended transactions, and waits at an open one', async () => {
    const { world, partition, member } = await bench.open(numbered(1));
    await (await world.transaction(['a', 'b'])).commit();
    await (await world.transaction(['c', 'd'])).abort();
    await (await world.transaction(['e'])).abort();
    await world.append(0, [{ value: 'between' }]);
    const hanging = await world.transaction(['f']);
    await world.append(0, [{ value: 'after' }]);
    const { source, recorder } = await member();
    source.seek(partition, 0);
    source.resume(partition);
    // 0 · 1 2 marker 3 · aborted 4 5 marker 6 · aborted 7 marker 8 · 9 · open 10 · 11
    await untilNext(recorder, 10);
    await world.pass(SILENCE_MS);
    expect(taken(recorder).next).toBe(10);
    expect((await source.logRange(partition)).high).toBe(12);
    await hanging.commit();
    await untilNext(recorder, 13);
    const all = taken(recorder);
    expect(all.refused).toBeNull();
    expect(all.records.slice(1).map(text)).toEqual(['a', 'b', 'between', 'f', 'after']);
    const gaps = all.items.flatMap((item) => (item.kind === 'gap' ? [item.gap] : []));
    expect(gaps.reduce((sum, gap) => sum + (gap.control ?? 0), 0)).toBe(4);
    expect(gaps.reduce((sum, gap) => sum + (gap.aborted ?? 0), 0)).toBe(3);
    // The first record after what carries none, and the evidence before it.
    const after = await source.readAt(partition, 3);
    expect(text(after.records[0])).toBe('between');
    expect(admit(3, after)).toMatchObject({ kind: 'accept', stop: null });
  });

  it('a seek into the middle of a batch, a transaction or its end begins exactly there', async () => {
    const { world, partition, member } = await bench.open(numbered(20));
    await (await world.transaction(['a', 'b', 'c'])).abort();
    await world.append(0, [{ value: 'last' }]);
    const { source, recorder } = await member();
    source.resume(partition);
    for (const from of [13, 19, 20, 21, 22, 23, 24]) {
      recorder.forget();
      source.seek(partition, from);
      await untilNext(recorder, 25, from);
      expect(taken(recorder, from).refused).toBeNull();
      expect(text(taken(recorder, from).records.at(-1))).toBe('last');
    }
  });

  it('never passes over what expired: it says so, or the gate sees it', async () => {
    const { world, partition, member } = await bench.open(numbered(10));
    await world.expire(6);
    const { source, recorder } = await member();
    expect(await source.logRange(partition)).toEqual({ low: 6, high: 10 });
    source.seek(partition, 2);
    source.resume(partition);
    await recorder.until(
      'a word about it',
      () => recorder.of('out-of-range').length > 0 || taken(recorder, 2).refused !== null,
      WAIT_MS,
    );
    expect(taken(recorder, 2).items).toEqual([]);
    source.seek(partition, 6);
    await recorder.until('the log again', () => recorder.offsets().includes(9), WAIT_MS);
  });

  it('a place beyond the log is not silently another one', async () => {
    const { world, partition, member } = await bench.open(numbered(4));
    const { source, recorder } = await member();
    source.seek(partition, 9);
    source.resume(partition);
    await recorder.until(
      'a word about it',
      () => recorder.of('out-of-range').length > 0 || taken(recorder, 9).refused !== null,
      WAIT_MS,
    );
    await world.append(0, numbered(8));
    await world.pass(SILENCE_MS);
    source.seek(partition, 9);
    await untilNext(recorder, 12, 9);
  });

  it('finds the first offset at or after a time', async () => {
    const { partition, member } = await bench.open([
      { value: 'a', timestampMs: 1_000 },
      { value: 'b', timestampMs: 2_000 },
      { value: 'c', timestampMs: 3_000 },
    ]);
    const { source } = await member();
    expect(await source.offsetAtTime(partition, 0)).toBe(0);
    expect(await source.offsetAtTime(partition, 2_000)).toBe(1);
    expect(await source.offsetAtTime(partition, 2_001)).toBe(2);
    expect(await source.offsetAtTime(partition, 3_001)).toBeNull();
  });

  it('keeps a hint with its words, and shows it to the next member', async () => {
    const { partition, member } = await bench.open(numbered(3));
    const first = await member();
    expect(await first.source.committed(partition)).toBeNull();
    expect(await first.source.commitHint(partition, { nextOffset: 2, metadata: '{"sequence":41}' })).toBe(
      true,
    );
    await first.source.close();
    const second = await member();
    expect(await second.source.committed(partition)).toEqual({
      nextOffset: 2,
      metadata: '{"sequence":41}',
    });
    // Only ever a hint: it moves nobody.
    second.source.seek(partition, 0);
    second.source.resume(partition);
    await untilNext(second.recorder, 3);
  });

  it('shares partitions: every one has one owner, each change ends ownership first, and all begins paused', async () => {
    const { world, member } = await bench.open(numbered(5), 3);
    for (const partition of [1, 2]) await world.append(partition, numbered(5));
    const all = [0, 1, 2];
    const owned = (recorder: SourceRecorder) =>
      recorder
        .of('assign')
        .at(-1)
        ?.owned.map(({ partition }) => partition)
        .toSorted() ?? [];
    const first = await member();
    expect(owned(first.recorder)).toEqual(all);
    first.source.seek({ topic: world.topic, partition: 0 }, 0);
    first.source.resume({ topic: world.topic, partition: 0 });
    await untilNext(first.recorder, 5);
    const second = await member();
    await first.recorder.until('its own new share', () => first.recorder.of('assign').length > 1, WAIT_MS);
    const kinds = first.recorder.events
      .map((event) => event.kind)
      .filter((kind) => kind !== 'fetched' && kind !== 'suspect' && kind !== 'topics');
    expect(kinds.slice(0, 3)).toEqual(['assign', 'revoke', 'assign']);
    expect([...owned(first.recorder), ...owned(second.recorder)].toSorted()).toEqual(all);
    expect(owned(second.recorder).length).toBeGreaterThan(0);
    first.recorder.forget();
    second.recorder.forget();
    await world.pass(SILENCE_MS);
    expect([...first.recorder.of('fetched'), ...second.recorder.of('fetched')]).toEqual([]);
    await second.source.close();
    await first.recorder.until('everything', () => owned(first.recorder).length === 3, WAIT_MS);
  });

  it('takes no hint for a partition of somebody else', async () => {
    const { world, member } = await bench.open(numbered(1), 2);
    const first = await member();
    const second = await member();
    await first.recorder.until('its new share', () => first.recorder.of('assign').length > 1, WAIT_MS);
    const theirs = second.recorder.of('assign').at(-1)?.owned[0] as TopicPartition;
    expect(await first.source.commitHint(theirs, { nextOffset: 1, metadata: '' })).toBe(false);
    expect(await second.source.committed(theirs)).toBeNull();
    expect(await second.source.commitHint(theirs, { nextOffset: 1, metadata: '' })).toBe(true);
    expect(theirs.topic).toBe(world.topic);
  });
}

/** Buffers and plain arrays of the same bytes are equal. */
const plain = (bytes: Uint8Array | null): string | null =>
  bytes === null ? null : Buffer.from(bytes).toString('hex');
