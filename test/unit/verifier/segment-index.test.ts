// Does the verifier write an index of each segment that it reads, whatever happens, and find one that is wrong?
import { beforeEach, describe, expect, it } from 'vitest';
import { utf8, utf8Text } from '../../../src/base/bytes.ts';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import { encodeIndex, parseIndex, type SegmentIndex } from '../../../src/read/find/index/segment-index.ts';
import { indexNoteKey, parseIndexKey } from '../../../src/verifier/index/index-key.ts';
import { isOwnKey } from '../../../src/verifier/own-keys.ts';
import { confirmStep } from '../../../src/verifier/seal-path.ts';
import { signNote } from '../../../src/verifier/signed-notes.ts';
import type { StepTools } from '../../../src/verifier/verifier.ts';
import { portableChecker } from '../../../src/verify/block-checker.ts';
import { confirmChain } from '../../../src/verify/confirm.ts';
import type { ContentVisitor, SealToVisit } from '../../../src/verify/content-visitor.ts';
import { nodeContentTools } from '../../../src/verify/node/tools.ts';
import { ACTOR, event, IndexWorld, junk } from '../../support/index-world.ts';
import { FAULT_KINDS, type Fault, faultyStore } from '../../support/memory-store.ts';
import { noteContent } from '../../support/note-signing.ts';
import { PLACE, STILL } from '../../support/verifier-world.ts';

let world: IndexWorld;
beforeEach(async () => {
  world = new IndexWorld();
  await world.segments([event('alice', 1), event('bob', 7)], [event('carol')], ['no json']);
});

const contentOf = (key: string): Uint8Array =>
  noteContent(world.store.versionsOf(key)[0]?.bytes ?? undefined);
const indexOf = (key: string): SegmentIndex => parseIndex(contentOf(key)) as SegmentIndex;
const codesOf = (findings: readonly { readonly code: string; readonly sequence: number | null }[]) =>
  findings.map(({ code, sequence }) => `${code} ${sequence}`);

/** A note as the verifier signs it, at the first of its keys. */
async function signed(sequence: number, index: SegmentIndex, content = encodeIndex(index)): Promise<string> {
  const key = indexNoteKey(PLACE, sequence, index, 0);
  world.store.attacker.putVersion(key, await signNote(world.bucket().signing, STILL, key, content));
  return key;
}

/** Signed by the verifier's key, of that segment, and without its values. */
async function hiding(sequence: number): Promise<string> {
  const key = world.indexKeys()[sequence] as string;
  const right = indexOf(key);
  world.store.attacker.destroy(key, world.store.versionsOf(key)[0]?.versionId as string);
  const fields = right.fields.map((one) => ({ ...one, values: { kind: 'hashes', base64: '' } as const }));
  return signed(sequence, { ...right, fields });
}

