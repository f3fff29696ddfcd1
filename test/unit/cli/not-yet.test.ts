// Is "not sealed yet" told apart from a wrong command line, and can a caller wait for it?
import { mkdtempSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sealKey } from '../../../src/format/paths.ts';
import { encodeVkey, type VerifierKey } from '../../../src/format/vkey.ts';
import { ArchiveBuilder, type ChainBuilder, entries, writeCopy } from '../../support/archive-builder.ts';
import { headOf } from '../../vectors/archive-cases.ts';
import { ledgerstone } from './captured-io.ts';

const ORDERS = ['--topic', 'orders', '--partition', '0'];

let folder: string;
let builder: ArchiveBuilder;
let chain: ChainBuilder;
const prove = (offset: number, ...more: string[]) =>
  ledgerstone([
    'prove',
    folder,
    '--topic',
    'orders',
    '--partition',
    '0',
    '--offset',
    String(offset),
    ...more,
  ]);

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ledgerstone-not-yet-'));
  builder = new ArchiveBuilder();
  chain = builder.chain();
  await chain.seal({ lines: entries(0, 3) });
  writeCopy(builder.archive, folder);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('has an exit code of its own', async () => {
  const { code, out, err } = await prove(3);
  expect([code, out]).toEqual([4, '']);
  expect(err).toContain('offset 3 is not sealed yet');
  expect(err).toContain('--wait');
  const asJson = await prove(3, '--json');
  expect(asJson.code).toBe(4);
  expect(JSON.parse(asJson.out)).toMatchObject({ error: { code: 'not-sealed-yet' } });
});

it('a wrong command line and an offset before the chain are not "not yet"', async () => {
  expect((await prove(-1)).code).toBe(2);
  expect((await prove(3, '--wait', 'soon')).code).toBe(2);
  expect(
    (await ledgerstone(['prove', folder, '--topic', 'none', '--partition', '0', '--offset', '1'])).code,
  ).toBe(2);
});

// FORMAT.md §10: the greatest offset is 2^53 − 2, the greatest sequence is 999999999999.
it.each([
  ['prove', '--offset', '9007199254740990', '9007199254740991', 4],
  ['get', '--from', '9007199254740990', '9007199254740991', 0],
  ['get', '--to', '9007199254740990', '9007199254740991', 0],
  ['show', '--sequence', '999999999999', '1000000000000', 4],
] as const)(
  '%s %s that no archive can ever have is not "not yet"',
  async (command, option, most, more, code) => {
    const run = (value: string) =>
      ledgerstone([command, folder, '--topic', 'orders', '--partition', '0', option, value]);
    expect((await run(most)).code).toBe(code);
    const beyond = await run(more);
    expect([beyond.code, beyond.out]).toEqual([2, '']);
    expect(beyond.err).toContain(`the greatest is ${most}`);
  },
);

it('a segment that is not sealed yet has the same exit code', async () => {
  const { code, out, err } = await ledgerstone(['show', folder, ...ORDERS, '--sequence', '1']);
  expect([code, out]).toEqual([4, '']);
  expect(err).toContain('segment 1 is not sealed yet');
  expect(err).toContain('The newest is segment 0. Ask again later.');
});

it('--wait ends with exit code 4 when its time is over', async () => {
  const { code, err } = await prove(3, '--wait', '1s');
  expect([code, err]).toEqual([
    4,
    expect.stringContaining('offset 3 is not sealed yet, after 1 s of waiting\n'),
  ]);
  expect(err).toContain('The next offset to be sealed is 3. Ask again later, or with a longer --wait.');
  expect(err).not.toContain('--wait 2m');
});

it('--wait gives the proof as soon as it is sealed', async () => {
  const waiting = prove(4, '--wait', '5m', '--json');
  await chain.seal({ lines: entries(3, 3) });
  writeCopy(builder.archive, folder);
  const { code, out } = await waiting;
  expect(code).toBe(0);
  expect(JSON.parse(out).line).toContain('"offset":4');
});

