// Does a search believe only what a trusted verifier has signed of this segment, and say on whose word?
import { beforeEach, describe, expect, it } from 'vitest';
import { nodeSha256 } from '../../../../src/base/node/hash.ts';
import { cosignerKey } from '../../../../src/format/cosignature.ts';
import { encodeIndex, parseIndex, type SegmentIndex } from '../../../../src/read/find/index/segment-index.ts';
import { indexNoteKey } from '../../../../src/verifier/index/index-key.ts';
import { type NoteSigning, signNote } from '../../../../src/verifier/signed-notes.ts';
import { ACTOR, event, IndexWorld, junk } from '../../../support/index-world.ts';
import { memorySigner } from '../../../support/memory-signer.ts';
import { noteContent, noteSigning } from '../../../support/note-signing.ts';
import { NAME, PLACE, STILL } from '../../../support/verifier-world.ts';

let world: IndexWorld;
beforeEach(async () => {
  world = new IndexWorld();
  await world.segments(
    [event('alice', 1, '2026-11-01T10:00:00Z'), event('bob', 2, '2026-11-01T11:00:00Z')],
    [event('carol', 1000.5, '2026-11-02T10:00:00Z')],
    ['{"actor":[{"id":"x"},"dave"],"n":"5","time":"2026-11-03"}', 'no json'],
    ['{"other":1}'],
  );
  await world.step();
});

const ALL = [0, 1, 2, 3];

describe('a search on the word of a verifier', () => {
  it.each([
    ['=alice', [0]],
    ['=carol', [1]],
    ['=dave', [2]],
    ['=nobody', []],
    // Nothing says what a text contains, or how it begins.
    ['~zzz', ALL],
    ['^zzz', ALL],
  ])('reads for actor%s segments %j', async (condition, searched) => {
    const found = await world.find({ where: [`${ACTOR}${condition}`] });
    expect(found.searched).toEqual(searched);
    expect(found.statement.leftOut).toEqual([]);
    const { at } = await world.find({ where: [`${ACTOR}${condition}`], readsAll: true });
    expect(found.at).toEqual(at);
  });

  it.each([
    ['/n>1000', [1]],
    ['/n>=5', [1, 2]],
    ['/n<2', [0]],
    ['/n<=1', [0]],
    ['/n=1', [0]],
    ['/n=10005e-1', [1]],
    ['/n>1e9', []],
    ['/time>=2026-11-02T10:00:00Z', [1, 2]],
    // A time without an offset may be up to 14 hours earlier than it reads.
    ['/time<2026-11-01T10:00:00Z', [0]],
    ['/time<2026-10-31T20:00:00Z', []],
    // Another pointer, which nobody has indexed, though it begins alike.
    ['/actor/id=x', ALL],
    ['/other=1', ALL],
  ])('reads for %s segments %j', async (where, searched) => {
    const found = await world.find({ where: [where] });
    expect(found.searched).toEqual(searched);
    expect(found.at).toEqual((await world.find({ where: [where], readsAll: true })).at);
  });

  it('passes by by the time of events, but for a segment in which some event has none', async () => {
    const day = (date: string) =>
      ({ kind: 'event', fromMs: Date.parse(date), toMs: Date.parse(date) + 86_400_000 }) as const;
    const asked = (date: string) => ({ time: day(date), fields: { time: '/time' }, texts: ['1'] });
    expect((await world.find(asked('2026-11-01'))).searched).toEqual(ALL);
    expect((await world.find(asked('2026-10-31'))).searched).toEqual([0, 2, 3]);
    expect((await world.find(asked('2026-10-30'))).searched).toEqual([2, 3]);
    const none = await world.find(asked('2027-01-01'));
    expect(none.searched).toEqual([2, 3]);
    // Those are counted, as they would be without an index.
    const all = await world.find({ ...asked('2027-01-01'), readsAll: true });
    expect(none.statement.counts.undated).toBe(all.statement.counts.undated);
    expect(all.statement.counts.undated).toBe(1);
  });

  it('knows a field by its place, and not by a short name that may mean another one tomorrow', async () => {
    const asked = { where: ['who=alice'], fields: { who: '/n' } };
    expect((await world.find({ ...asked, fields: { who: ACTOR } })).searched).toEqual([0]);
    expect((await world.find(asked)).at).toEqual([]);
    expect((await world.find({ where: ['who=1'], fields: { who: '/n' } })).at).toEqual(['orders/0:0']);
  });

  it('says on whose word, what that word says, and what it does not', async () => {
    const { statement } = await world.find({ where: [`${ACTOR}=alice`] });
    expect(statement).toMatchObject({
      isComplete: false,
      isCompleteOnWord: true,
      verdict: 'verified',
      leftOut: [],
    });
    expect(statement.onWord).toMatchObject([{ by: NAME, segments: 3, records: 4, notJson: 1, without: [2] }]);
    expect(statement.conclusion).toBe(
      `on the word of ${NAME}, for 3 segments not read here: 1 hit, and nothing was left out: 2 records in 1 segment of 1 chain were searched`,
    );
    expect(statement.notLookedAt.join('\n')).toContain(
      `3 segments with 4 records not read, on the word of ${NAME}`,
    );
    expect(statement.notLookedAt.join('\n')).toContain(
      `of those, ${NAME} counted 2 without a value for ${ACTOR}`,
    );
    const whole = await world.find({ where: [`${ACTOR}=alice`], readsAll: true });
    expect(whole.statement).toMatchObject({ isComplete: true, isCompleteOnWord: true, onWord: [] });
    expect(whole.searched).toEqual(ALL);
    const text = await world.find({ texts: ['alice'] });
    expect(text.statement.facts.join('\n')).toContain('no index can answer what was asked for');
  });

  it('says that an index does not count values that can not be compared', async () => {
    const { statement } = await world.find({ where: ['/n>1e9'] });
    expect(statement.bounds.join()).toContain(
      "values of /n that can't be compared: the index does not count them",
    );
    expect(statement.conclusion).toContain(
      'segments not read here, where an index does not count values of /n that are no number: none',
    );
    const { conclusion } = (await world.find({ where: ['/time>=2026-12-24T10:00:00Z'] })).statement;
    expect(conclusion).not.toContain('does not count');
    // Of a field without any number it shows that there are some.
    const actors = await world.find({ where: [`${ACTOR}>5`] });
    expect(actors.searched).toEqual([0, 1, 2]);
    expect(actors.statement.leftOut.join()).toContain('is no number were not compared');
    expect((await world.find({ where: [`${ACTOR}=nobody`] })).statement.bounds.join()).not.toContain(
      "can't be compared",
    );
  });

  it('says which segments have no index', async () => {
    const [, second = ''] = world.indexKeys();
    world.store.attacker.destroy(second, world.store.versionsOf(second)[0]?.versionId as string);
    const { statement, searched } = await world.find({ where: [`${ACTOR}=nobody`] });
    expect(searched).toEqual([1]);
    expect(statement.facts.join('\n')).toContain(
      'orders/0: 1 segment without an index of what was asked for, so read: 1',
    );
  });

  it('believes nobody without a trusted key of the log', async () => {
    const { searched, statement } = await world.find({ where: [`${ACTOR}=nobody`] }, { trusted: [] });
    expect(searched).toEqual(ALL);
    expect(statement.onWord).toEqual([]);
  });
});

