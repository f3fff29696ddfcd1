// Do archived records come back into a real Kafka byte for byte, each once, whatever dies on the way?
import { createHash } from 'node:crypto';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { utf8 } from '../../src/base/bytes.ts';
import type { KafkaRecord } from '../../src/format/line.ts';
import { encodeVkey } from '../../src/format/vkey.ts';
import { KafkaWorld, unique } from '../contract/ingest-kafka-world.ts';
import { ArchiveBuilder, entries, transactionGap, writeCopy } from '../support/archive-builder.ts';
import { cli, type Ran, startCommand } from '../support/cli.ts';
import { until } from '../support/patience.ts';

const MANY = 3_000;

/** Nothing makes it smaller. */
function noise(length: number): Uint8Array {
  let state = 1;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state >>> 24;
  });
}

/** What kafkajs's producer can't write: each field in every form that Kafka has. */
const HARD: readonly Omit<KafkaRecord, 'offset' | 'timestampType'>[] = [
  { timestamp: 1_795_000_000_000n, key: null, headers: [], value: utf8('{"plain":true}') },
  { timestamp: 0n, key: utf8(''), headers: [], value: utf8('') },
  { timestamp: -1n, key: utf8('key'), headers: [], value: null },
  {
    timestamp: 1_700_000_000_000n,
    key: new Uint8Array([0, 255, 13, 10]),
    headers: [
      { name: utf8('b'), value: utf8('1') },
      { name: utf8('a'), value: null },
      { name: utf8('b'), value: utf8('2') },
      { name: utf8('7'), value: utf8('') },
      { name: new Uint8Array([0xff, 0xfe]), value: new Uint8Array([0, 1, 2]) },
      { name: utf8(''), value: utf8('no name') },
      { name: utf8('b'), value: utf8('1') },
    ],
    value: new Uint8Array([0xc3, 0x28]),
  },
  { timestamp: 1_500_000_000_123n, key: utf8('large'), headers: [], value: noise(700_000) },
  { timestamp: 1_795_000_000_001n, key: utf8('after'), headers: [], value: utf8('[1,2]') },
];

