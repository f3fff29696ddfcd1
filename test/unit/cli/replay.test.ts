// Does `ledgerstone replay` refuse, before it reaches any broker, what it must not do?
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Archive } from '../../../src/apps/cli/open-archive.ts';
import { chainsToReplay, findOlder, linesToReplay } from '../../../src/apps/cli/replay-job.ts';
import { type ReplayOptions, rangeOf, timesOf } from '../../../src/apps/cli/replay-options.ts';
import { warningsOf } from '../../../src/apps/cli/replay-run.ts';
import { replayReceipt, replayText, wouldReplayText } from '../../../src/apps/cli/replay-text.ts';
import type { Session } from '../../../src/apps/cli/session.ts';
import { loadKafkaFile, parseBrokers } from '../../../src/config/kafka-file.ts';
import { encodeVkey } from '../../../src/format/vkey.ts';
import { ChainReader } from '../../../src/read/chain-reader.ts';
import { planId, type ReplayPlan, type TimeWindow } from '../../../src/replay/plan.ts';
import { portionsOf } from '../../../src/replay/portions.ts';
import { parsePosition, positionMetadata } from '../../../src/replay/position.ts';
import { PartitionTally } from '../../../src/replay/tally.ts';
import {
  ArchiveBuilder,
  entries,
  type SegmentWords,
  START_MS,
  writeCopy,
} from '../../support/archive-builder.ts';
import { lawlessStore } from '../../support/lawless-store.ts';
import { ledgerstone } from './captured-io.ts';

