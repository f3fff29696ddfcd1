// Do the commands that read an archive see what an attacker did to it, and say no more than they know?
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeVkey } from '../../../src/format/vkey.ts';
import { ArchiveBuilder, archiveKey, entries, signer, writeCopy } from '../../support/archive-builder.ts';
import { ledgerstone } from './captured-io.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ledgerstone-attacks-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const pinned = (seed: string): string => encodeVkey(archiveKey(signer(seed)));
const chain = ['--topic', 'orders', '--partition', '0'] as const;

/** A whole archive of the right names and a wrong key. */
async function thiefsArchive(): Promise<void> {
  const builder = new ArchiveBuilder({ signers: [signer('thief')] });
  await builder.chain().fill(2, 4);
  writeCopy(builder.archive, folder);
}

describe('a forged archive, signed by a key that is not pinned', () => {
  beforeEach(thiefsArchive);

  it.each([
    ['get --prove', ['get', ...chain, '--prove']],
    ['get', ['get', ...chain, '--from', '1', '--to', '1']],
    ['prove', ['prove', ...chain, '--offset', '1']],
    ['show', ['show', ...chain]],
  ])('%s gives out nothing of it', async (_, [command = '', ...rest]) => {
    const ran = await ledgerstone([command, folder, ...rest, '--key', pinned('log key')]);
    expect(ran.out).toBe('');
    expect(ran.err).toContain('unknown-key');
    expect(ran.code).toBe(3);
  });

  it('status calls no head of it good', async () => {
    const ran = await ledgerstone(['status', folder, '--key', pinned('log key')]);
    expect(ran.out).toContain('unknown-key');
    expect(ran.code).toBe(3);
  });
});

it('a chain whose key was replaced is read with both keys pinned', async () => {
  const [old, next] = [signer('log key'), signer('next')];
  const builder = new ArchiveBuilder({ signers: [old, next] });
  const orders = builder.chain();
  await orders.seal({ lines: entries(0, 2) });
  await orders.seal({ signers: [old, next], lines: entries(2, 2) });
  await orders.seal({ signers: [next], lines: entries(4, 2) });
  writeCopy(builder.archive, folder);
  const get = ['get', folder, ...chain, '--prove', '--values', '--key', pinned('log key')];
  const both = await ledgerstone([...get, '--key', pinned('next')]);
  expect(both).toMatchObject({ code: 0 });
  expect(both.out.trimEnd().split('\n')).toHaveLength(6);
  const one = await ledgerstone(get);
  expect(one.code).toBe(3);
  expect(one.err).toContain('`ledgerstone verify` follows that');
});
