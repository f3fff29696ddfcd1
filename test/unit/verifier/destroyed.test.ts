// Is data that is gone certified as destroyed if it might go, and never otherwise, whatever breaks off or runs beside it?
import { describe, expect, it } from 'vitest';
import { toHex, utf8 } from '../../../src/base/bytes.ts';
import { LedgerstoneError } from '../../../src/base/error.ts';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import type { ActsLook } from '../../../src/read/acts.ts';
import {
  type Certificate,
  encodeCertificate,
  parseCertificate,
  sealedDataOf,
} from '../../../src/verifier/destroyed/certificate.ts';
import { readCertificates } from '../../../src/verifier/destroyed/certificate-reader.ts';
import { ComparedCertificate } from '../../../src/verifier/destroyed/compared.ts';
import {
  destroyedKey,
  destroyedRoot,
  parseDestroyedKey,
} from '../../../src/verifier/destroyed/destroyed-key.ts';
import { putNote } from '../../../src/verifier/own-bucket.ts';
import { isOwnKey } from '../../../src/verifier/own-keys.ts';
import { type Finding, findingOf } from '../../../src/verify/finding.ts';
import {
  ArchiveBuilder,
  entries,
  NOW_MS,
  ORIGIN,
  START_MS,
  signer,
  YEAR_MS,
} from '../../support/archive-builder.ts';
import { DestroyedWorld, VERIFIER } from '../../support/destroyed-world.ts';
import { memorySigner } from '../../support/memory-signer.ts';
import { FAULT_KINDS, type Fault, faultyStore } from '../../support/memory-store.ts';
import { NOTES, noteSigning } from '../../support/note-signing.ts';
import { PLACE, STILL } from '../../support/verifier-world.ts';
import { headOf } from '../../vectors/archive-cases.ts';
import { type ActChain, begunChain, extend, place as placeHold, release } from '../verify/act-chain.ts';

const DAY_MS = 86_400_000;
const OVER_MS = NOW_MS + YEAR_MS + 10 * DAY_MS;

/** Five segments, attested and read in a first pass; then their retention is over. */
async function overWorld(segments = 5): Promise<DestroyedWorld> {
  const world = new DestroyedWorld();
  await world.grow(segments);
  await world.step();
  expect(await world.pass()).toEqual([]);
  world.nowMs = OVER_MS;
  return world;
}

const spans = (certificates: readonly Certificate[]) =>
  certificates.map(({ segments }) => segments.map(({ from, to }) => `${from}-${to}`).join(' '));