let dir: string;
const at = (name: string) => join(dir, name);

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ledgerstone-replay-'));
  const builder = new ArchiveBuilder();
  for (const topic of ['orders', 'payments']) await builder.chain(topic).seal({ lines: entries(0, 3) });
  writeCopy(builder.archive, at('archive'));
  writeFileSync(at('archive.vkey'), `${encodeVkey(builder.trusted[0]!)}\n`);
  writeFileSync(at('there.json'), '{}');
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe('replay', () => {
  const refused: readonly (readonly [args: string[], said: string])[] = [
    [['--to-topic', 'again', '--brokers', 'localhost:9'], 'that needs a trusted key'],
    [['--to-topic', 'a/b', 'KEY', '--brokers', 'localhost:9'], '"a/b" is not a topic'],
    [['--to-topic', 'again', 'KEY'], 'no Kafka cluster is named'],
    [['--to-topic', 'again', 'KEY', '--brokers', 'localhost'], 'is not host:port'],
    [['--to-topic', 'again', 'KEY', '--brokers', 'a:1', '--kafka', 'x.yaml'], 'both --brokers and --kafka'],
    [
      ['--to-topic', 'again', 'KEY', '--kafka', '/nowhere.yaml'],
      "can't read the configuration /nowhere.yaml",
    ],
    [['--to-topic', 'payments', 'KEY', '--brokers', 'localhost:9'], 'payments is a topic of this archive'],
    [['--to-topic', 'orders', 'KEY', '--brokers', 'localhost:9'], 'orders is a topic of this archive'],
    [['--to-topic', 'again', 'KEY', '--from', '5', '--to', '4'], '--from 5 lies after --to 4'],
    [
      ['--to-topic', 'again', 'KEY', '--since-time', '2026-02-01', '--until-time', '2026-01-01'],
      'is not before',
    ],
    [['--to-topic', 'again', 'KEY', '--records-per-second', '0'], 'It must be 1 or more'],
    [['--to-topic', 'again', 'KEY', '--bytes-per-second', '10'], 'It must be a size such as'],
    [['--to-topic', 'again', 'KEY', '--receipt', 'THERE'], 'exists, and stays as it is'],
    [['--to-topic', 'again', 'KEY', '--partition', '7', '--brokers', 'localhost:9'], 'has no chain orders/7'],
  ];
  it.each(refused)('%j: %s', async (words, said) => {
    const args = words.flatMap((word) =>
      word === 'KEY' ? ['--key', at('archive.vkey')] : [word === 'THERE' ? at('there.json') : word],
    );
    const { code, out, err } = await ledgerstone(['replay', at('archive'), '--topic', 'orders', ...args]);
    expect(err).toContain(said);
    expect([code, out]).toEqual([2, '']);
  });

  it('says of a topic that only a pattern takes to put it into except', async () => {
    const builder = new ArchiveBuilder();
    await builder.chain('orders').seal({ lines: entries(0, 3) });
    const source = {
      topics: [{ name: 'named' }],
      patterns: [{ pattern: '^again', except: ['^again-not$'] }],
    };
    const archive = { store: lawlessStore(builder.archive), trusted: builder.trusted, config: { source } };
    const into = (toTopic: string) =>
      chainsToReplay(
        { io: { signal: new AbortController().signal } } as Session,
        archive as unknown as Archive,
        { topic: 'orders', toTopic, tz: 'UTC' } as ReplayOptions,
      );
    await expect(into('again')).rejects.toMatchObject({
      message: expect.stringContaining('again matches a pattern of named, /^again/'),
      remedy: expect.stringContaining('put this one into `except`'),
    });
    await expect(into('named')).rejects.toThrow('named is a topic of this archive');
    expect((await into('again-not')).size).toBe(1);
  });

  it('says of a cluster that does not answer what to look at', async () => {
    const to = ['--to-topic', 'orders', '--into-archived-topic', '--brokers', '127.0.0.1:1'];
    const args = ['replay', at('archive'), '--topic', 'orders', '--key', at('archive.vkey'), ...to];
    const { code, err } = await ledgerstone(args);
    expect(err).toContain('Check brokers and the network, and that tls and sasl are what that port wants.');
    expect(code).toBe(3);
  });

  it('warns of what the topic would change, and of what it can not know', () => {
    const said = (entries: Record<string, string>) => warningsOf('t', new Map(Object.entries(entries)));
    expect(said({ 'message.timestamp.type': 'CreateTime', 'cleanup.policy': 'delete' })).toEqual([]);
    expect(said({ 'message.timestamp.type': 'LogAppendTime' })).toEqual([
      expect.stringContaining('its own time'),
    ]);
    expect(said({ 'cleanup.policy': 'compact,delete' })).toEqual([expect.stringContaining('compacted')]);
    expect(warningsOf('t', null)).toEqual([expect.stringContaining('not known')]);
  });

  it('warns of records that the topic is too short-lived, or too small, to keep', () => {
    const entries = { 'retention.ms': '604800000', 'retention.bytes': '-1' };
    const old = { ms: START_MS, nowMs: START_MS + 30 * 86_400_000 };
    expect(warningsOf('t', new Map(Object.entries(entries)))).toEqual([]);
    expect(warningsOf('t', new Map(Object.entries(entries)), old)).toEqual([
      't keeps records for 7 days (retention.ms=604800000), and there are some from 2026-11-22T10:00:00.000Z, ' +
        '30 days ago: brokers may delete them at once. Set retention.ms=-1 on the topic until consumers have read',
    ]);
    const small = new Map([['retention.bytes', '1000']]);
    expect(warningsOf('t', small)).toEqual([expect.stringContaining('retention.bytes=1000')]);
    expect(warningsOf('t', new Map([...small, ['cleanup.policy', 'compact']]))).toHaveLength(1);
  });

  it('finds a record that is older, among those that are replayed', async () => {
    const whole = { from: 0, to: 100 };
    const find = async (beforeMs: number, range = whole, times: TimeWindow | null = null) => {
      const builder = new ArchiveBuilder();
      const chain = builder.chain('orders');
      await chain.seal({ lines: entries(0, 3) });
      await chain.seal({ lines: entries(3, 3) });
      const reader = new ChainReader({
        ...{ store: lawlessStore(builder.archive), chain: 'orders', partition: 0, trusted: builder.trusted },
        signal: new AbortController().signal,
      });
      const found = {
        reader,
        origin: '',
        firstOffset: 0,
        nextOffset: 6,
        ...{ continues: null, continuedBy: null, untimed: { segments: 0, records: 0 } },
      };
      return findOlder({ chains: new Map([[0, found]]), range, times }, beforeMs);
    };
    expect(await find(START_MS)).toBeNull();
    expect(await find(START_MS + 1)).toBe(START_MS);
    expect(await find(START_MS + 3_001, { from: 3, to: 100 })).toBe(START_MS + 3_000);
    expect(await find(START_MS + 3_000, { from: 3, to: 100 })).toBeNull();
    expect(await find(START_MS + 1, whole, { sinceMs: START_MS + 1, untilMs: START_MS + 9 })).toBeNull();
    const later = { sinceMs: START_MS + 3_500, untilMs: Number.POSITIVE_INFINITY };
    expect(await find(START_MS + 9_000, whole, later)).toBe(START_MS + 3_500);
  });
});

