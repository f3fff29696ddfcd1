// What does an archiver do with a chain that a newer archiver has sealed?
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../src/base/bytes.ts';
import { nodeSha256 as sha256 } from '../../src/base/node/hash.ts';
import { checkpointText } from '../../src/format/checkpoint.ts';
import { encodeSignedCheckpoint } from '../../src/format/note.ts';
import { sealKey } from '../../src/format/paths.ts';
import { encodeSeal, parseSeal } from '../../src/format/seal.ts';
import { verifierKey } from '../../src/format/vkey.ts';
import { append, frontierFromLastLeafPath, lastLeafPath, leafHash, rootOf } from '../../src/merkle/tree.ts';
import { ORIGIN, World } from '../support/archiver-world.ts';

/** The next seal of the chain in version 2, as the log's own key signs it. */
async function sealLater(world: World): Promise<void> {
  const sequence = world.manifests(0).length;
  const stored = world.store.versionsOf(sealKey('orders', 0, sequence - 1))[0];
  const last = parseSeal(stored?.bytes as Uint8Array);
  const before = frontierFromLastLeafPath(last.path, last.index);
  if (before === undefined) throw new Error('no frontier');
  const frontier = append(sha256, before, leafHash(sha256, last.manifestBytes));
  const manifestBytes = utf8('{"format":"ledgerstone/segment/2"}');
  const origin = `${ORIGIN}/orders/0`;
  const root = rootOf(sha256, append(sha256, frontier, leafHash(sha256, manifestBytes)));
  const text = checkpointText({ origin, size: sequence + 1, root });
  const { id: keyId } = verifierKey(origin, world.signer.publicKey, sha256);
  const note = encodeSignedCheckpoint(text, [
    { name: origin, keyId, signature: await world.signer.sign(text) },
  ]);
  const seal = encodeSeal({ manifestBytes, index: sequence, path: lastLeafPath(frontier), note });
  world.store.attacker.putVersion(sealKey('orders', 0, sequence), seal);
}

describe('a chain that goes on in version 2', () => {
  it('halts the partition, and the remedy is an upgrade and no new chain', async () => {
    const world = new World();
    world.produce(0, 10);
    const first = world.start('a');
    await world.untilSealed(0);
    await world.clock.advance(1_000);
    first.kill();
    await sealLater(world);
    world.produce(0, 5);
    const archiver = world.start('b');
    await world.clock.advance(60_000);
    const halt = archiver.pipeline.actors[0]?.halt;
    expect(halt?.code).toBe('newer-format');
    expect(halt?.message).toMatch(/version 2/);
    expect(halt?.remedy).toMatch(/newer version.*no new chain/);
  });
});