describe('a certificate', () => {
  it('names what is gone, by which seals, when it was seen, and what had been decided', async () => {
    const world = await overWorld();
    world.destroy(0, 1, 3);
    const chain = await begunChain();
    await chain.decide(extend('2027-11-25T00:00:00Z', { chain: 'orders', partition: 0, from: 1, to: 1 }));
    world.decided(chain);
    expect(await world.pass()).toEqual([]);
    const [certificate, ...others] = await world.certificates();
    const manifests = [0, 1, 3].map((sequence) => world.manifest(sequence));
    const lines = manifests.map(({ data, retention }) => `${data!.key} ${data!.bytes} ${retention.until}\n`);
    expect(others).toEqual([]);
    expect(certificate).toMatchObject({
      ...{ chain: 'orders', partition: 0, first: 0, last: 3, origin: `${ORIGIN}/orders/0`, size: 5 },
      segments: [
        { from: 0, to: 1 },
        { from: 3, to: 3 },
      ],
      ...{ objects: 3, records: 9, offsets: { first: 0, last: 11 }, policies: ['pci-12m'] },
      bytes: manifests.reduce((sum, { data }) => sum + data!.bytes, 0),
      list: toHex(nodeSha256(utf8(lines.join('')))),
      sealedUntilMs: Date.parse(manifests[2]!.retention.until),
      decidedUntilMs: Date.parse('2027-11-25T00:00:00Z'),
      ...{ decisions: { size: 8, acts: 2 }, copies: [], thereMs: NOW_MS, goneMs: OVER_MS },
      ...{ store: 's3://acme-audit/prod', verifier: VERIFIER },
    });
    expect(certificate!.root).toEqual((await world.tools().log.newest(PLACE))?.root);
    const key = world.store.keys().find((one) => one.startsWith(destroyedRoot))!;
    expect(key).toBe('passes/destroyed/topic=orders/partition=0/000000000000-000000000003.note');
    expect(isOwnKey(key)).toBe(true);
    expect(await world.store.lock(key, world.store.versionsOf(key)[0]!.versionId)).toMatchObject({
      lock: { mode: 'COMPLIANCE', untilMs: OVER_MS + 10 * YEAR_MS },
    });
    world.nowMs += 6 * DAY_MS;
    expect(await world.pass()).toEqual([]);
    expect(await world.certificates()).toEqual([certificate]);
  });

  it('is written once for each object, as more of them go', async () => {
    const world = await overWorld();
    world.destroy(0, 1);
    await world.pass();
    world.destroy(2, 4);
    world.nowMs += 6 * DAY_MS;
    await world.pass();
    const certificates = await world.certificates();
    expect(spans(certificates)).toEqual(['0-1', '2-2 4-4']);
    expect(certificates.map(({ thereMs }) => thereMs)).toEqual([NOW_MS, OVER_MS]);
  });

  it('comes part by part where a pass does, and knows when each was seen there', async () => {
    const world = await overWorld();
    world.destroy(1, 2, 3);
    expect(await world.pass(world.tools(), 1)).toEqual([]);
    expect(spans(await world.certificates()).join(' ')).toMatch(/^1-[123]( |$)/);
    expect((await world.certificates()).reduce((sum, { objects }) => sum + objects, 0)).toBe(3);
  });

  it('says that it does not know when it was seen there, where no pass had seen it', async () => {
    const world = new DestroyedWorld();
    await world.grow(3);
    await world.step();
    world.nowMs = OVER_MS;
    world.destroy(0);
    expect(await world.pass()).toEqual([]);
    expect((await world.certificates()).map(({ thereMs }) => thereMs)).toEqual([null]);
  });

  it('of data that comes back is told of, until it is gone again', async () => {
    const world = await overWorld();
    const key = world.made[1]!.dataKey as string;
    const bytes = world.builder.archive.bytesOf(key)!;
    world.destroy(1);
    await world.pass();
    world.builder.archive.put(key, bytes, null);
    world.nowMs += 6 * DAY_MS;
    expect(await world.pass()).toEqual(['data-returned']);
    world.destroy(1);
    world.nowMs += 6 * DAY_MS;
    expect(await world.pass()).toEqual([]);
    expect(spans(await world.certificates())).toEqual(['1-1']);
  });
});

const named = { chain: 'orders', partition: null, from: 1, to: 1 };
const HELD = 'a legal hold named them, now or since they were last seen there';
const SHORT = 'their retention was over only just, or is not by a decision';

