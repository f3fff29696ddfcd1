// What do the commands that read say of a chain's end: junk there, a seal from the future, no listing?
import { mkdtempSync, rmSync } from 'node:fs';
import files from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { utf8 } from '../../../src/base/bytes.ts';
import { sealKey } from '../../../src/format/paths.ts';
import { encodeVkey, type VerifierKey } from '../../../src/format/vkey.ts';
import { ArchiveBuilder, entries, signer, writeCopy } from '../../support/archive-builder.ts';
import { handedOver } from '../../vectors/archive-cases.ts';
import { type Captured, ledgerstone } from './captured-io.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ledgerstone-end-'));
});
afterEach(() => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
  rmSync(dir, { recursive: true, force: true });
});

const ORDERS = ['--topic', 'orders', '--partition', '0'];

/** Runs one command on the archive. */
function commandsOn({ archive, trusted }: ArchiveBuilder) {
  const place = join(dir, 'archive');
  rmSync(place, { recursive: true, force: true });
  writeCopy(archive, place);
  return (command: string, ...more: string[]): Promise<Captured> =>
    ledgerstone([command, place, '--key', encodeVkey(trusted[0] as VerifierKey), ...more]);
}

const codes = async (run: ReturnType<typeof commandsOn>) => {
  const ran = [run('verify'), run('status'), run('losses'), run('show', ...ORDERS)];
  return (await Promise.all(ran)).map(({ code }) => code);
};

describe('junk behind the end of a chain that another one continues', () => {
  it.each([1, 4, 30])('is no part of it: %i objects', async (objects) => {
    const { builder, older } = await handedOver();
    const end = older.manifests.length;
    for (let i = 0; i < objects; i++) builder.archive.put(sealKey('orders', 0, end + i), utf8('junk'));
    const run = commandsOn(builder);
    expect(await codes(run)).toEqual([0, 0, 0, 0]);
    const [newer, ended] = JSON.parse((await run('status', '--json')).out).chains;
    expect(ended).toMatchObject({
      ...{ chain: 'orders', head: { sequence: end - 1 }, problem: null },
      behind: { objects, continuedBy: expect.stringMatching(/\/orders-2\/0$/) },
    });
    expect(newer).toMatchObject({ chain: 'orders-2', behind: null });
    const [status, losses] = [await run('status'), await run('losses')];
    const words = `orders/0: ${objects} object${objects === 1 ? '' : 's'} behind its end`;
    expect([status.out, losses.err]).toEqual([
      expect.stringContaining(words),
      expect.stringContaining(words),
    ]);
    expect((await run('get', ...ORDERS, '--from', '0', '--to', '900')).code).toBe(0);
  });

  it('is a copy of an earlier seal, or one by a stranger, too', async () => {
    const { builder, older } = await handedOver();
    const end = older.manifests.length;
    const copied = builder.archive.bytesOf(sealKey('orders', 0, 1)) as Uint8Array;
    builder.archive.put(sealKey('orders', 0, end + 1), copied);
    const stolen = Object.assign(older.copy(), {
      builder: new ArchiveBuilder({ signers: [signer('thief')] }),
    });
    const { sealKey: key } = await stolen.seal();
    builder.archive.put(key, stolen.builder.archive.bytesOf(key) as Uint8Array);
    expect(await codes(commandsOn(builder))).toEqual([0, 0, 0, 0]);
  });

  it('is broken where nobody trusted continues the chain', async () => {
    const builder = new ArchiveBuilder();
    await builder.chain().fill(1, 4);
    builder.archive.put(sealKey('orders', 0, 2), utf8('junk'));
    const run = commandsOn(builder);
    expect(await codes(run)).toEqual([1, 1, 1, 1]);
    const { out } = await run('status', '--json');
    expect(JSON.parse(out).chains[0]).toMatchObject({ head: { sequence: 1 }, behind: null });
    expect((await run('show', ...ORDERS)).out).toContain('segment 1 of ');
    const { builder: other, older } = await handedOver();
    other.archive.put(sealKey('orders', 0, older.manifests.length), utf8('junk'));
    commandsOn(other);
    expect((await ledgerstone(['status', join(dir, 'archive')])).code).toBe(1);
  });

  it('is broken before the size at which another chain goes on', async () => {
    const { builder, older } = await handedOver();
    const last = older.manifests.length - 1;
    builder.archive.alter(sealKey('orders', 0, last), () => utf8('junk'));
    builder.archive.put(sealKey('orders', 0, last + 1), utf8('junk'));
    expect(await codes(commandsOn(builder))).toEqual([1, 1, 1, 1]);
  });
});

describe('a newest seal from the future', () => {
  it('is not to be believed, and status says that the clock is why', async () => {
    const builder = new ArchiveBuilder();
    const chain = builder.chain();
    await chain.seal({ lines: entries(0, 3) });
    await chain.seal({ sealedMs: Date.parse('8000-01-01T00:00:00.000Z') });
    const run = commandsOn(builder);
    const status = await run('status');
    expect([status.code, status.out]).toEqual([3, expect.stringMatching(/not sound orders\/0: clock-ahead/)]);
    const json = JSON.parse((await run('status', '--json')).out);
    expect(json.chains[0]).toMatchObject({
      head: { sequence: 1, sealedAt: '8000-01-01T00:00:00.000Z' },
      problem: expect.stringContaining('clock-ahead'),
    });
    const words = '8000-01-01T00:00:00.000Z (in the future: not to be believed)';
    expect((await run('show', ...ORDERS)).out).toContain(words);
    expect((await run('losses')).err).toContain(words);
    expect((await run('get', ...ORDERS, '--since-time', '2026-01-01')).err).toContain(words);
  });
});

describe('a folder that can not be listed', () => {
  /** Refuses the call, also to root. */
  const close = (...folders: readonly string[]) => {
    const { opendir } = files;
    vi.spyOn(files, 'opendir').mockImplementation(async (...args) => {
      const path = String(args[0]).replace(/\/$/, '');
      if (folders.some((folder) => path.endsWith(folder)))
        throw Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' });
      return opendir(...args);
    });
    syncBuiltinESMExports();
  };
  const twoChains = async () => {
    const builder = new ArchiveBuilder();
    for (const name of ['logins', 'orders']) await builder.chain(name).seal({ lines: entries(0, 3) });
    return commandsOn(builder);
  };

  it.each(['seals/topic=logins', 'seals/topic=logins/partition=0', 'data/topic=logins', 'archive/data'])(
    'leaves the rest to be seen, with exit code 3: %s',
    async (folder) => {
      const run = await twoChains();
      close(folder);
      const status = await run('status', '--json');
      const json = JSON.parse(status.out);
      expect(status.code).toBe(3);
      expect(json.chains).toContainEqual(
        expect.objectContaining({ chain: 'orders', problem: null, head: expect.anything() }),
      );
      const problems = [...json.chains, ...json.unlisted].flatMap(({ problem }) => problem ?? []);
      expect(problems.join()).toContain('EACCES');
      expect((await run('status')).out).toContain('EACCES');
      const losses = await run('losses');
      expect([losses.code, losses.out]).toEqual([3, expect.stringContaining('not all chains could be')]);
      expect(losses.err).toContain('EACCES');
    },
  );

  it('is an error with its remedy where nothing at all can be seen', async () => {
    const run = await twoChains();
    close('archive/seals', 'archive/data');
    const status = await run('status');
    expect([status.code, status.out, status.err]).toEqual([3, '', expect.stringContaining('EACCES')]);
  });
});
