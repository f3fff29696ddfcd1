// What is asked of a broker, and what of its answer reaches the pipeline, while everything changes around it?
import { describe, expect, it } from 'vitest';
import { offsetAt } from '../../../../../src/ingest/item.ts';
import { inlineDecoder } from '../../../../../src/ingest/kafka/decoder.ts';
import { Assignment, PartitionFeed } from '../../../../../src/ingest/kafka/group/assignment.ts';
import { Fetcher } from '../../../../../src/ingest/kafka/group/fetcher.ts';
import type { KafkajsBroker } from '../../../../../src/ingest/kafka/kafkajs/kafkajs.ts';
import type {
  FetchAnswer,
  FetchedPartition,
  FetchPartition,
} from '../../../../../src/ingest/kafka/protocol/fetch-api.ts';
import type { Delivered } from '../../../../../src/ingest/source.ts';
import { LIMITS } from '../protocol/decode.ts';
import { batchBytes, joined, recordBytes } from '../protocol/encode.ts';

const BROKER = { nodeId: 1 } as unknown as KafkajsBroker;
const ALL = [{ topic: 't', partitions: [{ partition: 0 }, { partition: 1 }, { partition: 2 }] }];

/** A fetcher with a broker whose answers the test writes. */
class Bench {
  nowMs = 0;
  readonly asked: (readonly FetchPartition[])[] = [];
  readonly shares: (number | null)[] = [];
  readonly fetched: Delivered[] = [];
  readonly suspicions: string[] = [];
  readonly fatals: unknown[] = [];
  readonly outOfRange: unknown[] = [];
  refreshes = 0;
  member = true;
  answer: (asked: readonly FetchPartition[]) => Promise<FetchAnswer> | FetchAnswer = () => answerOf([]);
  onFetched: (fetched: Delivered) => void = () => {};
  ready: () => Promise<void> | null = () => null;
  assignment: Assignment | null;
  readonly fetcher: Fetcher;

  constructor(partitions = 3, waitMs = 20) {
    const feeds = Array.from(
      { length: partitions },
      (_, partition) => new PartitionFeed({ topic: 't', partition }, 'id', 0),
    );
    this.assignment = new Assignment('m', 1, feeds);
    this.fetcher = new Fetcher({
      assignment: () => this.assignment,
      listener: {
        onAssign: () => {},
        onRevoke: () => {},
        onFatal: () => {},
        onSuspect: () => {},
        onEnd: () => {},
        ready: () => this.ready(),
        onOutOfRange: (partition, offset) => this.outOfRange.push({ ...partition, offset }),
        onFetched: (fetched) => {
          this.fetched.push(fetched);
          this.onFetched(fetched);
        },
      },
      waitMs,
      decoder: inlineDecoder,
      limits: LIMITS,
      now: () => this.nowMs,
      fetch: async (_, asked, shares) => {
        this.asked.push(asked);
        this.shares.push(shares);
        return this.answer(asked);
      },
      leaderEpoch: (topicId, partition) => (topicId === 'id' ? 30 + partition : -1),
      refreshMetadata: async () => {
        this.refreshes += 1;
      },
      keepalive: () => this.member,
      suspect: (reason) => this.suspicions.push(reason),
      fatal: (error) => this.fatals.push(error),
    });
  }

  feed(partition = 0): PartitionFeed {
    return this.assignment?.feed({ topic: 't', partition }) as PartitionFeed;
  }

  open(offset: number, partition = 0): PartitionFeed {
    const feed = this.feed(partition);
    feed.seek(offset);
    feed.resume(this.nowMs);
    return feed;
  }

  turn(topics = ALL): Promise<void> {
    return this.fetcher.fetch(BROKER, topics);
  }

  get offsets(): number[] {
    return this.fetched.flatMap(offsetsOf);
  }
}

const offsetsOf = ({ records }: Delivered): number[] =>
  Array.from({ length: records.length }, (_, index) => offsetAt(records, index));

