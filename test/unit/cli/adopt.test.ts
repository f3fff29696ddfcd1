// Do chains of another owner's archive go on in this one, and is it said where one can't?
import { appendFileSync, cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ledgerstone } from './captured-io.ts';

/** What all begin with, made once. */
let made: string;
let dir: string;
const at = (name: string) => join(dir, name);
const WHO = ['--by', 'Ada Byron', '--reason', 'Acme was bought'];
const eventLines = (from: number, count: number) =>
  Array.from({ length: count }, (_, n) => `{"n":${from + n}}\n`).join('');

const configOf = (owner: string, topic = '') =>
  `archive: { origin: ${owner}.example.com/prod, store: { kind: directory, path: ${owner} }, signing: { kind: local, keyFile: ${owner}.pem } }
source: { kind: file, path: events.jsonl, topic: { name: orders, retention: year${topic} } }
retention: { seals: { mode: COMPLIANCE, period: 2y }, year: { mode: COMPLIANCE, period: 1y } }
server: { port: 0 }
`;

const init = async (owner: string) => {
  writeFileSync(at(`${owner}.yaml`), configOf(owner));
  const made = await ledgerstone(['init', '--config', at(`${owner}.yaml`), '--vkey', at(`${owner}.vkey`)]);
  expect(made.code).toBe(0);
};
const archive = (owner: string) => ledgerstone(['archive', '--config', at(`${owner}.yaml`)]);
const adopt = (...more: string[]) =>
  ledgerstone([
    ...['adopt', at('old'), '--key', at('old.vkey'), '--config', at('new.yaml'), ...WHO, ...more],
  ]);
const adoptJson = async (...more: string[]) => {
  const { code, out, err } = await adopt(...more, '--json');
  return { code, err, answer: out === '' ? null : JSON.parse(out) };
};
const verify = (...more: string[]) =>
  ledgerstone([
    ...['verify', at('new'), '--key', at('new.vkey'), '--older', at('old'), '--older-key', at('old.vkey')],
    ...more,
  ]);

