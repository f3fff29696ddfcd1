// Does `status` ever call confirmed what no cosigner has seen?
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import { cosignerKey, encodeCosignerVkey } from '../../../src/format/cosignature.ts';
import { encodeVkey } from '../../../src/format/vkey.ts';
import { ArchiveBuilder, entries, writeCopy } from '../../support/archive-builder.ts';
import { NAME, VerifierWorld } from '../../support/verifier-world.ts';
import { ledgerstone } from './captured-io.ts';

let dir: string;
let world: VerifierWorld;
const at = (name: string) => join(dir, name);

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ledgerstone-contradicted-'));
  world = new VerifierWorld();
  await world.grow(5);
  await world.step();
  for (const key of world.store.keys()) {
    mkdirSync(dirname(at(`own/${key}`)), { recursive: true });
    writeFileSync(at(`own/${key}`), world.store.versionsOf(key)[0]?.bytes as Uint8Array);
  }
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function run(command: string, builder: ArchiveBuilder, ...more: readonly string[]) {
  writeCopy(builder.archive, at('archive'));
  const [key] = builder.trusted;
  const cosigner = encodeCosignerVkey(cosignerKey(NAME, world.signer.publicKey, nodeSha256));
  const pinned = ['--key', encodeVkey(key as NonNullable<typeof key>)];
  const attested = ['--attestations', at('own'), '--cosigner', cosigner];
  return ledgerstone([command, at('archive'), ...pinned, ...attested, ...more]);
}

it('says fork, and confirms nothing, where another history lies there', async () => {
  const forged = new ArchiveBuilder();
  const chain = forged.chain();
  for (let i = 0; i < 7; i++) await chain.seal({ lines: entries(chain.nextOffset, 9) });
  const { code, out } = await run('status', forged);
  expect(out).not.toContain('verified through');
  expect(out).toContain(`fork: another root at size 5 than ${NAME} attested`);
  expect(code).toBe(1);
  const verified = await run('verify', forged);
  expect(verified.code).toBe(1);
  expect(verified.out).not.toContain('verified through');
});

it.each([
  ['is junk', (path: string) => writeFileSync(path, 'junk')],
  ['is gone', (path: string) => rmSync(path)],
])('confirms nothing where the seal that was attested last %s', async (_, alter) => {
  await world.grow(2);
  writeCopy(world.builder.archive, at('altered'));
  alter(at(`altered/${world.made[4]?.sealKey}`));
  const [key] = world.builder.trusted;
  const cosigner = encodeCosignerVkey(cosignerKey(NAME, world.signer.publicKey, nodeSha256));
  const options = [at('altered'), '--key', encodeVkey(key as NonNullable<typeof key>)];
  const attested = ['--attestations', at('own'), '--cosigner', cosigner];
  for (const [command, code] of [
    ['status', 3],
    ['verify', 1],
  ] as const) {
    const ran = await ledgerstone([command, ...options, ...attested]);
    expect(ran.out).not.toContain('verified through');
    expect(ran.out).toContain(`${NAME} attested 5 segments`);
    expect(ran.out).toContain('the last of them could not be read here');
    expect(ran.code).toBe(code);
  }
});

it('says truncation where fewer segments lie there than were attested', async () => {
  for (const { sealKey, dataKey } of world.made.slice(3)) {
    world.builder.archive.remove(sealKey);
    world.builder.archive.remove(dataKey as string);
  }
  const { code, out } = await run('status', world.builder);
  expect(out).toContain('truncation: it had 5 segments');
  expect(code).toBe(1);
});

it('says truncation where only a foreign object is left of the chain', async () => {
  for (const { sealKey, dataKey } of world.made) {
    world.builder.archive.remove(sealKey);
    if (dataKey !== null) world.builder.archive.remove(dataKey);
  }
  world.builder.archive.put('seals/topic=orders/partition=0/junk', new Uint8Array(1));
  const { code, out, err } = await run('status', world.builder);
  expect(out).toContain('truncation: it had 5 segments, and has none');
  expect(err).toContain('the folder of orders/0 has no seal and no data object, so it is no chain');
  expect(code).toBe(1);
});

it('says which chain no cosigner has attested, and that no key was given', async () => {
  await world.builder.chain('payments').fill(1, 2);
  const { code, out, err } = await run('status', world.builder);
  expect([code, err]).toEqual([3, '']);
  expect(out).toContain('orders/0: verified through');
  expect(out).toContain('payments/0: no attestation by a named cosigner\n');
  const alone = await ledgerstone(['status', at('archive')]);
  expect(alone.out).not.toContain('attestation');
  expect(alone.err).toContain('not verified: no key was given');
});