const answerOf = (partitions: readonly FetchedPartition[]): FetchAnswer => ({
  throttleMs: 0,
  errorCode: 0,
  partitions,
});

const good = (
  asked: FetchPartition,
  bytes: Uint8Array,
  more: Partial<FetchedPartition> = {},
): FetchedPartition => ({
  asked,
  errorCode: 0,
  highWatermark: 100,
  lastStableOffset: 100,
  logStartOffset: 0,
  aborted: [],
  bytes,
  divergedAt: null,
  ...more,
});

const failed = (asked: FetchPartition, errorCode: number): FetchedPartition =>
  good(asked, new Uint8Array(0), { errorCode, highWatermark: -1 });

const threeFrom = (baseOffset: number) => batchBytes({ baseOffset, records: [{}, {}, {}] });

/** Each partition gets three records from where it asks. */
const threeEach = (asked: readonly FetchPartition[]) =>
  answerOf(asked.map((one) => good(one, threeFrom(one.offset))));

describe('what is asked', () => {
  it('only partitions that are ours, resumed, and stand somewhere', async () => {
    const bench = new Bench();
    bench.open(7, 1);
    bench.feed(2).resume(0);
    await bench.turn();
    const epochs = { lastEpoch: -1, leaderEpoch: 31 };
    expect(bench.asked).toEqual([[{ topic: 't', topicId: 'id', partition: 1, offset: 7, ...epochs }]]);
  });

  it('nothing without an assignment, after waiting', async () => {
    const bench = new Bench();
    bench.open(0);
    bench.assignment = null;
    await bench.turn();
    expect(bench.asked).toEqual([]);
  });

  it('goes on behind what was handed over', async () => {
    const bench = new Bench();
    bench.answer = threeEach;
    bench.open(7);
    await bench.turn();
    await bench.turn();
    expect(bench.asked.map(([one]) => one?.offset)).toEqual([7, 10]);
    expect(bench.offsets).toEqual([7, 8, 9, 10, 11, 12]);
  });

  it('begins with another partition each time', async () => {
    const bench = new Bench();
    for (const partition of [0, 1, 2]) bench.open(0, partition);
    for (let i = 0; i < 4; i++) await bench.turn();
    expect(bench.asked.map((asked) => asked.map(({ partition }) => partition))).toEqual([
      [0, 1, 2],
      [1, 2, 0],
      [2, 0, 1],
      [0, 1, 2],
    ]);
  });

  it('a resume takes effect at once, not after maxWaitTimeInMs: it ends the wait for work', async () => {
    const bench = new Bench(3, 60_000);
    const turn = bench.turn();
    bench.fetcher.wake();
    await turn;
    const closed = bench.turn();
    bench.fetcher.close();
    await closed;
  });

  it('asks nothing after close', async () => {
    const bench = new Bench();
    bench.open(0);
    bench.fetcher.close();
    await bench.turn();
    expect(bench.asked).toEqual([]);
  });
});