describe('what a replay says', () => {
  const older = { origin: 'audit.example.com/old/orders/0', size: 3, root: '0'.repeat(64), nextOffset: 90 };

  async function receiptOf(words: SegmentWords, firstOffset: number, more: Partial<ReplayOptions> = {}) {
    const builder = new ArchiveBuilder();
    await builder.chain('orders', 0, firstOffset).seal({ lines: entries(firstOffset, 3), ...words });
    const archive = {
      store: lawlessStore(builder.archive),
      trusted: builder.trusted,
      config: null,
    } as unknown as Archive;
    const { signal } = new AbortController();
    const options = { topic: 'orders', toTopic: 'again', tz: 'UTC', ...more } as ReplayOptions;
    const chains = await chainsToReplay({ io: { signal } } as Session, archive, options);
    const [range, times] = [rangeOf(options), timesOf(options)];
    const tally = new PartitionTally(0, range.from);
    const lines = linesToReplay(chains.get(0)!, range, times);
    for await (const portion of portionsOf(lines, { records: 9, bytes: 9_000, batchBytes: 9_000 }))
      tally.add(portion);
    const position = { plan: '', topicId: null, nextOffset: tally.nextOffset, records: 0, bytes: 0 };
    const job = {
      options,
      archive,
      chains,
      range,
      times,
      plan: 'a'.repeat(64),
    };
    return replayReceipt(job, [{ tally, position, isContinued: false }], false, []);
  }

  it.each([{}, { sinceTime: '2026-01-01' }])('names the chain before, also by time: %j', async (more) => {
    const continues = { ...older, reason: 'moved', by: 'Ada' };
    const receipt = await receiptOf({ continues }, 90, more);
    expect(receipt.partitions).toMatchObject([{ continues: older.origin, notArchived: 0, records: 3 }]);
    const text = replayText(receipt, null);
    expect(text).toContain(`partition 0 goes on from ${older.origin}, whose records are not replayed`);
    expect(text).not.toContain('before the first that was archived');
    const [one] = receipt.partitions;
    const would = { toTopic: 'again', group: 'g', partitions: [{ ...one!, offsets: 3 }], warnings: [] };
    expect(wouldReplayText(would, false)).toContain(`goes on from ${older.origin}`);
  });

  it('counts records without a time, which no range of times has', async () => {
    const untimed = { timestamp: -1n };
    const [a, b, c] = entries(90, 3);
    const by = { sinceTime: '2026-01-01' };
    const some = await receiptOf({ lines: [a!, { ...b!, ...untimed }, c!] }, 90, by);
    expect(some.partitions).toMatchObject([{ records: 2, untimed: { segments: 0, records: 1 } }]);
    expect(replayText(some, null)).toContain(
      'partition 0: at least 1 record without a time: in no range of times',
    );
    const all = { lines: [a!, b!, c!].map((one) => ({ ...one, ...untimed })) };
    const none = await receiptOf(all, 90, by);
    expect(none.partitions).toMatchObject([{ records: 0, untimed: { segments: 1, records: 3 } }]);
    expect(replayText(none, null)).toContain('at least 3 records without a time (1 segment had no others)');
    const [part] = (await receiptOf(all, 90, { ...by, from: 91 })).partitions;
    expect(part!.untimed).toEqual({ segments: 1, records: 2 });
    const [beside] = (await receiptOf(all, 90, { ...by, from: 93 })).partitions;
    expect(beside!.untimed).toEqual({ segments: 0, records: 0 });
    expect((await receiptOf(all, 90)).partitions).toMatchObject([{ records: 3, untimed: null }]);
  });

  it('names no chain before where none is, or where nothing of it is asked for', async () => {
    const continues = { ...older, reason: 'moved', by: 'Ada' };
    expect((await receiptOf({ continues }, 90, { from: 91 })).partitions[0]!.continues).toBeNull();
    const alone = await receiptOf({}, 90);
    expect(alone.partitions).toMatchObject([{ continues: null, notArchived: 90 }]);
    expect(replayText(alone, null)).toContain('90 offsets before the first that was archived');
  });
});