describe('a step', () => {
  it('writes one signed, locked note of each segment, beside its attestation', async () => {
    const step = await world.step();
    expect(step).toMatchObject({ verdict: 'verified', isNew: true, findings: [] });
    const keys = world.indexKeys();
    expect(keys.map((key) => parseIndexKey(key)?.sequence)).toEqual([0, 1, 2]);
    expect(keys.every(isOwnKey)).toBe(true);
    expect(indexOf(keys[0] as string)).toMatchObject({
      ...{ records: 2, notJson: 0 },
      fields: [
        { field: ACTOR, without: 0, undated: 2, numbers: null, times: null },
        { field: '/n', numbers: { min: '10e-1', max: '70e-1' } },
        { field: '/time', undated: 0 },
      ],
    });
    expect(indexOf(keys[2] as string)).toMatchObject({
      records: 1,
      notJson: 1,
      fields: [{ without: 1 }, {}, {}],
    });
    for (const key of keys) {
      expect(await world.store.lock(key, world.store.versionsOf(key)[0]?.versionId as string)).toMatchObject({
        kind: 'locked',
        lock: { mode: 'COMPLIANCE' },
      });
    }
  });

  it('keeps no value, and nothing by which one could be tried, where the seal is not known', async () => {
    await world.step();
    const all = world.indexKeys().map((key) => utf8Text(world.store.versionsOf(key)[0]?.bytes as Uint8Array));
    for (const text of all) expect(text).not.toMatch(/alice|bob|carol/);
    // The key of the hashes: neither it nor what it is made of.
    for (const { manifestBytes } of world.made) {
      const sha256 = /"sha256":"([0-9a-f]{64})"/.exec(utf8Text(manifestBytes))?.[1] as string;
      for (const text of all) expect(text).not.toContain(sha256);
    }
  });

  it('attests whatever the bucket does with the indexes, and the next pass writes what lacks', async () => {
    for (const kind of FAULT_KINDS) {
      const fresh = new IndexWorld();
      await fresh.segments([event('alice')], [event('bob')]);
      const fault = { kind, ms: 5 } as Fault;
      const isFirst = ({ method, key }: { method: string; key: string }) =>
        method === 'putIfAbsent' && key.startsWith('index/') && parseIndexKey(key)?.sequence === 0;
      const store = faultyStore(fresh.store, (call) => (isFirst(call) ? fault : undefined), STILL);
      const indexing = fresh.indexing(store);
      const step = await fresh.step(2, { ...fresh.tools(), indexing, checker: indexing.options.checker });
      expect([kind, fresh.indexKeys().length]).toEqual([kind, kind === 'fails' ? 1 : 2]);
      expect([kind, step.verdict, step.isNew]).toEqual([kind, 'verified', true]);
      expect(codesOf((await fresh.pass()).findings)).toEqual([]);
      expect(new Set(fresh.indexKeys().map((key) => parseIndexKey(key)?.sequence))).toEqual(new Set([0, 1]));
    }
  });

  it('checks and attests as before where indexing itself fails, and where nothing is to be indexed', async () => {
    for (const fields of [['no place'], []]) {
      const fresh = new IndexWorld();
      fresh.fields = fields;
      await fresh.segments([event('alice')]);
      expect(await fresh.step()).toMatchObject({ verdict: 'verified', isNew: true });
      expect(fresh.indexKeys()).toEqual([]);
    }
    // An object that is not what was sealed is still a finding, and has no index.
    const broken = new IndexWorld();
    await broken.segments([event('alice')]);
    broken.builder.archive.alter(broken.made[0]?.dataKey as string, (bytes) => bytes.fill(7));
    expect((await broken.step()).verdict).toBe('broken');
    expect(broken.indexKeys()).toEqual([]);
  });

  it('that is given up holds up no later one, however often', async () => {
    const tools = world.tools();
    for (let i = 0; i < 12; i++) {
      const stop = new AbortController();
      const { archive } = world.builder;
      const read = archive.read.bind(archive);
      archive.read = (key, ...more) => {
        if (key.startsWith('data/')) stop.abort(new Error('out of time'));
        return read(key, ...more);
      };
      const options = { hintSize: 3, signal: stop.signal };
      await expect(confirmStep(tools, PLACE, options)).rejects.toThrow('out of time');
      archive.read = read;
    }
    // A walk that ended between an entry and the reading of its data never says so.
    const { enter } = recordedVisits(tools);
    for (let i = 0; i < 12; i++) await enter();
    expect(await world.step(3, tools)).toMatchObject({ verdict: 'verified', isNew: true });
    expect(world.indexKeys()).toHaveLength(3);
  });

  it('of two verifiers at once leaves one index, and no finding', async () => {
    await Promise.all([world.step(), world.step(), world.step()]);
    expect(world.indexKeys()).toHaveLength(3);
    expect((await world.pass()).findings).toEqual([]);
  });

  it('writes beside what somebody laid at its key', async () => {
    await world.step();
    const fresh = new IndexWorld();
    await fresh.segments([event('alice', 1), event('bob', 7)], [event('carol')], ['no json']);
    const [key = ''] = world.indexKeys();
    fresh.store.attacker.putVersion(key, junk);
    await fresh.step();
    expect(fresh.indexKeys()).toContain(key.replace('.note', '.1.note'));
    // The pass hears of it, and so do people.
    await fresh.pass();
    expect(fresh.foreign.map((one) => one.key)).toEqual([key]);
  });
});

/** Enters a seal as a walk does, and ends the walk at once. */
function recordedVisits({ indexing }: StepTools) {
  const seals: SealToVisit[] = [];
  const [made] = world.made;
  return {
    enter: async () => {
      if (seals.length === 0) {
        const visitor: ContentVisitor = {
          enter: async (seal) => {
            seals.push(seal);
            return null;
          },
        };
        const { archive, trusted } = world.builder;
        const checker = portableChecker(nodeContentTools);
        const sha256 = nodeSha256;
        const options = { trusted, depth: 'content', nowMs: STILL.now(), sha256, checker, visitor } as const;
        await confirmChain(archive, PLACE, { ...options, confirmed: null });
        expect(made?.dataKey).not.toBeNull();
      }
      const walk = indexing?.begin(PLACE, false);
      expect(await walk?.enter(seals[0] as SealToVisit)).not.toBeNull();
      await walk?.finish();
    },
  };
}