describe('partitions with a backlog', () => {
  const SIX = [{ topic: 't', partitions: [0, 1, 2, 3, 4, 5].map((partition) => ({ partition })) }];

  /** Six partitions, whose logs end at `end`. A full answer has a batch of each of `shares` partitions. */
  async function six(end: number, stable: (partition: number) => number = () => end) {
    const bench = new Bench(6);
    for (let partition = 0; partition < 6; partition++) bench.open(0, partition);
    bench.answer = (asked) => {
      let room = bench.shares.at(-1) ?? 6;
      const partitions = asked.map((one) => {
        const isFull = one.offset >= stable(one.partition) || room-- <= 0;
        const bytes = isFull ? new Uint8Array(0) : threeFrom(one.offset);
        return good(one, bytes, { highWatermark: end, lastStableOffset: stable(one.partition) });
      });
      return answerOf(partitions);
    };
    await bench.turn(SIX);
    const feeds = [...(bench.assignment?.feeds.values() ?? [])];
    const askedFor = async () => {
      await bench.turn(SIX);
      return bench.asked.at(-1)?.map(({ partition }) => partition) ?? [];
    };
    return { bench, feeds, askedFor };
  }

  it('are read a few at a time until their segments are full, and then others are, until all are', async () => {
    const { bench, feeds, askedFor } = await six(300);
    const firsts: string[] = [];
    while (feeds.some(({ position }) => (position as number) < 300)) {
      const asked = await askedFor();
      expect(asked).toHaveLength(6);
      firsts.push(asked.slice(0, 3).join());
    }
    const runs = firsts.filter((one, i) => one !== firsts[i - 1]);
    expect(runs.slice(0, 4)).toEqual(['0,1,2', '1,2,3', '2,3,4', '3,4,5']);
    // Three of them for 21 turns each: 63 shares of a MiB.
    expect(firsts.indexOf('2,3,4') - firsts.indexOf('1,2,3')).toBe(21);
    expect(bench.shares[1]).toBe(3);
    expect(bench.offsets.length).toBe(6 * 300);
  });

  it('are all read side by side where they are few', async () => {
    const { bench, askedFor } = await six(300);
    bench.feed(1).pause();
    bench.feed(5).pause();
    expect([await askedFor(), await askedFor()].map((asked) => asked.length)).toEqual([4, 4]);
    expect(bench.shares.slice(1)).toEqual([null, null]);
  });

  it('don’t keep those waiting that have little to come', async () => {
    const { bench, askedFor } = await six(300);
    for (let i = 0; i < 30; i++) {
      bench.feed(4).moreUntil = bench.feed(4).position as number;
      expect((await askedFor())[0]).toBe(4);
    }
  });

  it('that the broker gives nothing of, such as before an open transaction, have none', async () => {
    const { bench, askedFor } = await six(300, (partition) => (partition < 3 ? 3 : 300));
    expect((await askedFor()).slice(0, 3).toSorted()).toEqual([0, 1, 2]);
    expect(bench.shares.at(-1)).toBeNull();
  });

  it('but nothing to give after all leave their share to others', async () => {
    const { bench, feeds, askedFor } = await six(300);
    const { answer } = bench;
    bench.answer = async (asked) => {
      const { partitions, ...rest } = await answer(asked.filter(({ partition }) => partition >= 3));
      return { ...rest, partitions };
    };
    await askedFor();
    expect(feeds.map(({ position }) => position)).toEqual([3, 3, 3, 6, 6, 6]);
  });

  it('of several brokers share what there is room for', async () => {
    const { bench } = await six(300);
    for (const nodeId of [2, 3]) await bench.fetcher.fetch({ nodeId } as unknown as KafkajsBroker, SIX);
    await bench.turn(SIX);
    expect(bench.shares.at(-1)).toBe(1);
  });
});

describe('an answer that is late', () => {
  /** Changes something between the question and its answer. */
  async function meanwhile(change: (bench: Bench) => void): Promise<Bench> {
    const bench = new Bench();
    bench.open(5);
    bench.answer = (asked) => {
      change(bench);
      return threeEach(asked);
    };
    await bench.turn();
    bench.answer = threeEach;
    return bench;
  }

  it('after a pause is dropped, and comes again after the resume', async () => {
    const bench = await meanwhile((b) => b.feed().pause());
    expect(bench.offsets).toEqual([]);
    bench.feed().resume(0);
    await bench.turn();
    expect(bench.offsets).toEqual([5, 6, 7]);
  });

  it('after a seek is dropped', async () => {
    const bench = await meanwhile((b) => b.feed().seek(90));
    expect(bench.offsets).toEqual([]);
    await bench.turn();
    expect(bench.offsets).toEqual([90, 91, 92]);
  });

  it('an eachBatch of an old generation is dropped, also for a partition that is ours again', async () => {
    const bench = await meanwhile((b) => {
      b.assignment?.end();
      b.assignment = new Assignment('m', 2, [new PartitionFeed({ topic: 't', partition: 0 }, 'id', 0)]);
      b.open(5);
    });
    expect(bench.offsets).toEqual([]);
    await bench.turn();
    expect(bench.offsets).toEqual([5, 6, 7]);
  });

  it('of another topic under the same name is dropped', async () => {
    const bench = await meanwhile((b) => {
      b.feed().topicId = 'recreated';
    });
    expect(bench.offsets).toEqual([]);
  });

  it('twice, from two brokers, is taken once', async () => {
    const bench = new Bench();
    bench.open(5);
    bench.answer = async (asked) => threeEach(asked);
    await Promise.all([bench.turn(), bench.turn()]);
    expect(bench.offsets).toEqual([5, 6, 7]);
  });
});