describe('the file of --kafka', () => {
  it('names a cluster, with paths relative to it', async () => {
    writeFileSync(
      at('kafka.yaml'),
      `brokers: [a.example.com:9093, "[::1]:9"]
tls: { caFile: ca.pem }
sasl: { mechanism: plain, username: u, password: "\${SECRET}" }
`,
    );
    expect(await loadKafkaFile(at('kafka.yaml'), { SECRET: 's3cret' })).toEqual({
      brokers: ['a.example.com:9093', '[::1]:9'],
      clientId: 'ledgerstone',
      tls: { caFile: at('ca.pem') },
      sasl: { mechanism: 'plain', username: 'u', password: 's3cret' },
    });
  });

  it('is told from the files of the three parties', async () => {
    writeFileSync(at('other.yaml'), 'source: { kind: kafka }\nretention: {}\n');
    await expect(loadKafkaFile(at('other.yaml'), {})).rejects.toThrow("the archiver's file");
    const { err } = await ledgerstone(['verify', '--config', at('kafka.yaml')], { SECRET: 's' });
    expect(err).toContain('This one is for `replay --kafka`.');
    writeFileSync(at('wrong.yaml'), 'brokers: nowhere\ntopics: []\n');
    await expect(loadKafkaFile(at('wrong.yaml'), {})).rejects.toMatchObject({ code: 'config' });
  });

  it('or a list on the command line does', () => {
    expect(parseBrokers('a:1,[::1]:2')).toEqual(['a:1', '[::1]:2']);
    expect(parseBrokers('a')).toBeNull();
  });
});

describe('what a replay is known by', () => {
  const plan: ReplayPlan = {
    origins: new Map([[0, 'a.example.com/x/orders/0']]),
    ...{ partition: null, range: { from: 0, to: 9 }, times: null, toTopic: 'again' },
  };

  it('is the same for the same command, also with more partitions by now', () => {
    const more = new Map([...plan.origins, [1, 'a.example.com/x/orders/1'] as const]);
    expect(planId({ ...plan, origins: more })).toBe(planId(plan));
  });

  it('is another for anything else', () => {
    const others: Partial<ReplayPlan>[] = [
      { partition: 0 },
      { range: { from: 1, to: 9 } },
      { range: { from: 0, to: 8 } },
      { times: { sinceMs: 0, untilMs: Number.POSITIVE_INFINITY } },
      { times: { sinceMs: 1, untilMs: Number.POSITIVE_INFINITY } },
      { toTopic: 'other' },
      { origins: new Map([[0, 'a.example.com/y/orders/0']]) },
    ];
    const ids = [plan, ...others.map((other) => ({ ...plan, ...other }))].map(planId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('is read back from the group, and nothing else is', () => {
    const position = { plan: planId(plan), topicId: null, nextOffset: 7, records: 3, bytes: 9 };
    const text = positionMetadata(position);
    expect(parsePosition(7, text)).toEqual(position);
    const withId = { ...position, topicId: 'AAAAAAAAAAAAAAAAAAAAAA' };
    expect(parsePosition(7, positionMetadata(withId))).toEqual(withId);
    for (const wrong of ['', `${text} `, text.replace('/1', '/2'), text.replace('=3', '=-3')])
      expect(parsePosition(7, wrong)).toBeNull();
    expect(parsePosition(-1, text)).toBeNull();
  });
});