describe('a full pass', () => {
  it('writes all indexes anew from the archive', async () => {
    await world.step();
    const before = world.indexKeys().map(contentOf);
    const fresh = new IndexWorld();
    await fresh.segments([event('alice', 1), event('bob', 7)], [event('carol')], ['no json']);
    fresh.fields = [];
    await fresh.step();
    expect(fresh.indexKeys()).toEqual([]);
    fresh.fields = world.fields;
    await fresh.pass();
    world = fresh;
    expect(fresh.indexKeys().map(contentOf)).toEqual(before);
  });

  it('finds an index that hides values, though the key of the verifier signed it, and writes the right one', async () => {
    await world.step();
    const key = await hiding(1);
    // The hit is hidden from who believes that key, and from nobody else.
    const asked = { where: [`${ACTOR}=carol`] };
    expect(await world.find(asked)).toMatchObject({ at: [], searched: [] });
    expect(await world.find({ ...asked, readsAll: true })).toMatchObject({ at: ['orders/0:2'] });
    const { findings } = await world.pass();
    expect(findings).toMatchObject([{ code: 'index-mismatch', severity: 'attempt', key, sequence: 1 }]);
    expect(findings[0]?.found).toContain(ACTOR);
    expect(world.indexKeys()).toContain(key.replace('.note', '.1.note'));
    // Both are signed, so both must agree before a segment is passed by.
    expect(await world.find(asked)).toMatchObject({ at: ['orders/0:2'], searched: [1] });
    // It is still there, and still wrong.
    expect(codesOf((await world.pass()).findings)).toEqual(['index-mismatch 1']);
  });

  it.each([
    ['counts', (one: SegmentIndex) => ({ ...one, records: 9 })],
    ['bounds', (one: SegmentIndex) => withField(one, 1, { numbers: { min: '10e-1', max: '20e-1' } })],
    ['no bounds', (one: SegmentIndex) => withField(one, 2, { times: null })],
    ['no record without a time', (one: SegmentIndex) => withField(one, 0, { undated: 0 })],
    ['other bytes', (one: SegmentIndex) => ({ ...one, segment: '0'.repeat(64) })],
  ])('finds wrong %s', async (what, change) => {
    await world.step();
    const right = indexOf(world.indexKeys()[0] as string);
    const fields = [...right.fields.slice(0, 2), right.fields[2]].filter((one) => one !== undefined);
    await signed(0, change({ ...right, fields: fields.toReversed() }));
    const { findings } = await world.pass();
    expect(codesOf(findings)).toEqual(['index-mismatch 0']);
    expect(findings[0]?.found?.includes('was shown another segment')).toBe(what === 'other bytes');
  });

  it('finds what was signed and is no index, and leaves what is newer', async () => {
    await world.step();
    const right = indexOf(world.indexKeys()[0] as string);
    const fields = right.fields.slice(0, 1);
    await signed(0, { ...right, fields }, utf8('{"format":"ledgerstone/index/2"}\n'));
    expect((await world.pass()).findings).toEqual([]);
    await signed(1, { ...right, fields }, utf8('{"format":"ledgerstone/index/1"}\n'));
    expect(codesOf((await world.pass()).findings)).toEqual(['index-mismatch 1']);
  });

  it('compares indexes of fields that are configured no more', async () => {
    world.fields = [ACTOR];
    await world.step();
    await hiding(1);
    world.fields = ['/n'];
    expect(codesOf((await world.pass()).findings)).toEqual(['index-mismatch 1']);
    world.fields = [];
    expect(codesOf((await world.pass()).findings)).toEqual(['index-mismatch 1']);
  });

  it('is no less of a pass where its indexes can not be read', async () => {
    await world.step();
    const list = world.store.listVersions;
    world.store.listVersions = (prefix, options) => {
      if (prefix.startsWith('index/')) throw new Error('the bucket does not answer');
      return list(prefix, options);
    };
    expect(await world.pass()).toMatchObject({ findings: [], progress: { size: 3, isWhole: true } });
  });
});

const withField = (
  index: SegmentIndex,
  at: number,
  change: Partial<SegmentIndex['fields'][number]>,
): SegmentIndex => ({
  ...index,
  // The fields stand in reverse here.
  fields: index.fields.map((one, place) =>
    place === index.fields.length - 1 - at ? { ...one, ...change } : one,
  ),
});