describe('while another thread decompresses', () => {
  /** Two parts of more than 4 MiB, large enough to be opened elsewhere. */
  const value = Uint8Array.from({ length: 4_300_000 }, (_, i) => Math.imul(i, 2654435761) >>> 13);
  const large = (baseOffset: number) =>
    batchBytes({ baseOffset, codec: 'gzip', content: recordBytes({ value }), count: 1, lastOffsetDelta: 0 });

  const cases: readonly (readonly [string, (bench: Bench) => void])[] = [
    ['a pause', (bench) => bench.feed().pause()],
    ['a seek', (bench) => bench.feed().seek(77)],
    ['the end of the generation', (bench) => bench.assignment?.end()],
  ];
  it.each(cases)('%s in the first part’s hand-over keeps the second', async (_, change) => {
    const bench = new Bench();
    bench.open(0);
    const bytes = Buffer.concat([large(0), large(1)]);
    bench.answer = (asked) => answerOf([good(asked[0] as FetchPartition, bytes)]);
    bench.onFetched = () => change(bench);
    await bench.turn();
    expect(bench.offsets).toEqual([0]);
  });

  it('nothing changed: both come', async () => {
    const bench = new Bench();
    bench.open(0);
    const bytes = Buffer.concat([large(0), large(1)]);
    bench.answer = (asked) => answerOf([good(asked[0] as FetchPartition, bytes)]);
    await bench.turn();
    expect(bench.fetched.map(offsetsOf)).toEqual([[0], [1]]);
    expect(bench.feed().position).toBe(2);
  });
});

describe('a pipeline that is still at work', () => {
  it('gets nothing until it is ready, while the broker is already asked', async () => {
    const bench = new Bench();
    bench.open(0);
    bench.answer = threeEach;
    const work = Promise.withResolvers<void>();
    bench.ready = () => work.promise;
    const turn = bench.turn();
    await new Promise((resolve) => setImmediate(resolve));
    expect([bench.asked.length, bench.offsets]).toEqual([1, []]);
    work.resolve();
    await turn;
    expect(bench.offsets).toEqual([0, 1, 2]);
  });

  it('gets no more of an answer once the group wants something', async () => {
    const bench = new Bench();
    for (const partition of [0, 1, 2]) bench.open(0, partition);
    bench.answer = threeEach;
    bench.onFetched = () => {
      bench.member = bench.fetched.length < 2;
    };
    await bench.turn();
    expect(bench.fetched.map(({ partition }) => partition)).toEqual([0, 1]);
    expect(bench.feed(2).position).toBe(0);
  });

  it('that pauses meanwhile gets nothing at all', async () => {
    const bench = new Bench();
    bench.open(0);
    bench.answer = threeEach;
    bench.ready = async () => bench.feed().pause();
    await bench.turn();
    expect(bench.offsets).toEqual([]);
    expect(bench.feed().position).toBe(0);
  });
});