describe('where another chain goes on', () => {
  beforeEach(async () => {
    const newer = builder.chain('orders-2', 0, 3);
    await newer.seal({ continues: headOf(chain) });
    writeCopy(builder.archive, folder);
  });
  const key = () => ['--key', encodeVkey(builder.trusted[0] as VerifierKey)];

  it('an offset behind the end is never "not yet"', async () => {
    const { code, out, err } = await prove(3, ...key(), '--wait', '5m');
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain('offset 3 lies behind the end of this chain');
    expect(err).toContain(`${builder.origin}/orders-2/0 continues it from offset 3 on`);
  });

  it('get says who goes on instead of a next offset', async () => {
    const { code, err } = await ledgerstone([
      ...['get', folder, '--topic', 'orders', '--partition', '0', '--from', '3'],
      ...key(),
    ]);
    expect(code).toBe(0);
    expect(err).toContain(`${builder.origin}/orders-2/0 continues it from offset 3 on`);
    expect(err).not.toContain('to be sealed');
  });

  it('status says that the chain has ended, and its age is none to look at', async () => {
    const { code, out } = await ledgerstone(['status', folder, ...key()]);
    const by = `${builder.origin}/orders-2/0`;
    expect(code).toBe(0);
    expect(out).toContain(`orders/0: has ended: ${by} continues it from offset 3 on`);
    expect(out).toMatch(/^orders\/0 +ended +1 +3 +- +- +2026-11-22T10:01:00.000Z$/m);
    expect(out).toMatch(/^orders-2\/0 +- +1 +0 +3 +- +\S+ d ago|ahead/m);
    const json = await ledgerstone(['status', folder, ...key(), '--json']);
    const [newer, older] = JSON.parse(json.out).chains;
    expect(older).toMatchObject({
      chain: 'orders',
      ended: { continuedBy: by, nextOffset: 3 },
      sealedSecondsAgo: null,
    });
    expect(newer).toMatchObject({ chain: 'orders-2', ended: null, sealedSecondsAgo: expect.any(Number) });
  });

  it('show says so, and a segment behind the end is never "not yet"', async () => {
    const by = `${builder.origin}/orders-2/0`;
    const show = (...more: string[]) => ledgerstone(['show', folder, ...ORDERS, ...key(), ...more]);
    expect((await show()).out).toContain(`has ended: ${by} continues it from offset 3 on`);
    expect(JSON.parse((await show('--json')).out).ended).toEqual({ continuedBy: by, nextOffset: 3 });
    const other = ['show', folder, '--topic', 'orders-2', '--partition', '0', ...key()];
    const newer = await ledgerstone([...other, '--json']);
    expect(JSON.parse(newer.out)).toMatchObject({ ended: null, endNotKnown: null });
    expect((await ledgerstone(other)).out).not.toContain('ended');
    const { code, err } = await show('--sequence', '1');
    expect([code, err]).toEqual([2, expect.stringContaining('segment 1 lies behind the end of this chain')]);
    expect(err).toContain(`${by} continues it from offset 3 on: ask there.`);
  });

  it('losses says so, of one chain and of all', async () => {
    const by = `${builder.origin}/orders-2/0`;
    const losses = (...more: string[]) => ledgerstone(['losses', folder, ...key(), ...more]);
    for (const more of [[], ORDERS]) {
      expect((await losses(...more)).err).toContain(
        `orders/0 has ended: ${by} continues it from offset 3 on`,
      );
      const { chains } = JSON.parse((await losses(...more, '--json')).out);
      expect(chains.find(({ chain }: { chain: string }) => chain === 'orders')).toMatchObject({
        ended: { continuedBy: by, nextOffset: 3 },
        endNotKnown: null,
      });
    }
    expect((await losses()).err).not.toContain('orders-2/0 has ended');
  });

  it('show and losses say where it is not known: without a key, or where a first seal can not be read', async () => {
    const nobody = JSON.parse((await ledgerstone(['show', folder, ...ORDERS, '--json'])).out);
    expect(nobody).toMatchObject({ ended: null, endNotKnown: expect.stringContaining('no key was given') });
    const seal = join(folder, sealKey('orders-2', 0, 0));
    renameSync(seal, join(folder, 'elsewhere'));
    symlinkSync(join(folder, 'elsewhere'), seal);
    const shown = await ledgerstone(['show', folder, ...ORDERS, ...key()]);
    const words = 'whether another chain continues it is not known';
    expect([shown.code, shown.out]).toEqual([0, expect.not.stringContaining('has ended')]);
    expect(shown.err).toContain(words);
    const losses = await ledgerstone(['losses', folder, ...ORDERS, ...key()]);
    expect(losses.err).toContain(`orders/0: ${words}`);
  });

  it('status without a trusted key knows of no end', async () => {
    const { out } = await ledgerstone(['status', folder, '--json']);
    expect(JSON.parse(out).chains.map(({ ended }: { ended: unknown }) => ended)).toEqual([null, null]);
  });

  it('without a trusted key nobody is believed to go on', async () => {
    expect((await prove(3)).code).toBe(4);
  });
});