describe('nothing is certified', () => {
  it.each<[string, (world: DestroyedWorld) => Promise<void> | void, string]>([
    ['while a hold names it', async (world) => world.decided(await heldChain(OVER_MS - 9 * DAY_MS)), HELD],
    [
      'where a hold has ended since it was seen there',
      async (world) => world.decided(await heldChain(OVER_MS - 9 * DAY_MS, OVER_MS - 8 * DAY_MS)),
      HELD,
    ],
    [
      'where a decision is of another version',
      async (world) => {
        const chain = await begunChain();
        (chain.history.later as unknown[]).push({});
        world.decided(chain);
      },
      'a decision is of a kind that this version does not know',
    ],
    [
      'where the decisions are not verified',
      async (world) =>
        world.decided(await begunChain(), { isVerified: false, problem: 'x' } as Partial<ActsLook>),
      'the chain of decisions is not verified: x',
    ],
    [
      'where nobody has the key of the decisions',
      (world) => {
        world.look = { kind: 'no-key' };
      },
      'no key is trusted that covers the decisions about the archive',
    ],
    [
      'where the decisions could not be read',
      (world) => {
        world.look = { kind: 'unread', problem: 'away', broken: false };
      },
      'the decisions about the archive could not be read: away',
    ],
    [
      'less than two minutes after the end',
      (world) => {
        world.nowMs = untilOf(world) + 119_999;
      },
      SHORT,
    ],
  ])('%s', async (_, prepare, why) => {
    const world = await overWorld(2);
    await prepare(world);
    world.destroy(1);
    await world.pass();
    expect([await world.certificates(), world.refused]).toEqual([
      [],
      [`no certificate of 1 destroyed data object: ${why}`],
    ]);
  });

  it('but two minutes after the end it is, and where a hold ended before it was seen there', async () => {
    const world = await overWorld(2);
    world.decided(await heldChain(NOW_MS - 3000, NOW_MS - 2000));
    world.nowMs = untilOf(world) + 120_000;
    world.destroy(1);
    await world.pass();
    expect([spans(await world.certificates()), world.refused]).toEqual([['1-1'], []]);
  });

  it('of what went too early, however long ago it is by now', async () => {
    const world = await overWorld();
    world.nowMs = NOW_MS + 100 * DAY_MS;
    world.destroy(1);
    expect(await world.pass()).toEqual(['data-missing']);
    world.nowMs = OVER_MS;
    world.destroy(2);
    expect(await world.pass()).toEqual([]);
    expect(spans(await world.certificates())).toEqual(['2-2']);
    expect(world.refused).toEqual([
      'no certificate of 1 destroyed data object: data was found missing before its retention was over',
    ]);
  });

  const EARLY = 'data was found missing before its retention was over';
  it('of what went too early beside a hundred others, and of the rest it is', async () => {
    const world = await overWorld(130);
    world.nowMs = NOW_MS + 100 * DAY_MS;
    const early = Array.from({ length: 100 }, (_, at) => at);
    world.destroy(...early);
    expect(await world.pass()).toHaveLength(100);
    world.nowMs = OVER_MS;
    world.destroy(110, 111);
    await world.pass();
    expect(spans(await world.certificates())).toEqual(['110-111']);
    expect(world.refused).toEqual([`no certificate of 100 destroyed data objects: ${EARLY}`]);
  });

  it('where not each of them has a finding of its own, and that is the reason that is given', async () => {
    const world = await overWorld(130);
    world.nowMs = NOW_MS + 100 * DAY_MS;
    world.destroy(...Array.from({ length: 101 }, (_, at) => at));
    await world.pass();
    world.nowMs = OVER_MS;
    world.destroy(110, 111);
    await world.pass();
    expect(await world.certificates()).toEqual([]);
    expect(world.refused.sort()).toEqual([
      `no certificate of 100 destroyed data objects: ${EARLY}`,
      'no certificate of 3 destroyed data objects: so much data was found missing before its retention was over that not each has a finding of its own',
    ]);
  });

  it('of a version that lies under a delete marker', async () => {
    const world = await overWorld();
    world.builder.archive.marker(world.made[1]!.dataKey as string);
    expect(await world.pass()).toEqual([]);
    expect([await world.certificates(), world.refused]).toEqual([[], []]);
  });

  it('of a segment whose seal is not good, and of no other one beside it', async () => {
    const world = await overWorld();
    world.destroy(1, 3);
    world.builder.archive.alter(world.made[1]!.sealKey, (bytes) => bytes.fill(7, bytes.length - 12));
    await world.pass();
    expect(spans(await world.certificates())).toEqual(['3-3']);
  });

  it.each<[string, Finding[], number, string[]]>([
    ['of one segment, of that one', [findingOf('previous-mismatch', { sequence: 1 })], 0, ['2-2']],
    ['of no one segment', [findingOf('previous-mismatch', {})], 0, []],
    ['that was not listed', [findingOf('previous-mismatch', { sequence: 1 })], 1, []],
  ])('where something is wrong %s', async (_, findings, findingsOmitted, certified) => {
    const world = await overWorld(3);
    const { certifier } = world.tools();
    const report = { origin: `${ORIGIN}/orders/0`, verdict: 'broken', findings, findingsOmitted } as const;
    const objects = [1, 2].map((sequence) => ({
      ...{
        sequence,
        key: world.made[sequence]!.dataKey!,
        bytes: 9,
        records: 3,
        turn: sequence,
        isSound: true,
      },
      ...{
        firstOffset: 3 * sequence,
        lastOffset: 3 * sequence + 2,
        untilMs: untilOf(world),
        policy: 'pci-12m',
      },
    }));
    const thereMs = async () => NOW_MS;
    const seen = { report, size: 3, root: new Uint8Array(32), objects, goneMs: OVER_MS, thereMs };
    expect(spans(await certifier!.certify(PLACE, seen))).toEqual(certified);
    expect(spans(await world.certificates())).toEqual(certified);
  });

  it('of a chain that is not the attested one', async () => {
    const world = await overWorld(3);
    const elsewhere = new DestroyedWorld();
    await elsewhere.grow(2);
    await elsewhere.chain.seal();
    elsewhere.destroy(0);
    expect(await world.pass({ ...world.tools(), archive: elsewhere.builder.archive })).toContain('fork');
    expect(await world.certificates()).toEqual([]);
  });
});