describe('errors of a partition', () => {
  it.each([3, 5, 6, 9, 56, 74, 75, 78, 100, 103, -1, 29])(
    'one partition’s fetch error drops nothing of the broker’s answer: code %i, a suspicion, fresh metadata, a short rest',
    async (code) => {
      const bench = new Bench();
      bench.open(0, 0);
      bench.open(0, 1);
      bench.answer = (asked) =>
        answerOf(
          asked.map((one) => (one.partition === 0 ? failed(one, code) : good(one, threeFrom(one.offset)))),
        );
      await bench.turn();
      expect(bench.suspicions).toHaveLength(1);
      expect(bench.suspicions[0]).toContain('t/0');
      expect(bench.refreshes).toBe(1);
      expect(bench.offsets).toEqual([0, 1, 2]);
      const failures = [...(bench.assignment?.feeds.values() ?? [])].map(({ failure }) => failure);
      expect(failures).toEqual([expect.any(String), null, null]);
      await bench.turn();
      expect(bench.asked[1]?.map(({ partition }) => partition)).toEqual([1]);
      bench.nowMs = 250;
      await bench.turn();
      expect(bench.asked[2]?.map(({ partition }) => partition).sort()).toEqual([0, 1]);
    },
  );

  it('kafkajs #1119: out of range is told, nothing moves, nothing more is asked until a seek', async () => {
    const bench = new Bench();
    bench.open(50);
    bench.answer = (asked) => answerOf([failed(asked[0] as FetchPartition, 1)]);
    await bench.turn();
    expect(bench.outOfRange).toEqual([{ topic: 't', partition: 0, offset: 50 }]);
    expect(bench.suspicions[0]).toContain('OFFSET_OUT_OF_RANGE');
    expect(bench.feed().position).toBe(50);
    bench.nowMs = 10_000;
    await bench.turn();
    expect(bench.asked).toHaveLength(1);
    bench.answer = threeEach;
    bench.feed().seek(60);
    await bench.turn();
    expect(bench.offsets).toEqual([60, 61, 62]);
  });

  it('a log that parted from what we read: told, and nothing of it is delivered', async () => {
    const bench = new Bench();
    bench.open(0);
    bench.answer = (asked) => {
      const one = asked[0] as FetchPartition;
      return answerOf([good(one, batchBytes({ baseOffset: one.offset, records: [{}], leaderEpoch: 4 }))]);
    };
    await bench.turn();
    bench.answer = (asked) => answerOf([good(asked[0] as FetchPartition, threeFrom(1), { divergedAt: 0 })]);
    await bench.turn();
    expect(bench.asked.map(([one]) => one?.lastEpoch)).toEqual([-1, 4]);
    expect(bench.offsets).toEqual([0]);
    expect(bench.outOfRange).toEqual([{ topic: 't', partition: 0, offset: 1 }]);
    expect(bench.suspicions).toEqual(['t/0 at offset 1: its log is another one from offset 0 on']);
    await bench.turn();
    expect(bench.asked).toHaveLength(2);
  });

  it('out of range by an epoch that the broker has forgotten: asked again by the offset alone', async () => {
    const bench = new Bench();
    bench.open(0);
    bench.answer = (asked) => {
      const one = asked[0] as FetchPartition;
      if (one.lastEpoch >= 0) return answerOf([failed(one, 1)]);
      return answerOf([good(one, batchBytes({ baseOffset: one.offset, records: [{}], leaderEpoch: 4 }))]);
    };
    for (let i = 0; i < 4; i++) await bench.turn();
    expect(bench.asked.map(([one]) => [one?.offset, one?.lastEpoch])).toEqual([
      [0, -1],
      [1, 4],
      [1, -1],
      [2, 4],
    ]);
    expect([bench.offsets, bench.outOfRange, bench.suspicions]).toEqual([[0, 1], [], []]);
  });

  it('a log that the broker calls corrupt is undecodable', async () => {
    const bench = new Bench();
    bench.open(50);
    bench.answer = (asked) => answerOf([failed(asked[0] as FetchPartition, 2)]);
    await bench.turn();
    expect(bench.fetched).toMatchObject([
      { records: [], highWatermark: 51, undecodable: { offset: 50, last: 50 } },
    ]);
    await bench.turn();
    expect(bench.asked).toHaveLength(1);
  });

  it('bytes that can not be decoded: what came before is handed over, then nothing until a seek', async () => {
    const bench = new Bench();
    bench.open(0, 0);
    bench.open(0, 1);
    const bytes = Buffer.concat([
      threeFrom(0),
      batchBytes({ baseOffset: 3, records: [{}], crc: 1 }),
      threeFrom(9),
    ]);
    bench.answer = (asked) =>
      answerOf(asked.map((one) => good(one, one.partition === 0 ? bytes : threeFrom(one.offset))));
    await bench.turn();
    await bench.turn();
    expect(bench.fetched.filter(({ partition }) => partition === 0)).toMatchObject([
      { records: [{ offset: 0 }, { offset: 1 }, { offset: 2 }], undecodable: { offset: 3, last: 8 } },
    ]);
    expect(bench.asked[1]?.map(({ partition }) => partition)).toEqual([1]);
    bench.answer = threeEach;
    bench.feed().seek(9);
    bench.fetched.length = 0;
    await bench.turn();
    expect(bench.offsets).toContain(9);
  });
});

