// Is a flood of foreign notes read in bounded parts, each of them once?
import { expect, it } from 'vitest';
import { utf8 } from '../../../src/base/bytes.ts';
import { CheckedNotes } from '../../../src/verifier/findings/checked-notes.ts';
import { signNote } from '../../../src/verifier/signed-notes.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { memoryStore } from '../../support/memory-store.ts';
import { NOTES } from '../../support/note-signing.ts';

it("goes on where it stopped, says so meanwhile, and knows the verifier's own among them", async () => {
  const clock = new FakeClock();
  const store = memoryStore({ clock });
  const keys = Array.from({ length: 25 }, (_, i) => `findings/archive/fork/${i}`);
  for (const [index, key] of keys.entries()) {
    const own = index === 20 ? await signNote(NOTES.signing, clock, key, utf8('{}')) : utf8('junk');
    store.attacker.putVersion(key, own);
  }
  const listed = keys.map((key) => ({ key, versionId: store.versionsOf(key)[0]?.versionId as string }));
  const reads = () => store.log.filter(({ method }) => method === 'read').length;
  const notes = new CheckedNotes({ store, keys: NOTES.signing, readsMax: 10 });
  for (const read of [10, 20]) {
    await expect(notes.check(listed)).rejects.toMatchObject({ code: 'findings-flooded' });
    expect(reads()).toBe(read);
  }
  const found = await notes.check(listed);
  expect([
    reads(),
    found.map((why, index) => (why === null ? index : -1)).filter((index) => index >= 0),
  ]).toEqual([25, [20]]);
  await notes.check(listed);
  expect(reads()).toBe(25);
});
