// Can an event be hidden from a search, so that it says "none, and nothing was left out"?
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../../../src/base/bytes.ts';
import {
  ArchiveBuilder,
  entries,
  NOW_MS,
  START_MS,
  signer,
  YEAR_MS,
} from '../../../support/archive-builder.ts';
import { archiveOf, find, recordsOf } from '../../../support/find-world.ts';

const WHERE = { where: ['/actor=admin'] };
const EVENT = '{"actor":"admin"}';
const OTHER = '{"actor":"bob"}';

describe('an event is found', () => {
  it.each([
    ['with escapes in its value', '{"actor":"\\u0061dm\\u0069n"}', '/actor=admin'],
    ['with escapes in its name', '{"\\u0061ctor":"admin"}', '/actor=admin'],
    ['with a slash that is escaped', '{"actor":"a\\/b"}', '/actor=a/b'],
    ['with an escaped pair of surrogates', '{"actor":"\\ud83d\\ude00"}', '/actor~😀'],
    ['by the first of two members with one name', '{"actor":"admin","actor":"bob"}', '/actor=admin'],
    ['by the second of two members with one name', '{"actor":"bob","actor":"admin"}', '/actor=admin'],
    ['in the first of two objects with one name', '{"who":{"actor":"admin"},"who":{}}', '/who/actor=admin'],
    ['inside of an array', '{"actor":["bob","admin"]}', '/actor=admin'],
    ['inside of an array of arrays', '{"actor":[["bob"],[["admin"]]]}', '/actor=admin'],
    ['inside of an object of an array', '{"who":[{"actor":"bob"},{"actor":"admin"}]}', '/who/actor=admin'],
    ['by its place in an array', '{"who":["bob","admin"]}', '/who/1=admin'],
    ['inside of JSON within a string', '{"raw":"{\\"actor\\":\\"adm\\\\u0069n\\"}"}', '/raw/actor=admin'],
    ['by a number in another spelling', '{"n":1.2e1}', '/n=12'],
    ['by a number with zeros', '{"n":12.000}', '/n=12'],
    ['by a number that no double holds', '{"n":9007199254740993}', '/n>9007199254740992'],
    ['in a value that is written over several lines', '{\n  "actor": "admin"\n}\n', '/actor=admin'],
    ['after a byte order mark', '\ufeff{"actor":"admin"}', '/actor=admin'],
    ['beside half of a character', '{"x":"\\ud800","actor":"admin"}', '/actor=admin'],
    [
      'deeper than a line may nest',
      `{"x":${'['.repeat(90)}${']'.repeat(90)},"actor":"admin"}`,
      '/actor=admin',
    ],
    [
      'beside a number that strict readers refuse',
      `{"n":${'9'.repeat(1500)},"actor":"admin"}`,
      '/actor=admin',
    ],
    [
      'in a text with so many line feeds that it is base64',
      `{${'\n'.repeat(99)}"actor":"admin"}`,
      '/actor=admin',
    ],
  ])('%s', async (_, value, where) => {
    const builder = await archiveOf(recordsOf([OTHER, value, OTHER]));
    const { at, statement } = await find(builder.archive, builder.trusted, { where: [where] });
    expect(at).toEqual(['orders/0:1']);
    expect(statement.isComplete).toBe(true);
  });

  it.each(['utf16le', 'utf-16be'])('in %s', async (encoding) => {
    const value = Buffer.from(EVENT, 'utf16le');
    if (encoding === 'utf-16be') value.swap16();
    const builder = await archiveOf(recordsOf([OTHER, value]));
    expect((await find(builder.archive, builder.trusted, WHERE)).at).toEqual(['orders/0:1']);
  });

  it('that came years late, in a segment of today', async () => {
    const late = { timestamp: BigInt(START_MS - 3 * YEAR_MS) };
    const builder = await archiveOf([
      ...recordsOf([OTHER]),
      ...recordsOf([EVENT], late, 1),
      ...recordsOf([OTHER], {}, 2),
    ]);
    const time = { kind: 'record', fromMs: START_MS - 4 * YEAR_MS, toMs: START_MS - 2 * YEAR_MS } as const;
    expect((await find(builder.archive, builder.trusted, { ...WHERE, time })).at).toEqual(['orders/0:1']);
  });

  it('although a newer version of its object is without it', async () => {
    const builder = new ArchiveBuilder();
    const { dataKey } = await builder.chain().seal({ lines: recordsOf([EVENT]) });
    builder.archive.put(dataKey as string, utf8('nothing here'));
    builder.archive.marker(dataKey as string);
    const { at, statement } = await find(builder.archive, builder.trusted, WHERE);
    expect(at).toEqual(['orders/0:0']);
    expect(statement.chains[0]?.findings.map(({ code }) => code)).toContain('extra-version');
  });

  it('in a chain that goes on under another name, for the same topic', async () => {
    const builder = await archiveOf(recordsOf([OTHER]));
    const source = { kind: 'kafka', cluster: 'c', topic: 'orders', topicId: null, partition: 0 } as const;
    await builder.chain('orders-2').seal({ lines: recordsOf([EVENT]), source });
    await builder.chain('users').seal({ lines: recordsOf([EVENT]) });
    const { at, statement } = await find(builder.archive, builder.trusted, { ...WHERE, topics: ['orders'] });
    expect(at).toEqual(['orders-2/0:0']);
    expect(statement.notAsked.map(({ chain }) => chain)).toEqual(['users']);
    expect(statement.notLookedAt).toContain('not asked for: users/0');
  });
});