describe('errors of a broker', () => {
  it('are a suspicion, never thrown, and followed by fresh metadata', async () => {
    const bench = new Bench();
    bench.open(0);
    bench.answer = () => Promise.reject(new Error('ECONNREFUSED'));
    await bench.turn();
    bench.answer = () => ({ ...answerOf([]), errorCode: 7 });
    await bench.turn();
    expect(bench.suspicions).toEqual([
      'broker 1: ECONNREFUSED',
      expect.stringContaining('REQUEST_TIMED_OUT'),
    ]);
    expect(bench.refreshes).toBe(2);
    expect(bench.fatals).toEqual([]);
  });
});

describe('new metadata', () => {
  it('ends a question to a broker that leads none of its partitions any more; what it says later is not heard', async () => {
    const bench = new Bench();
    bench.open(0, 0);
    bench.open(0, 1);
    const late = Promise.withResolvers<FetchAnswer>();
    bench.answer = () => late.promise;
    const turn = bench.turn();
    let ended = false;
    void turn.then(() => {
      ended = true;
    });
    bench.fetcher.observe((nodeId, { partition }) => nodeId === 1 && partition === 1);
    await new Promise((resolve) => setImmediate(resolve));
    expect(ended).toBe(false);
    bench.fetcher.observe(() => false);
    await turn;
    late.resolve(threeEach(bench.asked[0] ?? []));
    await new Promise((resolve) => setImmediate(resolve));
    expect([bench.offsets, bench.suspicions]).toEqual([[], []]);
  });

  it('that names another leader takes a partition out of an answer, before it comes and while it is handed over', async () => {
    const bench = new Bench();
    bench.open(0, 0);
    bench.open(0, 1);
    bench.open(0, 2);
    const late = Promise.withResolvers<FetchAnswer>();
    bench.answer = () => late.promise;
    const turn = bench.turn();
    bench.fetcher.observe((_, { partition }) => partition !== 1);
    bench.ready = () => {
      bench.ready = () => null;
      bench.fetcher.observe((_, { partition }) => partition !== 2);
      return Promise.resolve();
    };
    late.resolve(threeEach(bench.asked[0] ?? []));
    await turn;
    expect(bench.fetched.map(({ partition }) => partition)).toEqual([0]);
    // The next leader is asked for the same.
    expect([bench.feed(1).position, bench.feed(2).position]).toEqual([0, 0]);
    expect([bench.refreshes, bench.suspicions]).toEqual([0, []]);
  });

  it('so does a close', async () => {
    const bench = new Bench();
    bench.open(0);
    const late = Promise.withResolvers<FetchAnswer>();
    bench.answer = () => late.promise;
    const turn = bench.turn();
    bench.fetcher.close();
    await turn;
    late.reject(new Error('connection closed'));
    await new Promise((resolve) => setImmediate(resolve));
    expect(bench.suspicions).toEqual([]);
  });
});