beforeAll(async () => {
  made = mkdtempSync(join(tmpdir(), 'ledgerstone-adopt-'));
  dir = made;
  writeFileSync(at('events.jsonl'), eventLines(0, 5));
  await init('old');
  await init('new');
  expect((await archive('old')).code).toBe(0);
});
afterAll(() => rmSync(made, { recursive: true, force: true }));
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ledgerstone-adopt-'));
  cpSync(made, dir, { recursive: true });
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('adopt', () => {
  it('begins a chain that goes on from the older one, and the archiver goes on there', async () => {
    const look = await adopt('--dry-run');
    expect([look.code, look.err]).toEqual([0, '']);
    expect(look.out).toMatch(
      /^nothing is written; these chains would be begun:\norders\/0 goes on from old\.example\.com\/prod\/orders\/0, of \d segments up to offset 4: would begin at offset 5\n$/,
    );
    expect(existsSync(at('new/seals'))).toBe(false);
    const { code, answer } = await adoptJson();
    expect([code, answer.chains]).toEqual([
      0,
      [
        expect.objectContaining({
          ...{ chain: 'orders/0', continues: 'old.example.com/prod/orders/0', nextOffset: 5 },
          ...{ startOffset: 5, otherTopic: null, state: 'begun' },
        }),
      ],
    ]);
    appendFileSync(at('events.jsonl'), eventLines(5, 3));
    expect((await archive('new')).code).toBe(0);
    const report = JSON.parse((await verify('--json')).out);
    expect([report.verdict, report.beside.verdictAlone]).toEqual(['verified', 'verified']);
    expect(report.chains).toMatchObject([
      {
        ...{ firstOffset: 5, nextOffset: 8, entries: 3 },
        continues: { by: 'Ada Byron', reason: 'Acme was bought', nextOffset: 5 },
      },
    ]);
    expect((await ledgerstone(['verify', at('new'), '--key', at('new.vkey')])).code).toBe(3);
  });

  it('is done once: again, it says that it was', async () => {
    expect((await adoptJson()).code).toBe(0);
    const again = await adoptJson();
    expect([again.code, again.answer.chains[0].state]).toEqual([0, 'adopted-before']);
    expect((await adopt()).out).toContain('begun before');
  });

  it('finds the older archiver still running: a fork', async () => {
    expect((await adoptJson()).code).toBe(0);
    appendFileSync(at('events.jsonl'), eventLines(5, 3));
    expect((await archive('old')).code).toBe(0);
    const again = await adoptJson();
    expect([again.code, again.answer.chains[0].state]).toEqual([1, 'older-went-on']);
    expect(again.err).toContain('went on after it was adopted');
    expect((await verify()).code).toBe(1);
  });

  it('begins nothing where the older archive is broken, unless it is taken as it is', async () => {
    rmSync(at('old/data'), { recursive: true });
    const refused = await adopt();
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('nothing was begun')]);
    expect(existsSync(at('new/seals'))).toBe(false);
    const { code, answer } = await adoptJson('--as-it-is');
    expect([code, answer.verdict, answer.chains[0].state]).toEqual([0, 'broken', 'begun']);
  });

  it('takes no key of the older archive from the new one', async () => {
    const { code, err } = await ledgerstone([
      ...['adopt', at('old'), '--key', at('new.vkey'), '--config', at('new.yaml'), ...WHO],
    ]);
    expect([code, err]).toEqual([3, expect.stringContaining('nothing was begun')]);
  });

  it('says where offsets begin anew, and begins there only if somebody says so', async () => {
    writeFileSync(at('events.jsonl'), eventLines(100, 9));
    const { code, err } = await adopt();
    expect([code, err]).toEqual([2, expect.stringContaining('--start-from earliest, or an offset')]);
    expect(existsSync(at('new/seals'))).toBe(false);
    const begun = await adoptJson('--start-from', 'earliest');
    expect([begun.code, begun.answer.chains[0]]).toMatchObject([
      0,
      { startOffset: 0, nextOffset: 5, otherTopic: expect.any(String) },
    ]);
    expect((await archive('new')).code).toBe(0);
    expect((await verify()).code).toBe(0);
  });

  it.each(['7', 'earliest'])('lets nobody choose where the same topic goes on: %s', async (where) => {
    appendFileSync(at('events.jsonl'), eventLines(5, 3));
    const { code, err } = await adopt('--start-from', where);
    expect([code, err]).toEqual([2, expect.stringContaining('it goes on at the next offset')]);
    expect(existsSync(at('new/seals'))).toBe(false);
  });

  it('goes on from an archive that was adopted itself, if that one is shown too', async () => {
    expect((await adoptJson()).code).toBe(0);
    await init('third');
    const third = (...more: string[]) =>
      ledgerstone([
        ...['adopt', at('new'), '--key', at('new.vkey'), '--config', at('third.yaml'), ...WHO, ...more],
      ]);
    const alone = await third();
    expect([alone.code, alone.err]).toEqual([3, expect.stringContaining('nothing was begun')]);
    const older = ['--older', at('old'), '--older-key', at('old.vkey')];
    expect((await third(...older)).code).toBe(0);
    const all = await ledgerstone([
      ...['verify', at('third'), '--key', at('third.vkey'), ...older],
      ...['--older', at('new'), '--older-key', at('new.vkey')],
    ]);
    expect([all.code, all.out]).toEqual([0, expect.stringContaining('with 2 archives beside it')]);
  });

  it('refuses a chain that was begun without it, and goes on under another name', async () => {
    expect((await archive('new')).code).toBe(0);
    const { code, err } = await adopt();
    expect([code, err]).toEqual([2, expect.stringContaining('was begun before, and goes on from nothing')]);
    writeFileSync(at('new.yaml'), configOf('new', ', chain: orders-2'));
    expect((await adopt()).err).toContain('no topic of the configuration goes into it');
    const named = await adoptJson('--topic', 'orders', '--older-chain', 'orders');
    expect([named.code, named.answer.chains[0].chain]).toEqual([0, 'orders-2/0']);
  });

  it('refuses an archive of the same origin, and one that has ended', async () => {
    cpSync(at('old'), at('copy'), { recursive: true });
    const same = await ledgerstone([
      ...['adopt', at('copy'), '--key', at('old.vkey'), '--config', at('old.yaml'), ...WHO],
    ]);
    expect([same.code, same.err]).toEqual([2, expect.stringContaining('it has no other owner')]);
    writeFileSync(
      at('old.yaml'),
      configOf('old', ', chain: orders-2, continues: { chain: orders, reason: r, by: b }'),
    );
    expect((await archive('old')).code).toBe(0);
    const ended = await adopt();
    expect([ended.code, ended.err]).toEqual([2, expect.stringContaining('it has ended')]);
    const onwards = await adoptJson('--topic', 'orders', '--older-chain', 'orders-2');
    expect([onwards.code, onwards.answer.left[0].name]).toEqual([0, 'orders/0']);
    expect((await verify()).code).toBe(0);
  });

  it.each([
    [['--topic', 'nope'], 'the configuration has no topic nope'],
    [['--older-chain', 'x'], 'Give one --topic with it'],
    [['--start-from', 'latest'], 'It must be earliest, or an offset.'],
    [['--start-from', '-1'], 'It must be earliest, or an offset.'],
    [['--reason', 'x'.repeat(513)], '--reason must be 1 to 512 bytes'],
    [['--by', 'a\nb'], '--by must be'],
  ])('refuses %s', async (more, said) => {
    const { code, err } = await adopt(...more);
    expect([code, err]).toEqual([2, expect.stringContaining(said)]);
  });

  it('asks for a key', async () => {
    const { code, err } = await ledgerstone(['adopt', at('old'), '--config', at('new.yaml'), ...WHO]);
    expect([code, err]).toEqual([2, expect.stringContaining('the older archive has no key')]);
  });
});