describe('a chain of another kind', () => {
  /** Three segments with lines, behind what was sealed already. Attested, read, and then over. */
  async function over(
    world: DestroyedWorld,
    tools: () => ReturnType<DestroyedWorld['tools']>,
    words: object,
  ) {
    for (let at = 0; at < 3; at++)
      world.made.push(await world.chain.seal({ ...words, lines: entries(world.chain.nextOffset, 3) }));
    const { report } = await world.step(world.made.length, tools());
    expect(await world.pass(tools())).toEqual([]);
    world.nowMs = OVER_MS;
    return report;
  }

  it('of imported history is certified like any other', async () => {
    const world = new DestroyedWorld({ place: { chain: 'import.history', partition: 0 } });
    await over(world, () => world.tools(), {
      source: { kind: 'file', name: 'import.history', partition: 0 },
    });
    world.destroy(0, 2);
    expect(await world.pass()).toEqual([]);
    expect(await world.certificates()).toMatchObject([
      { chain: 'import.history', origin: `${ORIGIN}/import.history/0`, objects: 2 },
    ]);
  });

  const source = {
    ...({ kind: 'kafka', cluster: 'cluster-1', topic: 'orders', partition: 0 } as const),
    topicId: 'AAAAAAAAQACAAAAAAAAAAQ',
  };
  /** `orders` of the new archive goes on from one of this archive. */
  async function adopted() {
    const older = new ArchiveBuilder({ origin: 'old.example.com/prod', signers: [signer('old key')] });
    const from = older.chain('orders');
    await from.seal({ source, lines: entries(0, 4) });
    const world = new DestroyedWorld({ firstOffset: 4 });
    world.made.push(await world.chain.seal({ source, continues: headOf(from), lines: entries(4, 1) }));
    const shown = [{ name: 'older', reader: older.archive, trusted: older.trusted }];
    return { world, older, tools: () => ({ ...world.tools(), shown }) };
  }

  it('that goes on from another archive is certified under its own origin', async () => {
    const { world, tools } = await adopted();
    await over(world, tools, { source });
    world.destroy(1, 3);
    expect(await world.pass(tools())).toEqual([]);
    expect(world.refused).toEqual([]);
    expect(await world.certificates()).toMatchObject([
      { origin: `${ORIGIN}/orders/0`, first: 1, last: 3, objects: 2, offsets: { first: 5, last: 13 } },
    ]);
  });

  it('and where it does not go on from the one that is shown, that is a fault of its first segment alone', async () => {
    const { world, tools } = await adopted();
    await over(world, tools, { source });
    const other = new ArchiveBuilder({ origin: 'old.example.com/prod', signers: [signer('old key')] });
    await other.chain('orders').seal({ source, lines: entries(0, 3) });
    world.destroy(0, 1);
    const shown = [{ name: 'older', reader: other.archive, trusted: other.trusted }];
    const codes = await world.pass({ ...world.tools(), shown });
    expect(codes).toEqual(['fork']);
    expect(spans(await world.certificates())).toEqual(['1-1']);
    expect(world.refused).toEqual([
      'no certificate of 1 destroyed data object: something is wrong with their seals',
    ]);
  });

  it('in a copy: what is gone there says nothing of the store that was copied', async () => {
    const world = await overWorld();
    world.destroy(0);
    await world.pass();
    const [certificate] = await world.certificates();
    const copy = new ComparedCertificate(certificate!);
    // In the copy the data is there: the certificate is of another store.
    for (let at = 0; at < 5; at++) copy.add(sealedDataOf(world.manifest(at))!, true);
    expect(copy.result(nodeSha256).problems.join()).toContain('1 data object of it lies there');
  });
});