describe('the rest', () => {
  it('a TypeError in a handler is fatal at once, and never an error that kafkajs repeats', async () => {
    const bench = new Bench();
    bench.open(0);
    bench.answer = threeEach;
    bench.onFetched = () => {
      throw new TypeError('bug');
    };
    await bench.turn();
    expect(bench.fatals).toEqual([expect.objectContaining({ message: 'bug' })]);
  });

  it('a high watermark that moved without records is told once', async () => {
    const bench = new Bench();
    bench.open(5);
    const empty = (highWatermark: number) => {
      bench.answer = (asked) =>
        answerOf([good(asked[0] as FetchPartition, new Uint8Array(0), { highWatermark })]);
      return bench.turn();
    };
    for (const mark of [100, 100, 120, 120]) await empty(mark);
    expect(bench.fetched.map(({ highWatermark, records }) => [highWatermark, records.length])).toEqual([
      [100, 0],
      [120, 0],
    ]);
    expect(bench.feed().position).toBe(5);
  });

  it('a leader epoch that goes back is a suspicion', async () => {
    const bench = new Bench();
    bench.open(0);
    for (const leaderEpoch of [4, 4, 5, 0]) {
      bench.answer = (asked) => {
        const one = asked[0] as FetchPartition;
        return answerOf([good(one, batchBytes({ baseOffset: one.offset, records: [{}], leaderEpoch }))]);
      };
      await bench.turn();
    }
    expect(bench.suspicions).toEqual(['t/0: leader epoch 0 after 5']);
  });

  it('an emptied batch moves on without a word to the pipeline', async () => {
    const bench = new Bench();
    bench.open(0);
    const bytes = batchBytes({ baseOffset: 0, records: [], lastOffsetDelta: 9 });
    bench.answer = (asked) => answerOf([good(asked[0] as FetchPartition, bytes)]);
    await bench.turn();
    expect(bench.feed().position).toBe(10);
    expect(bench.offsets).toEqual([]);
  });
});

describe('one batch of many records', () => {
  const COUNT = 20_000;
  const content = (() => {
    const one = recordBytes({});
    return joined(
      ...Array.from({ length: COUNT }, (_, offsetDelta) =>
        offsetDelta === 0 ? one : recordBytes({ offsetDelta }),
      ),
    );
  })();
  const many = (asked: readonly FetchPartition[]) =>
    answerOf([
      good(
        asked[0] as FetchPartition,
        batchBytes({ codec: 'zstd', content, count: COUNT, lastOffsetDelta: COUNT - 1 }),
      ),
    ]);

  it('comes in parts, and each waits until the pipeline is ready for it', async () => {
    const bench = new Bench(1);
    const feed = bench.open(0);
    bench.answer = many;
    bench.nowMs = 7;
    const handedOver: number[] = [];
    bench.ready = async () => void handedOver.push(bench.fetched.length);
    await bench.turn();
    expect(handedOver).toEqual([0, 1, 2, 3]);
    expect(bench.offsets).toEqual(Array.from({ length: COUNT }, (_, offset) => offset));
    expect(feed.answeredAtMs).toBe(7);
  });

  it('stops between two parts where the group waits for us, and goes on there', async () => {
    const bench = new Bench(1);
    const feed = bench.open(0);
    bench.answer = many;
    bench.onFetched = () => {
      bench.member = false;
    };
    await bench.turn();
    expect(bench.fetched).toHaveLength(1);
    expect(feed.position).toBe(8_192);
    bench.member = true;
    bench.onFetched = () => {};
    await bench.turn();
    expect(bench.offsets).toEqual(Array.from({ length: COUNT }, (_, offset) => offset));
  });

  it('stops between two parts where the pipeline has enough', async () => {
    const bench = new Bench(1);
    const feed = bench.open(0);
    bench.answer = many;
    bench.onFetched = () => feed.pause();
    await bench.turn();
    expect(bench.fetched).toHaveLength(1);
    expect(feed.position).toBe(8_192);
  });
});