const contentOf = (key: string): Uint8Array =>
  noteContent(world.store.versionsOf(key)[0]?.bytes ?? undefined);
const indexOf = (sequence: number): SegmentIndex =>
  parseIndex(contentOf(world.indexKeys()[sequence] as string)) as SegmentIndex;

/** Takes all indexes away, and lays this one down for the first segment. */
async function lay(index: SegmentIndex, signing: NoteSigning, { signedFor = 0, unsigned = false } = {}) {
  for (const key of world.indexKeys()) {
    world.store.attacker.destroy(key, world.store.versionsOf(key)[0]?.versionId as string);
  }
  const key = indexNoteKey(PLACE, 0, index, 0);
  const content = encodeIndex(index);
  const forKey = indexNoteKey(PLACE, signedFor, index, 0);
  const bytes = unsigned ? content : await signNote(signing, STILL, forKey, content);
  world.store.attacker.putVersion(key, bytes);
  return key;
}

const withoutValues = (index: SegmentIndex): SegmentIndex => ({
  ...index,
  fields: index.fields.map((one) => ({ ...one, values: { kind: 'hashes', base64: '' } })),
});

describe('an index that can not be used', () => {
  it('leaves its segment to be read, and is named: a signed one that is none, and one that can not be fetched', async () => {
    const [key = ''] = world.indexKeys();
    const copy = key.replace('.note', '.1.note');
    const bytes = await signNote(noteSigning(), STILL, copy, junk);
    world.store.attacker.putVersion(copy, bytes);
    const found = await world.find({ where: [`${ACTOR}=nobody`] });
    expect(found.searched).toEqual([0]);
    expect(found.statement.facts.join('\n')).toContain(`${NAME} signed it, and it is none`);
    const read = world.store.read;
    const store = {
      ...world.store,
      read: (...args: Parameters<typeof read>) => {
        if (args[0] === copy) throw new Error('no answer');
        return read(...args);
      },
    };
    const away = await world.find({ where: [`${ACTOR}=nobody`] }, { store });
    expect(away.searched).toEqual([0]);
    expect(away.statement.facts.join('\n')).toContain(
      `the index ${copy} was not used: it could not be used: no answer`,
    );
  });
});