describe('by decisions', () => {
  it('data that was held while it was locked is missing, also after its retention', async () => {
    const world = await overWorld();
    world.decided(await heldChain(NOW_MS - 1000));
    world.destroy(1, 2);
    expect(await world.pass()).toEqual(['data-missing']);
    expect(spans(await world.certificates())).toEqual(['2-2']);
  });

  it('data is missing before the date that they set', async () => {
    const world = await overWorld();
    const chain = await begunChain();
    await chain.done(await chain.decide(extend('2036-01-01T00:00:00Z', named)));
    world.decided(chain);
    world.destroy(1, 2);
    expect(await world.pass()).toContain('data-missing');
    expect(spans(await world.certificates())).toEqual(['2-2']);
  });
});

describe('what lies where a certificate belongs', () => {
  const KEY = destroyedKey({ ...PLACE, first: 1, last: 1, copy: 0 });

  it.each<[string, (world: DestroyedWorld) => Promise<unknown> | unknown]>([
    ['anything', (world) => world.store.attacker.putVersion(KEY, utf8('{}'))],
    [
      'one by another key',
      async (world) => {
        const signing = noteSigning(memorySigner({ seed: 'mallory' }));
        await putNote({ ...world.bucket(), signing }, KEY, utf8('{}\n'));
      },
    ],
    [
      'something under a delete marker',
      (world) => {
        world.store.attacker.putVersion(KEY, utf8('x'));
        world.store.attacker.addMarker(KEY);
      },
    ],
  ])('and is none is passed over: %s', async (_, lay) => {
    const world = await overWorld();
    world.destroy(1);
    await lay(world);
    await world.pass();
    const { found, foreign } = await readCertificates({ store: world.store, signing: NOTES.signing }, PLACE);
    expect([found.map(({ key }) => key), foreign.map(({ key }) => key)]).toEqual([
      [KEY.replace('.note', '.1.note')],
      [KEY],
    ]);
    world.nowMs += 6 * DAY_MS;
    await world.pass();
    expect(await world.certificates()).toHaveLength(1);
  });

  it('at each key for it keeps the part from being called done', async () => {
    const world = await overWorld();
    world.destroy(1);
    for (let copy = 0; copy <= 9; copy++)
      world.store.attacker.putVersion(destroyedKey({ ...PLACE, first: 1, last: 1, copy }), utf8('x'));
    const before = await world.tools().log.newest(PLACE);
    await expect(world.pass()).rejects.toThrow('something else lies at each key for it');
    expect(await world.tools().log.newest(PLACE)).toEqual(before);
  });
});

describe('whatever goes wrong', () => {
  const CALLS = 16;
  const plans = FAULT_KINDS.flatMap((kind) => Array.from({ length: CALLS }, (_, index) => ({ kind, index })));
  it.each(plans)(
    '$kind at call $index of the own bucket: in the end all is certified, once',
    async (plan) => {
      const world = await overWorld(3);
      world.destroy(0, 2);
      const fault = { kind: plan.kind, ms: 1 } as Fault;
      const faulty = faultyStore(
        world.store,
        ({ index }) => (index === plan.index ? fault : undefined),
        STILL,
      );
      await world
        .pass(world.tools(faulty))
        .catch((error: unknown) => expect(error).toBeInstanceOf(LedgerstoneError));
      world.nowMs += DAY_MS;
      expect(await world.pass()).toEqual([]);
      expect([...new Set(spans(await world.certificates()))]).toEqual(['0-0 2-2']);
      expect(world.refused).toEqual([]);
    },
  );

  it('two verifiers at once say the same', async () => {
    const world = await overWorld();
    world.destroy(0, 1, 2);
    await Promise.all([world.pass(), world.pass(world.tools(), 1), world.pass()]);
    const certificates = await world.certificates();
    const covered = new Set(
      certificates.flatMap(({ segments }) => segments.flatMap(({ from, to }) => [from, to])),
    );
    expect([...covered].sort()).toEqual([0, 1, 2].filter((one) => covered.has(one)));
    expect(certificates.every(({ thereMs, goneMs }) => thereMs === NOW_MS && goneMs === OVER_MS)).toBe(true);
  });
});