export function replaySuite(bootstrap: () => readonly string[]): void {
  let dir: string;
  let world: KafkaWorld;
  let expected: ReadonlyMap<number, readonly KafkaRecord[]>;
  const at = (name: string) => join(dir, name);

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'ledgerstone-replay-'));
    const builder = new ArchiveBuilder();
    const hard = HARD.map((record, index) => ({
      ...record,
      offset: index < 3 ? index : index + 4,
      timestampType: index === 5 ? ('append' as const) : ('create' as const),
    }));
    const first = builder.chain('orders', 0);
    await first.seal({ lines: [...hard.slice(0, 3), transactionGap(3, 2)] });
    const lost = { offset: 5, last: 6, reason: 'expired', by: 'Ada Byron', why: 'an outage' } as const;
    await first.seal({ lines: [lost, ...hard.slice(3)], linesPerBlock: 2 });
    const second = builder.chain('orders', 1, 100);
    const many = entries(100, MANY);
    for (let begin = 0; begin < MANY; begin += 500)
      await second.seal({ lines: many.slice(begin, begin + 500), linesPerBlock: 100 });
    writeCopy(builder.archive, at('archive'));
    await writeFile(at('archive.vkey'), `${encodeVkey(builder.trusted[0]!)}\n`);
    expected = new Map([
      [0, hard],
      [1, many],
    ]);
  });
  afterAll(() => rm(dir, { recursive: true, force: true }));
  beforeEach(() => {
    world = new KafkaWorld(bootstrap());
  });
  afterEach(() => world.close());

  const args = (toTopic: string, ...more: string[]) => [
    ...['replay', at('archive'), '--key', at('archive.vkey'), '--topic', 'orders', '--to-topic', toTopic],
    ...['--brokers', world.brokers.join(','), ...more],
  ];
  const run = (toTopic: string, ...more: string[]): Promise<Ran> => cli(args(toTopic, ...more), { cwd: dir });
  async function json(toTopic: string, ...more: string[]) {
    const { code, stdout, stderr } = await run(toTopic, '--json', ...more);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    return JSON.parse(stdout.toString());
  }

  /** What a reader of committed records gets of it, as it lies there. */
  async function contentOf(topic: string): Promise<ReadonlyMap<number, readonly KafkaRecord[]>> {
    const { source, recorder } = await world.reader([topic]);
    const wanted = await ends(topic);
    const found = new Map<number, KafkaRecord[]>();
    await until('everything of the topic', () => {
      found.clear();
      const next = new Map<number, number>();
      for (const { fetched } of recorder.of('fetched')) {
        const { partition, records, seen } = fetched;
        found.set(partition, [...(found.get(partition) ?? []), ...records]);
        const last = Math.max(records.at(-1)?.offset ?? -1, ...seen.map((run) => run.last));
        next.set(partition, Math.max(next.get(partition) ?? 0, last + 1));
      }
      return [...wanted].every(([partition, end]) => end === 0 || (next.get(partition) ?? 0) >= end);
    });
    await source.close();
    return found;
  }
  async function ends(topic: string): Promise<ReadonlyMap<number, number>> {
    const offsets = await (await world.admin()).fetchTopicOffsets(topic);
    return new Map(offsets.map(({ partition, high }) => [partition, Number(high)]));
  }
  /** Without what the topic itself decides: offsets. A broker's own time has become the record's. */
  const plain = (records: readonly KafkaRecord[] | undefined) =>
    (records ?? []).map(({ timestamp, key, headers, value, timestampType }) => ({
      ...{ timestamp, key: key && Buffer.from(key), value: value && Buffer.from(value), timestampType },
      headers: headers.map((one) => [Buffer.from(one.name), one.value && Buffer.from(one.value)]),
    }));
  async function expectWhole(topic: string): Promise<void> {
    const found = await contentOf(topic);
    for (const [partition, records] of expected) {
      const wanted = records.map((record) => ({ ...record, timestampType: 'create' as const }));
      expect(plain(found.get(partition)), `partition ${partition}`).toEqual(plain(wanted));
    }
  }

  it.each(['none', 'gzip', 'zstd'])('every byte comes back, with compression %s', async (codec) => {
    const topic = await world.topic({ partitions: 2 });
    const receipt = await json(topic, '--compression', codec, '--receipt', at(`${codec}.json`));
    await expectWhole(topic);
    expect(receipt.partitions).toMatchObject([
      { partition: 0, from: 0, nextOffset: 10, records: 6, appendTimes: 1, isContinued: false },
      { partition: 1, from: 0, nextOffset: 100 + MANY, records: MANY, notArchived: 100 },
    ]);
    expect(receipt.partitions[0].missing).toEqual({ transaction: 2, compacted: 0, expired: 2, accepted: 0 });
    expect(receipt.partitions[0].gaps).toMatchObject([
      { offset: 5, last: 6, reason: 'expired', by: 'Ada Byron' },
    ]);
    expect(receipt.timestampsReplaced).toBe(false);
    expect(JSON.parse(await readFile(at(`${codec}.json`), 'utf8'))).toEqual(receipt);
    const get = await cli([
      ...['get', at('archive'), '--key', at('archive.vkey'), '--topic', 'orders', '--partition', '1'],
      '--prove',
    ]);
    expect(receipt.partitions[1].lines).toBe(createHash('sha256').update(get.stdout).digest('hex'));
  });

  it('the same command again adds nothing, and a part is a replay of its own', async () => {
    const topic = await world.topic({ partitions: 2 });
    await json(topic, '--partition', '1', '--from', '200', '--to', '299');
    const before = await ends(topic);
    const again = await json(topic, '--partition', '1', '--from', '200', '--to', '299');
    expect(again.partitions).toMatchObject([
      { from: 300, nextOffset: 300, records: 0, total: { records: 100 } },
    ]);
    expect(await ends(topic)).toEqual(before);
    const other = await run(topic);
    expect(other.stderr).toContain(`${topic}/1 was written before, and this replay has no position there`);
    expect(other.code).toBe(2);
    const late = await world.topic({ partitions: 2 });
    const start = new Date(Number(entries(400, 1)[0]!.timestamp)).toISOString();
    const byTime = await json(late, '--since-time', start, '--partition', '1');
    expect(byTime.partitions).toMatchObject([{ records: MANY - 300, nextOffset: 100 + MANY }]);
    expect(plain((await contentOf(late)).get(1))).toEqual(plain(expected.get(1)!.slice(300)));
  });

  it('killed again and again, it goes on: nothing is doubled, nothing lost', async () => {
    const topic = await world.topic({ partitions: 2 });
    let end = 0;
    for (let kill = 0; kill < 3; kill++) {
      // A quarter of a second for each of 60 transactions: it is killed in the middle.
      const started = startCommand(args(topic, '--records-per-second', '200'), {});
      await until('some more records', async () => {
        if (started.child.exitCode !== null) throw new Error(`it ended: ${started.log()}`);
        return ((await ends(topic)).get(1) ?? 0) > end + 150;
      });
      await started.end('SIGKILL');
      end = (await ends(topic)).get(1) ?? 0;
    }
    const receipt = await json(topic);
    expect(receipt.partitions[1].isContinued).toBe(true);
    // The first kill was behind a transaction of 200; what moved the end later may be an aborted one.
    expect(receipt.partitions[1].from).toBeGreaterThanOrEqual(100 + 200);
    expect(receipt.partitions[1].total.records).toBe(MANY);
    await expectWhole(topic);
  });

  it('a run that stood still while another took over writes nothing more', async () => {
    const topic = await world.topic({ partitions: 2 });
    const zombie = startCommand(args(topic, '--records-per-second', '100'), {});
    await until('some records', async () => ((await ends(topic)).get(1) ?? 0) > 100);
    zombie.child.kill('SIGSTOP');
    const receipt = await json(topic);
    expect(receipt.partitions[1].total.records).toBe(MANY);
    zombie.child.kill('SIGCONT');
    await until('its end', () => zombie.child.exitCode !== null);
    expect(zombie.child.exitCode).toBe(3);
    expect(zombie.log()).toContain('this run was fenced off');
    await expectWhole(topic);
  });

  it('stopped by SIGTERM, it says how to go on', async () => {
    const topic = await world.topic({ partitions: 2 });
    const started = startCommand(args(topic, '--records-per-second', '100'), {});
    await until('some records', async () => ((await ends(topic)).get(1) ?? 0) > 100);
    expect(await started.end('SIGTERM')).toBe(3);
    expect(started.log()).toContain('Run the same command again: it goes on behind what was committed.');
    await json(topic);
    await expectWhole(topic);
  });

  it('nothing of a segment goes out that was altered, and what lies before it does', async () => {
    await cp(at('archive'), at('altered'), { recursive: true });
    const folder = at('altered/data/topic=orders/partition=1');
    const files = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.zst')).sort();
    const file = join(folder, files[2]!);
    const bytes = await readFile(file);
    bytes[bytes.length - 20]! ^= 1;
    await writeFile(file, bytes);
    const topic = await world.topic({ partitions: 2 });
    const { code, stderr } = await cli(['replay', at('altered'), ...args(topic).slice(2)], { cwd: dir });
    expect(stderr).toContain('data-altered');
    expect(code).toBe(1);
    expect(plain((await contentOf(topic)).get(1))).toEqual(plain(expected.get(1)!.slice(0, 1000)));
  });

  it('what the topic would change is said before and after', async () => {
    const config = { 'message.timestamp.type': 'LogAppendTime' };
    const topic = await world.topic({ partitions: 2, config });
    const { code, stdout, stderr } = await run(topic, '--partition', '0');
    expect(stderr).toContain(`${topic} gives records its own time`);
    expect(stdout.toString()).toContain('gave records its own time: theirs are in the archive only');
    expect(stdout.toString()).toMatch(/2 offsets lost before they were archived: not replayed/);
    expect(code).toBe(0);
    const compacted = await world.topic({ partitions: 2, config: { 'cleanup.policy': 'compact' } });
    const refused = await run(compacted);
    expect(refused.stderr).toContain(`${compacted} is compacted`);
    expect(refused.stderr).toContain('Compacted topic cannot accept message without key');
    expect(refused.code).toBe(3);
    const small = await world.topic({ partitions: 2, config: { 'max.message.bytes': '100000' } });
    const large = await run(small);
    expect(large.stderr).toMatch(/a record is larger than it takes.*\n.*max\.message\.bytes/s);
    expect(large.code).toBe(3);
    await json(small, '--partition', '1');
    expect(plain((await contentOf(small)).get(1))).toEqual(plain(expected.get(1)));
  });

  it('a topic that will not do is refused, with nothing written', async () => {
    const missing = unique('missing');
    const absent = await run(missing);
    expect(absent.stderr).toContain(`there is no topic ${missing}`);
    expect(absent.code).toBe(2);
    expect(await (await world.admin()).listTopics()).not.toContain(missing);
    const narrow = await world.topic({ partitions: 1 });
    const few = await run(narrow);
    expect(few.stderr).toMatch(/has 1 partition.*Create it with 2 partitions/s);
    expect(few.code).toBe(2);
    const used = await world.topic({ partitions: 2 });
    await world.send(used, ['not ours']);
    for (const more of [[], ['--dry-run']]) {
      const other = await run(used, ...more);
      expect(other.stderr).toContain(`${used}/0 was written before`);
      expect(other.code).toBe(2);
    }
    await json(used, '--append', '--partition', '0');
    expect((await contentOf(used)).get(0)).toHaveLength(7);
  });

  it('a dry run looks at both sides and writes nothing', async () => {
    const topic = await world.topic({ partitions: 2, config: { 'retention.ms': '-1' } });
    const would = await json(topic, '--dry-run');
    expect(would).toMatchObject({
      partitions: [
        { partition: 0, from: 0, nextOffset: 10, isContinued: false },
        { partition: 1, from: 100, nextOffset: 100 + MANY },
      ],
      warnings: [],
    });
    expect([...(await ends(topic)).values()]).toEqual([0, 0]);
    const brief = await world.topic({ partitions: 2, config: { 'retention.ms': '60000' } });
    expect((await json(brief, '--dry-run')).warnings).toEqual([
      expect.stringContaining(
        'keeps records for 60,000 ms (retention.ms=60000), and there are some from 1970',
      ),
    ]);
    await json(topic);
    expect((await json(topic, '--dry-run')).partitions).toMatchObject([
      { offsets: 0, isContinued: true },
      { offsets: 0, isContinued: true },
    ]);
  });
}