describe('it is said that not everything was searched, or what is not known', () => {
  it('where a gap line stands for the event', async () => {
    const gap = { offset: 1, last: 1, reason: 'accepted', by: 'M. Allory', why: 'disk' } as const;
    const builder = new ArchiveBuilder();
    await builder.chain().seal({ lines: [...recordsOf([OTHER]), gap] });
    const { hits, statement } = await find(builder.archive, builder.trusted, WHERE);
    expect(hits).toEqual([]);
    expect(statement.notLookedAt.join()).toContain('1 record lost before they were archived');
  });

  it('where the archiver signed wrong times', async () => {
    const builder = new ArchiveBuilder();
    const wrong = '2020-01-01T00:00:00.000Z';
    await builder.chain().seal({
      lines: recordsOf([EVENT]),
      manifest: (manifest) => ({ ...manifest, time: { ...manifest.time, first: wrong, last: wrong } }),
    });
    const time = { kind: 'record', fromMs: START_MS - 1, toMs: START_MS + 10_000 } as const;
    const passed = await find(builder.archive, builder.trusted, { ...WHERE, time });
    expect(passed.statement.notLookedAt.join()).toContain(
      '1 segment not read, since the signed seals state other times',
    );
    expect(passed.statement.conclusion).toContain('1 other segment can hold none, as the seals state it');
    const { statement } = await find(builder.archive, builder.trusted, { ...WHERE, time, readsAll: true });
    expect(statement).toMatchObject({ isComplete: false, verdict: 'broken' });
    expect(statement.leftOut.join()).toContain('count-mismatch');
  });

  it('where the time of the event was taken away or can not be read', async () => {
    const values = [
      '{"actor":"admin","time":"yesterday"}',
      EVENT,
      '{"actor":"admin","time":"2026-11-22T10:00:00Z"}',
      '{"actor":"admin","time":"2020-11-22T10:00:00Z"}',
    ];
    const builder = await archiveOf(recordsOf(values));
    const time = { kind: 'event', fromMs: START_MS - 1, toMs: START_MS + 1 } as const;
    const asked = { ...WHERE, time, fields: { time: '/time' } };
    const { at, statement } = await find(builder.archive, builder.trusted, asked);
    expect(at).toEqual(['orders/0:2']);
    expect(statement.counts).toMatchObject({ undated: 2, eventTime: { present: 3, missing: 1 } });
    expect(statement.leftOut.join()).toContain(
      "2 records would be hits, but for a time of the event that is missing or can't be read",
    );
    expect(statement).toMatchObject({ isComplete: false, isLookedAt: true });
    expect(statement.conclusion).toContain('2 records without such a time may be meant');
  });

  it('where the record has no time', async () => {
    const builder = await archiveOf([...recordsOf([OTHER]), ...recordsOf([EVENT], { timestamp: -1n }, 1)]);
    const time = { kind: 'record', fromMs: 0, toMs: NOW_MS } as const;
    const { hits, statement } = await find(builder.archive, builder.trusted, { ...WHERE, time });
    expect(hits).toEqual([]);
    expect(statement.leftOut.join()).toContain('1 record without a time');
  });

  it('where the value is no JSON', async () => {
    const builder = await archiveOf(recordsOf([OTHER, 'actor=admin', new Uint8Array([1, 2, 255]), null]));
    const { statement } = await find(builder.archive, builder.trusted, WHERE);
    expect(statement.counts).toMatchObject({
      notJson: 2,
      tombstones: 1,
      fields: [{ present: 1, missing: 3 }],
    });
    expect(statement.facts).toContain(
      '2 records with a value that is no JSON, so without fields: --text searches the bytes',
    );
    const { at } = await find(builder.archive, builder.trusted, { texts: ['actor=admin'] });
    expect(at).toEqual(['orders/0:1']);
  });

  it('where the data object is gone', async () => {
    const builder = new ArchiveBuilder();
    const chain = builder.chain();
    const { dataKey } = await chain.seal({ lines: recordsOf([EVENT]) });
    await chain.seal({ lines: recordsOf([OTHER], {}, 1) });
    builder.archive.remove(dataKey as string);
    const { hits, statement } = await find(builder.archive, builder.trusted, WHERE);
    expect(hits).toEqual([]);
    expect(statement).toMatchObject({ isComplete: false, verdict: 'broken' });
    expect(statement.leftOut.join()).toContain('segment 0: data-missing');
    expect(statement.conclusion).toMatch(/^not everything was searched: none in /);
    expect(statement.chains[0]?.segments).toMatchObject({ withLines: 2, read: 1, notRead: 1 });
  });

  it('where its time to be kept is over and it was deleted', async () => {
    const builder = new ArchiveBuilder();
    const { dataKey } = await builder.chain().seal({ lines: recordsOf([EVENT]) });
    builder.archive.remove(dataKey as string);
    const options = { nowMs: START_MS + 2 * YEAR_MS };
    const { statement } = await find(builder.archive, builder.trusted, WHERE, options);
    expect(statement).toMatchObject({ isComplete: false, verdict: 'verified' });
    expect(statement.leftOut.join()).toContain('expired');
    expect(statement.leftOut.join()).toContain(
      'whether people decided to keep expired data longer was not looked at',
    );
  });

  it('where the event was changed in the data object: nothing of that segment is a hit', async () => {
    const builder = new ArchiveBuilder();
    const chain = builder.chain();
    const { dataKey } = await chain.seal({ lines: recordsOf([EVENT, OTHER]) });
    builder.archive.alter(dataKey as string, (bytes) => {
      bytes[bytes.length - 1] = (bytes[bytes.length - 1] as number) ^ 1;
      return bytes;
    });
    const { hits, statement } = await find(builder.archive, builder.trusted, WHERE);
    expect(hits).toEqual([]);
    expect(statement).toMatchObject({ isComplete: false, verdict: 'broken' });
  });

  it('where another event of the segment was changed and all of it can still be read', async () => {
    const builder = new ArchiveBuilder();
    const { dataKey } = await builder.chain().seal({ lines: recordsOf([EVENT, '{"actor":"zqxjkvw"}']) });
    builder.archive.alter(dataKey as string, (bytes) => {
      const at = Buffer.from(bytes).indexOf('zqxjkvw');
      expect(at).toBeGreaterThan(0);
      bytes[at] = 0x78;
      return bytes;
    });
    const { hits, statement } = await find(builder.archive, builder.trusted, WHERE);
    expect(hits).toEqual([]);
    expect(statement.leftOut.join()).toContain('entry-root-mismatch');
  });

  it('where somebody else signed the segment', async () => {
    const builder = new ArchiveBuilder();
    const chain = builder.chain();
    await chain.seal({ lines: recordsOf([OTHER]) });
    await chain.seal({ lines: recordsOf([EVENT], {}, 1), signers: [signer('another key')] });
    const { hits, statement } = await find(builder.archive, builder.trusted, WHERE);
    expect(hits).toEqual([]);
    expect(statement).toMatchObject({ isComplete: false, verdict: 'unverifiable' });
    expect(statement.leftOut[0]).toContain('1 segment not searched, since nothing vouches for the seal');
  });

  it('where the newest segment was cut off', async () => {
    const builder = new ArchiveBuilder();
    const chain = builder.chain();
    await chain.seal({ lines: recordsOf([OTHER]) });
    const newest = await chain.seal({ lines: recordsOf([EVENT], {}, 1) });
    builder.archive.remove(newest.dataKey as string);
    builder.archive.remove(newest.sealKey);
    const alone = await find(builder.archive, builder.trusted, WHERE);
    expect(alone.statement.bounds.join()).toContain(
      'segments after the last ones here, and other chains, are not ruled out',
    );
    const { statement } = await find(builder.archive, builder.trusted, WHERE, { since: [newest.note] });
    expect(statement).toMatchObject({ isComplete: false, verdict: 'broken' });
    expect(statement.leftOut.join()).toMatch(/rollback|truncation/);
  });

  it('where the whole chain was removed', async () => {
    const builder = await archiveOf(recordsOf([OTHER]));
    const gone = await builder.chain('users').seal({ lines: recordsOf([EVENT]) });
    builder.archive.remove(gone.dataKey as string);
    builder.archive.remove(gone.sealKey);
    const { statement } = await find(
      builder.archive,
      builder.trusted,
      { ...WHERE, topics: ['orders'] },
      { since: [gone.note] },
    );
    expect(statement).toMatchObject({ isComplete: false, verdict: 'broken' });
    expect(statement.leftOut.join()).toMatch(/rollback|truncation/);
  });

  it('where a folder can not be listed', async () => {
    const builder = await archiveOf(entries(0, 3));
    builder.archive.failures.set('list:seals/topic=orders/', new Error('access denied'));
    await builder.chain('users').seal({ lines: recordsOf([OTHER]) });
    const { statement } = await find(builder.archive, builder.trusted, WHERE);
    expect(statement.isComplete).toBe(false);
    expect(statement.leftOut.join()).toContain(
      'which chains lie below seals/topic=orders/ is not known: access denied',
    );
  });

  it('where a data object can not be read', async () => {
    const builder = new ArchiveBuilder();
    const { dataKey } = await builder.chain().seal({ lines: recordsOf([EVENT]) });
    builder.archive.failures.set(dataKey as string, new Error('access denied'));
    const { statement } = await find(builder.archive, builder.trusted, WHERE);
    expect(statement).toMatchObject({ isComplete: false, verdict: 'unverifiable' });
    expect(statement.leftOut.join()).toContain('access denied');
  });

  it('where a short name means nothing in one of the chains', async () => {
    const builder = await archiveOf(recordsOf([OTHER]));
    await builder.chain('users').seal({ lines: recordsOf([EVENT]) });
    const fieldsOf = ({ chain }: { readonly chain: string }) =>
      chain === 'orders' ? { actor: [{ kind: 'pointer', tokens: ['actor'] } as const] } : null;
    const { statement } = await find(builder.archive, builder.trusted, { where: ['actor=admin'], fieldsOf });
    expect(statement.isComplete).toBe(false);
    expect(statement.leftOut).toEqual([
      'users/0 was not searched: what actor is there is not known: name it with --fields FILE, or in `fields` of its topic in the configuration',
    ]);
  });
});