describe('a forged index', () => {
  const asked = { where: [`${ACTOR}=alice`] };
  const attacks: readonly (readonly [name: string, why: RegExp, attack: () => Promise<string>])[] = [
    [
      'is not signed',
      /not a signed note/,
      () => lay(withoutValues(indexOf(0)), noteSigning(), { unsigned: true }),
    ],
    [
      'is junk',
      /not a signed note/,
      async () => {
        const key = await lay(withoutValues(indexOf(0)), noteSigning());
        world.store.attacker.tamper(key, () => junk);
        return key;
      },
    ],
    [
      'is signed by a stranger',
      /no key of this verifier/,
      () =>
        lay(withoutValues(indexOf(0)), noteSigning(memorySigner({ seed: 'mallory' }), 'mallory.example.com')),
    ],
    [
      'is signed by a stranger in the name of the verifier',
      /no key of this verifier/,
      () => lay(withoutValues(indexOf(0)), noteSigning(memorySigner({ seed: 'mallory' }))),
    ],
    [
      "has no values and is signed by the log's key",
      /no key of this verifier/,
      () => {
        const [log] = world.builder.signers;
        return lay(
          withoutValues(indexOf(0)),
          noteSigning(log as NonNullable<typeof log>, world.builder.origin),
        );
      },
    ],
    [
      'has no values any more',
      /content is not what was signed/,
      async () => {
        const key = await lay(indexOf(0), noteSigning());
        world.store.attacker.tamper(key, (bytes) => {
          const text = Buffer.from(bytes)
            .toString('latin1')
            .replace(/"hashes":"[^"]*"/, '"hashes":""');
          return new Uint8Array(Buffer.from(text, 'latin1'));
        });
        return key;
      },
    ],
    [
      'is that of another segment, at the key of this one',
      /signed for index\//,
      () => lay(indexOf(1), noteSigning(), { signedFor: 1 }),
    ],
    [
      'is that of another segment, signed for this one',
      /of another segment's bytes/,
      () => lay(indexOf(1), noteSigning()),
    ],
    [
      'is of another archive',
      /a note of the archive/,
      () => lay(withoutValues(indexOf(0)), { ...noteSigning(), archiveOrigin: 'audit.example.com/test' }),
    ],
  ];

  it.each(attacks)('that %s hides nothing, and is named', async (_, why, attack) => {
    const key = await attack();
    const { at, statement } = await world.find(asked);
    expect(at).toEqual(['orders/0:0']);
    const named = statement.facts.filter((fact) => fact.startsWith('the index '));
    expect(named).toHaveLength(1);
    expect(named[0]).toContain(key);
    expect(named[0]).toMatch(why);
  });

  it('would hide it, were it signed by the verifier: so that it is signed is what counts', async () => {
    await lay(withoutValues(indexOf(0)), noteSigning());
    expect((await world.find(asked)).at).toEqual([]);
    expect((await world.find({ ...asked, readsAll: true })).at).toEqual(['orders/0:0']);
    const other = cosignerKey('other.example.com', memorySigner({ seed: 'other' }).publicKey, nodeSha256);
    expect((await world.find(asked, { cosigners: [other] })).at).toEqual(['orders/0:0']);
  });

  it('of a field of the same name elsewhere is not asked', async () => {
    const index = indexOf(0);
    await lay(
      { ...withoutValues(index), fields: [{ ...withoutValues(index).fields[0]!, field: '/actor/id' }] },
      noteSigning(),
    );
    expect((await world.find(asked)).at).toEqual(['orders/0:0']);
  });

  it('in a later version, or behind a delete marker, does not count', async () => {
    const [key = ''] = world.indexKeys();
    world.store.attacker.addMarker(key);
    const bytes = await signNote(noteSigning(), STILL, key, encodeIndex(withoutValues(indexOf(0))));
    world.store.attacker.putVersion(key, bytes);
    expect((await world.find(asked)).at).toEqual(['orders/0:0']);
  });

  it('in a flood, or where nothing can be listed, is not asked, and all is read', async () => {
    const [key = ''] = world.indexKeys();
    for (let i = 0; i < 20; i++)
      world.store.attacker.putVersion(key.replace(/-.{16}/, `-${String(i).padStart(16, '0')}`), junk);
    const flooded = await world.find({ where: [`${ACTOR}=nobody`] });
    expect(flooded.searched).toEqual([0]);
    expect(flooded.statement.facts.join('\n')).toContain('more than 16 objects');
    const store = {
      ...world.store,
      listVersions: () => {
        throw new Error('no answer');
      },
    };
    const away = await world.find({ where: [`${ACTOR}=nobody`] }, { store });
    expect(away.searched).toEqual(ALL);
    expect(away.statement.facts.join('\n')).toContain('could not be listed: no answer');
  });
});
