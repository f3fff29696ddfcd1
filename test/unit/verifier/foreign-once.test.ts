// Is a strange object in a chain's folder told of once, by whichever way it is met?
import { expect, it } from 'vitest';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import { inspectObject, scopeOfKey } from '../../../src/verifier/events/inspect.ts';
import { ARCHIVE_SCOPE, chainScope, findingId } from '../../../src/verifier/findings/record.ts';
import { sweep } from '../../../src/verifier/tasks/sweep.ts';
import { storeOver } from '../../support/verifier-store.ts';
import { STILL, VerifierWorld } from '../../support/verifier-world.ts';

it.each(['seals/topic=orders/partition=0/strange.txt', 'data/topic=orders/partition=0/a/b'])(
  '%s',
  async (key) => {
    const world = new VerifierWorld();
    await world.grow(2);
    world.builder.archive.put(key, new Uint8Array(3));
    const archive = storeOver(world.builder.archive);
    const place = scopeOfKey(key);
    const [byEvent] = await inspectObject(archive, key, { nowMs: STILL.now() });
    const scope = place === null ? ARCHIVE_SCOPE : chainScope(place);
    const ids: string[] = [];
    for await (const slice of sweep({ ...world.tools(), archive, own: world.store }, null)) {
      ids.push(...slice.findings.map((finding) => findingId(slice.scope, finding, nodeSha256)));
    }
    expect(ids).toEqual([byEvent && findingId(scope, byEvent, nodeSha256)]);
  },
);