describe('a certificate that contradicts itself is none', () => {
  const good: Certificate = {
    ...{ ...PLACE, first: 4, last: 9, origin: `${ORIGIN}/orders/0`, size: 12, root: new Uint8Array(32) },
    segments: [
      { from: 4, to: 5 },
      { from: 9, to: 9 },
    ],
    ...{ objects: 3, bytes: 100, records: 9, offsets: { first: 12, last: 30 }, list: '0'.repeat(64) },
    ...{ sealedUntilMs: NOW_MS, decidedUntilMs: null, policies: ['a', 'b'], decisions: null, copies: [] },
    ...{ thereMs: NOW_MS, goneMs: NOW_MS + 120_000, store: 's3://acme-audit', verifier: VERIFIER },
  };
  const key = { ...PLACE, first: 4, last: 9, copy: 0 };

  it('and this one is one', () => {
    expect(parseCertificate(encodeCertificate(good), key)).toEqual(good);
  });

  it.each<[string, Partial<Certificate>]>([
    ['before the end of retention', { goneMs: NOW_MS + 119_999 }],
    ['before the end that was decided', { decidedUntilMs: NOW_MS + 1000 }],
    ['seen there after it was gone', { thereMs: NOW_MS + 120_001 }],
    ['of fewer segments than it begins with', { first: 3 }],
    ['beyond the chain', { size: 9 }],
    [
      'with ranges that meet',
      {
        segments: [
          { from: 4, to: 9 },
          { from: 9, to: 9 },
        ],
      },
    ],
    [
      'with a range that goes back',
      {
        segments: [
          { from: 4, to: 3 },
          { from: 9, to: 9 },
        ],
      },
    ],
    ['with fewer objects than ranges', { objects: 1 }],
    ['with more objects than segments', { objects: 7 }],
    ['with offsets that go back', { offsets: { first: 31, last: 30 } }],
    ['of another chain', { origin: `${ORIGIN}/orders/1` }],
    ['with policies out of order', { policies: ['b', 'a'] }],
    ['with a copy twice', { copies: ['x', 'x'] }],
  ])('%s', (_, change) => {
    expect(() => encodeCertificate({ ...good, ...change })).toThrow('certificate');
  });

  it('at another key it is none', () => {
    expect(() => parseCertificate(encodeCertificate(good), { ...key, last: 8 })).toThrow(
      'not the certificate',
    );
    expect(parseDestroyedKey(destroyedKey(key))).toEqual(key);
    expect(parseDestroyedKey(destroyedKey({ ...key, copy: 9 }))).toEqual({ ...key, copy: 9 });
    const swapped = 'passes/destroyed/topic=orders/partition=0/000000000009-000000000004.note';
    expect(parseDestroyedKey(swapped)).toBeNull();
  });
});

const untilOf = (world: DestroyedWorld): number => Date.parse(world.manifest(1).retention.until);

/** Holds segment 1 from that time on, and until another one. */
async function heldChain(fromMs: number, toMs: number | null = null): Promise<ActChain> {
  const chain = await begunChain();
  await chain.done(
    await chain.decide(placeHold('C-1', { ...named, to: 1 }), fromMs - START_MS),
    fromMs - START_MS,
  );
  if (toMs !== null) await chain.approved(release('C-1'), toMs - START_MS);
  return chain;
}
