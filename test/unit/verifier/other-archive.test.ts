// Does what a cosigner said of one archive keep it, or those who read it, from another one?
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import { attestationKey } from '../../../src/format/attestation.ts';
import { cosignerKey, encodeCosignerVkey } from '../../../src/format/cosignature.ts';
import { encodeVkey } from '../../../src/format/vkey.ts';
import { confirmStep } from '../../../src/verifier/seal-path.ts';
import { ArchiveBuilder, entries, NOW_MS, writeCopy, YEAR_MS } from '../../support/archive-builder.ts';
import { NAME, PLACE, VerifierWorld } from '../../support/verifier-world.ts';
import { ledgerstone } from '../cli/captured-io.ts';

/** This verifier's true word of a longer chain of the same name, of an archive elsewhere. */
async function wordOfAnother(): Promise<{ key: string; bytes: Uint8Array }> {
  const elsewhere = new ArchiveBuilder({ origin: 'audit.example.com/staging' });
  const chain = elsewhere.chain();
  for (let i = 0; i < 9; i++) await chain.seal({ lines: entries(chain.nextOffset, 3) });
  const world = new VerifierWorld();
  Object.assign(world, { builder: elsewhere });
  await confirmStep(world.tools(), PLACE, { hintSize: 9 });
  const key = attestationKey(PLACE.chain, PLACE.partition, 9);
  return { key, bytes: world.store.versionsOf(key)[0]?.bytes as Uint8Array };
}

it('is a strange object here, and stops nothing', async () => {
  const { key, bytes } = await wordOfAnother();
  const world = new VerifierWorld();
  await world.grow(4);
  await world.step();
  await world.store.putIfAbsent(key, bytes, { mode: 'COMPLIANCE', untilMs: NOW_MS + YEAR_MS });
  await world.grow(1);
  const { verdict, isNew, findings } = await world.step();
  expect(findings).toMatchObject([{ code: 'foreign-object', key }]);
  expect([verdict, isNew]).toEqual(['verified', true]);

  const dir = mkdtempSync(join(tmpdir(), 'ledgerstone-other-'));
  try {
    writeCopy(world.builder.archive, join(dir, 'archive'));
    for (const name of world.store.keys()) {
      mkdirSync(dirname(join(dir, 'own', name)), { recursive: true });
      writeFileSync(join(dir, 'own', name), world.store.versionsOf(name)[0]?.bytes as Uint8Array);
    }
    const [trusted] = world.builder.trusted;
    const cosigner = encodeCosignerVkey(cosignerKey(NAME, world.signer.publicKey, nodeSha256));
    const { code, out } = await ledgerstone([
      ...['verify', join(dir, 'archive'), '--key', encodeVkey(trusted as NonNullable<typeof trusted>)],
      ...['--attestations', join(dir, 'own'), '--cosigner', cosigner],
    ]);
    expect([code, out]).toEqual([0, expect.stringContaining(`not an attestation: ${key}`)]);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
